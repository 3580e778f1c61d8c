"""What those who watch over the review see: the meeting while it runs, the spread of scores after it.

Before the last signature only states, counts and deadlines: nothing that shows an answer or a score.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from app.documents import scores as documents
from app.extensions import db
from app.publication.models import Recruitment
from app.review.forms import score_lines
from evaluation import spread
from evaluation.models import (
    CAGroup,
    Candidate,
    Clarification,
    Dispute,
    PanelSeat,
    QualificationSheet,
    Review,
    ScoreSheet,
)
from evaluation.ranking import shown
from evaluation.review import held_seats
from evaluation.review_report import positions
from evaluation.review_settling import Difference, Extreme, differences, extremes


@dataclass
class SeatLine:
    """One expert in the meeting: how many sheets are signed of how many, votes cast and missing."""

    seat: PanelSeat
    qualification: tuple[int, int] = (0, 0)
    scoring: tuple[int, int] = (0, 0)
    cast: int = 0
    missing: int = 0
    last_signed: datetime | None = None
    report: str = ""

    @property
    def share(self) -> int:
        """Percent of the sheets of the stage that runs, for the bar."""
        done, of = self.scoring if self.scoring[1] else self.qualification
        return 100 * done // of if of else 0


@dataclass
class Vote:
    """An open vote: what on, until when, which seats have not voted. Never how anybody voted."""

    subject: Dispute | CAGroup
    text: str
    due_at: datetime | None
    missing: list[str]


@dataclass
class Meeting:
    """The review meeting as it stands now."""

    lines: list[SeatLine]
    vacant: int
    votes: list[Vote]
    closed: int
    groups_closed: int
    signed: bool
    differences: list[Difference] = field(default_factory=list)
    extremes: list[Extreme] = field(default_factory=list)
    asked: list[Clarification] = field(default_factory=list)

    @property
    def extremes_left(self) -> list[Extreme]:
        return [row for row in self.extremes if row.state != "confirmed"]


def meeting(recruitment: Recruitment, review: Review) -> Meeting:
    """Everybody's progress, the votes and what is left to settle; a constant number of statements."""
    session = db.session()
    seats = held_seats(session, review)
    lines = {seat.id: SeatLine(seat) for seat in seats}
    for model, name in ((QualificationSheet, "qualification"), (ScoreSheet, "scoring")):
        for seat_id, counts, last in _signed(model, lines, review):
            setattr(lines[seat_id], name, counts)
            known = lines[seat_id].last_signed
            lines[seat_id].last_signed = max(known, last) if known and last else last or known
    given = positions(session, review)
    for line in lines.values():
        if (row := given.get(line.seat.id)) is not None:
            line.report = row.position
    disputes = list(
        session.scalars(
            select(Dispute)
            .where(Dispute.review_id == review.id)
            .options(joinedload(Dispute.candidate), selectinload(Dispute.ballots))
            .order_by(Dispute.due_at, Dispute.id)
        )
    )
    groups = list(
        session.scalars(
            select(CAGroup).where(CAGroup.review_id == review.id).options(selectinload(CAGroup.ballots))
        )
    )
    titles = {str(entry["id"]): entry["title"] for entry in review.rules["qualification"]["form"]}
    votes = []
    for row in [*disputes, *groups]:
        voted = {ballot.seat_id for ballot in row.ballots}
        for line in lines.values():
            line.cast += line.seat.id in voted
            line.missing += row.stage == "open" and line.seat.id not in voted
        if row.stage != "open":
            continue
        missing = [seat.pseudonym for seat in seats if seat.id not in voted]
        if isinstance(row, Dispute):
            item = titles.get(row.item, row.item)
            text = f"{row.candidate.number} 号 {row.candidate.name} · {item}"
            votes.append(Vote(row, text, row.due_at, missing))
        else:
            votes.append(Vote(row, f"同一认证机构：许可证号 {row.ca_licence}", None, missing))
    scoring = recruitment.stage == "scoring"
    return Meeting(
        lines=list(lines.values()),
        vacant=max(0, review.seats - len(seats)),
        votes=votes,
        closed=sum(row.stage == "closed" for row in disputes),
        groups_closed=sum(row.stage == "closed" for row in groups),
        signed=complete(review, seats),
        differences=differences(session, review) if scoring else [],
        extremes=extremes(session, review) if scoring else [],
        asked=list(
            session.scalars(
                select(Clarification)
                .where(Clarification.review_id == review.id, Clarification.stage == "asked")
                .options(joinedload(Clarification.candidate))
                .order_by(Clarification.due_at)
            )
        ),
    )


def _signed(model: Any, lines: dict[int, SeatLine], review: Review) -> list[tuple[int, tuple[int, int], Any]]:
    query = (
        select(
            model.seat_id,
            func.count(model.id).filter(model.stage == "signed"),
            func.count(model.id),
            func.max(model.signed_at),
        )
        .join(Candidate, Candidate.id == model.candidate_id)
        .where(model.seat_id.in_(list(lines)), model.stage != "void")
        .group_by(model.seat_id)
    )
    if model is ScoreSheet:
        query = query.where(Candidate.stage != "eliminated")
    return [(row[0], (int(row[1]), int(row[2])), row[3]) for row in db.session.execute(query)]


