"""The integration from its start to the go-live, and what is refused on the way."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.acceptance import actions, queries
from app.accounts.models import Message
from app.audit import Event, broken_at
from app.documents.models import Document
from app.errors import Conflict, Denied, Refusal, WrongStage
from app.extensions import db
from app.jobs.inline import run_waiting
from app.jobs.registry import DAILY, order_daily
from app.results.models import Contract
from app.storage import Blob
from onboarding.errors import OnboardingError
from onboarding.models import Integration
from tests import factories
from tests.app.acceptance.hall import (
    LAST,
    NOTICED,
    Hall,
    accept_all,
    make_hall,
    notice,
    prove_all,
    start,
)
from tests.app.responses.test_content import pdf
from tests.harness.clock import HandClock


def kinds(hall: Hall) -> list[str]:
    return list(
        db.session.scalars(
            select(Event.kind).where(Event.recruitment_id == hall.recruitment.id).order_by(Event.seq)
        )
    )


def refused(code: str) -> Any:
    return pytest.raises((Refusal, OnboardingError), match=code)


def test_every_selected_vendor_begins_with_the_plans_items_and_its_own_days(app: Flask) -> None:
    with app.app_context():
        hall = make_hall(started=False)
        with pytest.raises(Denied):
            actions.start_integration(actor=hall.actor("operator"), recruitment=hall.recruitment)
        start(hall)
        assert hall.recruitment.stage == "integration"
        one = hall.integration(1)
        assert (one.event_on, one.working_days, one.deadline_on, one.provisional) == (NOTICED, 30, LAST, False)
        assert one.calendar_version.startswith("chinesecalendar-")
        keys = [state.requirement.key for state in hall.states(1)]
        assert {"std.1", "std.4", "ukey.4", "cert.5", "cert.10", "lra.1", "verify.1"} <= set(keys)
        assert keys == [state.requirement.key for state in hall.states(2)]
        count = db.session.query(Integration).count()
        again = actions.start_integration(actor=hall.actor("staff"), recruitment=hall.recruitment)
        assert db.session.query(Integration).count() == count == len(again.integrations)
        told = db.session.scalars(select(Message.subject).where(Message.user_id == hall.vendors[0][1].id))
        assert "对接开始" in list(told)
        assert broken_at(hall.recruitment.public_id) is None


def test_nothing_starts_before_every_notice_is_out(app: Flask) -> None:
    with app.app_context():
        hall = make_hall(started=False)
        candidate = hall.candidate(3)
        with db.session.begin_nested():
            candidate.stage = "selected"
        db.session.commit()
        with pytest.raises(WrongStage) as held:
            start(hall)
        assert held.value.facts["guard"] == "notices_not_issued"
        notice(hall, candidate, "moved_up", on=date(2023, 7, 31))
        db.session.commit()
        programme = actions.start_integration(
            actor=hall.actor("staff"), recruitment=hall.recruitment, on=date(2023, 7, 28)
        )
        assert {row.event_on for row in programme.integrations} == {date(2023, 7, 28)}


def test_an_item_is_proved_by_the_vendor_and_decided_by_somebody_else(app: Flask) -> None:
    with app.app_context():
        hall = make_hall()
        state = hall.state(1, "std.1")
        with refused("acceptance_proof_missing"):
            actions.prove(actor=hall.vendor(1), state=state)
        evidence = actions.add_evidence(
            actor=hall.vendor(1),
            state=state,
            text="证书编号见附件",
            source=io.BytesIO(pdf()),
            name="../../认证证书.pdf",
        )
        assert (evidence.kind, evidence.file_name, evidence.result["media_type"]) == (
            "file", "认证证书.pdf", "application/pdf",
        )  # fmt: skip
        assert len(evidence.sm3) == 64
        actions.prove(actor=hall.vendor(1), state=state)
        seen = state.version
        for actor in (hall.vendor(1), hall.vendor(2), hall.actor("supervisor")):
            with pytest.raises(Denied):
                actions.decide_item(actor=actor, state=state, accept=True)
        with refused("acceptance_reason_missing"):
            actions.decide_item(actor=hall.actor("operator"), state=state, accept=False)
        actions.decide_item(actor=hall.actor("operator"), state=state, accept=False, remark="缺少有效期", version=seen)
        assert (state.stage, state.remark) == ("returned", "缺少有效期")
        with pytest.raises(Conflict):
            actions.decide_item(actor=hall.actor("staff"), state=state, accept=True, version=seen)
        actions.add_evidence(actor=hall.vendor(1), state=state, text="有效期至2025年")
        actions.prove(actor=hall.vendor(1), state=state)
        actions.decide_item(actor=hall.actor("staff"), state=state, accept=True)
        assert (state.stage, state.decided_by) == ("accepted", hall.people["staff"].public_id)
        with refused("integration_item_accepted"):
            actions.add_evidence(actor=hall.vendor(1), state=state, text="多余")
        assert [kind for kind in kinds(hall) if kind.startswith(("requirement.", "evidence."))] == [
            "evidence.added", "requirement.proved", "requirement.returned", "evidence.added",
            "requirement.proved", "requirement.accepted",
        ]  # fmt: skip


def test_whoever_recorded_a_test_does_not_accept_it(app: Flask) -> None:
    with app.app_context():
        hall = make_hall()
        state = hall.state(1, "cert.7")
        actions.add_evidence(actor=hall.actor("operator"), state=state, text="联调记录", passed=False)
        with refused("acceptance_run_missing"):
            actions.prove(actor=hall.vendor(1), state=state)
        actions.add_evidence(actor=hall.actor("operator"), state=state, text="复测记录", passed=True)
        actions.prove(actor=hall.vendor(1), state=state)
        with refused("acceptance_own_judge"):
            actions.decide_item(actor=hall.actor("operator"), state=state, accept=True)
        with refused("acceptance_own_judge"):
            actions.accept_items(actor=hall.actor("operator"), integration=hall.integration(1), states=[state])
        actions.decide_item(actor=hall.actor("staff"), state=state, accept=True)
        assert state.stage == "accepted"


@pytest.mark.database("sqlite")
def test_a_hostile_file_leaves_nothing_behind(app: Flask) -> None:
    with app.app_context():
        hall = make_hall()
        before = db.session.query(Blob).count()
        for data, code in (
            (b"", "response_file_empty"),
            (b"MZ\x90\x00 a program named like a document", "response_file_unknown"),
            (b"%PDF-1.7\nbroken off", "response_file_damaged"),
        ):
            with refused(code):
                actions.add_evidence(
                    actor=hall.vendor(1), state=hall.state(1, "std.1"), source=io.BytesIO(data), name="证明.pdf"
                )
        db.session.expire_all()
        assert db.session.query(Blob).count() == before
        assert hall.state(1, "std.1").evidence == []
        folder = app.config["SETTINGS"].data / "blobs"
        assert len([path for path in folder.rglob("*") if path.is_file()]) == before


def test_a_file_too_big_is_stopped_on_the_way(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.acceptance import common

    monkeypatch.setattr(common, "MAX_EVIDENCE_BYTES", 100)
    with app.app_context():
        hall = make_hall()
        with refused("acceptance_file_too_big"):
            actions.add_evidence(
                actor=hall.vendor(1), state=hall.state(1, "std.1"), source=io.BytesIO(pdf()), name="大.pdf"
            )


def test_questions_go_back_and_forth_with_messages(app: Flask) -> None:
    with app.app_context():
        hall = make_hall()
        state = hall.state(1, "std.2")
        with refused("integration_remark_empty"):
            actions.add_remark(actor=hall.vendor(1), state=state, text="  ")
        with pytest.raises(Denied):
            actions.add_remark(actor=hall.vendor(2), state=state, text="越权")
        actions.add_remark(actor=hall.vendor(1), state=state, text="接口地址是哪个？")
        actions.add_remark(actor=hall.actor("operator"), state=state, text="见对接地址。")
        assert [row.side for row in state.remarks] == ["vendor", "platform"]
        subjects = list(db.session.scalars(select(Message.subject)))
        assert any("提问" in subject for subject in subjects)
        assert any("平台就验收项 std.2" in subject for subject in subjects)


def test_the_organiser_changes_a_requirement_and_it_reopens(app: Flask) -> None:
    with app.app_context():
        hall = make_hall()
        prove_all(hall, 1)
        state = hall.state(1, "std.1")
        actions.decide_item(actor=hall.actor("operator"), state=state, accept=True)
        requirement, seen = state.requirement, state.requirement.version
        change: dict[str, Any] = {
            "recruitment": hall.recruitment, "requirement": requirement, "text": "新的要求", "proof": "evidence",
            "reason": "详细需求分析说明书", "version": seen,
        }  # fmt: skip
        with pytest.raises(Denied):
            actions.change_requirement(actor=hall.actor("operator"), **change)
        assert actions.change_requirement(actor=hall.actor("staff"), **change) == 1
        assert (state.stage, state.remark, hall.state(2, "std.1").stage) == ("open", "详细需求分析说明书", "open")
        with pytest.raises(Conflict):
            actions.change_requirement(actor=hall.actor("staff"), **change | {"text": "再改"})
        actions.publish_notice(
            actor=hall.actor("staff"), recruitment=hall.recruitment, text="地址：样例",
            version=hall.recruitment.programme.version,
        )  # fmt: skip
        assert hall.recruitment.programme.notice == "地址：样例"


def test_acceptance_of_all_opens_the_go_live_and_one_vendor_keeps_it_shut(app: Flask, clock: HandClock) -> None:
    with app.app_context():
        hall = make_hall()
        with refused("acceptance_requirements_open"):
            actions.accept_integration(actor=hall.actor("operator"), integration=hall.integration(1))
        clock.set_local(2023, 8, 11, 16)
        accept_all(hall, 1)
        run_waiting()
        one = hall.integration(1)
        assert (one.stage, hall.candidate(1).stage) == ("accepted", "accepted")
        report = db.session.scalars(select(Document).where(Document.kind == "acceptance_report")).one()
        assert report.subject_ref == one.public_id
        assert one.accepted_at is not None
        with pytest.raises(WrongStage) as held:
            actions.start_promotion(actor=hall.actor("staff"), recruitment=hall.recruitment)
        assert held.value.facts["vendors"] == hall.integration(2).vendor_name
        clock.set_local(2023, 9, 4, 18)
        accept_all(hall, 2)
        subjects = list(db.session.scalars(select(Message.subject).where(Message.kind == "golive.ready")))
        assert len(subjects) == 2
        with pytest.raises(Denied):
            actions.start_promotion(actor=hall.actor("operator"), recruitment=hall.recruitment)
        clock.set_local(2023, 9, 6, 9)
        actions.start_promotion(actor=hall.actor("staff"), recruitment=hall.recruitment)
        programme = hall.recruitment.programme
        assert hall.recruitment.stage == "promotion"
        assert (programme.promotion_start, programme.promotion_end) == (date(2023, 9, 6), date(2023, 12, 6))
        with pytest.raises(WrongStage):
            actions.add_evidence(actor=hall.vendor(1), state=hall.state(1, "std.1"), text="晚了")
        assert broken_at(hall.recruitment.public_id) is None


def test_whole_vendors_are_accepted_by_platform_or_staff_only(app: Flask) -> None:
    with app.app_context():
        hall = make_hall()
        prove_all(hall, 1)
        states = [state for state in hall.states(1) if state.stage == "proved"]
        with refused("acceptance_nothing_chosen"):
            actions.accept_items(actor=hall.actor("staff"), integration=hall.integration(1), states=[])
        with refused("not_found"):
            actions.accept_items(
                actor=hall.actor("staff"), integration=hall.integration(1), states=[hall.state(2, "std.1")]
            )
        with pytest.raises(Conflict):
            actions.accept_items(
                actor=hall.actor("staff"), integration=hall.integration(1), states=states,
                versions={states[-1].public_id: 0},
            )  # fmt: skip
        db.session.expire_all()
        assert {state.stage for state in hall.states(1)} == {"proved"}
        for actor in (hall.vendor(1), hall.actor("supervisor")):
            with pytest.raises(Denied):
                actions.accept_integration(actor=actor, integration=hall.integration(1))


def test_an_extension_is_the_supervisors_to_grant(app: Flask, clock: HandClock) -> None:
    with app.app_context():
        hall = make_hall()
        one = hall.integration(1)
        with pytest.raises(Denied):
            actions.ask_extension(actor=hall.vendor(2), integration=one, days=5, reason="越权")
        change = actions.ask_extension(actor=hall.vendor(1), integration=one, days=5, reason="密码设备到货延迟")
        for name in ("staff", "operator"):
            with pytest.raises(Denied):
                actions.decide_extension(actor=hall.actor(name), change=change, consent=True)
        assert one.deadline_on == LAST
        actions.decide_extension(actor=hall.actor("supervisor"), change=change, consent=True, note="同意")
        assert (one.deadline_on, one.stage) == (date(2023, 9, 11), "running")
        lost = actions.ask_give_back(actor=hall.actor("staff"), integration=one, days=2, reason="云资源迟交两日")
        with refused("acceptance_consent_own"):
            actions.decide_extension(actor=hall.actor("staff"), change=lost, consent=True)
        actions.decide_extension(actor=hall.actor("staff2"), change=lost, consent=True)
        assert one.deadline_on == date(2023, 9, 13)
        event = db.session.scalars(
            select(Event).where(Event.kind == "deadline.consented").order_by(Event.seq.desc())
        ).first()
        assert event is not None
        assert (event.facts["before"], event.facts["after"]) == ("2023-09-11", "2023-09-13")


def test_a_suspension_stops_the_clock(app: Flask, clock: HandClock) -> None:
    with app.app_context():
        hall = make_hall()
        one = hall.integration(1)
        with refused("acceptance_reason_missing"):
            actions.suspend_integration(actor=hall.actor("staff"), integration=one, reason=" ")
        actions.suspend_integration(actor=hall.actor("staff"), integration=one, reason="平台测试环境检修")
        with refused("integration_not_working"):
            actions.add_evidence(actor=hall.vendor(1), state=hall.state(1, "std.1"), text="x")
        clock.set_local(2023, 7, 27, 9)
        assert actions.resume_integration(actor=hall.actor("staff"), integration=one, reason="检修完成") == 3
        assert one.deadline_on == date(2023, 9, 7)


def test_overdue_is_put_on_record_once_and_by_the_daily_job_too(app: Flask, clock: HandClock) -> None:
    with app.app_context():
        hall = make_hall()
        accept_all(hall, 2)
        clock.set_local(2023, 9, 4, 23, 59)
        assert actions.mark_overdue(actor=hall.actor("staff"), recruitment=hall.recruitment) == []
        clock.set_local(2023, 9, 5, 0, 1)
        with pytest.raises(Denied):
            actions.mark_overdue(actor=hall.actor("supervisor"), recruitment=hall.recruitment)
        assert order_daily() == len(DAILY)
        assert order_daily() == 0
        run_waiting()
        db.session.expire_all()
        assert hall.integration(1).stage == "overdue"
        assert actions.mark_overdue(actor=hall.actor("staff"), recruitment=hall.recruitment) == []
        event = db.session.scalars(select(Event).where(Event.kind == "integration.overdue")).one()
        assert event.actor_role == "system"
        clock.set_local(2023, 9, 6, 8)
        assert order_daily() == len(DAILY)
        with refused("acceptance_overdue_first"):
            actions.suspend_integration(actor=hall.actor("staff"), integration=hall.integration(1), reason="拖延")


def test_an_overdue_vendor_is_extended_or_removed_by_two_and_the_next_moves_up(
    app: Flask, clock: HandClock
) -> None:
    with app.app_context():
        hall = make_hall()
        accept_all(hall, 2)
        one = hall.integration(1)
        staff, supervisor = hall.actor("staff"), hall.actor("supervisor")
        with refused("acceptance_not_overdue_yet"):
            actions.remove_overdue(actor=staff, integration=one, reason="太慢")
        clock.set_local(2023, 9, 5, 9)
        with refused("reason_required"):
            actions.remove_overdue(actor=staff, integration=one, reason=" ")
        assert actions.remove_overdue(actor=staff, integration=one, reason="逾期未完成") is None
        with refused("second_person_needed"):
            actions.remove_overdue(actor=staff, integration=one, reason="逾期未完成")
        with refused("already_approved"):
            actions.remove_overdue(actor=hall.actor("staff2"), integration=one, reason="逾期未完成")
        with pytest.raises(Denied):
            actions.remove_overdue(actor=hall.actor("operator"), integration=one, reason="逾期未完成")
        # An extension that was granted voids the consent to the removal.
        change = actions.ask_extension(actor=hall.vendor(1), integration=one, days=5, reason="即将完成")
        actions.mark_overdue(actor=staff, recruitment=hall.recruitment)
        actions.decide_extension(actor=supervisor, change=change, consent=True)
        assert (one.stage, one.deadline_on) == ("extended", date(2023, 9, 11))
        clock.set_local(2023, 9, 12, 9)
        assert actions.remove_overdue(actor=supervisor, integration=one, reason="仍未完成") is None
        assert one.stage == "extended"
        moved = actions.remove_overdue(actor=staff, integration=one, reason="仍未完成")
        db.session.expire_all()
        assert (one.stage, hall.candidate(1).stage, hall.candidate(3).stage) == ("removed", "removed", "selected")
        assert moved is not None
        assert moved.public_id == hall.integration(3).public_id
        assert (moved.event_on, moved.deadline_on) == (date(2023, 9, 12), date(2023, 10, 30))
        assert moved.replaces_ref == one.candidate_ref
        with refused("integration_not_working"):
            actions.add_evidence(actor=hall.vendor(1), state=hall.state(1, "std.1"), text="晚了")
        with pytest.raises(WrongStage):
            actions.start_promotion(actor=staff, recruitment=hall.recruitment)
        accept_all(hall, 3)
        actions.start_promotion(actor=staff, recruitment=hall.recruitment)
        assert hall.recruitment.stage == "promotion"
        assert broken_at(hall.recruitment.public_id) is None


def test_a_vendor_that_gives_up_is_followed(app: Flask, clock: HandClock) -> None:
    from app.results.actions import withdraw_selected

    with app.app_context():
        hall = make_hall()
        clock.set_local(2023, 8, 7, 9)
        withdraw_selected(actor=hall.vendor(2), candidate=hall.candidate(2), reason="业务调整")
        assert hall.integration(2).stage == "removed"
        assert hall.integration(3).event_on == date(2023, 8, 7)
        accept_all(hall, 1)
        with pytest.raises(WrongStage):
            actions.start_promotion(actor=hall.actor("staff"), recruitment=hall.recruitment)
        # Even an accepted vendor can give up: nobody waits for it, and it is not shown as come through.
        withdraw_selected(actor=hall.actor("staff"), candidate=hall.candidate(1), reason="书面声明放弃")
        rows = {row.integration.candidate_ref: row.stage for row in queries.board(hall.recruitment.programme)}
        assert rows[hall.candidate(1).public_id] == "removed"
        accept_all(hall, 3)
        actions.start_promotion(actor=hall.actor("staff"), recruitment=hall.recruitment)


def test_the_clocks_stop_with_the_recruitment_and_no_day_is_lost(app: Flask, clock: HandClock) -> None:
    from app.results.actions import resume, suspend

    with app.app_context():
        hall = make_hall(selected=3)
        accept_all(hall, 3)
        actions.suspend_integration(actor=hall.actor("staff"), integration=hall.integration(2), reason="另有原因")
        suspend(actor=hall.actor("staff"), recruitment=hall.recruitment, reason="质疑成立，暂停")
        assert [hall.integration(n).stage for n in (1, 2, 3)] == ["suspended", "suspended", "accepted"]
        with pytest.raises(WrongStage):
            actions.add_evidence(actor=hall.vendor(1), state=hall.state(1, "std.1"), text="x")
        clock.set_local(2023, 7, 31, 9)
        resume(actor=hall.actor("supervisor"), recruitment=hall.recruitment, reason="处理完毕")
        assert [hall.integration(n).stage for n in (1, 2, 3)] == ["running", "suspended", "accepted"]
        assert hall.integration(1).deadline_on == date(2023, 9, 11)


def test_whoever_has_items_left_is_reminded(app: Flask) -> None:
    with app.app_context():
        hall = make_hall()
        accept_all(hall, 2)
        with pytest.raises(Denied):
            actions.remind_vendors(actor=hall.actor("operator"), recruitment=hall.recruitment)
        assert actions.remind_vendors(actor=hall.actor("staff"), recruitment=hall.recruitment) == 1
        told = db.session.scalars(select(Message.user_id).where(Message.kind == "integration.reminder"))
        assert list(told) == [hall.vendors[0][1].id]


def test_the_service_year_runs_from_the_contract(app: Flask, clock: HandClock) -> None:
    with app.app_context():
        hall = make_hall()
        for number in (1, 2):
            accept_all(hall, number)
        db.session.add(
            Contract(
                recruitment_id=hall.recruitment.id, candidate_id=hall.candidate(1).id, stage="signed",
                due_on=date(2023, 8, 23), signed_on=date(2023, 8, 20),
            )
        )
        db.session.commit()
        rows = queries.services(hall.recruitment, hall.recruitment.programme)
        assert [(row.start, row.end) for row in rows] == [(date(2023, 8, 20), date(2024, 8, 20)), (None, None)]


def test_another_recruitments_staff_decide_nothing_here(app: Flask) -> None:
    with app.app_context():
        hall = make_hall()
        other = factories.staffed(factories.make_recruitment("integration"))
        stranger = factories.actor(other["staff"], "staff")
        state = hall.state(1, "std.1")
        for step in (
            lambda: actions.decide_item(actor=stranger, state=state, accept=True),
            lambda: actions.mark_overdue(actor=stranger, recruitment=hall.recruitment),
            lambda: actions.accept_integration(actor=stranger, integration=hall.integration(1)),
            lambda: actions.start_promotion(actor=stranger, recruitment=hall.recruitment),
        ):
            with pytest.raises(Denied):
                step()
        assert hall.state(1, "std.1").stage == "open"
