"""What every use case after the ranking needs: decisions on record, uploads, messages, holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import IO, Any

from sqlalchemy import select

from app import clock
from app.accounts.models import Membership, OrganisationMember, User
from app.accounts.notify import notify
from app.audit import Actor, plain, record
from app.errors import Refusal, WrongStage
from app.extensions import db
from app.lifecycle import hold_of
from app.publication.models import Recruitment
from app.responses.content import clean_name, examine
from app.responses.models import Response
from app.results.models import Objection, StageDecision
from app.storage import Blob, keep
from app.wording import label, stage_word
from evaluation.models import Candidate
from evaluation.objections import AwardState
from evaluation.workflow import Table, TransitionRefused, WorkflowCode, advance

MAX_FILE_BYTES = 20 * 1024 * 1024
MAX_TEXT = 4000


def lock(recruitment: Recruitment) -> None:
    """Make those who count something of the recruitment (numbers, places) wait for each other."""
    db.session.execute(select(Recruitment.id).where(Recruitment.id == recruitment.id).with_for_update())


def step(
    row: Any,
    to: str,
    *,
    table: Table,
    actor: Actor,
    recruitment: Recruitment,
    reason: str = "",
    refusal: str,
    kind: str,
    **facts: Any,
) -> None:
    """Move a row along its table and leave its event, or raise WrongStage `refusal`. Inside a unit of work."""
    before = row.stage

    def write(event: str, details: dict[str, Any]) -> None:
        record(event, actor=actor, recruitment=recruitment, subject=row, **{**details, **facts})

    try:
        advance(
            row,
            to,
            table=table,
            actor_role=actor.role,
            context=row,
            now=clock.now(),
            write_event=write,
            reason=reason,
        )
    except TransitionRefused as refused:
        if refused.code is WorkflowCode.REASON_REQUIRED:
            raise Refusal("reason_required", field="reason") from refused
        words = {"stage": stage_word(kind, before), "step": stage_word(kind, to)}
        raise WrongStage(refusal, vendor=getattr(row, "name", ""), **words) from refused


def page(recruitment: Recruitment, path: str = "") -> str:
    """Address of a page of the recruitment, without a host; needs no request."""
    return f"/r/{recruitment.public_id}/{path}"


def needed(text: str, field: str = "reason") -> str:
    """The text without blanks around it; Refusal `reason_required` where nothing is left."""
    words = (text or "").strip()[:MAX_TEXT]
    if not words:
        raise Refusal("reason_required", field=field)
    return words


def decide(
    recruitment: Recruitment, kind: str, text: str, *, actor: Actor, cause: str = "", **facts: Any
) -> StageDecision:
    """Put a decision on record inside the caller's unit of work."""
    assert actor.user is not None
    row = StageDecision(
        recruitment_id=recruitment.id,
        kind=kind,
        cause=cause,
        text=text,
        by_id=actor.user.id,
        at=clock.now(),
        facts=plain(facts),
    )
    db.session.add(row)
    db.session.flush()
    return row


@dataclass(frozen=True)
class Attachment:
    """An upload whose content was looked at: stream, clean name, media type."""

    source: IO[bytes]
    name: str
    media_type: str

    def keep(self) -> Blob:
        """Store it inside the current unit of work."""
        self.source.seek(0)
        return keep(self.source)


def attachment(source: IO[bytes] | None, name: str) -> Attachment | None:
    """Look at an upload of at most 20 MB before any transaction: its kind is told from its content.

    None where there is none. Raises Refusal for an empty, large, damaged or unknown file.
    """
    if source is None:
        return None
    source.seek(0, 2)
    size = source.tell()
    source.seek(0)
    if not 0 < size <= MAX_FILE_BYTES:
        raise Refusal("result_file_size", field="file")
    media_type, _, _ = examine(source)
    return Attachment(source, clean_name(name), media_type)


