"""Who is selected now, and that each of them has an integration of its own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import select

from app import calendar, clock
from app.acceptance.common import programme_of, require, tell_vendor_of, writer
from app.addresses import path_to
from app.audit import Actor, record
from app.extensions import action, db
from app.publication.models import Recruitment
from app.results.models import Contract, SelectionNotice
from app.results.notices import selected_candidates
from evaluation.models import Candidate
from onboarding import service, service_deadlines
from onboarding.models import Integration, Programme
from onboarding.workdays import WorkdayRules

#: A vendor in these stages is waited for, or has come through.
SELECTED = ("selected", "accepted")


def selected_refs(recruitment: Recruitment) -> list[str]:
    """Public ids of the candidates that are selected now, who moved up included."""
    return list(
        db.session.scalars(
            select(Candidate.public_id)
            .where(Candidate.review_id == recruitment.review_id, Candidate.stage.in_(SELECTED))
            .order_by(Candidate.number)
        )
    )


def _event_day(rules: WorkdayRules, notice: SelectionNotice) -> date | None:
    if rules.start_event == "notice_of_selection":
        return notice.issued_on
    return db.session.scalar(
        select(Contract.signed_on).where(
            Contract.candidate_id == notice.candidate_id, Contract.stage == "signed"
        )
    )


def waiting_to_begin(recruitment: Recruitment) -> list[Candidate]:
    """Selected vendors without an integration: no notice yet, or not begun."""
    if recruitment.programme_id is None:
        return []
    begun = select(Integration.candidate_ref).where(Integration.programme_id == recruitment.programme_id)
    return list(
        db.session.scalars(
            select(Candidate)
            .where(
                Candidate.review_id == recruitment.review_id,
                Candidate.stage == "selected",
                Candidate.public_id.not_in(begun),
            )
            .order_by(Candidate.number)
        )
    )


def _replaced(programme: Programme) -> list[str]:
    """Removed vendors whose place nobody has taken yet, in the order of their removal."""
    rows = list(
        db.session.scalars(select(Integration).where(Integration.programme_id == programme.id))
    )
    taken = {row.replaces_ref for row in rows if row.replaces_ref}
    gone = [row for row in rows if row.stage == "removed" and row.candidate_ref not in taken]
    gone.sort(key=lambda row: (row.removed_at or clock.now(), row.id))
    return [row.candidate_ref for row in gone]


@action
def begin_missing(*, actor: Actor, recruitment: Recruitment, on: date | None = None) -> list[Integration]:
    """Begin the integration of every selected vendor that has its notice and no integration.

    `on` replaces the day of the event. Returns the new ones; each vendor gets a message.
    """
    require(actor, "acceptance.manage", recruitment)
    return _begin(actor, recruitment, on)


def _begin(actor: Actor, recruitment: Recruitment, on: date | None = None) -> list[Integration]:
    programme = programme_of(recruitment, "integration")
    rules = WorkdayRules.from_plan(programme.rules.get("workdays") or {})
    known = set(
        db.session.scalars(select(Integration.candidate_ref).where(Integration.programme_id == programme.id))
    )
    free = _replaced(programme)
    made = []
    for candidate, notice in selected_candidates(recruitment):
        event_on = on or _event_day(rules, notice)
        if candidate.stage != "selected" or candidate.public_id in known or event_on is None:
            continue
        known.add(candidate.public_id)
        integration = service.begin_integration(
            db.session(),
            programme,
            candidate_ref=candidate.public_id,
            vendor_name=candidate.name,
            credit_code=candidate.credit_code,
            event_on=event_on,
            calendar=calendar.calendar(),
            replaces_ref=free.pop(0) if notice.kind == "moved_up" and free else None,
        )
        record(
            "integration.begun",
            actor=actor,
            recruitment=recruitment,
            subject=integration,
            candidate=candidate.public_id,
            event_on=event_on,
            deadline_on=integration.deadline_on,
            calendar=integration.calendar_version,
            provisional=integration.provisional,
        )
        tell_vendor_of(
            integration,
            recruitment,
            kind="integration.begun",
            subject="对接开始",
            body=(
                f"贵单位须在 {integration.working_days} 个工作日内完成与统一电子印章平台的对接，"
                f"截止日为 {integration.deadline_on:%Y-%m-%d}" + ("（暂定）" if integration.provisional else "")
                + "。请在对接工作台逐项提交证明。"
            ),
            link=path_to(
                "acceptance.workspace", recruitment=recruitment.public_id, integration=integration.public_id
            ),
        )
        made.append(integration)
    return made


def gone(recruitment: Recruitment, integrations: Iterable[Integration]) -> list[Integration]:
    """Integrations under way of vendors that are not selected any more."""
    selected = set(selected_refs(recruitment))
    return [
        row
        for row in integrations
        if row.candidate_ref not in selected and row.stage not in ("accepted", "removed")
    ]


@action
def follow_selection(
    *, actor: Actor, recruitment: Recruitment, reason: str = "", on: date | None = None
) -> list[Integration]:
    """Bring the integrations in line with the selection: end those of vendors that withdrew or were removed,
    begin those of vendors that moved up and have their notice. Returns the new ones.

    Part of another use case, which holds the permission. Harmless where nothing changed, and where the
    integration has not started.
    """
    if recruitment.programme_id is None or recruitment.stage != "integration":
        return []
    programme = programme_of(recruitment)
    for integration in gone(recruitment, programme.integrations):
        service_deadlines.remove(
            db.session(),
            integration,
            # The selection has decided already, whoever brought it about; here it is only followed.
            role=actor.role if actor.role in ("staff", "supervisor") else "staff",
            reason=reason or "不再入选",
            today=clock.today(),
            now=clock.now(),
            write=writer(actor, recruitment, integration),
        )
    db.session.flush()
    return _begin(actor, recruitment, on)
