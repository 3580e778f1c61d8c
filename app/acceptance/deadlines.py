"""The 30 working days of each vendor: more of them with consent, lost ones back, overdue and what follows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app import calendar, clock
from app.acceptance.common import (
    candidate_of,
    programme_of,
    recruitment_for,
    require,
    tell_role,
    tell_vendor_of,
    writer,
)
from app.addresses import path_to
from app.audit import Actor, record
from app.errors import Refusal, WrongStage
from app.extensions import action, db
from app.lifecycle import approvals, approve, last_approvals, use_up
from app.publication.models import Recruitment
from app.responses.models import Approval
from app.results.substitution import remove_selected
from app.wording import label
from onboarding import service_deadlines
from onboarding.acceptance import is_overdue
from onboarding.models import DeadlineChange, Integration

#: Stages in which the clock of a vendor runs.
RUNNING = ("running", "extended")
#: How a clock's reason begins that stopped with the whole recruitment.
PAUSED = "项目暂停："


def shown_stage(integration: Integration) -> str:
    """The stage as people see it: past its last day a vendor is overdue, also before it is put on record."""
    if integration.stage in RUNNING and is_overdue(clock.today(), integration.deadline_on):
        return "overdue"
    return integration.stage


def _workspace(recruitment: Recruitment, integration: Integration) -> str:
    return path_to(
        "acceptance.workspace", recruitment=recruitment.public_id, integration=integration.public_id
    )


def _ask(actor: Actor, integration: Integration, kind: str, days: int, reason: str) -> DeadlineChange:
    require(actor, "acceptance.ask_days", integration)
    recruitment = recruitment_for(integration)
    programme_of(recruitment, "integration")
    change = service_deadlines.ask_change(
        db.session(),
        integration,
        kind=kind,
        days=days,
        reason=reason[:2000],
        asked_by=actor.ref,
        now=clock.now(),
    )
    record(
        "deadline.asked",
        actor=actor,
        recruitment=recruitment,
        subject=change,
        change=kind,
        days=days,
        reason=change.reason,
        integration=integration.public_id,
    )
    tell_role(
        recruitment,
        *(("supervisor",) if kind == "extension" else ("staff", "supervisor")),
        kind="deadline.asked",
        subject=f"{integration.vendor_name}的对接期限：{label('deadline_change', kind)} {days} 个工作日待决定",
        body=change.reason,
        link=_workspace(recruitment, integration),
    )
    return change


@action
def ask_extension(*, actor: Actor, integration: Integration, days: int, reason: str) -> DeadlineChange:
    """Ask for more working days; only the supervisor can consent."""
    return _ask(actor, integration, "extension", days, reason)


@action
def ask_give_back(*, actor: Actor, integration: Integration, days: int, reason: str) -> DeadlineChange:
    """Ask for working days back that the organiser's side lost; another person of that side grants them."""
    return _ask(actor, integration, "given_back", days, reason)


@action
def decide_extension(*, actor: Actor, change: DeadlineChange, consent: bool, note: str = "") -> None:
    """Consent to the days asked for, or refuse them with the reason. Nobody decides on their own wish.

    Side effects: the deadline counted anew from the event, overdue → extended, events, a message.
    """
    require(actor, "acceptance.decide_days", change)
    integration = change.integration
    recruitment = recruitment_for(integration)
    programme_of(recruitment, "integration")
    service_deadlines.decide_change(
        db.session(),
        change,
        consent=consent,
        decided_by=actor.ref,
        decided_role=actor.role,
        calendar=calendar.calendar(),
        today=clock.today(),
        now=clock.now(),
        write=writer(actor, recruitment, integration),
        note=note[:2000],
    )
    record(
        "deadline.consented" if consent else "deadline.refused",
        actor=actor,
        recruitment=recruitment,
        subject=change,
        change=change.kind,
        days=change.days,
        note=change.decision_note,
        before=change.old_deadline_on,
        after=change.new_deadline_on,
        calendar=integration.calendar_version,
    )
    word = label("deadline_change", change.kind)
    tell_vendor_of(
        integration,
        recruitment,
        kind="deadline.decided",
        subject=f"{word} {change.days} 个工作日：{'已同意' if consent else '未同意'}",
        body=(
            f"新的对接截止日为 {integration.deadline_on:%Y-%m-%d}。" if consent else f"理由：{change.decision_note}"
        ),
        link=_workspace(recruitment, integration),
    )


