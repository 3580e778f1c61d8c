"""Use cases of the scoring: score sheets, signing, differences of objective items, extreme scores.

Nothing here tells one seat's scores to another before all have signed.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import TextClause, bindparam, func, inspect, select, text
from sqlalchemy.orm import Session, selectinload

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
    raise_version,
    require_own,
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


#: The rules last read, by digest of the plan, beside the section they were read from: a frozen plan's section
#: is the same at every request.
_RULES: dict[str, tuple[dict[str, Any], ScoringRules]] = {}
_KEPT = 32


def scoring_rules(review: Review) -> ScoringRules:
    """The scoring rules of the review's frozen plan."""
    section = review.rules["scoring"]
    known = _RULES.get(review.plan_digest)
    if known is None or known[0] != section:
        if len(_RULES) >= _KEPT:
            _RULES.clear()
        known = _RULES[review.plan_digest] = (copy.deepcopy(section), ScoringRules.from_plan(section))
    return known[1]


def open_scoring(session: Session, review: Review) -> int:
    """Blank score sheets for every active seat and qualified candidate; returns how many were made."""
    qualified = [row for row in review.candidates if row.stage == "qualified"]
    return make_sheets(session, ScoreSheet, held_seats(session, review), qualified)


def entries_of(sheet: ScoreSheet) -> dict[str, Entry]:
    """What stands on a sheet now, per scoring key."""
    return {row.item: Entry(row.value, row.facts, row.remark) for row in sheet.scores}


def total_of(entries: Mapping[str, Entry]) -> Decimal:
    """The sum of what is filled in."""
    return sum((entry.value for entry in entries.values() if entry.value is not None), Decimal(0))


def checked_entries(rules: ScoringRules, entries: Mapping[str, Entry]) -> dict[str, Entry]:
    """The entries as the plan allows them; raises what the rules refuse."""
    checked = {}
    for key, entry in entries.items():
        if key not in rules.keys:
            raise ReviewRefused(ReviewCode.UNKNOWN_ITEM, item=key)
        value = None if entry.value is None else rules.check_score(key, entry.value, entry.facts)
        checked[key] = Entry(value, entry.facts, entry.remark)
    return checked


@dataclass(frozen=True)
class Saved:
    """A sheet as it stands after a save: version, entries by key, sum, keys that are still open."""

    version: int
    entries: Mapping[str, Entry]
    total: Decimal
    left: list[str]


def save_scores(
    session: Session,
    review: Review,
    sheet: ScoreSheet,
    seat: PanelSeat,
    entries: Mapping[str, Entry],
    *,
    version: int,
) -> Saved:
    """Save the scores sent, all or none; returns the sheet as it stands then.

    Raises StaleSheet when the sheet was saved elsewhere since `version`, ScoreRefused for a score that the
    plan doesn't allow.
    """
    require_own(sheet, seat)
    if sheet.stage not in ("open", "reopened"):
        raise ReviewRefused(ReviewCode.SHEET_LOCKED, vendor=sheet.candidate.name)
    rules = scoring_rules(review)
    checked = checked_entries(rules, entries)
    if version != sheet.version:
        raise StaleSheet(
            current={key: entry.plain() for key, entry in entries_of(sheet).items()},
            submitted={key: entry.plain() for key, entry in entries.items()},
            version=sheet.version,
        )
    if sheet.stage == "reopened":
        _require_reopened(session, review, sheet, checked)
    whole = checked if checked.keys() >= set(rules.keys) else {**entries_of(sheet), **checked}
    write_entries(session, sheet, checked)
    return Saved(sheet.version, whole, total_of(whole), missing_scores(rules, whole))


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


@functools.lru_cache(maxsize=64)
def _put(rows: int) -> TextClause:
    """So many scores at once, new or in the place of what stands there: SQLite and PostgreSQL word it alike."""
    table, key, rest = ItemScore.__table__, ("sheet_id", "item"), ("value", "facts", "remark")
    binds = [
        [bindparam(f"{name}_{row}", type_=table.c[name].type) for name in key + rest] for row in range(rows)
    ]
    listed = ", ".join(f"({', '.join(f':{bind.key}' for bind in row)})" for row in binds)
    return text(
        f"INSERT INTO {ItemScore.__tablename__} ({', '.join(key + rest)}) VALUES {listed} "  # noqa: S608
        f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in rest)}"
    ).bindparams(*(bind for row in binds for bind in row))


def write_entries(session: Session, sheet: ScoreSheet, entries: Mapping[str, Entry]) -> None:
    """Put checked entries on a sheet and raise its version.

    The version goes first: it is what a save at the same moment fails on. Scores are written as they come,
    without reading what stood there.
    """
    raise_version(session, sheet)
    if not entries:
        return
    values: dict[str, Any] = {}
    for row, (key, entry) in enumerate(entries.items()):
        values[f"sheet_id_{row}"], values[f"item_{row}"] = sheet.id, key
        values[f"value_{row}"], values[f"facts_{row}"] = entry.value, entry.facts
        values[f"remark_{row}"] = entry.remark
    session.connection().execute(_put(len(entries)), values)
    for there in inspect(sheet).dict.get("scores", ()):
        session.expire(there)
    session.expire(sheet, ["scores"])


def missing_scores(rules: ScoringRules, entries: Mapping[str, Entry]) -> list[str]:
    """Scoring keys without points."""
    return [key for key in rules.keys if key not in entries or entries[key].value is None]


def sheet_payload(review: Review, sheet: ScoreSheet, rules: ScoringRules, now: datetime) -> dict[str, Any]:
    """The canonical content of a score sheet; scores are strings."""
    there = entries_of(sheet)
    payload = {
        **payload_head("score_sheet", review, sheet.seat, now),
        "candidate": candidate_ref(sheet.candidate),
        "scores": [{"item": key, **there[key].plain()} for key in rules.keys],
        "total": exact(total_of(there)),
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
        if left := missing_scores(rules, entries_of(sheet)):
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
