"""A selected vendor leaves: the next in rank moves up, with its own days, and fees to the cent."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import select

from app.audit import Event, broken_at
from app.errors import Conflict, Denied, WrongStage
from app.extensions import db
from app.jobs.models import OutboxItem
from app.results import actions, substitution
from app.results.fees import shares_of
from app.results.models import FeeShare, Publicity, SelectionNotice, StageDecision
from evaluation.fees import balance
from tests.app.results.house import AFTER, House, at, make_house, owe, to_award, to_notices, to_publicity
from tests.app.results.test_award import refused

LATER = date(2023, 9, 14)


def owed(house: House) -> dict[int, str]:
    """Vendor's number → what its lines come to."""
    from app.results.fees import as_lines

    numbers = {house.candidate(number).public_id: number for number in range(1, 6)}
    return {numbers[key]: str(amount) for key, amount in balance(as_lines(shares_of(house.recruitment))).items()}


def test_fees_are_split_to_the_cent_and_paid_through_the_organiser(app: Flask, clock) -> None:
    house = make_house(clock)
    to_publicity(house, clock)
    with refused("fees_not_yet"):
        actions.split_fees(**house.as_staff())
    house = make_house(clock)
    to_award(house, clock)
    with refused("fees_none"):
        actions.split_fees(**house.as_staff())
    owe(house, "1000.00", "1000.01", "999.50", "1000", "1000.50")
    rows = actions.split_fees(**house.as_staff())
    assert [(row.kind, row.amount, row.total) for row in rows] == [
        ("invoice", Decimal("2500.01"), Decimal("5000.01")),
        ("invoice", Decimal("2500.00"), Decimal("5000.01")),
    ]
    assert actions.split_fees(**house.as_staff()) == []
    share = rows[0]
    with refused("fee_paid_day"):
        actions.mark_paid(actor=house.staff, share=share, paid_on=date(2023, 8, 1))
    seen = share.version
    actions.mark_paid(actor=house.staff, share=share, paid_on=AFTER, version=seen)
    with pytest.raises(Conflict):
        actions.mark_paid(actor=house.staff, share=share, paid_on=None, version=seen)
    assert share.paid_on == AFTER


def test_removal_moves_the_next_up_with_notices_publicity_contract_and_new_fees(app: Flask, clock) -> None:
    house = make_house(clock)
    to_notices(house, clock)
    owe(house, "1000.00", "1000.01", "1000", "1000", "1000")
    actions.split_fees(**house.as_staff())
    at(clock, LATER)
    plan = substitution.preview(house.recruitment, house.candidate(1))
    assert plan.moved_up.candidate.number == 3
    assert [row.candidate.number for row in plan.waiting] == [3, 4]
    assert (plan.contract_due, plan.integration_due.last_day) == (date(2023, 10, 14), date(2023, 11, 1))
    expected = [(person.number, line.kind, str(line.amount)) for person, line in plan.fee_lines]
    moved = actions.remove_selected(actor=house.staff, candidate=house.candidate(1), reason="逾期未完成对接")
    assert moved.number == 3
    assert house.stages() == ["removed", "selected", "selected", "reserve", "eliminated"]
    assert house.contract(1).stage == "ended"
    assert (house.contract(3).stage, house.contract(3).due_on) == ("due", date(2023, 10, 14))
    kinds = db.session.execute(
        select(SelectionNotice.kind, SelectionNotice.candidate_id, SelectionNotice.reason).order_by(SelectionNotice.id)
    ).all()[-2:]
    assert kinds == [("removed", house.candidate(1).id, "逾期未完成对接"), ("moved_up", house.candidate(3).id, "")]
    extra = db.session.scalars(select(Publicity).where(Publicity.kind == "supplementary")).one()
    assert (extra.starts_on, extra.ends_on) == (LATER, date(2023, 9, 20))
    assert (extra.removed.number, extra.moved_up.number) == (1, 3)
    new = [row for row in shares_of(house.recruitment) if row.round == 2]
    assert [(row.candidate.number, row.kind, str(row.amount)) for row in new] == expected == [
        (1, "reversal", "-2500.01"),
        (2, "reversal", "-2500.00"),
        (2, "invoice", "2500.01"),
        (3, "invoice", "2500.00"),
    ]
    assert owed(house) == {2: "2500.01", 3: "2500.00"}
    assert sum((row.amount for row in db.session.scalars(select(FeeShare))), Decimal(0)) == Decimal("5000.01")
    assert [candidate.number for candidate, _ in actions.selected_candidates(house.recruitment)] == [2, 3]
    jobs = [job["kind"] for job in db.session.scalars(select(OutboxItem.payload).where(OutboxItem.kind == "document"))]
    assert jobs.count("supplementary_notice") == 1
    assert broken_at(house.recruitment.public_id) is None


