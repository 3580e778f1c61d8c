"""A small review in a database of its own: five seats, invented vendors, rules in the plan's shape."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from evaluation.models import Candidate, Draw, Expert, PanelSeat, QualificationSheet, Review, ScoreSheet
from evaluation.review import held_seats
from evaluation.review_qualification import Answer, form_items, open_qualification, save_answers, sign_sheets
from evaluation.review_scoring import Entry, open_scoring, save_scores, sign_score_sheets

NOW = datetime(2023, 7, 10, 1, 0, tzinfo=UTC)

RULES: dict[str, Any] = {
    "qualification": {
        "requirements": [{"id": f"Q{n}", "title": f"requirement {n}", "text": "", "evidence": ""} for n in range(1, 6)],
        "form": [{"id": str(n), "title": f"item {n}", "text": f"text {n}"} for n in range(1, 5)],
        "invalidity": [{"id": str(n), "text": f"reason {n}"} for n in range(1, 7)],
        "vote_numerator": 2,
        "vote_denominator": 3,
        "one_per_ca": True,
        "form_title": "form",
        "form_notes": [],
    },
    "panel": {"seats": 5},
    "scoring": {
        "total": "100",
        "step": "0.5",
        "combine": "mean",
        "shown_places": 2,
        "extreme_percent": 30,
        "items": [
            {
                "no": 1,
                "name": "certificate",
                "kind": "objective",
                "points": "40",
                "standard": "",
                "evidence": "",
                "rule": "full_or_zero",
            },
            {
                "no": 2,
                "name": "assurance",
                "kind": "subjective",
                "points": "40",
                "standard": "",
                "evidence": "",
                "subitems": [
                    {"id": "2.1", "text": "", "evidence": "", "points": "30", "rule": "range"},
                    {"id": "2.2", "text": "", "evidence": "", "points": "10", "rule": "full_or_zero"},
                ],
            },
            {
                "no": 3,
                "name": "cases",
                "kind": "subjective",
                "points": "20",
                "standard": "",
                "evidence": "",
                "rule": "count",
                "per": "2",
            },
        ],
    },
    "ranking": {
        "quota": 10,
        "tie_chain": ["objective_subtotal", "items_by_weight", "lottery"],
        "minimum_candidates": 3,
    },
    "fees": {"payer": "selected"},
}


@dataclass(frozen=True)
class Proof:
    digest: str
    signature: str
    key_id: int | None = None


def sign(payload: dict[str, Any]) -> Proof:
    """A signer that only digests: the seam's real key is tested where it lives."""
    data = json.dumps(payload, sort_keys=True, ensure_ascii=False).encode()
    return Proof(hashlib.sha256(data).hexdigest(), "00")


def make_review(session: Session, vendors: int = 3, seats: int = 5, licences: dict[int, str] | None = None) -> Review:
    """A review with active seats (the first is the chair) and vendors numbered from 1."""
    review = Review(plan_digest="a" * 64, rules=RULES, seats=seats, created_at=NOW)
    session.add(review)
    session.flush()
    draw = Draw(review_id=review.id, proof={}, proof_digest="b" * 64, drawn_at=NOW)
    session.add(draw)
    session.flush()
    for number in range(1, seats + 2):
        expert = Expert(code=f"E{number}", name=f"sample {number}")
        session.add(expert)
        session.flush()
        session.add(
            PanelSeat(
                review_id=review.id,
                draw_id=draw.id,
                expert_id=expert.id,
                position=number,
                seat_no=number if number <= seats else None,
                pseudonym=f"P{number}",
                stage="active" if number <= seats else "drawn",
                is_chair=number == 1,
            )
        )
    for number in range(1, vendors + 1):
        session.add(
            Candidate(
                review_id=review.id,
                number=number,
                name=f"vendor {number}",
                credit_code=f"{number:018d}",
                ca_licence=(licences or {}).get(number, f"CA{number}"),
                facts={},
            )
        )
    session.flush()
    session.refresh(review)
    return review


def sheet(session: Session, model: Any, seat: PanelSeat, candidate: Candidate) -> Any:
    """The sheet of a seat for a vendor."""
    return session.query(model).filter_by(seat_id=seat.id, candidate_id=candidate.id).one()


def yes(review: Review) -> dict[str, Answer]:
    return {str(entry["id"]): Answer(True) for entry in form_items(review)}


def no(item: str) -> dict[str, Answer]:
    return {item: Answer(False, "1", "not in the package")}


def judge(
    session: Session, review: Review, candidate: Candidate, against: dict[int, str] | None = None, now: datetime = NOW
) -> None:
    """All seats fill and sign one vendor's sheet; `against` maps seat numbers to the item they refuse."""
    for seat in held_seats(session, review):
        own: QualificationSheet = sheet(session, QualificationSheet, seat, candidate)
        if own.stage == "signed":
            continue
        answers = yes(review) | (no((against or {})[seat.seat_no]) if seat.seat_no in (against or {}) else {})
        save_answers(session, review, own, seat, answers, version=own.version)
        sign_sheets(session, review, [own], seat, sign=sign, now=now)


def qualified_review(session: Session, vendors: int = 3) -> Review:
    """A review whose vendors have all passed, with score sheets laid out."""
    review = make_review(session, vendors)
    open_qualification(session, review)
    for candidate in review.candidates:
        judge(session, review, candidate)
    open_scoring(session, review)
    return review


def points(first: str = "40", second: str = "20", third: str = "10", cases: int = 3) -> dict[str, Entry]:
    return {
        "1": Entry(Decimal(first)),
        "2.1": Entry(Decimal(second)),
        "2.2": Entry(Decimal(third)),
        "3": Entry(Decimal(2 * cases), {"cases": [f"case {n}" for n in range(cases)]}),
    }


def score_all(session: Session, review: Review, special: dict[tuple[int, int], dict[str, Entry]] | None = None) -> None:
    """All seats score all vendors and sign; `special` maps (seat, vendor) to its entries."""
    for seat in held_seats(session, review):
        own = []
        for candidate in review.candidates:
            row: ScoreSheet = sheet(session, ScoreSheet, seat, candidate)
            default = points(second=str(15 + candidate.number))
            entries = (special or {}).get((seat.seat_no or 0, candidate.number), default)
            save_scores(session, review, row, seat, entries, version=row.version)
            own.append(row)
        sign_score_sheets(session, review, own, seat, sign=sign, now=NOW)


def hours(count: int) -> timedelta:
    return timedelta(hours=count)
