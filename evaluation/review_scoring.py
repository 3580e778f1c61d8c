"""Use cases of the scoring: score sheets, signing, differences of objective items, extreme scores.

Nothing here tells one seat's scores to another before all have signed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from evaluation.models import Candidate, ItemScore, Minute, PanelSeat, Review, ScoreSheet
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
    minute,
    payload_head,
    require_chair,
    require_own,
    touch,
)
from evaluation.scoring import ScoringRules

#: The lawful reasons of a change after totals exist that this stage knows.
CAUSES = ("sum_error", "out_of_range", "objective_unequal", "extreme_score")


@dataclass(frozen=True)
class Entry:
    """One score as an expert enters it: points (None: not yet), what they rest on, a remark."""

    value: Decimal | None
    facts: dict[str, Any] = field(default_factory=dict)
    remark: str = ""

    def plain(self) -> dict[str, Any]:
        value = None if self.value is None else exact(self.value)
        return {"value": value, "facts": self.facts, "remark": self.remark}


@dataclass(frozen=True)
class Difference:
    """An objective scoring key on which the signed sheets of one vendor are not equal."""

    candidate: Candidate
    key: str
    values: dict[int, Decimal]
    opened: bool


@dataclass(frozen=True)
class Extreme:
    """A subjective score far from the median of the others; `state` is found, put, confirmed."""

    candidate: Candidate
    key: str
    seat_id: int
    value: Decimal
    median: Decimal
    state: str


def scoring_rules(review: Review) -> ScoringRules:
    """The scoring rules of the review's frozen plan."""
    return ScoringRules.from_plan(review.rules["scoring"])


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


def _checked(rules: ScoringRules, entries: Mapping[str, Entry]) -> dict[str, Entry]:
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
    if sheet.stage != "open":
        raise ReviewRefused(ReviewCode.SHEET_LOCKED, vendor=sheet.candidate.name)
    checked = _checked(scoring_rules(review), entries)
    if version != sheet.version:
        raise StaleSheet(
            current={key: entry.plain() for key, entry in entries_of(sheet).items()},
            submitted={key: entry.plain() for key, entry in entries.items()},
            version=sheet.version,
        )
    _write(sheet, checked)
    session.flush()
    return sheet.version


def _write(sheet: ScoreSheet, entries: Mapping[str, Entry]) -> None:
    rows = {row.item: row for row in sheet.scores}
    for key, entry in entries.items():
        row = rows.get(key)
        if row is None:
            row = ItemScore(item=key)
            sheet.scores.append(row)
        row.value, row.facts, row.remark = entry.value, entry.facts, entry.remark
    touch(sheet)


def missing_scores(rules: ScoringRules, sheet: ScoreSheet) -> list[str]:
    """Scoring keys without points."""
    there = entries_of(sheet)
    return [key for key in rules.keys if key not in there or there[key].value is None]


def sheet_payload(review: Review, sheet: ScoreSheet, rules: ScoringRules, now: datetime) -> dict[str, Any]:
    """The canonical content of a score sheet; scores are strings."""
    there = entries_of(sheet)
    return {
        **payload_head("score_sheet", review, sheet.seat, now),
        "candidate": candidate_ref(sheet.candidate),
        "scores": [{"item": key, **there[key].plain()} for key in rules.keys],
        "total": exact(total_of(sheet)),
    }


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
    waiting = [sheet for sheet in sheets if sheet.stage == "open"]
    if not waiting:
        raise ReviewRefused(ReviewCode.NOTHING_TO_SIGN)
    for sheet in waiting:
        require_own(sheet, seat)
        if left := missing_scores(rules, sheet):
            raise ReviewRefused(
                ReviewCode.SHEET_INCOMPLETE, vendor=sheet.candidate.name, items=left, listed="、".join(left)
            )
    for sheet in waiting:
        _sign(session, review, sheet, rules, sign=sign, now=now)
    session.flush()
    return waiting


