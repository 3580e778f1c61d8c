"""Reading the event log: filters, names by reference, and what must not be readable yet."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Text, and_, cast, false, or_, select
from sqlalchemy.orm import joinedload

from app import clock
from app.accounts.models import Organisation, User
from app.audit import SYSTEM_SCOPE, Event
from app.extensions import db
from app.lifecycle import is_opened
from app.publication.models import Recruitment
from app.wording import EVENTS, label
from evaluation.models import Candidate, PanelSeat

#: Before the opening nobody but its vendor may know what a response holds, not by its log either.
SEALED = ("response.", "file.", "upload.", "submission.", "responses.")
#: An instant as an event carries it.
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00$")
#: From here on the experts' names are public.
NAMED = ("publicity", "awarded", "integration", "promotion", "archived")


@dataclass(frozen=True)
class Filters:
    """What the reader asked for; empty means all."""

    kind: str = ""
    person: str = ""
    since: date | None = None
    until: date | None = None
    text: str = ""
    bad: tuple[str, ...] = ()

    @classmethod
    def read(cls, values: Any) -> Filters:
        """From a query string; a date that can't be read is named in `bad` and left out."""
        days: dict[str, date | None] = {}
        bad = []
        for name in ("since", "until"):
            typed = str(values.get(name, "")).strip()
            days[name] = _day(typed)
            if typed and days[name] is None:
                bad.append(name)
        return cls(
            kind=str(values.get("kind", ""))[:60],
            person=str(values.get("person", "")).strip()[:80],
            since=days["since"],
            until=days["until"],
            text=str(values.get("text", "")).strip()[:100],
            bad=tuple(bad),
        )

    def as_args(self) -> dict[str, str]:
        """For the links of pages and exports."""
        found = {"kind": self.kind, "person": self.person, "text": self.text}
        for name, day in (("since", self.since), ("until", self.until)):
            found[name] = day.isoformat() if day else ""
        return {name: value for name, value in found.items() if value}


def _day(typed: str) -> date | None:
    """A day that a log can hold; the ends of the calendar can't be moved by a time zone."""
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        return None
    return day if 1970 <= day.year <= 2900 else None


def scope_of(recruitment: Recruitment | None) -> str:
    """The chain of a recruitment, or of the system."""
    return recruitment.public_id if recruitment is not None else SYSTEM_SCOPE


def hides_experts(recruitment: Recruitment | None) -> bool:
    """True while the experts' names are confidential."""
    return recruitment is not None and (recruitment.stage_before or recruitment.stage) not in NAMED


def _sealed(recruitment: Recruitment | None) -> Any:
    """The condition for events whose facts stay hidden now."""
    if recruitment is None or is_opened(recruitment):
        return false()
    return or_(*(Event.kind.startswith(prefix) for prefix in SEALED))


def events(recruitment: Recruitment | None, asked: Filters) -> Any:
    """The statement for a list of events, newest first."""
    query = (
        select(Event)
        .options(joinedload(Event.actor))
        .where(Event.scope == scope_of(recruitment))
        .order_by(Event.seq.desc())
    )
    if asked.kind:
        query = query.where(Event.kind == asked.kind)
    if asked.since:
        query = query.where(Event.at >= clock.at(asked.since))
    if asked.until:
        query = query.where(Event.at < clock.at(asked.until + timedelta(days=1)))
    if asked.person:
        match = or_(
            User.name.icontains(asked.person, autoescape=True),
            User.login.icontains(asked.person, autoescape=True),
            User.public_id == asked.person,
        )
        found = Event.actor_id.in_(select(User.id).where(match))
        # A search by name must not tell which expert did what, either.
        query = query.where(
            and_(found, Event.actor_role != "expert") if hides_experts(recruitment) else found
        )
        if recruitment is not None and not is_opened(recruitment):
            query = query.where(Event.actor_role != "vendor")
    if asked.text:
        query = query.where(_holds(asked.text, recruitment))
    return query


def _holds(text: str, recruitment: Recruitment | None) -> Any:
    stored = json.dumps(text)[1:-1]
    facts = cast(Event.facts, Text)
    in_facts = or_(facts.contains(stored, autoescape=True), facts.contains(text, autoescape=True))
    kinds = [kind for kind, word in EVENTS.items() if text in word]
    return or_(Event.kind.in_(kinds), Event.subject_ref == text, and_(in_facts, ~_sealed(recruitment)))


