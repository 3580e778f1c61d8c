"""The counter: paper packages as they arrive (签收登记), and where paper and electronic files differ.

Whether a package is late is told by the clock. The register is closed after the closing time; what it
says then goes into the opening record.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from app import clock
from app.accounts.models import Organisation
from app.audit import Actor, record
from app.errors import Denied, Refusal, WrongStage
from app.extensions import action, db
from app.lifecycle import stage_now
from app.planning import section
from app.publication.models import Recruitment
from app.responses.access import insert
from app.responses.models import PaperArrival, PaperDifference, Response
from evaluation import credit

#: An arrival entered later than this after it happened needs a note that says why.
PROMPT = timedelta(minutes=30)
MOST_COPIES = 999


def vendor_of_code(code: str) -> Organisation | None:
    """The registered vendor of a credit code. Raises CreditRefused for a code that can't be one."""
    text = credit.parse(code).text
    return db.session.scalar(select(Organisation).where(Organisation.credit_code == text))


def arrivals(recruitment: Recruitment) -> list[PaperArrival]:
    """The register in its order."""
    return list(
        db.session.scalars(
            select(PaperArrival)
            .where(PaperArrival.recruitment_id == recruitment.id)
            .order_by(PaperArrival.number)
        )
    )


def _must_be_staff(actor: Actor) -> int:
    if actor.user is None or actor.role != "staff":
        raise Denied("arrival_staff_only")
    return actor.user.id


def _register_open(recruitment: Recruitment, now: datetime) -> None:
    if recruitment.arrivals_closed_at is not None:
        raise WrongStage("arrivals_closed", at=f"{clock.local(recruitment.arrivals_closed_at):%Y-%m-%d %H:%M}")
    if stage_now(recruitment, now) not in ("accepting", "closed"):
        raise WrongStage("arrivals_not_now")


def _instant(recruitment: Recruitment, arrived_at: datetime | None, note: str, now: datetime) -> datetime:
    """The time of arrival: the clock's, or an earlier one whose lateness in the register is explained."""
    if arrived_at is None:
        return now
    if arrived_at > now:
        raise Refusal("arrival_in_future", field="arrived_at")
    if recruitment.opens_at is not None and arrived_at < recruitment.opens_at:
        raise Refusal("arrival_too_early", field="arrived_at")
    if now - arrived_at > PROMPT and not note:
        raise Refusal("arrival_needs_note", field="note")
    return arrived_at


def _vendor(organisation: Organisation | None, vendor_name: str) -> str:
    if organisation is not None:
        if organisation.kind != "vendor":
            raise Refusal("arrival_not_vendor", field="credit_code")
        return organisation.name
    name = vendor_name.strip()
    if not name:
        raise Refusal("arrival_name_missing", field="vendor_name")
    return name[:200]


def _copies(copies: int) -> int:
    if not 0 <= copies <= MOST_COPIES:
        raise Refusal("arrival_copies_odd", field="copies", most=MOST_COPIES)
    return copies


@action
def register_arrival(
    *,
    actor: Actor,
    recruitment: Recruitment,
    organisation: Organisation | None,
    vendor_name: str = "",
    copies: int,
    sealed: bool,
    envelope_ok: bool,
    arrived_at: datetime | None = None,
    delivered_by: str = "",
    note: str = "",
) -> PaperArrival:
    """Enter a package into the register. `organisation` is None for a vendor that is not registered.

    `arrived_at` is the server's time where not given. Side effects: a row with the next number, one event.
    """
    staff = _must_be_staff(actor)
    now = clock.now()
    _register_open(recruitment, now)
    moment = _instant(recruitment, arrived_at, note.strip(), now)
    last = db.session.scalar(
        select(func.max(PaperArrival.number)).where(PaperArrival.recruitment_id == recruitment.id)
    )
    assert recruitment.closes_at is not None
    row = PaperArrival(
        recruitment_id=recruitment.id,
        organisation_id=organisation.id if organisation is not None else None,
        number=(last or 0) + 1,
        vendor_name=_vendor(organisation, vendor_name),
        arrived_at=moment,
        copies=_copies(copies),
        sealed=sealed,
        envelope_ok=envelope_ok,
        note=note.strip()[:2000],
        delivered_by=delivered_by.strip()[:80],
        late=moment >= recruitment.closes_at,
        registered_by_id=staff,
        registered_at=now,
    )
    db.session.add(row)
    insert()
    record("arrival.registered", actor=actor, recruitment=recruitment, subject=row, **_facts(row))
    return row


