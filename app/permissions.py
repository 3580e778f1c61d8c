"""Who may do which action on which object: one table, read by routes, buttons and tests.

A person stands in relations to an object: `anyone`, `user` (logged in), `admin`, `organiser` (member of
an organiser's office), `pool_expert` (a person of the expert pool), the role held in the object's
recruitment (`staff`, `supervisor`, `operator`, `expert`, `vendor`), `seat` (holds one of the panel's seats
now), `owner` (the object belongs to the person's organisation or seat), `self` (the object is the person's
own account). A rule lists the relations that are enough, each with a condition on the object or None.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import g, has_request_context
from sqlalchemy import String, and_, bindparam, cast, event, func, select
from sqlalchemy.orm import Session, joinedload, with_expression

from app.accounts.models import Membership, Message, Organisation, OrganisationMember, User
from app.extensions import db
from app.publication.models import Recruitment
from app.responses.models import Response
from evaluation.models import Base, Candidate, PanelSeat, QualificationSheet, Review, ScoreSheet
from evaluation.review import seats_held
from onboarding.models import Integration, Programme

Condition = Callable[[Any], bool] | None
Rule = dict[str, Condition]

#: Only who declared no relation holds a seat: before that nobody reads a response.
HELD_STAGES = ("active",)


@dataclass(frozen=True)
class Standing:
    """What a person is, in one statement: kinds of the own bodies by id, roles by recruitment, unread messages."""

    bodies: dict[int, str]
    roles: dict[int, str]
    unread: int


def _listed(statement: Any, key: Any, value: Any) -> Any:
    """The pairs of a statement as one text, so that they fit into another statement's row."""
    pairs = func.aggregate_strings(cast(key, String).concat(":").concat(value), ",")
    return statement.with_only_columns(pairs).scalar_subquery()


#: Bodies, roles and unread messages, beside a row of `User`. Written once: putting a statement together costs
#: as much as asking it.
_STANDING = (
    _listed(
        select(Organisation)
        .join(OrganisationMember, OrganisationMember.organisation_id == Organisation.id)
        .where(OrganisationMember.user_id == User.id, OrganisationMember.left_at.is_(None)),
        Organisation.id,
        Organisation.kind,
    ),
    _listed(
        select(Membership).where(Membership.user_id == User.id, Membership.ended_at.is_(None)),
        Membership.recruitment_id,
        Membership.role,
    ),
    select(func.count(Message.id))
    .where(Message.user_id == User.id, Message.read_at.is_(None))
    .scalar_subquery(),
)
_STANDING_OF = select(*_STANDING).select_from(User).where(User.id == bindparam("user"))
_PERSON = select(User, *_STANDING).where(User.public_id == bindparam("ref"))
_SEAT = (
    select(PanelSeat)
    .where(PanelSeat.review_id == bindparam("review"), PanelSeat.expert_id == bindparam("expert"))
    .order_by(PanelSeat.id.desc())
    .limit(1)
)
_RECRUITMENT = {
    name: select(Recruitment).where(getattr(Recruitment, name) == bindparam("key"))
    for name in ("review_id", "programme_id", "public_id")
}
_RECRUITMENT_AND_SEAT = (
    select(Recruitment, PanelSeat)
    .outerjoin(
        PanelSeat,
        and_(PanelSeat.review_id == Recruitment.review_id, PanelSeat.expert_id == bindparam("expert")),
    )
    .where(Recruitment.public_id == bindparam("key"))
    .options(
        joinedload(Recruitment.review),
        with_expression(PanelSeat.seats_held, seats_held(Recruitment.review_id)),
    )
    .order_by(PanelSeat.id.desc())
    .limit(1)
)


def find_person(public_id: str) -> User | None:
    """The person with this public id; what the person is comes in the same statement and is kept."""
    row = db.session.execute(_PERSON, {"ref": public_id}).one_or_none()
    if row is None:
        return None
    user: User = row[0]
    _remembered(("standing", user.id), lambda: _standing(*row[1:]))
    return user


def find_recruitment(public_id: str, user: Any) -> Recruitment | None:
    """The recruitment with this public id, kept for the objects below it.

    An expert's own seat and the review come in the same statement.
    """
    if isinstance(user, User) and user.expert_id is not None:
        row = db.session.execute(
            _RECRUITMENT_AND_SEAT, {"key": public_id, "expert": user.expert_id}
        ).one_or_none()
        found, seat = row if row is not None else (None, None)
        if found is not None and found.review_id is not None:
            _remembered(("seat", user.id, found.review_id), lambda: seat)
    else:
        found = db.session.scalar(_RECRUITMENT["public_id"], {"key": public_id})
    if found is not None:
        for name in ("review_id", "programme_id"):
            if (key := getattr(found, name)) is not None:
                _remembered((name, key), lambda: found)
    return found


def _standing(bodies: str | None, roles: str | None, unread: int) -> Standing:
    def pairs(text: str | None) -> dict[int, str]:
        return {
            int(key): value
            for key, _, value in (one.partition(":") for one in (text or "").split(",") if one)
        }

    return Standing(pairs(bodies), pairs(roles), unread)


def standing(user: User) -> Standing:
    """The person's bodies, roles and unread messages."""
    found: Standing = _remembered(
        ("standing", user.id), lambda: _standing(*db.session.execute(_STANDING_OF, {"user": user.id}).one())
    )
    return found


def _recruitment_with(name: str, key: int) -> Recruitment | None:
    found: Recruitment | None = _remembered(
        (name, key), lambda: db.session.scalar(_RECRUITMENT[name], {"key": key})
    )
    return found


