"""Use cases of complaints (投诉) to the authority: put on record with the orders that come of them."""

from __future__ import annotations

from datetime import date

from app import clock
from app.audit import Actor, plain, record
from app.concurrency import check_version
from app.errors import Refusal
from app.extensions import action, db
from app.lifecycle import TRANSITIONS
from app.permissions import recruitment_of
from app.publication.models import Recruitment
from app.results.common import needed, page, tell_roles
from app.results.decisions import suspend
from app.results.models import Complaint
from app.wording import label

#: What an order asks for. "suspend" is carried out at once; the others wait for the people it names.
EFFECTS = ("accepted", "suspend", "resume", "re_review", "terminate", "dismissed", "other")


@action
def record_complaint(
    *,
    actor: Actor,
    recruitment: Recruitment,
    complainant: str,
    authority: str,
    text: str,
    received_on: date,
) -> Complaint:
    """Put a complaint on record. Side effects: row, event, a message to the supervisor."""
    assert actor.user is not None
    if received_on > clock.today():
        raise Refusal("result_date_future", field="received_on")
    row = Complaint(
        recruitment_id=recruitment.id,
        complainant=needed(complainant, "complainant")[:200],
        authority=needed(authority, "authority")[:200],
        text=needed(text, "text"),
        orders=[],
        received_on=received_on,
        recorded_by_id=actor.user.id,
        recorded_at=clock.now(),
    )
    db.session.add(row)
    db.session.flush()
    record(
        "complaint.recorded",
        actor=actor,
        recruitment=recruitment,
        subject=row,
        authority=row.authority,
        received_on=received_on,
    )
    tell_roles(
        recruitment,
        "staff",
        "supervisor",
        kind="complaint.recorded",
        subject="已登记一件投诉",
        body=f"{row.complainant}向{row.authority}投诉。",
        link=page(recruitment, "objections"),
    )
    return row


@action
def record_order(
    *,
    actor: Actor,
    complaint: Complaint,
    on: date,
    effect: str,
    text: str,
    version: int | None = None,
) -> None:
    """Add an order of the authority. One to suspend suspends the recruitment at once, where it can be."""
    recruitment = recruitment_of(complaint)
    assert recruitment is not None
    assert actor.user is not None
    if version is not None:
        check_version(complaint, version, current=len(complaint.orders), submitted=None)
    if effect not in EFFECTS:
        raise Refusal("complaint_effect", field="effect")
    if not complaint.received_on <= on <= clock.today():
        raise Refusal("complaint_day", field="on")
    words = needed(text, "text")
    order = {"on": on, "effect": effect, "text": words, "by": actor.user.public_id, "at": clock.now()}
    complaint.orders = [*complaint.orders, plain(order)]
    db.session.flush()
    record(
        "complaint.ordered",
        actor=actor,
        recruitment=recruitment,
        subject=complaint,
        effect=effect,
        on=on,
        text=words,
    )
    if effect == "suspend" and (recruitment.stage, "suspended") in TRANSITIONS:
        suspend(
            actor=actor,
            recruitment=recruitment,
            reason=f"{complaint.authority}{label('order_effect', 'suspend')}：{words}"[:4000],
            cause="complaint_order",
        )
