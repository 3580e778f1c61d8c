"""Use cases of the scoring, each one transaction with its event."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import IO, Any

from sqlalchemy import select

from app import clock
from app.audit import Actor, record
from app.errors import Refusal
from app.extensions import action, db
from app.lifecycle import move
from app.publication.models import Recruitment
from app.review import texts
from app.review.actions import MAX_ANSWER_BYTES, tell_panel, tell_vendor
from app.review.common import as_conflict, review_of, seat_for
from app.review.keys import sign_by
from app.storage import keep
from evaluation import review_scoring as scoring
from evaluation import review_settling as settling
from evaluation.models import Candidate, PanelSeat, ScoreSheet
from evaluation.review import StaleSheet
from evaluation.review_scoring import Entry, Saved


@action
def start_scoring(*, actor: Actor, recruitment: Recruitment) -> int:
    """Close the qualification review, tell the eliminated their reasons, lay out blank score sheets."""
    review = review_of(recruitment, "qualification", lock=True)
    move(recruitment, "scoring", actor=actor)
    made = scoring.open_scoring(db.session(), review)
    for candidate in review.candidates:
        if candidate.stage == "eliminated":
            tell_vendor(
                candidate,
                recruitment,
                kind="review.eliminated",
                subject="资格符合性审查结果：不合格",
                body=texts.elimination(review, candidate),
            )
        elif candidate.stage == "qualified":
            tell_vendor(
                candidate,
                recruitment,
                kind="review.qualified",
                subject="资格符合性审查结果：合格",
                body="贵单位的响应文件已通过资格符合性审查，进入综合评分。",
            )
    record("review.score_sheets_made", actor=actor, recruitment=recruitment, subject=review, sheets=made)
    tell_panel(
        recruitment,
        kind="review.scoring_started",
        subject="综合评分开始",
        body="请在评审桌面逐家评分，全部填完后一次签署。",
        link=texts.desk_link(recruitment),
    )
    return made


@action
def save_score_sheet(
    *, actor: Actor, recruitment: Recruitment, sheet: ScoreSheet, entries: Mapping[str, Entry], version: int
) -> Saved:
    """Save all scores of the own sheet; returns it as it stands then. A stale write is a Conflict."""
    review = review_of(recruitment, "scoring")
    seat = seat_for(actor, review)
    try:
        saved = scoring.save_scores(db.session(), review, sheet, seat, entries, version=version)
    except StaleSheet as stale:
        raise as_conflict(
            stale, current=texts.scores(stale.current), submitted=texts.scores(stale.submitted)
        ) from stale
    # Staff read the log: no score in it before the signatures.
    record("score.saved", actor=actor, recruitment=recruitment, subject=sheet, version=saved.version)
    return saved


def own_sheets(seat: PanelSeat) -> list[ScoreSheet]:
    """The seat's sheets of vendors that are still in the scoring."""
    return list(
        db.session.scalars(
            select(ScoreSheet)
            .join(Candidate, Candidate.id == ScoreSheet.candidate_id)
            .where(ScoreSheet.seat_id == seat.id, ScoreSheet.stage != "void", Candidate.stage == "qualified")
            .order_by(Candidate.number)
        )
    )


@action
def sign_scores(*, actor: Actor, recruitment: Recruitment) -> list[ScoreSheet]:
    """Sign all of the own sheets at once; signing locks them."""
    review = review_of(recruitment, "scoring", lock=True)
    seat = seat_for(actor, review)
    signed = scoring.sign_score_sheets(
        db.session(), review, own_sheets(seat), seat, sign=sign_by(actor, seat), now=clock.now()
    )
    for sheet in signed:
        record(
            "score.signed", actor=actor, recruitment=recruitment, subject=sheet, digest=sheet.payload_digest
        )
    return signed


@action
def open_difference(*, actor: Actor, recruitment: Recruitment, candidate: Candidate, key: str) -> None:
    """The chair opens an objective item on which the five sheets differ."""
    review = review_of(recruitment, "scoring", lock=True)
    chair = seat_for(actor, review)
    settling.open_difference(db.session(), review, chair, candidate, key, now=clock.now())
    record("score.difference_opened", actor=actor, recruitment=recruitment, subject=candidate, item=key)


@action
def put_extreme(
    *, actor: Actor, recruitment: Recruitment, candidate: Candidate, key: str, seat: PanelSeat
) -> None:
    """The chair puts an extreme subjective score to the panel."""
    review = review_of(recruitment, "scoring", lock=True)
    chair = seat_for(actor, review)
    settling.put_extreme(db.session(), review, chair, candidate, key, seat, now=clock.now())
    record(
        "score.extreme_put",
        actor=actor,
        recruitment=recruitment,
        subject=candidate,
        item=key,
        seat=seat.pseudonym,
    )


@action
def confirm_extreme(
    *, actor: Actor, recruitment: Recruitment, candidate: Candidate, key: str, reason: str
) -> None:
    """The expert stands by an extreme score, with a reason."""
    review = review_of(recruitment, "scoring", lock=True)
    seat = seat_for(actor, review)
    settling.confirm_extreme(db.session(), review, seat, candidate, key, reason=reason, now=clock.now())
    record("score.extreme_confirmed", actor=actor, recruitment=recruitment, subject=candidate, item=key)


@action
def amend_score(
    *,
    actor: Actor,
    recruitment: Recruitment,
    sheet: ScoreSheet,
    key: str,
    value: Decimal | None,
    facts: dict[str, Any] | None = None,
    reason: str,
    version: int,
) -> None:
    """Amend one opened score on the own signed sheet; the sheet is signed anew at once."""
    review = review_of(recruitment, "scoring", lock=True)
    seat = seat_for(actor, review)
    try:
        settling.amend_score(
            db.session(),
            review,
            sheet,
            seat,
            key,
            Entry(value, facts or {}),
            reason=reason,
            version=version,
            sign=sign_by(actor, seat),
            now=clock.now(),
        )
    except StaleSheet as stale:
        raise as_conflict(
            stale, current=texts.scores(stale.current), submitted=texts.scores(stale.submitted)
        ) from stale
    record(
        "score.amended",
        actor=actor,
        recruitment=recruitment,
        subject=sheet,
        item=key,
        reason=reason,
        digest=sheet.payload_digest,
    )


@action
def upload_scan(
    *, actor: Actor, recruitment: Recruitment, sheet: ScoreSheet, source: IO[bytes], file_name: str
) -> None:
    """Keep the scan of the hand-signed form, bound to the digest of what was signed."""
    review = review_of(recruitment, "scoring", "reported")
    head = source.read(8)
    source.seek(0)
    # Known by content, not by name: a scan is a PDF, a PNG or a JPEG.
    if not head.startswith((b"%PDF-", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")):
        raise Refusal("review_scan_kind", field="scan")
    blob = keep(source)
    if not 0 < blob.size <= MAX_ANSWER_BYTES:
        raise Refusal("review_file_size", field="scan")
    scoring.bind_scan(sheet, seat_for(actor, review), blob=blob.key, name=file_name[:255])
    record(
        "score.scan_bound",
        actor=actor,
        recruitment=recruitment,
        subject=sheet,
        sm3=blob.sm3,
        digest=sheet.scan_digest,
    )