def recruitment_of(subject: Any) -> Recruitment | None:
    """The recruitment an object belongs to, found along its foreign keys; None for what has none."""
    if subject is None or isinstance(subject, Recruitment):
        return subject
    if isinstance(subject, Review):
        return _recruitment_with("review_id", subject.id)
    if isinstance(subject, Programme):
        return _recruitment_with("programme_id", subject.id)
    if key := getattr(subject, "recruitment_id", None):
        return db.session.get(Recruitment, key)
    for name in ("review_id", "programme_id"):
        if key := getattr(subject, name, None):
            return _recruitment_with(name, key)
    for name in ("response", "seat", "candidate", "sheet", "dispute", "group", "integration", "state"):
        parent = getattr(subject, name, None)
        if isinstance(parent, Base):
            return recruitment_of(parent)
    return None


def owner_organisation_id(subject: Any) -> int | None:
    """The vendor an object belongs to, or None."""
    if isinstance(subject, QualificationSheet | ScoreSheet):
        # A sheet is about a vendor and belongs to its seat: the vendor is the last to read it.
        return None
    if isinstance(subject, Organisation):
        return subject.id
    if isinstance(subject, Candidate):
        return db.session.scalar(select(Response.organisation_id).where(Response.candidate_id == subject.id))
    if isinstance(subject, Integration):
        return db.session.scalar(
            select(Response.organisation_id)
            .join(Candidate, Candidate.id == Response.candidate_id)
            .where(Candidate.public_id == subject.candidate_ref)
        )
    if (direct := getattr(subject, "organisation_id", None)) is not None:
        return int(direct)
    for name in ("response", "candidate", "integration", "state"):
        parent = getattr(subject, name, None)
        if isinstance(parent, Base):
            return owner_organisation_id(parent)
    if owner_ref := getattr(subject, "owner_ref", ""):
        return db.session.scalar(select(Organisation.id).where(Organisation.public_id == owner_ref))
    return None


def _remembered(key: tuple[Any, ...], find: Callable[[], Any]) -> Any:
    """What was looked up in this request already. Outside a request, and after a write, it is asked anew."""
    if not has_request_context():
        return find()
    known: dict[tuple[Any, ...], Any] = g.setdefault("standing", {})
    if key not in known:
        known[key] = find()
    return known[key]


@event.listens_for(Session, "after_flush")
@event.listens_for(Session, "after_rollback")
def _forget(*_args: Any) -> None:
    if has_request_context():
        g.pop("standing", None)
        g.pop("may_cache", None)


def organisations_of(user: User) -> set[int]:
    """Ids of the organisations the person is a member of now."""
    return set(standing(user).bodies)


def role_in(user: User, recruitment: Recruitment) -> str | None:
    """The one role the person holds in the recruitment, or None."""
    return standing(user).roles.get(recruitment.id)


def seat_of(user: User, review: Review | None) -> PanelSeat | None:
    """The seat the person holds in a review, also one that is invited but not yet taken."""
    return _seat(user, review.id) if review is not None else None


def _seat(user: User, review_id: int | None) -> PanelSeat | None:
    if review_id is None or user.expert_id is None:
        return None

    def find() -> PanelSeat | None:
        return db.session.scalar(_SEAT, {"review": review_id, "expert": user.expert_id})

    found: PanelSeat | None = _remembered(("seat", user.id, review_id), find)
    return found


def relations(user: Any, subject: Any = None) -> set[str]:
    """Every relation of a person (or an anonymous visitor) to an object."""
    if not isinstance(user, User) or not user.is_active:
        return {"anyone"}
    key = ("relations", user.id, type(subject).__name__, getattr(subject, "id", None))
    return set(_remembered(key, lambda: _relations(user, subject)))


def _relations(user: User, subject: Any) -> set[str]:
    found = {"anyone", "user"}
    if user.is_admin:
        found.add("admin")
    if user.expert_id is not None:
        found.add("pool_expert")
    bodies = standing(user).bodies
    kinds = set(bodies.values())
    if "organiser" in kinds:
        found.add("organiser")
    if isinstance(subject, User) and subject.id == user.id:
        found.add("self")
    if getattr(subject, "user_id", None) == user.id or getattr(subject, "owner_id", None) == user.id:
        found.add("self")
    recruitment = recruitment_of(subject)
    if recruitment is not None:
        if role := role_in(user, recruitment):
            found.add(role)
        seat = _seat(user, recruitment.review_id)
        if seat is not None:
            if seat.stage in HELD_STAGES:
                found.add("seat")
            subject_seat = getattr(subject, "seat_id", None) or (
                subject.id if isinstance(subject, PanelSeat) else None
            )
            if subject_seat == seat.id:
                found.add("owner")
    owner = owner_organisation_id(subject) if subject is not None else None
    if owner is not None and owner in bodies:
        found.add("owner")
    if "vendor" in kinds:
        found.add("vendor")
    return found


RULES: dict[str, Rule] = {}


def declare(action: str, **who: Condition) -> None:
    """Add a rule to the table. An action is declared once, in its feature's `rules.py`."""
    if action in RULES:
        raise RuntimeError(f"action {action!r} has two rules")
    RULES[action] = dict(who)


def may(user: Any, action: str, subject: Any = None, *, held: set[str] | None = None) -> bool:
    """True where one of the person's relations to the object is enough for the action.

    `held` are the relations where they are known already: a bar of many links asks for them once.
    """
    rule = RULES[action]
    if "anyone" in rule and rule["anyone"] is None:
        return True
    if held is None:
        held = relations(user, subject)
    return any(
        relation in held and (condition is None or condition(subject)) for relation, condition in rule.items()
    )


def who_may(action: str) -> list[str]:
    """The relations that are enough, for the sentence of a refusal."""
    return list(RULES[action])
