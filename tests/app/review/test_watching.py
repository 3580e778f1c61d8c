"""The meeting and the map of scores: what they show, and above all what they don't show before signing."""

from __future__ import annotations

import io

from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select

from app.extensions import db, unit_of_work
from app.review import actions, scoring
from evaluation.models import Dispute, PanelSeat, QualificationSheet, ScoreSheet
from evaluation.review_qualification import Answer
from tests import factories
from tests.app.review.room import Room, judge_all, make_room, score_all
from tests.harness.statements import counted_statements


def _disagree(room: Room) -> Dispute:
    """Seat 1 refuses item 2 of vendor 1, the others pass everything."""
    for seat in range(1, 6):
        for number in (1, 2, 3):
            sheet = room.sheet(QualificationSheet, seat, number)
            answers = {str(item["id"]): Answer(True) for item in room.review.rules["qualification"]["form"]}
            if (seat, number) == (1, 1):
                answers["2"] = Answer(False, "3", "样例说明不得外传")
            actions.save_qualification(
                actor=room.actor(seat),
                recruitment=room.recruitment,
                sheet=sheet,
                answers=answers,
                version=sheet.version,
            )
            actions.sign_qualification(actor=room.actor(seat), recruitment=room.recruitment, sheets=[sheet])
    return db.session.scalars(select(Dispute)).one()


def test_the_meeting_shows_progress_votes_and_time_and_no_opinion(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        room = make_room()
        url = f"{room.base}/meeting"
        factories.login(client, room.people["supervisor"])
        assert "评审还没有开始" in client.get(url).text
        actions.start_qualification(actor=room.staff(), recruitment=room.recruitment)
        sheet = room.sheet(QualificationSheet, 1, 1)
        actions.save_qualification(
            actor=room.actor(1),
            recruitment=room.recruitment,
            sheet=sheet,
            answers={"2": Answer(False, "3", "样例说明不得外传")},
            version=sheet.version,
        )
        page = client.get(url).text
        assert "0 / 3" in page
        assert "样例说明不得外传" not in page
        dispute = _disagree(room)
        actions.cast_vote(
            actor=room.actor(1), recruitment=room.recruitment, dispute=dispute, choice="no", reason="样例票面理由"
        )
        page = client.get(url).text
        for phrase in ("3 / 3", "2号席、3号席、4号席、5号席", dispute.candidate.name):
            assert phrase in page
        for secret in ("样例说明不得外传", "样例票面理由", "不通过", "不同意"):
            assert secret not in page
        for outsider in (room.experts[0], room.vendors[0][1]):
            factories.login(client, outsider)
            assert client.get(url).status_code == 403


def test_no_score_is_seen_before_the_last_signature_not_even_while_suspended(
    app: Flask, client: FlaskClient
) -> None:
    with app.app_context():
        room = make_room(2)
        actions.start_qualification(actor=room.staff(), recruitment=room.recruitment)
        judge_all(room)
        actions.decide_few_candidates(actor=room.staff(), recruitment=room.recruitment, text="样例决定")
        scoring.start_scoring(actor=room.staff(), recruitment=room.recruitment)
        score_all(room)
        factories.login(client, room.people["supervisor"])
        assert "热图尚未形成" not in client.get(f"{room.base}/heat").text
        # One sheet opens again, as in a re-review; then the recruitment is suspended.
        sheet = room.sheet(ScoreSheet, 5, 1)
        with unit_of_work():
            db.session.get_one(ScoreSheet, sheet.id).stage = "reopened"
        for stage in ("scoring", "suspended"):
            with unit_of_work():
                db.session.refresh(room.recruitment)
                room.recruitment.stage = stage
            for path in ("heat", "heat?by=experts", "matrix", "meeting"):
                page = client.get(f"{room.base}/{path}").text
                assert "100.00" not in page, (stage, path)
            assert "热图尚未形成" in client.get(f"{room.base}/heat").text
            assert client.get(f"{room.base}/heat.csv").status_code == 422
            assert client.get(f"{room.base}/heat.xlsx").status_code == 422
        # A vacant seat is no complete panel, even where everybody who is left has signed.
        with unit_of_work():
            db.session.get_one(ScoreSheet, sheet.id).stage = "void"
            seat = db.session.get_one(PanelSeat, sheet.seat_id)
            seat.stage, seat.seat_no = "replaced", None
        for path in ("heat", "matrix"):
            assert "100.00" not in client.get(f"{room.base}/{path}").text
        assert "缺 1 席" in client.get(f"{room.base}/meeting").text


def test_the_map_its_spread_and_both_downloads(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        room = make_room()
        actions.start_qualification(actor=room.staff(), recruitment=room.recruitment)
        judge_all(room)
        scoring.start_scoring(actor=room.staff(), recruitment=room.recruitment)
        score_all(room)
        # Seat 5 stood apart on a subjective item of vendor 1.
        sheet = room.sheet(ScoreSheet, 5, 1)
        with unit_of_work():
            row = next(row for row in db.session.get_one(ScoreSheet, sheet.id).scores if row.item == "5.1")
            row.value = 0
        for role in ("staff", "supervisor"):
            factories.login(client, room.people[role])
            page = client.get(f"{room.base}/heat").text
            for phrase in ("各席位的宽严", "偏离较大", "-1.07", "<svg class=\"spread\"", "heat-10"):
                assert phrase in page, phrase
            assert " style=" not in page
            assert room.vendors[0][0].name in client.get(f"{room.base}/heat?by=experts").text
        text = client.get(f"{room.base}/heat.csv?by=experts").data.decode("utf-8-sig").splitlines()
        assert text[0] == "编号,服务商,1号席,2号席,3号席,4号席,5号席,平均"
        assert len(text) == 4
        book = load_workbook(io.BytesIO(client.get(f"{room.base}/heat.xlsx").data))
        words = [str(cell.value) for line in book.active.iter_rows() for cell in line if cell.value is not None]
        assert "各席位宽严" in words
        assert "-1.07" in words
        for outsider in (room.experts[0], room.vendors[0][1]):
            factories.login(client, outsider)
            for path in ("heat", "heat.csv", "heat.xlsx"):
                assert client.get(f"{room.base}/{path}").status_code == 403


def test_the_meeting_asks_as_often_for_many_vendors_as_for_few(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        counts = []
        for vendors in (1, 6):
            room = make_room(vendors)
            actions.start_qualification(actor=room.staff(), recruitment=room.recruitment)
            factories.login(client, room.people["supervisor"])
            client.get(f"{room.base}/meeting")
            with counted_statements(db.engine) as seen:
                assert client.get(f"{room.base}/meeting").status_code == 200
            counts.append(len(seen))
        assert counts[0] == counts[1]
