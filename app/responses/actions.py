"""What a vendor does with its response until the closing time."""

from __future__ import annotations

import hmac
from typing import IO, Any

from flask import current_app
from sqlalchemy import func, select

from app import clock
from app.accounts.models import Membership, Organisation
from app.audit import Actor, canonical, record, sm3_hex
from app.errors import Conflict, Denied, Refusal, WrongStage
from app.extensions import action, db, unit_of_work
from app.lifecycle import is_accepting
from app.permissions import organisations_of, role_in
from app.planning import section
from app.publication.models import Recruitment
from app.responses.content import clean_name, examine
from app.responses.models import Response, ResponseFile, Submission
from app.responses.stages import move_response
from app.storage import keep, store


def _accepting(recruitment: Recruitment) -> None:
    now = clock.now()
    if not is_accepting(recruitment, now):
        raise WrongStage("response_not_accepting", now=clock.local(now).strftime("%Y-%m-%d %H:%M:%S"))


def _own(actor: Actor, organisation_id: int) -> None:
    if actor.user is None or organisation_id not in organisations_of(actor.user):
        raise Denied("response_not_own")


@action
def begin(*, actor: Actor, recruitment: Recruitment, organisation: Organisation) -> Response:
    """Make the vendor's response and its member's role. Refuses a person who holds another role here."""
    _accepting(recruitment)
    _own(actor, organisation.id)
    assert actor.user is not None
    if organisation.kind != "vendor":
        raise Denied("response_not_vendor")
    held = role_in(actor.user, recruitment)
    if held not in (None, "vendor"):
        raise Denied("response_other_role")
    found = db.session.scalar(
        select(Response).where(
            Response.recruitment_id == recruitment.id, Response.organisation_id == organisation.id
        )
    )
    if held is None:
        db.session.add(
            Membership(
                recruitment_id=recruitment.id, user_id=actor.user.id, role="vendor",
                organisation_id=organisation.id, since=clock.now(),
            )
        )
    if found is None:
        found = Response(recruitment=recruitment, organisation=organisation)
        db.session.add(found)
        db.session.flush()
        record("response.begun", actor=actor, recruitment=recruitment, subject=found)
    return found


class _Limited:
    """A stream that stops with a refusal once it is longer than a file may be."""

    def __init__(self, source: IO[bytes], limit: int) -> None:
        self.source, self.left = source, limit

    def read(self, length: int = -1) -> bytes:
        piece = self.source.read(length)
        self.left -= len(piece)
        if self.left < 0:
            raise Refusal("response_file_too_big")
        return piece


def add_file(*, actor: Actor, response: Response, item: str, name: str, source: IO[bytes]) -> ResponseFile:
    """Store one file of a content item, checked by its bytes. A refused file leaves nothing behind."""
    _own(actor, response.organisation_id)
    _accepting(response.recruitment)
    if item not in {str(entry["no"]) for entry in section(response.recruitment, "responses", "items")}:
        raise Refusal("response_item_unknown")
    key = ""
    try:
        with unit_of_work() as session:
            limit = current_app.config["SETTINGS"].max_file_bytes
            blob = keep(_Limited(source, limit))  # type: ignore[arg-type]
            key = blob.key
            with store().open(key) as handle:
                media_type, pages, findings = examine(handle)
            _accepting(response.recruitment)
            assert actor.user is not None
            row = ResponseFile(
                response_id=response.id, item=item, name=clean_name(name), media_type=media_type,
                size=blob.size, sm3=blob.sm3, blob_key=key, pages=pages, findings=findings,
                uploaded_by_id=actor.user.id, uploaded_at=clock.now(),
            )
            session.add(row)
            session.flush()
            record("response.file_added", actor=actor, recruitment=response.recruitment, subject=response)
    except BaseException:
        if key:
            store().discard(key)
        raise
    return row


@action
def remove_file(*, actor: Actor, file: ResponseFile) -> None:
    """Take a file out of the package; its row and bytes stay for submissions that list it."""
    _own(actor, file.response.organisation_id)
    _accepting(file.response.recruitment)
    file.removed_at = clock.now()
    record("response.file_removed", actor=actor, recruitment=file.response.recruitment, subject=file.response)


def present_files(response: Response) -> list[ResponseFile]:
    """The files of the package as it stands."""
    return list(
        db.session.scalars(
            select(ResponseFile)
            .where(ResponseFile.response_id == response.id, ResponseFile.removed_at.is_(None))
            .order_by(ResponseFile.id)
        )
    )


def manifest(response: Response) -> dict[str, Any]:
    """What a submission lists: plan, vendor, and item, name, size and SM3 of each file."""
    return {
        "response": response.public_id,
        "plan": response.recruitment.plan_digest or "",
        "credit_code": response.organisation.credit_code or "",
        "ca": {"name": response.ca_name, "licence": response.ca_licence, "is_ca": response.is_ca},
        "files": [
            {"id": file.public_id, "item": file.item, "name": file.name, "size": str(file.size), "sm3": file.sm3}
            for file in present_files(response)
        ],
    }


def missing_items(response: Response) -> list[str]:
    """Numbers of the required content items that have no file yet."""
    held = {file.item for file in present_files(response)}
    items = section(response.recruitment, "responses", "items")
    return [
        str(item["no"])
        for item in items
        if item.get("required", True) and not item.get("if_any") and str(item["no"]) not in held
    ]


def _enter(actor: Actor, response: Response, kind: str, listed: dict[str, Any], missing: list[str]) -> Submission:
    assert actor.user is not None
    last = db.session.scalar(select(func.max(Submission.number)).where(Submission.response_id == response.id))
    row = Submission(
        response_id=response.id, number=(last or 0) + 1, kind=kind,
        plan_digest=response.recruitment.plan_digest or "", manifest=listed,
        manifest_sm3=sm3_hex(canonical(listed)), missing=missing, received_at=clock.now(), by_id=actor.user.id,
    )
    db.session.add(row)
    db.session.flush()
    return row


@action
def submit(*, actor: Actor, response: Response, seen_sm3: str, accept_missing: bool = False) -> Submission:
    """Submit the package whose manifest the vendor saw; a later submission replaces an earlier one."""
    _own(actor, response.organisation_id)
    _accepting(response.recruitment)
    listed = manifest(response)
    digest = sm3_hex(canonical(listed))
    if not hmac.compare_digest(digest.encode(), seen_sm3.encode()):
        raise Conflict("response_manifest_changed", current=digest, submitted=seen_sm3)
    if not listed["files"]:
        raise Refusal("response_no_files")
    missing = missing_items(response)
    if missing and not accept_missing:
        raise Refusal("response_items_missing", listed="、".join(missing))
    row = _enter(actor, response, "submit", listed, missing)
    facts = {"files": len(listed["files"]), "manifest_sm3": digest, "number": row.number}
    if response.stage == "submitted":
        record("response.replaced", actor=actor, recruitment=response.recruitment, subject=response, **facts)
    else:
        move_response(response, "submitted", actor=actor, **facts)
    response.submission_id, response.submitted_at = row.id, row.received_at
    response.plan_digest, response.withdrawn_at = row.plan_digest, None
    return row


@action
def withdraw(*, actor: Actor, response: Response) -> Submission:
    """Take the submission back; the files stay and can be submitted again before the closing time."""
    _own(actor, response.organisation_id)
    _accepting(response.recruitment)
    move_response(response, "withdrawn", actor=actor)
    row = _enter(actor, response, "withdraw", manifest(response), [])
    response.submission_id, response.withdrawn_at = None, row.received_at
    return row
