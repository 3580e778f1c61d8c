"""An opened recruitment, a pool of experts with and without accounts, and the steps of a draw."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from app import clock, plan, planning
from app.accounts.models import Organisation, User
from app.audit import Actor
from app.extensions import db, unit_of_work
from app.panel import actions, chair, drawing
from app.panel.actions import Relation
from app.publication.models import Recruitment
from app.responses.models import Response
from app.review import keys
from evaluation.models import Candidate, Draw, Expert, PanelSeat, Review
from tests import factories

VALUE = "30571"
#: What the experts sign with.
PASSPHRASE = "样例签名口令-2023"
LATER = timedelta(hours=3)


@dataclass
class Hall:
    """Who and what is there."""

    recruitment: Recruitment
    review: Review
    people: dict[str, User]
    vendors: list[tuple[Organisation, User]] = field(default_factory=list)
    experts: list[Expert] = field(default_factory=list)
    users: dict[int, User] = field(default_factory=dict)

    def again(self) -> None:
        """Read the rows in the session of this context."""
        self.recruitment, self.review = db.session.merge(self.recruitment), db.session.merge(self.review)
        self.people = {role: db.session.merge(user) for role, user in self.people.items()}

    def actor(self, role: str) -> Actor:
        return factories.actor(self.people[role], role)

    def seats(self, *stages: str) -> list[PanelSeat]:
        query = select(PanelSeat).where(PanelSeat.review_id == self.review.id).order_by(PanelSeat.id)
        if stages:
            query = query.where(PanelSeat.stage.in_(stages))
        return list(db.session.scalars(query))

    def user_of(self, seat: PanelSeat) -> User:
        """The account of a seat's expert, made when first needed."""
        found = db.session.scalar(select(User).where(User.expert_id == seat.expert_id))
        if found is None:
            found = account(seat.expert)
        return found

    def expert(self, seat: PanelSeat) -> Actor:
        """The seat's person, with the key of the seat open where it has one."""
        actor = factories.actor(self.user_of(seat), "expert")
        if keys.key_in_force(seat) is None:
            return actor
        return replace(actor, signer=keys.open_key(actor=actor, seat=seat, passphrase=PASSPHRASE))

    def candidates(self) -> list[Candidate]:
        return list(
            db.session.scalars(
                select(Candidate).where(Candidate.review_id == self.review.id).order_by(Candidate.number)
            )
        )


def account(expert: Expert) -> User:
    """A login for a person of the pool; the hash is not one that opens anything."""
    with unit_of_work() as session:
        user = User(
            login=f"expert{expert.id}",
            name=expert.name,
            email=expert.email,
            password_hash="unused",
            session_token=f"token{expert.id}",
            expert_id=expert.id,
            created_at=clock.now(),
        )
        session.add(user)
        session.flush()
        session.expunge(user)
    return db.session.get_one(User, user.id)


def make_hall(experts: int = 9, vendors: int = 3, stage: str = "opened", **rules: Any) -> Hall:
    """Vendors are opened; the experts work elsewhere. `rules` override [evaluation.panel]."""
    recruitment = factories.make_recruitment(stage, opened_at=clock.now())
    hall = Hall(recruitment, None, factories.staffed(recruitment))  # type: ignore[arg-type]
    with unit_of_work() as session:
        effective = plan.as_json(planning.effective_plan(recruitment))["evaluation"]
        effective["panel"] = {**effective["panel"], **rules}
        review = Review(
            plan_digest=recruitment.plan_digest or "",
            rules=effective,
            seats=effective["panel"]["seats"],
            created_at=clock.now(),
        )
        session.add(review)
        session.flush()
        recruitment.review_id = review.id
    hall.review = review
    for number in range(1, vendors + 1):
        organisation, user = factories.make_vendor()
        hall.vendors.append((organisation, user))
        with unit_of_work() as session:
            candidate = Candidate(
                review_id=review.id,
                number=number,
                name=organisation.name,
                credit_code=organisation.credit_code or "",
            )
            session.add(candidate)
            session.flush()
            session.add(
                Response(
                    recruitment_id=recruitment.id,
                    organisation_id=organisation.id,
                    stage="opened",
                    contact_name=f"样例联系人{number}",
                    contact_phone=f"0898-6530{number:04d}",
                    opened_at=clock.now(),
                    candidate_id=candidate.id,
                )
            )
    for number in range(1, experts + 1):
        hall.experts.append(add_expert(number))
    return hall


