"""What the software noticed between vendors, and what people made of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import User
from evaluation.columns import Identified, UTCDateTime, Versioned
from evaluation.models import Base


class CollusionHint(Identified, Versioned, Base):
    """The same thing with two vendors or more (雷同线索): a hint for the panel, it decides nothing."""

    __tablename__ = "collusion_hint"
    __table_args__ = (
        # A second search finds the same thing again; what was decided on it stays.
        UniqueConstraint("review_id", "key"),
        CheckConstraint("strength IN ('strong', 'weak')", name="strength_known"),
        CheckConstraint("stage IN ('open', 'noted', 'dismissed')", name="stage_known"),
        CheckConstraint("stage = 'open' OR reason <> ''", name="decision_has_reason"),
    )

    review_id: Mapped[int] = mapped_column(ForeignKey("review.id"), index=True)
    #: SM3 of what was found: kind and value, or the two files of a text.
    key: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(20))
    strength: Mapped[str] = mapped_column(String(10))
    #: vendors (numbers), value, files (vendor, file, name); for a text: characters, share, passages.
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    found_at: Mapped[datetime] = mapped_column(UTCDateTime())
    stage: Mapped[str] = mapped_column(String(20), default="open")
    reason: Mapped[str] = mapped_column(Text, default="")
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime())

    decided_by: Mapped[User | None] = relationship()
