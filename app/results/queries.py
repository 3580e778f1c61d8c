"""What the pages after the ranking show; each list in a constant number of statements."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from app import clock
from app.documents import report
from app.documents.models import Document
from app.extensions import db
from app.publication.models import Recruitment
from app.results import deadlines
from app.results.models import (
    Complaint,
    Contract,
    FeeShare,
    Objection,
    Publicity,
    SelectionNotice,
    StageDecision,
)
from app.review.forms import score_lines
from app.wording import label, stage_word
from evaluation.models import Candidate, ItemScore, PanelSeat, RankEntry, Review, ScoreSheet
from evaluation.ranking import shown
from evaluation.review_qualification import form_items, grounds


def public_ranking(recruitment: Recruitment) -> list[dict[str, Any]]:
    """The ranking as it is published: rank, vendor, score, what became of it."""
    if recruitment.review is None:
        return []
    rows = report.ranking_rows(recruitment.review)
    for row in rows:
        stage = row["entry"].candidate.stage
        foreseen = "拟入选" if row["selected"] else "候补"
        row["word"] = foreseen if stage in ("qualified", "under_review") else stage_word("candidate", stage)
        row["stage"] = stage
    return rows


def eliminated(recruitment: Recruitment) -> list[Candidate]:
    """Vendors that did not pass the qualification; their reasons are told to themselves only."""
    return list(
        db.session.scalars(
            select(Candidate)
            .where(Candidate.review_id == recruitment.review_id, Candidate.stage == "eliminated")
            .order_by(Candidate.number)
        )
    )


def all_publicities(recruitment: Recruitment) -> list[Publicity]:
    """Every publicity ever, also those taken back, with who left and who moved up."""
    return list(
        db.session.scalars(
            select(Publicity)
            .where(Publicity.recruitment_id == recruitment.id)
            .options(joinedload(Publicity.removed), joinedload(Publicity.moved_up))
            .order_by(Publicity.number)
        )
    )


def publicity_state(row: Publicity) -> str:
    """running, objections, over or withdrawn, by today."""
    today = clock.today()
    if row.withdrawn_at is not None:
        return "withdrawn"
    if today <= row.ends_on:
        return "running"
    return "objections" if today <= row.objections_until else "over"


def documents_of(recruitment: Recruitment, *kinds: str) -> dict[tuple[str, str], Document]:
    """The issued documents in force: (kind, subject's public id) → document."""
    rows = db.session.scalars(
        select(Document).where(
            Document.recruitment_id == recruitment.id,
            Document.kind.in_(kinds),
            Document.superseded_at.is_(None),
        )
    )
    return {(row.kind, row.subject_ref): row for row in rows}


def objection_counts(recruitment: Recruitment) -> tuple[int, int]:
    """How many objections were received, and how many of them are decided."""
    rows = db.session.execute(
        select(Objection.stage, func.count())
        .where(Objection.recruitment_id == recruitment.id)
        .group_by(Objection.stage)
    )
    counts = {stage: int(number) for stage, number in rows}
    total = sum(counts.values())
    return total, total - counts.get("received", 0) - counts.get("accepted", 0)


@dataclass(frozen=True)
class ScoreLine:
    """One line of the scoring table with the vendor's mean over the seats."""

    key: str
    name: str
    text: str
    kind: str
    points: Decimal
    mean: Decimal


def own_scores(review: Review, candidate: Candidate) -> list[ScoreLine]:
    """The vendor's means per scoring key, over the seats that count; empty before all have signed."""
    values: dict[str, list[Decimal]] = {}
    for item, value in db.session.execute(
        select(ItemScore.item, ItemScore.value)
        .join(ScoreSheet, ScoreSheet.id == ItemScore.sheet_id)
        .join(PanelSeat, PanelSeat.id == ScoreSheet.seat_id)
        .where(
            ScoreSheet.candidate_id == candidate.id,
            ScoreSheet.stage == "signed",
            PanelSeat.seat_no.is_not(None),
        )
    ):
        if value is not None:
            values.setdefault(item, []).append(value)
    places = int(review.rules["scoring"].get("shown_places", 2))
    found = []
    for line in score_lines(review):
        given = values.get(line["key"], [])
        if len(given) != review.seats:
            return []
        mean = Fraction(sum(given, Decimal(0))) / len(given)
        found.append(
            ScoreLine(
                key=line["key"],
                name=line["name"],
                text=line["text"],
                kind=line["kind"],
                points=line["points"],
                mean=shown(mean, places),
            )
        )
    return found


def elimination(candidate: Candidate) -> list[dict[str, Any]]:
    """Why the vendor did not pass: item, how it was decided, grounds in the plan's words, remarks."""
    review = candidate.review
    titles = {str(entry["id"]): entry["title"] for entry in form_items(review)}
    words = {str(entry["id"]): entry["text"] for entry in grounds(review)}
    return [
        {
            "item": titles.get(str(entry.get("item")), str(entry.get("item", ""))),
            "by": label("eliminated_by", str(entry.get("by", ""))),
            "grounds": [words.get(str(ground), str(ground)) for ground in entry.get("grounds", [])],
            "remarks": [str(remark) for remark in entry.get("remarks", []) if remark],
        }
        for entry in candidate.elimination
    ]


@dataclass
class Own:
    """What a vendor sees of its result."""

    candidate: Candidate
    entry: RankEntry | None
    ranked: int
    scores: list[ScoreLine]
    reasons: list[dict[str, Any]]
    ties: list[str]
    notices: list[SelectionNotice]
    contract: Contract | None
    shares: list[FeeShare]


def own_result(recruitment: Recruitment, candidate: Candidate) -> Own:
    """Everything about one vendor, for its own people."""
    review = candidate.review
    entry = db.session.scalar(select(RankEntry).where(RankEntry.candidate_id == candidate.id))
    ranked = db.session.scalar(
        select(func.count()).select_from(RankEntry).where(RankEntry.review_id == review.id)
    )
    items = {str(item["no"]): item["name"] for item in review.rules["scoring"]["items"]}
    notices = db.session.scalars(
        select(SelectionNotice)
        .where(SelectionNotice.candidate_id == candidate.id)
        .order_by(SelectionNotice.id.desc())
    )
    shares = db.session.scalars(
        select(FeeShare).where(FeeShare.candidate_id == candidate.id).order_by(FeeShare.id)
    )
    return Own(
        candidate=candidate,
        entry=entry,
        ranked=int(ranked or 0),
        scores=own_scores(review, candidate) if entry is not None else [],
        reasons=elimination(candidate) if candidate.stage == "eliminated" else [],
        ties=[report.tie_in_words(step, items) for step in entry.tie_steps] if entry is not None else [],
        notices=list(notices),
        contract=db.session.scalar(select(Contract).where(Contract.candidate_id == candidate.id)),
        shares=list(shares),
    )


def objections_of(recruitment: Recruitment, *, organisation_id: int | None = None) -> list[Objection]:
    """Objections of a recruitment, or of one vendor in it, the newest first."""
    query = select(Objection).where(Objection.recruitment_id == recruitment.id)
    if organisation_id is not None:
        query = query.where(Objection.organisation_id == organisation_id)
    return list(
        db.session.scalars(
            query.options(joinedload(Objection.organisation), joinedload(Objection.against)).order_by(
                Objection.number.desc()
            )
        )
    )


def complaints_of(recruitment: Recruitment) -> list[Complaint]:
    """Complaints on record, the newest first."""
    return list(
        db.session.scalars(
            select(Complaint).where(Complaint.recruitment_id == recruitment.id).order_by(Complaint.id.desc())
        )
    )


def decisions_of(recruitment: Recruitment) -> list[StageDecision]:
    """Every decision on record with who took it, the newest first."""
    return list(
        db.session.scalars(
            select(StageDecision)
            .where(StageDecision.recruitment_id == recruitment.id)
            .options(joinedload(StageDecision.by))
            .order_by(StageDecision.id.desc())
        )
    )


def candidates_of(recruitment: Recruitment) -> list[Candidate]:
    """All vendors of the review, in the order of their numbers."""
    return list(
        db.session.scalars(
            select(Candidate).where(Candidate.review_id == recruitment.review_id).order_by(Candidate.number)
        )
    )


def provisional_left(recruitment: Recruitment) -> bool:
    """True where a deadline was counted by another calendar than the one in force and is provisional."""
    from app.calendar import calendar

    version = calendar().version
    open_rows = select(Objection.id).where(
        Objection.recruitment_id == recruitment.id,
        Objection.provisional.is_(True),
        Objection.calendar_version != version,
        Objection.stage.in_(("received", "accepted")),
    )
    if db.session.scalar(select(open_rows.exists())):
        return True
    return any(
        row.provisional and row.calendar_version != version for row in deadlines.publicities(recruitment)
    )
