"""Everything of a recruitment in order: stages from the event log, documents, plan versions, decisions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, load_only

from app.accounts.log_queries import Line, Reader
from app.audit import Event, EventHead
from app.documents.catalogue import STAGES, kinds_of, stage_of
from app.documents.models import Document
from app.extensions import db
from app.lifecycle import TRANSITIONS
from app.publication.models import Amendment, PlanVersion, Recruitment
from app.results.models import StageDecision
from app.wording import label, stage_word

#: The events that move a recruitment, and the approvals before them.
STEPS = tuple({transition.event for transition in TRANSITIONS.values()})


@dataclass(frozen=True)
class Moved:
    """One step of the way: when, from where to where, by whom, with which reason."""

    line: Line
    before: str
    after: str
    reason: str


@dataclass(frozen=True)
class Shelf:
    """The documents of one stage: how many of each kind; `stage` is "" for those that belong to none."""

    stage: str
    word: str
    kinds: list[tuple[str, str, int]]

    @property
    def total(self) -> int:
        return sum(number for _kind, _word, number in self.kinds)


def way(recruitment: Recruitment) -> list[Moved]:
    """Every change of stage as the log has it, the first one first."""
    rows = list(
        db.session.scalars(
            select(Event)
            .options(joinedload(Event.actor))
            .where(Event.scope == recruitment.public_id, Event.kind.in_(STEPS))
            .order_by(Event.seq)
        )
    )
    lines = Reader(recruitment, rows).lines()
    return [
        Moved(
            line,
            stage_word("recruitment", str(row.facts.get("from", ""))),
            stage_word("recruitment", str(row.facts.get("to", ""))),
            str(row.facts.get("reason", "")),
        )
        for row, line in zip(rows, lines, strict=True)
    ]


def shelves(readable: Any) -> list[Shelf]:
    """Valid documents counted by kind, in the order of the stages; `readable` is what the person may read."""
    query = readable.where(Document.superseded_at.is_(None)).with_only_columns(Document.kind, func.count())
    found = {kind: int(number) for kind, number in db.session.execute(query.group_by(Document.kind).order_by(None))}
    rows = [
        Shelf(
            stage,
            stage_word("recruitment", stage),
            [(kind, label("document", kind), found[kind]) for kind in kinds_of(stage) if kind in found],
        )
        for stage in STAGES
    ]
    others = [(kind, label("document", kind), number) for kind, number in found.items() if not stage_of(kind)]
    if others:
        rows.append(Shelf("", "其他", others))
    return rows


def versions(recruitment: Recruitment) -> list[PlanVersion]:
    """The published versions of the plan without their bytes."""
    return list(
        db.session.scalars(
            select(PlanVersion)
            .options(load_only(PlanVersion.number, PlanVersion.digest, PlanVersion.published_at))
            .where(PlanVersion.recruitment_id == recruitment.id)
            .order_by(PlanVersion.number)
        )
    )


def amendments(recruitment: Recruitment) -> list[Amendment]:
    """The published amendments."""
    return list(
        db.session.scalars(
            select(Amendment)
            .where(Amendment.recruitment_id == recruitment.id, Amendment.stage == "published")
            .order_by(Amendment.number)
        )
    )


def decisions(recruitment: Recruitment) -> list[StageDecision]:
    """Recorded decisions with their reasons."""
    return list(
        db.session.scalars(
            select(StageDecision)
            .options(joinedload(StageDecision.by))
            .where(StageDecision.recruitment_id == recruitment.id)
            .order_by(StageDecision.id)
        )
    )


def head(recruitment: Recruitment) -> EventHead | None:
    """Length and last digest of the recruitment's log."""
    return db.session.get(EventHead, recruitment.public_id)
