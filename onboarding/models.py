"""Integration with the unified seal platform: programme, vendors' integrations, acceptance items, trial issuance."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy import (
    text as sql,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from evaluation.columns import BigId, Identified, UTCDateTime, Versioned
from evaluation.models import Base


class Programme(Identified, Versioned, Base):
    """The integration phase of one recruitment: its requirements, its clock, its go-live."""

    __tablename__ = "programme"

    plan_digest: Mapped[str] = mapped_column(String(64))
    #: Effective `onboarding` sections of the plan; the rules are read from here only.
    rules: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime())
    #: The platform's addresses and parameters, as the organiser tells the vendors at the project's start.
    notice: Mapped[str] = mapped_column(Text, default="")
    promotion_start: Mapped[date | None] = mapped_column(Date)
    promotion_end: Mapped[date | None] = mapped_column(Date)

    requirements: Mapped[list[Requirement]] = relationship(back_populates="programme", order_by="Requirement.sort")
    integrations: Mapped[list[Integration]] = relationship(back_populates="programme", order_by="Integration.id")


class Requirement(Identified, Versioned, Base):
    """One acceptance item of the plan's 招募需求, with a stable id such as `std.1` or `cert.5`."""

    __tablename__ = "requirement"
    __table_args__ = (UniqueConstraint("programme_id", "key"),)

    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id"), index=True)
    key: Mapped[str] = mapped_column(String(40))
    sort: Mapped[int] = mapped_column(Integer)
    group: Mapped[str] = mapped_column("group_key", String(40))
    title: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(String(200), default="")
    proof: Mapped[str] = mapped_column(String(20), default="evidence")

    programme: Mapped[Programme] = relationship(back_populates="requirements")


class Integration(Identified, Versioned, Base):
    """One selected vendor's 30 working days. Every date is stored with the calendar it was counted by."""

    __tablename__ = "integration"
    __table_args__ = (
        UniqueConstraint("programme_id", "candidate_ref"),
        CheckConstraint(
            "stage IN ('running', 'accepted', 'overdue', 'extended', 'suspended', 'removed')", name="stage_known"
        ),
    )

    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id"), index=True)
    #: Public id of the review's candidate; a value, so that onboarding needs no review to stand.
    candidate_ref: Mapped[str] = mapped_column(String(24))
    vendor_name: Mapped[str] = mapped_column(String(200))
    credit_code: Mapped[str] = mapped_column(String(18))
    stage: Mapped[str] = mapped_column(String(20), default="running")
    #: Event day (issue of the notice of selection); day 1 is the next working day.
    event_on: Mapped[date] = mapped_column(Date)
    working_days: Mapped[int] = mapped_column(Integer)
    deadline_on: Mapped[date] = mapped_column(Date)
    calendar_version: Mapped[str] = mapped_column(String(80))
    provisional: Mapped[bool] = mapped_column(Boolean, default=False)
    accepted_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    removed_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    suspended_on: Mapped[date | None] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(Text, default="")
    #: Public id of the candidate that this one replaced.
    replaces_ref: Mapped[str | None] = mapped_column(String(24))

    programme: Mapped[Programme] = relationship(back_populates="integrations")
    items: Mapped[list[RequirementState]] = relationship(back_populates="integration")
    changes: Mapped[list[DeadlineChange]] = relationship(
        back_populates="integration", order_by="DeadlineChange.id"
    )
    certificate_requests: Mapped[list[CertificateRequest]] = relationship(
        back_populates="integration", order_by="CertificateRequest.id"
    )


