"""What the review's pages show; each list in a constant number of statements."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, bindparam, case, func, select
from sqlalchemy.orm import aliased

from app.extensions import db
from app.templating import Page
from evaluation.models import (
    Ballot,
    CAGroup,
    CAGroupBallot,
    Candidate,
    Clarification,
    Dispute,
    ItemScore,
    PanelSeat,
    QualificationAnswer,
    QualificationSheet,
    Review,
    ScoreSheet,
)

PAGE = 20


@dataclass
class DeskRow:
    """One vendor on an expert's desk: the own sheet, which lines are filled, what it is waiting for."""

    number: int
    name: str
    sheet: str
    stage: str
    #: What stands in each line, in the order of the lines.
    marks: list[str] = field(default_factory=list)
    filled: int = 0
    total: int = 0

    @property
    def state(self) -> str:
        if self.stage == "signed":
            return "signed"
        if self.filled >= self.total:
            return "ready"
        return "work" if self.filled else "none"


def _complete(model: Any) -> ColumnElement[int]:
    """1 for a line of a sheet that is complete, by the same measure as the signing's."""
    if model is QualificationSheet:
        return case(
            (QualificationAnswer.passed.is_(True), 1),
            (
                (QualificationAnswer.passed.is_(False))
                & (QualificationAnswer.ground != "")
                & (QualificationAnswer.remark != ""),
                1,
            ),
            else_=0,
        )
    return case((ItemScore.value.is_not(None), 1), else_=0)


def _filled(model: Any) -> ScalarSelect[int]:
    """How many lines of a sheet are complete. Asked sheet by sheet along the key: however many scores the
    database expects there to be, no plan reads those of other sheets."""
    line = QualificationAnswer if model is QualificationSheet else ItemScore
    return (
        select(func.coalesce(func.sum(_complete(model)), 0))
        .where(line.sheet_id == model.id)
        .correlate(model)
        .scalar_subquery()
    )


@functools.cache
def _desk_statements(model: Any, only_open: bool) -> tuple[Any, Any, Any]:
    """How many sheets are in which state, a page of them, and their cells. Written once: putting a statement
    together costs as much as asking it."""
    about = Candidate.id == model.candidate_id
    own = [
        Candidate.review_id == bindparam("review"),
        model.seat_id == bindparam("seat"),
        model.stage != "void",
    ]
    if model is ScoreSheet:
        own.append(Candidate.stage.in_(("qualified", "selected", "reserve", "not_selected")))
    state = case(
        (model.stage == "signed", "signed"),
        else_=case({0: "none", bindparam("lines"): "ready"}, value=_filled(model), else_="work"),
    )
    states = (
        select(state, func.count()).select_from(model).join(Candidate, about).where(*own).group_by(state)
    )
    listed = (
        select(Candidate.number, Candidate.name, model.public_id, model.stage, model.id)
        .join(model, about)
        .where(*own)
        .order_by(Candidate.number)
        .limit(PAGE)
        .offset(bindparam("skipped"))
    )
    if only_open:
        listed = listed.where(model.stage != "signed")
    line = QualificationAnswer if model is QualificationSheet else ItemScore
    value = QualificationAnswer.passed if model is QualificationSheet else ItemScore.value
    cells = select(line.sheet_id, line.item, value, _complete(model)).where(
        line.sheet_id.in_(bindparam("sheets", expanding=True))
    )
    return states, listed, cells


def desk(
    seat: PanelSeat, model: Any, keys: list[str], *, page: int, only_open: bool
) -> tuple[Page, dict[str, int]]:
    """A page of the own sheets with their cells, and how many sheets are in which state over all pages."""
    states, listed, inside = _desk_statements(model, only_open)
    known = {"seat": seat.id, "review": seat.review_id, "lines": len(keys), "skipped": (page - 1) * PAGE}
    counts = {name: int(number) for name, number in db.session.execute(states, known)}
    total = sum(counts.values())
    if only_open:
        total -= counts.get("signed", 0)
    found = list(db.session.execute(listed, known))
    cells, complete = _cells(inside, [row.id for row in found])
    rows = [
        DeskRow(
            row.number,
            row.name,
            row.public_id,
            row.stage,
            [cells.get((row.id, key), "") for key in keys],
            complete.get(row.id, 0),
            len(keys),
        )
        for row in found
    ]
    return Page(rows, page, PAGE, total), counts


def _cells(statement: Any, sheets: list[int]) -> tuple[dict[tuple[int, str], str], dict[int, int]]:
    """What stands in each line of the sheets, and how many lines of each are complete."""
    cells: dict[tuple[int, str], str] = {}
    complete: dict[int, int] = {}
    for sheet_id, item, found, whole in db.session.execute(statement, {"sheets": sheets}):
        cells[sheet_id, item] = _mark(found)
        complete[sheet_id] = complete.get(sheet_id, 0) + whole
    return cells, complete


