"""What follows the ranking: objections, notices, contracts, fees."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Organisation, User
from app.publication.models import Recruitment
from evaluation.columns import Identified, Money, UTCDateTime, Versioned
from evaluation.models import Base, Candidate


class Objection(Identified, Versioned, Base):
    """质疑: received, decided, published, each with its deadline and the calendar it was counted by."""

    __tablename__ = "objection"
    __table_args__ = (
        CheckConstraint(
            "stage IN ('received', 'accepted', 'refused', 'upheld', 'rejected', 'withdrawn')", name="stage_known"
        ),
        CheckConstraint("subject IN ('documents', 'process', 'result')", name="subject_known"),
        CheckConstraint("channel IN ('online', 'paper')", name="channel_known"),
        UniqueConstraint("recruitment_id", "number"),
    )

    recruitment_id: Mapped[int] = mapped_column(ForeignKey("recruitment.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    number: Mapped[int] = mapped_column(Integer)
    stage: Mapped[str] = mapped_column(String(20), default="received")
    subject: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text)
    #: "paper": handed in outside the system and registered by staff.
    channel: Mapped[str] = mapped_column(String(10), default="online")
    filed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    evidence_blob: Mapped[str | None] = mapped_column(String(64))
    evidence_name: Mapped[str] = mapped_column(String(255), default="")
    evidence_type: Mapped[str] = mapped_column(String(100), default="")
    against_id: Mapped[int | None] = mapped_column(ForeignKey("candidate.id"))
    #: Staff's judgement that it may change the result: holds notices and contracts while open.
    may_change_result: Mapped[bool] = mapped_column(Boolean, default=True)
    #: Why it is not admitted, or why it can't change the result.
    reason: Mapped[str] = mapped_column(Text, default="")
    received_at: Mapped[datetime] = mapped_column(UTCDateTime())
    answer_due_on: Mapped[date] = mapped_column(Date)
    calendar_version: Mapped[str] = mapped_column(String(80))
    provisional: Mapped[bool] = mapped_column(Boolean, default=False)
    answer: Mapped[str] = mapped_column(Text, default="")
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    #: When an upheld one had its consequence (re-review): until then it holds the award.
    remedied_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    published_at: Mapped[datetime | None] = mapped_column(UTCDateTime())

    recruitment: Mapped[Recruitment] = relationship()
    organisation: Mapped[Organisation] = relationship()
    against: Mapped[Candidate | None] = relationship()


class Complaint(Identified, Versioned, Base):
    """投诉: a complaint to the authority, with its orders."""

    __tablename__ = "complaint"

    recruitment_id: Mapped[int] = mapped_column(ForeignKey("recruitment.id"), index=True)
    complainant: Mapped[str] = mapped_column(String(200))
    authority: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    #: [{"on": ISO date, "effect": code, "text": …, "by": public id, "at": ISO instant}], the first one first.
    orders: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    received_on: Mapped[date] = mapped_column(Date)
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    recorded_at: Mapped[datetime] = mapped_column(UTCDateTime())


class Publicity(Identified, Versioned, Base):
    """One publicity (公示): of the result, corrected after a re-review, or supplementary after a substitution."""

    __tablename__ = "publicity"
    __table_args__ = (
        UniqueConstraint("recruitment_id", "number"),
        CheckConstraint("kind IN ('result', 'corrected', 'supplementary')", name="kind_known"),
        CheckConstraint("ends_on >= starts_on", name="ends_after_start"),
    )

    recruitment_id: Mapped[int] = mapped_column(ForeignKey("recruitment.id"), index=True)
    number: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(20))
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date)
    #: Last day of the objections to it, with the calendar it was counted by.
    objections_until: Mapped[date] = mapped_column(Date)
    calendar_version: Mapped[str] = mapped_column(String(80))
    provisional: Mapped[bool] = mapped_column(Boolean, default=False)
    reason: Mapped[str] = mapped_column(Text, default="")
    removed_id: Mapped[int | None] = mapped_column(ForeignKey("candidate.id"))
    moved_up_id: Mapped[int | None] = mapped_column(ForeignKey("candidate.id"))
    started_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    started_at: Mapped[datetime] = mapped_column(UTCDateTime())
    #: A re-review took the result back.
    withdrawn_at: Mapped[datetime | None] = mapped_column(UTCDateTime())

    recruitment: Mapped[Recruitment] = relationship()
    removed: Mapped[Candidate | None] = relationship(foreign_keys=[removed_id])
    moved_up: Mapped[Candidate | None] = relationship(foreign_keys=[moved_up_id])


class SelectionNotice(Identified, Versioned, Base):
    """入选通知书 or 未入选通知书, issued to one vendor; its day starts the 30 working days."""

    __tablename__ = "selection_notice"
    __table_args__ = (
        UniqueConstraint("candidate_id", "kind", "round"),
        CheckConstraint("kind IN ('selected', 'not_selected', 'moved_up', 'removed')", name="kind_known"),
    )

    recruitment_id: Mapped[int] = mapped_column(ForeignKey("recruitment.id"), index=True)
    candidate_id: Mapped[int] = mapped_column(ForeignKey("candidate.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    #: A re-review after the award revokes its notices; the next award issues those of the next round.
    round: Mapped[int] = mapped_column(Integer, default=1)
    reason: Mapped[str] = mapped_column(Text, default="")
    number: Mapped[str] = mapped_column(String(60), unique=True)
    issued_on: Mapped[date] = mapped_column(Date)
    issued_at: Mapped[datetime] = mapped_column(UTCDateTime())
    issued_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    document_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))
    acknowledged_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime())

    candidate: Mapped[Candidate] = relationship()


class Contract(Identified, Versioned, Base):
    """The contract and vendor agreement with one selected vendor; service runs a year from its date."""

    __tablename__ = "contract"
    __table_args__ = (
        UniqueConstraint("candidate_id"),
        CheckConstraint("stage IN ('due', 'signed', 'suspended', 'ended')", name="stage_known"),
        CheckConstraint("stage <> 'signed' OR signed_on IS NOT NULL", name="signed_has_date"),
    )

    recruitment_id: Mapped[int] = mapped_column(ForeignKey("recruitment.id"), index=True)
    candidate_id: Mapped[int] = mapped_column(ForeignKey("candidate.id"))
    number: Mapped[str] = mapped_column(String(60), default="")
    stage: Mapped[str] = mapped_column(String(20), default="due")
    due_on: Mapped[date] = mapped_column(Date)
    signed_on: Mapped[date | None] = mapped_column(Date)
    agreement_signed: Mapped[bool] = mapped_column(Boolean, default=False)
    service_start: Mapped[date | None] = mapped_column(Date)
    service_end: Mapped[date | None] = mapped_column(Date)
    scan_blob: Mapped[str | None] = mapped_column(String(64))
    scan_name: Mapped[str] = mapped_column(String(255), default="")
    scan_type: Mapped[str] = mapped_column(String(100), default="")
    #: The days from here to the resumption are added to `due_on`.
    suspended_on: Mapped[date | None] = mapped_column(Date)
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    note: Mapped[str] = mapped_column(Text, default="")

    candidate: Mapped[Candidate] = relationship()


class FeeShare(Identified, Versioned, Base):
    """One selected vendor's share of the expert fees [plan]; a reversal is a negative row, never a change."""

    __tablename__ = "fee_share"
    __table_args__ = (CheckConstraint("kind IN ('invoice', 'reversal')", name="kind_known"),)

    recruitment_id: Mapped[int] = mapped_column(ForeignKey("recruitment.id"), index=True)
    candidate_id: Mapped[int] = mapped_column(ForeignKey("candidate.id"))
    kind: Mapped[str] = mapped_column(String(20), default="invoice")
    round: Mapped[int] = mapped_column(Integer, default=1)
    amount: Mapped[Decimal] = mapped_column(Money)
    total: Mapped[Decimal] = mapped_column(Money)
    issued_at: Mapped[datetime] = mapped_column(UTCDateTime())
    paid_on: Mapped[date | None] = mapped_column(Date)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    candidate: Mapped[Candidate] = relationship()
    recruitment: Mapped[Recruitment] = relationship()


class StageDecision(Identified, Base):
    """A recorded decision with its reason and cause code (suspension, termination, re-review, few vendors …)."""

    __tablename__ = "stage_decision"

    recruitment_id: Mapped[int] = mapped_column(ForeignKey("recruitment.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    cause: Mapped[str] = mapped_column(String(40), default="")
    text: Mapped[str] = mapped_column(Text)
    by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime())
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    by: Mapped[User] = relationship()
