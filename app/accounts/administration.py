"""What an administrator does: accounts, bodies, roles. No response and no score is within reach."""

from __future__ import annotations

from sqlalchemy import func, select

from app import clock
from app.accounts import duties, sessions
from app.accounts.invitations import invite
from app.accounts.models import Invitation, Membership, Organisation, User
from app.audit import Actor, record
from app.errors import Refusal
from app.extensions import action, db
from app.publication.models import Recruitment
from app.wording import label
from evaluation.models import PanelSeat


def _reason(reason: str) -> str:
    if not reason.strip():
        raise Refusal("reason_required", field="reason")
    return reason.strip()[:2000]


@action
def disable(*, actor: Actor, user: User, reason: str) -> None:
    """Close an account and end its sessions. The last administrator and oneself can't be closed."""
    text = _reason(reason)
    if actor.user is not None and actor.user.id == user.id:
        raise Refusal("account_own")
    if user.is_disabled:
        return
    if user.is_admin and _admins() <= 1:
        raise Refusal("account_last_admin")
    user.is_disabled, user.session_token = True, sessions.new_token()
    record("account.disabled", actor=actor, subject=user, reason=text)


@action
def enable(*, actor: Actor, user: User) -> None:
    """Open a closed account again; the password stays what it was."""
    if user.is_disabled:
        user.is_disabled = False
        record("account.enabled", actor=actor, subject=user)


@action
def reset_link(*, actor: Actor, user: User) -> tuple[Invitation, str]:
    """A one-time link for a new password: nobody but the person ever knows it."""
    if user.is_disabled:
        raise Refusal("account_disabled_first")
    for row in db.session.scalars(
        select(Invitation).where(
            Invitation.purpose == "reset",
            Invitation.user_id == user.id,
            Invitation.used_at.is_(None),
            Invitation.withdrawn_at.is_(None),
        )
    ):
        row.withdrawn_at = clock.now()
    return invite(
        purpose="reset", email=user.email, name=user.name, user=user, created_by=actor.user, actor=actor
    )


def _admins() -> int:
    query = select(func.count()).where(User.is_admin.is_(True), User.is_disabled.is_(False))
    return int(db.session.scalar(query) or 0)


@action
def add_organisation(*, actor: Actor, kind: str, name: str, address: str) -> Organisation:
    """A body other than a vendor (those register themselves).

    Raises Refusal `organisation_kind`, `organisation_known`. One event.
    """
    if kind not in ("organiser", "supervision", "platform"):
        raise Refusal("organisation_kind", field="kind")
    query = select(Organisation.id).where(Organisation.kind == kind, Organisation.name == name.strip())
    if db.session.scalar(query) is not None:
        raise Refusal("organisation_known", field="name", name=name.strip())
    row = Organisation(kind=kind, name=name.strip(), address=address.strip(), created_at=clock.now())
    db.session.add(row)
    db.session.flush()
    record("organisation.added", actor=actor, subject=row, body_kind=kind)
    return row


@action
def add_member(*, actor: Actor, recruitment: Recruitment, login: str, role: str) -> Membership:
    """Give a known account a role in a recruitment. Raises Refusal `account_unknown`, `account_closed`,
    `expert_by_draw`, and what separation of duties refuses."""
    if role == "expert":
        raise Refusal("expert_by_draw")
    user = sessions.find_user(login)
    if user is None:
        raise Refusal("account_unknown", field="login", login=login)
    if user.is_disabled:
        raise Refusal("account_closed", field="login", name=user.name)
    duties.check_role(user, recruitment, role)
    home = next((body for body in duties.organisations(user) if body.kind == duties.HOME[role]), None)
    if home is None:
        raise Refusal(
            "role_needs_body",
            name=user.name,
            role=label("role", role),
            kind=label("organisation", duties.HOME[role]),
        )
    return duties.grant(user, recruitment, role, actor=actor, organisation=home)


@action
def end_member(*, actor: Actor, recruitment: Recruitment, user: User, reason: str) -> None:
    """End a person's role in a recruitment. An expert's seat is ended by replacement, not here."""
    text = _reason(reason)
    row = db.session.scalar(
        select(Membership).where(
            Membership.recruitment_id == recruitment.id,
            Membership.user_id == user.id,
            Membership.ended_at.is_(None),
        )
    )
    if row is None:
        raise Refusal("member_unknown", name=user.name)
    if row.role == "expert" and _holds_seat(user, recruitment):
        raise Refusal("expert_by_replacement", name=user.name)
    row.ended_at = clock.now()
    record("membership.ended", actor=actor, recruitment=recruitment, subject=user, role=row.role, reason=text)


def _holds_seat(user: User, recruitment: Recruitment) -> bool:
    if recruitment.review_id is None or user.expert_id is None:
        return False
    query = select(PanelSeat.id).where(
        PanelSeat.review_id == recruitment.review_id,
        PanelSeat.expert_id == user.expert_id,
        PanelSeat.seat_no.is_not(None),
    )
    return db.session.scalar(query) is not None
