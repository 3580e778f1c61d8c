"""The opening (启封): two persons, after the closing time; the review and its candidates come of it.

What is opened is what the last submission listed, not what the vendor went on to change afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import joinedload, selectinload

from app import clock, lifecycle
from app import plan as plans
from app.audit import Actor
from app.documents.catalogue import order_document
from app.errors import Refusal, WrongStage
from app.extensions import action, db
from app.jobs.registry import order
from app.planning import effective_plan
from app.publication.models import Recruitment
from app.responses import seals
from app.responses.models import Approval, PaperArrival, Response, ResponseFile, SealCheck
from app.responses.package import needs_confirmation
from app.responses.stages import move_response
from evaluation.models import Candidate, Review

STEP = "open"
#: What is issued by itself when the responses are opened.
ISSUED = ("opening_record", "response_register")


def _ready(recruitment: Recruitment) -> None:
    """Raise WrongStage before the closing time or with an open arrival register."""
    if lifecycle.stage_now(recruitment, clock.now()) != "closed":
        raise WrongStage("opening_not_now")
    if recruitment.arrivals_closed_at is None:
        raise WrongStage("opening_arrivals_open")


@action
def approve_opening(*, actor: Actor, recruitment: Recruitment) -> Approval:
    """One of the two persons' yes. Not before the closing time and the close of the arrival register."""
    if actor.role not in ("staff", "supervisor"):
        raise Refusal("second_person_needed")
    _ready(recruitment)
    return lifecycle.approve(recruitment, STEP, actor=actor)


def submitted_count(recruitment: Recruitment) -> int:
    """How many responses stand submitted; all that anybody may know before the opening."""
    return int(
        db.session.scalar(
            select(func.count())
            .select_from(Response)
            .where(Response.recruitment_id == recruitment.id, Response.stage == "submitted")
        )
        or 0
    )


@dataclass
class _Paper:
    """The packages of one vendor that arrived in time."""

    copies: int = 0
    sealed: bool = True
    envelope_ok: bool = True


def _paper(recruitment: Recruitment) -> dict[int, _Paper]:
    found: dict[int, _Paper] = {}
    for row in db.session.scalars(
        select(PaperArrival).where(
            PaperArrival.recruitment_id == recruitment.id,
            PaperArrival.late.is_(False),
            PaperArrival.organisation_id.is_not(None),
        )
    ):
        assert row.organisation_id is not None
        one = found.setdefault(row.organisation_id, _Paper())
        one.copies += row.copies
        one.sealed, one.envelope_ok = one.sealed and row.sealed, one.envelope_ok and row.envelope_ok
    return found


@action
def open_responses(*, actor: Actor, recruitment: Recruitment) -> Review:
    """Open all submitted responses. The guard of `opened` wants the time, the counter and both persons.

    Vendors are numbered in the order in which their submissions were received. Side effects: the review, a
    candidate per response, events, the orders for the opening record, the register and the search for hints.
    """
    if actor.role not in ("staff", "supervisor"):
        raise Refusal("second_person_needed")
    lifecycle.move(recruitment, "opened", actor=actor)
    now = clock.now()
    rules = plans.as_json(effective_plan(recruitment))["evaluation"]
    review = Review(
        plan_digest=recruitment.plan_digest or "",
        rules=rules,
        seats=int(rules["panel"]["seats"]),
        created_at=now,
    )
    db.session.add(review)
    db.session.flush()
    recruitment.review_id, recruitment.opened_at = review.id, now
    responses = list(
        db.session.scalars(
            select(Response)
            .where(Response.recruitment_id == recruitment.id, Response.stage == "submitted")
            .options(selectinload(Response.submission), joinedload(Response.organisation))
            .order_by(Response.submitted_at, Response.id)
        )
    )
    paper = _paper(recruitment)
    for number, response in enumerate(responses, start=1):
        confirmed = not needs_confirmation(response)
        _restore(response)
        response.candidate = _candidate(review, number, response, paper.get(response.organisation_id), confirmed)
        response.opened_at = now
        move_response(response, "opened", actor=actor)
    _restore_files(responses)
    order("collusion", {"review": review.public_id}, recruitment=recruitment)
    for kind in ISSUED:
        order_document(kind, recruitment, recruitment=recruitment, actor=actor)
    return review


def _restore(response: Response) -> None:
    """Put back what the submission says where the vendor has typed something else since."""
    assert response.submission is not None
    listed = response.submission.manifest
    ca, contact = listed.get("ca", {}), listed.get("contact", {})
    response.ca_name, response.ca_licence = ca.get("name", ""), ca.get("licence", "")
    response.is_ca = bool(ca.get("is_ca"))
    response.contact_name, response.contact_phone = contact.get("name", ""), contact.get("phone", "")
    response.details = listed.get("details", {})


def _candidate(
    review: Review, number: int, response: Response, paper: _Paper | None, confirmed: bool
) -> Candidate:
    assert response.submission is not None
    facts: dict[str, Any] = {
        "missing": response.submission.missing,
        "paper": paper is not None,
        "copies": paper.copies if paper else 0,
        "sealed": paper.sealed if paper else False,
        "envelope_ok": paper.envelope_ok if paper else False,
        "is_ca": response.is_ca,
        "plan_confirmed": confirmed,
    }
    row = Candidate(
        review_id=review.id,
        number=number,
        name=response.organisation.name,
        credit_code=response.organisation.credit_code or "",
        ca_licence=response.ca_licence,
        ca_name=response.ca_name,
        facts=facts,
    )
    db.session.add(row)
    db.session.flush()
    return row


def _restore_files(responses: list[Response]) -> None:
    """Leave exactly the files in each package that its submission lists."""
    now = clock.now()
    for batch in _batches(responses, 200):
        listed = {
            file["id"]
            for response in batch
            if response.submission is not None
            for file in response.submission.manifest["files"]
        }
        taken, kept = [], []
        for key, public_id, removed in db.session.execute(
            select(ResponseFile.id, ResponseFile.public_id, ResponseFile.removed_at).where(
                ResponseFile.response_id.in_([response.id for response in batch])
            )
        ):
            if public_id in listed and removed is not None:
                kept.append(key)
            elif public_id not in listed and removed is None:
                taken.append(key)
        for keys, instant in ((kept, None), (taken, now)):
            if keys:
                db.session.execute(
                    update(ResponseFile).where(ResponseFile.id.in_(keys)).values(removed_at=instant)
                )
        # What is back in the package is looked at anew; what is out of it leaves no result.
        db.session.execute(delete(SealCheck).where(SealCheck.file_id.in_([*taken, *kept])))
        for file in db.session.scalars(select(ResponseFile).where(ResponseFile.id.in_(kept))):
            seals.begin(file)


def _batches(rows: list[Response], size: int) -> Iterator[list[Response]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
