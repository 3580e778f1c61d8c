"""Reminders: whoever is late is found and told, once a day, on record, and nobody by name before the results."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func

from app import clock as app_clock
from app.accounts.models import Message, User
from app.audit import Event
from app.config import Settings
from app.errors import Refusal
from app.extensions import db, unit_of_work
from app.jobs.models import OutboxItem
from app.portal import reminders
from app.publication.models import Recruitment
from app.review import actions
from app.wording import LABELS, REFUSALS
from evaluation.models import Clarification, PanelSeat
from onboarding.models import Integration, RequirementState
from tests import factories, world
from tests.app.review.room import make_room
from tests.harness.clock import HandClock


def _begun(client: FlaskClient, app: Flask) -> tuple[str, list[str], list[str]]:
    """A qualification under way with its staff logged in: the recruitment, the experts' names and references."""
    with app.app_context():
        room = make_room(vendors=2)
        actions.start_qualification(actor=room.staff(), recruitment=room.recruitment)
        people = [db.session.merge(user) for user in room.experts]
        names, refs = [user.name for user in people], [user.public_id for user in people]
        factories.login(client, room.people["staff"])
        return room.recruitment.public_id, names, refs


def _reminders(app: Flask) -> list[tuple[str, str, str]]:
    with app.app_context():
        query = db.select(User.public_id, Message.subject, Message.body).join(User, User.id == Message.user_id)
        return [tuple(row) for row in db.session.execute(query.where(Message.kind.startswith("reminder.")))]


def _send(client: FlaskClient, ref: str, **form: object):
    return client.post(f"/r/{ref}/reminders", data=form)


def test_all_who_are_late_are_told_once_a_day(app: Flask, client: FlaskClient, clock: HandClock) -> None:
    ref, names, refs = _begun(client, app)
    text = client.get(f"/r/{ref}/reminders").get_data(as_text=True)
    assert "还有 2 张资格符合性审查表未签署" in text and "1号席" in text
    # Names stay confidential until the results.
    assert not [name for name in names if name in text]
    answer = _send(client, ref, all="1")
    assert answer.status_code == 303
    told = _reminders(app)
    assert sorted(row[0] for row in told) == sorted(refs)
    assert {row[1] for row in told} == {"催办：评审表待签署"}
    with app.app_context():
        mails = db.session.scalar(
            db.select(func.count()).where(OutboxItem.kind == "mail", OutboxItem.stage == "done")
        )
        assert mails is not None and mails >= 5
        event = db.session.scalars(db.select(Event).where(Event.kind == "reminder.sent")).one()
        assert sorted(event.facts["people"]) == sorted(refs) and list(event.facts["about"]) == ["late_sheets"]
    again = _send(client, ref, all="1")
    assert again.status_code == 422 and REFUSALS["reminder_today"] in again.get_data(as_text=True)
    clock.advance(hours=15)
    assert "今天已催办" not in client.get(f"/r/{ref}/reminders").get_data(as_text=True)
    assert _send(client, ref, all="1").status_code == 303
    assert len(_reminders(app)) == 10


def test_only_the_chosen_are_told(app: Flask, client: FlaskClient) -> None:
    ref, _names, _refs = _begun(client, app)
    text = client.get(f"/r/{ref}/reminders").get_data(as_text=True)
    keys = re.findall(r'name="line" value="([^"]+)"', text)
    assert len(keys) == 5
    assert _send(client, ref).status_code == 422
    assert _send(client, ref, line=keys[:2]).status_code == 303
    assert len(_reminders(app)) == 2
    # The two of today are left out, the others are told.
    assert _send(client, ref, line=keys).status_code == 303
    assert len(_reminders(app)) == 5
    assert _send(client, ref, line=["late_sheets:nobody"]).status_code == 422


def test_the_log_keeps_the_names_of_the_panel(app: Flask, client: FlaskClient) -> None:
    ref, names, refs = _begun(client, app)
    _send(client, ref, all="1")
    text = client.get(f"/r/{ref}/log?kind=reminder.sent").get_data(as_text=True)
    assert "评审表待签署" in text and "1号席" in text
    assert not [word for word in (*names, *refs) if word in text]