def _facts(row: PaperArrival) -> dict[str, Any]:
    return {
        "number": row.number,
        "arrived_at": row.arrived_at,
        "copies": row.copies,
        "sealed": row.sealed,
        "envelope_ok": row.envelope_ok,
        "late": row.late,
    }


@action
def correct_arrival(
    *,
    actor: Actor,
    arrival: PaperArrival,
    reason: str,
    organisation: Organisation | None,
    vendor_name: str = "",
    copies: int,
    sealed: bool,
    envelope_ok: bool,
    delivered_by: str = "",
    note: str = "",
) -> None:
    """Correct an entry while the register is open; the time of arrival stays. One event with both values."""
    _must_be_staff(actor)
    recruitment = db.session.get_one(Recruitment, arrival.recruitment_id)
    _register_open(recruitment, clock.now())
    if not reason.strip():
        raise Refusal("reason_required", field="reason")
    before = _facts(arrival)
    arrival.vendor_name = _vendor(organisation, vendor_name)
    arrival.organisation_id = organisation.id if organisation is not None else None
    arrival.copies, arrival.sealed, arrival.envelope_ok = _copies(copies), sealed, envelope_ok
    arrival.delivered_by, arrival.note = delivered_by.strip()[:80], note.strip()[:2000]
    record(
        "arrival.corrected",
        actor=actor,
        recruitment=recruitment,
        subject=arrival,
        before=before,
        after=_facts(arrival),
        reason=reason.strip()[:2000],
    )


@action
def close_arrivals(*, actor: Actor, recruitment: Recruitment) -> None:
    """Close the register after the closing time. Raises WrongStage before it, or where it is closed."""
    _must_be_staff(actor)
    now = clock.now()
    _register_open(recruitment, now)
    if stage_now(recruitment, now) != "closed":
        assert recruitment.closes_at is not None
        raise WrongStage("arrivals_before_closing", at=f"{clock.local(recruitment.closes_at):%Y-%m-%d %H:%M}")
    rows = arrivals(recruitment)
    recruitment.arrivals_closed_at = now
    record(
        "arrival.register_closed",
        actor=actor,
        recruitment=recruitment,
        subject=recruitment,
        count=len(rows),
        late=sum(row.late for row in rows),
    )


def differences(recruitment: Recruitment) -> list[PaperDifference]:
    """What was found to differ between paper and electronic files, oldest first."""
    return list(
        db.session.scalars(
            select(PaperDifference)
            .join(Response)
            .where(Response.recruitment_id == recruitment.id)
            .order_by(PaperDifference.id)
        )
    )


@action
def note_difference(*, actor: Actor, response: Response, item: str, text: str) -> PaperDifference:
    """Enter where an opened paper package differs from the electronic one. It counts once confirmed."""
    staff = _must_be_staff(actor)
    recruitment = response.recruitment
    if response.stage != "opened":
        raise WrongStage("difference_before_opening")
    if recruitment.stage not in ("opened", "qualification", "scoring"):
        raise WrongStage("difference_too_late")
    if item not in {str(entry["no"]) for entry in section(recruitment, "responses", "items") or []}:
        raise Refusal("response_item_unknown", field="item")
    if not text.strip():
        raise Refusal("difference_text_missing", field="text")
    row = PaperDifference(
        response_id=response.id, item=item, text=text.strip()[:4000], first_by_id=staff, first_at=clock.now()
    )
    db.session.add(row)
    db.session.flush()
    record("difference.noted", actor=actor, recruitment=recruitment, subject=row, item=item)
    return row


@action
def confirm_difference(*, actor: Actor, difference: PaperDifference) -> None:
    """The second person's yes, who must be another one. From then on the panel may rest on it."""
    if actor.user is None or actor.role not in ("staff", "supervisor"):
        raise Denied("arrival_staff_only")
    if difference.second_by_id is not None:
        raise WrongStage("difference_confirmed")
    if difference.first_by_id == actor.user.id:
        raise Refusal("second_person_needed")
    difference.second_by_id, difference.second_at = actor.user.id, clock.now()
    record(
        "difference.confirmed",
        actor=actor,
        recruitment=difference.response.recruitment,
        subject=difference,
        item=difference.item,
    )
