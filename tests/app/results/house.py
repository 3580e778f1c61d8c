"""A ranked recruitment with people: two places, so that five vendors are enough for every path.

The vendors are ranked by their number, the last one is eliminated; the first three have somebody who acts
for them.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from app import clock
from app.accounts.models import Organisation, User
from app.audit import Actor
from app.extensions import db, unit_of_work
from app.panel.fees import record_fee
from app.publication.models import Recruitment
from app.results import actions
from app.results.models import Contract
from evaluation.models import Candidate, PanelSeat
from tests import factories
from tests.app.documents.cast import reviewed

#: Sunday before the publicity of the plan.
EVE = date(2023, 7, 16)
START = date(2023, 7, 17)
END = date(2023, 7, 21)
#: Seven working days after the publicity.
OBJECTIONS_END = date(2023, 8, 1)
AFTER = date(2023, 8, 2)


@dataclass
class House:
    """Who and what is there."""

    recruitment: Recruitment
    people: dict[str, User]
    vendors: list[Organisation]
    members: list[User]

    def candidate(self, number: int) -> Candidate:
        return db.session.scalars(
            select(Candidate).where(
                Candidate.review_id == self.recruitment.review_id, Candidate.number == number
            )
        ).one()

    def stages(self) -> list[str]:
        return list(
            db.session.scalars(
                select(Candidate.stage)
                .where(Candidate.review_id == self.recruitment.review_id)
                .order_by(Candidate.number)
            )
        )

    def contract(self, number: int) -> Contract | None:
        return db.session.scalar(
            select(Contract).where(Contract.candidate_id == self.candidate(number).id)
        )

    @property
    def staff(self) -> Actor:
        return factories.actor(self.people["staff"], "staff")

    @property
    def supervisor(self) -> Actor:
        return factories.actor(self.people["supervisor"], "supervisor")

    def vendor(self, number: int) -> Actor:
        return factories.actor(self.members[number - 1], "vendor")

    def as_staff(self, **more: Any) -> dict[str, Any]:
        return {"actor": self.staff, "recruitment": self.recruitment, **more}

    def as_supervisor(self, **more: Any) -> dict[str, Any]:
        return {"actor": self.supervisor, "recruitment": self.recruitment, **more}

    @property
    def base(self) -> str:
        return f"/r/{self.recruitment.public_id}"


def make_house(hand: Any, *, quota: int = 2, vendors: int = 5, members: int = 3, **people: bool) -> House:
    """A recruitment whose report is signed, on the day before its publicity."""
    hand.set_local(EVE.year, EVE.month, EVE.day, 9)
    cast = reviewed(vendors=vendors)
    staff = {name: factories.make_user(f"样例{name}") for name in ("staff", "supervisor")}
    for name, user in staff.items():
        factories.enrol(user, cast.recruitment, name)
    users = []
    with unit_of_work():
        rules = copy.deepcopy(cast.review.rules)
        rules["ranking"]["quota"] = quota
        cast.review.rules = rules
    for body in cast.vendors[:members]:
        user = factories.make_user()
        factories.join(user, body, agent=True)
        users.append(user)
    return House(cast.recruitment, staff, cast.vendors, users)


def to_publicity(house: House, hand: Any) -> None:
    """The result is published on the plan's day."""
    hand.set_local(START.year, START.month, START.day, 9)
    actions.start_publicity(**house.as_staff())


def to_award(house: House, hand: Any) -> None:
    """Publicity and objections are over, both have agreed, the vendors are selected."""
    to_publicity(house, hand)
    hand.set_local(AFTER.year, AFTER.month, AFTER.day, 9)
    actions.approve_award(**house.as_staff())
    actions.approve_award(**house.as_supervisor())
    actions.award(**house.as_staff())


def to_notices(house: House, hand: Any) -> None:
    """The notices are out."""
    to_award(house, hand)
    actions.issue_notices(**house.as_staff())


def owe(house: House, *amounts: str) -> None:
    """What the experts are owed, the first seats first."""
    seats = db.session.scalars(
        select(PanelSeat)
        .where(PanelSeat.review_id == house.recruitment.review_id)
        .order_by(PanelSeat.position)
    )
    for seat, amount in zip(list(seats), amounts, strict=False):
        record_fee(actor=house.staff, seat=seat, amount=Decimal(amount), attended_on=date(2023, 7, 10))


def at(hand: Any, day: date, hour: int = 9) -> None:
    """Set the clock to a Shanghai hour of a day."""
    hand.set_local(day.year, day.month, day.day, hour)
    assert clock.today() == day