def kinds(recruitment: Recruitment | None) -> list[tuple[str, str]]:
    """The kinds that occur, with their words."""
    query = select(Event.kind).where(Event.scope == scope_of(recruitment)).distinct()
    return sorted(
        ((kind, EVENTS.get(kind, kind)) for kind in db.session.scalars(query)), key=lambda item: item[1]
    )


@dataclass(frozen=True)
class Line:
    """One event as a reader sees it."""

    seq: int
    at: Any
    who: str
    role: str
    what: str
    kind: str
    subject: str
    facts: str
    digest: str


class Reader:
    """Turns events into lines, with a constant number of statements for any number of them."""

    def __init__(self, recruitment: Recruitment | None, rows: Iterable[Event]) -> None:
        self.recruitment = recruitment
        self.rows = list(rows)
        self.hidden = hides_experts(recruitment)
        self.sealed = recruitment is not None and not is_opened(recruitment)
        self.seats = self._seats()
        self.names = self._names()

    def _seats(self) -> dict[int, str]:
        if self.recruitment is None or self.recruitment.review_id is None:
            return {}
        query = (
            select(User.id, PanelSeat.pseudonym)
            .join(PanelSeat, PanelSeat.expert_id == User.expert_id)
            .where(PanelSeat.review_id == self.recruitment.review_id)
            .order_by(PanelSeat.id)
        )
        return {row[0]: row[1] for row in db.session.execute(query)}

    def _names(self) -> dict[str, str]:
        wanted = {row.subject_ref for row in self.rows if row.subject_ref}
        for row in self.rows:
            wanted |= set(_references(row.facts))
        found: dict[str, str] = {}
        if not wanted:
            return found
        for ref, key, name in db.session.execute(
            select(User.public_id, User.id, User.name).where(User.public_id.in_(wanted))
        ):
            found[ref] = self.seats[key] if self.hidden and key in self.seats else name
        for model in (Organisation, Candidate):
            query = select(model.public_id, model.name).where(model.public_id.in_(wanted))
            found |= {row[0]: row[1] for row in db.session.execute(query)}
        for ref, name in db.session.execute(
            select(PanelSeat.public_id, PanelSeat.pseudonym).where(PanelSeat.public_id.in_(wanted))
        ):
            found[ref] = name
        return found

    def lines(self) -> list[Line]:
        """The events in words."""
        return [self._line(row) for row in self.rows]

    def _line(self, row: Event) -> Line:
        return Line(
            seq=row.seq,
            at=row.at,
            who=self._who(row),
            role=label("role", row.actor_role),
            what=EVENTS.get(row.kind, row.kind),
            kind=row.kind,
            subject=self._subject(row),
            facts=self._facts(row),
            digest=row.digest,
        )

    def _who(self, row: Event) -> str:
        if row.actor is None:
            return label("role", row.actor_role)
        if self.sealed and row.actor_role == "vendor":
            # Before the opening nobody may know who responds, either.
            return label("role", "vendor")
        if self.hidden and (row.actor_role == "expert" or row.actor_id in self.seats):
            return self.seats.get(int(row.actor_id or 0), label("role", "expert"))
        return row.actor.name

    def _subject(self, row: Event) -> str:
        if not row.subject_kind:
            return ""
        word = label("subject", row.subject_kind)
        if name := self.names.get(row.subject_ref):
            return f"{word}：{name}"
        return word

    def _facts(self, row: Event) -> str:
        if self.sealed and row.kind.startswith(SEALED):
            return "启封后可见" if row.facts else ""
        shown = {key: value for key, value in row.facts.items() if value not in (None, "", [], {})}
        return "；".join(f"{label('fact', key)}：{self._value(value)}" for key, value in shown.items())

    def _value(self, value: Any) -> str:
        if isinstance(value, bool):
            return "是" if value else "否"
        if isinstance(value, list):
            return "、".join(self._value(item) for item in value)
        if isinstance(value, dict):
            return "，".join(f"{label('fact', key)} {self._value(item)}" for key, item in value.items())
        text = str(value)
        if INSTANT.match(text):
            return f"{clock.local(datetime.fromisoformat(text)):%Y-%m-%d %H:%M:%S}"
        return self.names.get(text) or label("code", text)


def _references(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        if len(value) == 16:
            yield value
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _references(item)