@action
def suspend_integration(*, actor: Actor, integration: Integration, reason: str) -> None:
    """Stop a vendor's clock with a reason; its days are given back when it is resumed."""
    require(actor, "acceptance.suspend", integration)
    recruitment = recruitment_for(integration)
    programme_of(recruitment, "integration")
    if shown_stage(integration) == "overdue":
        raise WrongStage("acceptance_overdue_first", vendor=integration.vendor_name)
    _suspend(actor, recruitment, integration, reason[:2000])


def _suspend(actor: Actor, recruitment: Recruitment, integration: Integration, reason: str) -> None:
    service_deadlines.suspend(
        db.session(),
        integration,
        role="staff",
        reason=reason,
        today=clock.today(),
        now=clock.now(),
        write=writer(actor, recruitment, integration),
    )
    tell_vendor_of(
        integration,
        recruitment,
        kind="integration.suspended",
        subject="贵单位的对接计时已暂停",
        body=f"原因：{reason.strip()}\n暂停期间不计工作日，恢复时补回。",
        link=_workspace(recruitment, integration),
    )


@action
def resume_integration(*, actor: Actor, integration: Integration, reason: str) -> int:
    """Let a vendor's clock run again; returns the working days given back."""
    require(actor, "acceptance.suspend", integration)
    recruitment = recruitment_for(integration)
    programme_of(recruitment, "integration")
    return _resume(actor, recruitment, integration, reason[:2000])


def _resume(actor: Actor, recruitment: Recruitment, integration: Integration, reason: str) -> int:
    days = service_deadlines.resume(
        db.session(),
        integration,
        role="staff",
        actor=actor.ref,
        reason=reason,
        calendar=calendar.calendar(),
        today=clock.today(),
        now=clock.now(),
        write=writer(actor, recruitment, integration, calendar=calendar.calendar().version),
    )
    tell_vendor_of(
        integration,
        recruitment,
        kind="integration.resumed",
        subject="贵单位的对接计时已恢复",
        body=f"补回 {days} 个工作日，新的截止日为 {integration.deadline_on:%Y-%m-%d}。",
        link=_workspace(recruitment, integration),
    )
    return days


@action
def pause_all(*, actor: Actor, recruitment: Recruitment, reason: str) -> int:
    """The whole recruitment is suspended: every running clock stops with it. Returns how many.

    Part of another use case, which holds the permission; harmless where no integration has begun.
    """
    rows = recruitment.programme.integrations if recruitment.programme is not None else []
    running = [row for row in rows if row.stage in RUNNING and shown_stage(row) != "overdue"]
    for integration in running:
        _suspend(actor, recruitment, integration, f"{PAUSED}{reason}"[:2000])
    return len(running)


@action
def resume_all(*, actor: Actor, recruitment: Recruitment, reason: str) -> int:
    """The recruitment goes on: the clocks that stopped with it run again, their days given back."""
    rows = recruitment.programme.integrations if recruitment.programme is not None else []
    paused = [row for row in rows if row.stage == "suspended" and row.reason.startswith(PAUSED)]
    for integration in paused:
        _resume(actor, recruitment, integration, reason[:2000])
    return len(paused)


