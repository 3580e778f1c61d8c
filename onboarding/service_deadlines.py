"""The working days of a vendor over a session: asked, consented, given back, suspended, overdue, removed.

Every deadline is counted anew from its event with all consented changes, and stored with the calendar it was
counted by; one that was provisional is counted again when newer data arrives.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from onboarding import acceptance
from onboarding.acceptance import (
    ACTIVE_STAGES,
    INTEGRATION_TRANSITIONS,
    AcceptanceCode,
    Change,
    IntegrationContext,
    check_change,
    is_overdue,
    suspended_days,
)
from onboarding.models import DeadlineChange, Integration, Programme, RequirementState
from onboarding.service import IntegrationRefused, ServiceCode, Write, progress_of, step
from onboarding.workdays import MAX_DAYS, Calendar, Deadline

#: Stands for the clock and the rules where no person decides.
SYSTEM = "system"


def consented_days(integration: Integration) -> dict[str, int]:
    """Working days added so far, by kind."""
    found = {"extension": 0, "given_back": 0}
    for change in integration.changes:
        if change.stage == "consented":
            found[change.kind] += change.days
    return found


def _counted(integration: Integration, calendar: Calendar, more: Change | None = None) -> Deadline:
    changes = [Change(row.kind, row.days, row.stage == "consented") for row in integration.changes]
    if more is not None:
        changes.append(more)
    return acceptance.deadline(integration.event_on, integration.working_days, changes, calendar)


def _set(integration: Integration, deadline: Deadline) -> None:
    integration.deadline_on = deadline.date
    integration.calendar_version = deadline.calendar_version
    integration.provisional = deadline.provisional


def ask_change(
    session: Session,
    integration: Integration,
    *,
    kind: str,
    days: int,
    reason: str,
    asked_by: str,
    now: datetime,
) -> DeadlineChange:
    """Ask for more days (extension) or for lost ones back; one of a kind waits at a time."""
    if kind not in ("extension", "given_back"):
        raise IntegrationRefused(AcceptanceCode.KIND, kind=kind)
    if isinstance(days, bool) or not 1 <= days <= MAX_DAYS:
        raise IntegrationRefused(AcceptanceCode.DAYS, days=days)
    if not reason.strip():
        raise IntegrationRefused(AcceptanceCode.REASON_MISSING)
    if integration.stage not in ACTIVE_STAGES:
        raise IntegrationRefused(ServiceCode.NOT_WORKING, stage=integration.stage)
    waiting = session.scalar(
        select(DeadlineChange.id).where(
            DeadlineChange.integration_id == integration.id,
            DeadlineChange.kind == kind,
            DeadlineChange.stage == "asked",
        )
    )
    if waiting is not None:
        raise IntegrationRefused(ServiceCode.CHANGE_WAITING, kind=kind)
    change = DeadlineChange(
        kind=kind,
        stage="asked",
        days=days,
        reason=reason.strip(),
        asked_by=asked_by,
        asked_at=now,
        old_deadline_on=integration.deadline_on,
    )
    integration.changes.append(change)
    session.flush()
    return change


def decide_change(
    session: Session,
    change: DeadlineChange,
    *,
    consent: bool,
    decided_by: str,
    decided_role: str,
    calendar: Calendar,
    today: date,
    now: datetime,
    write: Write,
    note: str = "",
) -> None:
    """Consent to asked days, or refuse them with a note. Consent moves the deadline, and an overdue vendor
    whose new last day isn't over goes on as extended."""
    integration = change.integration
    if change.stage != "asked":
        raise IntegrationRefused(ServiceCode.CHANGE_DECIDED)
    if integration.stage not in ACTIVE_STAGES:
        raise IntegrationRefused(ServiceCode.NOT_WORKING, stage=integration.stage)
    check_change(
        change.kind,
        change.days,
        reason=change.reason,
        asked_by=change.asked_by,
        decided_by=decided_by,
        decided_role=decided_role,
    )
    if not consent and not note.strip():
        raise IntegrationRefused(AcceptanceCode.REASON_MISSING)
    change.old_deadline_on = integration.deadline_on
    if consent:
        deadline = _counted(integration, calendar, Change(change.kind, change.days, True))
        if change.kind == "extension" and is_overdue(today, deadline.date):
            raise IntegrationRefused(AcceptanceCode.EXTENSION_PAST, date=deadline.date.isoformat())
        if integration.stage == "overdue" and not is_overdue(today, deadline.date):
            step(
                integration,
                "extended",
                table=INTEGRATION_TRANSITIONS,
                role=decided_role,
                context=IntegrationContext(today, integration.deadline_on, extended_to=deadline.date),
                now=now,
                write=write,
                reason=change.reason,
            )
        change.new_deadline_on = deadline.date
        _set(integration, deadline)
    change.stage = "consented" if consent else "refused"
    change.decided_by, change.decided_at, change.decision_note = decided_by, now, note.strip()
    session.flush()


