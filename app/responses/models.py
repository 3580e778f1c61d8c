"""A vendor's response: its files, uploads under way, receipts, the paper at the counter, the opening."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Organisation, User
from app.publication.models import Recruitment
from evaluation.columns import BigId, Identified, UTCDateTime, Versioned
from evaluation.models import Base, Candidate


class Response(Identified, Versioned, Base):
    """One vendor's response (响应文件) to one recruitment."""

    __tablename__ = "response"
    __table_args__ = (
        UniqueConstraint("recruitment_id", "organisation_id"),
        CheckConstraint("stage IN ('draft', 'submitted', 'withdrawn', 'opened')", name="stage_known"),
    )

    recruitment_id: Mapped[int] = mapped_column(ForeignKey("recruitment.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    stage: Mapped[str] = mapped_column(String(20), default="draft")
    contact_name: Mapped[str] = mapped_column(String(80), default="")
    contact_phone: Mapped[str] = mapped_column(String(40), default="")
    ca_name: Mapped[str] = mapped_column(String(200), default="")
    ca_licence: Mapped[str] = mapped_column(String(80), default="")
    #: True where the vendor is itself the certification authority.
    is_ca: Mapped[bool] = mapped_column(Boolean, default=False)
    #: Dates and names the vendor entered for evidences, per content item number.
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    plan_digest: Mapped[str] = mapped_column(String(64), default="")
    submitted_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    withdrawn_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    opened_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    #: The submission that counts: a row of `submission`.
    submission_id: Mapped[int | None] = mapped_column(
        ForeignKey("submission.id", use_alter=True, name="fk_response_submission_id")
    )
    candidate_id: Mapped[int | None] = mapped_column(ForeignKey("candidate.id"), unique=True)

    recruitment: Mapped[Recruitment] = relationship()
    organisation: Mapped[Organisation] = relationship()
    candidate: Mapped[Candidate | None] = relationship()
    files: Mapped[list[ResponseFile]] = relationship(back_populates="response", order_by="ResponseFile.id")
    submission: Mapped[Submission | None] = relationship(foreign_keys=[submission_id], post_update=True)


class ResponseFile(Identified, Versioned, Base):
    """A file of the package. A replaced or removed one keeps its row (`removed_at`); blobs are never deleted
    once a submission has listed them."""

    __tablename__ = "response_file"
    __table_args__ = (CheckConstraint("size > 0", name="not_empty"),)

    response_id: Mapped[int] = mapped_column(ForeignKey("response.id"), index=True)
    #: Number of the plan's content item, as text.
    item: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(255))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(BigId)
    sm3: Mapped[str] = mapped_column(String(64))
    blob_key: Mapped[str] = mapped_column(String(64))
    pages: Mapped[int | None] = mapped_column(Integer)
    #: What the software found: metadata, seals. Hints only.
    findings: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    uploaded_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    uploaded_at: Mapped[datetime] = mapped_column(UTCDateTime())
    removed_at: Mapped[datetime | None] = mapped_column(UTCDateTime())

    response: Mapped[Response] = relationship(back_populates="files")
    uploaded_by: Mapped[User] = relationship()
    seal_check: Mapped[SealCheck | None] = relationship(back_populates="file", uselist=False)


class SealCheck(Base):
    """What the software found of the electronic seals in a PDF or OFD of the package. As secret as the file."""

    __tablename__ = "seal_check"
    __table_args__ = (CheckConstraint("stage IN ('waiting', 'done', 'failed')", name="stage_known"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("response_file.id"), unique=True)
    stage: Mapped[str] = mapped_column(String(20), default="waiting")
    #: VALID, TRIAL_VALID, INVALID, INDETERMINATE or UNSIGNED, once it is done.
    verdict: Mapped[str] = mapped_column(String(20), default="")
    signatures: Mapped[int] = mapped_column(Integer, default=0)
    #: Why there is no answer: a code of the refusals.
    refusal: Mapped[str] = mapped_column(String(60), default="")
    #: The report of `app.verification.examine`, with the pictures of the stamps.
    report: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, deferred=True)
    ordered_at: Mapped[datetime] = mapped_column(UTCDateTime())
    checked_at: Mapped[datetime | None] = mapped_column(UTCDateTime())

    file: Mapped[ResponseFile] = relationship(back_populates="seal_check")


class Upload(Identified, Versioned, Base):
    """A resumable upload under way. `received` is how many bytes are safely stored."""

    __tablename__ = "upload"
    __table_args__ = (
        CheckConstraint("received >= 0 AND received <= size", name="received_in_range"),
        CheckConstraint("stage IN ('open', 'finished', 'refused', 'abandoned')", name="stage_known"),
    )

    response_id: Mapped[int | None] = mapped_column(ForeignKey("response.id"), index=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    item: Mapped[str] = mapped_column(String(20), default="")
    name: Mapped[str] = mapped_column(String(255))
    size: Mapped[int] = mapped_column(BigId)
    received: Mapped[int] = mapped_column(BigId, default=0)
    #: How the client knows the same local file again after a lost connection; "" where it does not tell.
    fingerprint: Mapped[str] = mapped_column(String(80), default="")
    stage: Mapped[str] = mapped_column(String(20), default="open")
    refusal: Mapped[str] = mapped_column(String(60), default="")
    blob_key: Mapped[str] = mapped_column(String(64))
    file_id: Mapped[int | None] = mapped_column(ForeignKey("response_file.id"))
    started_at: Mapped[datetime] = mapped_column(UTCDateTime())
    touched_at: Mapped[datetime] = mapped_column(UTCDateTime())

    response: Mapped[Response | None] = relationship()


class Submission(Identified, Base):
    """A submission or withdrawal as it was received: manifest, digest, receipt. Never changed."""

    __tablename__ = "submission"
    __table_args__ = (
        UniqueConstraint("response_id", "number"),
        CheckConstraint("kind IN ('submit', 'withdraw', 'confirm')", name="kind_known"),
    )

    response_id: Mapped[int] = mapped_column(ForeignKey("response.id"), index=True)
    number: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(20))
    plan_digest: Mapped[str] = mapped_column(String(64))
    #: Canonical JSON of the package: items, names, sizes, SM3 of each file.
    manifest: Mapped[dict[str, Any]] = mapped_column(JSON)
    manifest_sm3: Mapped[str] = mapped_column(String(64))
    missing: Mapped[list[str]] = mapped_column(JSON, default=list)
    received_at: Mapped[datetime] = mapped_column(UTCDateTime())
    by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    receipt_document_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))

    response: Mapped[Response] = relationship(foreign_keys=[response_id])
    by: Mapped[User] = relationship()


