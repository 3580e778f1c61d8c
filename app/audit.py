"""The event log: append-only, one chain per recruitment, written in the same transaction as the change.

An event is an envelope: sequence within its scope, schema version, canonical JSON facts (decimals as
strings), digest of the event before. Persons appear by reference (public id), never by name, so that a
name can be corrected without touching the log.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import rfc8785
from sqlalchemy import (
    DDL,
    JSON,
    ForeignKey,
    Integer,
    String,
    UniqueConstraint,
    bindparam,
    event,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app import clock
from app.accounts.models import User
from app.extensions import db
from app.publication.models import Recruitment
from evaluation.columns import BigId, UTCDateTime
from evaluation.models import Base

SCHEMA = 1
SYSTEM_SCOPE = "system"


class EventHead(Base):
    """Last sequence and digest of each chain; its row is the lock that keeps a chain unbroken."""

    __tablename__ = "event_head"

    scope: Mapped[str] = mapped_column(String(24), primary_key=True)
    seq: Mapped[int] = mapped_column(Integer, default=0)
    digest: Mapped[str] = mapped_column(String(64), default="")


class Event(Base):
    """One thing that happened. The database refuses to change or delete a row."""

    __tablename__ = "event"
    __table_args__ = (UniqueConstraint("scope", "seq"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    scope: Mapped[str] = mapped_column(String(24))
    seq: Mapped[int] = mapped_column(Integer)
    schema: Mapped[int] = mapped_column("schema_version", Integer, default=SCHEMA)
    recruitment_id: Mapped[int | None] = mapped_column(ForeignKey("recruitment.id"), index=True)
    kind: Mapped[str] = mapped_column(String(60), index=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime(), index=True)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    actor_role: Mapped[str] = mapped_column(String(20))
    subject_kind: Mapped[str] = mapped_column(String(40), default="")
    subject_ref: Mapped[str] = mapped_column(String(40), default="", index=True)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    previous: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))

    actor: Mapped[User | None] = relationship()


_REFUSE_SQLITE = (
    "CREATE TRIGGER IF NOT EXISTS event_no_{verb} BEFORE {VERB} ON event "
    "BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END"
)
_REFUSE_FUNCTION = (
    "CREATE OR REPLACE FUNCTION event_is_append_only() RETURNS trigger AS $$ "
    "BEGIN RAISE EXCEPTION 'the event log is append-only'; END $$ LANGUAGE plpgsql"
)
_REFUSE_POSTGRES = (
    "CREATE TRIGGER event_no_change BEFORE UPDATE OR DELETE ON event "
    "FOR EACH ROW EXECUTE FUNCTION event_is_append_only()"
)
APPEND_ONLY = {
    "sqlite": [
        _REFUSE_SQLITE.format(verb="update", VERB="UPDATE"),
        _REFUSE_SQLITE.format(verb="delete", VERB="DELETE"),
    ],
    "postgresql": [_REFUSE_FUNCTION, _REFUSE_POSTGRES],
}
for _dialect, _statements in APPEND_ONLY.items():
    for _statement in _statements:
        event.listen(
            Event.__table__,
            "after_create",
            DDL(_statement.replace("%", "%%")).execute_if(dialect=_dialect),
        )


@dataclass(frozen=True)
class Actor:
    """Who acts, as what, from where. `user` None is the system itself (clock, job, command line).

    `signer` is the opened key of the seat for which the person signs in this step (`app.review.keys`).
    """

    user: User | None
    role: str
    address: str = ""
    signer: Any = field(default=None, repr=False, compare=False)

    @property
    def ref(self) -> str:
        return self.user.public_id if self.user else "system"


SYSTEM = Actor(None, "system")


def plain(value: Any) -> Any:
    """Facts as canonical JSON takes them: decimals and dates become strings, keys strings."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value, key=str) if isinstance(value, set | frozenset) else value
        return [plain(item) for item in items]
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if value is None or isinstance(value, str | bool | int):
        return value
    raise TypeError(f"{type(value).__name__} has no place in an event")


def canonical(value: Any) -> bytes:
    """RFC 8785 bytes of plain data."""
    return rfc8785.dumps(plain(value))


