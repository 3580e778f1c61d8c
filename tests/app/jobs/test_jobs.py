"""Ordered work: after the commit, once in effect, seen by staff, tried again when asked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.audit import Event
from app.errors import Refusal
from app.extensions import db, unit_of_work
from app.jobs import registry
from app.jobs.inline import run_waiting
from app.jobs.models import OutboxItem
from app.jobs.registry import Job, attempt, order
from app.publication.models import Recruitment
from tests import factories


@pytest.fixture
def done() -> Iterator[list[str]]:
    """What the handlers of this test did; the table of handlers is put back afterwards."""
    lines: list[str] = []
    # A handler registers itself at its first import only: what is put back must be whole.
    before = dict(registry.load_handlers())

    @registry.handler("test.note")
    def _note(job: Job) -> dict[str, str]:
        lines.append(str(job.payload["text"]))
        if job.payload.get("more"):
            with unit_of_work():
                order("test.note", {"text": job.payload["more"]})
        return {"said": str(job.payload["text"])}

    @registry.handler("test.breaks")
    def _breaks(job: Job) -> None:
        lines.append("tried")
        if len(lines) <= int(job.payload["times"]):
            raise OSError("样例故障")

    @registry.handler("test.refused")
    def _refused(job: Job) -> None:
        lines.append("tried")
        raise Refusal("reason_required")

    yield lines
    registry.HANDLERS.clear()
    registry.HANDLERS.update(before)


def item(reference: str) -> OutboxItem:
    db.session.rollback()
    found = registry.find(reference)
    assert found is not None
    return found


def test_work_is_done_after_the_commit_and_what_it_orders_too(app: Flask, done: list[str]) -> None:
    with app.app_context():
        with unit_of_work():
            reference = order("test.note", {"text": "一", "more": "二"}).public_id
            assert done == []
        assert done == ["一", "二"]
        found = item(reference)
        assert (found.stage, found.progress, found.result) == ("done", 100, {"said": "一"})


def test_a_rolled_back_order_is_never_done(app: Flask, done: list[str]) -> None:
    with app.app_context():
        with pytest.raises(ZeroDivisionError), unit_of_work():
            order("test.note", {"text": "一"})
            raise ZeroDivisionError
        run_waiting()
        with unit_of_work():
            pass
        assert done == []
        assert db.session.scalar(select(OutboxItem)) is None


def test_order_outside_a_transaction_is_refused(app: Flask, done: list[str]) -> None:
    with app.app_context():
        with pytest.raises(RuntimeError):
            order("test.note", {"text": "一"})
        db.session.rollback()
        assert done == []


def test_a_second_run_of_done_work_changes_nothing(app: Flask, done: list[str]) -> None:
    with app.app_context():
        with unit_of_work():
            reference = order("test.note", {"text": "一"}).public_id
        assert attempt(reference) is True
        assert done == ["一"] and item(reference).tries == 1


def test_a_passing_fault_is_tried_again(app: Flask, done: list[str]) -> None:
    with app.app_context():
        with unit_of_work():
            reference = order("test.breaks", {"times": 2}).public_id
        assert item(reference).stage == "done" and item(reference).tries == 3


def test_what_a_rule_refuses_is_tried_once_and_tells_why(app: Flask, done: list[str]) -> None:
    with app.app_context():
        with unit_of_work():
            reference = order("test.refused", {}).public_id
        found = item(reference)
        assert (found.stage, found.tries, done) == ("failed", 1, ["tried"])
        assert found.error == "请填写理由。"


def test_an_effect_counts_once_even_if_the_handler_runs_twice(app: Flask, done: list[str]) -> None:
    with app.app_context():
        with unit_of_work():
            reference = order("test.note", {"text": "一"}).public_id
        job = Job(item(reference))
        with job.effect(said="再一次") as fresh:
            assert fresh is False
        assert item(reference).result == {"said": "一"}


def staffed() -> tuple[Recruitment, dict[str, object]]:
    recruitment = factories.make_recruitment("published")
    return recruitment, dict(factories.staffed(recruitment))


def test_staff_see_failed_work_and_order_it_again(app: Flask, client: FlaskClient, done: list[str]) -> None:
    with app.app_context():
        recruitment, people = staffed()
        with unit_of_work():
            reference = order("test.breaks", {"times": 4}, recruitment).public_id
        assert item(reference).stage == "failed"
        factories.login(client, people["staff"])  # type: ignore[arg-type]
        page = client.get(f"/r/{recruitment.public_id}/jobs").get_data(as_text=True)
        assert "未完成" in page and "样例故障" in page and "重新执行" in page
        assert client.post(f"/jobs/{reference}/retry").status_code == 303
        assert item(reference).stage == "done"
        assert "job.retried" in list(db.session.scalars(select(Event.kind)))
        again = client.post(f"/jobs/{reference}/retry")
        assert again.status_code == 422 and "只有“未完成”的任务" in again.get_data(as_text=True)
        fragment = client.get(f"/jobs/{reference}", headers={"HX-Request": "true"}).get_data(as_text=True)
        assert "已完成" in fragment and "hx-trigger" not in fragment and "<html" not in fragment


def test_others_see_no_work(app: Flask, client: FlaskClient, done: list[str]) -> None:
    with app.app_context():
        recruitment, _people = staffed()
        stranger = factories.make_user()
        with unit_of_work():
            reference = order("test.note", {"text": "一"}, recruitment).public_id
        factories.login(client, stranger)
        assert client.get(f"/jobs/{reference}").status_code == 403
        assert client.get(f"/r/{recruitment.public_id}/jobs").status_code == 403
        assert client.post(f"/jobs/{reference}/retry").status_code == 403
        assert client.get("/admin/jobs").status_code == 403


def test_two_handlers_of_one_kind_are_refused(done: list[str]) -> None:
    with pytest.raises(RuntimeError, match="two handlers"):
        registry.handler("test.note")(lambda job: None)


def test_the_administrator_sees_all_work(app: Flask, client: FlaskClient, done: list[str]) -> None:
    with app.app_context():
        with unit_of_work():
            order("test.note", {"text": "一", "title": "样例任务"})
        factories.login(client, factories.make_user(is_admin=True))
        page = client.get("/admin/jobs?stage=done").get_data(as_text=True)
    assert "样例任务" in page and "已完成" in page
