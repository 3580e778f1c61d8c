"""Hands ordered work to DBOS, which does it durably, on SQLite and on PostgreSQL.

The outbox row's public id is the workflow's id, so handing it over twice is handing it over once. Each
process is an executor of its own name and refreshes a heartbeat; the work of one that stopped is taken
over by those that live.
"""

from __future__ import annotations

import logging
import secrets
import threading
from datetime import date, timedelta

from dbos import DBOS, DBOSConfig, SetWorkflowID
from flask import Flask
from sqlalchemy import delete, select, update
from sqlalchemy.engine import make_url

from app import clock
from app.config import Settings
from app.extensions import db, unit_of_work
from app.jobs.inline import wake
from app.jobs.models import JobExecutor, OutboxItem
from app.jobs.registry import (
    TRIES,
    attempt,
    find,
    load_handlers,
    note_failure,
    order_daily,
    set_down,
    waiting,
)

log = logging.getLogger(__name__)

QUEUE = "outbox"
#: The same for every release: an executor takes over only workflows of its own application version, and
#: the outbox item, not the code, says what is to be done.
VERSION = "outbox-1"
HEARTBEAT_SECONDS = 3.0
DEAD_SECONDS = 15.0
LOOK_SECONDS = 1.0

_app: Flask | None = None


def _application() -> Flask:
    assert _app is not None, "start_worker() first"
    return _app


@DBOS.step(name="outbox.attempt", retries_allowed=True, max_attempts=TRIES, interval_seconds=1.0, backoff_rate=3.0)
def _attempt(reference: str) -> bool:
    with _application().app_context():
        try:
            return attempt(reference)
        except Exception as error:
            log.warning("background work %s: %s", reference, error)
            # What a rule refused is refused again however often it is tried.
            refused = hasattr(error, "code")
            note_failure(reference, error, final=refused)
            if refused:
                return False
            raise
        finally:
            db.session.remove()


@DBOS.step(name="outbox.set_down")
def _set_down(reference: str) -> None:
    with _application().app_context():
        try:
            set_down(reference)
        finally:
            db.session.remove()


@DBOS.workflow(name="outbox.run")
def _run(reference: str) -> bool:
    try:
        return _attempt(reference)
    except Exception:  # the step has noted each attempt's error
        _set_down(reference)
        return False


def system_database_url(settings: Settings) -> str:
    """Where DBOS keeps its own state: beside the application's database."""
    url = make_url(settings.sqlalchemy_url)
    if url.get_backend_name() == "sqlite":
        return f"sqlite:///{(settings.data / 'jobs.sqlite3').resolve()}"
    return url.render_as_string(hide_password=False)


class Worker:
    """One executor in this process. There is one at a time."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.name = f"w-{secrets.token_hex(8)}"
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._loop, name="outbox", daemon=True)
        self._seen_at = clock.now() - timedelta(days=1)
        self._ordered_on: date | None = None

    def start(self) -> None:
        """Launch DBOS and begin to look at the outbox. Raises where its database can't be reached."""
        global _app
        _app = self.app
        load_handlers()
        settings: Settings = self.app.config["SETTINGS"]
        config: DBOSConfig = {
            "name": "yinzhao",
            "system_database_url": system_database_url(settings),
            "executor_id": self.name,
            "application_version": VERSION,
            "log_level": "ERROR",
            "enable_otlp": False,
            "max_executor_threads": 4,
        }
        DBOS(config=config)
        DBOS.launch()
        DBOS.register_queue(QUEUE, worker_concurrency=2, polling_interval_sec=0.5, on_conflict="always_update")
        self.thread.start()

    def stop(self) -> None:
        """End quietly: work under way is left to be recovered by the next executor."""
        self.stopping.set()
        wake.set()
        self.thread.join(timeout=10)
        with self.app.app_context(), unit_of_work() as session:
            session.execute(
                update(JobExecutor)
                .where(JobExecutor.name == self.name)
                .values(seen_at=clock.now() - timedelta(days=1))
            )
        DBOS.destroy()

    def _loop(self) -> None:
        while not self.stopping.is_set():
            try:
                with self.app.app_context():
                    self._beat()
                    self._order_daily()
                    self._hand_over()
                    db.session.remove()
            except Exception:
                log.exception("the outbox could not be looked at; trying again")
                self.stopping.wait(5)
            wake.wait(LOOK_SECONDS)
            wake.clear()

    def _hand_over(self) -> None:
        for reference in waiting():
            item = find(reference)
            again = item.result.get("again", 0) if item is not None else 0
            # A person's "again" needs a workflow of its own: DBOS never repeats a finished one.
            with SetWorkflowID(f"{reference}.{again}" if again else reference):
                DBOS.enqueue_workflow(QUEUE, _run, reference)
            with unit_of_work() as session:
                session.execute(
                    update(OutboxItem)
                    .where(OutboxItem.public_id == reference, OutboxItem.stage == "waiting")
                    .values(stage="handed", handed_at=clock.now())
                )

    def _order_daily(self) -> None:
        if self._ordered_on != (today := clock.today()):
            order_daily()
            self._ordered_on = today

    def _beat(self) -> None:
        now = clock.now()
        if (now - self._seen_at).total_seconds() < HEARTBEAT_SECONDS:
            return
        with unit_of_work() as session:
            row = session.get(JobExecutor, self.name)
            if row is None:
                session.add(JobExecutor(name=self.name, started_at=now, seen_at=now))
            else:
                row.seen_at = now
        self._seen_at = now
        limit = now - timedelta(seconds=DEAD_SECONDS)
        dead = list(
            db.session.scalars(
                select(JobExecutor.name).where(JobExecutor.seen_at < limit, JobExecutor.name != self.name)
            )
        )
        if dead:
            log.warning("taking over the work of stopped executors: %s", ", ".join(dead))
            # Two that take over at once do no harm: DBOS gives a workflow to one of them, and the
            # handlers are idempotent. The row goes only after the recovery, so that none is forgotten.
            DBOS._recover_pending_workflows(dead)
            with unit_of_work() as session:
                session.execute(delete(JobExecutor).where(JobExecutor.name.in_(dead)))


def start_worker(app: Flask) -> Worker:
    """Start the worker of this process; the returned handle's `stop()` ends it."""
    worker = Worker(app)
    worker.start()
    return worker
