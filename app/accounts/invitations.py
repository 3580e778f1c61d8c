"""One-time links: how people get an account, a role, a seat, a company, or a new password.

The token is random and only its SM3 is stored; whoever reads the database can't use a link.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

from flask import current_app
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app import clock
from app.accounts import duties, passwords, sessions
from app.accounts.models import Invitation, Organisation, User
from app.accounts.notify import send_mail
from app.addresses import path_to
from app.audit import Actor, record, sm3_hex
from app.errors import NotFound, Refusal
from app.extensions import action, db
from app.publication.models import Recruitment
from app.wording import label
from evaluation.models import Expert, PanelSeat

PURPOSES = ("staff", "supervisor", "operator", "expert", "member", "reset")
DAYS = {"reset": 1}
DEFAULT_DAYS = 7


@dataclass(frozen=True)
class NewAccount:
    """What a new person enters behind an invitation or at the registration."""

    login: str
    name: str
    email: str
    phone: str
    password: str


def link_of(token: str) -> str:
    """The address that the invited person opens."""
    return str(current_app.config["SETTINGS"].public_base) + path_to("accounts.accept", token=token)


@action
def invite(
    *,
    purpose: str,
    email: str,
    name: str,
    role: str = "",
    organisation: Organisation | None = None,
    recruitment: Recruitment | None = None,
    expert: Expert | None = None,
    seat: PanelSeat | None = None,
    user: User | None = None,
    created_by: User | None = None,
    actor: Actor,
    days: int | None = None,
) -> tuple[Invitation, str]:
    """Make a one-time link and mail it; returns the row and the link, which can't be read again later.

    `role` is what the person becomes in `recruitment`; empty takes it from the purpose. `days` is how long
    the link holds. Raises Refusal `invitation_purpose`, or what separation of duties refuses for a known
    user. Side effects: one row, one event, one e-mail where an address is given.
    """
    if purpose not in PURPOSES:
        raise Refusal("invitation_purpose")
    if purpose == "member" and (organisation is None or organisation.kind != "vendor"):
        raise Refusal("invitation_purpose")
    if purpose == "expert" and expert is None:
        raise Refusal("invitation_purpose")
    if purpose == "reset" and user is None:
        raise Refusal("invitation_purpose")
    if organisation is not None and organisation.kind != duties.HOME.get(purpose, organisation.kind):
        raise Refusal("invitation_organisation", role=label("role", purpose))
    if recruitment is not None and not role:
        role = purpose if purpose in duties.GIVEN else ""
    token = secrets.token_urlsafe(32)
    now = clock.now()
    row = Invitation(
        token_digest=sm3_hex(token.encode()),
        purpose=purpose,
        role=role,
        name=name.strip()[:80],
        email=email.strip()[:200],
        organisation_id=organisation.id if organisation is not None else None,
        recruitment_id=recruitment.id if recruitment is not None else None,
        expert_id=expert.id if expert is not None else None,
        seat_id=seat.id if seat is not None else None,
        user_id=user.id if user is not None else None,
        created_by_id=created_by.id if created_by is not None else None,
        created_at=now,
        expires_at=now + timedelta(days=days or DAYS.get(purpose, DEFAULT_DAYS)),
    )
    db.session.add(row)
    db.session.flush()
    link = link_of(token)
    record(
        "invitation.made",
        actor=actor,
        recruitment=recruitment,
        subject=row,
        purpose=purpose,
        role=role,
        expires_at=row.expires_at,
    )
    if row.email:
        what = label("invitation", purpose)
        body = f"您收到一份邀请：{what}。"
        if organisation is not None:
            body += f"单位：{organisation.name}。"
        if recruitment is not None:
            body += f"项目：{recruitment.title}。"
        until = clock.local(row.expires_at)
        body += f"链接只能使用一次，{until:%Y-%m-%d %H:%M}（北京时间）前有效，请勿转发。"
        send_mail(
            row.email, row.name, subject=what, body=body, link=link, recruitment=recruitment, actor=actor
        )
    return row, link


def find(token: str, *, lock: bool = False) -> Invitation:
    """The invitation of a link that still can be used.

    Raises NotFound `invitation_unknown`; Refusal `invitation_used`, `invitation_withdrawn`,
    `invitation_expired`.
    """
    row = None
    if 20 <= len(token) <= 100:
        query = select(Invitation).where(Invitation.token_digest == sm3_hex(token.encode()))
        row = db.session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise NotFound("invitation_unknown")
    if row.used_at is not None:
        raise Gone("invitation_used")
    if row.withdrawn_at is not None:
        raise Gone("invitation_withdrawn")
    if row.expires_at <= clock.now():
        raise Gone("invitation_expired")
    return row


class Gone(Refusal):
    """A link that was good once."""

    status = 410


@action
def withdraw(*, actor: Actor, invitation: Invitation) -> None:
    """Take a link back. Raises Refusal `invitation_used` when it was used already. One event."""
    if invitation.used_at is not None:
        raise Refusal("invitation_used")
    if invitation.withdrawn_at is None:
        invitation.withdrawn_at = clock.now()
        record("invitation.withdrawn", actor=actor, recruitment=invitation.recruitment, subject=invitation)


@action
def accept_new(*, token: str, account: NewAccount, address: str) -> User:
    """Make an account behind an invitation and give it what the invitation says.

    Raises what `find` raises; Refusal `login_taken`, `login_shape`, the rules for passwords, the separation
    of duties. Side effects: account, memberships, events; the link is used.
    """
    row = find(token, lock=True)
    if row.purpose == "reset":
        raise Refusal("invitation_purpose")
    user = create_account(account)
    _give(row, user, Actor(user, "user", address))
    return user


@action
def accept_mine(*, token: str, actor: Actor) -> User:
    """Join with the account that is logged in. Raises as `accept_new`."""
    row = find(token, lock=True)
    if actor.user is None:
        raise Refusal("login_needed")
    if row.purpose == "reset":
        raise Refusal("invitation_purpose")
    _give(row, actor.user, actor)
    return actor.user


@action
def accept_reset(*, token: str, password: str, address: str) -> User:
    """Set a new password behind a reset link; every session of the person ends."""
    row = find(token, lock=True)
    user = db.session.get(User, row.user_id) if row.user_id else None
    if row.purpose != "reset" or user is None:
        raise Refusal("invitation_purpose")
    if user.is_disabled:
        raise Refusal("login_disabled")
    sessions.set_password(user, password)
    row.used_at = clock.now()
    record("account.password_reset", actor=Actor(user, "user", address), subject=user)
    return user


def create_account(account: NewAccount) -> User:
    """A new account inside a unit of work. Raises Refusal `login_shape`, `login_taken`, password rules."""
    login = sessions.fold_login(account.login)
    if not 3 <= len(login) <= 80 or not all(
        sign.isascii() and (sign.isalnum() or sign in "._-@") for sign in login
    ):
        raise Refusal("login_shape", field="login")
    if sessions.find_user(login) is not None:
        raise Refusal("login_taken", field="login", login=login)
    passwords.check_rules(account.password, login)
    user = User(
        login=login,
        name=account.name.strip(),
        email=account.email.strip(),
        phone=account.phone.strip(),
        password_hash=passwords.hash_password(account.password),
        session_token=sessions.new_token(),
        created_at=clock.now(),
    )
    db.session.add(user)
    try:
        db.session.flush()
    except IntegrityError:
        raise Refusal("login_taken", field="login", login=login) from None
    record("account.created", actor=Actor(user, "user"), subject=user)
    return user


def _give(row: Invitation, user: User, actor: Actor) -> None:
    if row.purpose == "expert":
        duties.bind_expert(user, int(row.expert_id or 0))
    if row.purpose == "member" and row.organisation is not None:
        duties.check_vendor(user, row.organisation)
    if row.recruitment is not None and row.role:
        duties.check_role(user, row.recruitment, row.role)
    if row.organisation is not None:
        if row.organisation.kind != "vendor":
            _check_office(user, row.organisation)
        duties.join_organisation(user, row.organisation, actor=actor)
    if row.recruitment is not None and row.role:
        duties.grant(user, row.recruitment, row.role, actor=actor, organisation=row.organisation)
    row.used_at, row.user_id = clock.now(), user.id
    record(
        "invitation.accepted",
        actor=actor,
        recruitment=row.recruitment,
        subject=row,
        purpose=row.purpose,
        person=user.public_id,
    )


def _check_office(user: User, organisation: Organisation) -> None:
    if user.is_admin:
        raise Refusal("duty_admin", name=user.name)
    for body in duties.organisations(user):
        if body.id != organisation.id and body.kind != organisation.kind:
            raise Refusal("office_other_body", name=body.name)


def open_invitations(organisation: Organisation) -> list[Invitation]:
    """Links into a company that still can be used, newest first."""
    return list(
        db.session.scalars(
            select(Invitation)
            .where(
                Invitation.organisation_id == organisation.id,
                Invitation.used_at.is_(None),
                Invitation.withdrawn_at.is_(None),
                Invitation.expires_at > clock.now(),
            )
            .order_by(Invitation.id.desc())
        )
    )


def open_for_recruitment(recruitment: Recruitment) -> list[Invitation]:
    """Links into a recruitment that still can be used, newest first."""
    return list(
        db.session.scalars(
            select(Invitation)
            .where(
                Invitation.recruitment_id == recruitment.id,
                Invitation.used_at.is_(None),
                Invitation.withdrawn_at.is_(None),
                Invitation.expires_at > clock.now(),
            )
            .order_by(Invitation.id.desc())
        )
    )