def suspend(
    session: Session,
    integration: Integration,
    *,
    role: str,
    reason: str,
    today: date,
    now: datetime,
    write: Write,
) -> None:
    """Stop the clock of a vendor; the days until it is resumed are given back."""
    step(
        integration,
        "suspended",
        table=INTEGRATION_TRANSITIONS,
        role=role,
        context=IntegrationContext(today, integration.deadline_on),
        now=now,
        write=write,
        reason=reason,
    )
    integration.suspended_on, integration.reason = today, reason.strip()
    session.flush()


def resume(
    session: Session,
    integration: Integration,
    *,
    role: str,
    actor: str,
    reason: str,
    calendar: Calendar,
    today: date,
    now: datetime,
    write: Write,
) -> int:
    """Let the clock run again; returns the working days given back, which stand on record."""
    began = integration.suspended_on
    step(
        integration,
        "running",
        table=INTEGRATION_TRANSITIONS,
        role=role,
        context=IntegrationContext(today, integration.deadline_on),
        now=now,
        write=write,
        reason=reason,
    )
    days = suspended_days(began, today, calendar) if began is not None else 0
    if days:
        deadline = _counted(integration, calendar, Change("given_back", days, True))
        integration.changes.append(
            DeadlineChange(
                kind="given_back",
                stage="consented",
                days=days,
                reason=integration.reason,
                # The rule gives them back, not a wish: nobody asked, so nobody grants their own.
                asked_by=SYSTEM,
                asked_at=now,
                decided_by=actor,
                decided_at=now,
                decision_note=reason.strip(),
                old_deadline_on=integration.deadline_on,
                new_deadline_on=deadline.date,
            )
        )
        _set(integration, deadline)
    integration.suspended_on, integration.reason = None, ""
    session.flush()
    return days


def mark_overdue(
    session: Session,
    programme: Programme,
    *,
    role: str,
    today: date,
    now: datetime,
    write: Callable[[Integration], Write],
) -> list[Integration]:
    """Put on record who is past the last day with something left; returns those newly found."""
    found = []
    for integration in session.scalars(
        select(Integration)
        .where(
            Integration.programme_id == programme.id,
            Integration.stage.in_(("running", "extended")),
            Integration.deadline_on < today,
        )
        .order_by(Integration.id)
    ):
        complete = progress_of(session, integration).complete
        if complete:
            continue
        step(
            integration,
            "overdue",
            table=INTEGRATION_TRANSITIONS,
            role=role,
            context=IntegrationContext(today, integration.deadline_on, complete),
            now=now,
            write=write(integration),
        )
        found.append(integration)
    session.flush()
    return found


def recount(session: Session, programme: Programme, *, calendar: Calendar) -> list[tuple[Integration, date]]:
    """Count provisional deadlines anew with newer data; returns those that moved, with the day before."""
    moved = []
    for integration in session.scalars(
        select(Integration).where(
            Integration.programme_id == programme.id,
            Integration.provisional.is_(True),
            Integration.calendar_version != calendar.version,
            Integration.stage.in_(ACTIVE_STAGES),
        )
    ):
        before = integration.deadline_on
        _set(integration, _counted(integration, calendar))
        if integration.deadline_on != before:
            moved.append((integration, before))
    session.flush()
    return moved


def remove(
    session: Session,
    integration: Integration,
    *,
    role: str,
    reason: str,
    today: date,
    now: datetime,
    write: Write,
) -> None:
    """End an integration; its items and evidence stay readable. The caller has both persons' consent."""
    step(
        integration,
        "removed",
        table=INTEGRATION_TRANSITIONS,
        role=role,
        context=IntegrationContext(today, integration.deadline_on),
        now=now,
        write=write,
        reason=reason,
    )
    integration.removed_at, integration.reason = now, reason.strip()
    for change in integration.changes:
        if change.stage == "asked":
            change.stage, change.decided_at = "refused", now
    session.flush()


def counts(session: Session, programme: Programme) -> dict[int, dict[str, int]]:
    """Integration's id → how many requirements stand in which stage; one statement for all vendors."""
    rows = session.execute(
        select(RequirementState.integration_id, RequirementState.stage, func.count())
        .join(Integration)
        .where(Integration.programme_id == programme.id)
        .group_by(RequirementState.integration_id, RequirementState.stage)
    )
    found: dict[int, dict[str, int]] = {}
    for key, stage, number in rows:
        found.setdefault(key, {})[stage] = number
    return found
