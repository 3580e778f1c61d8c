"""Use cases of the scoring: score sheets, signing, differences of objective items, extreme scores.

Nothing here tells one seat's scores to another before all have signed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload
from sqlalchemy.orm.attributes import flag_modified

from evaluation.models import Candidate, ItemScore, PanelSeat, QualificationSheet, Review, ScoreSheet
from evaluation.references import with_salts
from evaluation.review import (
    ReviewCode,
    ReviewRefused,
    Sign,
    StaleSheet,
    candidate_ref,
    exact,
    held_seats,
    keep_version,
    make_sheets,
    payload_head,
    put_signature,
    require_own,
    touch,
)
from evaluation.scoring import ScoringRules


@dataclass(frozen=True)
class Entry:
    """One score as an expert enters it: points (None: not yet), what they rest on, a remark."""

    value: Decimal | None
    facts: dict[str, Any] = field(default_factory=dict)
    remark: str = ""

    def plain(self) -> dict[str, Any]:
        value = None if self.value is None else exact(self.value)
        return {"value": value, "facts": self.facts, "remark": self.remark}


#: The rules read for a review that is in memory, beside the plan's section they were read from.
_RULES: WeakKeyDictionary[Review, tuple[dict[str, Any], ScoringRules]] = WeakKeyDictionary()


def scoring_rules(review: Review) -> ScoringRules:
    """The scoring rules of the review's frozen plan."""
    found = _RULES.get(review)
    if found is None or found[0] is not review.rules:
        found = _RULES[review] = (review.rules, ScoringRules.from_plan(review.rules["scoring"]))
    return found[1]


def open_scoring(session: Session, review: Review) -> int:
    """Blank score sheets for every active seat and qualified candidate; returns how many were made."""
    qualified = [row for row in review.candidates if row.stage == "qualified"]
    return make_sheets(session, ScoreSheet, held_seats(session, review), qualified)


def entries_of(sheet: ScoreSheet) -> dict[str, Entry]:
    """What stands on a sheet now, per scoring key."""
    return {row.item: Entry(row.value, row.facts, row.remark) for row in sheet.scores}


def total_of(sheet: ScoreSheet) -> Decimal:
    """The sum of what is filled in."""
    return sum((row.value for row in sheet.scores if row.value is not None), Decimal(0))


def checked_entries(rules: ScoringRules, entries: Mapping[str, Entry]) -> dict[str, Entry]:
    """The entries as the plan allows them; raises what the rules refuse."""
    checked = {}
    for key, entry in entries.items():
        if key not in rules.keys:
            raise ReviewRefused(ReviewCode.UNKNOWN_ITEM, item=key)
        value = None if entry.value is None else rules.check_score(key, entry.value, entry.facts)
        checked[key] = Entry(value, entry.facts, entry.remark)
    return checked


def save_scores(
    session: Session,
    review: Review,
    sheet: ScoreSheet,
    seat: PanelSeat,
    entries: Mapping[str, Entry],
    *,
    version: int,
) -> int:
    """Save the scores sent, all or none; returns the new version.

    Raises StaleSheet when the sheet was saved elsewhere since `version`, ScoreRefused for a score that the
    plan doesn't allow.
    """
    require_own(sheet, seat)
    if sheet.stage not in ("open", "reopened"):
        raise ReviewRefused(ReviewCode.SHEET_LOCKED, vendor=sheet.candidate.name)
    checked = checked_entries(scoring_rules(review), entries)
    if version != sheet.version:
        raise StaleSheet(
            current={key: entry.plain() for key, entry in entries_of(sheet).items()},
            submitted={key: entry.plain() for key, entry in entries.items()},
            version=sheet.version,
        )
    if sheet.stage == "reopened":
        _require_reopened(session, review, sheet, checked)
    write_entries(sheet, checked)
    session.flush()
    return sheet.version


def _require_reopened(
    session: Session, review: Review, sheet: ScoreSheet, entries: Mapping[str, Entry]
) -> None:
    """On a sheet that a re-review opened, only the scores change that it was opened for."""
    from evaluation.review_reopening import last_reopening

    line = last_reopening(session, review)
    allowed = set(line.facts.get("items", [])) if line is not None else set()
    there = entries_of(sheet)
    for key, entry in entries.items():
        if allowed and key not in allowed and (key not in there or there[key].value != entry.value):
            raise ReviewRefused(ReviewCode.NOT_OPENED, item=key)


def write_entries(sheet: ScoreSheet, entries: Mapping[str, Entry]) -> None:
    """Put checked entries on a sheet and raise its version."""
    rows = {row.item: row for row in sheet.scores}
    for key, entry in entries.items():
        row = rows.get(key)
        if row is None:
            row = ItemScore(item=key)
            sheet.scores.append(row)
        if Entry(row.value, row.facts, row.remark) != entry:
            row.value, row.facts, row.remark = entry.value, entry.facts, entry.remark
            for name in ("value", "facts", "remark"):
                flag_modified(row, name)  # the same columns for every row: they go in one statement
    touch(sheet)


