"""The integration's use cases over a session: programme, vendors' items, evidence, acceptance.

They check the rules and write rows; the recruitment's stage, permissions, events and wording belong to the
application. Time, calendar and the writer of events are passed in. Deadlines are in `service_deadlines`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from evaluation.workflow import Table, TransitionRefused, advance
from onboarding import acceptance
from onboarding.acceptance import (
    INTEGRATION_TRANSITIONS,
    REQUIREMENT_TRANSITIONS,
    AcceptanceCode,
    IntegrationContext,
    Progress,
    RequirementContext,
)
from onboarding.errors import OnboardingError
from onboarding.golive import GoLiveRules, Span, gate
from onboarding.models import Evidence, Integration, ItemRemark, Programme, Requirement, RequirementState
from onboarding.requirements import Duty, Requirements, duties_from_plan
from onboarding.workdays import Calendar, WorkdayRules

#: What `advance` tells about a step: the event's kind and its facts.
Write = Callable[[str, dict[str, Any]], None]
#: Stages in which a vendor works on its items.
WORKING = ("running", "overdue", "extended")


class ServiceCode(Enum):
    """Why a step of the integration is refused."""

    NOT_WORKING = "integration_not_working"
    KNOWN = "integration_known"
    ITEM_ACCEPTED = "integration_item_accepted"
    EVIDENCE_EMPTY = "integration_evidence_empty"
    REMARK_EMPTY = "integration_remark_empty"
    WRONG_STEP = "integration_wrong_step"
    WRONG_ROLE = "integration_wrong_role"
    UNCHANGED = "integration_requirement_unchanged"
    CHANGE_DECIDED = "integration_change_decided"
    CHANGE_WAITING = "integration_change_waiting"


class IntegrationRefused(OnboardingError):
    """The step isn't allowed now; facts name stages, vendors, items."""


@dataclass(frozen=True)
class Rules:
    """The `onboarding` section of the plan in force, read once."""

    workdays: WorkdayRules
    requirements: Requirements
    golive: GoLiveRules
    duties: tuple[Duty, ...]

    @classmethod
    def from_plan(cls, section: Mapping[str, Any]) -> Rules:
        """Read the section; raises OnboardingError with the place that is no rule."""
        return cls(
            WorkdayRules.from_plan(section.get("workdays") or {}),
            Requirements.from_plan(section.get("requirements") or {}),
            GoLiveRules.from_plan(section.get("golive") or {}),
            duties_from_plan(section.get("duties")),
        )


def step(
    subject: Any,
    to: str,
    *,
    table: Table,
    role: str,
    context: Any,
    now: datetime,
    write: Write,
    reason: str = "",
) -> None:
    """`advance`, with a refusal that names its reason by a code of its own."""
    before = str(subject.stage)
    try:
        advance(
            subject, to, table=table, actor_role=role, context=context, now=now, write_event=write, reason=reason
        )
    except TransitionRefused as refused:
        if guard := refused.facts.get("guard"):
            raise IntegrationRefused(str(guard), stage=before, to=to) from refused
        code = {
            "role": ServiceCode.WRONG_ROLE,
            "reason_required": AcceptanceCode.REASON_MISSING,
        }.get(refused.code.value if isinstance(refused.code, Enum) else refused.code, ServiceCode.WRONG_STEP)
        raise IntegrationRefused(code, stage=before, to=to) from refused


def open_programme(session: Session, *, plan_digest: str, rules: Mapping[str, Any], now: datetime) -> Programme:
    """The programme of a plan's `onboarding` section, with a row per requirement in the plan's order."""
    read = Rules.from_plan(rules)
    programme = Programme(plan_digest=plan_digest, rules=dict(rules), created_at=now)
    session.add(programme)
    session.flush()
    for item in read.requirements.items:
        session.add(
            Requirement(
                programme_id=programme.id,
                key=item.id,
                sort=item.sort,
                group=item.group,
                title=item.title[:200],
                text=item.text,
                source=item.source[:200],
                proof=item.proof,
            )
        )
    session.flush()
    return programme


