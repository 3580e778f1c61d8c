"""The desk in the browser: who sees it, what a save answers, what is refused with which sentence."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.accounts.models import Message
from app.audit import Event
from app.errors import Refusal
from app.extensions import db, unit_of_work
from app.responses.models import ResponseFile
from app.review import actions, clarifications, report, scoring
from app.review.forms import score_lines
from evaluation.models import CAGroup, Clarification, Dispute, QualificationSheet, ScoreSheet
from tests import factories
from tests.app.review.room import (
    SIGNED,
    Room,
    add_vendor,
    judge_all,
    make_room,
    score_all,
    score_form,
    sheets_answer,
)
from tests.harness.statements import counted_statements

HTMX = {"HX-Request": "true"}


def begin(room: Room) -> None:
    actions.start_qualification(actor=room.staff(), recruitment=room.recruitment)


def to_scoring(room: Room) -> None:
    begin(room)
    judge_all(room)
    scoring.start_scoring(actor=room.staff(), recruitment=room.recruitment)


def test_staff_start_and_an_expert_walks_from_the_desk_to_a_signed_sheet(
    app: Flask, client: FlaskClient
) -> None:
    with app.app_context():
        room = make_room()
        factories.login(client, room.people["staff"])
        assert client.post(f"{room.base}/start-qualification").status_code == 303
        assert "未开始" in client.get(f"{room.base}/progress").text
        factories.login(client, room.experts[0])
        page = client.get(f"{room.base}/desk").text
        assert room.vendors[0][0].name in page
        sheet = room.sheet(QualificationSheet, 1, 1)
        url = f"{room.base}/qualification/{sheet.public_id}"
        shown = client.get(url).text
        for phrase in ("营业执照.pdf", "没有文件。", "系统提示", "签署并锁定"):
            assert phrase in shown
        saved = client.post(url, data=sheets_answer(sheet.version), headers=HTMX)
        assert saved.status_code == 200
        assert "已保存" in saved.text
        assert "已填完" in saved.text
        db.session.expire_all()
        signed = client.post(url, data=sheets_answer(sheet.version) | {"then": "sign"} | SIGNED)
        assert signed.status_code == 303
        db.session.expire_all()
        assert sheet.stage == "signed"
        assert sheet.payload_digest in client.get(url).text
        again = client.post(url, data=sheets_answer(sheet.version))
        assert again.status_code == 422
        assert "已经签署锁定" in again.text


def test_a_stale_save_answers_409_with_both_values(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        room = make_room(1)
        begin(room)
        factories.login(client, room.experts[1])
        sheet = room.sheet(QualificationSheet, 2, 1)
        url, version = f"{room.base}/qualification/{sheet.public_id}", sheet.version
        assert client.post(url, data=sheets_answer(version), headers=HTMX).status_code == 200
        stale = client.post(url, data=sheets_answer(version, against="2"), headers=HTMX)
        assert stale.status_code == 409
        assert "√ 通过" in stale.text
        assert "第 9 项没有盖章" in stale.text
        db.session.expire_all()
        assert all(row.passed for row in sheet.answers)


def test_a_foreign_sheet_and_a_foreign_role_are_refused(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        room = make_room(1)
        begin(room)
        sheet = room.sheet(QualificationSheet, 2, 1)
        url = f"{room.base}/qualification/{sheet.public_id}"
        for user in (room.experts[0], room.people["staff"], room.people["supervisor"], room.vendors[0][1]):
            factories.login(client, user)
            assert client.get(url).status_code == 403
            assert client.post(url, data=sheets_answer(sheet.version)).status_code == 403
        factories.login(client, room.vendors[0][1])
        assert client.get(f"{room.base}/desk").status_code == 403
        assert client.get(f"{room.base}/progress").status_code == 403


def test_staff_see_progress_and_no_contents(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        room = make_room(2)
        begin(room)
        factories.login(client, room.experts[0])
        sheet = room.sheet(QualificationSheet, 1, 1)
        url = f"{room.base}/qualification/{sheet.public_id}"
        client.post(url, data=sheets_answer(sheet.version, against="2") | {"then": "sign"} | SIGNED)
        for role in ("staff", "supervisor"):
            factories.login(client, room.people[role])
            page = client.get(f"{room.base}/progress").text
            assert "已签署" in page
            assert "第 9 项没有盖章" not in page
        events = db.session.scalars(select(Event).where(Event.kind.like("qualification.%")))
        assert all("盖章" not in str(event.facts) and "passed" not in str(event.facts) for event in events)


def test_a_disputed_item_is_voted_on_in_the_browser(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        room = make_room(1)
        begin(room)
        for number, expert in enumerate(room.experts, 1):
            factories.login(client, expert)
            sheet = room.sheet(QualificationSheet, number, 1)
            form = sheets_answer(sheet.version, against="2" if number == 1 else "") | {"then": "sign"} | SIGNED
            assert client.post(f"{room.base}/qualification/{sheet.public_id}", data=form).status_code == 303
        dispute = db.session.scalars(select(Dispute)).one()
        url = f"{room.base}/disputes/{dispute.public_id}"
        for number, expert in enumerate(room.experts, 1):
            factories.login(client, expert)
            assert url in client.get(f"{room.base}/desk").text
            assert "您的投票" in client.get(url).text
            unfounded = client.post(f"{url}/vote", data={"choice": "yes"})
            assert unfounded.status_code == 422
            assert "页码" in unfounded.text
            choice = (
                {"choice": "no", "reason": "没有盖章"}
                if number == 1
                else {"choice": "yes", "cited_file": "营业执照.pdf", "cited_page": "1"}
            )
            assert client.post(f"{url}/vote", data=choice | SIGNED).status_code == 303
            if number == 2:
                factories.login(client, room.people["staff"])
                seen = client.get(url).text
                assert seen.count("已投票") == 2
                assert "没有盖章" not in seen
        db.session.expire_all()
        assert (dispute.yes, dispute.passed) == (4, True)
        assert room.candidate(1).stage == "qualified"


def test_vendors_under_one_authority_are_settled_by_its_answer(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        room = make_room(4, licences={1: "LICENCE-7", 2: "LICENCE-7"})
        begin(room)
        judge_all(room)
        group = db.session.scalars(select(CAGroup)).one()
        url = f"{room.base}/groups/{group.public_id}"
        factories.login(client, room.people["staff"])
        assert "LICENCE-7" in client.get(url).text
        assert client.post(f"{url}/ask").status_code == 303
        early = client.post(f"{room.base}/start-scoring")
        assert early.status_code == 409
        answered = client.post(
            f"{url}/answer", data={"choice": room.candidate(2).public_id, "text": "只授权第二家"}
        )
        assert answered.status_code == 303
        assert client.post(f"{room.base}/start-scoring").status_code == 303
        subjects = db.session.scalars(
            select(Message.body).where(
                Message.user_id == room.vendors[0][1].id, Message.kind == "review.eliminated"
            )
        ).all()
        assert "不通过" in subjects[0]
        assert db.session.scalar(select(func.count()).select_from(ScoreSheet)) == 15


def test_fewer_than_three_need_a_recorded_decision(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        room = make_room(2)
        begin(room)
        judge_all(room)
        factories.login(client, room.people["staff"])
        held = client.post(f"{room.base}/start-scoring")
        assert held.status_code == 409
        assert "不足三家" in held.text
        assert client.post(f"{room.base}/few-candidates", data={"reason": "继续评审"}).status_code == 303
        assert client.post(f"{room.base}/start-scoring").status_code == 303


def test_scores_are_saved_shown_and_bounded(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        room = make_room(3)
        to_scoring(room)
        factories.login(client, room.experts[2])
        sheet = room.sheet(ScoreSheet, 3, 1)
        url = f"{room.base}/score/{sheet.public_id}"
        assert "评审标准" in client.get(url).text
        saved = client.post(url, data=score_form(room, sheet.version), headers=HTMX)
        assert saved.status_code == 200
        assert "已保存" in saved.text
        db.session.expire_all()
        key = next(line["key"] for line in score_lines(room.review) if line["rule"] not in ("elements", "count"))
        for bad in ("NaN", "1e9", "-1", "99999999999999999999", "1001"):
            form = score_form(room, sheet.version) | {f"value-{key}": bad}
            assert client.post(url, data=form).status_code == 422, bad
        factories.login(client, room.experts[3])
        assert client.post(url, data=score_form(room, sheet.version)).status_code == 403


def test_signed_scores_lead_to_a_ranking_nobody_saw_before(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        room = make_room(3)
        to_scoring(room)
        factories.login(client, room.people["staff"])
        assert "看不到任何分值" in client.get(f"{room.base}/matrix").text
        score_all(room)
        factories.login(client, room.experts[0])
        assert "都已签署" in client.get(f"{room.base}/desk").text
        assert client.get(f"{room.base}/settle").status_code == 200
        factories.login(client, room.people["staff"])
        assert "可以汇总排名" in client.get(f"{room.base}/matrix").text
        assert client.post(f"{room.base}/rank").status_code == 303
        assert "排名已形成" in client.get(f"{room.base}/matrix").text
        assert client.get(f"{room.base}/report").status_code == 200


def test_a_scan_is_taken_by_its_content(app: Flask, client: FlaskClient) -> None:
    import io

    with app.app_context():
        room = make_room(3)
        to_scoring(room)
        score_all(room)
        factories.login(client, room.experts[0])
        sheet = room.sheet(ScoreSheet, 1, 1)
        url = f"{room.base}/score/{sheet.public_id}/scan"
        false = client.post(url, data={"scan": (io.BytesIO(b"MZ not a scan"), "scan.pdf")})
        assert false.status_code == 422
        right = client.post(url, data={"scan": (io.BytesIO(b"%PDF-1.7 scan"), "手签.pdf")})
        assert right.status_code == 303
        db.session.expire_all()
        assert sheet.scan_digest == sheet.payload_digest


def test_a_clarification_reaches_its_vendor_and_comes_back(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        room = make_room(2)
        begin(room)
        factories.login(client, room.experts[0])
        due = {"candidate": room.candidate(1).public_id, "question": "第 6 项证书的有效期？"}
        past = client.post(f"{room.base}/clarifications", data=due | {"due_at": "2001-01-01T09:00"})
        assert past.status_code == 422
        assert (
            client.post(f"{room.base}/clarifications", data=due | {"due_at": "2099-01-01T09:00"}).status_code
            == 303
        )
        asked = db.session.scalars(select(Clarification)).one()
        url = f"{room.base}/questions/{asked.public_id}"
        assert client.post(url, data={"answer": "自问自答"}).status_code in (403, 404)
        factories.login(client, room.vendors[1][1])
        assert "有效期" not in client.get(f"{room.base}/questions").text
        assert client.post(url, data={"answer": "冒名"}).status_code == 404
        factories.login(client, room.vendors[0][1])
        assert "有效期" in client.get(f"{room.base}/questions").text
        assert client.post(url, data={"answer": "至 2027 年"}).status_code == 303
        assert client.post(url, data={"answer": "再答"}).status_code == 422
        factories.login(client, room.people["supervisor"])
        assert "至 2027 年" in client.get(f"{room.base}/clarifications").text


def test_documents_open_for_the_panel_only_after_the_opening(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        room = make_room(1)
        file = db.session.scalars(select(ResponseFile)).one()
        url = f"{room.base}/documents/{file.public_id}"
        factories.login(client, room.experts[0])
        assert client.get(url).data.startswith(b"%PDF")
        factories.login(client, room.vendors[0][1])
        assert client.get(url).status_code == 403


def test_the_desk_asks_as_often_for_many_vendors_as_for_few(app: Flask, client: FlaskClient) -> None:
    def statements(room: Room) -> int:
        factories.login(client, room.experts[0])
        client.get(f"{room.base}/desk")
        with counted_statements(db.engine) as seen:
            assert client.get(f"{room.base}/desk").status_code == 200
        return len(seen)

    with app.app_context():
        few, many = make_room(2), make_room(3)
        for number in range(4, 60):
            add_vendor(many, number, f"CA-{number}")
        begin(few)
        begin(many)
        assert statements(many) <= statements(few)


def test_actions_outside_their_stage_are_refused(app: Flask) -> None:
    with app.app_context():
        room = make_room(1)
        with pytest.raises(Refusal) as refused:
            scoring.sign_scores(actor=room.actor(1), recruitment=room.recruitment)
        assert refused.value.code == "review_wrong_stage"
        with pytest.raises(Refusal):
            report.freeze_ranking(actor=room.staff(), recruitment=room.recruitment)
        with pytest.raises(Refusal):
            clarifications.ask(
                actor=room.actor(1),
                recruitment=room.recruitment,
                candidate=room.candidate(1),
                question="?",
                due_at=None,
            )


def test_the_report_is_signed_by_all_and_ends_the_review(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        room = make_room(3)
        to_scoring(room)
        score_all(room)
        factories.login(client, room.people["staff"])
        early = client.post(f"{room.base}/report/issue")
        assert early.status_code == 422
        assert client.post(f"{room.base}/rank").status_code == 303
        assert client.post(f"{room.base}/report/issue").status_code == 303
        for number, expert in enumerate(room.experts, 1):
            factories.login(client, expert)
            assert client.get(f"{room.base}/report/file").data.startswith(b"%PDF")
            if number == 2:
                silent = client.post(f"{room.base}/report/sign", data={"position": "dissent"})
                assert silent.status_code == 422
            position = {"position": "dissent", "reason": "第 5 项"} if number == 2 else {"position": "signed"}
            assert client.post(f"{room.base}/report/sign", data=position | SIGNED).status_code == 303
        db.session.expire_all()
        assert room.recruitment.stage == "reported"
        assert room.review.reported_at is not None
        factories.login(client, room.people["supervisor"])
        assert "有不同意见" in client.get(f"{room.base}/report").text


def test_a_replaced_expert_loses_the_desk(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        room = make_room(1)
        begin(room)
        sheet = room.sheet(QualificationSheet, 4, 1)
        url = f"{room.base}/qualification/{sheet.public_id}"
        with unit_of_work():
            seat = room.seat(4)
            seat.stage, seat.seat_no = "replaced", None
        factories.login(client, room.experts[3])
        assert client.get(f"{room.base}/desk").status_code == 403
        assert client.post(url, data=sheets_answer(1)).status_code == 403


def test_every_page_of_the_review_can_be_seen_by_those_who_may(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        room = make_room(2, licences={1: "L", 2: "L"})
        factories.login(client, room.experts[0])
        assert "还没有开始" in client.get(f"{room.base}/desk").text
        begin(room)
        judge_all(room)
        group = db.session.scalars(select(CAGroup)).one()
        for user in (room.experts[1], room.people["staff"], room.people["supervisor"]):
            factories.login(client, user)
            for page in (f"groups/{group.public_id}", "clarifications", "report"):
                assert client.get(f"{room.base}/{page}").status_code == 200, page
        for page in ("progress", "matrix"):
            assert client.get(f"{room.base}/{page}").status_code == 200, page
        factories.login(client, room.vendors[0][1])
        assert client.get(f"{room.base}/questions").status_code == 200
