"""What a vendor does with its response until the closing time."""

from __future__ import annotations

import hashlib
import hmac
from datetime import date, datetime
from typing import IO, Any

from flask import current_app
from sqlalchemy import func, select

from app import clock
from app.accounts.models import Organisation
from app.audit import Actor, record
from app.concurrency import check_version
from app.errors import Conflict, Denied, Refusal, TooLarge, WrongStage
from app.extensions import action, db, unit_of_work
from app.jobs.registry import order
from app.publication.models import Recruitment
from app.responses import seals
from app.responses.access import insert, must_accept, must_own, take_part
from app.responses.content import examine
from app.responses.models import Response, ResponseFile, Submission
from app.responses.package import (
    digest_of,
    is_changed,
    items_of,
    manifest,
    missing_items,
    needs_confirmation,
    present_files,
)
from app.responses.stages import move_response
from app.responses.uploads import check_item, check_room, take_in
from app.storage import new_key, store
from app.templating import show_size

#: What can be entered for a content item: the time its papers cover, the day they expire, a remark.
DETAILS = ("since", "until", "expires", "note")


@action
def begin(*, actor: Actor, recruitment: Recruitment, organisation: Organisation) -> Response:
    """Make the vendor's response and its member's role. Refuses a person who holds another role here."""
    must_accept(recruitment)
    user = must_own(actor, organisation.id)
    if organisation.kind != "vendor":
        raise Denied("response_not_vendor")
    take_part(user, recruitment, organisation.id)
    found = db.session.scalar(
        select(Response).where(
            Response.recruitment_id == recruitment.id, Response.organisation_id == organisation.id
        )
    )
    if found is None:
        found = Response(recruitment=recruitment, organisation=organisation)
        db.session.add(found)
        insert()
        record("response.begun", actor=actor, recruitment=recruitment, subject=found)
    return found


class _Passing:
    """A stream on its way into the store: its SM3 is taken, and a too long one stops with a refusal."""

    def __init__(self, source: IO[bytes], limit: int) -> None:
        self.source, self.limit = source, limit
        self.size, self.digest = 0, hashlib.new("sm3")

    def read(self, length: int = -1) -> bytes:
        piece = self.source.read(length)
        self.size += len(piece)
        if self.size > self.limit:
            raise TooLarge("response_file_too_big", most=show_size(self.limit))
        self.digest.update(piece)
        return piece


def add_file(*, actor: Actor, response: Response, item: str, name: str, source: IO[bytes]) -> ResponseFile:
    """Store one file of a content item, checked by its bytes. A refused file leaves nothing behind."""
    user = must_own(actor, response.organisation_id)
    must_accept(response.recruitment)
    check_item(response, item)
    check_room(response, 0)
    key = new_key()
    passing = _Passing(source, current_app.config["SETTINGS"].max_file_bytes)
    try:
        # The bytes go to their place before the write transaction: gigabytes would keep others waiting.
        store().put(key, passing)  # type: ignore[arg-type]
        with store().open(key) as handle:
            seen = examine(handle)
        with unit_of_work():
            must_accept(response.recruitment)
            check_room(response, passing.size)
            take_part(user, response.recruitment, response.organisation_id)
            row = take_in(
                response,
                item=item,
                name=name,
                key=key,
                size=passing.size,
                sm3=passing.digest.hexdigest(),
                user_id=user.id,
                seen=seen,
            )
            record("response.file_added", actor=actor, recruitment=response.recruitment, subject=response)
    except BaseException:
        store().discard(key)
        raise
    return row


@action
def remove_file(*, actor: Actor, file: ResponseFile) -> None:
    """Take a file out of the package; its row and bytes stay for submissions that list it."""
    must_own(actor, file.response.organisation_id)
    must_accept(file.response.recruitment)
    if file.removed_at is not None:
        raise WrongStage("response_file_gone")
    file.removed_at = clock.now()
    seals.drop(file)
    record("response.file_removed", actor=actor, recruitment=file.response.recruitment, subject=file.response)


@action
def set_details(
    *,
    actor: Actor,
    response: Response,
    contact_name: str = "",
    contact_phone: str = "",
    ca_name: str = "",
    ca_licence: str = "",
    is_ca: bool = False,
    details: dict[str, dict[str, str]] | None = None,
    version: Any = None,
) -> None:
    """Enter contact, certification authority and the dates of papers (per item: since, until, expires, note).

    `version` is that of the form's page, None where nobody else can have written. Raises Conflict with both
    values, Refusal for an unknown item or dates that can't be.
    """
    user = must_own(actor, response.organisation_id)
    must_accept(response.recruitment)
    before = _entered(response)
    after = {
        "contact_name": contact_name.strip()[:80],
        "contact_phone": contact_phone.strip()[:40],
        "ca_name": ca_name.strip()[:200],
        "ca_licence": "".join(ca_licence.split())[:80],
        "is_ca": is_ca,
        "details": response.details or {} if details is None else _read_details(response, details),
    }
    if version is not None:
        check_version(response, version, current=_shown(before), submitted=_shown(after))
    if before == after:
        return
    take_part(user, response.recruitment, response.organisation_id)
    for name, value in after.items():
        setattr(response, name, value)
    changed = sorted(name for name in after if before[name] != after[name])
    record(
        "response.details_set",
        actor=actor,
        recruitment=response.recruitment,
        subject=response,
        changed=changed,
    )


def _entered(response: Response) -> dict[str, Any]:
    return {
        "contact_name": response.contact_name,
        "contact_phone": response.contact_phone,
        "ca_name": response.ca_name,
        "ca_licence": response.ca_licence,
        "is_ca": response.is_ca,
        "details": response.details or {},
    }