def begin_integration(
    session: Session,
    programme: Programme,
    *,
    candidate_ref: str,
    vendor_name: str,
    credit_code: str,
    event_on: date,
    calendar: Calendar,
    replaces_ref: str | None = None,
) -> Integration:
    """A vendor's own span of working days after the event, with every requirement open."""
    known = session.scalar(
        select(Integration.id).where(
            Integration.programme_id == programme.id, Integration.candidate_ref == candidate_ref
        )
    )
    if known is not None:
        raise IntegrationRefused(ServiceCode.KNOWN, vendor=vendor_name)
    days = WorkdayRules.from_plan(programme.rules.get("workdays") or {}).integration_days
    deadline = calendar.add_workdays(event_on, days)
    integration = Integration(
        programme_id=programme.id,
        candidate_ref=candidate_ref,
        vendor_name=vendor_name,
        credit_code=credit_code,
        event_on=event_on,
        working_days=days,
        deadline_on=deadline.date,
        calendar_version=deadline.calendar_version,
        provisional=deadline.provisional,
        replaces_ref=replaces_ref,
    )
    session.add(integration)
    session.flush()
    for key in session.scalars(
        select(Requirement.id).where(Requirement.programme_id == programme.id).order_by(Requirement.sort)
    ):
        session.add(RequirementState(integration_id=integration.id, requirement_id=key))
    session.flush()
    return integration


def require_working(integration: Integration) -> None:
    """Refuse work on an integration that is suspended, accepted or removed."""
    if integration.stage not in WORKING:
        raise IntegrationRefused(ServiceCode.NOT_WORKING, stage=integration.stage)


def _require_open(state: RequirementState) -> None:
    require_working(state.integration)
    if state.stage == "accepted":
        raise IntegrationRefused(ServiceCode.ITEM_ACCEPTED, item=state.requirement.key)


def authors(state: RequirementState) -> frozenset[str]:
    """Everyone who made the proof: authors of evidence and whoever handed it in."""
    found = {evidence.author for evidence in state.evidence}
    if state.proved_by:
        found.add(state.proved_by)
    return frozenset(found)


def has_passed_run(state: RequirementState) -> bool:
    """True where the last test run of the item passed; an older success doesn't outweigh a newer failure."""
    runs = [evidence for evidence in state.evidence if evidence.kind == "run"]
    return bool(runs) and bool(runs[-1].result.get("passed"))


def _context(state: RequirementState, actor: str) -> RequirementContext:
    return RequirementContext(
        actor=actor,
        authors=authors(state),
        proof=state.requirement.proof,
        pieces=len(state.evidence),
        run_passed=has_passed_run(state),
    )


def add_evidence(
    session: Session,
    state: RequirementState,
    *,
    author: str,
    now: datetime,
    kind: str = "text",
    text: str = "",
    blob_key: str | None = None,
    file_name: str = "",
    size: int = 0,
    sm3: str = "",
    result: Mapping[str, Any] | None = None,
) -> Evidence:
    """Add a piece of proof. To an item that waits for its decision it counts as proved anew, so that
    nobody accepts what they have not seen (the version changes)."""
    _require_open(state)
    if kind not in ("text", "file", "run"):
        raise IntegrationRefused(AcceptanceCode.KIND, kind=kind)
    if kind != "run" and not text.strip() and blob_key is None:
        raise IntegrationRefused(ServiceCode.EVIDENCE_EMPTY, item=state.requirement.key)
    evidence = Evidence(
        kind=kind,
        text=text.strip(),
        blob_key=blob_key,
        file_name=file_name,
        size=size,
        sm3=sm3,
        author=author,
        added_at=now,
        result=dict(result or {}),
    )
    state.evidence.append(evidence)
    if state.stage == "proved":
        state.proved_at = now
    session.flush()
    return evidence


def prove(
    session: Session, state: RequirementState, *, actor: str, role: str, now: datetime, write: Write
) -> None:
    """Hand an item in for the decision. Its earlier decision is over; the remark stays until the next one."""
    _require_open(state)
    step(
        state,
        "proved",
        table=REQUIREMENT_TRANSITIONS,
        role=role,
        context=_context(state, actor),
        now=now,
        write=write,
    )
    state.proved_by, state.proved_at = actor, now
    state.decided_by = state.decided_at = None
    session.flush()


def decide(
    session: Session,
    state: RequirementState,
    *,
    accept: bool,
    actor: str,
    role: str,
    now: datetime,
    write: Write,
    remark: str = "",
) -> None:
    """Accept a proved item or return it with the reason; never by whoever prepared it."""
    require_working(state.integration)
    step(
        state,
        "accepted" if accept else "returned",
        table=REQUIREMENT_TRANSITIONS,
        role=role,
        context=_context(state, actor),
        now=now,
        write=write,
        reason=remark.strip(),
    )
    state.decided_by, state.decided_at, state.remark = actor, now, remark.strip()
    session.flush()


