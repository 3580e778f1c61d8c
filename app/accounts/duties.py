"""Separation of duties: in one recruitment one person holds one role."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app import clock
from app.accounts.models import Membership, Organisation, OrganisationMember, User
from app.audit import Actor, record
from app.errors import Conflict, Refusal
from app.extensions import db
from app.publication.models import Recruitment
from app.wording import label
from evaluation.models import Expert

#: Roles that are given to a person; a vendor's people act through their company.
GIVEN = ("staff", "supervisor", "expert", "operator")
#: The kind of body that a role belongs to.
HOME = {"staff": "organiser", "supervisor": "supervision", "operator": "platform"}
ENDED = ("archived", "terminated")


def organisations(user: User) -> list[Organisation]:
    """The bodies that the person is a member of now."""
    return list(
        db.session.scalars(
            select(Organisation)
            .join(OrganisationMember)
            .where(OrganisationMember.user_id == user.id, OrganisationMember.left_at.is_(None))
        )
    )


def check_role(user: User, recruitment: Recruitment, role: str) -> Membership | None:
    """Refuse a role that the person's other duties exclude; returns an earlier membership of the same role.

    Raises Refusal `duty_admin`, `duty_other_role`, `duty_vendor`, `duty_organiser`, `duty_role_unknown`.
    """
    if role not in GIVEN:
        raise Refusal("duty_role_unknown")
    if user.is_admin:
        raise Refusal("duty_admin", name=user.name)
    earlier = db.session.scalar(
        select(Membership).where(Membership.recruitment_id == recruitment.id, Membership.user_id == user.id)
    )
    if earlier is not None and earlier.role != role:
        # Also one that has ended: whoever was an expert has seen what staff may not.
        raise Refusal("duty_other_role", name=user.name, role=label("role", earlier.role))
    bodies = organisations(user)
    if any(body.kind == "vendor" for body in bodies):
        raise Refusal("duty_vendor", name=user.name)
    if role in ("expert", "supervisor") and recruitment.organiser_id in {body.id for body in bodies}:
        raise Refusal("duty_organiser", name=user.name, role=label("role", role))
    if role != "expert" and user.expert_id is not None and _sits(user, recruitment):
        raise Refusal("duty_other_role", name=user.name, role=label("role", "expert"))
    return earlier


def _sits(user: User, recruitment: Recruitment) -> bool:
    from app.permissions import seat_of

    return seat_of(user, recruitment.review) is not None


def check_vendor(user: User, organisation: Organisation) -> None:
    """Refuse that somebody with another duty acts for a vendor.

    Raises Refusal `vendor_admin`, `vendor_expert`, `vendor_has_role`, `vendor_other_company`.
    """
    if user.is_admin:
        raise Refusal("vendor_admin")
    if user.expert_id is not None:
        raise Refusal("vendor_expert")
    for body in organisations(user):
        if body.id != organisation.id:
            raise Refusal("vendor_other_company", name=body.name)
    held = db.session.scalar(
        select(Membership)
        .join(Recruitment, Recruitment.id == Membership.recruitment_id)
        .where(
            Membership.user_id == user.id,
            Membership.ended_at.is_(None),
            Membership.role != "vendor",
            Recruitment.stage.not_in(ENDED),
        )
        .limit(1)
    )
    if held is not None:
        raise Refusal("vendor_has_role", role=label("role", held.role), title=held.recruitment.title)


def grant(
    user: User, recruitment: Recruitment, role: str, *, actor: Actor, organisation: Organisation | None = None
) -> Membership:
    """Give the role inside a unit of work, or find that it is held. Side effect: one event of the recruitment."""
    row = check_role(user, recruitment, role)
    if row is not None and row.ended_at is None:
        return row
    if row is None:
        row = Membership(recruitment_id=recruitment.id, user_id=user.id, role=role, since=clock.now())
        _insert(row)
    row.ended_at, row.since = None, clock.now()
    row.organisation_id = organisation.id if organisation is not None else row.organisation_id
    record("membership.granted", actor=actor, recruitment=recruitment, subject=user, role=role)
    return row


def _insert(row: Membership | OrganisationMember) -> None:
    db.session.add(row)
    try:
        db.session.flush()
    except IntegrityError:
        # Two links of one person, taken at the same moment.
        raise Conflict("stale_row") from None


def join_organisation(user: User, organisation: Organisation, *, actor: Actor) -> OrganisationMember:
    """Make a person a member of a body inside a unit of work, or find that they are. One event."""
    row = db.session.scalar(
        select(OrganisationMember).where(
            OrganisationMember.organisation_id == organisation.id, OrganisationMember.user_id == user.id
        )
    )
    if row is not None and row.left_at is None:
        return row
    if row is None:
        row = OrganisationMember(organisation_id=organisation.id, user_id=user.id)
        _insert(row)
    row.left_at, row.is_agent, row.can_manage = None, False, False
    db.session.flush()
    record("organisation.member_joined", actor=actor, subject=organisation, person=user.public_id)
    return row


def bind_expert(user: User, expert_id: int) -> None:
    """Tie an account to a person of the expert pool. Raises Refusal `expert_other_person`, `expert_taken`."""
    if user.expert_id not in (None, expert_id):
        raise Refusal("expert_other_person")
    holder = db.session.scalar(select(User).where(User.expert_id == expert_id, User.id != user.id))
    if holder is not None:
        raise Refusal("expert_taken")
    if db.session.get(Expert, expert_id) is None:
        raise Refusal("invitation_unknown")
    user.expert_id = expert_id
