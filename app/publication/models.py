"""The recruitment itself, its frozen plan versions, amendments and questions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Organisation, User
from evaluation.columns import BigId, Identified, UTCDateTime, Versioned
from evaluation.models import Base, Review
from onboarding.models import Programme

STAGES = (
    "draft",
    "published",
    "opened",
    "qualification",
    "scoring",
    "reported",
    "publicity",
    "awarded",
    "integration",
    "promotion",
    "archived",
    "suspended",
    "terminated",
)


class Recruitment(Identified, Versioned, Base):
    """One recruitment (招募) from draft to archive. `stage` is written by `app.lifecycle.advance` only."""

    __tablename__ = "recruitment"
    __table_args__ = (
        CheckConstraint("stage IN (" + ", ".join(f"'{s}'" for s in STAGES) + ")", name="stage_known"),
        # What is published is frozen: bytes and digest exist from then on. A draft may end without either.
        CheckConstraint("stage IN ('draft', 'terminated') OR plan_digest IS NOT NULL", name="published_is_frozen"),
    )

    title: Mapped[str] = mapped_column(String(200))
    stage: Mapped[str] = mapped_column(String(20), default="draft")
    #: Where a suspended recruitment came from.
    stage_before: Mapped[str | None] = mapped_column(String(20))
    is_sample: Mapped[bool] = mapped_column(Boolean, default=False)
    organiser_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    created_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime())
    #: The draft (TOML bytes) until publication; afterwards the frozen bytes of the version in force.
    #: Deferred: every request loads its recruitment, few read the plan's bytes.
    plan_bytes: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    plan_digest: Mapped[str | None] = mapped_column(String(64))
    publish_asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    published_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    #: Derived from the plan in force, kept as columns for lists and guards.
    opens_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    closes_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    publicity_starts_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    publicity_ends_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    arrivals_closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    opened_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    awarded_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    #: Recorded decision not to wait for the objection period.
    early_award_decision: Mapped[str | None] = mapped_column(Text)
    previous_id: Mapped[int | None] = mapped_column(ForeignKey("recruitment.id"))
    review_id: Mapped[int | None] = mapped_column(ForeignKey("review.id"), unique=True)
    programme_id: Mapped[int | None] = mapped_column(ForeignKey("programme.id"), unique=True)

    organiser: Mapped[Organisation] = relationship()
    created_by: Mapped[User] = relationship(foreign_keys=[created_by_id])
    review: Mapped[Review | None] = relationship()
    programme: Mapped[Programme | None] = relationship()
    versions: Mapped[list[PlanVersion]] = relationship(
        back_populates="recruitment", order_by="PlanVersion.number"
    )

    @property
    def is_published(self) -> bool:
        """True from the publication on, however it ended; a draft that was given up never is."""
        return self.plan_digest is not None


class PlanVersion(Base):
    """A published version of the plan: frozen bytes, digest, effective data. Never changed."""

    __tablename__ = "plan_version"
    __table_args__ = (UniqueConstraint("recruitment_id", "number"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    recruitment_id: Mapped[int] = mapped_column(ForeignKey("recruitment.id"), index=True)
    number: Mapped[int] = mapped_column(Integer)
    plan_bytes: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[str] = mapped_column(String(64))
    #: Effective plan (supplements applied) as JSON; dates as ISO strings.
    effective: Mapped[dict[str, Any]] = mapped_column(JSON)
    published_at: Mapped[datetime] = mapped_column(UTCDateTime())

    recruitment: Mapped[Recruitment] = relationship(back_populates="versions")


class Amendment(Identified, Versioned, Base):
    """补充/更正公告: published before the closing time; may move it, the same for everyone."""

    __tablename__ = "amendment"
    __table_args__ = (
        UniqueConstraint("recruitment_id", "number"),
        CheckConstraint("stage IN ('draft', 'published')", name="stage_known"),
    )

    recruitment_id: Mapped[int] = mapped_column(ForeignKey("recruitment.id"), index=True)
    number: Mapped[int] = mapped_column(Integer)
    stage: Mapped[str] = mapped_column(String(20), default="draft")
    title: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    #: [{"path": ..., "value": ...}] changes to the plan.
    changes: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    touches_responses: Mapped[bool] = mapped_column(Boolean, default=False)
    new_closes_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    created_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime())
    published_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    digest: Mapped[str | None] = mapped_column(String(64))

    recruitment: Mapped[Recruitment] = relationship()


class Question(Identified, Versioned, Base):
    """A question on the plan; the answer is published to all, without the asker's name."""

    __tablename__ = "question"
    __table_args__ = (CheckConstraint("stage IN ('received', 'published', 'declined')", name="stage_known"),)

    recruitment_id: Mapped[int] = mapped_column(ForeignKey("recruitment.id"), index=True)
    stage: Mapped[str] = mapped_column(String(20), default="received")
    place: Mapped[str] = mapped_column(String(80), default="")
    text: Mapped[str] = mapped_column(Text)
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime())
    answer: Mapped[str] = mapped_column(Text, default="")
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    published_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    decline_reason: Mapped[str] = mapped_column(Text, default="")

    recruitment: Mapped[Recruitment] = relationship()
    asked_by: Mapped[User | None] = relationship(foreign_keys=[asked_by_id])


class ChannelProof(Identified, Base):
    """Proof that the notice stood on one of the plan's channels."""

    __tablename__ = "channel_proof"

    recruitment_id: Mapped[int] = mapped_column(ForeignKey("recruitment.id"), index=True)
    channel: Mapped[str] = mapped_column(String(200))
    url: Mapped[str] = mapped_column(String(500), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    blob_key: Mapped[str | None] = mapped_column(String(64))
    file_name: Mapped[str] = mapped_column(String(255), default="")
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    recorded_at: Mapped[datetime] = mapped_column(UTCDateTime())
