"""The Flask extensions, and the one way to write: `unit_of_work`."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ParamSpec, TypeVar

from flask import has_request_context
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import Session, scoped_session
from sqlalchemy.orm.exc import StaleDataError

from app.errors import Conflict
from evaluation.models import Base

db = SQLAlchemy(metadata=Base.metadata)
migrate = Migrate()
login = LoginManager()
csrf = CSRFProtect()
limiter = Limiter(key_func=get_remote_address, default_limits=[], storage_uri="memory://")


class _Turn:
    """A place in the line of those who write to SQLite in this process.

    SQLite lets one write at a time and makes the others ask again and again; threads rather stand in line.
    It is taken with the transaction and not before, so that slow work ahead of it (an upload) holds nobody
    up. Who waits too long goes on to ask the database itself.
    """

    line = threading.Lock()
    seconds = 15.0

    def __init__(self) -> None:
        self.held = False

    def take(self) -> None:
        if not self.held:
            self.held = self.line.acquire(timeout=self.seconds)

    def release(self) -> None:
        if self.held:
            self.held = False
            self.line.release()


#: The turn of the unit of work that runs in this context.
_writing: ContextVar[_Turn | None] = ContextVar("writing", default=None)

#: What follows a commit, by name; `after_commit(name)` inside a unit of work asks for it.
AFTER_COMMIT: dict[str, Callable[[], None]] = {}

#: After this many seconds unused a connection to PostgreSQL is asked before it is used again.
IDLE_SECONDS = 10.0

P = ParamSpec("P")
R = TypeVar("R")


def prepare_engine(engine: Engine) -> None:
    """Begin transactions explicitly, and only where something may be written.

    A request that reads asks statement by statement: at READ COMMITTED its transaction would see no less
    change between two statements, and cost two round trips. SQLite gets write-ahead logging, a busy timeout
    and foreign keys besides.
    """
    if engine.dialect.name != "sqlite":
        _check_idle(engine)

        @event.listens_for(engine, "begin")
        def _begin_postgresql(connection: Any) -> None:
            if not only_reads():
                connection.connection.driver_connection.execute("BEGIN")

        return

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin by itself
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute("PRAGMA busy_timeout=15000")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin_sqlite(connection: Any) -> None:
        if only_reads():
            return
        # A read transaction that later writes loses against a concurrent writer at once, without
        # waiting; so whoever means to write says so at the beginning.
        turn = _writing.get()
        if turn is not None:
            turn.take()
        connection.exec_driver_sql("BEGIN" if turn is None else "BEGIN IMMEDIATE")


def only_reads() -> bool:
    """True in a request outside a unit of work: it writes nothing, see `_refuse_stray_writes`."""
    return _writing.get() is None and has_request_context()


@event.listens_for(Session, "before_flush")
def _refuse_stray_writes(_session: Any, _context: Any, _instances: Any) -> None:
    if only_reads():
        raise RuntimeError("a request writes inside a unit of work only")


def _check_idle(engine: Engine) -> None:
    """Ask a connection that lay idle whether its server is still there; one just used is known to be."""

    @event.listens_for(engine, "checkin")
    def _used(_connection: Any, record: Any) -> None:
        record.info["used"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _ask(connection: Any, record: Any, _proxy: Any) -> None:
        if time.monotonic() - record.info.get("used", time.monotonic()) < IDLE_SECONDS:
            return
        try:
            alive = engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error
        if not alive:
            raise DisconnectionError


@contextmanager
def unit_of_work() -> Iterator[scoped_session[Session]]:
    """One write transaction: begin immediate, commit at the end, nothing of it on an error.

    Inside another one it joins. What was read before is read again, so a decision never rests on a
    stale row; a lost race raises Conflict.
    """
    if _writing.get() is not None:
        yield db.session
        return
    db.session.rollback()
    turn = _Turn()
    token = _writing.set(turn)
    try:
        yield db.session
        db.session.commit()
    except StaleDataError as error:
        db.session.rollback()
        raise Conflict("stale_row") from error
    except BaseException:
        db.session.rollback()
        raise
    finally:
        turn.release()
        _writing.reset(token)
        asked = db.session().info.pop("after_commit", set())
    for name in sorted(asked):
        AFTER_COMMIT[name]()


def after_commit(name: str) -> None:
    """Ask for a follow-up of `AFTER_COMMIT` once the current unit of work is committed; none otherwise."""
    if _writing.get() is None:
        raise RuntimeError("only a unit of work has an afterwards")
    db.session().info.setdefault("after_commit", set()).add(name)


def action(function: Callable[P, R]) -> Callable[P, R]:
    """Mark a use case: its whole body is one `unit_of_work`."""

    @functools.wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        with unit_of_work():
            return function(*args, **kwargs)

    return wrapped
