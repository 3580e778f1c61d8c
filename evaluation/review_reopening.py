"""Re-review: the ranking is taken back, named sheets are opened again with their cause, or a panel is voided.

Nothing signed is lost: every version of sheets and ballots stays in `SheetVersion`. The application moves
the vendors' stages back to "qualified" and the recruitment's stage; it calls these afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from evaluation.models import (
    Ballot,
    CAGroup,
    CAGroupBallot,
    Candidate,
    Dispute,
    Minute,
    QualificationSheet,
    Review,
    ScoreSheet,
)
from evaluation.review import ReviewCode, ReviewRefused, held_seats, minute, touch
from evaluation.review_groups import licence_of
from evaluation.review_qualification import unsettle
from evaluation.review_report import thaw_ranking
from evaluation.review_scoring import scoring_rules

#: Why scores may change after the report: by the original panel.
SCORE_CAUSES = ("sum_error", "out_of_range", "objective_unequal", "extreme_score")
#: Why the qualification is judged again by the original panel.
QUALIFICATION_CAUSES = ("qualification_error",)
#: Why a new panel is drawn.
PANEL_CAUSES = ("composition", "recusal", "misconduct", "interference")
CAUSES = SCORE_CAUSES + QUALIFICATION_CAUSES + PANEL_CAUSES

KIND = "re_review"


def stage_for(cause: str) -> str:
    """The stage that a cause sends the recruitment back to."""
    return "scoring" if cause in SCORE_CAUSES else "qualification"


def _write(
    session: Session,
    review: Review,
    cause: str,
    reason: str,
    now: datetime,
    rows: list[Candidate],
    items: list[str],
) -> None:
    minute(
        session,
        review,
        KIND,
        now=now,
        text=reason,
        cause=cause,
        candidates=[row.number for row in rows],
        items=items,
    )


def last_reopening(session: Session, review: Review) -> Minute | None:
    """The minute of the latest re-review, with its cause, vendors and scoring keys; None if there was none."""
    return session.scalar(
        select(Minute)
        .where(Minute.review_id == review.id, Minute.kind == KIND)
        .order_by(Minute.id.desc())
        .limit(1)
    )


def reopen_scores(
    session: Session,
    review: Review,
    candidates: Iterable[Candidate],
    items: Iterable[str],
    *,
    cause: str,
    reason: str,
    now: datetime,
) -> int:
    """Take the ranking back and open the named vendors' score sheets for the named keys (none: all of them).

    Returns how many sheets were opened. Raises ReviewRefused for a key the plan doesn't have, or where
    there is no signed sheet to open.
    """
    rows, keys = list(candidates), list(items)
    known = scoring_rules(review).keys
    for key in keys:
        if key not in known:
            raise ReviewRefused(ReviewCode.UNKNOWN_ITEM, item=key)
    thaw_ranking(session, review)
    opened = _reopen(session, review, ScoreSheet, rows)
    if not opened:
        raise ReviewRefused(ReviewCode.NOTHING_TO_SIGN)
    _write(session, review, cause, reason, now, rows, keys)
    return opened


def reopen_qualification(
    session: Session,
    review: Review,
    candidates: Iterable[Candidate],
    *,
    cause: str,
    reason: str,
    now: datetime,
) -> int:
    """Take the ranking back and have the named vendors' qualification judged and, where disputed, voted anew.

    Returns how many sheets were opened.
    """
    rows = list(candidates)
    thaw_ranking(session, review)
    opened = _reopen(session, review, QualificationSheet, rows)
    if not opened:
        raise ReviewRefused(ReviewCode.NOTHING_TO_SIGN)
    _drop_votes(session, review, rows)
    unsettle(session, review, rows)
    _write(session, review, cause, reason, now, rows, [])
    return opened


def restart(session: Session, review: Review, *, cause: str, reason: str, now: datetime) -> int:
    """After a panel was voided: every vendor that is still there is under review again, all votes are cast
    anew. Returns how many vendors. Nobody's sheet counts any more; the new panel gets blank ones."""
    thaw_ranking(session, review)
    rows = list(
        session.scalars(
            select(Candidate).where(
                Candidate.review_id == review.id,
                Candidate.stage.in_(("qualified", "eliminated", "under_review")),
            )
        )
    )
    _drop_votes(session, review, rows)
    unsettle(session, review, rows)
    _write(session, review, cause, reason, now, rows, [])
    return len(rows)


def _reopen(
    session: Session,
    review: Review,
    model: type[QualificationSheet] | type[ScoreSheet],
    rows: list[Candidate],
) -> int:
    sheets: list[QualificationSheet | ScoreSheet] = list(
        session.scalars(
            select(model).where(
                model.seat_id.in_([seat.id for seat in held_seats(session, review)]),
                model.candidate_id.in_([row.id for row in rows]),
                model.stage == "signed",
            )
        )
    )
    for sheet in sheets:
        sheet.stage = "reopened"
    session.flush()
    return len(sheets)


def _drop_votes(session: Session, review: Review, rows: list[Candidate]) -> None:
    """The votes on these vendors are cast anew; the ballots' signed versions stay readable."""
    disputes = list(
        session.scalars(select(Dispute).where(Dispute.candidate_id.in_([row.id for row in rows])))
    )
    session.execute(delete(Ballot).where(Ballot.dispute_id.in_([dispute.id for dispute in disputes])))
    licences = {licence_of(row) for row in rows} - {""}
    groups = list(
        session.scalars(
            select(CAGroup).where(CAGroup.review_id == review.id, CAGroup.ca_licence.in_(licences))
        )
    )
    session.execute(delete(CAGroupBallot).where(CAGroupBallot.group_id.in_([group.id for group in groups])))
    for row in (*disputes, *groups):
        touch(row)
    session.flush()
    for row in (*disputes, *groups):
        session.expire(row, ["ballots"])