class PaperArrival(Identified, Versioned, Base):
    """A paper package registered at the counter (纸质响应文件签收登记)."""

    __tablename__ = "paper_arrival"
    __table_args__ = (UniqueConstraint("recruitment_id", "number"),)

    recruitment_id: Mapped[int] = mapped_column(ForeignKey("recruitment.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    number: Mapped[int] = mapped_column(Integer)
    vendor_name: Mapped[str] = mapped_column(String(200))
    arrived_at: Mapped[datetime] = mapped_column(UTCDateTime())
    copies: Mapped[int] = mapped_column(Integer)
    sealed: Mapped[bool] = mapped_column(Boolean)
    envelope_ok: Mapped[bool] = mapped_column(Boolean)
    note: Mapped[str] = mapped_column(Text, default="")
    delivered_by: Mapped[str] = mapped_column(String(80), default="")
    late: Mapped[bool] = mapped_column(Boolean, default=False)
    registered_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    registered_at: Mapped[datetime] = mapped_column(UTCDateTime())

    organisation: Mapped[Organisation | None] = relationship()


class PaperDifference(Identified, Versioned, Base):
    """Paper prevails over electronic [plan]: a difference counts once two persons confirmed it."""

    __tablename__ = "paper_difference"
    __table_args__ = (
        CheckConstraint("second_by_id IS NULL OR second_by_id <> first_by_id", name="two_persons"),
    )

    response_id: Mapped[int] = mapped_column(ForeignKey("response.id"), index=True)
    item: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text)
    first_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    first_at: Mapped[datetime] = mapped_column(UTCDateTime())
    second_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    second_at: Mapped[datetime | None] = mapped_column(UTCDateTime())

    response: Mapped[Response] = relationship()


class Approval(Base):
    """One of the two persons' yes to a step that needs two (publication, opening, award, archive …)."""

    __tablename__ = "approval"
    __table_args__ = (UniqueConstraint("recruitment_id", "step", "round", "role"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    recruitment_id: Mapped[int] = mapped_column(ForeignKey("recruitment.id"), index=True)
    step: Mapped[str] = mapped_column(String(40))
    round: Mapped[int] = mapped_column(Integer, default=1)
    role: Mapped[str] = mapped_column(String(20))
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    reason: Mapped[str] = mapped_column(Text, default="")
    given_at: Mapped[datetime] = mapped_column(UTCDateTime())
    #: What exactly is agreed to, where a step can be taken in several ways; both persons agree to the same.
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    #: When the step was taken, or the proposal withdrawn: a later one needs both persons again.
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime())

    user: Mapped[User] = relationship()
