"""A recruitment with its panel, opened responses and people who can log in."""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import select

from app import clock, plan, planning
from app.accounts.models import Organisation, User
from app.extensions import db, unit_of_work
from app.publication.models import Recruitment
from app.responses.models import Response, ResponseFile
from app.review import keys
from app.storage import keep
from evaluation.models import (
    Candidate,
    Draw,
    Expert,
    PanelSeat,
    QualificationSheet,
    Review,
    ScoreSheet,
)
from tests import factories


@dataclass
class Room:
    """Who and what is there. Objects are from the making; ids are safe across requests."""

    recruitment: Recruitment
    review: Review
    people: dict[str, User]
    experts: list[User]
    vendors: list[tuple[Organisation, User]] = field(default_factory=list)
    base: str = ""

    def seat(self, number: int) -> PanelSeat:
        return db.session.scalars(
            select(PanelSeat).where(PanelSeat.review_id == self.review.id, PanelSeat.seat_no == number)
        ).one()

    def candidate(self, number: int) -> Candidate:
        return db.session.scalars(
            select(Candidate).where(Candidate.review_id == self.review.id, Candidate.number == number)
        ).one()

    def sheet(self, model: Any, seat: int, number: int) -> Any:
        return db.session.scalars(
            select(model).where(
                model.seat_id == self.seat(seat).id, model.candidate_id == self.candidate(number).id
            )
        ).one()

    def actor(self, number: int) -> Any:
        """The expert with the key of the seat open; without it where the seat is not held any more."""
        return with_key(factories.actor(self.experts[number - 1], "expert"), self.review)

    def staff(self) -> Any:
        return factories.actor(self.people["staff"], "staff")


def make_room(
    vendors: int = 3,
    stage: str = "opened",
    licences: dict[int, str] | None = None,
    plan_name: str = "hainan-eseal-2023",
) -> Room:
    """An opened recruitment, as many declared experts as its plan has seats (the first is the chair), vendors
    with one file each."""
    recruitment = factories.make_recruitment(stage, plan=plan_name, opened_at=clock.now())
    people = factories.staffed(recruitment)
    rules = plan.as_json(planning.effective_plan(recruitment))["evaluation"]
    with unit_of_work() as session:
        review = Review(
            plan_digest=recruitment.plan_digest or "",
            rules=rules,
            seats=rules["panel"]["seats"],
            created_at=clock.now(),
        )
        session.add(review)
        session.flush()
        recruitment.review_id = review.id
        draw = Draw(review_id=review.id, proof={}, proof_digest="b" * 64, drawn_at=clock.now())
        session.add(draw)
    room = Room(recruitment, review, people, [], base=f"/recruitments/{recruitment.public_id}/review")
    for number in range(1, rules["panel"]["seats"] + 1):
        user = factories.make_user(f"样例专家{number}")
        factories.enrol(user, recruitment, "expert")
        with unit_of_work() as session:
            expert = Expert(code=f"E{user.id}", name=user.name)
            session.add(expert)
            session.flush()
            user.expert_id = expert.id
            session.add(
                PanelSeat(
                    review_id=review.id,
                    draw_id=draw.id,
                    expert_id=expert.id,
                    position=number,
                    seat_no=number,
                    pseudonym=f"{number}号席",
                    stage="active",
                    is_chair=number == 1,
                )
            )
        room.experts.append(user)
        give_key(user, review)
    for number in range(1, vendors + 1):
        add_vendor(room, number, (licences or {}).get(number, f"CA-{number}"))
    return room


#: What the experts of a room sign with.
PASSPHRASE = "样例签名口令-2023"
#: What a form that signs carries besides its own fields.
SIGNED = {"passphrase": PASSPHRASE}


def give_key(user: User, review: Review) -> None:
    """Make the key of the seat that the person holds."""
    seat = db.session.scalars(
        select(PanelSeat).where(PanelSeat.review_id == review.id, PanelSeat.expert_id == user.expert_id)
    ).one()
    keys.make_key(actor=factories.actor(user, "expert"), seat=seat, passphrase=PASSPHRASE)


def with_key(actor: Any, review: Review) -> Any:
    """The actor with the key of the seat open, where the seat has one."""
    seat = db.session.scalar(
        select(PanelSeat)
        .where(PanelSeat.review_id == review.id, PanelSeat.expert_id == actor.user.expert_id)
        .order_by(PanelSeat.id.desc())
    )
    if seat is None or keys.key_in_force(seat) is None:
        return actor
    return replace(actor, signer=keys.open_key(actor=actor, seat=seat, passphrase=PASSPHRASE))


