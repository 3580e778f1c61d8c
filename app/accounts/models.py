"""People, organisations, their memberships, and how they get in."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from flask_login import UserMixin
from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from evaluation.columns import BigId, Identified, UTCDateTime, Versioned
from evaluation.models import Base, Expert

if TYPE_CHECKING:
    from app.publication.models import Recruitment

#: What a person can be in one recruitment. A vendor's people act through their organisation.
ROLES = ("staff", "supervisor", "expert", "vendor", "operator")
ORGANISATION_KINDS = ("organiser", "supervision", "platform", "vendor")


class User(UserMixin, Identified, Versioned, Base):
    """A person with a login. Roles are held per recruitment (`Membership`), not here."""

    __tablename__ = "user_account"

    login: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    email: Mapped[str] = mapped_column(String(200), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    password_hash: Mapped[str] = mapped_column(String(200))
    #: Part of the session cookie; a new value ends every session of this person.
    session_token: Mapped[str] = mapped_column(String(40))
    is_admin: Mapped[bool] = mapped_column(Boolean, default=False)
    is_disabled: Mapped[bool] = mapped_column(Boolean, default=False)
    must_change_password: Mapped[bool] = mapped_column(Boolean, default=False)
    expert_id: Mapped[int | None] = mapped_column(ForeignKey("expert.id"), unique=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime())
    last_login_at: Mapped[datetime | None] = mapped_column(UTCDateTime())

    expert: Mapped[Expert | None] = relationship()
    organisations: Mapped[list[OrganisationMember]] = relationship(back_populates="user")
    memberships: Mapped[list[Membership]] = relationship(back_populates="user")

    def get_id(self) -> str:
        """Session identity: the public id and the token, so that a password change ends other sessions."""
        return f"{self.public_id}:{self.session_token}"

    @property
    def is_active(self) -> bool:
        return not self.is_disabled


class Organisation(Identified, Versioned, Base):
    """A body that takes part: organiser, supervision, platform, or a vendor by its credit code."""

    __tablename__ = "organisation"
    __table_args__ = (
        CheckConstraint("kind IN ('organiser', 'supervision', 'platform', 'vendor')", name="kind_known"),
        # A vendor is identified by its unified social credit code and nothing else.
        CheckConstraint("kind <> 'vendor' OR credit_code IS NOT NULL", name="vendor_has_code"),
    )

    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    credit_code: Mapped[str | None] = mapped_column(String(18), unique=True)
    address: Mapped[str] = mapped_column(String(300), default="")
    legal_representative: Mapped[str] = mapped_column(String(80), default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime())

    members: Mapped[list[OrganisationMember]] = relationship(back_populates="organisation")


class OrganisationMember(Versioned, Base):
    """A person of an organisation. `is_agent` marks the authorised agent (被授权人) of a vendor."""

    __tablename__ = "organisation_member"
    __table_args__ = (UniqueConstraint("organisation_id", "user_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    is_agent: Mapped[bool] = mapped_column(Boolean, default=False)
    can_manage: Mapped[bool] = mapped_column(Boolean, default=False)
    left_at: Mapped[datetime | None] = mapped_column(UTCDateTime())

    organisation: Mapped[Organisation] = relationship(back_populates="members")
    user: Mapped[User] = relationship(back_populates="organisations")


class Membership(Base):
    """What one person is in one recruitment: exactly one role (separation of duties)."""

    __tablename__ = "membership"
    __table_args__ = (
        # In one recruitment one person holds one role.
        UniqueConstraint("recruitment_id", "user_id"),
        CheckConstraint(
            "role IN ('staff', 'supervisor', 'expert', 'vendor', 'operator')", name="role_known"
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    recruitment_id: Mapped[int] = mapped_column(ForeignKey("recruitment.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    role: Mapped[str] = mapped_column(String(20))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    since: Mapped[datetime] = mapped_column(UTCDateTime())
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime())

    user: Mapped[User] = relationship(back_populates="memberships")
    recruitment: Mapped[Recruitment] = relationship()
    organisation: Mapped[Organisation | None] = relationship()


class Invitation(Identified, Versioned, Base):
    """A one-time link that makes an account or joins an existing one. Only the token's SM3 is stored."""

    __tablename__ = "invitation"

    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    purpose: Mapped[str] = mapped_column(String(20))
    role: Mapped[str] = mapped_column(String(20), default="")
    name: Mapped[str] = mapped_column(String(80), default="")
    email: Mapped[str] = mapped_column(String(200))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    recruitment_id: Mapped[int | None] = mapped_column(ForeignKey("recruitment.id"))
    expert_id: Mapped[int | None] = mapped_column(ForeignKey("expert.id"))
    seat_id: Mapped[int | None] = mapped_column(ForeignKey("panel_seat.id"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime())
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime())
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    withdrawn_at: Mapped[datetime | None] = mapped_column(UTCDateTime())

    organisation: Mapped[Organisation | None] = relationship()
    recruitment: Mapped[Recruitment | None] = relationship()


class LoginAttempt(Base):
    """Failed logins per login and address; the throttle counts them."""

    __tablename__ = "login_attempt"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    login: Mapped[str] = mapped_column(String(80), index=True)
    address: Mapped[str] = mapped_column(String(64))
    happened_at: Mapped[datetime] = mapped_column(UTCDateTime(), index=True)
    succeeded: Mapped[bool] = mapped_column(Boolean, default=False)


class Message(Identified, Base):
    """An in-app message (站内消息) to one person."""

    __tablename__ = "message"

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    recruitment_id: Mapped[int | None] = mapped_column(ForeignKey("recruitment.id"))
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text, default="")
    link: Mapped[str] = mapped_column(String(300), default="")
    sent_at: Mapped[datetime] = mapped_column(UTCDateTime())
    read_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    urgency: Mapped[int] = mapped_column(Integer, default=0)

    user: Mapped[User] = relationship()