def _sign(
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
    payload = sheet_payload(review, sheet, rules, now)
    proof = sign(payload)
    sheet.stage, sheet.signed_at = "signed", now
    sheet.payload_digest, sheet.signature = proof.digest, proof.signature
    keep_version(session, "score_sheet", sheet.id, payload, proof, now=now, cause=cause, reason=reason)


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


def _values(session: Session, review: Review) -> dict[int, tuple[Candidate, dict[str, dict[int, Decimal]]]]:
    table: dict[int, tuple[Candidate, dict[str, dict[int, Decimal]]]] = {}
    for sheet in sheets_of(session, review):
        if sheet.candidate.stage != "qualified":
            continue
        _, by_key = table.setdefault(sheet.candidate_id, (sheet.candidate, {}))
        for row in sheet.scores:
            if row.value is not None:
                by_key.setdefault(row.item, {})[sheet.seat_id] = row.value
    return table


def _minutes(session: Session, review: Review, *kinds: str) -> list[Minute]:
    return list(
        session.scalars(
            select(Minute).where(Minute.review_id == review.id, Minute.kind.in_(kinds)).order_by(Minute.id)
        )
    )


def differences(session: Session, review: Review) -> list[Difference]:
    """Objective keys that are unequal across the signed sheets; empty before all have signed."""
    if not all_signed(session, review):
        return []
    rules = scoring_rules(review)
    opened = {
        (line.facts["candidate"], line.facts["item"]) for line in _minutes(session, review, "difference_opened")
    }
    return [
        Difference(candidate, key, values, (candidate.number, key) in opened)
        for candidate, by_key in _values(session, review).values()
        for key, values in by_key.items()
        if rules.is_objective(key) and len(set(values.values())) > 1
    ]


def open_difference(
    session: Session, review: Review, chair: PanelSeat, candidate: Candidate, key: str, *, now: datetime
) -> None:
    """The chair opens an unequal objective item; the experts then amend their own sheets."""
    require_chair(chair)
    require_all_signed(session, review)
    found = [row for row in differences(session, review) if row.candidate.id == candidate.id and row.key == key]
    if not found:
        raise ReviewRefused(ReviewCode.NO_DIFFERENCE, item=key, vendor=candidate.name)
    if not found[0].opened:
        minute(
            session, review, "difference_opened", now=now, by=chair, candidate=candidate.number, item=key
        )


def extremes(session: Session, review: Review) -> list[Extreme]:
    """Subjective scores further from the median of the others than the plan's percentage of the points."""
    if not all_signed(session, review):
        return []
    rules = scoring_rules(review)
    lines = _minutes(session, review, "extreme_put", "extreme_confirmed")
    state: dict[tuple[int, str, int, str], str] = {}
    for line in lines:
        facts = line.facts
        key = (facts["candidate"], facts["item"], facts["seat"], facts["value"])
        state[key] = "put" if line.kind == "extreme_put" else "confirmed"
    found = []
    for candidate, by_key in _values(session, review).values():
        for key, values in by_key.items():
            if rules.is_objective(key):
                continue
            for seat_id, value, median in rules.extremes(key, values):
                mark = (candidate.number, key, seat_id, exact(value))
                found.append(Extreme(candidate, key, seat_id, value, median, state.get(mark, "found")))
    return found


def _extreme(
    session: Session, review: Review, candidate: Candidate, key: str, seat_id: int
) -> Extreme:
    for row in extremes(session, review):
        if row.candidate.id == candidate.id and row.key == key and row.seat_id == seat_id:
            return row
    raise ReviewRefused(ReviewCode.NO_EXTREME, item=key, vendor=candidate.name)


def put_extreme(
    session: Session,
    review: Review,
    chair: PanelSeat,
    candidate: Candidate,
    key: str,
    seat: PanelSeat,
    *,
    now: datetime,
) -> None:
    """The chair puts an extreme score to the panel; its expert confirms or amends it."""
    require_chair(chair)
    require_all_signed(session, review)
    row = _extreme(session, review, candidate, key, seat.id)
    if row.state == "found":
        minute(session, review, "extreme_put", now=now, by=chair, **_extreme_facts(row))


def _extreme_facts(row: Extreme) -> dict[str, Any]:
    return {
        "candidate": row.candidate.number,
        "item": row.key,
        "seat": row.seat_id,
        "value": exact(row.value),
        "median": exact(row.median),
    }


def confirm_extreme(
    session: Session,
    review: Review,
    seat: PanelSeat,
    candidate: Candidate,
    key: str,
    *,
    reason: str,
    now: datetime,
) -> None:
    """The expert stands by an extreme score, with a reason for the minutes."""
    row = _extreme(session, review, candidate, key, seat.id)
    if row.state == "found":
        raise ReviewRefused(ReviewCode.NOT_OPENED, item=key)
    if not reason.strip():
        raise ReviewRefused(ReviewCode.REASON_MISSING)
    minute(
        session, review, "extreme_confirmed", now=now, by=seat, text=reason.strip(), **_extreme_facts(row)
    )


def amend_score(
    session: Session,
    review: Review,
    sheet: ScoreSheet,
    seat: PanelSeat,
    key: str,
    entry: Entry,
    *,
    reason: str,
    version: int,
    sign: Sign,
    now: datetime,
) -> None:
    """Change one opened score on the own signed sheet, with a reason; signed again at once.

    Only an objective item that the chair opened, or an extreme score that was put to its expert. The
    version before stays readable.
    """
    require_own(sheet, seat)
    require_all_signed(session, review)
    _require_not_ranked(session, review)
    if not reason.strip():
        raise ReviewRefused(ReviewCode.REASON_MISSING)
    rules = scoring_rules(review)
    cause = _opened_cause(session, review, rules, sheet, key)
    checked = _checked(rules, {key: entry})[key]
    if checked.value is None:
        raise ReviewRefused(ReviewCode.SHEET_INCOMPLETE, vendor=sheet.candidate.name, items=[key], listed=key)
    before = entries_of(sheet)[key]
    if version != sheet.version:
        raise StaleSheet(
            current={key: before.plain()}, submitted={key: checked.plain()}, version=sheet.version
        )
    if before.value == checked.value:
        raise ReviewRefused(ReviewCode.UNCHANGED, item=key)
    _write(sheet, {key: checked})
    _sign(session, review, sheet, rules, sign=sign, now=now, cause=cause, reason=reason.strip())
    minute(
        session,
        review,
        "score_amended",
        now=now,
        by=seat,
        text=reason.strip(),
        candidate=sheet.candidate.number,
        item=key,
        cause=cause,
        before=exact(before.value or Decimal(0)),
        after=exact(checked.value),
    )


def _opened_cause(
    session: Session, review: Review, rules: ScoringRules, sheet: ScoreSheet, key: str
) -> str:
    if key not in rules.keys:
        raise ReviewRefused(ReviewCode.UNKNOWN_ITEM, item=key)
    if rules.is_objective(key):
        for row in differences(session, review):
            if row.candidate.id == sheet.candidate_id and row.key == key and row.opened:
                return "objective_unequal"
    else:
        row_extreme = _extreme(session, review, sheet.candidate, key, sheet.seat_id)
        if row_extreme.state != "found":
            return "extreme_score"
    raise ReviewRefused(ReviewCode.NOT_OPENED, item=key)


def _require_not_ranked(session: Session, review: Review) -> None:
    from evaluation.models import RankEntry

    if session.scalar(select(RankEntry.rank).where(RankEntry.review_id == review.id).limit(1)) is not None:
        raise ReviewRefused(ReviewCode.RANKED_ALREADY)


def bind_scan(sheet: ScoreSheet, seat: PanelSeat, *, blob: str, name: str) -> None:
    """Bind the scan of the hand-signed form to the digest of what was signed."""
    require_own(sheet, seat)
    if sheet.stage != "signed":
        raise ReviewRefused(ReviewCode.SHEET_INCOMPLETE, vendor=sheet.candidate.name, items=[], listed="—")
    sheet.scan_blob, sheet.scan_name, sheet.scan_digest = blob, name, sheet.payload_digest
