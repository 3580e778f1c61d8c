"""The register of everything that the trial authority issued, and how its keys are kept."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy import func, literal, null, or_, select, union_all

from app import clock
from app.config import Settings
from app.documents.models import RecruitmentSeal
from app.extensions import db
from app.publication.models import Recruitment
from app.templating import Page
from evaluation.models import PanelSeat, SeatKey
from onboarding.models import CertificateRequest, Integration
from seal_core import Certificate

KINDS = ("vendor", "seat", "seal")
SIZE = 50


@dataclass(frozen=True)
class Issued:
    """One certificate of the register. `use`: signing, encryption, seat, seal, maker; `subject_id` its row."""

    kind: str
    use: str
    subject_id: int
    serial: str
    certificate: Certificate
    issued_at: datetime
    revoked_at: datetime | None
    revocation_reason: int | None
    reason: str
    recruitment: Recruitment | None

    @property
    def state(self) -> str:
        """in_force, expired or revoked, now."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.certificate.not_after < clock.now() else "in_force"


def _line(kind: str, use: str, model: Any, serial: Any, der: Any, at: Any, reason: Any, recruitment: Any) -> Any:
    return select(
        literal(kind).label("kind"),
        literal(use).label("use"),
        model.id.label("subject_id"),
        serial.label("serial"),
        der.label("der"),
        at.label("issued_at"),
        model.revoked_at.label("revoked_at"),
        model.revocation_reason.label("revocation_reason"),
        reason.label("reason"),
        recruitment.label("recruitment_id"),
    ).where(serial.is_not(None))


def _register() -> Any:
    vendor, none = CertificateRequest, literal("")
    to_vendor = (
        select(Recruitment.id)
        .join(Integration, Integration.programme_id == Recruitment.programme_id)
        .where(Integration.id == vendor.integration_id)
        .correlate(vendor)
        .scalar_subquery()
    )
    to_seat = (
        select(Recruitment.id)
        .join(PanelSeat, PanelSeat.review_id == Recruitment.review_id)
        .where(PanelSeat.id == SeatKey.seat_id)
        .correlate(SeatKey)
        .scalar_subquery()
    )
    seal = RecruitmentSeal
    return union_all(
        _line("vendor", "signing", vendor, vendor.sign_serial, vendor.sign_certificate, vendor.requested_at, none,
              to_vendor),
        _line("vendor", "encryption", vendor, vendor.encryption_serial, vendor.encryption_certificate,
              vendor.requested_at, none, to_vendor),
        _line("seat", "seat", SeatKey, SeatKey.serial, SeatKey.certificate, SeatKey.created_at, SeatKey.reason,
              to_seat),
        _line("seal", "seal", seal, seal.serial, seal.certificate, seal.created_at, seal.reason,
              seal.recruitment_id),
        _line("seal", "maker", seal, seal.maker_serial, seal.maker_certificate, seal.created_at, seal.reason,
              seal.recruitment_id),
    ).subquery()


def _read(rows: Any) -> list[Issued]:
    listed = list(rows)
    ids = {row.recruitment_id for row in listed} - {None}
    recruitments = {
        row.id: row for row in db.session.scalars(select(Recruitment).where(Recruitment.id.in_(ids)))
    }
    return [
        Issued(
            row.kind,
            row.use,
            row.subject_id,
            row.serial,
            Certificate.from_der(row.der),
            row.issued_at,
            row.revoked_at,
            row.revocation_reason,
            row.reason,
            recruitments.get(row.recruitment_id),
        )
        for row in listed
    ]


def register(*, kind: str, state: str, words: str, number: int) -> Page:
    """A page of the register, the newest first; a constant number of statements."""
    table = _register()
    query = select(table)
    if kind in KINDS:
        query = query.where(table.c.kind == kind)
    if state == "revoked":
        query = query.where(table.c.revoked_at.is_not(None))
    elif state == "in_force":
        query = query.where(table.c.revoked_at.is_(null()))
    if words:
        query = query.where(or_(table.c.serial.startswith(words.lower().lstrip("0"), autoescape=True)))
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = db.session.execute(
        query.order_by(table.c.issued_at.desc(), table.c.serial).limit(SIZE).offset((number - 1) * SIZE)
    )
    return Page(_read(rows), number, SIZE, total)


def counts() -> dict[str, int]:
    """How many certificates of each kind."""
    table = _register()
    rows = db.session.execute(select(table.c.kind, func.count()).group_by(table.c.kind))
    return {row[0]: row[1] for row in rows}


def by_serial(serial: str) -> Issued | None:
    """The certificate with a serial (hex), or None."""
    table = _register()
    found = _read(db.session.execute(select(table).where(table.c.serial == serial.lower().lstrip("0"))))
    return found[0] if found else None


@dataclass(frozen=True)
class KeyFile:
    """How a private key is kept: `place` within the data folder or the table, `mode` of the file."""

    what: str
    place: str
    encrypted: bool
    mode: str
    private: bool


def _file(what: str, path: Path, root: Path) -> KeyFile | None:
    if not path.exists():
        return None
    mode = stat.S_IMODE(path.stat().st_mode)
    text = path.read_bytes()
    encrypted = b"ENCRYPTED PRIVATE KEY" in text and b"BEGIN PRIVATE KEY" not in text
    return KeyFile(what, str(path.relative_to(root)), encrypted, f"{mode:04o}", mode & 0o077 == 0)


def key_files() -> list[KeyFile]:
    """The files that hold private keys, as they stand."""
    settings: Settings = current_app.config["SETTINGS"]
    folder = settings.data / "keys"
    found = [
        _file("authority", folder / "trial-ca.pem", settings.data),
        _file("system", folder / "system.pem", settings.data),
    ]
    return [row for row in found if row is not None]


def stored_keys() -> dict[str, int]:
    """How many encrypted private keys stand in the database: of seats, of seals."""
    return {
        "seat": db.session.scalar(select(func.count()).select_from(SeatKey)) or 0,
        "seal": db.session.scalar(select(func.count()).select_from(RecruitmentSeal)) or 0,
    }


def password_source() -> str:
    """"setting" where the configuration gives the authority's password, "file" where it stands beside the keys."""
    settings: Settings = current_app.config["SETTINGS"]
    return "setting" if settings.trial_ca_password else "file"
