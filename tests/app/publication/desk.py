"""A draft recruitment with two of the organiser's staff, as the publication begins with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from app import plan as plans
from app.accounts.models import Organisation, User
from app.extensions import db
from app.publication import actions
from app.publication.models import Recruitment
from tests import factories

HAINAN = factories.PLANS / "hainan-eseal-2023.toml"


@dataclass
class Desk:
    """Ids are safe across requests; rows are loaded anew."""

    recruitment_id: int
    public_id: str
    organiser: Organisation
    first: User
    second: User

    @property
    def recruitment(self) -> Recruitment:
        return db.session.get_one(Recruitment, self.recruitment_id)

    @property
    def base(self) -> str:
        return f"/r/{self.public_id}"

    def actor(self, second: bool = False) -> Any:
        user = self.second if second else self.first
        return factories.actor(db.session.get_one(User, user.id), "staff")

    def plan(self) -> Any:
        return plans.load_plan(bytes(self.recruitment.plan_bytes))


def draft(plan: bytes | None = None, opens: date | None = None) -> Desk:
    """A draft of the Hainan plan, its supplements unconfirmed unless another plan is given."""
    organiser = factories.make_organisation("organiser")
    first, second = factories.make_user("样例编制人"), factories.make_user("样例复核人")
    for user in (first, second):
        factories.join(user, organiser)
    data = plan if plan is not None else HAINAN.read_bytes()
    if opens is not None:
        data = plans.shift_dates(plans.load_plan(data), opens).raw
    row = actions.create_recruitment(actor=factories.actor(first, "organiser"), organiser=organiser, plan=data)
    factories.enrol(second, row, "staff", organiser)
    return Desk(row.id, row.public_id, organiser, first, second)


def published(opens: date | None = None) -> Desk:
    """A recruitment published by two persons."""
    desk = draft(opens=opens)
    actions.confirm_supplements(actor=desk.actor(), recruitment=desk.recruitment)
    actions.ask_publication(actor=desk.actor(), recruitment=desk.recruitment)
    actions.publish(actor=desk.actor(second=True), recruitment=desk.recruitment)
    return desk
