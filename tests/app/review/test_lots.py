"""The lottery for the last tie, by both parties in their browsers; the ranking waits for it and follows it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.audit import Event
from app.clock import local
from app.errors import Refusal, WrongStage
from app.extensions import db, unit_of_work
from app.review import actions, lots, report, scoring
from evaluation.errors import EvaluationError
from evaluation.models import Lottery, RankEntry, ScoreSheet
from evaluation.review import ref_of
from tests import factories
from tests.app.review.room import Room, judge_all, make_room, score_all


def a_tie(clock: Any) -> Room:
    """Four vendors of whom 1 to 3 are alike, all signed."""
    room = make_room(4)
    actions.start_qualification(actor=room.staff(), recruitment=room.recruitment)
    judge_all(room)
    scoring.start_scoring(actor=room.staff(), recruitment=room.recruitment)
    score_all(room)
    with unit_of_work() as session:
        for sheet in session.scalars(select(ScoreSheet)):
            for row in sheet.scores:
                if row.item == "6":
                    row.value = 2 if sheet.candidate.number == 4 else 4
    return room


def draw(room: Room, clock: Any, value: str = "20418", *, silent: str = "") -> Lottery:
    """Walk the whole lottery through the use cases."""
    people = {
        "organiser": factories.actor(room.people["staff"], "staff"),
        "supervisor": factories.actor(room.people["supervisor"], "supervisor"),
    }
    lottery = lots.fix_lottery(
        actor=people["organiser"],
        recruitment=room.recruitment,
        public_name="样例公开号码 第 1 期",
        public_digits=len(value),
        public_at=clock.now + timedelta(hours=2),
        reason="样例理由",
    )
    secrets = {party: lots.commit(actor=actor, lottery=lottery) for party, actor in people.items()}
    for party, actor in people.items():
        if party != silent:
            assert lots.reveal(actor=actor, lottery=lottery, secret=secrets[party])
    clock.advance(hours=3)
    assert not lots.enter_value(actor=people["organiser"], lottery=lottery, value=value, source="样例公告")
    assert lots.enter_value(actor=people["supervisor"], lottery=lottery, value=value)
    return lottery


def test_a_tie_is_drawn_by_both_parties_in_their_browsers(app: Flask, client: FlaskClient, clock: Any) -> None:
    with app.app_context():
        room = a_tie(clock)
        url = f"{room.base}/lottery"
        staff, supervisor = room.people["staff"], room.people["supervisor"]
        factories.login(client, staff)
        assert "并列抽签" in client.get(f"{room.base}/matrix").text
        refused = client.post(f"{room.base}/rank", data={"lottery": "样例自选值"})
        assert refused.status_code == 422
        assert "与监督人员共同完成抽签" in refused.text
        due = local(clock.now + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M")
        form = {"public_name": "样例公开号码", "public_digits": "5", "public_at": due}
        assert client.post(url, data=form | {"public_digits": "1"}).status_code == 422
        factories.login(client, supervisor)
        assert client.post(url, data=form).status_code == 403
        factories.login(client, staff)
        assert client.post(url, data=form).status_code == 303
        assert client.post(url, data=form).status_code == 422  # one at a time
        lottery = db.session.scalars(select(Lottery)).one()
        assert len(lottery.fixed["groups"]) == 1
        assert len(lottery.fixed["groups"][0]) == 3
        base, secrets = f"{url}/{lottery.public_id}", {}
        for user in (staff, supervisor):
            factories.login(client, user)
            made = client.post(f"{base}/commit")
            secrets[user.id] = re.search(r'id="secret-shown" readonly value="([0-9a-f]+)"', made.text)[1]
            assert made.headers["Cache-Control"] == "no-store"
            assert secrets[user.id] not in client.get(url).text
        for user in (staff, supervisor):
            factories.login(client, user)
            assert client.post(f"{base}/value", data={"value": "20418", "source": "x"}).status_code == 409
            assert client.post(f"{base}/reveal", data={"secret": secrets[user.id]}).status_code == 303
        clock.advance(hours=3)
        assert client.post(f"{base}/abandon", data={"reason": "样例：不满意"}).status_code == 409
        assert client.post(f"{base}/value", data={"value": "20418", "source": "样例公告"}).status_code == 303
        factories.login(client, staff)
        assert client.post(f"{base}/value", data={"value": "20419"}).status_code == 409
        assert client.post(f"{base}/value", data={"value": "２０４１８"}).status_code == 303
        assert "重新计算一致" in client.get(url).text
        assert client.post(f"{room.base}/rank").status_code == 303
        db.session.expire_all()
        entries = db.session.scalars(select(RankEntry).order_by(RankEntry.rank)).all()
        proof = db.session.get_one(Lottery, lottery.id).proof
        assert [ref_of(entry.candidate) for entry in entries[:3]] == proof["orders"][0]
        assert entries[3].candidate.number == 4
        assert entries[0].tie_steps[-1]["value"] == proof["entropy"]
        file = client.get(f"{base}/proof.json")
        assert room.vendors[0][0].name not in file.text
        event = db.session.scalars(select(Event).where(Event.kind == "lottery.performed")).one()
        assert event.facts["digest"] == lottery.proof_digest
        # The proof is for everybody once the results are; before that for the review's people.
        factories.login(client, room.vendors[0][1])
        assert client.get(f"{base}/proof.json").status_code == 403
        with unit_of_work():
            db.session.refresh(room.recruitment)
            room.recruitment.stage, room.recruitment.publicity_starts_at = "publicity", clock.now
        assert client.get(f"{base}/proof.json").status_code == 200


def test_lots_are_for_the_ties_they_were_drawn_for(app: Flask, clock: Any) -> None:
    with app.app_context():
        room = a_tie(clock)
        draw(room, clock, silent="supervisor")
        with pytest.raises(Refusal, match="lottery_drawn"):
            draw(room, clock)
        with unit_of_work() as session:
            for sheet in session.scalars(select(ScoreSheet)):
                for row in sheet.scores:
                    if row.item == "6" and sheet.candidate.number == 3:
                        row.value = 8
        # Vendor 3 is tied no more: the old lots serve nobody.
        with pytest.raises(EvaluationError, match="review_lottery_needed"):
            report.freeze_ranking(actor=room.staff(), recruitment=room.recruitment)
        again = draw(room, clock, "77123")
        assert again.number == 2
        rows = report.freeze_ranking(actor=room.staff(), recruitment=room.recruitment)
        assert rows[0].candidate.number == 3


def test_without_a_tie_or_with_open_differences_there_is_nothing_to_draw(app: Flask, clock: Any) -> None:
    with app.app_context():
        room = a_tie(clock)
        with unit_of_work() as session:
            sheet = session.get_one(ScoreSheet, room.sheet(ScoreSheet, 1, 1).id)
            next(row for row in sheet.scores if row.item == "1").value = 0
        with pytest.raises(Refusal, match="lottery_unsettled"):
            draw(room, clock)
        with unit_of_work() as session:
            sheet = session.get_one(ScoreSheet, sheet.id)
            next(row for row in sheet.scores if row.item == "1").value = 10
            for other in session.scalars(select(ScoreSheet)):
                for row in other.scores:
                    if row.item == "6":
                        row.value = 2 * other.candidate.number
        with pytest.raises(Refusal, match="lottery_no_tie"):
            draw(room, clock)
        with unit_of_work():
            room.recruitment.stage = "qualification"
        with pytest.raises(WrongStage):
            draw(room, clock)
