"""The tables of the seats' signing keys, and what a signature leaves in a signed row."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from evaluation.columns import Identified, UTCDateTime
from evaluation.models_base import Base

if TYPE_CHECKING:
    from evaluation.models import PanelSeat


class SeatKey(Identified, Base):
    """A seat's signing key: the certificate under the seat's pseudonym, and the private half, which only the
    expert's own passphrase opens. A key that was revoked stays, so that what it signed can be checked."""

    __tablename__ = "seat_key"
    __table_args__ = (
        UniqueConstraint("seat_id", "number"),
        CheckConstraint("revoked_at IS NULL OR reason <> ''", name="revoked_has_reason"),
    )

    seat_id: Mapped[int] = mapped_column(ForeignKey("panel_seat.id"), index=True)
    number: Mapped[int] = mapped_column(Integer, default=1)
    #: Serial number of the certificate, lower-case hex.
    serial: Mapped[str] = mapped_column(String(48), unique=True)
    certificate: Mapped[bytes] = mapped_column(LargeBinary)
    #: The private half as PKCS#8, encrypted: kdf, its parameters, salt, nonce, data.
    sealed: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime())
    #: Wrong passphrases in a row, and the last one.
    failed_tries: Mapped[int] = mapped_column(Integer, default=0)
    failed_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    locked_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    #: CRLReason of RFC 5280.
    revocation_reason: Mapped[int | None] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(Text, default="")
    #: When and by whom (reference) the seat was allowed another key after this one.
    renewal_allowed_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    renewal_allowed_by: Mapped[str] = mapped_column(String(24), default="")

    seat: Mapped[PanelSeat] = relationship()


class SeatKeyOpening(Identified, Base):
    """A key opened for some minutes in one browser: wrapped under a token that only that browser holds."""

    __tablename__ = "seat_key_opening"

    key_id: Mapped[int] = mapped_column(ForeignKey("seat_key.id"), index=True)
    sealed: Mapped[dict[str, Any]] = mapped_column(JSON)
    opened_at: Mapped[datetime] = mapped_column(UTCDateTime())
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime())

    key: Mapped[SeatKey] = relationship()


class Signed:
    """What signing leaves behind: the canonical payload's digest, the signature over it, and the seat's key
    (with its certificate) that made it."""

    signed_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    payload_digest: Mapped[str | None] = mapped_column(String(64))
    signature: Mapped[str | None] = mapped_column(Text)
    seat_key_id: Mapped[int | None] = mapped_column(ForeignKey("seat_key.id"))
