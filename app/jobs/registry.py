"""Ordering background work and running one piece of it.

`order()` writes an outbox row in the caller's transaction; the work begins after the commit. A handler
runs at least once: after a crash it runs again, so it must be idempotent. What it changes in the
database and the mark "done" can share one transaction through `Job.effect()`; such an effect happens
exactly once.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select

from app import FEATURES, clock
from app.accounts.models import User
from app.audit import SYSTEM, Actor
from app.extensions import after_commit, db, unit_of_work
from app.jobs.models import OutboxItem
from app.publication.models import Recruitment
from app.wording import sentence_for

log = logging.getLogger(__name__)

#: Tries of one handing-over before an item is set down as failed.
TRIES = 4
ORDERED = "jobs_ordered"

Handler = Callable[["Job"], dict[str, Any] | None]
HANDLERS: dict[str, Handler] = {}
#: Kinds of work that nobody orders: the worker does, once on every Shanghai day.
DAILY: set[str] = set()


class Job:
    """What a handler gets: its payload, the actor who ordered it, and how to report."""

    def __init__(self, item: OutboxItem) -> None:
        self.reference = item.public_id
        self.kind = item.kind
        self.payload: dict[str, Any] = dict(item.payload)
        self.recruitment_id = item.recruitment_id
        self._ordered_by_id = item.ordered_by_id
        self.finished = False

    @property
    def actor(self) -> Actor:
        """Who ordered the work, in the role of that moment; the system itself where nobody did."""
        user = db.session.get(User, self._ordered_by_id) if self._ordered_by_id else None
        if user is None:
            return SYSTEM
        return Actor(user, str(self.payload.get("_role", "user")), str(self.payload.get("_address", "")))

    @property
    def recruitment(self) -> Recruitment | None:
        return db.session.get(Recruitment, self.recruitment_id) if self.recruitment_id else None

    def progress(self, percent: int) -> None:
        """Show how far the work is, 0 to 100. Its own transaction; don't call inside another."""
        with unit_of_work():
            item = find(self.reference)
            if item is not None:
                item.progress = max(0, min(100, percent))

    @contextmanager
    def effect(self, **result: Any) -> Iterator[bool]:
        """One transaction of the handler's changes and the mark "done". Yields False (and does
        nothing) where an earlier run has finished already; then skip the changes."""
        with unit_of_work() as session:
            item = session.scalar(
                select(OutboxItem).where(OutboxItem.public_id == self.reference).with_for_update()
            )
            fresh = item is not None and item.stage != "done"
            yield fresh
            if fresh and item is not None:
                _close(item, result)
        self.finished = True


def find(reference: str) -> OutboxItem | None:
    """The item with this public id."""
    return db.session.scalar(select(OutboxItem).where(OutboxItem.public_id == reference))


def handler(kind: str) -> Callable[[Handler], Handler]:
    """Make a function the one that does work of a kind. It stands in `app/<feature>/jobs.py`."""

    def decorate(function: Handler) -> Handler:
        if HANDLERS.get(kind, function) is not function:
            raise RuntimeError(f"work {kind!r} has two handlers")
        HANDLERS[kind] = function
        return function

    return decorate


def daily(kind: str) -> Callable[[Handler], Handler]:
    """Let the worker order this kind of work once a day; its handler must bear a second run."""

    def decorate(function: Handler) -> Handler:
        DAILY.add(kind)
        return function

    return decorate


def order_daily() -> int:
    """Order what is due today and was not ordered yet; returns how much."""
    load_handlers()
    morning = clock.at(clock.today())
    ordered = 0
    with unit_of_work() as session:
        for kind in sorted(DAILY):
            done = session.scalar(
                select(OutboxItem.id).where(OutboxItem.kind == kind, OutboxItem.ordered_at >= morning).limit(1)
            )
            if done is None:
                order(kind, {})
                ordered += 1
    return ordered


def load_handlers() -> dict[str, Handler]:
    """Import every feature's `jobs` module and return the table."""
    for feature in FEATURES:
        if importlib.util.find_spec(f"app.{feature}.jobs") is not None:
            importlib.import_module(f"app.{feature}.jobs")
    importlib.import_module("app.jobs.tasks")
    return HANDLERS


def order(
    kind: str, payload: dict[str, Any], recruitment: Recruitment | None = None, actor: Actor | None = None
) -> OutboxItem:
    """Order work inside the caller's unit of work; nothing happens if that is rolled back.

    `payload` is plain JSON. Side effect: one outbox row. Raises RuntimeError outside a
    unit of work.
    """
    after_commit(ORDERED)
    facts = dict(payload)
    if actor is not None:
        facts.update(_role=actor.role, _address=actor.address)
    item = OutboxItem(
        kind=kind,
        payload=facts,
        recruitment_id=recruitment.id if recruitment is not None else None,
        ordered_by_id=actor.user.id if actor is not None and actor.user is not None else None,
        ordered_at=clock.now(),
    )
    db.session.add(item)
    db.session.flush()
    return item


def _close(item: OutboxItem, result: dict[str, Any]) -> None:
    item.stage, item.done_at, item.progress, item.error = "done", clock.now(), 100, ""
    item.result = result


def attempt(reference: str) -> bool:
    """Run an item's handler once. True when it is done (now or before); raises what the handler raised."""
    load_handlers()
    with unit_of_work():
        item = find(reference)
        if item is None or item.stage == "done":
            return True
        item.tries += 1
        item.stage = "handed"
        item.handed_at = item.handed_at or clock.now()
        job = Job(item)
    found = HANDLERS.get(job.kind)
    if found is None:
        raise LookupError(f"nobody does work of the kind {job.kind!r}")
    result = found(job)
    if not job.finished:
        with unit_of_work():
            item = find(reference)
            if item is not None and item.stage != "done":
                _close(item, result or {})
    return True


def note_failure(reference: str, error: BaseException, *, final: bool) -> None:
    """Keep an attempt's error for people to read; `final` sets the item down as failed."""
    sentence = sentence_for(error) if hasattr(error, "code") else f"{type(error).__name__}：{error}"
    with unit_of_work():
        item = find(reference)
        if item is not None and item.stage != "done":
            item.error = sentence[:2000]
            if final:
                item.stage = "failed"


def set_down(reference: str) -> None:
    """Mark an item as failed with the error noted last; a person can order it again."""
    with unit_of_work():
        item = find(reference)
        if item is not None and item.stage != "done":
            item.stage = "failed"


def run_item(reference: str) -> bool:
    """Attempt an item until it is done or has failed `TRIES` times (no pauses; for inline running)."""
    for number in range(1, TRIES + 1):
        try:
            return attempt(reference)
        except Exception as error:
            final = number == TRIES or hasattr(error, "code")
            note_failure(reference, error, final=final)
            if final:
                log.exception("background work %s failed", reference)
                return False
    return False


def waiting(limit: int = 100) -> list[str]:
    """Public ids of what nobody has taken yet, oldest first."""
    return list(
        db.session.scalars(
            select(OutboxItem.public_id)
            .where(OutboxItem.stage == "waiting")
            .order_by(OutboxItem.id)
            .limit(limit)
        )
    )
