"""Objections: who, when, on what ground; what they hold; what an upheld one leads to."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import select

from app.accounts.models import Message
from app.audit import Event
from app.errors import Conflict, Denied, Refusal, WrongStage
from app.extensions import db, unit_of_work
from app.jobs.models import OutboxItem
from app.results import actions, deadlines, impact
from app.results.models import Complaint, Objection
from evaluation.models import RankEntry
from tests import factories
from tests.app.results.house import (
    AFTER,
    OBJECTIONS_END,
    START,
    House,
    at,
    make_house,
    to_award,
    to_notices,
    to_publicity,
)
from tests.app.results.test_award import held_by, refused


def _picture() -> io.BytesIO:
    data = io.BytesIO()
    Image.new("RGB", (8, 8)).save(data, "PNG")
    data.seek(0)
    return data


def objects(house: House, number: int = 3, **more) -> Objection:
    given = {"subject": "result", "text": "第一名的案例不属实", "recruitment": house.recruitment} | more
    return actions.file_objection(actor=house.vendor(number), **given)


def test_a_vendor_objects_with_evidence_and_the_answer_is_due_in_seven_working_days(app: Flask, clock) -> None:
    house = make_house(clock)
    to_publicity(house, clock)
    row = objects(house, against=house.candidate(1), source=_picture(), file_name="../证据.png")
    assert (row.evidence_name, row.evidence_type) == ("证据.png", "image/png")
    assert (row.number, row.stage, row.may_change_result) == (1, "received", True)
    assert row.answer_due_on == date(2023, 7, 26)
    assert row.calendar_version.startswith("chinesecalendar")
    told = db.session.scalars(select(Message.user_id).where(Message.kind == "objection.received"))
    assert set(told) == {user.id for user in house.people.values()}
    with refused("response_file_unknown"):
        objects(house, source=io.BytesIO(b"MZ\x90\x00"), file_name="证据.pdf")
    with refused("result_file_size"):
        objects(house, source=io.BytesIO(b""), file_name="证据.pdf")
    assert objects(house).number == 2


def test_the_period_is_by_subject_and_ends_with_its_last_second(app: Flask, clock) -> None:
    house = make_house(clock)
    with refused("objection_inadmissible") as early:
        objects(house)
    assert "还不能质疑" in early.value.facts["reasons"]
    assert objects(house, subject="process").subject == "process"
    to_publicity(house, clock)
    windows = deadlines.objection_windows(house.recruitment)
    assert {key: window.period.last_day for key, window in windows.items()} == dict.fromkeys(windows, OBJECTIONS_END)
    clock.set(datetime(2023, 8, 1, 15, 59, 59, tzinfo=UTC))
    assert objects(house).stage == "received"
    clock.set(datetime(2023, 8, 1, 16, 0, 0, tzinfo=UTC))
    with refused("objection_inadmissible") as late:
        objects(house)
    assert "2023年8月1日" in late.value.facts["reasons"]


def test_a_stranger_and_an_empty_ground_are_told_all_reasons_at_once(app: Flask, clock) -> None:
    house = make_house(clock)
    to_publicity(house, clock)
    _, outsider = factories.make_vendor()
    with refused("objection_inadmissible") as error:
        actions.file_objection(
            actor=factories.actor(outsider, "vendor"), recruitment=house.recruitment, subject="result", text="  "
        )
    assert "没有参加" in error.value.facts["reasons"]
    assert "没有写明" in error.value.facts["reasons"]
    with pytest.raises(Denied, match="objection_vendor_only"):
        actions.file_objection(**house.as_staff(subject="result", text="越俎代庖"))
    assert db.session.scalar(select(Objection.id)) is None


def test_a_paper_one_is_registered_even_if_late_and_then_only_refused(app: Flask, clock) -> None:
    house = make_house(clock)
    to_publicity(house, clock)
    at(clock, date(2023, 8, 3))
    paper = {"organisation": house.vendors[3], "subject": "result", "text": "迟到的质疑"}
    with refused("result_date_future"):
        actions.record_paper(**house.as_staff(**paper, received_at=datetime(2030, 1, 1, tzinfo=UTC)))
    row = actions.record_paper(**house.as_staff(**paper, received_at=clock()))
    with refused("objection_inadmissible"):
        actions.accept_objection(actor=house.staff, objection=row)
    with refused("reason_required"):
        actions.refuse_objection(actor=house.staff, objection=row, reason=" ")
    actions.refuse_objection(actor=house.staff, objection=row, reason="质疑期已过")
    assert (row.stage, row.answer) == ("refused", "质疑期已过")
    with pytest.raises(WrongStage, match="objection_wrong_stage"):
        actions.accept_objection(actor=house.staff, objection=row)


def test_one_that_may_change_the_result_holds_award_notices_contracts_and_substitutions(app: Flask, clock) -> None:
    house = make_house(clock)
    to_publicity(house, clock)
    row = objects(house)
    at(clock, AFTER)
    held_by("objection_open", actions.approve_award, **house.as_staff())
    actions.accept_objection(actor=house.staff, objection=row)
    held_by("objection_open", actions.approve_award, **house.as_staff())
    with refused("reason_required"):
        actions.judge_objection(actor=house.staff, objection=row, may_change_result=False, reason="")
    actions.judge_objection(actor=house.staff, objection=row, may_change_result=False, reason="只涉及公告格式")
    actions.approve_award(**house.as_staff())
    actions.approve_award(**house.as_supervisor())
    actions.award(**house.as_staff())
    actions.judge_objection(actor=house.supervisor, objection=row, may_change_result=True, reason="涉及第一名")
    with refused("result_held"):
        actions.issue_notices(**house.as_staff())
    actions.answer_objection(actor=house.staff, objection=row, upheld=False, text="经核实，案例属实")
    actions.issue_notices(**house.as_staff())
    paper = actions.record_paper(
        **house.as_staff(organisation=house.vendors[2], subject="result", text="再次质疑", received_at=clock())
    )
    contract = house.contract(1)
    with refused("result_held"):
        actions.record_contract(actor=house.staff, contract=contract, signed_on=AFTER)
    with refused("result_held"):
        actions.remove_selected(actor=house.staff, candidate=house.candidate(1), reason="拒签")
    actions.refuse_objection(actor=house.staff, objection=paper, reason="同一事项已答复")
    actions.record_contract(actor=house.staff, contract=contract, signed_on=AFTER)
    assert contract.stage == "signed"


def test_a_stale_decision_is_a_conflict_and_decides_nothing(app: Flask, clock) -> None:
    house = make_house(clock)
    to_publicity(house, clock)
    row = objects(house)
    seen = row.version
    actions.accept_objection(actor=house.staff, objection=row, version=seen)
    with pytest.raises(Conflict):
        actions.refuse_objection(actor=house.staff, objection=row, reason="另一窗口", version=seen)
    assert row.stage == "accepted"


def test_the_answer_is_written_late_or_not_and_its_author_is_told(app: Flask, clock) -> None:
    house = make_house(clock)
    to_publicity(house, clock)
    row = objects(house)
    with pytest.raises(WrongStage, match="objection_wrong_stage"):
        actions.answer_objection(actor=house.staff, objection=row, upheld=False, text="未受理即答复")
    actions.accept_objection(actor=house.staff, objection=row)
    with refused("reason_required"):
        actions.answer_objection(actor=house.staff, objection=row, upheld=False, text="")
    at(clock, date(2023, 7, 27))
    actions.answer_objection(actor=house.staff, objection=row, upheld=False, text="不成立")
    event = db.session.scalars(select(Event).where(Event.kind == "objection.rejected")).one()
    assert event.facts["late"] is True
    jobs = db.session.scalars(select(OutboxItem.payload).where(OutboxItem.kind == "document"))
    assert [job["ref"] for job in jobs if job["kind"] == "answer"] == [row.public_id]
    told = db.session.scalars(
        select(Message.body).where(Message.user_id == house.members[2].id, Message.kind == "objection.decided")
    )
    assert "不成立" in list(told)
    with pytest.raises(WrongStage, match="objection_wrong_stage"):
        actions.withdraw_objection(actor=house.vendor(3), objection=row)


def test_upheld_after_the_award_suspends_everything_until_a_re_review(app: Flask, clock) -> None:
    house = make_house(clock)
    to_notices(house, clock)
    actions.record_contract(actor=house.staff, contract=house.contract(1), signed_on=AFTER)
    row = actions.record_paper(
        **house.as_staff(
            organisation=house.vendors[2], subject="result", text="客观分不一致", received_at=factories.moment(START)
        )
    )
    actions.accept_objection(actor=house.staff, objection=row)
    actions.answer_objection(actor=house.staff, objection=row, upheld=True, text="客观分确有不一致")
    assert house.recruitment.stage == "suspended"
    assert [house.contract(number).stage for number in (1, 2)] == ["suspended", "suspended"]
    with refused("resume_needs_re_review"):
        actions.resume(**house.as_staff(reason="想恢复"))
    with refused("result_suspended"):
        actions.record_contract(actor=house.staff, contract=house.contract(2), signed_on=AFTER)


def test_upheld_before_the_award_holds_it_until_a_re_review(app: Flask, clock) -> None:
    house = make_house(clock)
    to_publicity(house, clock)
    row = objects(house)
    actions.accept_objection(actor=house.staff, objection=row)
    actions.answer_objection(actor=house.staff, objection=row, upheld=True, text="成立")
    assert house.recruitment.stage == "publicity"
    at(clock, AFTER)
    held_by("objection_upheld", actions.approve_award, **house.as_staff())


def test_one_upheld_before_the_ranking_is_put_right_on_record(app: Flask, clock) -> None:
    house = make_house(clock)
    row = objects(house, subject="documents")
    actions.accept_objection(actor=house.staff, objection=row)
    actions.answer_objection(actor=house.staff, objection=row, upheld=True, text="条款表述有误")
    with pytest.raises(WrongStage, match="objection_needs_re_review"):
        actions.remedy_objection(actor=house.supervisor, objection=row, reason="报告已签")
    with unit_of_work():
        house.recruitment.review.reported_at = clock() + timedelta(hours=1)
    with refused("reason_required"):
        actions.remedy_objection(actor=house.supervisor, objection=row, reason="")
    actions.remedy_objection(actor=house.supervisor, objection=row, reason="已发补充公告更正")
    to_publicity(house, clock)
    at(clock, AFTER)
    assert actions.approve_award(**house.as_staff()) is False


def test_what_the_ranking_would_be_is_computed_from_the_sheets_and_written_nowhere(app: Flask, clock) -> None:
    house = make_house(clock)
    to_publicity(house, clock)
    before = [(row.candidate_id, row.rank, row.score) for row in db.session.scalars(select(RankEntry))]
    found = impact.impact(house.recruitment, without=house.candidate(1))
    assert found.changes
    assert ([row.number for row in found.gains], [row.number for row in found.loses]) == ([3], [1])
    assert not impact.impact(house.recruitment, without=house.candidate(4)).changes
    raised = impact.impact(house.recruitment, changed=(house.candidate(4), "6", "10"))
    assert {line.candidate.number: line.after for line in raised.lines} == {1: 1, 2: 2, 3: 3, 4: 4}
    lowered = impact.impact(house.recruitment, changed=(house.candidate(2), "6", "0"))
    assert [row.number for row in lowered.loses] == [2]
    with pytest.raises(Exception, match="score_out_of_range"):
        impact.impact(house.recruitment, changed=(house.candidate(2), "6", "10.5"))
    assert impact.cutoff(house.recruitment).candidate.number == 2
    db.session.expire_all()
    assert before == [(row.candidate_id, row.rank, row.score) for row in db.session.scalars(select(RankEntry))]
    assert isinstance(before[0][2], Decimal)


def test_the_impact_is_judged_against_the_selection_as_it_stands(app: Flask, clock) -> None:
    house = make_house(clock)
    to_award(house, clock)
    actions.withdraw_selected(actor=house.vendor(1), candidate=house.candidate(1), reason="放弃")
    found = impact.impact(house.recruitment, without=house.candidate(2))
    assert [row.number for row in found.gains] == [4]
    assert 1 not in {line.candidate.number for line in found.lines}


def test_a_complaint_is_recorded_and_an_order_to_suspend_suspends(app: Flask, clock) -> None:
    house = make_house(clock)
    to_award(house, clock)
    with refused("reason_required"):
        actions.record_complaint(
            **house.as_staff(complainant="", authority="样例监管局", text="投诉", received_on=AFTER)
        )
    row = actions.record_complaint(
        **house.as_staff(complainant="样例投诉人", authority="样例监管局", text="对答复不服", received_on=AFTER)
    )
    with refused("complaint_day"):
        actions.record_order(actor=house.staff, complaint=row, on=START, effect="suspend", text="停")
    with refused("complaint_effect"):
        actions.record_order(actor=house.staff, complaint=row, on=AFTER, effect="burn", text="停")
    seen = row.version
    order = {"actor": house.staff, "complaint": row, "on": AFTER, "text": "调查期间暂停", "version": seen}
    actions.record_order(**order, effect="suspend")
    with pytest.raises(Conflict):
        actions.record_order(**order, effect="other")
    assert house.recruitment.stage == "suspended"
    orders = db.session.scalars(select(Complaint.orders)).one()
    assert [(order["effect"], order["on"]) for order in orders] == [("suspend", "2023-08-02")]
    actions.resume(**house.as_supervisor(reason="调查结束"))
    assert house.recruitment.stage == "awarded"


def test_a_provisional_deadline_is_counted_again_when_the_data_arrives(app: Flask, clock) -> None:
    house = make_house(clock)
    to_publicity(house, clock)
    row = objects(house)
    row.provisional, row.calendar_version, row.answer_due_on = True, "older", date(2023, 7, 20)
    db.session.commit()
    assert actions.recount(**house.as_staff()) == 1
    assert (row.answer_due_on, row.provisional) == (date(2023, 7, 26), False)
    assert actions.recount(**house.as_staff()) == 0
    with pytest.raises(Refusal):
        objects(house, subject="weather")
