"""The harness keeps what it promises to the other tests."""

from __future__ import annotations

import os
import smtplib
import socket
import urllib.request
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from tests.harness.browser import accessibility_problems
from tests.harness.clock import HandClock
from tests.harness.isolation import Refused
from tests.harness.server import serve


def test_databases_are_empty_and_of_the_kind_asked_for(bare_database_url: str, database_kind: str) -> None:
    engine = sa.create_engine(bare_database_url)
    assert engine.dialect.name == database_kind
    assert sa.inspect(engine).get_table_names() == []
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE mark (id INTEGER PRIMARY KEY)"))
    assert sa.inspect(engine).get_table_names() == ["mark"]
    engine.dispose()


@pytest.mark.database("sqlite")
def test_a_test_can_be_bound_to_one_kind(database_kind: str) -> None:
    assert database_kind == "sqlite"


def test_connections_and_names_beyond_loopback_are_refused() -> None:
    with pytest.raises(Refused), socket.socket() as sock:
        sock.connect(("192.0.2.1", 80))
    with pytest.raises(Refused):
        socket.getaddrinfo("example.org", 443)


def test_mail_is_refused() -> None:
    with pytest.raises(Refused):
        smtplib.SMTP("127.0.0.1", 2525)


def test_the_hand_clock_stands_still_until_it_is_turned() -> None:
    clock = HandClock()
    assert clock() == datetime(2023, 6, 25, 1, 0, tzinfo=UTC)
    clock.advance(days=1, hours=2)
    assert clock() == datetime(2023, 6, 26, 3, 0, tzinfo=UTC)
    clock.set_local(2023, 7, 7, 17, 30)
    assert clock() == datetime(2023, 7, 7, 9, 30, tzinfo=UTC)
    with pytest.raises(ValueError, match="naive"):
        clock.set(datetime(2023, 7, 7))


PAGE = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>招募</title></head>
<body><main><h1>招募</h1>{body}</main></body></html>"""


def _page(body: str):
    def application(_environ, start_response):
        start_response(
            "200 OK",
            [("Content-Type", "text/html; charset=utf-8"), ("Content-Security-Policy", "default-src 'self'")],
        )
        return [PAGE.format(body=body).encode()]

    return application


def test_a_served_application_answers_and_stops() -> None:
    with serve(_page("<p>在</p>")) as address:
        assert "在" in urllib.request.urlopen(address, timeout=5).read().decode()
    with pytest.raises(OSError):
        urllib.request.urlopen(address, timeout=2)


@pytest.mark.e2e
def test_axe_speaks_under_a_strict_policy_and_finds_a_missing_label(page) -> None:
    with serve(_page('<input type="text" name="a">')) as address:
        page.goto(address)
        assert any("label" in problem for problem in accessibility_problems(page))
    with serve(_page('<label>甲<input type="text" name="a"></label>')) as address:
        page.goto(address)
        assert accessibility_problems(page) == []


@pytest.mark.e2e
def test_the_browser_reaches_no_other_host(page) -> None:
    with pytest.raises(Exception, match="ERR_NAME_NOT_RESOLVED"):
        page.goto("http://example.org/")


@pytest.mark.xdist_group("harness")
def test_tests_of_a_group_stay_with_one_worker(request: pytest.FixtureRequest) -> None:
    # Else the rehearsal of a module's tests would be played once by every worker.
    by_workers = "PYTEST_XDIST_WORKER" in os.environ
    assert request.node.nodeid.endswith("@harness") is by_workers