@dataclass
class Heat:
    """The signed scores of a review as a map, with their spread."""

    seats: list[PanelSeat]
    lines: list[dict[str, Any]]
    candidates: list[Candidate]
    table: dict[int, dict[str, dict[int, Decimal]]]
    totals: dict[int, dict[int, Decimal]]
    items: list[spread.ItemSpread]
    experts: list[spread.SeatSpread]
    total: Decimal
    #: (candidate id, key) → the seats whose score lies far from the others, or differs where all must agree.
    marked: dict[tuple[int, str], set[int]]

    def mean(self, candidate: Candidate, key: str) -> Decimal:
        return shown(spread.mean_of(self.table[candidate.id][key].values()))

    def mean_total(self, candidate: Candidate) -> Decimal:
        return shown(spread.mean_of(self.totals[candidate.id].values()))

    def marked_seats(self, candidate: Candidate) -> set[int]:
        """Seats with a marked score anywhere on their sheet of this vendor."""
        return {
            seat for (key, _), seats in self.marked.items() if key == candidate.id for seat in seats
        }


def complete(review: Review, seats: list[PanelSeat]) -> bool:
    """True once every seat of the panel is held and has signed every sheet, whatever stage came after it."""
    return len(seats) >= review.seats and documents.all_signed(review, seats)


def heat(review: Review) -> Heat | None:
    """The map, or None while a sheet is unsigned: then nobody but its expert sees a score."""
    seats = held_seats(db.session(), review)
    if not complete(review, seats):
        return None
    lines = score_lines(review)
    keys = [line["key"] for line in lines]
    candidates = documents.ranked_candidates(review)
    sheets = documents.sheets_by_seat(review, seats)
    table: dict[int, dict[str, dict[int, Decimal]]] = {}
    for candidate in candidates:
        rows = table[candidate.id] = {key: {} for key in keys}
        for seat in seats:
            for entry in sheets[seat.id, candidate.id].scores:
                if entry.value is not None and entry.item in rows:
                    rows[entry.item][seat.id] = entry.value
    totals = spread.totals(table)
    means = {key: spread.mean_of(row.values()) for key, row in totals.items()}
    return Heat(
        seats=seats,
        lines=lines,
        candidates=sorted(candidates, key=lambda row: (-means[row.id], row.number)),
        table=table,
        totals=totals,
        items=spread.item_spreads(table, keys),
        experts=spread.seat_spreads(table, [seat.id for seat in seats], keys),
        total=Decimal(str(review.rules["scoring"].get("total", "100"))),
        marked=_marked(review, table),
    )


def _marked(
    review: Review, table: dict[int, dict[str, dict[int, Decimal]]]
) -> dict[tuple[int, str], set[int]]:
    from evaluation.review_scoring import scoring_rules

    rules = scoring_rules(review)
    found: dict[tuple[int, str], set[int]] = defaultdict(set)
    for candidate, by_key in table.items():
        for key, values in by_key.items():
            if rules.is_objective(key):
                if len(set(values.values())) > 1:
                    found[candidate, key] |= set(values)
            else:
                found[candidate, key] |= {seat for seat, _value, _median in rules.extremes(key, values)}
    return {place: seats for place, seats in found.items() if seats}


#: The picture of the spread in its own units: names at the left, a scale of the item's points beside them.
LEFT, WIDTH, ROW = 210, 900, 30


@dataclass(frozen=True)
class Strip:
    """One item's line in the picture: from the lowest to the highest score, and where the mean lies."""

    text: str
    y: int
    low: float
    high: float
    mean: float
    spread: spread.ItemSpread


def strips(found: Heat) -> list[Strip]:
    """The items' spreads in proportion to their points."""
    by_key = {line["key"]: line for line in found.lines}
    room = WIDTH - LEFT - 20
    rows = []
    for index, item in enumerate(found.items):
        line = by_key[item.key]

        def place(value: Decimal, points: Decimal = line["points"]) -> float:
            return round(LEFT + float(value / points) * room, 1) if points else float(LEFT)

        rows.append(
            Strip(
                f"{item.key} {line['name']}",
                24 + index * ROW,
                place(item.lowest),
                place(item.highest),
                place(item.mean),
                item,
            )
        )
    return rows


def lean(found: Heat) -> list[tuple[spread.SeatSpread, PanelSeat, float, float]]:
    """Experts with the bar of their deviation: where it begins and how wide it is, zero in the middle."""
    by_id = {seat.id: seat for seat in found.seats}
    most = max((abs(row.deviation) for row in found.experts), default=Decimal(0)) or Decimal(1)
    middle, half = (LEFT + WIDTH) / 2, (WIDTH - LEFT) / 2 - 60
    rows = []
    for row in found.experts:
        width = round(float(abs(row.deviation) / most) * half, 1)
        rows.append((row, by_id[row.seat], middle if row.deviation >= 0 else middle - width, width))
    return rows


def cells(found: Heat, *, by_experts: bool) -> tuple[list[str], list[list[Any]]]:
    """The map as a plain table for a spreadsheet: heading and rows."""
    heads = ["编号", "服务商"]
    if by_experts:
        heads += [seat.pseudonym for seat in found.seats]
    else:
        heads += [f"{line['key']} {line['name']}" for line in found.lines]
    rows: list[list[Any]] = []
    for candidate in found.candidates:
        values: Sequence[Decimal | None]
        if by_experts:
            values = [found.totals[candidate.id].get(seat.id) for seat in found.seats]
        else:
            values = [found.mean(candidate, line["key"]) for line in found.lines]
        rows.append([candidate.number, candidate.name, *values, found.mean_total(candidate)])
    return [*heads, "平均"], rows