class DeadlineChange(Identified, Versioned, Base):
    """An extension (reason, the supervisor's consent) or days given back (lost by the organiser's side)."""

    __tablename__ = "deadline_change"
    __table_args__ = (
        CheckConstraint("kind IN ('extension', 'given_back')", name="kind_known"),
        CheckConstraint("days > 0", name="days_positive"),
        CheckConstraint("stage IN ('asked', 'consented', 'refused')", name="stage_known"),
    )

    integration_id: Mapped[int] = mapped_column(ForeignKey("integration.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    stage: Mapped[str] = mapped_column(String(20), default="asked")
    days: Mapped[int] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(Text)
    asked_by: Mapped[str] = mapped_column(String(24))
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime())
    decided_by: Mapped[str | None] = mapped_column(String(24))
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    decision_note: Mapped[str] = mapped_column(Text, default="")
    old_deadline_on: Mapped[date] = mapped_column(Date)
    new_deadline_on: Mapped[date | None] = mapped_column(Date)

    integration: Mapped[Integration] = relationship(back_populates="changes")


class RequirementState(Identified, Versioned, Base):
    """Where one vendor stands with one requirement."""

    __tablename__ = "requirement_state"
    __table_args__ = (
        UniqueConstraint("integration_id", "requirement_id"),
        CheckConstraint("stage IN ('open', 'proved', 'accepted', 'returned')", name="stage_known"),
        # Whoever prepares an acceptance item does not accept it.
        CheckConstraint("decided_by IS NULL OR proved_by IS NULL OR decided_by <> proved_by", name="not_own_judge"),
    )

    integration_id: Mapped[int] = mapped_column(ForeignKey("integration.id"), index=True)
    requirement_id: Mapped[int] = mapped_column(ForeignKey("requirement.id"), index=True)
    stage: Mapped[str] = mapped_column(String(20), default="open")
    #: User public ids; people's names are looked up by the application.
    proved_by: Mapped[str | None] = mapped_column(String(24))
    proved_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    decided_by: Mapped[str | None] = mapped_column(String(24))
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    remark: Mapped[str] = mapped_column(Text, default="")

    integration: Mapped[Integration] = relationship(back_populates="items")
    requirement: Mapped[Requirement] = relationship()
    evidence: Mapped[list[Evidence]] = relationship(back_populates="state", order_by="Evidence.id")
    remarks: Mapped[list[ItemRemark]] = relationship(back_populates="state", order_by="ItemRemark.id")


class Evidence(Identified, Base):
    """A statement, file or test run that proves a requirement. Never deleted."""

    __tablename__ = "evidence"

    state_id: Mapped[int] = mapped_column(ForeignKey("requirement_state.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20), default="file")
    text: Mapped[str] = mapped_column(Text, default="")
    blob_key: Mapped[str | None] = mapped_column(String(64))
    file_name: Mapped[str] = mapped_column(String(255), default="")
    size: Mapped[int] = mapped_column(BigId, default=0)
    sm3: Mapped[str] = mapped_column(String(64), default="")
    author: Mapped[str] = mapped_column(String(24))
    added_at: Mapped[datetime] = mapped_column(UTCDateTime())
    #: For kind "run": the result of the run, e.g. a trial signature's verification.
    result: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    state: Mapped[RequirementState] = relationship(back_populates="evidence")


class ItemRemark(Identified, Base):
    """A question or answer about one requirement of one vendor; `side` says who speaks. Never changed."""

    __tablename__ = "item_remark"
    __table_args__ = (CheckConstraint("side IN ('vendor', 'platform')", name="side_known"),)

    state_id: Mapped[int] = mapped_column(ForeignKey("requirement_state.id"), index=True)
    side: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text)
    author: Mapped[str] = mapped_column(String(24))
    written_at: Mapped[datetime] = mapped_column(UTCDateTime())

    state: Mapped[RequirementState] = relationship(back_populates="remarks")


class CertificateRequest(Identified, Versioned, Base):
    """A vendor's SM2 CSR, what was issued for it, and the challenge that proves the key works."""

    __tablename__ = "certificate_request"
    __table_args__ = (
        CheckConstraint("stage IN ('refused', 'issued', 'verified', 'revoked')", name="stage_known"),
        # One key stands in one certificate that is in force: a copied request can't borrow it.
        Index(
            "uq_certificate_request_key_in_force",
            "key_digest",
            unique=True,
            sqlite_where=sql("stage IN ('issued', 'verified')"),
            postgresql_where=sql("stage IN ('issued', 'verified')"),
        ),
    )

    integration_id: Mapped[int] = mapped_column(ForeignKey("integration.id"), index=True)
    stage: Mapped[str] = mapped_column(String(20))
    csr: Mapped[bytes] = mapped_column(LargeBinary)
    refusal: Mapped[str] = mapped_column(String(60), default="")
    #: SM3 (hex) of the public key; empty where the request could not be read.
    key_digest: Mapped[str] = mapped_column(String(64), default="")
    requested_by: Mapped[str] = mapped_column(String(24))
    requested_at: Mapped[datetime] = mapped_column(UTCDateTime())
    sign_certificate: Mapped[bytes | None] = mapped_column(LargeBinary)
    encryption_certificate: Mapped[bytes | None] = mapped_column(LargeBinary)
    #: Serial numbers of both, lower-case hex.
    sign_serial: Mapped[str | None] = mapped_column(String(48), unique=True)
    encryption_serial: Mapped[str | None] = mapped_column(String(48), unique=True)
    #: CSRResponse of GM/T 0092 (certificates and SM2EnvelopedKey), DER.
    response: Mapped[bytes | None] = mapped_column(LargeBinary)
    challenge: Mapped[bytes | None] = mapped_column(LargeBinary)
    signature: Mapped[bytes | None] = mapped_column(LargeBinary)
    #: Outcome of the last verification: {"intact": true, "trusted": true, "reasons": [...]}
    verification: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    verified_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    #: CRLReason of RFC 5280.
    revocation_reason: Mapped[int | None] = mapped_column(Integer)

    integration: Mapped[Integration] = relationship(back_populates="certificate_requests")


class DutyRecord(Identified, Versioned, Base):
    """A dated record against one of the plan's recurring duties (team change, drill, complaint, report …).

    What one side asks for (a cloud resource, a complaint to answer) waits until `answered_on`.
    """

    __tablename__ = "duty_record"
    __table_args__ = (
        CheckConstraint("side IN ('vendor', 'platform')", name="side_known"),
        CheckConstraint("(answered_on IS NULL) = (answered_by IS NULL)", name="answer_has_author"),
    )

    integration_id: Mapped[int] = mapped_column(ForeignKey("integration.id"), index=True)
    duty: Mapped[str] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(Text)
    happened_on: Mapped[date] = mapped_column(Date)
    #: Whose side recorded it; an answer comes from the other.
    side: Mapped[str] = mapped_column(String(20), default="vendor")
    recorded_by: Mapped[str] = mapped_column(String(24))
    recorded_at: Mapped[datetime] = mapped_column(UTCDateTime())
    #: True where the other side has to answer: grant, reply, agree.
    wants_answer: Mapped[bool] = mapped_column(Boolean, default=False)
    #: The market entity it concerns: name, person, contact. Shown masked; reading it whole is logged.
    entity: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    blob_key: Mapped[str | None] = mapped_column(String(64))
    file_name: Mapped[str] = mapped_column(String(255), default="")
    media_type: Mapped[str] = mapped_column(String(100), default="")
    answer: Mapped[str] = mapped_column(Text, default="")
    answered_on: Mapped[date | None] = mapped_column(Date)
    answered_by: Mapped[str | None] = mapped_column(String(24))

    integration: Mapped[Integration] = relationship()
