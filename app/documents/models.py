"""Issued documents: what was printed, under which digest, for whom."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column, object_session, relationship

from app.publication.models import Recruitment
from evaluation.columns import BigId, Identified, UTCDateTime
from evaluation.models import Base, PanelSeat


class RecruitmentSeal(Identified, Base):
    """A recruitment's trial seal (GB/T 38540) with its key. One that expired or was revoked is followed by another."""

    __tablename__ = "recruitment_seal"
    __table_args__ = (
        UniqueConstraint("recruitment_id", "number"),
        CheckConstraint("revoked_at IS NULL OR reason <> ''", name="revoked_has_reason"),
    )

    recruitment_id: Mapped[int] = mapped_column(ForeignKey("recruitment.id"), index=True)
    number: Mapped[int] = mapped_column(Integer, default=1)
    name: Mapped[str] = mapped_column(String(200))
    #: Serial number of the signing certificate, lower-case hex; and of whoever made the seal.
    serial: Mapped[str] = mapped_column(String(48), unique=True)
    maker_serial: Mapped[str] = mapped_column(String(48), unique=True)
    certificate: Mapped[bytes] = mapped_column(LargeBinary)
    maker_certificate: Mapped[bytes] = mapped_column(LargeBinary)
    #: The seal as the standard writes it (.esl).
    seal: Mapped[bytes] = mapped_column(LargeBinary)
    #: The private half, wrapped under a key that only the opened trial authority gives.
    sealed_key: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime())
    valid_until: Mapped[datetime] = mapped_column(UTCDateTime())
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    revocation_reason: Mapped[int | None] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(Text, default="")

    recruitment: Mapped[Recruitment] = relationship()


class Document(Identified, Base):
    """A document that left the system. An issued one never changes; a new one supersedes it."""

    __tablename__ = "document"

    recruitment_id: Mapped[int | None] = mapped_column(ForeignKey("recruitment.id"), index=True)
    kind: Mapped[str] = mapped_column(String(60), index=True)
    title: Mapped[str] = mapped_column(String(200))
    file_name: Mapped[str] = mapped_column(String(255))
    media_type: Mapped[str] = mapped_column(String(100))
    blob_key: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigId)
    sm3: Mapped[str] = mapped_column(String(64))
    #: Kind and public id of what the document is about, e.g. ("Response", "…").
    subject_kind: Mapped[str] = mapped_column(String(40), default="")
    subject_ref: Mapped[str] = mapped_column(String(40), default="", index=True)
    #: Who besides staff and supervisor may read it: "public", "owner" (the vendor of `owner_ref`), "panel",
    #: "staff"; "seat" is for the panel seat of `owner_ref` alone.
    audience: Mapped[str] = mapped_column(String(20), default="staff")
    owner_ref: Mapped[str] = mapped_column(String(40), default="")
    #: Digest of the data it prints and what seal it carries.
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    issued_at: Mapped[datetime] = mapped_column(UTCDateTime())
    superseded_at: Mapped[datetime | None] = mapped_column(UTCDateTime())

    recruitment: Mapped[Recruitment | None] = relationship()

    @property
    def sealed(self) -> bool:
        """Whether it carries the recruitment's electronic seal."""
        return bool((self.facts or {}).get("seal"))

    @property
    def seat_id(self) -> int | None:
        """The seat that owns it, as the permission table asks for it; None for other audiences."""
        session = object_session(self)
        if self.audience != "seat" or session is None:
            return None
        return session.scalar(select(PanelSeat.id).where(PanelSeat.public_id == self.owner_ref))
