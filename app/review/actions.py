"""Use cases of the qualification review, each one transaction with its event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import IO, Any

from sqlalchemy import select

from app import clock
from app.accounts.models import OrganisationMember, User
from app.audit import Actor, record
from app.errors import Refusal
from app.extensions import action, db
from app.lifecycle import move
from app.publication.models import Recruitment
from app.responses.models import Response
from app.results.models import StageDecision
from app.review import texts
from app.review.common import as_conflict, later, review_of, seat_for
from app.review.keys import sign_by
from app.storage import keep
from evaluation import review_groups as groups
from evaluation import review_qualification as qualification
from evaluation.models import (
    Ballot,
    CAGroup,
    CAGroupBallot,
    Candidate,
    Dispute,
    PanelSeat,
    QualificationSheet,
)
from evaluation.review import StaleSheet, held_seats, seat_filled, seat_vacated
from evaluation.review_qualification import Answer

MAX_ANSWER_BYTES = 20 * 1024 * 1024


def tell_vendor(
    candidate: Candidate, recruitment: Recruitment, *, kind: str, subject: str, body: str, link: str = ""
) -> None:
    """A message to everyone who acts for the vendor."""
    from app.accounts.notify import notify

    people = db.session.scalars(
        select(User)
        .join(OrganisationMember, OrganisationMember.user_id == User.id)
        .join(Response, Response.organisation_id == OrganisationMember.organisation_id)
        .where(Response.candidate_id == candidate.id, OrganisationMember.left_at.is_(None))
    )
    for user in people:
        notify(user, kind=kind, subject=subject, body=body, link=link, recruitment=recruitment)


def tell_panel(recruitment: Recruitment, *, kind: str, subject: str, body: str, link: str = "") -> None:
    """A message to every expert who holds a seat."""
    from app.accounts.notify import notify

    assert recruitment.review is not None
    experts = [seat.expert_id for seat in held_seats(db.session(), recruitment.review)]
    for user in db.session.scalars(select(User).where(User.expert_id.in_(experts))):
        notify(user, kind=kind, subject=subject, body=body, link=link, recruitment=recruitment)


@action
def start_qualification(*, actor: Actor, recruitment: Recruitment) -> int:
    """Move to the qualification stage and lay out blank sheets; returns how many."""
    move(recruitment, "qualification", actor=actor)
    review = review_of(recruitment, lock=True)
    made = qualification.open_qualification(db.session(), review)
    record("review.sheets_made", actor=actor, recruitment=recruitment, subject=review, sheets=made)
    tell_panel(
        recruitment,
        kind="review.started",
        subject="资格符合性审查开始",
        body="请在评审桌面逐家填写并签署《资格符合性审查表》。",
        link=texts.desk_link(recruitment),
    )
    return made


@action
def save_qualification(
    *,
    actor: Actor,
    recruitment: Recruitment,
    sheet: QualificationSheet,
    answers: Mapping[str, Answer],
    version: int,
) -> int:
    """Save lines of the own sheet; returns the new version. A stale write is a Conflict with both values."""
    review = review_of(recruitment, "qualification")
    seat = seat_for(actor, review)
    try:
        saved = qualification.save_answers(db.session(), review, sheet, seat, answers, version=version)
    except StaleSheet as stale:
        raise as_conflict(
            stale, current=texts.answers(stale.current), submitted=texts.answers(stale.submitted)
        ) from stale
    # The log is read by staff: what was answered doesn't belong there before all have signed.
    record("qualification.saved", actor=actor, recruitment=recruitment, subject=sheet, version=saved)
    return saved


@action
def sign_qualification(
    *, actor: Actor, recruitment: Recruitment, sheets: Iterable[QualificationSheet]
) -> list[QualificationSheet]:
    """Sign complete sheets of the own seat. Signing locks them, and settles what all have signed."""
    review = review_of(recruitment, "qualification", lock=True)
    seat = seat_for(actor, review)
    signed = qualification.sign_sheets(
        db.session(), review, list(sheets), seat, sign=sign_by(actor, seat), now=clock.now()
    )
    for sheet in signed:
        record(
            "qualification.signed",
            actor=actor,
            recruitment=recruitment,
            subject=sheet,
            digest=sheet.payload_digest,
        )
    return signed


@action
def save_and_sign_qualification(
    *,
    actor: Actor,
    recruitment: Recruitment,
    sheet: QualificationSheet,
    answers: Mapping[str, Answer],
    version: int,
) -> None:
    """Save the lines and sign the sheet: both or neither."""
    save_qualification(actor=actor, recruitment=recruitment, sheet=sheet, answers=answers, version=version)
    sign_qualification(actor=actor, recruitment=recruitment, sheets=[sheet])


@action
def cast_vote(
    *,
    actor: Actor,
    recruitment: Recruitment,
    dispute: Dispute,
    choice: str,
    cited_file: str = "",
    cited_page: str = "",
    reason: str = "",
) -> Ballot:
    """Cast the own seat's named ballot. The event names the ballot's digest, not the vote."""
    review = review_of(recruitment, "qualification", lock=True)
    seat = seat_for(actor, review)
    ballot = qualification.cast_ballot(
        db.session(),
        review,
        dispute,
        seat,
        choice=choice,
        cited_file=cited_file,
        cited_page=cited_page,
        reason=reason,
        sign=sign_by(actor, seat),
        now=clock.now(),
    )
    record(
        "dispute.voted", actor=actor, recruitment=recruitment, subject=dispute, digest=ballot.payload_digest
    )
    if dispute.stage == "closed":
        _record_closed(actor, recruitment, dispute)
    return ballot


def _record_closed(actor: Actor, recruitment: Recruitment, dispute: Dispute) -> None:
    record(
        "dispute.closed",
        actor=actor,
        recruitment=recruitment,
        subject=dispute,
        item=dispute.item,
        yes=dispute.yes,
        seats=dispute.seats,
        passed=dispute.passed,
    )


@action
def close_vote(*, actor: Actor, recruitment: Recruitment, dispute: Dispute) -> None:
    """Count a vote whose time is over."""
    review = review_of(recruitment, "qualification", lock=True)
    qualification.close_dispute(db.session(), review, dispute, now=clock.now())
    _record_closed(actor, recruitment, dispute)


@action
def set_vote_due(
    *, actor: Actor, recruitment: Recruitment, dispute: Dispute, due_at: datetime | None
) -> None:
    """Set until when the seats can vote on a dispute."""
    review_of(recruitment, "qualification")
    if dispute.stage != "open":
        raise Refusal("review_dispute_closed")
    dispute.due_at = later(due_at, clock.now())
    record("dispute.due_set", actor=actor, recruitment=recruitment, subject=dispute, due_at=dispute.due_at)


@action
def ask_ca(*, actor: Actor, recruitment: Recruitment, group: CAGroup) -> None:
    """Put on record that the CA was asked in writing which vendor it authorises."""
    review_of(recruitment, "qualification")
    if group.stage != "open":
        raise Refusal("review_group_closed")
    group.asked_at = clock.now()
    record("ca_group.asked", actor=actor, recruitment=recruitment, subject=group)


@action
def record_ca_answer(
    *,
    actor: Actor,
    recruitment: Recruitment,
    group: CAGroup,
    chosen: Candidate | None,
    text: str,
    source: IO[bytes] | None = None,
    file_name: str = "",
) -> None:
    """Enter the CA's written answer with its scan; it decides who of the group passes."""
    review = review_of(recruitment, "qualification", lock=True)
    blob = keep(source) if source is not None else None
    if blob is not None and not 0 < blob.size <= MAX_ANSWER_BYTES:
        raise Refusal("review_file_size")
    groups.record_answer(
        db.session(),
        review,
        group,
        chosen=chosen,
        text=text,
        blob=blob.key if blob is not None else None,
        file_name=file_name,
        now=clock.now(),
    )
    record(
        "ca_group.decided",
        actor=actor,
        recruitment=recruitment,
        subject=group,
        by="ca_answer",
        chosen=chosen.public_id if chosen is not None else None,
    )


