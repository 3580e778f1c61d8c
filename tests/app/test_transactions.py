"""What is one transaction, what is none, and what a lost connection does."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from app import extensions
from app.accounts.models import Organisation, User
from app.extensions import db, unit_of_work
from tests.factories import login, make_organisation, make_user
from tests.harness.statements import counted_statements


def test_a_request_that_reads_begins_no_transaction(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        login(client, make_user())
        engine = db.engine
    with counted_statements(engine) as seen:
        assert client.get("/messages").status_code == 200
    assert seen
    assert not [one for one in seen if one.startswith("BEGIN")]


def test_a_request_writes_inside_a_unit_of_work_only(app: Flask) -> None:
    with app.app_context():
        ref = make_organisation(name="样例单位甲").public_id
    with app.test_request_context("/"):
        row = db.session.scalars(sa.select(Organisation).where(Organisation.public_id == ref)).one()
        row.name = "样例单位乙"
        with pytest.raises(RuntimeError, match="unit of work"):
            db.session.flush()
        db.session.rollback()
        with unit_of_work() as work:
            work.scalars(sa.select(Organisation).where(Organisation.public_id == ref)).one().name = "样例单位丙"
    with app.app_context():
        assert db.session.scalars(sa.select(Organisation.name)).all() == ["样例单位丙"]


def test_a_statement_that_writes_needs_a_unit_of_work_too(app: Flask) -> None:
    with app.test_request_context("/"), pytest.raises(AssertionError, match="unit of work"):
        db.session.execute(sa.delete(Organisation))


def test_a_failed_unit_of_work_in_a_request_leaves_nothing(app: Flask) -> None:
    with app.test_request_context("/"), pytest.raises(ZeroDivisionError), unit_of_work() as work:
        work.add(Organisation(kind="organiser", name="样例单位", created_at=datetime(2026, 7, 1, tzinfo=UTC)))
        work.flush()
        raise ZeroDivisionError
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Organisation)) == 0


@pytest.mark.database("postgresql")
def test_a_connection_that_the_server_closed_while_idle_is_replaced(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        login(client, make_user())
        assert db.session.scalar(sa.select(sa.func.count()).select_from(User)) == 1
        db.session.remove()
        other = sa.create_engine(db.engine.url, isolation_level="AUTOCOMMIT")
    with other.connect() as connection:
        connection.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    other.dispose()
    monkeypatch.setattr(extensions, "IDLE_SECONDS", 0.0)
    assert client.get("/messages").status_code == 200
