"""Strange numbers, closed stages, foreign vendors' sheets, two browsers in the same moment: refused, nothing lost."""

from __future__ import annotations

import threading

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.audit import Event
from app.extensions import db, unit_of_work
from app.review import actions, scoring
from evaluation.models import ScoreSheet
from evaluation.review_scoring import scoring_rules
from tests import factories
from tests.app.review.room import Room, judge_all, make_room, score_form

HTMX = {"HX-Request": "true"}
#: Sent for a score that is 0 or 8.
NO_SCORES = (
    "NaN", "sNaN", "1e9", "1E1", "-0", "-1", "+4", "Infinity", "99999999999999999999", "0.00000000000000000001",
    "0x4", "4,5", "四", "８.２５", "8.5", "4 5", "1_0", "٤.٥.٥",
)


def _to_scoring(vendors: int = 3) -> Room:
    room = make_room(vendors)
    actions.start_qualification(actor=room.staff(), recruitment=room.recruitment)
    judge_all(room)
    scoring.start_scoring(actor=room.staff(), recruitment=room.recruitment)
    return room


def test_what_is_no_score_is_refused_with_its_sentence_and_nothing_is_kept(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        room = _to_scoring()
        line = next(row for row in scoring_rules(room.review).lines if row.key == "5.3")
        factories.login(client, room.experts[1])
        sheet = room.sheet(ScoreSheet, 2, 1)
        url, version = f"{room.base}/score/{sheet.public_id}", sheet.version
        saved = client.post(url, data=score_form(room, version, **{line.key: "8"}), headers=HTMX)
        assert saved.status_code == 200
        for text in NO_SCORES:
            answer = client.post(url, data=score_form(room, version + 1, **{line.key: text}), headers=HTMX)
            assert answer.status_code == 422, text
            assert f"第 {line.key} 项" in answer.text, text
        db.session.expire_all()
        assert sheet.version == version + 1
        assert str(next(row.value.normalize() for row in sheet.scores if row.item == line.key)) == "8"

        # A sheet of another recruitment's vendor under this address, and this one under another's.
        other = _to_scoring()
        foreign = other.sheet(ScoreSheet, 2, 1)
        form = score_form(room, foreign.version)
        assert client.post(f"{room.base}/score/{foreign.public_id}", data=form).status_code == 404
        assert client.post(f"{other.base}/score/{sheet.public_id}", data=form).status_code == 404
        # The stage is over: what was saved stays.
        with unit_of_work():
            db.session.refresh(room.recruitment)
            room.recruitment.stage = "reported"
        late = client.post(url, data=score_form(room, sheet.version, **{line.key: "1"}), headers=HTMX)
        assert late.status_code == 409
        assert "综合评分" in late.text
        db.session.expire_all()
        assert sheet.version == version + 1


def test_two_browsers_in_the_same_moment_save_once_and_one_is_told(app: Flask) -> None:
    with app.app_context():
        room = _to_scoring()
        sheet = room.sheet(ScoreSheet, 1, 1)
        form, version = score_form(room, sheet.version), sheet.version
        serializer = SecureCookieSessionInterface().get_signing_serializer(app)
        assert serializer is not None
        cookie = serializer.dumps({"_user_id": room.experts[0].get_id(), "_fresh": True, "_permanent": True})
        url, ref, sheet_id = f"{room.base}/score/{sheet.public_id}", sheet.public_id, sheet.id
        db.session.remove()
    together, answers = threading.Barrier(6), []

    def save() -> None:
        browser = app.test_client()
        browser.set_cookie("yinzhao", cookie)
        together.wait(timeout=30)
        answers.append(browser.post(url, data=form, headers=HTMX).status_code)

    threads = [threading.Thread(target=save) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 409, 409, 409, 409, 409]
    with app.app_context():
        assert db.session.get_one(ScoreSheet, sheet_id).version == version + 1
        logged = select(func.count()).where(Event.kind == "score.saved", Event.subject_ref == ref)
        assert db.session.scalar(logged) == 1