def change_requirement(
    session: Session,
    requirement: Requirement,
    *,
    text: str,
    proof: str,
    reason: str,
    now: datetime,
    write: Callable[[RequirementState], Write],
) -> list[RequirementState]:
    """Change what an item asks for, and reopen it for every vendor that still works; returns those.

    A vendor whose integration is accepted keeps what it was accepted for.
    """
    if not reason.strip():
        raise IntegrationRefused(AcceptanceCode.REASON_MISSING)
    if not text.strip() or (text.strip(), proof) == (requirement.text, requirement.proof):
        raise IntegrationRefused(ServiceCode.UNCHANGED, item=requirement.key)
    if proof not in ("run", "evidence"):
        raise IntegrationRefused(AcceptanceCode.KIND, kind=proof)
    requirement.text, requirement.proof = text.strip(), proof
    reopened = []
    for state in session.scalars(
        select(RequirementState)
        .join(Integration)
        .where(
            RequirementState.requirement_id == requirement.id,
            RequirementState.stage.in_(("accepted", "proved")),
            Integration.stage.not_in(("accepted", "removed")),
        )
    ):
        step(
            state,
            "open",
            table=REQUIREMENT_TRANSITIONS,
            role="staff",
            context=_context(state, ""),
            now=now,
            write=write(state),
            reason=reason.strip(),
        )
        state.proved_by = state.proved_at = state.decided_by = state.decided_at = None
        state.remark = reason.strip()
        reopened.append(state)
    session.flush()
    return reopened


def add_remark(
    session: Session, state: RequirementState, *, side: str, text: str, author: str, now: datetime
) -> ItemRemark:
    """Ask or answer about an item, while the vendor's integration isn't over."""
    if state.integration.stage in ("accepted", "removed"):
        raise IntegrationRefused(ServiceCode.NOT_WORKING, stage=state.integration.stage)
    if not text.strip():
        raise IntegrationRefused(ServiceCode.REMARK_EMPTY)
    remark = ItemRemark(side=side, text=text.strip(), author=author, written_at=now)
    state.remarks.append(remark)
    session.flush()
    return remark


def stages_of(session: Session, integration: Integration) -> dict[str, str]:
    """Requirement's key → the vendor's stage, in the plan's order."""
    rows = session.execute(
        select(Requirement.key, RequirementState.stage)
        .join(RequirementState, RequirementState.requirement_id == Requirement.id)
        .where(RequirementState.integration_id == integration.id)
        .order_by(Requirement.sort)
    )
    return dict(rows.all())


def progress_of(session: Session, integration: Integration) -> Progress:
    """Where the vendor stands: every requirement of its programme counts."""
    keys = session.scalars(
        select(Requirement.key)
        .where(Requirement.programme_id == integration.programme_id)
        .order_by(Requirement.sort)
    )
    return acceptance.progress(list(keys), stages_of(session, integration))


def accept_integration(
    session: Session, integration: Integration, *, role: str, today: date, now: datetime, write: Write
) -> None:
    """Accept the vendor as a whole: every requirement is accepted."""
    context = IntegrationContext(today, integration.deadline_on, progress_of(session, integration).complete)
    step(
        integration,
        "accepted",
        table=INTEGRATION_TRANSITIONS,
        role=role,
        context=context,
        now=now,
        write=write,
    )
    integration.accepted_at = now
    session.flush()


def stages_by_vendor(session: Session, programme: Programme) -> dict[str, str]:
    """Candidate's public id → the integration's stage."""
    rows = session.execute(
        select(Integration.candidate_ref, Integration.stage).where(Integration.programme_id == programme.id)
    )
    return dict(rows.all())


def start_promotion(session: Session, programme: Programme, selected: Collection[str], start: date) -> Span:
    """Write the promotion's first and last day; raises GoLiveRefused while a selected vendor is waited for."""
    rules = GoLiveRules.from_plan(programme.rules.get("golive") or {})
    span = rules.promotion(gate(selected, stages_by_vendor(session, programme)), start)
    programme.promotion_start, programme.promotion_end = span.start, span.end
    session.flush()
    return span
