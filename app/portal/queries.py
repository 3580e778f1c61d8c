"""Lists of the public pages; a constant number of statements however long they grow."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from app.accounts.models import Membership, User
from app.extensions import db
from app.publication.models import Recruitment

#: Not yet over, as visitors see it.
ENDED = ("archived", "terminated")


def _public() -> Select[Any]:
    return (
        select(Recruitment)
        .where(Recruitment.stage != "draft", Recruitment.published_at.is_not(None))
        .options(joinedload(Recruitment.organiser), joinedload(Recruitment.programme))
    )


def running() -> list[Recruitment]:
    """Published recruitments that have not ended; those that close next come first."""
    query = _public().where(Recruitment.stage.not_in(ENDED))
    rows = list(db.session.scalars(query.order_by(Recruitment.closes_at.desc()).limit(20)))
    return sorted(rows, key=lambda row: row.stage != "published")


def published(state: str, words: str, now: datetime) -> Select[Any]:
    """Published recruitments in a state: "open" (responses accepted), "running", "ended", else all."""
    query = _public()
    if state == "open":
        query = query.where(Recruitment.stage == "published", Recruitment.closes_at > now)
    elif state == "running":
        query = query.where(Recruitment.stage.not_in(ENDED))
    elif state == "ended":
        query = query.where(Recruitment.stage.in_(ENDED))
    if words:
        query = query.where(Recruitment.title.icontains(words, autoescape=True))
    return query.order_by(Recruitment.published_at.desc(), Recruitment.id.desc())


def held_roles(user: Any) -> list[Membership]:
    """The roles a person holds now, the newest recruitment first."""
    if not isinstance(user, User) or not user.is_authenticated:
        return []
    query = (
        select(Membership)
        .join(Recruitment)
        .where(Membership.user_id == user.id, Membership.ended_at.is_(None))
        .options(
            joinedload(Membership.recruitment).joinedload(Recruitment.organiser),
            joinedload(Membership.recruitment).joinedload(Recruitment.programme),
        )
        .order_by(Recruitment.id.desc())
        .limit(20)
    )
    return list(db.session.scalars(query))