def missing_scores(rules: ScoringRules, sheet: ScoreSheet) -> list[str]:
    """Scoring keys without points."""
    there = entries_of(sheet)
    return [key for key in rules.keys if key not in there or there[key].value is None]


def sheet_payload(review: Review, sheet: ScoreSheet, rules: ScoringRules, now: datetime) -> dict[str, Any]:
    """The canonical content of a score sheet; scores are strings."""
    there = entries_of(sheet)
    payload = {
        **payload_head("score_sheet", review, sheet.seat, now),
        "candidate": candidate_ref(sheet.candidate),
        "scores": [{"item": key, **there[key].plain()} for key in rules.keys],
        "total": exact(total_of(sheet)),
    }
    return with_salts(payload, review.secret)


def sign_score_sheets(
    session: Session,
    review: Review,
    sheets: Iterable[ScoreSheet],
    seat: PanelSeat,
    *,
    sign: Sign,
    now: datetime,
) -> list[ScoreSheet]:
    """Sign all of a seat's sheets at once; signing locks them. One incomplete sheet refuses the step."""
    rules = scoring_rules(review)
    waiting = [sheet for sheet in sheets if sheet.stage in ("open", "reopened")]
    if not waiting:
        raise ReviewRefused(ReviewCode.NOTHING_TO_SIGN)
    for sheet in waiting:
        require_own(sheet, seat)
        if left := missing_scores(rules, sheet):
            raise ReviewRefused(
                ReviewCode.SHEET_INCOMPLETE, vendor=sheet.candidate.name, items=left, listed="、".join(left)
            )
    for sheet in waiting:
        cause, reason = cause_of(session, review, sheet)
        sign_one(session, review, sheet, rules, sign=sign, now=now, cause=cause, reason=reason)
    session.flush()
    return waiting


def cause_of(
    session: Session, review: Review, sheet: ScoreSheet | QualificationSheet
) -> tuple[str, str]:
    """Why a reopened sheet is signed again: cause code and reason of its re-review; else two blanks."""
    from evaluation.review_reopening import last_reopening

    line = last_reopening(session, review) if sheet.stage == "reopened" else None
    return (str(line.facts.get("cause", "")), line.text) if line is not None else ("", "")


def sign_one(
    session: Session,
    review: Review,
    sheet: ScoreSheet,
    rules: ScoringRules,
    *,
    sign: Sign,
    now: datetime,
    cause: str = "",
    reason: str = "",
) -> None:
    """Sign a sheet as it stands and keep the version."""
    payload = sheet_payload(review, sheet, rules, now)
    proof = sign(payload)
    sheet.stage = "signed"
    put_signature(sheet, proof, now)
    keep_version(
        session, "score_sheet", sheet.id, payload, proof, seat=sheet.seat, now=now, cause=cause, reason=reason
    )


def sheets_of(session: Session, review: Review) -> list[ScoreSheet]:
    """All score sheets of the held seats with their scores; two statements."""
    return list(
        session.scalars(
            select(ScoreSheet)
            .join(PanelSeat, PanelSeat.id == ScoreSheet.seat_id)
            .where(
                PanelSeat.review_id == review.id,
                PanelSeat.seat_no.is_not(None),
                PanelSeat.stage == "active",
                ScoreSheet.stage != "void",
            )
            .options(selectinload(ScoreSheet.scores), selectinload(ScoreSheet.candidate))
            .order_by(ScoreSheet.candidate_id, ScoreSheet.seat_id)
        )
    )


def all_signed(session: Session, review: Review) -> bool:
    """True when every held seat has signed a sheet for every qualified candidate."""
    qualified = session.scalar(
        select(func.count()).where(Candidate.review_id == review.id, Candidate.stage == "qualified")
    )
    signed = session.scalar(
        select(func.count())
        .select_from(ScoreSheet)
        .join(PanelSeat, PanelSeat.id == ScoreSheet.seat_id)
        .join(Candidate, Candidate.id == ScoreSheet.candidate_id)
        .where(
            PanelSeat.review_id == review.id,
            PanelSeat.seat_no.is_not(None),
            PanelSeat.stage == "active",
            ScoreSheet.stage == "signed",
            Candidate.stage == "qualified",
        )
    )
    return bool(qualified) and signed == (qualified or 0) * review.seats


def require_all_signed(session: Session, review: Review) -> None:
    """Refuse to show or settle anything across sheets before the last signature."""
    if not all_signed(session, review):
        raise ReviewRefused(ReviewCode.NOT_ALL_SIGNED)


def bind_scan(sheet: ScoreSheet, seat: PanelSeat, *, blob: str, name: str) -> None:
    """Bind the scan of the hand-signed form to the digest of what was signed."""
    require_own(sheet, seat)
    if sheet.stage != "signed":
        raise ReviewRefused(ReviewCode.SHEET_INCOMPLETE, vendor=sheet.candidate.name, items=[], listed="—")
    sheet.scan_blob, sheet.scan_name, sheet.scan_digest = blob, name, sheet.payload_digest