def add_expert(number: int, **columns: Any) -> Expert:
    """One more person of the pool."""
    with unit_of_work() as session:
        expert = Expert(
            code=f"样例-{number:03d}",
            name=f"样例评审{number}",
            **{
                "employer": f"样例大学第{number}学院",
                "speciality": "密码" if number % 3 == 0 else "信息化",
                "email": f"expert{number}@example.invalid",
                **columns,
            },
        )
        session.add(expert)
    return expert


def prepare(hall: Hall, **changes: Any) -> Draw:
    """Prepare a draw whose public value can be known in three hours."""
    values: dict[str, Any] = {
        "actor": hall.actor("staff"),
        "recruitment": hall.recruitment,
        "public_value_name": "样例彩票第 1 期开奖号码",
        "public_value_digits": 5,
        "public_value_at": clock.now() + LATER,
        **changes,
    }
    return drawing.prepare_draw(**values)


def commit_both(hall: Hall, draw: Draw) -> dict[str, str]:
    """Fix the draw and commit for both; returns the secrets by role."""
    drawing.fix_draw(actor=hall.actor("staff"), draw=draw)
    return {role: drawing.commit(actor=hall.actor(role), draw=draw) for role in ("staff", "supervisor")}


def finish(hall: Hall, draw: Draw, hand: Any, value: str = VALUE) -> Draw:
    """Wait for the public value and draw."""
    hand.advance(LATER)
    drawing.enter_public_value(actor=hall.actor("staff"), draw=draw, value=value, source="样例公告")
    return drawing.perform_draw(actor=hall.actor("supervisor"), draw=draw, value=value)


def drawn(hall: Hall, hand: Any, **changes: Any) -> Draw:
    """A whole draw with both reveals."""
    draw = prepare(hall, **changes)
    for role, secret in commit_both(hall, draw).items():
        assert drawing.reveal(actor=hall.actor(role), draw=draw, secret=secret)
    return finish(hall, draw, hand)


def declare(hall: Hall, seat: PanelSeat, related: int | None = None) -> str:
    """Declare no relation, or one with the vendor of a number."""
    relations = {
        row.public_id: Relation("kinship", "样例：亲属在该公司任职") if row.number == related else Relation("none")
        for row in hall.candidates()
    }
    give_key(hall, seat)
    return actions.declare_relations(actor=hall.expert(seat), seat=seat, relations=relations)


def give_key(hall: Hall, seat: PanelSeat) -> None:
    """The expert sets the signing passphrase, where it can be set and was not."""
    if keys.may_make(seat, keys.keys_of(seat)):
        keys.make_key(actor=hall.expert(seat), seat=seat, passphrase=PASSPHRASE)


def seat_all(hall: Hall) -> list[PanelSeat]:
    """Invite, accept and declare until the panel is complete."""
    actions.invite_seats(actor=hall.actor("staff"), recruitment=hall.recruitment)
    for seat in hall.seats("invited"):
        actions.answer_invitation(actor=hall.expert(seat), seat=seat, accept=True)
        declare(hall, seat)
    return hall.seats("active")


def elect_first(hall: Hall) -> PanelSeat:
    """Everybody votes for the first seat."""
    seats = hall.seats("active")
    for seat in seats:
        chair.vote_chair(actor=hall.expert(seat), seat=seat, choice=seats[0])
    return seats[0]


def cookie(app: Any, user: User) -> str:
    """The session cookie of a person who logged in, without the cost of a password."""
    from flask.sessions import SecureCookieSessionInterface

    serializer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert serializer is not None
    return str(serializer.dumps({"_user_id": user.get_id(), "_fresh": True, "_permanent": True}))
