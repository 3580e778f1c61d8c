"""What every step of a vendor asks first: is it time, and is it the vendor's own."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app import clock
from app.accounts.models import Membership, User
from app.audit import Actor
from app.errors import Conflict, Denied, WrongStage
from app.extensions import db
from app.lifecycle import is_accepting
from app.permissions import organisations_of
from app.publication.models import Recruitment


def must_accept(recruitment: Recruitment, at: datetime | None = None) -> None:
    """Raise WrongStage outside the time of the responses; the server's clock decides, nobody else.

    `at` is when the request was received, where that was noted before the transaction began.
    """
    now = at or clock.now()
    if not is_accepting(recruitment, now):
        raise WrongStage("response_not_accepting", now=clock.local(now).strftime("%Y-%m-%d %H:%M:%S"))


def must_own(actor: Actor, organisation_id: int) -> User:
    """The acting person, a member of the vendor now. Raises Denied for anybody else."""
    if actor.user is None or organisation_id not in organisations_of(actor.user):
        raise Denied("response_not_own")
    return actor.user


def take_part(user: User, recruitment: Recruitment, organisation_id: int) -> None:
    """Give a vendor's person the role of the vendor in the recruitment, inside a unit of work.

    Raises Denied `response_other_role` for one who holds or held another role in it.
    """
    row = db.session.scalar(
        select(Membership).where(Membership.recruitment_id == recruitment.id, Membership.user_id == user.id)
    )
    if row is not None and row.role != "vendor":
        raise Denied("response_other_role")
    if row is None:
        row = Membership(recruitment_id=recruitment.id, user_id=user.id, role="vendor", since=clock.now())
        db.session.add(row)
    row.organisation_id, row.ended_at = organisation_id, None
    insert()


def insert() -> None:
    """Flush new rows; whoever came second at the same moment is told so."""
    try:
        db.session.flush()
    except IntegrityError:
        raise Conflict("stale_row") from None