@action
def cast_ca_ballot(
    *, actor: Actor, recruitment: Recruitment, group: CAGroup, choice: Candidate | None, reason: str
) -> CAGroupBallot:
    """Cast the own seat's ballot over a CA group."""
    review = review_of(recruitment, "qualification", lock=True)
    seat = seat_for(actor, review)
    ballot = groups.cast_group_ballot(
        db.session(),
        review,
        group,
        seat,
        choice=choice,
        reason=reason,
        sign=sign_by(actor, seat),
        now=clock.now(),
    )
    record(
        "ca_group.voted", actor=actor, recruitment=recruitment, subject=group, digest=ballot.payload_digest
    )
    if group.stage == "closed":
        chosen = group.chosen_id is not None and group.chosen is not None
        record(
            "ca_group.decided",
            actor=actor,
            recruitment=recruitment,
            subject=group,
            by="ballot",
            chosen=group.chosen.public_id if chosen and group.chosen else None,
        )
    return ballot


@action
def decide_few_candidates(*, actor: Actor, recruitment: Recruitment, text: str) -> None:
    """The organiser's decision to go on with fewer qualified vendors than the plan's minimum."""
    review = review_of(recruitment, "qualification")
    if not text.strip():
        raise Refusal("reason_required", field="text")
    assert actor.user is not None
    review.few_candidates_decision = text.strip()
    db.session.add(
        StageDecision(
            recruitment_id=recruitment.id,
            kind="few_candidates",
            text=text.strip(),
            by_id=actor.user.id,
            at=clock.now(),
        )
    )
    record(
        "review.few_candidates_decided",
        actor=actor,
        recruitment=recruitment,
        subject=review,
        text=text.strip(),
    )


def vacate_seat(*, actor: Actor, recruitment: Recruitment, old: PanelSeat) -> dict[str, int]:
    """Void the sheets of an expert who left, at once; call inside the replacement's action."""
    counts = seat_vacated(db.session(), old, now=clock.now())
    record("review.seat_vacated", actor=actor, recruitment=recruitment, subject=old, **counts)
    return counts


def fill_seat(*, actor: Actor, recruitment: Recruitment, old: PanelSeat, new: PanelSeat) -> dict[str, Any]:
    """Lay out the newcomer's blank sheets; call inside the action that makes the seat active."""
    counts = seat_filled(db.session(), old, new, now=clock.now())
    record(
        "review.seat_replaced", actor=actor, recruitment=recruitment, subject=new, old=old.pseudonym, **counts
    )
    return counts
