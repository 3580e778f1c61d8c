"""The lottery for the last tie: one row per lottery, nothing is overwritten."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from evaluation.columns import Identified, UTCDateTime, Versioned
from evaluation.models_base import Base, stages


class Lottery(Identified, Versioned, Base):
    """A witnessed lottery over vendors that nothing else told apart (并列抽签)."""

    __tablename__ = "lottery"
    __table_args__ = (
        UniqueConstraint("review_id", "number"),
        stages("fixed", "committed", "drawn", "abandoned"),
        # What was drawn can be drawn again by anyone.
        CheckConstraint("stage <> 'drawn' OR proof_digest <> ''", name="drawn_has_proof"),
    )

    review_id: Mapped[int] = mapped_column(ForeignKey("review.id"), index=True)
    number: Mapped[int] = mapped_column(Integer, default=1)
    stage: Mapped[str] = mapped_column(String(20), default="fixed")
    reason: Mapped[str] = mapped_column(Text, default="")
    #: What is fixed before entropy exists, as `evaluation.lottery.fix` gives it.
    fixed: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    fixed_digest: Mapped[str] = mapped_column(String(64), default="")
    #: Party → commitment and when; party → secret and when.
    commitments: Mapped[dict[str, dict[str, str]]] = mapped_column(JSON, default=dict)
    reveals: Mapped[dict[str, dict[str, str]]] = mapped_column(JSON, default=dict)
    public_name: Mapped[str] = mapped_column(String(200), default="")
    public_digits: Mapped[int] = mapped_column(Integer, default=0)
    public_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    public_value: Mapped[str] = mapped_column(String(64), default="")
    public_source: Mapped[str] = mapped_column(String(500), default="")
    public_by: Mapped[str] = mapped_column(String(20), default="")
    fixed_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    #: The replayable proof as `evaluation.lottery` writes it.
    proof: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    proof_digest: Mapped[str] = mapped_column(String(64), default="")
    drawn_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    abandoned_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
