"""Steps over the whole recruitment: suspended, resumed, terminated, reviewed again, archived."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.models import Message
from app.audit import broken_at
from app.errors import Conflict, Refusal, WrongStage
from app.extensions import db, unit_of_work
from app.lifecycle import approvals, last_approvals
from app.results import actions, deadlines
from app.results.models import Publicity, SelectionNotice, StageDecision
from app.review import report
from app.signing import sign_payload
from evaluation.models import Expert, PanelSeat, QualificationSheet, RankEntry, ScoreSheet, SheetVersion
from evaluation.review import ReviewRefused, held_seats, seat_filled
from evaluation.review_qualification import Answer, answers_of, save_answers, sign_sheets
from evaluation.review_scoring import Entry, save_scores, sign_score_sheets
from tests import factories
from tests.app.publication.desk import draft
from tests.app.results.house import (
    AFTER,
    House,
    at,
    make_house,
    owe,
    to_award,
    to_notices,
    to_publicity,
)
from tests.app.results.test_award import held_by, refused
from tests.harness.client import FormClient


def test_a_suspension_holds_contracts_and_gives_their_days_back(app: Flask, clock) -> None:
    house = make_house(clock)
    held_by("not_a_transition", actions.suspend, **house.as_staff(reason="尚未公示"))
    to_notices(house, clock)
    actions.record_contract(actor=house.staff, contract=house.contract(1), signed_on=AFTER)
    with refused("reason_required"):
        actions.suspend(**house.as_supervisor(reason=""))
    actions.suspend(**house.as_supervisor(reason="核查举报"))
    assert (house.recruitment.stage, house.recruitment.stage_before) == ("suspended", "awarded")
    assert [house.contract(number).stage for number in (1, 2)] == ["suspended", "suspended"]
    with refused("result_suspended"):
        actions.record_contract(actor=house.staff, contract=house.contract(2), signed_on=AFTER)
    at(clock, date(2023, 8, 12))
    actions.resume(**house.as_staff(reason="核查完毕"))
    assert house.recruitment.stage == "awarded"
    assert [house.contract(number).stage for number in (1, 2)] == ["signed", "due"]
    assert house.contract(2).due_on == date(2023, 9, 11)
    with refused("resume_not_suspended"):
        actions.resume(**house.as_staff(reason="再恢复"))
    kinds = db.session.scalars(select(StageDecision.kind).order_by(StageDecision.id)).all()
    assert kinds == ["suspend", "resume"]


def test_a_termination_needs_two_persons_and_can_be_declined(app: Flask, clock) -> None:
    house = make_house(clock)
    to_notices(house, clock)
    with refused("reason_required"):
        actions.terminate(**house.as_staff())
    assert actions.terminate(**house.as_staff(reason="政策调整")) is False
    with refused("second_person_needed"):
        actions.terminate(**house.as_staff())
    actions.withdraw_proposal(**house.as_supervisor(step="terminate", reason="理由不充分"))
    assert approvals(house.recruitment, "terminate") == []
    with refused("proposal_missing"):
        actions.withdraw_proposal(**house.as_supervisor(step="terminate", reason="再来"))
    assert actions.terminate(**house.as_supervisor(reason="主管部门决定")) is False
    assert house.recruitment.stage == "awarded"
    assert actions.terminate(**house.as_staff()) is True
    assert house.recruitment.stage == "terminated"
    assert house.recruitment.ended_at is not None
    assert house.contract(1).stage == "ended"
    told = db.session.scalars(select(Message.body).where(Message.kind == "recruitment.terminated")).all()
    assert told == ["理由：主管部门决定"] * 3
    for step, more in ((actions.suspend, {"reason": "停"}), (actions.terminate, {"reason": "再"})):
        held_by("not_a_transition", step, **house.as_staff(**more))


def test_a_file_is_archived_when_the_last_service_is_over_by_two_persons(app: Flask, clock) -> None:
    house = make_house(clock)
    to_notices(house, clock)
    held_by("not_a_transition", actions.archive, **house.as_staff())
    for number in (1, 2):
        actions.record_contract(actor=house.staff, contract=house.contract(number), signed_on=AFTER)
    with unit_of_work():
        house.recruitment.stage = "promotion"
    assert deadlines.service_over_on(house.recruitment) == date(2024, 8, 2)
    at(clock, date(2024, 8, 2), 23)
    held_by("service_not_over", actions.archive, **house.as_staff())
    at(clock, date(2024, 8, 3))
    assert actions.archive(**house.as_staff()) is False
    with refused("second_person_needed"):
        actions.archive(**house.as_staff())
    assert actions.archive(**house.as_supervisor()) is True
    assert house.recruitment.stage == "archived"


def again(house: House, **more):
    """The same proposal, for both persons."""
    return {"cause": "objective_unequal", "candidates": [house.candidate(1)], "items": ["1"]} | more


def test_a_re_review_is_proposed_with_its_cause_and_consented_to_as_it_stands(app: Flask, clock) -> None:
    house = make_house(clock)
    to_publicity(house, clock)
    for wrong, code in (
        ({"cause": "because"}, "re_review_cause"),
        ({"candidates": []}, "re_review_nobody"),
        ({"candidates": [house.candidate(5)]}, "re_review_vendor"),
        ({"cause": "qualification_error"}, "re_review_no_ground"),
    ):
        with refused(code):
            actions.re_review(**house.as_staff(**again(house, reason="核对") | wrong))
    with refused("reason_required"):
        actions.re_review(**house.as_staff(**again(house)))
    with refused("proposal_missing"):
        actions.consent_re_review(**house.as_supervisor())
    assert actions.re_review(**house.as_staff(**again(house, reason="两张表不一致"))) is False
    with pytest.raises(Conflict, match="approval_differs"):
        actions.re_review(**house.as_supervisor(**again(house, items=["2"])))
    assert house.recruitment.stage == "publicity"
    assert actions.consent_re_review(**house.as_supervisor()) is True
    assert house.recruitment.stage == "scoring"
    assert db.session.scalar(select(RankEntry.rank)) is None
    opened = db.session.scalars(select(ScoreSheet).where(ScoreSheet.stage == "reopened")).all()
    assert {sheet.candidate.number for sheet in opened} == {1}
    assert len(opened) == 5
    assert db.session.scalars(select(Publicity.withdrawn_at)).one() is not None
    decision = db.session.scalars(select(StageDecision)).one()
    assert (decision.kind, decision.cause, decision.text) == ("re_review", "objective_unequal", "两张表不一致")
    assert approvals(house.recruitment, "re-review") == []
    assert len(last_approvals(house.recruitment, "re-review")) == 2


def test_the_original_panel_corrects_and_a_corrected_result_goes_public_with_new_notices(app: Flask, clock) -> None:
    """The whole way back: awarded, notices out, one contract signed; then vendor 1 loses its first place."""
    house = make_house(clock)
    to_notices(house, clock)
    actions.record_contract(actor=house.staff, contract=house.contract(1), signed_on=AFTER)
    owe(house, "100.01")
    actions.split_fees(**house.as_staff())
    change = again(house, cause="extreme_score", items=["5.3"], reason="评分畸高")
    actions.re_review(**house.as_staff(**change))
    actions.re_review(**house.as_supervisor(**change))
    assert house.stages() == ["qualified"] * 4 + ["eliminated"]
    assert actions.selected_candidates(house.recruitment) == []
    assert all(row.revoked_at for row in db.session.scalars(select(SelectionNotice)))
    assert [house.contract(number).stage for number in (1, 2)] == ["suspended", "suspended"]
    session, review = db.session(), house.recruitment.review
    seat = held_seats(session, review)[0]
    sheet = db.session.scalars(
        select(ScoreSheet).where(ScoreSheet.seat_id == seat.id, ScoreSheet.stage == "reopened")
    ).one()
    with pytest.raises(ReviewRefused, match="review_not_opened"):
        save_scores(session, review, sheet, seat, {"5.2": Entry(Decimal(0))}, version=sheet.version)
    with unit_of_work():
        sign_zero(house, "5.3")
        report.freeze_ranking(actor=house.staff, recruitment=house.recruitment)
        review.report_digest, review.reported_at = "ab" * 32, deadlines.clock.now()
        house.recruitment.stage = "reported"
    versions = db.session.scalars(select(SheetVersion).where(SheetVersion.cause == "extreme_score")).all()
    assert len(versions) == 5
    assert {row.reason for row in versions} == {"评分畸高"}
    ranks = {
        row.candidate.number: row.rank for row in db.session.scalars(select(RankEntry).order_by(RankEntry.rank))
    }
    assert ranks[1] > 2
    with refused("publicity_start_missed"):
        actions.start_publicity(**house.as_staff())
    at(clock, date(2023, 8, 14))
    actions.set_publicity_dates(
        **house.as_staff(
            starts_on=date(2023, 8, 14),
            ends_on=date(2023, 8, 18),
            reason="更正公示",
            version=house.recruitment.version,
        )
    )
    assert actions.start_publicity(**house.as_staff()).kind == "corrected"
    at(clock, date(2023, 8, 30))
    held_by("two_persons_needed", actions.award, **house.as_staff())
    actions.approve_award(**house.as_staff())
    actions.approve_award(**house.as_supervisor())
    actions.award(**house.as_staff())
    made = actions.issue_notices(**house.as_staff())
    assert {row.round for row in made} == {2}
    assert house.candidate(1).stage == "reserve"
    assert house.contract(1).stage == "ended"
    assert house.contract(2).stage == "due"
    lines = actions.split_fees(**house.as_staff())
    assert {row.candidate.number for row in lines if row.kind == "reversal"} >= {1}
    assert broken_at(house.recruitment.public_id) is None


def sign_zero(house: House, key: str) -> None:
    """Every seat gives nothing for one key on the reopened sheets."""
    session, review = db.session(), house.recruitment.review
    for seat in held_seats(session, review):
        sheets = list(
            db.session.scalars(
                select(ScoreSheet).where(ScoreSheet.seat_id == seat.id, ScoreSheet.stage == "reopened")
            )
        )
        for sheet in sheets:
            save_scores(session, review, sheet, seat, {key: Entry(Decimal(0))}, version=sheet.version)
        sign_score_sheets(session, review, sheets, seat, sign=sign_payload, now=deadlines.clock.now())


def test_a_wrong_qualification_is_judged_again_when_an_objection_was_upheld(app: Flask, clock) -> None:
    house = make_house(clock)
    to_publicity(house, clock)
    row = actions.record_paper(
        **house.as_staff(organisation=house.vendors[4], subject="process", text="第9项已盖章", received_at=clock())
    )
    actions.accept_objection(actor=house.staff, objection=row)
    actions.answer_objection(actor=house.staff, objection=row, upheld=True, text="原件确有印章")
    change = {"cause": "qualification_error", "candidates": [house.candidate(5)], "reason": "第2项认定有误"}
    actions.re_review(**house.as_supervisor(**change))
    assert actions.re_review(**house.as_staff(**change)) is True
    assert house.recruitment.stage == "qualification"
    assert row.remedied_at is not None
    assert house.stages() == ["qualified"] * 4 + ["under_review"]
    session, review = db.session(), house.recruitment.review
    with unit_of_work():
        for seat in held_seats(session, review):
            sheet = db.session.scalars(
                select(QualificationSheet).where(
                    QualificationSheet.seat_id == seat.id, QualificationSheet.stage == "reopened"
                )
            ).one()
            passed = {item: Answer(True) for item in answers_of(sheet)}
            save_answers(session, review, sheet, seat, passed, version=sheet.version)
            sign_sheets(session, review, [sheet], seat, sign=sign_payload, now=clock())
    assert house.stages() == ["qualified"] * 5
    causes = db.session.scalars(select(SheetVersion.cause).where(SheetVersion.kind == "qualification_sheet")).all()
    assert causes == ["qualification_error"] * 5


def test_a_new_panel_only_for_what_touches_the_panel_and_everything_before_is_void(app: Flask, clock) -> None:
    house = make_house(clock)
    to_award(house, clock)
    change = {"cause": "recusal", "reason": "一名专家应回避未回避"}
    actions.re_review(**house.as_staff(**change))
    actions.re_review(**house.as_supervisor(**change))
    assert house.recruitment.stage == "qualification"
    assert held_seats(db.session(), house.recruitment.review) == []
    assert set(db.session.scalars(select(PanelSeat.stage))) == {"replaced"}
    assert set(db.session.scalars(select(ScoreSheet.stage))) == {"void"}
    assert set(db.session.scalars(select(QualificationSheet.stage))) == {"void"}
    assert set(house.stages()) == {"under_review"}
    old = db.session.scalars(select(PanelSeat).order_by(PanelSeat.position)).first()
    with unit_of_work() as session:
        new = PanelSeat(
            review_id=old.review_id,
            draw_id=old.draw_id,
            expert_id=newcomer().id,
            position=9,
            seat_no=1,
            pseudonym="9号专家",
            stage="active",
        )
        session.add(new)
        session.flush()
        seat_filled(session(), old, new, now=clock())
    blank = db.session.scalars(select(QualificationSheet).where(QualificationSheet.stage == "open")).all()
    assert len(blank) == 5
    assert set(db.session.scalars(select(ScoreSheet.stage))) == {"void"}


def newcomer() -> Expert:
    """Somebody of the pool who was not on the panel."""
    expert = Expert(code="SAMPLE-NEW", name="样例新专家")
    db.session.add(expert)
    db.session.flush()
    return expert


def test_no_re_review_from_a_stage_that_has_none(app: Flask, clock) -> None:
    house = make_house(clock)
    to_notices(house, clock)
    with unit_of_work():
        house.recruitment.stage = "integration"
    with pytest.raises(WrongStage) as error:
        actions.re_review(**house.as_staff(**again(house, reason="核对")))
    assert error.value.facts["guard"] == "not_a_transition"
    actions.suspend(**house.as_staff(reason="先暂停"))
    assert actions.re_review(**house.as_staff(**again(house, reason="核对"))) is False
    with pytest.raises(Refusal, match="second_person_needed"):
        actions.consent_re_review(**house.as_staff())


def test_a_draft_that_is_given_up_ends_unseen(app: Flask, client: FormClient) -> None:
    desk = draft()
    recruitment = desk.recruitment
    with refused("reason_required"):
        actions.terminate(actor=desk.actor(), recruitment=recruitment, reason=" ")
    assert actions.terminate(actor=desk.actor(), recruitment=recruitment, reason="项目取消") is True
    assert (recruitment.stage, recruitment.is_published) == ("terminated", False)
    pages = [f"/r/{recruitment.public_id}{path}" for path in ("", "/plan", "/questions", "/amendments")]
    shown = [client.get(page, follow_redirects=True) for page in pages]
    assert not [answer.request.path for answer in shown if recruitment.title in answer.get_data(as_text=True)]
    factories.login(client, desk.first)
    answers = [client.get(page).status_code for page in (*pages, f"/r/{recruitment.public_id}/dashboard")]
    assert set(answers) <= {200, 403}, answers
    assert answers[1] == answers[-1] == 200