def sm3_hex(data: bytes) -> str:
    """SM3 digest, lower-case hex."""
    return hashlib.new("sm3", data).hexdigest()


def record(
    kind: str,
    *,
    actor: Actor,
    recruitment: Recruitment | None = None,
    subject: Any = None,
    **facts: Any,
) -> Event:
    """Append one event inside the current unit of work and return it.

    `subject` is any row with a `public_id`. Side effect: locks the chain's head until the commit.
    """
    session = db.session
    session.flush()
    scope = recruitment.public_id if recruitment is not None else SYSTEM_SCOPE
    seq, previous = _locked_head(scope)
    entry = Event(
        scope=scope,
        seq=seq + 1,
        schema=SCHEMA,
        recruitment_id=recruitment.id if recruitment is not None else None,
        kind=kind,
        at=clock.now(),
        actor_id=actor.user.id if actor.user else None,
        actor_role=actor.role,
        subject_kind=type(subject).__name__ if subject is not None else "",
        subject_ref=getattr(subject, "public_id", "") or "",
        facts=plain(facts),
        previous=previous,
        digest="",
    )
    entry.digest = sm3_hex(canonical(envelope(entry, actor.ref)))
    # By statement and not through the session: every use case writes at least one of these.
    values = {f"event_{column.key}": getattr(entry, column.key) for column in _COLUMNS}
    connection = session.connection()
    head = {"chain": scope, "last": entry.seq, "sum": entry.digest}
    if connection.dialect.name == "postgresql":
        # In one statement: all who write wait for this chain until the commit.
        connection.execute(_INSERT_AND_ADVANCE, values | head)
    else:
        connection.execute(_INSERT, values)
        connection.execute(_ADVANCE, head)
    return entry


_COLUMNS = [attribute for attribute in inspect(Event).column_attrs if attribute.key != "id"]
_INSERT = insert(Event.__table__).values(
    {attribute.columns[0]: bindparam(f"event_{attribute.key}") for attribute in _COLUMNS}
)
_HEAD = (
    select(EventHead.__table__.c.seq, EventHead.__table__.c.digest)
    .where(EventHead.__table__.c.scope == bindparam("chain"))
    .with_for_update()
)
_ADVANCE = (
    update(EventHead.__table__)
    .where(EventHead.__table__.c.scope == bindparam("chain"))
    .values(seq=bindparam("last"), digest=bindparam("sum"))
)
_INSERT_AND_ADVANCE = _ADVANCE.add_cte(_INSERT.cte("written"))


def _locked_head(scope: str) -> tuple[int, str]:
    """Last sequence and digest of a chain, locked until the commit; a new chain is begun."""
    found = db.session.connection().execute(_HEAD, {"chain": scope}).one_or_none()
    if found is None:
        try:
            with db.session.begin_nested():
                db.session.execute(insert(EventHead.__table__).values(scope=scope, seq=0, digest=""))
        except IntegrityError:
            pass  # another process began this chain at the same moment: its row is the lock
        found = db.session.execute(_HEAD, {"chain": scope}).one()
    return found.seq, found.digest


def envelope(entry: Event, actor_ref: str) -> dict[str, Any]:
    """The canonical content of an event, over which its digest is taken."""
    return {
        "schema": entry.schema,
        "scope": entry.scope,
        "seq": entry.seq,
        "kind": entry.kind,
        "at": entry.at.isoformat(),
        "actor": actor_ref,
        "role": entry.actor_role,
        "subject": [entry.subject_kind, entry.subject_ref],
        "facts": entry.facts,
        "previous": entry.previous,
    }


def broken_at(scope: str) -> int | None:
    """Sequence of the first event whose digest or link doesn't hold, or None when the chain is whole."""
    previous, expected = "", 1
    for entry in db.session.scalars(select(Event).where(Event.scope == scope).order_by(Event.seq)):
        ref = entry.actor.public_id if entry.actor else "system"
        if entry.seq != expected or entry.previous != previous:
            return entry.seq
        if entry.digest != sm3_hex(canonical(envelope(entry, ref))):
            return entry.seq
        previous, expected = entry.digest, expected + 1
    return None