def add_vendor(room: Room, number: int, licence: str) -> None:
    """One opened response with a file."""
    organisation, user = factories.make_vendor()
    room.vendors.append((organisation, user))
    with unit_of_work() as session:
        candidate = Candidate(
            review_id=room.review.id,
            number=number,
            name=organisation.name,
            credit_code=organisation.credit_code or "",
            ca_licence=licence,
        )
        session.add(candidate)
        session.flush()
        response = Response(
            recruitment_id=room.recruitment.id,
            organisation_id=organisation.id,
            stage="opened",
            ca_licence=licence,
            opened_at=clock.now(),
            candidate_id=candidate.id,
        )
        session.add(response)
        session.flush()
        blob = keep(io.BytesIO(b"%PDF-1.4\n%sample\n"))
        session.flush()
        session.add(
            ResponseFile(
                response_id=response.id,
                item="2",
                name="营业执照.pdf",
                media_type="application/pdf",
                size=blob.size,
                sm3=blob.sm3,
                blob_key=blob.key,
                pages=1,
                uploaded_by_id=user.id,
                uploaded_at=clock.now(),
            )
        )


def sheets_answer(version: int, against: str = "") -> dict[str, Any]:
    """A form of the qualification sheet as a browser sends it."""
    form: dict[str, Any] = {"version": version}
    for item in ("1", "2", "3", "4"):
        form[f"passed-{item}"] = "no" if item == against else "yes"
        form[f"ground-{item}"] = "3" if item == against else ""
        form[f"remark-{item}"] = "第 9 项没有盖章" if item == against else ""
    return form


def score_form(room: Room, version: int, **values: str) -> dict[str, Any]:
    """A full score sheet as a browser sends it: the highest points everywhere, or the values given."""
    from app.review.forms import score_lines

    form: dict[str, Any] = {"version": version}
    for line in score_lines(room.review):
        key = line["key"]
        if line["rule"] == "elements":
            form[f"element-{key}"] = [element["id"] for element in line["elements"]]
        elif line["rule"] == "count":
            form[f"cases-{key}"] = "样例项目甲\n样例项目乙"
        else:
            form[f"value-{key}"] = str(line["points"])
    form.update({f"value-{key}": value for key, value in values.items()})
    return form


def judge_all(room: Room) -> None:
    """Every expert passes every vendor, through the actions."""
    from app.review import actions
    from evaluation.review_qualification import Answer

    for seat, _user in enumerate(room.experts, 1):
        rows = []
        for candidate in db.session.scalars(select(Candidate).where(Candidate.review_id == room.review.id)):
            row = room.sheet(QualificationSheet, seat, candidate.number)
            actions.save_qualification(
                actor=room.actor(seat),
                recruitment=room.recruitment,
                sheet=row,
                answers={str(item["id"]): Answer(True) for item in room.review.rules["qualification"]["form"]},
                version=row.version,
            )
            rows.append(row)
        actions.sign_qualification(actor=room.actor(seat), recruitment=room.recruitment, sheets=rows)


def score_all(room: Room) -> None:
    """Every expert gives full points, decreasing by vendor in the last free item, and signs."""
    from werkzeug.datastructures import MultiDict

    from app.review import scoring
    from app.review.forms import read_entries

    for seat, _user in enumerate(room.experts, 1):
        qualified = select(Candidate).where(Candidate.review_id == room.review.id, Candidate.stage == "qualified")
        for candidate in db.session.scalars(qualified):
            row = room.sheet(ScoreSheet, seat, candidate.number)
            form: MultiDict[str, str] = MultiDict()
            for key, value in score_form(room, row.version).items():
                for one in value if isinstance(value, list) else [value]:
                    form.add(key, one)
            for key in [name for name in form if name.startswith("cases-")]:
                form[key] = "\n".join(f"样例项目{n}" for n in range(max(1, 4 - candidate.number)))
            entries = read_entries(room.review, form)
            scoring.save_score_sheet(
                actor=room.actor(seat),
                recruitment=room.recruitment,
                sheet=row,
                entries=entries,
                version=row.version,
            )
        scoring.sign_scores(actor=room.actor(seat), recruitment=room.recruitment)
