"""Publicity, the award by two persons, notices all at once, and what refuses each."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.accounts.models import Message
from app.audit import Event, broken_at
from app.errors import Conflict, Refusal, WrongStage
from app.extensions import db
from app.jobs.models import OutboxItem
from app.results import actions, deadlines
from app.results.models import Publicity, SelectionNotice, StageDecision
from tests.app.results.house import (
    AFTER,
    END,
    OBJECTIONS_END,
    START,
    at,
    make_house,
    to_award,
    to_notices,
    to_publicity,
)


def refused(code: str) -> pytest.RaisesExc:
    return pytest.raises(Refusal, match=f"^{code}$")


def held_by(guard: str, call, **arguments) -> None:
    """The step is refused, and by this guard."""
    with pytest.raises(WrongStage) as error:
        call(**arguments)
    assert error.value.facts["guard"] == guard


def test_the_result_goes_public_on_the_plans_day_and_every_vendor_is_told(app: Flask, clock) -> None:
    house = make_house(clock)
    held_by("publicity_not_begun", actions.start_publicity, **house.as_staff())
    at(clock, START)
    row = actions.start_publicity(**house.as_staff())
    assert (row.kind, row.starts_on, row.ends_on, row.objections_until) == ("result", START, END, OBJECTIONS_END)
    assert row.calendar_version.startswith("chinesecalendar")
    assert row.provisional is False
    assert house.recruitment.stage == "publicity"
    told = db.session.scalars(select(Message.user_id).where(Message.kind == "result.publicity"))
    assert {user.id for user in house.members} == set(told)
    ordered = db.session.scalars(select(OutboxItem.payload).where(OutboxItem.kind == "document"))
    assert [job["kind"] for job in ordered] == ["result_notice", "award_package"]
    held_by("not_a_transition", actions.start_publicity, **house.as_staff())


def test_a_publicity_that_starts_late_needs_new_dates_with_a_reason(app: Flask, clock) -> None:
    house = make_house(clock)
    at(clock, date(2023, 7, 18))
    with refused("publicity_start_missed"):
        actions.start_publicity(**house.as_staff())
    version = house.recruitment.version
    good = {"starts_on": date(2023, 7, 18), "ends_on": date(2023, 7, 24), "version": version}
    with refused("reason_required"):
        actions.set_publicity_dates(**house.as_staff(**good | {"reason": " "}))
    with refused("publicity_too_short"):
        actions.set_publicity_dates(**house.as_staff(**good | {"ends_on": END, "reason": "迟签"}))
    with refused("publicity_start_past"):
        actions.set_publicity_dates(**house.as_staff(**good | {"starts_on": START, "reason": "迟签"}))
    actions.set_publicity_dates(**house.as_staff(**good, reason="报告迟签"))
    with pytest.raises(Conflict):
        actions.set_publicity_dates(**house.as_staff(**good, reason="别人也在改"))
    assert actions.start_publicity(**house.as_staff()).objections_until == date(2023, 8, 2)
    decision = db.session.scalars(select(StageDecision)).one()
    assert (decision.kind, decision.text) == ("publicity_dates", "报告迟签")


def test_a_running_publicity_is_only_prolonged(app: Flask, clock) -> None:
    house = make_house(clock)
    to_publicity(house, clock)
    base = {"version": house.recruitment.version, "reason": "延长", "starts_on": START}
    for wrong in ({"ends_on": date(2023, 7, 20)}, {"starts_on": date(2023, 7, 18), "ends_on": date(2023, 7, 28)}):
        with refused("publicity_only_longer"):
            actions.set_publicity_dates(**house.as_staff(**base | wrong))
    actions.set_publicity_dates(**house.as_staff(**base, ends_on=date(2023, 7, 28)))
    assert db.session.scalars(select(Publicity)).one().objections_until == date(2023, 8, 8)
    at(clock, AFTER)
    held_by("objection_period_running", actions.approve_award, **house.as_staff())


def test_the_award_waits_for_publicity_period_and_both_persons(app: Flask, clock) -> None:
    house = make_house(clock)
    with refused("award_wrong_stage"):
        actions.approve_award(**house.as_staff())
    to_publicity(house, clock)
    at(clock, END, 23)
    held_by("publicity_running", actions.approve_award, **house.as_staff())
    at(clock, OBJECTIONS_END, 23)
    held_by("objection_period_running", actions.approve_award, **house.as_staff())
    at(clock, AFTER, 0)
    assert actions.approve_award(**house.as_staff()) is False
    with refused("second_person_needed"):
        actions.approve_award(**house.as_staff())
    held_by("two_persons_needed", actions.award, **house.as_staff())
    assert house.stages() == ["qualified"] * 4 + ["eliminated"]
    assert actions.approve_award(**house.as_supervisor()) is True
    chosen = actions.award(**house.as_staff())
    assert len(chosen.selected) == 2
    assert house.stages() == ["selected", "selected", "reserve", "reserve", "eliminated"]
    assert house.recruitment.stage == "awarded"
    assert broken_at(house.recruitment.public_id) is None


def test_the_recorded_decision_not_to_wait_shortens_the_period_only(app: Flask, clock) -> None:
    house = make_house(clock)
    to_publicity(house, clock)
    at(clock, date(2023, 7, 24))
    with refused("reason_required"):
        actions.decide_early_award(**house.as_staff(reason=""))
    actions.decide_early_award(**house.as_staff(reason="无人提出异议，招募方决定"))
    with refused("award_early_decided"):
        actions.decide_early_award(**house.as_staff(reason="再来"))
    row = actions.file_objection(
        actor=house.vendor(3), recruitment=house.recruitment, subject="result", text="第六项案例应予认定"
    )
    held_by("objection_open", actions.approve_award, **house.as_staff())
    actions.withdraw_objection(actor=house.vendor(3), objection=row)
    assert actions.approve_award(**house.as_staff()) is False


def test_fewer_than_the_quota_are_all_selected_and_the_shortfall_is_on_record(app: Flask, clock) -> None:
    house = make_house(clock, quota=10)
    to_award(house, clock)
    assert house.stages() == ["selected"] * 4 + ["eliminated"]
    decision = db.session.scalars(select(StageDecision).where(StageDecision.kind == "shortfall")).one()
    assert decision.facts == {"selected": 4, "shortfall": 6}
    assert "不得放宽" in decision.text


def test_all_notices_go_out_at_once_and_contracts_are_due_thirty_days_later(app: Flask, clock) -> None:
    house = make_house(clock)
    to_publicity(house, clock)
    with refused("notices_wrong_stage"):
        actions.issue_notices(**house.as_staff())
    house = make_house(clock)
    to_award(house, clock)
    for day in (date(2023, 8, 1), date(2023, 8, 3)):
        with refused("notices_day"):
            actions.issue_notices(**house.as_staff(issued_on=day))
    made = actions.issue_notices(**house.as_staff())
    assert [row.kind for row in made] == ["selected", "selected", "not_selected", "not_selected", "not_selected"]
    assert len({row.number for row in made}) == 5
    assert [house.contract(number).due_on for number in (1, 2)] == [date(2023, 9, 1)] * 2
    assert house.contract(3) is None
    with refused("notices_issued"):
        actions.issue_notices(**house.as_staff())
    pairs = actions.selected_candidates(house.recruitment)
    assert [(candidate.number, notice.kind) for candidate, notice in pairs] == [(1, "selected"), (2, "selected")]
    assert deadlines.integration_due(house.recruitment, AFTER).last_day == date(2023, 9, 13)
    actions.acknowledge_notice(actor=house.vendor(1), notice=made[0])
    first = made[0].acknowledged_at
    clock.advance(days=1)
    actions.acknowledge_notice(actor=house.vendor(1), notice=made[0])
    assert made[0].acknowledged_at == first
    count = select(func.count()).select_from(Event).where(Event.kind == "result.notice_acknowledged")
    assert db.session.scalar(count) == 1


def test_numbers_and_rows_of_two_recruitments_stay_apart(app: Flask, clock) -> None:
    one, other = make_house(clock, members=0), make_house(clock, members=0)
    to_notices(one, clock)
    to_notices(other, clock)
    mine = {candidate.public_id for candidate, _ in actions.selected_candidates(one.recruitment)}
    theirs = {candidate.public_id for candidate, _ in actions.selected_candidates(other.recruitment)}
    assert len(mine) == len(theirs) == 2
    assert not mine & theirs
    assert db.session.scalar(select(func.count(func.distinct(SelectionNotice.number)))) == 10
