"""The event log as people read it."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta

import pytest
from openpyxl import load_workbook
from sqlalchemy import select, text

from app.accounts.log_queries import Filters, Reader, events
from app.accounts.models import User
from app.audit import SYSTEM, Event, record
from app.extensions import db, unit_of_work
from evaluation.models import Draw, Expert, PanelSeat, Review
from tests import factories
from tests.app.accounts.kept import keep
from tests.harness.statements import counted_statements


@pytest.fixture
def project(app, clock):
    """A published recruitment with a few events on three days."""
    with app.app_context():
        recruitment = factories.make_recruitment()
        people = factories.staffed(recruitment)
        staff = factories.actor(people["staff"], "staff")
        for day in range(3):
            clock.set_local(2023, 6, 25 + day, 10)
            with unit_of_work():
                record(
                    "recruitment.approved",
                    actor=staff,
                    recruitment=recruitment,
                    subject=recruitment,
                    step="open",
                    reason=f"第{day}天的理由",
                )
        with unit_of_work():
            record(
                "membership.granted",
                actor=SYSTEM,
                recruitment=recruitment,
                subject=people["supervisor"],
                role="supervisor",
            )
        keep(recruitment, *people.values())
    return recruitment, people


def _client(app, user):
    client = app.test_client()
    factories.login(client, user)
    return client


def test_staff_and_supervisor_read_it_and_others_do_not(app, project):
    recruitment, people = project
    base = f"/r/{recruitment.public_id}/log"
    for role in ("staff", "supervisor"):
        page = _client(app, people[role]).get(base)
        assert page.status_code == 200 and "办理双人确认" in page.text and "样例工作人员" in page.text
    for ending in ("", ".csv", ".xlsx"):
        assert _client(app, people["operator"]).get(base + ending).status_code == 403
        assert app.test_client().get(base + ending).status_code == 302


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({}, 4),
        ({"kind": "recruitment.approved"}, 3),
        ({"person": "样例工作人员"}, 3),
        ({"person": "nobody"}, 0),
        ({"since": "2023-06-26"}, 3),
        ({"until": "2023-06-25"}, 1),
        ({"since": "2023-06-26", "until": "2023-06-26"}, 1),
        ({"text": "第1天"}, 1),
        ({"text": "双人确认"}, 3),
        ({"text": "%"}, 0),
        ({"text": "_天"}, 0),
        ({"kind": "no.such"}, 0),
        ({"since": "yesterday"}, 4),
        ({"since": "9999-99-99", "text": "x' OR 1=1 --"}, 0),
    ],
)
def test_the_filters(app, project, asked, count):
    recruitment, _ = project
    with app.app_context():
        assert len(db.session.scalars(events(recruitment, Filters.read(asked))).all()) == count


def test_a_day_is_a_day_in_shanghai(app, project, clock):
    recruitment, _ = project
    clock.set_local(2023, 7, 1, 0, 30)
    with app.app_context():
        with unit_of_work():
            record("reminder.sent", actor=SYSTEM, recruitment=recruitment)
        found = events(recruitment, Filters.read({"since": "2023-07-01", "until": "2023-07-01"}))
        assert len(db.session.scalars(found).all()) == 1


def test_a_bad_date_is_said(app, project):
    recruitment, people = project
    page = _client(app, people["staff"]).get(f"/r/{recruitment.public_id}/log?since=07/01/2023")
    assert page.status_code == 200 and "日期无法识别" in page.text


def test_the_last_day_of_the_calendar_breaks_nothing(app, project):
    recruitment, people = project
    client = _client(app, people["staff"])
    for asked in ("until=9999-12-31", "since=0001-01-01"):
        assert client.get(f"/r/{recruitment.public_id}/log?{asked}").status_code == 200


def test_other_recruitments_stay_apart(app, project):
    recruitment, people = project
    with app.app_context():
        other = factories.make_recruitment()
        with unit_of_work():
            record("reminder.sent", actor=SYSTEM, recruitment=other, text="别的项目")
        keep(other)
    client = _client(app, people["staff"])
    assert "别的项目" not in client.get(f"/r/{recruitment.public_id}/log").text
    assert client.get(f"/r/{other.public_id}/log").status_code == 403


def test_a_corrected_name_shows_corrected(app, project):
    recruitment, people = project
    with app.app_context(), unit_of_work() as work:
        work.get(User, people["staff"].id).name = "样例更正名"
    page = _client(app, people["supervisor"]).get(f"/r/{recruitment.public_id}/log")
    assert "样例更正名" in page.text and "样例工作人员" not in page.text


def test_the_chain_is_checked_on_demand(app, project):
    recruitment, people = project
    client = _client(app, people["staff"])
    base = f"/r/{recruitment.public_id}/log"
    assert "日志链完整" not in client.get(base).text
    assert "日志链完整" in client.get(f"{base}?check=1").text
    with app.app_context():
        _tamper(recruitment.public_id, 2)
    page = client.get(f"{base}?check=1")
    assert "从第 2 条起不完整" in page.text
    result = app.test_cli_runner().invoke(_command("audit"), ["verify"])
    assert result.exit_code == 1 and "第 2 条起不完整" in result.output


def _command(name):
    import importlib

    from app.cli import main

    module, attribute = main.rooms[name]
    return getattr(importlib.import_module(module), attribute)


def _tamper(scope: str, seq: int) -> None:
    """What somebody with the keys to the database could do: drop the guard, change a row."""
    engine = db.engine
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER event_no_update"))
        else:
            connection.execute(text("DROP TRIGGER event_no_change ON event"))
        connection.execute(
            text("UPDATE event SET kind = 'forged' WHERE scope = :scope AND seq = :seq"),
            {"scope": scope, "seq": seq},
        )


def test_the_command_says_that_all_is_well(app, project):
    result = app.test_cli_runner().invoke(_command("audit"), ["verify"])
    assert result.exit_code == 0 and "0 条不完整" in result.output


def test_the_exports_carry_what_the_page_shows(app, project):
    recruitment, people = project
    client = _client(app, people["staff"])
    with app.app_context(), unit_of_work():
        record("reminder.sent", actor=SYSTEM, recruitment=recruitment, text="=1+1")
    base = f"/r/{recruitment.public_id}/log"
    found = client.get(f"{base}.csv")
    assert (
        found.data.startswith(b"\xef\xbb\xbf") and "filename*=UTF-8''" in found.headers["Content-Disposition"]
    )
    rows = list(csv.reader(io.StringIO(found.data.decode("utf-8-sig"))))
    assert rows[0][0] == "序号" and [row[0] for row in rows[1:]] == ["1", "2", "3", "4", "5"]
    assert rows[1][4] == "办理双人确认" and rows[1][1].startswith("2023年6月25日 10:00")
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row)
    book = load_workbook(io.BytesIO(client.get(f"{base}.xlsx?kind=recruitment.approved").data))
    sheet = book.active
    assert sheet.max_row == 4 and sheet["C2"].value == "样例工作人员"
    assert len(list(csv.reader(io.StringIO(client.get(f"{base}.csv?text=nothing").text)))) == 1


def test_experts_stay_unnamed_until_the_results(app, project):
    recruitment, people = project
    with app.app_context():
        expert = factories.make_user("样例保密专家")
        factories.enrol(expert, recruitment, "expert")
        with unit_of_work() as work:
            review = Review(
                plan_digest="a" * 64,
                rules={},
                seats=5,
                created_at=datetime.fromisoformat("2023-07-10T00:00:00+00:00"),
            )
            row = Expert(code="E1", name=expert.name)
            work.add_all([review, row])
            work.flush()
            draw = Draw(review_id=review.id, proof={}, proof_digest="b" * 64, drawn_at=review.created_at)
            work.add(draw)
            work.flush()
            work.add(
                PanelSeat(
                    review_id=review.id,
                    draw_id=draw.id,
                    expert_id=row.id,
                    position=1,
                    seat_no=1,
                    pseudonym="1号席",
                    stage="active",
                )
            )
            work.get(User, expert.id).expert_id = row.id
            project_row = work.get(type(recruitment), recruitment.id)
            project_row.review_id = review.id
            project_row.stage = "qualification"
            project_row.opened_at = review.created_at
        with unit_of_work():
            record(
                "qualification.signed",
                actor=factories.actor(expert, "expert"),
                recruitment=project_row,
                person=expert.public_id,
            )
        # Also what the expert did under the account's own hat.
        with unit_of_work():
            record("invitation.accepted", actor=factories.actor(expert, "user"), recruitment=project_row)
    client, base = _client(app, people["staff"]), f"/r/{recruitment.public_id}/log"
    for ending in ("", ".csv"):
        answer = client.get(base + ending)
        assert "样例保密专家" not in answer.text and "1号席" in answer.text
    assert "资格" not in client.get(f"{base}.csv?person=样例保密专家").text.split("\n", 1)[1]
    with app.app_context(), unit_of_work() as work:
        work.get(type(recruitment), recruitment.id).stage = "publicity"
    assert "样例保密专家" in client.get(base).text


def test_no_file_name_before_the_opening(app, project, clock):
    recruitment, people = project
    with app.app_context(), unit_of_work():
        record("response.file_added", actor=SYSTEM, recruitment=recruitment, file="绝密方案.pdf")
    client, base = _client(app, people["staff"]), f"/r/{recruitment.public_id}/log"
    for asked in ("", ".csv", "?text=绝密", ".csv?text=绝密"):
        assert "绝密方案" not in client.get(base + asked).text
    # Not even as the yes or no of a search.
    assert "response.file_added" not in client.get(f"{base}.csv?text=绝密").text
    with app.app_context(), unit_of_work() as work:
        work.get(type(recruitment), recruitment.id).opened_at = clock()
    assert "绝密方案" in client.get(f"{base}?text=绝密").text


def test_a_long_log_costs_no_more_statements(app, project):
    recruitment, people = project
    client, base = _client(app, people["staff"]), f"/r/{recruitment.public_id}/log"

    def cost() -> int:
        with app.app_context():
            engine = db.engine
        with counted_statements(engine) as seen:
            assert client.get(base).status_code == 200
        return len(seen)

    few = cost()
    with app.app_context():
        for number in range(60):
            user = people["staff"] if number % 2 else people["supervisor"]
            with unit_of_work():
                record(
                    "reminder.sent",
                    actor=factories.actor(user, "staff"),
                    recruitment=recruitment,
                    people=[user.public_id],
                )
    assert cost() == few


def test_a_reader_needs_no_rows(app, project):
    with app.app_context():
        assert Reader(None, []).lines() == []


def test_the_system_log_is_apart(app, project, clock):
    recruitment, people = project
    with app.app_context():
        admin = factories.make_user(is_admin=True)
        keep(admin)
        with unit_of_work():
            record(
                "account.disabled",
                actor=factories.actor(admin, "admin"),
                subject=people["operator"],
                reason="离岗",
            )
    client = _client(app, admin)
    page = client.get("/admin/log")
    assert "停用账号" in page.text and "离岗" in page.text and "办理双人确认" not in page.text
    assert client.get(f"/r/{recruitment.public_id}/log").status_code == 403
    clock.advance(timedelta(days=1))
    with app.app_context():
        assert db.session.scalars(select(Event).where(Event.scope == "system")).all()
