"""The review's common ground: who sits, whose sheets exist, how a signature is kept.

Use cases over a session. They check the rules and write rows; stages of the recruitment, permissions and
events belong to the application. Time and the signer are passed in.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Protocol, cast

from sqlalchemy import ScalarSelect, Table, Update, bindparam, func, select, update
from sqlalchemy.orm import Session, aliased, object_session
from sqlalchemy.orm.attributes import flag_modified, set_committed_value
from sqlalchemy.orm.exc import StaleDataError

from evaluation.errors import EvaluationError
from evaluation.models import (
    Candidate,
    Declaration,
    Minute,
    PanelSeat,
    QualificationSheet,
    Review,
    ScoreSheet,
    SheetVersion,
    Signed,
)
from evaluation.references import ref_of, with_salts

#: Version of the canonical payloads; a reader refuses a number it doesn't know.
PAYLOAD_SCHEMA = 1


class ReviewCode(Enum):
    """Why the review refuses something."""

    NOT_ON_PANEL = "review_not_on_panel"
    PANEL_INCOMPLETE = "review_panel_incomplete"
    FOREIGN_SHEET = "review_foreign_sheet"
    SHEET_LOCKED = "review_sheet_locked"
    SHEET_VOID = "review_sheet_void"
    SHEET_INCOMPLETE = "review_sheet_incomplete"
    NOTHING_TO_SIGN = "review_nothing_to_sign"
    UNKNOWN_ITEM = "review_unknown_item"
    GROUND_MISSING = "review_ground_missing"
    GROUND_UNKNOWN = "review_ground_unknown"
    REMARK_MISSING = "review_remark_missing"
    DISPUTE_CLOSED = "review_dispute_closed"
    DISPUTE_EXPIRED = "review_dispute_expired"
    DISPUTE_RUNNING = "review_dispute_running"
    ALREADY_VOTED = "review_already_voted"
    CITATION_MISSING = "review_citation_missing"
    REASON_MISSING = "review_reason_missing"
    CHOICE_UNKNOWN = "review_choice_unknown"
    GROUP_CLOSED = "review_group_closed"
    GROUP_ANSWERED = "review_group_answered"
    NOT_IN_GROUP = "review_not_in_group"
    NOT_QUALIFIED = "review_not_qualified"
    NOT_ALL_SIGNED = "review_not_all_signed"
    NO_DIFFERENCE = "review_no_difference"
    NOT_OPENED = "review_not_opened"
    NOT_CHAIR = "review_not_chair"
    NO_EXTREME = "review_no_extreme"
    UNCHANGED = "review_unchanged"
    DIFFERENCES_LEFT = "review_differences_left"
    EXTREMES_LEFT = "review_extremes_left"
    RANKED_ALREADY = "review_ranked_already"
    NOT_RANKED = "review_not_ranked"
    LOTTERY_NEEDED = "review_lottery_needed"
    REPORT_MISSING = "review_report_missing"
    REPORT_ANSWERED = "review_report_answered"
    REPORT_DONE = "review_report_done"
    CLARIFICATION_CLOSED = "review_clarification_closed"
    CLARIFICATION_LATE = "review_clarification_late"


class ReviewRefused(EvaluationError):
    """A rule of the review doesn't allow it; facts name item, vendor, limits."""


class StaleSheet(EvaluationError):
    """The sheet was saved elsewhere in between: what stands there now and what was sent."""

    def __init__(self, *, current: Any, submitted: Any, version: int) -> None:
        super().__init__("stale_row", version=version)
        self.current, self.submitted, self.version = current, submitted, version


class SignedBytes(Protocol):
    """What signing a payload gives: SM3 digest and signature, both hex, and the seat's key that signed."""

    @property
    def digest(self) -> str: ...

    @property
    def signature(self) -> str: ...

    @property
    def key_id(self) -> int | None: ...


Sign = Callable[[dict[str, Any]], SignedBytes]


def held_seats(session: Session, review: Review) -> list[PanelSeat]:
    """The active seats in the order of their numbers; a replaced expert is not among them."""
    return list(
        session.scalars(
            select(PanelSeat)
            .where(
                PanelSeat.review_id == review.id, PanelSeat.seat_no.is_not(None), PanelSeat.stage == "active"
            )
            .order_by(PanelSeat.seat_no)
        )
    )


def seats_held(review_id: Any) -> ScalarSelect[int]:
    """How many seats of a review are held, to be put into a statement."""
    seat = aliased(PanelSeat)
    return (
        select(func.count(seat.id))
        .where(seat.review_id == review_id, seat.seat_no.is_not(None), seat.stage == "active")
        .scalar_subquery()
    )


_SEATS_HELD = select(seats_held(bindparam("review")))


def is_held(seat: PanelSeat) -> bool:
    """True for an expert who holds one of the numbered seats now."""
    return seat.seat_no is not None and seat.stage == "active"


