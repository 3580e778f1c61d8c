"""A vendor's own house: registration, colleagues, the authorised agent (被授权人)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app import clock
from app.accounts import duties
from app.accounts.invitations import NewAccount, create_account, invite
from app.accounts.models import Invitation, Organisation, OrganisationMember, User
from app.audit import Actor, record
from app.errors import Denied, NotFound, Refusal
from app.extensions import action, db
from evaluation import credit


@dataclass(frozen=True)
class NewCompany:
    """What a vendor enters of itself."""

    name: str
    credit_code: str
    legal_representative: str
    address: str


@action
def register(*, company: NewCompany, account: NewAccount, address: str) -> tuple[Organisation, User]:
    """Register a vendor with its first member, who manages it and is its agent.

    Raises CreditRefused for a wrong code; Refusal `company_known` where the code is registered, and what a
    new account refuses. Side effects: organisation, account, events.
    """
    code = credit.parse(company.credit_code).text
    if db.session.scalar(select(Organisation.id).where(Organisation.credit_code == code)) is not None:
        raise Refusal("company_known", field="credit_code", credit_code=code)
    user = create_account(account)
    organisation = Organisation(
        kind="vendor",
        name=company.name.strip(),
        credit_code=code,
        legal_representative=company.legal_representative.strip(),
        address=company.address.strip(),
        created_at=clock.now(),
    )
    db.session.add(organisation)
    try:
        db.session.flush()
    except IntegrityError:
        raise Refusal("company_known", field="credit_code", credit_code=code) from None
    actor = Actor(user, "vendor", address)
    record("company.registered", actor=actor, subject=organisation, credit_code=code)
    row = duties.join_organisation(user, organisation, actor=actor)
    row.is_agent = row.can_manage = True
    return organisation, user


def members(organisation: Organisation) -> list[OrganisationMember]:
    """Everyone who acts for the body now, managers and the agent first."""
    return list(
        db.session.scalars(
            select(OrganisationMember)
            .join(User)
            .where(
                OrganisationMember.organisation_id == organisation.id, OrganisationMember.left_at.is_(None)
            )
            .order_by(OrganisationMember.is_agent.desc(), OrganisationMember.can_manage.desc(), User.name)
        )
    )


def own(actor_user: User) -> Organisation | None:
    """The vendor that the person acts for, or None."""
    return next((body for body in duties.organisations(actor_user) if body.kind == "vendor"), None)


def manages(user: User | None, organisation: Organisation) -> bool:
    """True where the person may invite colleagues and name the agent."""
    return user is not None and any(
        row.user_id == user.id and row.can_manage for row in members(organisation)
    )


def must_manage(actor: Actor, organisation: Organisation) -> None:
    """Raise Denied `company_not_manager` for anyone but a manager of the company."""
    if not manages(actor.user, organisation):
        raise Denied("company_not_manager")


def _member(organisation: Organisation, user: User) -> OrganisationMember:
    for row in members(organisation):
        if row.user_id == user.id:
            return row
    raise NotFound("company_no_member")


@action
def edit(
    *, actor: Actor, organisation: Organisation, name: str, legal_representative: str, address: str
) -> None:
    """Correct the company's data; the credit code never changes. One event with the values before."""
    must_manage(actor, organisation)
    before = [organisation.name, organisation.legal_representative, organisation.address]
    after = [name.strip(), legal_representative.strip(), address.strip()]
    if before == after:
        return
    organisation.name, organisation.legal_representative, organisation.address = after
    record("company.edited", actor=actor, subject=organisation, before=before, after=after)


@action
def invite_colleague(
    *, actor: Actor, organisation: Organisation, email: str, name: str
) -> tuple[Invitation, str]:
    """A one-time link for a colleague. Raises Denied for anyone but a manager of the company."""
    must_manage(actor, organisation)
    return invite(
        purpose="member",
        email=email,
        name=name,
        organisation=organisation,
        created_by=actor.user,
        actor=actor,
    )


@action
def change_agent(*, actor: Actor, organisation: Organisation, user: User, note: str) -> None:
    """Name another authorised agent with a new authorisation; the one before loses the agency at once.

    `note` says which authorisation letter it rests on. Raises Refusal `agent_note_missing`, `agent_already`.
    """
    must_manage(actor, organisation)
    if not note.strip():
        raise Refusal("agent_note_missing", field="note")
    chosen = _member(organisation, user)
    if chosen.is_agent:
        raise Refusal("agent_already", name=user.name)
    before = []
    for row in members(organisation):
        if row.is_agent:
            row.is_agent = False
            before.append(row.user.public_id)
    chosen.is_agent = True
    record(
        "company.agent_changed",
        actor=actor,
        subject=organisation,
        agent=user.public_id,
        before=before,
        note=note.strip()[:500],
    )


@action
def set_manager(*, actor: Actor, organisation: Organisation, user: User, manager: bool) -> None:
    """Let a member manage the company, or no longer. One manager always remains."""
    must_manage(actor, organisation)
    row = _member(organisation, user)
    if row.can_manage == manager:
        return
    if not manager and sum(other.can_manage for other in members(organisation)) == 1:
        raise Refusal("company_last_manager")
    row.can_manage = manager
    record(
        "company.manager_changed", actor=actor, subject=organisation, person=user.public_id, manager=manager
    )


@action
def leave(*, actor: Actor, organisation: Organisation, user: User) -> None:
    """A member leaves, or a manager takes a member out. The agent and the last manager stay until replaced."""
    if actor.user is None or actor.user.id != user.id:
        must_manage(actor, organisation)
    row = _member(organisation, user)
    if row.is_agent:
        raise Refusal("company_agent_stays", name=user.name)
    if row.can_manage and sum(other.can_manage for other in members(organisation)) == 1:
        raise Refusal("company_last_manager")
    row.left_at, row.can_manage = clock.now(), False
    record("company.member_left", actor=actor, subject=organisation, person=user.public_id)
