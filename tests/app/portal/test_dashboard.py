"""The staff's dashboard: the step ahead as the guards have it, dates with working days, few statements."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import lifecycle
from app.extensions import db, unit_of_work
from app.lifecycle import TRANSITIONS
from app.portal import spans as span_rules
from app.portal.due import due
from app.portal.spans import Span, picture
from app.portal.steps import FORWARD
from app.publication.models import Recruitment
from app.results.models import Contract, Objection
from app.wording import LABELS, REFUSALS
from evaluation.models import Candidate, PanelSeat, QualificationSheet
from onboarding.models import Integration
from tests import factories, world
from tests.app.review.room import make_room
from tests.harness.clock import HandClock
from tests.harness.statements import counted_statements


def _page(client: FlaskClient, ref: str, name: str = "dashboard") -> str:
    answer = client.get(f"/r/{ref}/{name}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_data(as_text=True)


def test_the_way_forward_is_the_table() -> None:
    """Every step ahead is a transition, and every stage but the ends has one."""
    assert all((source, target) in TRANSITIONS for source, target in FORWARD.items())
    assert {source for source, _target in TRANSITIONS} - set(FORWARD) == {"suspended"}


def test_every_guard_has_its_sentence_and_its_mender() -> None:
    """A guard's code is what the modules of the guards return."""
    root = Path(lifecycle.__file__).parent
    known = {key.removeprefix("guard.") for key in REFUSALS if key.startswith("guard.")}
    files = [root / "lifecycle.py", *root.glob("publication/publ*.py")]
    source = "".join(path.read_text(encoding="utf-8") for path in files)
    aside = {"role", "reason_required", "cause_required", "resume_elsewhere"}
    codes = set(re.findall(r'"([a-z_]+)"', source)) & known - aside
    assert len(codes) > 15
    assert [code for code in codes if code not in LABELS["blocked_by"]] == []