def people_of(candidate_ids: Iterable[int]) -> list[tuple[int, User]]:
    """Everyone who acts for vendors, with the vendor's id; one statement."""
    rows = db.session.execute(
        select(Response.candidate_id, User)
        .join(OrganisationMember, OrganisationMember.organisation_id == Response.organisation_id)
        .join(User, User.id == OrganisationMember.user_id)
        .where(
            Response.candidate_id.in_(list(candidate_ids)),
            OrganisationMember.left_at.is_(None),
            User.is_disabled.is_(False),
        )
        .order_by(User.id)
    )
    return [(candidate_id, user) for candidate_id, user in rows]


def tell(
    candidates: Iterable[Candidate], recruitment: Recruitment, *, kind: str, subject: str, body: str, link: str
) -> None:
    """A message to everyone who acts for these vendors."""
    for _, user in people_of([candidate.id for candidate in candidates]):
        notify(user, kind=kind, subject=subject, body=body, link=link, recruitment=recruitment)


def tell_ranked(recruitment: Recruitment, *, kind: str, subject: str, body: str, link: str) -> None:
    """A message to everyone who acts for a vendor of the review."""
    rows = db.session.scalars(select(Candidate).where(Candidate.review_id == recruitment.review_id))
    tell(rows, recruitment, kind=kind, subject=subject, body=body, link=link)


def tell_roles(
    recruitment: Recruitment, *roles: str, kind: str, subject: str, body: str, link: str
) -> None:
    """A message to everyone who holds one of the roles in the recruitment."""
    for user in db.session.scalars(
        select(User)
        .join(Membership, Membership.user_id == User.id)
        .where(
            Membership.recruitment_id == recruitment.id,
            Membership.role.in_(roles),
            Membership.ended_at.is_(None),
            User.is_disabled.is_(False),
        )
    ):
        notify(user, kind=kind, subject=subject, body=body, link=link, recruitment=recruitment)


def tell_organisation(
    organisation_id: int, recruitment: Recruitment, *, kind: str, subject: str, body: str, link: str
) -> None:
    """A message to everyone of one body."""
    for user in db.session.scalars(
        select(User)
        .join(OrganisationMember, OrganisationMember.user_id == User.id)
        .where(
            OrganisationMember.organisation_id == organisation_id,
            OrganisationMember.left_at.is_(None),
            User.is_disabled.is_(False),
        )
    ):
        notify(user, kind=kind, subject=subject, body=body, link=link, recruitment=recruitment)


def holding(recruitment: Recruitment) -> list[Objection]:
    """The objections because of which notices and contracts wait."""
    hold = hold_of(recruitment)
    if hold.state is AwardState.FREE:
        return []
    return list(
        db.session.scalars(
            select(Objection).where(Objection.public_id.in_(hold.because)).order_by(Objection.number)
        )
    )


def require_free(recruitment: Recruitment, step: str) -> None:
    """Refuse a step that waits while an objection that may change the result is not done with."""
    if recruitment.stage == "suspended":
        raise WrongStage("result_suspended", step=label("held_step", step))
    if rows := holding(recruitment):
        raise WrongStage(
            "result_held",
            step=label("held_step", step),
            objections="、".join(f"第 {row.number} 号" for row in rows),
        )


def own_candidate(user: User | None, recruitment: Recruitment) -> tuple[Response | None, Candidate | None]:
    """The response and the candidate of the vendor that a person acts for in this recruitment."""
    if user is None:
        return None, None
    row = db.session.execute(
        select(Response, Candidate)
        .join(OrganisationMember, OrganisationMember.organisation_id == Response.organisation_id)
        .outerjoin(Candidate, Candidate.id == Response.candidate_id)
        .where(
            Response.recruitment_id == recruitment.id,
            OrganisationMember.user_id == user.id,
            OrganisationMember.left_at.is_(None),
        )
        .order_by(Candidate.id.is_(None), Response.id)
        .limit(1)
    ).first()
    return (row[0], row[1]) if row is not None else (None, None)