def require_seat(seat: PanelSeat) -> None:
    """Refuse whoever doesn't hold a seat now: declined, excluded, replaced, not yet declared.

    While a seat is vacant the reviewing stops for the others too.
    """
    if not is_held(seat):
        raise ReviewRefused(ReviewCode.NOT_ON_PANEL)
    active = seat.seats_held
    if active is None:
        session = object_session(seat)
        assert session is not None
        active = session.scalar(_SEATS_HELD, {"review": seat.review_id})
    if (active or 0) < seat.review.seats:
        raise ReviewRefused(ReviewCode.PANEL_INCOMPLETE, active=active, seats=seat.review.seats)


def require_chair(seat: PanelSeat) -> None:
    """Refuse whoever is not the chair (组长)."""
    require_seat(seat)
    if not seat.is_chair:
        raise ReviewRefused(ReviewCode.NOT_CHAIR)


def require_own(sheet: QualificationSheet | ScoreSheet, seat: PanelSeat) -> None:
    """A sheet is written by its own seat only, and only while that seat is held."""
    if sheet.seat_id != seat.id:
        raise ReviewRefused(ReviewCode.FOREIGN_SHEET)
    if sheet.stage == "void":
        raise ReviewRefused(ReviewCode.SHEET_VOID)
    require_seat(seat)


def touch(sheet: Any) -> None:
    """Raise the version of a row whose children changed, so that the other tab is found stale."""
    flag_modified(sheet, "stage")


@functools.cache
def _next_version(table: Table) -> Update:
    return (
        update(table)
        .where(table.c.id == bindparam("row"), table.c.version == bindparam("was"))
        .values(version=table.c.version + 1)
    )


def raise_version(session: Session, row: ScoreSheet) -> None:
    """Raise a row's version at once; raises StaleDataError where somebody else did since it was read."""
    session.flush()
    table = cast(Table, row.__table__)
    done = session.connection().execute(_next_version(table), {"row": row.id, "was": row.version})
    if done.rowcount != 1:
        raise StaleDataError(f"{table.name} was written elsewhere")
    set_committed_value(row, "version", row.version + 1)


def make_sheets(
    session: Session,
    model: type[QualificationSheet] | type[ScoreSheet],
    seats: Iterable[PanelSeat],
    candidates: Iterable[Candidate],
) -> int:
    """One blank sheet per seat and candidate where none exists; returns how many were made."""
    seats, candidates = list(seats), list(candidates)
    there = {
        (seat_id, candidate_id)
        for seat_id, candidate_id in session.execute(
            select(model.seat_id, model.candidate_id).where(model.seat_id.in_([seat.id for seat in seats]))
        )
    }
    made = [
        model(seat_id=seat.id, candidate_id=candidate.id)
        for seat in seats
        for candidate in candidates
        if (seat.id, candidate.id) not in there
    ]
    session.add_all(made)
    session.flush()
    return len(made)


def put_signature(row: Signed, proof: SignedBytes, now: datetime) -> None:
    """Write a signature into the row that it is about."""
    row.signed_at, row.payload_digest = now, proof.digest
    row.signature, row.seat_key_id = proof.signature, proof.key_id


def keep_version(
    session: Session,
    kind: str,
    subject_id: int,
    payload: dict[str, Any],
    signed: SignedBytes,
    *,
    seat: PanelSeat,
    now: datetime,
    cause: str = "",
    reason: str = "",
) -> SheetVersion:
    """Store one signed version; the versions before it stay readable."""
    last = session.scalar(
        select(func.max(SheetVersion.number)).where(
            SheetVersion.kind == kind, SheetVersion.subject_id == subject_id
        )
    )
    row = SheetVersion(
        kind=kind,
        subject_id=subject_id,
        number=(last or 0) + 1,
        payload=payload,
        payload_digest=signed.digest,
        signature=signed.signature,
        seat_id=seat.id,
        seat_key_id=signed.key_id,
        cause=cause,
        reason=reason,
        signed_at=now,
    )
    session.add(row)
    return row


def versions_of(session: Session, kind: str, subject_id: int) -> list[SheetVersion]:
    """All signed versions of a sheet, the first one first."""
    return list(
        session.scalars(
            select(SheetVersion)
            .where(SheetVersion.kind == kind, SheetVersion.subject_id == subject_id)
            .order_by(SheetVersion.number)
        )
    )


def minute(
    session: Session,
    review: Review,
    kind: str,
    *,
    now: datetime,
    by: PanelSeat | None = None,
    text: str = "",
    **facts: Any,
) -> Minute:
    """Write a line of the minutes. Facts are plain data; decimals as strings."""
    row = Minute(
        review_id=review.id,
        kind=kind,
        facts=facts,
        text=text,
        seat_id=by.id if by is not None else None,
        written_at=now,
    )
    session.add(row)
    session.flush()
    return row


