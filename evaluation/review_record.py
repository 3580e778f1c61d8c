"""Everything that was signed in a review, every version of it, in the order of signing."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from evaluation.models import (
    CAGroup,
    Dispute,
    PanelSeat,
    QualificationSheet,
    Review,
    ScoreSheet,
    SheetVersion,
)

#: Kinds of signed rows before the report.
KINDS = ("declaration", "qualification_sheet", "ballot", "ca_group_ballot", "score_sheet")


def _of_review(review: Review, kinds: tuple[str, ...]) -> ColumnElement[bool]:
    seats = select(PanelSeat.id).where(PanelSeat.review_id == review.id)
    subjects: dict[str, Any] = {
        "declaration": seats,
        "qualification_sheet": select(QualificationSheet.id).where(QualificationSheet.seat_id.in_(seats)),
        "score_sheet": select(ScoreSheet.id).where(ScoreSheet.seat_id.in_(seats)),
        "ballot": select(Dispute.id).where(Dispute.review_id == review.id),
        "ca_group_ballot": select(CAGroup.id).where(CAGroup.review_id == review.id),
        "report": select(Review.id).where(Review.id == review.id),
    }
    return or_(
        *(and_(SheetVersion.kind == kind, SheetVersion.subject_id.in_(subjects[kind])) for kind in kinds)
    )


def signed_versions(session: Session, review: Review) -> list[SheetVersion]:
    """Every signed version of the review's sheets, ballots, declarations and report positions, the first first."""
    return list(
        session.scalars(
            select(SheetVersion).where(_of_review(review, (*KINDS, "report"))).order_by(SheetVersion.id)
        )
    )


def signed_digests(session: Session, review: Review) -> list[str]:
    """The payload digests of everything signed before the report, every version."""
    return list(session.scalars(select(SheetVersion.payload_digest).where(_of_review(review, KINDS))))
