"""What the seats signed, ready to be checked: every version, with its payload, signature and certificate.

`signed_rows(review) -> Iterable[SignedRecord]` is the one place that the award package and `verify-review`
read; `payload_of(row)` rebuilds a payload from the rows as they stand now, so that a score changed behind
the application's back no longer has the digest that was signed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from app.audit import sm3_hex
from app.extensions import db
from app.signing import signed_bytes
from evaluation.models import (
    Ballot,
    CAGroup,
    CAGroupBallot,
    Candidate,
    Declaration,
    Dispute,
    PanelSeat,
    QualificationSheet,
    ReportSignature,
    Review,
    ScoreSheet,
    SeatKey,
    SheetVersion,
)
from evaluation.review import declaration_payload
from evaluation.review_groups import group_ballot_payload
from evaluation.review_qualification import ballot_payload
from evaluation.review_qualification import sheet_payload as qualification_payload
from evaluation.review_report import position_payload
from evaluation.review_scoring import scoring_rules
from evaluation.review_scoring import sheet_payload as score_payload

#: Kinds of signed payloads, as `payload["kind"]` and `SheetVersion.kind` have them; the report's payload kind
#: is "report".
KINDS = ("declaration", "qualification_sheet", "ballot", "ca_group_ballot", "score_sheet", "report")


@dataclass(frozen=True)
class SignedRecord:
    """One signed version of one sheet, ballot, declaration or position on the report.

    kind: one of KINDS. row: the live row (QualificationSheet, ScoreSheet, Ballot, CAGroupBallot,
    ReportSignature, or the PanelSeat of a declaration) where this version is the one in force, else the
    SheetVersion. version: the SheetVersion; its `number`, `cause` and `reason` tell the amendments.
    payload: rebuilt from the live rows where `current`, else as it was stored. digest, signature_hex: what
    was signed then (SM3 hex; DER hex over the canonical payload). certificate_der: of the seat's key, None
    where the key is unknown. certificate_serial: hex, "". revoked_at: when that certificate was revoked.
    seat: the PanelSeat; seat_pseudonym: its name in the payload. current: nothing newer of it was signed.
    """

    kind: str
    row: Any
    version: SheetVersion
    payload: dict[str, Any]
    digest: str
    signature_hex: str
    certificate_der: bytes | None
    certificate_serial: str
    revoked_at: datetime | None
    seat: PanelSeat | None
    seat_pseudonym: str
    signed_at: datetime
    current: bool

    @property
    def intact(self) -> bool:
        """The payload is the one whose digest was signed, live rows and stored version alike."""
        return self.digest == sm3_hex(signed_bytes(self.payload)) == sm3_hex(signed_bytes(self.version.payload))

    @property
    def verified(self) -> bool:
        """Intact, and signed by the key of the certificate."""
        from seal_core import Certificate

        if self.certificate_der is None or not self.intact:
            return False
        try:
            signature = bytes.fromhex(self.signature_hex)
        except ValueError:
            return False
        key = Certificate.from_der(self.certificate_der).public_key
        return bool(key.verify(signed_bytes(self.payload), signature))


def payload_of(row: Any) -> dict[str, Any]:
    """The canonical payload of a signed row, from the database as it stands; raises ValueError if unsigned.

    Takes a QualificationSheet, ScoreSheet, Ballot, CAGroupBallot or ReportSignature, a PanelSeat (its
    declaration), or a SheetVersion (as stored).
    """
    if isinstance(row, SheetVersion):
        return row.payload
    at = row.declared_at if isinstance(row, PanelSeat) else row.signed_at
    if at is None:
        raise ValueError("this row was not signed")
    if isinstance(row, PanelSeat):
        return declaration_payload(row.review, row, row.declarations, at)
    seat = row.seat if hasattr(row, "seat") else db.session.get_one(PanelSeat, row.seat_id)
    review = seat.review
    if isinstance(row, QualificationSheet):
        return qualification_payload(review, row, at)
    if isinstance(row, ScoreSheet):
        return score_payload(review, row, scoring_rules(review), at)
    if isinstance(row, Ballot):
        return ballot_payload(review, row.dispute, seat, row, at)
    if isinstance(row, CAGroupBallot):
        choice = db.session.get(Candidate, row.choice_id) if row.choice_id is not None else None
        return group_ballot_payload(review, row.group, seat, row, choice, at)
    if isinstance(row, ReportSignature):
        return position_payload(db.session(), review, seat, row, at)
    raise TypeError(f"{type(row).__name__} is not signed")


def _rebuilt(row: Any) -> dict[str, Any]:
    """The payload of a live row; {} where its lines were taken away, which is nothing that was signed."""
    try:
        return payload_of(row)
    except (KeyError, TypeError, AttributeError, ValueError):
        return {}


def _live_rows(review: Review) -> Iterator[tuple[tuple[str, int, int], Any]]:
    """Every row that carries a signature in force, by kind, subject and seat, as the versions name them."""
    seats = select(PanelSeat.id).where(PanelSeat.review_id == review.id)
    sheets: tuple[tuple[str, Any, Any], ...] = (
        ("qualification_sheet", QualificationSheet, QualificationSheet.answers),
        ("score_sheet", ScoreSheet, ScoreSheet.scores),
    )
    for kind, model, lines in sheets:
        # A reopened sheet is being written: its rows are no longer what was signed.
        query = (
            select(model)
            .where(model.seat_id.in_(seats), model.signed_at.is_not(None), model.stage.in_(("signed", "void")))
            .options(selectinload(lines), joinedload(model.candidate), joinedload(model.seat))
        )
        for sheet in db.session.scalars(query):
            yield (kind, sheet.id, sheet.seat_id), sheet
    ballots = (
        select(Ballot)
        .join(Dispute, Dispute.id == Ballot.dispute_id)
        .where(Dispute.review_id == review.id)
        .options(joinedload(Ballot.dispute).joinedload(Dispute.candidate), joinedload(Ballot.seat))
    )
    for ballot in db.session.scalars(ballots):
        yield ("ballot", ballot.dispute_id, ballot.seat_id), ballot
    groups = (
        select(CAGroupBallot)
        .join(CAGroup, CAGroup.id == CAGroupBallot.group_id)
        .where(CAGroup.review_id == review.id)
        .options(joinedload(CAGroupBallot.group))
    )
    for choice in db.session.scalars(groups):
        yield ("ca_group_ballot", choice.group_id, choice.seat_id), choice
    report = select(ReportSignature).where(
        ReportSignature.review_id == review.id, ReportSignature.signed_at.is_not(None)
    )
    for position in db.session.scalars(report):
        yield ("report", review.id, position.seat_id), position
    declared = (
        select(PanelSeat)
        .where(PanelSeat.review_id == review.id, PanelSeat.declared_at.is_not(None))
        .options(selectinload(PanelSeat.declarations).joinedload(Declaration.candidate))
    )
    for seat in db.session.scalars(declared):
        yield ("declaration", seat.id, seat.id), seat


def signed_rows(review: Review) -> Iterable[SignedRecord]:
    """Every signed version of the review, in the order of signing; a constant number of statements.

    Replaced experts' and superseded versions are among them: whoever counts looks at `current`, at the
    sheet's stage and at the seat.
    """
    versions = list(
        db.session.scalars(
            select(SheetVersion)
            .join(PanelSeat, PanelSeat.id == SheetVersion.seat_id)
            .where(PanelSeat.review_id == review.id)
            .order_by(SheetVersion.id)
        )
    )
    seats = {row.id: row for row in db.session.scalars(select(PanelSeat).where(PanelSeat.review_id == review.id))}
    keys = {
        row.id: row
        for row in db.session.scalars(select(SeatKey).join(PanelSeat).where(PanelSeat.review_id == review.id))
    }
    live = dict(_live_rows(review))
    last = {(row.kind, row.subject_id, row.seat_id or 0): row.id for row in versions}
    records = []
    for version in versions:
        place = (version.kind, version.subject_id, version.seat_id or 0)
        found = live.get(place) if last[place] == version.id else None
        key = keys.get(version.seat_key_id or 0)
        seat = seats.get(version.seat_id or 0)
        records.append(
            SignedRecord(
                kind=version.kind,
                row=found if found is not None else version,
                version=version,
                payload=_rebuilt(found) if found is not None else version.payload,
                digest=version.payload_digest,
                signature_hex=version.signature or "",
                certificate_der=key.certificate if key is not None else None,
                certificate_serial=key.serial if key is not None else "",
                revoked_at=key.revoked_at if key is not None else None,
                seat=seat,
                seat_pseudonym=str(version.payload.get("seat", "")),
                signed_at=version.signed_at,
                current=found is not None,
            )
        )
    return records
