"""The opening (启封): two persons, after the closing time; the review and its candidates come of it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app import clock, lifecycle
from app import plan as plans
from app.accounts.models import Organisation
from app.audit import Actor
from app.errors import Refusal
from app.extensions import action, db
from app.planning import effective_plan
from app.publication.models import Recruitment
from app.responses.models import PaperArrival, Response
from app.responses.stages import move_response
from evaluation.models import Candidate, Review


@action
def open_responses(*, actor: Actor, recruitment: Recruitment) -> Review:
    """Open all submitted responses. The guard of `opened` wants the time, the counter and both persons."""
    if actor.role not in ("staff", "supervisor"):
        raise Refusal("second_person_needed")
    lifecycle.move(recruitment, "opened", actor=actor)
    now = clock.now()
    rules = plans.as_json(effective_plan(recruitment))["evaluation"]
    review = Review(
        plan_digest=recruitment.plan_digest or "", rules=rules, seats=int(rules["panel"]["seats"]), created_at=now
    )
    db.session.add(review)
    db.session.flush()
    recruitment.review_id, recruitment.opened_at = review.id, now
    paper = {
        row.organisation_id: row
        for row in db.session.scalars(
            select(PaperArrival).where(PaperArrival.recruitment_id == recruitment.id, PaperArrival.late.is_(False))
        )
    }
    responses = db.session.scalars(
        select(Response)
        .join(Organisation)
        .where(Response.recruitment_id == recruitment.id, Response.stage == "submitted")
        .options(selectinload(Response.submission), selectinload(Response.organisation))
        .order_by(Organisation.credit_code)
    )
    for number, response in enumerate(list(responses), start=1):
        arrival = paper.get(response.organisation_id)
        assert response.submission is not None
        candidate = Candidate(
            review_id=review.id, number=number, name=response.organisation.name,
            credit_code=response.organisation.credit_code or "", ca_licence=response.ca_licence,
            ca_name=response.ca_name,
            facts={
                "missing": response.submission.missing,
                "paper": arrival is not None,
                "copies": arrival.copies if arrival else 0,
            },
        )
        db.session.add(candidate)
        db.session.flush()
        response.candidate_id, response.opened_at = candidate.id, now
        move_response(response, "opened", actor=actor)
    return review