def payload_head(kind: str, review: Review, seat: PanelSeat, now: datetime) -> dict[str, Any]:
    """What every signed payload begins with: under which plan, by which seat (a pseudonym), when."""
    return {
        "kind": kind,
        "schema": PAYLOAD_SCHEMA,
        "review": review.public_id,
        "plan": review.plan_digest,
        "seat": seat.pseudonym,
        "signed_at": now.isoformat(),
    }


def declaration_payload(
    review: Review, seat: PanelSeat, declarations: Iterable[Declaration], now: datetime
) -> dict[str, Any]:
    """The canonical content of an expert's declaration on all vendors (回避声明)."""
    rows = sorted(declarations, key=lambda row: row.candidate.number)
    payload = {
        **payload_head("declaration", review, seat, now),
        "relations": [
            {"candidate": candidate_ref(row.candidate), "relation": row.relation, "detail": row.detail}
            for row in rows
        ],
    }
    return with_salts(payload, review.secret)


def candidate_ref(candidate: Candidate) -> dict[str, Any]:
    """A vendor in a payload: its number on the forms and its salted reference, which tells no name."""
    return {"number": candidate.number, "ref": ref_of(candidate)}


def exact(value: Decimal) -> str:
    """A score as canonical text: no exponent, no trailing zeros, no negative zero."""
    text = format(value.normalize(), "f")
    return "0" if text in ("-0", "0") else text


def seat_vacated(session: Session, old: PanelSeat, *, now: datetime) -> dict[str, int]:
    """Make the opinions of an expert who left void, at once: they count nowhere from here on.

    Sheets are kept and marked void. Candidates whose settling rested on them are under review again, and a
    ranking that was frozen falls. Returns counts: void, reopened.
    """
    from evaluation.review_qualification import unsettle
    from evaluation.review_report import thaw_ranking

    void = reopened = 0
    # A finished qualification isn't opened again by a replacement during the scoring.
    scoring = session.scalar(select(ScoreSheet.id).where(ScoreSheet.seat_id == old.id).limit(1)) is not None
    models: tuple[type[QualificationSheet] | type[ScoreSheet], ...] = (QualificationSheet, ScoreSheet)
    for model in models:
        statement = select(model).where(model.seat_id == old.id, model.stage != "void")
        rows: list[QualificationSheet | ScoreSheet] = list(session.scalars(statement))
        for row in rows:
            row.stage = "void"
            void += 1
        if rows and model is QualificationSheet and not scoring:
            ids = [row.candidate_id for row in rows]
            candidates = list(session.scalars(select(Candidate).where(Candidate.id.in_(ids))))
            reopened += unsettle(session, old.review, candidates)
    if scoring:
        thaw_ranking(session, old.review)
    return {"void": void, "reopened": reopened}


def seat_filled(session: Session, old: PanelSeat, new: PanelSeat, *, now: datetime) -> dict[str, int]:
    """Give the newcomer blank sheets for what the expert before had, once `new` holds the seat number.

    Disputes wait for the newcomer; ballots of seats no longer held count nowhere. Returns counts: made.
    """
    made = 0
    # Where the qualification was begun again by a new panel, the scores of the old one ask for nothing.
    under_review = select(Candidate.id).where(
        Candidate.review_id == new.review_id, Candidate.stage == "under_review"
    )
    models: tuple[type[QualificationSheet] | type[ScoreSheet], ...] = (ScoreSheet, QualificationSheet)
    if session.scalar(under_review.limit(1)) is not None:
        models = (QualificationSheet,)
    for model in models:
        ids = list(session.scalars(select(model.candidate_id).where(model.seat_id == old.id)))
        if ids:
            candidates = list(session.scalars(select(Candidate).where(Candidate.id.in_(ids))))
            made = make_sheets(session, model, [new], candidates)
            break
    minute(session, new.review, "seat_replaced", now=now, by=new, old=old.pseudonym, new=new.pseudonym)
    return {"made": made}


def seat_replaced(session: Session, old: PanelSeat, new: PanelSeat, *, now: datetime) -> dict[str, int]:
    """Both halves of a replacement in one step: void, reopened, made."""
    return {**seat_vacated(session, old, now=now), **seat_filled(session, old, new, now=now)}


__all__ = [
    "PAYLOAD_SCHEMA",
    "ReviewCode",
    "ReviewRefused",
    "Sign",
    "SignedBytes",
    "StaleSheet",
    "candidate_ref",
    "declaration_payload",
    "exact",
    "held_seats",
    "keep_version",
    "make_sheets",
    "minute",
    "payload_head",
    "put_signature",
    "require_chair",
    "require_own",
    "require_seat",
    "seat_filled",
    "seat_replaced",
    "seat_vacated",
    "touch",
    "versions_of",
]
