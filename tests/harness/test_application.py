"""The fixtures that run the application: each on a database of its own, with the clock in the test's hand."""

from __future__ import annotations

import urllib.request
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa


def test_the_application_uses_the_database_it_was_given(app, database_kind: str) -> None:
    from app.extensions import db

    with app.app_context():
        assert db.engine.dialect.name == database_kind
        assert db.session.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def test_the_application_reads_the_time_from_the_hand_clock(clock) -> None:
    from app import clock as app_clock

    clock.set_local(2023, 7, 7, 17, 30)
    assert app_clock.now() == datetime(2023, 7, 7, 9, 30, tzinfo=UTC)


@pytest.mark.database("sqlite")
def test_the_live_server_answers(live_server: str) -> None:
    with urllib.request.urlopen(live_server + "/", timeout=10) as answer:
        assert answer.status == 200
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


@pytest.mark.database("sqlite")
def test_the_client_passes_the_forgery_check_and_a_forger_does_not(app) -> None:
    @app.post("/harness/echo")
    def echo():
        return "written"

    client = app.test_client()
    assert client.post("/harness/echo").get_data(as_text=True) == "written"
    client.sends_token = False
    assert client.post("/harness/echo", headers={"Accept": "application/json"}).status_code == 400
