"""After the signatures: objective items that differ, extreme scores, and the amendments they allow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from evaluation.models import Candidate, Minute, PanelSeat, RankEntry, Review, ScoreSheet
from evaluation.review import (
    ReviewCode,
    ReviewRefused,
    Sign,
    StaleSheet,
    exact,
    minute,
    require_chair,
    require_own,
)
from evaluation.review_scoring import (
    Entry,
    all_signed,
    checked_entries,
    entries_of,
    require_all_signed,
    scoring_rules,
    sheets_of,
    sign_one,
    write_entries,
)
from evaluation.scoring import ScoringRules

#: The lawful reasons of a change after totals exist that this stage knows.
CAUSES = ("sum_error", "out_of_range", "objective_unequal", "extreme_score")


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
        (line.facts["candidate"], line.facts["item"])
        for line in _minutes(session, review, "difference_opened")
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
    found = [
        row for row in differences(session, review) if row.candidate.id == candidate.id and row.key == key
    ]
    if not found:
        raise ReviewRefused(ReviewCode.NO_DIFFERENCE, item=key, vendor=candidate.name)
    if not found[0].opened:
        minute(session, review, "difference_opened", now=now, by=chair, candidate=candidate.number, item=key)


def extremes(session: Session, review: Review) -> list[Extreme]:
    """Subjective scores further from the median of the others than the plan's percentage of the points."""
    if not all_signed(session, review):
        return []
    rules = scoring_rules(review)
    lines = _minutes(session, review, "extreme_put", "extreme_confirmed")
    state: dict[tuple[int, str, int, str], str] = {}
    for line in lines:
        facts = line.facts
        place = (facts["candidate"], facts["item"], facts["seat"], facts["value"])
        state[place] = "put" if line.kind == "extreme_put" else "confirmed"
    found = []
    for candidate, by_key in _values(session, review).values():
        for key, values in by_key.items():
            if rules.is_objective(key):
                continue
            for seat_id, value, median in rules.extremes(key, values):
                mark = (candidate.number, key, seat_id, exact(value))
                found.append(Extreme(candidate, key, seat_id, value, median, state.get(mark, "found")))
    return found


def _extreme(session: Session, review: Review, candidate: Candidate, key: str, seat_id: int) -> Extreme:
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
    minute(session, review, "extreme_confirmed", now=now, by=seat, text=reason.strip(), **_extreme_facts(row))


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
    checked = checked_entries(rules, {key: entry})[key]
    if checked.value is None:
        raise ReviewRefused(ReviewCode.SHEET_INCOMPLETE, vendor=sheet.candidate.name, items=[key], listed=key)
    before = entries_of(sheet)[key]
    if version != sheet.version:
        raise StaleSheet(
            current={key: before.plain()}, submitted={key: checked.plain()}, version=sheet.version
        )
    if before.value == checked.value:
        raise ReviewRefused(ReviewCode.UNCHANGED, item=key)
    write_entries(session, sheet, {key: checked})
    sign_one(session, review, sheet, rules, sign=sign, now=now, cause=cause, reason=reason.strip())
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


def _opened_cause(session: Session, review: Review, rules: ScoringRules, sheet: ScoreSheet, key: str) -> str:
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
    if session.scalar(select(RankEntry.rank).where(RankEntry.review_id == review.id).limit(1)) is not None:
        raise ReviewRefused(ReviewCode.RANKED_ALREADY)
