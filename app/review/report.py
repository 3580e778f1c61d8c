"""Use cases of the ranking and the review report."""

from __future__ import annotations

from datetime import datetime, timedelta

from app import clock
from app.audit import SYSTEM, Actor, record
from app.documents.models import Document
from app.errors import Refusal
from app.extensions import action, db
from app.lifecycle import move
from app.publication.models import Recruitment
from app.review import texts
from app.review.actions import tell_panel
from app.review.common import later, review_of, seat_for
from app.review.keys import sign_by
from app.review.lots import value_in_force
from evaluation import review_report as reports
from evaluation.models import RankEntry, ReportSignature

#: How long the experts have for the report when nobody sets another time.
REPORT_SPAN = timedelta(days=1)


@action
def freeze_ranking(*, actor: Actor, recruitment: Recruitment) -> list[RankEntry]:
    """Form and freeze the ranking; staff only trigger it, the rules do it.

    Where the tie chain ends in a lottery it must have been drawn by both parties before, for these ties.
    """
    review = review_of(recruitment, "scoring", lock=True)
    lottery = value_in_force(review)
    rows = reports.freeze_ranking(db.session(), review, now=clock.now(), lottery=lottery)
    record(
        "review.ranked",
        actor=actor,
        recruitment=recruitment,
        subject=review,
        ranking=[[row.rank, str(row.total), str(row.score)] for row in rows],
        lottery=lottery,
    )
    return rows


@action
def issue_report(*, actor: Actor, recruitment: Recruitment, due_at: datetime | None = None) -> Document:
    """Issue the report and put it before the panel until `due_at` (a day, if not given)."""
    from app.documents import issue_review_report

    review = review_of(recruitment, "scoring", lock=True)
    now = clock.now()
    due = later(due_at, now) if due_at is not None else now + REPORT_SPAN
    reports.lay_report(db.session(), review, digest="", due_at=due)
    document: Document = issue_review_report(review, actor=actor)
    reports.lay_report(db.session(), review, digest=document.sm3, due_at=due)
    record(
        "review.report_issued",
        actor=actor,
        recruitment=recruitment,
        subject=review,
        digest=document.sm3,
        document=document.public_id,
        due_at=due,
    )
    tell_panel(
        recruitment,
        kind="review.report",
        subject="请签署评审报告",
        body="评审报告已生成，请在截止时间前签署；有不同意见的请书面写明理由，逾期既不签署又不说明的视为同意。",
        link=texts.sheet_link("review.report", recruitment),
    )
    return document


@action
def answer_report(
    *, actor: Actor, recruitment: Recruitment, dissent: bool = False, reason: str = ""
) -> ReportSignature:
    """Sign the report or dissent with a reason; the last one completes the stage."""
    review = review_of(recruitment, "scoring", lock=True)
    seat = seat_for(actor, review)
    row = reports.answer_report(
        db.session(),
        review,
        seat,
        reason=reason,
        dissent=dissent,
        sign=sign_by(actor, seat),
        now=clock.now(),
    )
    record(
        "review.report_answered",
        actor=actor,
        recruitment=recruitment,
        subject=review,
        position=row.position,
        digest=row.payload_digest,
    )
    if review.reported_at is not None:
        move(recruitment, "reported", actor=actor)
    return row


@action
def close_report(*, actor: Actor = SYSTEM, recruitment: Recruitment) -> int:
    """After the set time: record the silent as consenting, complete the stage. Returns how many."""
    review = review_of(recruitment, "scoring", lock=True)
    silent = reports.deem_silent(db.session(), review, now=clock.now())
    if review.reported_at is None:
        raise Refusal("review_dispute_running")
    for seat in silent:
        record(
            "review.report_answered",
            actor=actor,
            recruitment=recruitment,
            subject=review,
            position="deemed",
            seat=seat.pseudonym,
        )
    move(recruitment, "reported", actor=actor)
    return len(silent)
