"""A review that came to its ranking through every use case: a true draw, declarations, a vote, a group."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from app import clock
from app.extensions import db, unit_of_work
from app.panel.actions import Relation, declare_relations
from app.review import actions, scoring
from app.review.report import answer_report, freeze_ranking
from evaluation import review_report
from evaluation.models import CAGroup, Candidate, Dispute, Draw, Expert, PanelSeat, QualificationSheet
from evaluation.panel import PanelRules, commitment, draw, expert_ref, snapshot, snapshot_digest
from evaluation.review_qualification import Answer
from tests.app.review.room import Room, make_room, score_all

PLAN = "hainan-eseal-2023"


def draw_panel(room: Room) -> None:
    """Give the seats the draw that they come from, and put everybody back to before the declaration."""
    owner, salts = room.recruitment.public_id, {}
    with unit_of_work():
        row = db.session.scalars(select(Draw).where(Draw.review_id == room.review.id)).one()
        seats = list(db.session.scalars(select(PanelSeat).where(PanelSeat.review_id == room.review.id)))
        for at, seat in enumerate(seats, 1):
            salt, expert = bytes([at]) * 16, db.session.get_one(Expert, seat.expert_id)
            who = {"code": expert.code, "name": expert.name, "employer": expert.employer}
            salts[expert_ref(owner, salt, who)] = {"salt": salt.hex(), "expert": expert.public_id, **who}
        rules = PanelRules(len(seats), None, 2)
        fixed = snapshot(owner, salts, [], rules=rules, public_source="样例公开值")
        secrets = {"organiser": b"o" * 32, "supervisor": b"s" * 32}
        digest = snapshot_digest(fixed)
        committed = {party: commitment(owner, party, digest, secret) for party, secret in secrets.items()}
        proof = draw(fixed, committed, secrets, "31415")
        order = [salts[ref]["expert"] for ref in proof.drawn]
        row.fixed, row.openings, row.proof, row.stage = fixed, salts, proof.to_json(), "drawn"
        for seat in seats:
            seat.position += 100
        db.session.flush()
        for seat in seats:
            seat.position = order.index(db.session.get_one(Expert, seat.expert_id).public_id) + 1
            seat.stage = "accepted"
    for number, _ in enumerate(room.experts, 1):
        relations = {row.public_id: Relation("none", "") for row in room.review.candidates}
        declare_relations(actor=room.actor(number), seat=room.seat(number), relations=relations)


def judge(room: Room) -> None:
    """The last vendor fails, the first item of the one before is voted on, vendors 2 and 3 have one CA."""
    last = len(room.vendors)
    items = [str(item["id"]) for item in room.review.rules["qualification"]["form"]]
    ground = str(room.review.rules["qualification"]["invalidity"][0]["id"])
    against = Answer(False, ground, "样例：没有提供证明")
    for seat, _ in enumerate(room.experts, 1):
        rows = []
        for candidate in db.session.scalars(select(Candidate).where(Candidate.review_id == room.review.id)):
            answers = {item: Answer(True) for item in items}
            if candidate.number == last:
                answers[items[-1]] = against
            elif candidate.number == last - 1 and seat == 1:
                answers[items[0]] = against
            row = room.sheet(QualificationSheet, seat, candidate.number)
            who: dict[str, Any] = {"actor": room.actor(seat), "recruitment": room.recruitment}
            actions.save_qualification(**who, sheet=row, answers=answers, version=row.version)
            rows.append(row)
        actions.sign_qualification(actor=room.actor(seat), recruitment=room.recruitment, sheets=rows)
    dispute = db.session.scalars(select(Dispute)).one()
    for seat, _ in enumerate(room.experts, 1):
        vote: dict[str, str] = {"choice": "yes", "cited_file": "营业执照.pdf", "cited_page": "1"}
        if seat == 1:
            vote = {"choice": "no", "reason": "样例：证明不足"}
        actions.cast_vote(actor=room.actor(seat), recruitment=room.recruitment, dispute=dispute, **vote)
    group = db.session.scalars(select(CAGroup)).one()
    for seat, _ in enumerate(room.experts, 1):
        actions.cast_ca_ballot(
            actor=room.actor(seat), recruitment=room.recruitment, group=group, choice=room.candidate(2),
            reason="样例：授权在先",
        )


def decided_room(vendors: int = 5) -> Room:
    """A review whose report everybody signed; the recruitment is "reported"."""
    room = make_room(vendors, licences={2: "CA-X", 3: "CA-X"}, plan_name=PLAN)
    draw_panel(room)
    actions.start_qualification(actor=room.staff(), recruitment=room.recruitment)
    judge(room)
    if sum(row.stage == "qualified" for row in room.review.candidates) < 3:
        actions.decide_few_candidates(actor=room.staff(), recruitment=room.recruitment, text="样例决定")
    scoring.start_scoring(actor=room.staff(), recruitment=room.recruitment)
    score_all(room)
    freeze_ranking(actor=room.staff(), recruitment=room.recruitment)
    with unit_of_work() as session:
        due = clock.now() + timedelta(days=1)
        review_report.lay_report(session(), room.review, digest="c" * 64, due_at=due)
    for seat, _ in enumerate(room.experts, 1):
        answer_report(actor=room.actor(seat), recruitment=room.recruitment, dissent=False)
    return room


def go_public(room: Room) -> None:
    """The result is in publicity; its notice and package are made elsewhere."""
    with unit_of_work():
        room.recruitment.stage = "publicity"
