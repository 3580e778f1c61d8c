"""What every use case of the integration begins with: permission, stage, the writer of events, who is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import SEEK_END
from typing import IO, Any

from sqlalchemy import select

from app.accounts.models import Membership, User
from app.accounts.notify import notify
from app.audit import Actor, record
from app.errors import Denied, NotFound, Refusal, WrongStage
from app.extensions import db, unit_of_work
from app.permissions import may, recruitment_of, who_may
from app.publication.models import Recruitment
from app.responses.content import clean_name, examine
from app.review.actions import tell_vendor
from app.storage import Blob, keep, store
from app.wording import label, stage_word
from evaluation.models import Candidate
from onboarding.models import Integration, Programme
from onboarding.service import Write

#: Largest single file of evidence; more belongs into the platform's own test environment.
MAX_EVIDENCE_BYTES = 200 * 1024 * 1024


def require(actor: Actor, action: str, subject: Any) -> None:
    """Refuse an actor whom the permission table doesn't allow the action on this object."""
    if actor.role == "system":
        return
    if not may(actor.user, action, subject):
        names = "、".join(label("role", relation) for relation in who_may(action))
        raise Denied("denied", action=label("action", action), who=names)


def platform_role(actor: Actor) -> str:
    """The role that decides on items: the platform's operators, and staff where they act for the platform."""
    return "platform" if actor.role in ("operator", "staff") else actor.role


def recruitment_for(subject: Any) -> Recruitment:
    """The recruitment of an object, which must have one."""
    found = recruitment_of(subject)
    if found is None:
        raise NotFound("not_found")
    return found


def programme_of(recruitment: Recruitment, *stages: str) -> Programme:
    """The recruitment's programme, in one of the stages, or WrongStage."""
    if stages and recruitment.stage not in stages:
        raise WrongStage(
            "acceptance_wrong_stage",
            stage=stage_word("recruitment", recruitment.stage),
            wanted="、".join(stage_word("recruitment", stage) for stage in stages),
        )
    if recruitment.programme is None:
        raise WrongStage("acceptance_not_started")
    return recruitment.programme


def candidate_of(integration: Integration) -> Candidate:
    """The vendor's row in the review."""
    found = db.session.scalar(select(Candidate).where(Candidate.public_id == integration.candidate_ref))
    if found is None:
        raise NotFound("not_found")
    return found


def writer(actor: Actor, recruitment: Recruitment, subject: Any, **more: Any) -> Write:
    """Where the rules write the event of a step: the recruitment's log."""

    def write(kind: str, facts: dict[str, Any]) -> None:
        record(kind, actor=actor, recruitment=recruitment, subject=subject, **{**facts, **more})

    return write


def tell_vendor_of(
    integration: Integration, recruitment: Recruitment, *, kind: str, subject: str, body: str, link: str
) -> None:
    """A message to everyone who acts for the vendor of an integration."""
    tell_vendor(candidate_of(integration), recruitment, kind=kind, subject=subject, body=body, link=link)


def tell_role(
    recruitment: Recruitment, *roles: str, kind: str, subject: str, body: str, link: str = ""
) -> None:
    """A message to everyone who holds one of the roles in the recruitment."""
    people = db.session.scalars(
        select(User)
        .join(Membership, Membership.user_id == User.id)
        .where(
            Membership.recruitment_id == recruitment.id,
            Membership.role.in_(roles),
            Membership.ended_at.is_(None),
        )
    )
    for user in people:
        notify(user, kind=kind, subject=subject, body=body, link=link, recruitment=recruitment)


@dataclass(frozen=True)
class Upload:
    """An upload that was looked at: what it is by its bytes, under a clean name."""

    source: IO[bytes]
    name: str
    media_type: str
    pages: int | None


def look_at(source: IO[bytes] | None, name: str) -> Upload | None:
    """Tell by its bytes what an upload is, before any transaction: a slow file must keep nobody waiting.

    None where there is none. Raises Refusal for what is empty, too big, damaged or unknown.
    """
    if source is None:
        return None
    size = source.seek(0, SEEK_END)
    source.seek(0)
    if size > MAX_EVIDENCE_BYTES:
        raise Refusal("acceptance_file_too_big", most=MAX_EVIDENCE_BYTES // 1024**2, field="file")
    media_type, pages, _findings = examine(source)
    source.seek(0)
    return Upload(source, clean_name(name), media_type, pages)


@contextmanager
def uploading() -> Iterator[list[str]]:
    """A unit of work that stores files: whatever key is noted in the list is discarded with the rest."""
    keys: list[str] = []
    try:
        with unit_of_work():
            yield keys
    except BaseException:
        for key in keys:
            store().discard(key)
        raise


def keep_upload(upload: Upload, keys: list[str]) -> Blob:
    """Store an upload inside `uploading()`."""
    blob = keep(upload.source)
    keys.append(blob.key)
    return blob
