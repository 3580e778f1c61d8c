"""A recruitment in the scoring stage with many vendors, written as rows; nobody needs a password."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer

from app import clock, planning
from app import plan as plans
from app.accounts.models import Membership, Organisation, User
from app.extensions import db, unit_of_work
from app.publication.models import Recruitment
from app.responses.models import PaperArrival, Response, ResponseFile
from app.storage import keep
from evaluation import credit
from evaluation.models import Candidate, Draw, Expert, PanelSeat, QualificationSheet, Review, ScoreSheet
from onboarding.models import Integration, Programme
from tests import factories

#: The token that a form of these sessions carries.
FORM_KEY = "0" * 40


@dataclass
class Cast:
    """Public ids of the recruitment and of each expert's score sheets, and a cookie per person."""

    recruitment: str
    sheets: list[list[str]]
    cookies: dict[str, str]
    token: str


def build(app: Flask, *, vendors: int, experts: int = 5) -> Cast:
    """Make it inside an application context: opened, qualified, score sheets laid out."""
    recruitment = factories.make_recruitment(
        "scoring", opened_at=clock.now(), arrivals_closed_at=clock.now()
    )
    people = {"staff": factories.make_user("样例工作人员")}
    factories.enrol(people["staff"], recruitment, "staff")
    with unit_of_work() as session:
        rules = plans.as_json(planning.effective_plan(recruitment))
        review = Review(
            plan_digest=recruitment.plan_digest or "", rules=rules["evaluation"], seats=experts,
            created_at=clock.now(),
        )
        programme = Programme(
            plan_digest=recruitment.plan_digest or "", rules=rules["onboarding"], created_at=clock.now()
        )
        session.add_all([review, programme])
        session.flush()
        recruitment.review_id, recruitment.programme_id = review.id, programme.id
        seats = _seats(review, recruitment, people, experts)
    with unit_of_work():
        candidates = _candidates(review, programme, recruitment, people["staff"], vendors)
        sheets = _sheets(seats, candidates)
    return Cast(recruitment.public_id, sheets, _cookies(app, people), _token(app))


def _seats(review: Review, recruitment: Recruitment, people: dict[str, User], experts: int) -> list[PanelSeat]:
    draw = Draw(review_id=review.id, stage="drawn", proof={}, proof_digest="b" * 64, drawn_at=clock.now())
    db.session.add(draw)
    seats = []
    template = people["staff"]
    for number in range(1, experts + 1):
        expert = Expert(code=f"B{number}", name=f"样例专家{number}")
        db.session.add(expert)
        db.session.flush()
        # One hash for all: hashing passwords is not what is measured here.
        user = User(
            login=f"bench-expert{number}", name=expert.name, password_hash=template.password_hash,
            session_token=f"bench{number}", expert_id=expert.id, created_at=clock.now(),
        )
        seat = PanelSeat(
            review_id=review.id, draw_id=draw.id, expert_id=expert.id, position=number, seat_no=number,
            pseudonym=f"{number}号席", stage="active", is_chair=number == 1, declared_at=clock.now(),
        )
        db.session.add_all([user, seat])
        db.session.flush()
        db.session.add(
            Membership(recruitment_id=recruitment.id, user_id=user.id, role="expert", since=clock.now())
        )
        people[f"expert{number}"] = user
        seats.append(seat)
    return seats


def _candidates(
    review: Review, programme: Programme, recruitment: Recruitment, staff: User, vendors: int
) -> list[Candidate]:
    now, blob = clock.now(), keep(io.BytesIO(b"%PDF-1.4\n%sample\n"))
    bodies = [
        Organisation(
            kind="vendor", name=f"样例印章科技公司{number}", created_at=now,
            credit_code=credit.make_sample(f"91469999{number:09d}"),
        )
        for number in range(1, vendors + 1)
    ]
    db.session.add_all(bodies)
    db.session.flush()
    candidates = [
        Candidate(
            review_id=review.id, number=number, name=body.name, credit_code=body.credit_code or "",
            ca_licence=f"CA-{number}", stage="qualified",
        )
        for number, body in enumerate(bodies, 1)
    ]
    db.session.add_all(candidates)
    db.session.flush()
    common: dict[str, Any] = {"recruitment_id": recruitment.id}
    responses = [
        Response(
            organisation_id=body.id, stage="opened", opened_at=now, submitted_at=now, candidate_id=row.id,
            plan_digest=recruitment.plan_digest or "", **common,
        )
        for body, row in zip(bodies, candidates, strict=True)
    ]
    db.session.add_all(responses)
    db.session.flush()
    for number, (body, response, row) in enumerate(zip(bodies, responses, candidates, strict=True), 1):
        db.session.add_all(
            [
                ResponseFile(
                    response_id=response.id, item="2", name="营业执照.pdf", media_type="application/pdf",
                    size=blob.size, sm3=blob.sm3, blob_key=blob.key, pages=1, uploaded_by_id=staff.id,
                    uploaded_at=now,
                ),
                PaperArrival(
                    organisation_id=body.id, number=number, vendor_name=body.name, arrived_at=now, copies=1,
                    sealed=True, envelope_ok=True, registered_by_id=staff.id, registered_at=now, **common,
                ),
                Integration(
                    programme_id=programme.id, candidate_ref=row.public_id, vendor_name=body.name,
                    credit_code=body.credit_code or "", event_on=clock.today(), working_days=30,
                    deadline_on=clock.today() + timedelta(days=42), calendar_version="bench",
                ),
            ]
        )
    return candidates


def _sheets(seats: list[PanelSeat], candidates: list[Candidate]) -> list[list[str]]:
    found = []
    for seat in seats:
        scores = [ScoreSheet(seat_id=seat.id, candidate_id=row.id) for row in candidates]
        db.session.add_all(scores)
        db.session.add_all(
            QualificationSheet(seat_id=seat.id, candidate_id=row.id, stage="signed", signed_at=clock.now())
            for row in candidates
        )
        db.session.flush()
        found.append([sheet.public_id for sheet in scores])
    return found


def _cookies(app: Flask, people: dict[str, User]) -> dict[str, str]:
    serializer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert serializer is not None
    return {
        name: serializer.dumps(
            {"_user_id": user.get_id(), "_fresh": True, "_permanent": True, "csrf_token": FORM_KEY}
        )
        for name, user in people.items()
    }


def _token(app: Flask) -> str:
    return str(URLSafeTimedSerializer(app.secret_key, salt="wtf-csrf-token").dumps(FORM_KEY))
