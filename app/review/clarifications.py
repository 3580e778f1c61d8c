"""Written questions of the panel to a vendor (澄清), and the written answers."""

from __future__ import annotations

from datetime import datetime
from typing import IO

from app import clock
from app.audit import Actor, record
from app.errors import Denied, Refusal
from app.extensions import action, db
from app.permissions import organisations_of, owner_organisation_id
from app.publication.models import Recruitment
from app.review import texts
from app.review.actions import MAX_ANSWER_BYTES, tell_panel, tell_vendor
from app.review.common import later, review_of, seat_for
from app.storage import keep
from evaluation.models import Candidate, Clarification
from evaluation.review import require_seat


@action
def ask(
    *,
    actor: Actor,
    recruitment: Recruitment,
    candidate: Candidate,
    question: str,
    due_at: datetime | None,
    item: str = "",
) -> Clarification:
    """Ask a vendor in writing; it can explain what it handed in, never add to it."""
    review = review_of(recruitment, "qualification", "scoring")
    seat = seat_for(actor, review)
    require_seat(seat)
    if not question.strip():
        raise Refusal("reason_required", field="question")
    row = Clarification(
        review_id=review.id,
        candidate_id=candidate.id,
        seat_id=seat.id,
        item=item,
        question=question.strip(),
        asked_at=clock.now(),
        due_at=later(due_at, clock.now()),
    )
    db.session.add(row)
    db.session.flush()
    record(
        "clarification.asked",
        actor=actor,
        recruitment=recruitment,
        subject=row,
        candidate=candidate.public_id,
    )
    tell_vendor(
        candidate,
        recruitment,
        kind="clarification.asked",
        subject="评审委员会请贵单位书面澄清",
        body=row.question,
        link=texts.sheet_link("review.questions", recruitment),
    )
    return row


@action
def answer(
    *,
    actor: Actor,
    recruitment: Recruitment,
    clarification: Clarification,
    text: str,
    source: IO[bytes] | None = None,
    file_name: str = "",
) -> None:
    """The vendor's written answer, with a file if wanted; once, and in time."""
    review_of(recruitment, "qualification", "scoring")
    owner = owner_organisation_id(clarification.candidate)
    if actor.user is None or owner not in organisations_of(actor.user):
        raise Denied("not_found")
    if clarification.stage != "asked":
        raise Refusal("review_clarification_closed")
    if clock.now() > clarification.due_at:
        raise Refusal("review_clarification_late")
    if not text.strip():
        raise Refusal("reason_required", field="answer")
    if source is not None:
        blob = keep(source)
        if not 0 < blob.size <= MAX_ANSWER_BYTES:
            raise Refusal("review_file_size", field="file")
        clarification.answer_blob, clarification.answer_name = blob.key, file_name[:255]
    clarification.answer, clarification.stage = text.strip(), "answered"
    clarification.answered_at = clock.now()
    record("clarification.answered", actor=actor, recruitment=recruitment, subject=clarification)
    tell_panel(
        recruitment,
        kind="clarification.answered",
        subject="服务商已答复澄清",
        body=clarification.candidate.name,
        link=texts.sheet_link("review.clarifications", recruitment),
    )