def _shown(entered: dict[str, Any]) -> dict[str, str]:
    from app.wording import label

    lines = {
        label("response_field", name): label("yesno", str(value)) if name == "is_ca" else str(value)
        for name, value in entered.items()
        if name != "details"
    }
    for item, values in sorted(entered["details"].items()):
        for name, value in values.items():
            lines[f"第 {item} 项{label('response_detail', name)}"] = value
    return lines


def _read_details(response: Response, given: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    known = {str(entry["no"]) for entry in items_of(response.recruitment)}
    kept: dict[str, dict[str, str]] = {}
    for item, values in given.items():
        if item not in known or not set(values) <= set(DETAILS):
            raise Refusal("response_item_unknown")
        entered = {name: text.strip()[:500] for name, text in values.items() if text and text.strip()}
        days = {}
        for name in ("since", "until", "expires"):
            if name in entered:
                days[name] = _day(entered[name], item)
        if "since" in days and "until" in days and days["since"] > days["until"]:
            raise Refusal("response_detail_reversed", item=item)
        if entered:
            kept[item] = entered
    return kept


def _day(text: str, item: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Refusal("response_detail_date", item=item) from None
    if not 1950 <= day.year <= 2150:
        raise Refusal("response_detail_date", item=item)
    return day


def _enter(
    actor: Actor, response: Response, kind: str, listed: dict[str, Any], missing: list[str], at: datetime
) -> Submission:
    """The row of what was received, and the order for its receipt."""
    assert actor.user is not None
    last = db.session.scalar(select(func.max(Submission.number)).where(Submission.response_id == response.id))
    row = Submission(
        response_id=response.id,
        number=(last or 0) + 1,
        kind=kind,
        plan_digest=response.recruitment.plan_digest or "",
        manifest=listed,
        manifest_sm3=digest_of(listed),
        missing=missing,
        received_at=at,
        by_id=actor.user.id,
    )
    db.session.add(row)
    insert()
    order("receipt", {"submission": row.public_id}, response.recruitment, actor)
    return row


def submit(*, actor: Actor, response: Response, seen_sm3: str, accept_missing: bool = False) -> Submission:
    """Submit the package whose manifest the vendor saw; a later submission replaces an earlier one.

    It counts at the time it was received, however long the database lets it wait. Raises Conflict where the
    manifest is not the one seen, Refusal for an empty package or an unconfirmed missing item.
    """
    received = clock.now()
    with unit_of_work():
        user = must_own(actor, response.organisation_id)
        must_accept(response.recruitment, received)
        take_part(user, response.recruitment, response.organisation_id)
        listed = manifest(response)
        digest = digest_of(listed)
        if not hmac.compare_digest(digest.encode(), seen_sm3.encode()):
            raise Conflict("response_manifest_changed", current=digest, submitted=seen_sm3)
        if not listed["files"]:
            raise Refusal("response_no_files")
        if response.stage == "submitted" and response.submission is not None:
            if response.submission.manifest_sm3 == digest:
                raise WrongStage("response_same", number=response.submission.number)
        missing = missing_items(response, listed)
        if missing and not accept_missing:
            raise Refusal("response_items_missing", listed="、".join(missing))
        row = _enter(actor, response, "submit", listed, missing, received)
        facts = {"files": len(listed["files"]), "manifest_sm3": digest, "number": row.number}
        if response.stage == "submitted":
            record("response.replaced", actor=actor, recruitment=response.recruitment, subject=response, **facts)
        else:
            move_response(response, "submitted", actor=actor, **facts)
        response.submission_id, response.submitted_at = row.id, row.received_at
        response.plan_digest, response.withdrawn_at = row.plan_digest, None
    return row


def confirm(*, actor: Actor, response: Response, seen_sm3: str) -> Submission:
    """Say that what was submitted holds under the amended plan too. `seen_sm3` is the submission's digest.

    Raises WrongStage where no amendment asks for it, Conflict where another submission came meanwhile.
    """
    received = clock.now()
    with unit_of_work():
        user = must_own(actor, response.organisation_id)
        must_accept(response.recruitment, received)
        take_part(user, response.recruitment, response.organisation_id)
        last = response.submission
        if last is None or not needs_confirmation(response):
            raise WrongStage("response_nothing_to_confirm")
        if not hmac.compare_digest(last.manifest_sm3.encode(), seen_sm3.encode()):
            raise Conflict("response_manifest_changed", current=last.manifest_sm3, submitted=seen_sm3)
        listed = {**last.manifest, "plan": response.recruitment.plan_digest or ""}
        row = _enter(actor, response, "confirm", listed, missing_items(response, listed), received)
        response.submission_id, response.plan_digest = row.id, row.plan_digest
        record(
            "response.confirmed",
            actor=actor,
            recruitment=response.recruitment,
            subject=response,
            manifest_sm3=row.manifest_sm3,
            number=row.number,
        )
    return row


def withdraw(*, actor: Actor, response: Response) -> Submission:
    """Take the submission back; the files stay and can be submitted again before the closing time."""
    received = clock.now()
    with unit_of_work():
        user = must_own(actor, response.organisation_id)
        must_accept(response.recruitment, received)
        take_part(user, response.recruitment, response.organisation_id)
        last = response.submission
        move_response(response, "withdrawn", actor=actor)
        row = _enter(actor, response, "withdraw", last.manifest if last else manifest(response), [], received)
        response.submission_id, response.withdrawn_at = None, row.received_at
    return row


__all__ = [
    "DETAILS",
    "add_file",
    "begin",
    "confirm",
    "digest_of",
    "is_changed",
    "manifest",
    "missing_items",
    "needs_confirmation",
    "present_files",
    "remove_file",
    "set_details",
    "submit",
    "withdraw",
]