def test_every_kind_of_lateness_is_found(app: Flask, clock: HandClock) -> None:
    from app.lifecycle import approve

    with app.app_context():
        house = world.build("integration")
        recruitment = db.session.scalars(
            db.select(Recruitment).where(Recruitment.public_id == house.own.ids["recruitment"])
        ).one()
        staff = db.session.scalars(db.select(User).where(User.public_id == house.own.people["staff"])).one()
        with unit_of_work() as session:
            approve(recruitment, "terminate", actor=factories.actor(staff, "staff"), reason="样例")
            for row in session.scalars(db.select(Integration)):
                row.deadline_on = app_clock.today() + timedelta(days=3)
        kinds = {row.kind: row for row in reminders.late(recruitment)}
        assert set(kinds) == {
            "late_clarification", "late_notice", "late_contract", "late_integration", "late_extension",
            "late_approval", "late_objection",
        }
        assert [user.public_id for user in kinds["late_contract"].people] == [house.own.people["vendor"]]
        assert [user.public_id for user in kinds["late_approval"].people] == [house.own.people["supervisor"]]
        with unit_of_work() as session:
            for state in session.scalars(db.select(RequirementState)):
                state.stage = "proved"
        kinds = {row.kind: row for row in reminders.late(recruitment)}
        assert "late_integration" not in kinds
        assert [user.public_id for user in kinds["late_acceptance"].people] == [house.own.people["operator"]]
        with unit_of_work():
            db.session.merge(recruitment).stage = "scoring"
            recruitment.review.report_digest = "e" * 64
        kinds = {row.kind: row for row in reminders.late(recruitment)}
        assert {"late_sheets", "late_report"} <= set(kinds)
        assert set(LABELS["reminder"]) >= set(kinds)
        with unit_of_work():
            recruitment.stage = "archived"
        assert reminders.late(recruitment) == []


def test_an_expert_without_an_account_gets_a_mail_and_without_both_nobody(
    app: Flask, settings: Settings
) -> None:
    with app.app_context():
        room = make_room(vendors=1)
        with unit_of_work() as session:
            seat = session.merge(room.seat(2))
            seat.stage = "invited"
            for user in session.scalars(db.select(User).where(User.expert_id == seat.expert_id)):
                user.expert_id = None
            seat.expert.email = "expert@example.invalid"
        recruitment = db.session.merge(room.recruitment)
        row = next(row for row in reminders.late(recruitment) if row.kind == "late_invitation")
        assert row.people == [] and row.reachable
        sent = reminders.send(
            actor=room.staff(), recruitment=recruitment, keys=[row.key], address=lambda *_: ""
        )
        assert sent == (1, 0)
        mails = list((settings.data / "mail").glob("*.eml"))
        assert len(mails) == 1 and b"expert@example.invalid" in mails[0].read_bytes()
        with unit_of_work() as session:
            session.scalars(db.select(PanelSeat).where(PanelSeat.seat_no == 3)).one().stage = "invited"
            other = session.scalars(db.select(PanelSeat).where(PanelSeat.seat_no == 3)).one()
            for user in session.scalars(db.select(User).where(User.expert_id == other.expert_id)):
                user.is_disabled = True
        with pytest.raises(Refusal, match="reminder_unreachable"):
            reminders.send(
                actor=room.staff(), recruitment=recruitment, address=lambda *_: "",
                keys=[f"late_invitation:{other.public_id}"],
            )


def test_a_late_answer_is_called_late(app: Flask, client: FlaskClient, clock: HandClock) -> None:
    with app.app_context():
        house = world.build("scoring")
        with unit_of_work() as session:
            for row in session.scalars(db.select(Clarification)):
                row.due_at = app_clock.now() - timedelta(hours=1)
        staff = db.session.scalars(db.select(User).where(User.public_id == house.own.people["staff"])).one()
        factories.login(client, staff)
    ref = house.own.ids["recruitment"]
    assert "已逾期" in client.get(f"/r/{ref}/reminders").get_data(as_text=True)
    assert _send(client, ref, all="1").status_code == 303
    mine = [row for row in _reminders(app) if row[0] == house.own.people["vendor"] and "澄清" in row[1]]
    assert len(mine) == 1 and "已逾期" in mine[0][2]


@pytest.mark.database("sqlite")
def test_the_supervisor_reads_and_does_not_send(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        room = make_room(vendors=1)
        actions.start_qualification(actor=room.staff(), recruitment=room.recruitment)
        ref = room.recruitment.public_id
        factories.login(client, room.people["supervisor"])
    text = client.get(f"/r/{ref}/reminders").get_data(as_text=True)
    assert "由数据产品超市工作人员发出催办" in text and 'name="line"' not in text
    assert _send(client, ref, all="1").status_code == 403