@action
def mark_overdue(*, actor: Actor, recruitment: Recruitment) -> list[Integration]:
    """Put on record who is past its last day; before that, count provisional deadlines with newer data.

    Returns those newly found; staff and supervisor are asked to decide on removal or extension.
    """
    require(actor, "acceptance.manage", recruitment)
    programme = programme_of(recruitment, "integration")
    for integration, before in service_deadlines.recount(
        db.session(), programme, calendar=calendar.calendar()
    ):
        record(
            "deadline.recounted",
            actor=actor,
            recruitment=recruitment,
            subject=integration,
            before=before,
            after=integration.deadline_on,
            calendar=integration.calendar_version,
            provisional=integration.provisional,
        )
        tell_vendor_of(
            integration,
            recruitment,
            kind="deadline.recounted",
            subject="对接截止日已按新公布的节假日安排重新计算",
            body=f"原截止日 {before:%Y-%m-%d}，现为 {integration.deadline_on:%Y-%m-%d}。",
            link=_workspace(recruitment, integration),
        )
    found = service_deadlines.mark_overdue(
        db.session(),
        programme,
        role=actor.role,
        today=clock.today(),
        now=clock.now(),
        write=lambda integration: writer(actor, recruitment, integration),
    )
    for integration in found:
        tell_vendor_of(
            integration,
            recruitment,
            kind="integration.overdue",
            subject="贵单位的对接已逾期",
            body="对接期限已过而验收尚未全部通过。招募方将决定延期或取消入选；可以说明理由申请延期。",
            link=_workspace(recruitment, integration),
        )
        tell_role(
            recruitment,
            "staff",
            "supervisor",
            kind="integration.overdue",
            subject=f"{integration.vendor_name}对接逾期，须决定延期或取消入选",
            body=f"截止日为 {integration.deadline_on:%Y-%m-%d}。决定及理由均须记录。",
            link=_workspace(recruitment, integration),
        )
    return found


def removal_step(integration: Integration) -> str:
    """The approval's name; consent is bound to the deadline that was missed, and void once that moved."""
    return f"remove:{integration.public_id}:{integration.deadline_on:%y%m%d}"


def removal_approvals(recruitment: Recruitment, integration: Integration) -> list[Approval]:
    """Who has consented to the removal."""
    return last_approvals(recruitment, removal_step(integration))


@action
def remove_overdue(*, actor: Actor, integration: Integration, reason: str) -> Integration | None:
    """Consent to the removal of an overdue vendor; the second of staff and supervisor carries it out.

    Returns the integration of the vendor that moves up, or None: at the first consent, without a reserve, or
    while the one who moves up has no notice yet. Side effects at the second consent: integration and
    candidate removed, the next in rank selected, its own 30 working days once it has its notice.
    """
    require(actor, "acceptance.remove", integration)
    recruitment = recruitment_for(integration)
    programme_of(recruitment, "integration")
    if shown_stage(integration) != "overdue":
        raise WrongStage("acceptance_not_overdue_yet", vendor=integration.vendor_name)
    if not reason.strip():
        raise Refusal("reason_required", field="reason")
    step = removal_step(integration)
    approve(
        recruitment,
        step,
        actor=actor,
        reason=reason.strip()[:2000],
        facts={"deadline": integration.deadline_on.isoformat()},
    )
    if len({row.role for row in approvals(recruitment, step)}) < 2:
        other = "supervisor" if actor.role == "staff" else "staff"
        tell_role(
            recruitment,
            other,
            kind="removal.proposed",
            subject=f"{integration.vendor_name}对接逾期，提请取消入选，待您确认",
            body=reason.strip(),
            link=_workspace(recruitment, integration),
        )
        return None
    use_up(recruitment, step)
    return _carry_out(actor, recruitment, integration, reason.strip()[:2000])


def _carry_out(actor: Actor, recruitment: Recruitment, integration: Integration, reason: str) -> Integration | None:
    facts: dict[str, Any] = {"now": clock.now(), "today": clock.today()}
    if integration.stage != "overdue":
        service_deadlines.mark_overdue(
            db.session(),
            integration.programme,
            role="system",
            write=lambda row: writer(actor, recruitment, row),
            **facts,
        )
    service_deadlines.remove(
        db.session(),
        integration,
        role=actor.role,
        reason=reason,
        write=writer(actor, recruitment, integration),
        **facts,
    )
    tell_vendor_of(
        integration,
        recruitment,
        kind="integration.removed",
        subject="贵单位已因对接逾期被取消入选",
        body=f"理由：{reason}",
        link=_workspace(recruitment, integration),
    )
    moved = remove_selected(actor=actor, candidate=candidate_of(integration), reason=reason)
    if moved is None:
        return None
    return db.session.scalar(select(Integration).where(Integration.candidate_ref == moved.public_id))
