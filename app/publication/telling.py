"""Who hears of what is published, and the addresses that the messages carry."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from app.accounts.models import Membership, Organisation, OrganisationMember, User
from app.accounts.notify import notify
from app.extensions import db
from app.publication.models import Recruitment
from app.responses.models import Response


def link(recruitment: Recruitment, page: str = "") -> str:
    """Address of a page of the recruitment, without a host."""
    return f"/r/{recruitment.public_id}" + (f"/{page}" if page else "")


def members(recruitment: Recruitment, *roles: str) -> list[User]:
    """Everyone who holds one of the roles now."""
    return list(
        db.session.scalars(
            select(User)
            .join(Membership, Membership.user_id == User.id)
            .where(
                Membership.recruitment_id == recruitment.id,
                Membership.role.in_(roles),
                Membership.ended_at.is_(None),
                User.is_disabled.is_(False),
            )
            .order_by(User.id)
        )
    )


def responding(recruitment: Recruitment, *stages: str) -> list[User]:
    """The people of every vendor whose response is in one of the stages (any, without stages)."""
    query = (
        select(User)
        .join(OrganisationMember, OrganisationMember.user_id == User.id)
        .join(Response, Response.organisation_id == OrganisationMember.organisation_id)
        .where(
            Response.recruitment_id == recruitment.id,
            OrganisationMember.left_at.is_(None),
            User.is_disabled.is_(False),
        )
    )
    if stages:
        query = query.where(Response.stage.in_(stages))
    return list(db.session.scalars(query.order_by(User.id)).unique())


def agents() -> list[User]:
    """The authorised agents of all registered vendors."""
    return list(
        db.session.scalars(
            select(User)
            .join(OrganisationMember, OrganisationMember.user_id == User.id)
            .join(Organisation, Organisation.id == OrganisationMember.organisation_id)
            .where(
                Organisation.kind == "vendor",
                OrganisationMember.is_agent.is_(True),
                OrganisationMember.left_at.is_(None),
                User.is_disabled.is_(False),
            )
            .order_by(User.id)
        )
    )


def tell(
    people: Iterable[User],
    recruitment: Recruitment,
    *,
    kind: str,
    subject: str,
    body: str,
    page: str = "",
    urgency: int = 0,
    mail: bool = True,
) -> int:
    """One message to each person, inside the caller's unit of work; returns how many."""
    once = {user.id: user for user in people}
    for user in once.values():
        notify(
            user,
            kind=kind,
            subject=subject,
            body=body,
            link=link(recruitment, page),
            recruitment=recruitment,
            urgency=urgency,
            mail=mail,
        )
    return len(once)