def test_what_holds_the_step_and_who_can_mend_it(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        room = make_room(stage="opened")
        with unit_of_work():
            db.session.merge(room.seat(3)).stage = "invited"
        ref = room.recruitment.public_id
        factories.login(client, room.people["staff"])
    text = _page(client, ref)
    assert "还不能进入" in text and REFUSALS["guard.panel_incomplete"] in text
    assert LABELS["blocked_by"]["panel_incomplete"] in text
    with app.app_context(), unit_of_work():
        db.session.scalars(db.select(PanelSeat).where(PanelSeat.seat_no == 3)).one().stage = "active"
    text = _page(client, ref)
    assert "条件已具备" in text and "进入“资格符合性审查”" in text
    assert f'href="/recruitments/{ref}/review/progress"' in text


def test_a_step_of_two_names_who_is_missing(app: Flask, client: FlaskClient, clock: HandClock) -> None:
    from app.lifecycle import approve

    with app.app_context():
        recruitment = factories.make_recruitment("published", arrivals_closed_at=factories.clock.now())
        people = factories.staffed(recruitment)
        ref = recruitment.public_id
        clock.set_local(2023, 7, 8, 9)
        with unit_of_work():
            approve(db.session.merge(recruitment), "open", actor=factories.actor(people["staff"], "staff"))
        factories.login(client, people["supervisor"])
    text = _page(client, ref)
    assert REFUSALS["guard.two_persons_needed"] in text
    assert "监督人员" in text.split("由谁办理")[1].split("</p>")[0]
    assert "数据产品超市工作人员" not in text.split("由谁办理")[1].split("</p>")[0]
    work = client.get("/work").get_data(as_text=True)
    assert "确认：启封" in work and "等您确认" in work


def test_before_the_opening_nobody_learns_how_many_responded(app: Flask, client: FlaskClient, clock: HandClock) -> None:
    with app.app_context():
        room = make_room(vendors=3, stage="published")
        with unit_of_work():
            row = db.session.merge(room.recruitment)
            row.opened_at = None
        ref = row.public_id
        factories.login(client, room.people["staff"])
    text = _page(client, ref)
    assert "启封后显示" in text and '<div class="figure-value">3' not in text


def test_dates_come_with_the_working_days_that_are_left(app: Flask, clock: HandClock) -> None:
    clock.set_local(2023, 6, 25, 10)  # a Sunday that is worked
    with app.app_context():
        entry = due("甲", date(2023, 7, 7))
        assert (entry.days, entry.late, entry.provisional) == (10, False, False)
        assert due("乙", date(2023, 6, 25)).days == 0
        assert due("丙", date(2023, 6, 24)).late
        assert due("丁", factories.moment(date(2023, 6, 25), 9)).late
        assert due("戊", date(2099, 1, 5)).provisional


def test_due_dates_and_figures_of_every_part(app: Flask, client: FlaskClient, clock: HandClock) -> None:
    with app.app_context():
        house = world.build("integration")
        from app.accounts.models import User

        staff = db.session.scalars(db.select(User).where(User.public_id == house.own.people["staff"])).one()
        with unit_of_work():
            integration = db.session.scalars(db.select(Integration)).first()
            integration.deadline_on = date(2024, 2, 29)
            integration.provisional = True
        factories.login(client, staff)
    text = _page(client, house.own.ids["recruitment"])
    words = ("答复第 1 号质疑", "签订合同：1 家", "对接期限：", "2024年2月29日", "暂定", "对接验收通过", "争议项已表决")
    assert [word for word in words if word not in text] == []


def test_the_page_asks_as_often_for_many_as_for_few(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        room = make_room(vendors=2, stage="qualification")
        ref, key, review = room.recruitment.public_id, room.recruitment.id, room.review.id
        factories.login(client, room.people["staff"])

    def asked(name: str) -> int:
        with app.app_context(), counted_statements(db.engine) as seen:
            _page(client, ref, name)
        return len(seen)

    _crowd(app, key, review, 1)
    few = {name: asked(name) for name in ("dashboard", "archive", "reminders")}
    _crowd(app, key, review, 40)
    assert {name: asked(name) for name in few} == few


def _crowd(app: Flask, recruitment_id: int, review_id: int, count: int) -> None:
    with app.app_context(), unit_of_work() as session:
        seats = db.session.scalars(db.select(PanelSeat.id)).all()
        for number in range(100 * count, 101 * count):
            candidate = Candidate(
                review_id=review_id, number=number, name=f"样例{number}", credit_code=f"{number:018d}"
            )
            session.add(candidate)
            session.flush()
            for seat in seats:
                session.add(QualificationSheet(seat_id=seat, candidate_id=candidate.id))
            session.add(
                Contract(
                    recruitment_id=recruitment_id, candidate_id=candidate.id,
                    due_on=factories.clock.today() + timedelta(days=number % 3),
                )
            )


def test_the_picture_keeps_the_calendars_proportions(app: Flask, clock: HandClock) -> None:
    clock.set_local(2023, 7, 11, 9)
    rows = [
        Span("甲", date(2023, 6, 25), date(2023, 7, 7), "past"),
        Span("乙", date(2023, 7, 10), date(2023, 7, 14), "now"),
    ]
    found = picture(rows)
    assert found is not None
    first, second = found.bars
    assert first.width / 13 == pytest.approx(second.width / 5, rel=0.02)
    assert found.today is not None and second.x < found.today < second.x + second.width
    assert picture([]) is None
    clock.set_local(2023, 8, 1, 9)
    later = picture(rows)
    assert later is not None and later.today is None


@pytest.mark.database("sqlite")
def test_spans_follow_the_recruitment(app: Flask, clock: HandClock) -> None:
    with app.app_context():
        house = world.build("integration")
        row = db.session.scalars(
            db.select(Recruitment).where(Recruitment.public_id == house.own.ids["recruitment"])
        ).one()
        names = [span.text for span in span_rules.spans(row)]
    assert names == ["响应文件递交", "评审", "结果公示", "质疑期", "对接验收"]


def test_the_archive_tells_the_way_from_the_log(app: Flask, client: FlaskClient) -> None:
    from app.review import actions

    with app.app_context():
        room = make_room(stage="opened")
        actions.start_qualification(actor=room.staff(), recruitment=room.recruitment)
        ref = room.recruitment.public_id
        factories.login(client, room.people["supervisor"])
    text = _page(client, ref, "archive")
    assert "已启封 → 资格符合性审查" in text and "样例工作人员" in text
    with app.app_context():
        digest = db.session.scalars(db.select(Recruitment)).one().plan_digest
    assert digest in text and "还没有生成" in text


@pytest.mark.database("sqlite")
def test_an_open_objection_counts_until_it_is_answered(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        house = world.build("publicity")
        from app.accounts.models import User

        staff = db.session.scalars(db.select(User).where(User.public_id == house.own.people["staff"])).one()
        factories.login(client, staff)
    ref = house.own.ids["recruitment"]
    assert "答复第 1 号质疑" in _page(client, ref)
    with app.app_context(), unit_of_work():
        for row in db.session.scalars(db.select(Objection)):
            row.stage = "rejected"
    text: Any = _page(client, ref)
    assert "答复第 1 号质疑" not in text