def _mark(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "√" if value else "×"
    return f"{value.normalize():f}"


@functools.cache
def _neighbours(model: Any) -> Any:
    """The three sheets beside one, each found along the vendors' numbers of its review."""

    def nearest(*conditions: Any, back: bool = False) -> Any:
        candidate, sheet = aliased(Candidate), aliased(model)
        found = (
            select(sheet.public_id)
            .join(candidate, candidate.id == sheet.candidate_id)
            .where(
                candidate.review_id == bindparam("review"),
                candidate.number < bindparam("number") if back else candidate.number > bindparam("number"),
                sheet.seat_id == bindparam("seat"),
                sheet.stage != "void",
                *(sheet.stage != stage for stage in conditions),
            )
            .order_by(candidate.number.desc() if back else candidate.number)
            .limit(1)
        )
        if model is ScoreSheet:
            found = found.where(candidate.stage != "eliminated")
        return found.scalar_subquery()

    return select(nearest(back=True), nearest(), nearest("signed"))


def neighbours(
    sheet: QualificationSheet | ScoreSheet, model: Any
) -> tuple[str | None, str | None, str | None]:
    """Public ids of the own sheets before and after, and of the next one that isn't signed."""
    candidate = sheet.candidate
    known = {"review": candidate.review_id, "number": candidate.number, "seat": sheet.seat_id}
    before, after, todo = db.session.execute(_neighbours(model), known).one()
    return before, after, todo


@dataclass
class Progress:
    """Expert × vendor, without contents: states only."""

    seats: list[PanelSeat]
    page: Page
    states: dict[tuple[int, int], str]
    left: dict[int, int]


def progress(
    review: Review, seats: list[PanelSeat], model: Any, lines: int, *, page: int, total: int
) -> Progress:
    """The progress matrix of a page of the `total` vendors, and how many sheets each seat has left over all."""
    candidates = select(Candidate.id, Candidate.number, Candidate.name, Candidate.stage).where(
        Candidate.review_id == review.id
    )
    if model is ScoreSheet:
        candidates = candidates.where(Candidate.stage != "eliminated")
    shown = list(
        db.session.execute(candidates.order_by(Candidate.number).limit(PAGE).offset((page - 1) * PAGE))
    )
    ids = [seat.id for seat in seats]
    states: dict[tuple[int, int], str] = {}
    chosen = (
        model.seat_id.in_(ids),
        model.candidate_id.in_([row.id for row in shown]),
        model.stage != "void",
    )
    for seat_id, candidate_id, stage, done in db.session.execute(
        select(model.seat_id, model.candidate_id, model.stage, _filled(model)).where(*chosen)
    ):
        if stage == "signed":
            states[seat_id, candidate_id] = "signed"
        else:
            states[seat_id, candidate_id] = "ready" if done >= lines else "work" if done else "none"
    left = {
        seat_id: int(count)
        for seat_id, count in db.session.execute(
            select(model.seat_id, func.count())
            .where(model.seat_id.in_(ids), model.stage.in_(("open", "reopened")))
            .group_by(model.seat_id)
        )
    }
    return Progress(seats, Page(shown, page, PAGE, total), states, left)


def open_votes(review: Review, seat: PanelSeat) -> tuple[list[Dispute], list[CAGroup]]:
    """Disputes and CA groups on which the seat has not voted yet."""
    disputes = db.session.scalars(
        select(Dispute)
        .where(
            Dispute.review_id == review.id,
            Dispute.stage == "open",
            ~select(Ballot.seat_id)
            .where(Ballot.dispute_id == Dispute.id, Ballot.seat_id == seat.id)
            .exists(),
        )
        .order_by(Dispute.id)
    )
    groups = db.session.scalars(
        select(CAGroup).where(
            CAGroup.review_id == review.id,
            CAGroup.stage == "open",
            ~select(CAGroupBallot.seat_id)
            .where(CAGroupBallot.group_id == CAGroup.id, CAGroupBallot.seat_id == seat.id)
            .exists(),
        )
    )
    return list(disputes), list(groups)


def clarifications(review: Review, *, candidate_id: int | None = None) -> list[Clarification]:
    """Questions to vendors, newest first."""
    statement = select(Clarification).where(Clarification.review_id == review.id)
    if candidate_id is not None:
        statement = statement.where(Clarification.candidate_id == candidate_id)
    return list(db.session.scalars(statement.order_by(Clarification.id.desc())))
