"""Collecting what waits for one person: the recruitments with the role held in each, and the tasks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from app import clock
from app.accounts.models import Membership, User
from app.extensions import db
from app.portal.due import Due, due
from app.portal.links import link
from app.publication.models import Recruitment

ENDED = ("archived", "terminated")


@dataclass(frozen=True)
class Task:
    """One thing that waits for the person. `count` of them, until `due`."""

    recruitment: Recruitment | None
    text: str
    url: str
    count: int = 0
    due: Due | None = None
    note: str = ""

    @property
    def order(self) -> tuple[bool, date, int]:
        late = self.due is not None and self.due.late
        return (not late, self.due.day if self.due else date.max, -self.count)


def until(when: date | datetime | None) -> Due | None:
    """A date with the days that are left, or None for none."""
    return due("", when) if when is not None else None


class Finder:
    """Collects the tasks of one person."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.now = clock.now()
        self.tasks: list[Task] = []
        query = (
            select(Membership)
            .join(Recruitment)
            .where(Membership.user_id == user.id, Membership.ended_at.is_(None))
            .options(
                joinedload(Membership.recruitment).joinedload(Recruitment.review),
                joinedload(Membership.recruitment).joinedload(Recruitment.programme),
            )
            .order_by(Recruitment.id.desc())
            .limit(50)
        )
        self.memberships = list(db.session.scalars(query))

    def of(self, *roles: str) -> dict[int, Recruitment]:
        """The recruitments that have not ended in which the person holds one of the roles, by id."""
        return {
            row.recruitment_id: row.recruitment
            for row in self.memberships
            if row.role in roles and row.recruitment.stage not in ENDED
        }

    def add(
        self,
        recruitment: Recruitment | None,
        text: str,
        names: tuple[str, ...],
        *,
        count: int = 0,
        when: date | datetime | None = None,
        note: str = "",
    ) -> None:
        """A task with the first page that the person may open."""
        self.tasks.append(Task(recruitment, text, link(names, recruitment), count, until(when), note))

    def grouped(
        self, mine: dict[int, Recruitment], query: Select[Any], text: str, names: tuple[str, ...], note: str = ""
    ) -> None:
        """A task per recruitment from a select of (recruitment id, count, soonest date)."""
        if not mine:
            return
        for key, number, when in db.session.execute(query):
            if key in mine and number:
                self.add(mine[key], text, names, count=number, when=when, note=note)
