"""Freezing the ranking, and the report that every seat signs or dissents from in writing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, joinedload

from evaluation.models import PanelSeat, RankEntry, ReportSignature, Review
from evaluation.ranking import Ranked, RankingRules, Standing, rank
from evaluation.references import ranking_digest, record_digest, ref_of, with_salts
from evaluation.review import (
    ReviewCode,
    ReviewRefused,
    Sign,
    exact,
    held_seats,
    keep_version,
    minute,
    payload_head,
    put_signature,
    require_seat,
)
from evaluation.review_record import signed_digests
from evaluation.review_scoring import all_signed, require_all_signed, scoring_rules, sheets_of
from evaluation.review_settling import differences, extremes


def freeze_ranking(session: Session, review: Review, *, now: datetime, lottery: str = "") -> list[RankEntry]:
    """Rank the qualified vendors by their exact means and keep the rows with the tie steps taken.

    Blocked while a sheet is open, an objective item unequal or an extreme score unanswered. `lottery` is
    the public value witnessed by the supervisor, needed only where the tie chain ends in a draw of lots.
    """
    if session.scalar(select(RankEntry.rank).where(RankEntry.review_id == review.id).limit(1)) is not None:
        raise ReviewRefused(ReviewCode.RANKED_ALREADY)
    require_all_signed(session, review)
    if left := differences(session, review):
        raise ReviewRefused(ReviewCode.DIFFERENCES_LEFT, count=len(left))
    if open_extremes := [row for row in extremes(session, review) if row.state != "confirmed"]:
        raise ReviewRefused(ReviewCode.EXTREMES_LEFT, count=len(open_extremes))
    _, by_number = _standings(session, review)
    ranked = standing_order(session, review, lottery=lottery)
    if any(row.tied for row in ranked):
        raise ReviewRefused(ReviewCode.LOTTERY_NEEDED)
    rows = [
        RankEntry(
            review_id=review.id,
            candidate_id=by_number[row.key],
            rank=row.rank,
            total=row.total,
            seats=review.seats,
            score=row.score,
            objective_total=row.objective_total,
            tie_steps=row.tie_steps,
        )
        for row in ranked
    ]
    session.add_all(rows)
    minute(session, review, "ranked", now=now, count=len(rows), lottery=lottery)
    return rows


def standing_order(session: Session, review: Review, *, lottery: str = "") -> list[Ranked]:
    """The order as the signed sheets give it now, kept nowhere; [] before all have signed."""
    if not all_signed(session, review):
        return []
    standings, _ = _standings(session, review)
    rules = RankingRules.from_plan(review.rules["ranking"])
    return rank(standings, scoring=scoring_rules(review), rules=rules, lottery=lottery)


def _standings(session: Session, review: Review) -> tuple[list[Standing], dict[str, int]]:
    values: dict[int, dict[str, list[Decimal]]] = {}
    refs: dict[int, str] = {}
    for sheet in sheets_of(session, review):
        if sheet.candidate.stage != "qualified":
            continue
        if sheet.candidate_id not in refs:
            refs[sheet.candidate_id] = ref_of(sheet.candidate)
        by_key = values.setdefault(sheet.candidate_id, {})
        for row in sheet.scores:
            by_key.setdefault(row.item, []).append(row.value or Decimal(0))
    standings = [Standing(key=refs[number], scores=by_key) for number, by_key in values.items()]
    return standings, {ref: number for number, ref in refs.items()}


def thaw_ranking(session: Session, review: Review) -> None:
    """Drop a frozen ranking and the report on it, for a lawful re-review; signed sheets stay."""
    session.execute(delete(RankEntry).where(RankEntry.review_id == review.id))
    session.execute(delete(ReportSignature).where(ReportSignature.review_id == review.id))
    review.report_digest = review.report_due_at = review.reported_at = None
    session.flush()


def lay_report(session: Session, review: Review, *, digest: str, due_at: datetime) -> None:
    """Put the issued report before the panel: its digest is what everyone signs."""
    if review.reported_at is not None:
        raise ReviewRefused(ReviewCode.REPORT_DONE)
    if session.scalar(select(RankEntry.rank).where(RankEntry.review_id == review.id).limit(1)) is None:
        raise ReviewRefused(ReviewCode.NOT_RANKED)
    session.execute(delete(ReportSignature).where(ReportSignature.review_id == review.id))
    review.report_digest, review.report_due_at = digest, due_at
    session.flush()


def positions(session: Session, review: Review) -> dict[int, ReportSignature]:
    """Seat id → its signature or dissent."""
    rows: Iterable[ReportSignature] = session.scalars(
        select(ReportSignature).where(ReportSignature.review_id == review.id)
    )
    return {row.seat_id: row for row in rows}


def answer_report(
    session: Session,
    review: Review,
    seat: PanelSeat,
    *,
    reason: str = "",
    dissent: bool,
    sign: Sign,
    now: datetime,
) -> ReportSignature:
    """Sign the report, or dissent with a reason. The last of the seats completes it."""
    require_seat(seat)
    if review.report_digest is None:
        raise ReviewRefused(ReviewCode.REPORT_MISSING)
    if review.reported_at is not None:
        raise ReviewRefused(ReviewCode.REPORT_DONE)
    given = positions(session, review)
    if seat.id in given:
        raise ReviewRefused(ReviewCode.REPORT_ANSWERED)
    if dissent and not reason.strip():
        raise ReviewRefused(ReviewCode.REASON_MISSING)
    row = _position(session, review, seat, "dissent" if dissent else "signed", reason.strip(), sign, now)
    if all(held.id in given or held.id == seat.id for held in held_seats(session, review)):
        review.reported_at = now
    session.flush()
    return row


def _ranking_lines(session: Session, review: Review) -> list[tuple[int, str, str, int]]:
    rows = session.scalars(
        select(RankEntry)
        .where(RankEntry.review_id == review.id)
        .options(joinedload(RankEntry.candidate))
        .order_by(RankEntry.rank)
    )
    return [(row.rank, ref_of(row.candidate), exact(row.total), row.seats) for row in rows]


def position_payload(
    session: Session, review: Review, seat: PanelSeat, row: ReportSignature, now: datetime
) -> dict[str, Any]:
    """The canonical content of a signature under the report, or of a dissent from it: with the ranking and
    everything that was signed before it."""
    payload = {
        **payload_head("report", review, seat, now),
        "report": row.report_digest,
        "ranking": ranking_digest(_ranking_lines(session, review)),
        "record": record_digest(signed_digests(session, review)),
        "position": row.position,
        "reason": row.reason,
    }
    return with_salts(payload, review.secret)


def _position(
    session: Session, review: Review, seat: PanelSeat, position: str, reason: str, sign: Sign, now: datetime
) -> ReportSignature:
    row = ReportSignature(
        review_id=review.id,
        seat_id=seat.id,
        position=position,
        reason=reason,
        report_digest=review.report_digest,
    )
    payload = position_payload(session, review, seat, row, now)
    proof = sign(payload)
    put_signature(row, proof, now)
    session.add(row)
    session.flush()
    keep_version(session, "report", review.id, payload, proof, seat=seat, now=now)
    return row


def deem_silent(session: Session, review: Review, *, now: datetime) -> list[PanelSeat]:
    """After the set time: whoever neither signed nor wrote is recorded as consenting. Returns those seats.

    Nothing is signed for them; the row says "deemed".
    """
    if review.report_digest is None or review.report_due_at is None:
        raise ReviewRefused(ReviewCode.REPORT_MISSING)
    if review.reported_at is not None or now <= review.report_due_at:
        return []
    given = positions(session, review)
    silent = [seat for seat in held_seats(session, review) if seat.id not in given]
    for seat in silent:
        session.add(
            ReportSignature(
                review_id=review.id,
                seat_id=seat.id,
                position="deemed",
                report_digest=review.report_digest,
                signed_at=None,
            )
        )
    review.reported_at = now
    session.flush()
    return silent