def test_the_cascade_goes_down_the_ranking_until_a_place_stays_empty(app: Flask, clock) -> None:
    house = make_house(clock)
    to_notices(house, clock)
    owe(house, "100.01")
    actions.split_fees(**house.as_staff())
    assert owed(house) == {1: "50.01", 2: "50.00"}
    ups = []
    for number in (2, 3, 1, 4):
        moved = actions.withdraw_selected(actor=house.staff, candidate=house.candidate(number), reason="放弃")
        ups.append(moved.number if moved is not None else None)
        total = sum(map(Decimal, owed(house).values()))
        assert total == (Decimal("100.01") if number != 4 else 0)
    assert ups == [3, 4, None, None]
    assert owed(house) == {}
    assert house.stages() == ["withdrew"] * 4 + ["eliminated"]
    with refused("fee_nobody"):
        actions.split_fees(**house.as_staff())


def test_a_vendor_gives_up_its_own_place_only(app: Flask, clock) -> None:
    house = make_house(clock)
    to_publicity(house, clock)
    with refused("substitution_wrong_stage"):
        actions.withdraw_selected(actor=house.vendor(1), candidate=house.candidate(1), reason="不做了")
    house = make_house(clock)
    to_award(house, clock)
    with pytest.raises(Denied, match="substitution_not_own"):
        actions.withdraw_selected(actor=house.vendor(2), candidate=house.candidate(1), reason="替别人放弃")
    with refused("reason_required"):
        actions.withdraw_selected(actor=house.vendor(1), candidate=house.candidate(1), reason=" ")
    assert actions.withdraw_selected(actor=house.vendor(1), candidate=house.candidate(1), reason="不做了").number == 3
    with pytest.raises(WrongStage, match="candidate_wrong_stage"):
        actions.withdraw_selected(actor=house.vendor(1), candidate=house.candidate(1), reason="再放弃一次")
    with pytest.raises(WrongStage, match="candidate_wrong_stage"):
        actions.remove_selected(actor=house.staff, candidate=house.candidate(4), reason="不在名额内")
    assert not db.session.scalars(select(SelectionNotice)).all()
    made = actions.issue_notices(**house.as_staff())
    assert sorted(row.candidate.number for row in made if row.kind == "selected") == [2, 3]
    assert house.candidate(1).id not in {row.candidate_id for row in made}
    kinds = db.session.scalars(select(StageDecision.kind).order_by(StageDecision.id)).all()
    assert kinds == ["withdraw"]


def test_contracts_are_signed_within_their_days_and_serve_a_year(app: Flask, clock) -> None:
    house = make_house(clock)
    to_notices(house, clock)
    contract = house.contract(1)
    for day in (date(2023, 8, 1), date(2023, 8, 3)):
        with refused("contract_day"):
            actions.record_contract(actor=house.staff, contract=contract, signed_on=day)
    seen = contract.version
    at(clock, date(2023, 8, 10))
    actions.record_contract(
        actor=house.staff, contract=contract, signed_on=date(2023, 8, 9), number="样-1", version=seen
    )
    assert (contract.service_start, contract.service_end) == (date(2023, 8, 9), date(2024, 8, 9))
    with pytest.raises(Conflict):
        actions.record_contract(
            actor=house.staff, contract=contract, signed_on=date(2023, 8, 10), version=seen
        )
    with refused("contract_wrong_stage"):
        actions.record_contract(actor=house.staff, contract=contract, signed_on=date(2023, 8, 10))
    at(clock, LATER)
    actions.record_contract(actor=house.staff, contract=house.contract(2), signed_on=LATER)
    late = db.session.scalars(select(Event.facts).where(Event.kind == "contract.signed")).all()
    assert [facts["late"] for facts in late] == [False, True]
