"""Everybody's home: what waits for whom, with a link that leads somewhere, late things first."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import clock as app_clock
from app.accounts.models import User
from app.extensions import db, unit_of_work
from app.jobs.models import OutboxItem
from app.responses.models import Response
from evaluation.models import Clarification
from onboarding.models import DeadlineChange, Integration, RequirementState
from tests import factories, world
from tests.app.review.room import make_room
from tests.harness.clock import HandClock
from tests.harness.statements import counted_statements


def _work(app: Flask, ref: str) -> str:
    client = app.test_client()
    with app.app_context():
        factories.login(client, db.session.scalars(db.select(User).where(User.public_id == ref)).one())
    answer = client.get("/work")
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def _tasks(text: str) -> list[str]:
    return re.findall(r"<tr><td><strong>(.*?)</strong>", text)


def test_each_persona_sees_what_is_theirs(app: Flask) -> None:
    with app.app_context():
        house = world.build("integration")
        with unit_of_work() as session:
            for state in session.scalars(db.select(RequirementState)):
                state.stage = "returned"
            session.add(OutboxItem(kind="sample", payload={}, stage="failed", ordered_at=app_clock.now()))
    people = house.own.people
    staff = _tasks(_work(app, people["staff"]))
    assert "办理质疑" in staff and "答复提问" in staff and "后台任务未完成，可重新排队" in staff
    assert _tasks(_work(app, people["supervisor"])) == ["对接延期申请待同意"]
    vendor = _work(app, people["vendor"])
    assert "提交对接验收项" in _tasks(vendor) and "其中 1 项被退回" in vendor
    assert {"签收通知书", "签订合同与入选协议", "书面答复澄清"} <= set(_tasks(vendor))
    assert _tasks(_work(app, people["stranger"])) == []
    assert _tasks(_work(app, people["operator"])) == []
    with app.app_context(), unit_of_work() as session:
        for state in session.scalars(db.select(RequirementState)):
            state.stage = "proved"
        for change in session.scalars(db.select(DeadlineChange)):
            change.stage = "refused"
    assert _tasks(_work(app, people["operator"])) == ["验收服务商提交的验收项"]
    assert _tasks(_work(app, people["supervisor"])) == []
    assert "后台任务未完成，可重新排队" in _tasks(_work(app, people["admin"]))


def test_an_expert_sees_sheets_and_votes(app: Flask) -> None:
    from app.review import actions
    from evaluation.models import Dispute

    with app.app_context():
        room = make_room(vendors=3)
        actions.start_qualification(actor=room.staff(), recruitment=room.recruitment)
        with unit_of_work() as session:
            session.add(
                Dispute(
                    review_id=room.review.id, candidate_id=room.candidate(1).id, item="1",
                    opened_at=app_clock.now(), due_at=app_clock.now() + timedelta(hours=2),
                )
            )
        people = [db.session.merge(user) for user in room.experts[:1]]
        ref = people[0].public_id
    text = _work(app, ref)
    assert _tasks(text) == ["争议项记名表决", "填写并签署资格符合性审查表"]
    assert '<td class="num">3</td>' in text


def test_a_vendor_is_told_of_the_closing_and_of_changed_terms(app: Flask, clock: HandClock) -> None:
    with app.app_context():
        recruitment = factories.make_recruitment("published")
        organisation, user = factories.make_vendor()
        with unit_of_work() as session:
            session.add(Response(recruitment_id=recruitment.id, organisation_id=organisation.id))
        ref = user.public_id
    assert _tasks(_work(app, ref)) == ["完成并提交响应文件"]
    with app.app_context(), unit_of_work() as session:
        row = session.scalars(db.select(Response)).one()
        row.stage, row.plan_digest = "submitted", "0" * 64
    assert _tasks(_work(app, ref)) == ["公告已补充或更正，请确认或替换响应文件"]
    clock.set_local(2023, 7, 7, 17, 30)
    assert _tasks(_work(app, ref)) == []


@pytest.mark.database("sqlite")
def test_what_is_late_stands_first(app: Flask, clock: HandClock) -> None:
    with app.app_context():
        house = world.build("scoring")
        with unit_of_work() as session:
            for row in session.scalars(db.select(Clarification)):
                row.due_at = app_clock.now() - timedelta(minutes=1)
            for row in session.scalars(db.select(Integration)):
                row.deadline_on = app_clock.today() + timedelta(days=1)
    text = _work(app, house.own.people["vendor"])
    assert _tasks(text)[0] == "书面答复澄清" and "已逾期" in text and "其中 1 件已逾期" in text


def test_every_link_of_every_home_leads_to_a_page(app: Flask) -> None:
    with app.app_context():
        house = world.build("integration")
        people = {
            name: db.session.scalars(db.select(User).where(User.public_id == ref)).one().login
            for name, ref in house.own.people.items()
        }
    for name, login in people.items():
        client = app.test_client()
        client.post("/login", data={"login": login, "password": factories.PASSWORD})
        text = client.get("/work").get_data(as_text=True)
        body = text.split('<main id="main"')[1].split("</main>")[0]
        for path in set(re.findall(r'href="(/[^"]+)"', body)):
            answer = client.get(path, follow_redirects=True)
            assert answer.status_code == 200 and answer.request.path != "/login", f"{name}: {path}"


@pytest.mark.parametrize("persona", ["staff", "vendor"])
def test_the_home_asks_as_often_for_many_recruitments_as_for_few(app: Flask, persona: str) -> None:
    with app.app_context():
        first = world.build("integration").own
        user = db.session.scalars(db.select(User).where(User.public_id == first.people[persona])).one()
        login, key = user.login, user.id
    client = app.test_client()
    client.post("/login", data={"login": login, "password": factories.PASSWORD})

    def asked() -> int:
        with app.app_context(), counted_statements(db.engine) as seen:
            assert client.get("/work").status_code == 200
        return len(seen)

    counts = [asked()]
    for _round in range(2):
        with app.app_context():
            person = db.session.get(User, key)
            for _number in range(3):
                recruitment = factories.make_recruitment("archived" if persona == "staff" else "published")
                if persona == "staff":
                    factories.enrol(person, recruitment, "staff")
                else:
                    with unit_of_work() as session:
                        session.add(
                            Response(
                                recruitment_id=recruitment.id,
                                organisation_id=person.organisations[0].organisation_id,
                            )
                        )
        counts.append(asked())
    assert counts[1] == counts[2]


def test_the_login_leads_home_and_nobody_else_gets_there(app: Flask, client: FlaskClient) -> None:
    assert client.get("/work").location.startswith("/login")
    with app.app_context():
        user = factories.make_user()
        login = user.login
    answer = client.post("/login", data={"login": login, "password": factories.PASSWORD})
    assert answer.location == "/work"
    text = client.get("/work").get_data(as_text=True)
    assert "现在没有等您办理的事" in text and "您还没有参加任何项目" in text
