"""What the integration's pages show: rows with what was counted, in a constant number of statements."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_login import current_user
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload, subqueryload

from app import calendar, clock
from app.acceptance.deadlines import shown_stage
from app.accounts.models import User
from app.extensions import db
from app.permissions import organisations_of
from app.publication.models import Recruitment
from app.responses.models import Response
from app.results.models import Contract
from evaluation.models import Candidate
from onboarding import service_deadlines
from onboarding.golive import GoLiveRules
from onboarding.models import (
    DeadlineChange,
    DutyRecord,
    Integration,
    ItemRemark,
    Programme,
    Requirement,
    RequirementState,
)
from onboarding.workdays import day_of

#: The order in which a board shows its vendors: who needs a decision first.
URGENCY = ("overdue", "extended", "running", "suspended", "accepted", "removed")


@dataclass(frozen=True)
class Days:
    """A vendor's working days: all of them, those gone, those left after today, those it is late."""

    total: int
    used: int
    left: int
    late: int
    extended: int
    given_back: int
    first_day: date
    provisional: bool

    @property
    def share(self) -> float:
        return min(1.0, self.used / self.total) if self.total else 1.0


@dataclass(frozen=True)
class Row:
    """One vendor on the board."""

    integration: Integration
    stage: str
    days: Days
    counts: dict[str, int]
    waiting_changes: int
    questions: int

    @property
    def items(self) -> int:
        return sum(self.counts.values())

    @property
    def accepted(self) -> int:
        return self.counts.get("accepted", 0)

    @property
    def complete(self) -> bool:
        return bool(self.items) and self.accepted == self.items


def days_of(integration: Integration) -> Days:
    """Count a vendor's days up to today, or up to the day it was accepted, removed or suspended."""
    days, today = calendar.calendar(), clock.today()
    added = service_deadlines.consented_days(integration)
    until = integration.accepted_at or integration.removed_at
    last = day_of(until) if until is not None else integration.suspended_on or today
    used = days.count(integration.event_on, last)
    left = days.count(last, integration.deadline_on)
    return Days(
        total=integration.working_days + sum(added.values()),
        used=used.days,
        left=left.days,
        late=days.count(integration.deadline_on, last).days,
        extended=added["extension"],
        given_back=added["given_back"],
        first_day=days.next_workday(integration.event_on),
        provisional=integration.provisional,
    )


def board(programme: Programme) -> list[Row]:
    """Every vendor against its days and items, the most urgent first."""
    integrations = list(
        db.session.scalars(
            select(Integration)
            .where(Integration.programme_id == programme.id)
            # One statement however many vendors: a list of ids would be cut into several.
            .options(subqueryload(Integration.changes))
        )
    )
    counts = service_deadlines.counts(db.session(), programme)
    questions = _open_questions(programme)
    left = _left(row.candidate_ref for row in integrations)
    rows = [
        Row(
            integration=row,
            # An accepted vendor that gives its place up stays accepted in its record, and is waited for no more.
            stage="removed" if row.candidate_ref in left else shown_stage(row),
            days=days_of(row),
            counts=counts.get(row.id, {}),
            waiting_changes=sum(change.stage == "asked" for change in row.changes),
            questions=questions.get(row.id, 0),
        )
        for row in integrations
    ]
    rows.sort(key=lambda row: (URGENCY.index(row.stage), row.integration.deadline_on, row.integration.id))
    return rows


def _left(refs: Iterable[str]) -> set[str]:
    """Those of the candidates that hold no place any more."""
    return set(
        db.session.scalars(
            select(Candidate.public_id).where(
                Candidate.public_id.in_(list(refs)), Candidate.stage.in_(("withdrew", "removed"))
            )
        )
    )


def _open_questions(programme: Programme) -> dict[int, int]:
    """Integration's id → items whose last remark is the vendor's."""
    last = (
        select(func.max(ItemRemark.id))
        .join(RequirementState)
        .join(Integration)
        .where(Integration.programme_id == programme.id)
        .group_by(ItemRemark.state_id)
    )
    rows = db.session.execute(
        select(RequirementState.integration_id, func.count())
        .join(ItemRemark, ItemRemark.state_id == RequirementState.id)
        .where(ItemRemark.id.in_(last), ItemRemark.side == "vendor")
        .group_by(RequirementState.integration_id)
    )
    return dict(rows.all())


def items_of(integration: Integration) -> list[RequirementState]:
    """All items of a vendor in the plan's order, with requirement and evidence."""
    return list(
        db.session.scalars(
            select(RequirementState)
            .join(Requirement)
            .where(RequirementState.integration_id == integration.id)
            .options(
                joinedload(RequirementState.requirement),
                selectinload(RequirementState.evidence),
                selectinload(RequirementState.remarks),
            )
            .order_by(Requirement.sort)
        ).unique()
    )


@dataclass(frozen=True)
class RequirementRow:
    """One item of the plan, and how many vendors stand where with it."""

    requirement: Requirement
    counts: dict[str, int]


def requirements(programme: Programme) -> list[RequirementRow]:
    """All items in the plan's order; vendors that were removed count nowhere."""
    rows = db.session.execute(
        select(RequirementState.requirement_id, RequirementState.stage, func.count())
        .join(Integration)
        .where(Integration.programme_id == programme.id, Integration.stage != "removed")
        .group_by(RequirementState.requirement_id, RequirementState.stage)
    )
    counts: dict[int, dict[str, int]] = {}
    for key, stage, number in rows:
        counts.setdefault(key, {})[stage] = number
    return [RequirementRow(row, counts.get(row.id, {})) for row in programme.requirements]


def grouped(states: Iterable[RequirementState]) -> dict[str, list[RequirementState]]:
    """Items by the plan's groups, in the plan's order."""
    found: dict[str, list[RequirementState]] = {}
    for state in states:
        found.setdefault(state.requirement.group, []).append(state)
    return found


def changes_of(integration: Integration) -> list[DeadlineChange]:
    """What was asked and decided about the deadline, the newest first."""
    return sorted(integration.changes, key=lambda change: change.id, reverse=True)


def people(refs: Iterable[str | None]) -> dict[str, str]:
    """Names by public id; one statement."""
    wanted = {ref for ref in refs if ref}
    if not wanted:
        return {}
    rows = db.session.execute(select(User.public_id, User.name).where(User.public_id.in_(wanted)))
    return {"system": "系统", **dict(rows.all())}


def own_integrations(recruitment: Recruitment) -> list[Integration]:
    """The integrations of the companies that the person belongs to."""
    if recruitment.programme_id is None:
        return []
    return list(
        db.session.scalars(
            select(Integration)
            .join(Candidate, Candidate.public_id == Integration.candidate_ref)
            .join(Response, Response.candidate_id == Candidate.id)
            .where(
                Integration.programme_id == recruitment.programme_id,
                Response.organisation_id.in_(organisations_of(current_user)),
            )
            .order_by(Integration.id)
        )
    )


def is_own(integration: Integration) -> bool:
    """True for people of the vendor itself."""
    from app.permissions import owner_organisation_id

    if not current_user.is_authenticated:
        return False
    return owner_organisation_id(integration) in organisations_of(current_user)


def duties(integration: Integration) -> list[DutyRecord]:
    """What stands on record against the recurring duties, the newest first."""
    return list(
        db.session.scalars(
            select(DutyRecord)
            .where(DutyRecord.integration_id == integration.id)
            .order_by(DutyRecord.happened_on.desc(), DutyRecord.id.desc())
        )
    )


@dataclass(frozen=True)
class Service:
    """One vendor's service period: from the day of its contract."""

    vendor: str
    stage: str
    contract: str
    start: date | None
    end: date | None


def services(recruitment: Recruitment, programme: Programme) -> list[Service]:
    """The service period of every vendor still selected; dates are missing without a signed contract."""
    rules = GoLiveRules.from_plan(programme.rules.get("golive") or {})
    rows = db.session.execute(
        select(Candidate, Contract)
        .outerjoin(Contract, Contract.candidate_id == Candidate.id)
        .where(
            Candidate.review_id == recruitment.review_id, Candidate.stage.in_(("selected", "accepted"))
        )
        .order_by(Candidate.number)
    )
    found = []
    for candidate, contract in rows:
        start = end = None
        if rules.service_from == "promotion_end":
            start = programme.promotion_end
        elif contract is not None and contract.stage in ("signed", "ended"):
            start, end = contract.service_start or contract.signed_on, contract.service_end
        if start is not None and end is None:
            end = rules.service(start).end
        found.append(
            Service(candidate.name, candidate.stage, contract.stage if contract else "due", start, end)
        )
    return found


def context_of(integration: Integration) -> dict[str, Any]:
    """What every page about one vendor shows at its head."""
    return {
        "integration": integration,
        "stage": shown_stage(integration),
        "days": days_of(integration),
        "own": is_own(integration),
        "by_contract": (integration.programme.rules.get("workdays") or {}).get("start_event") == "contract",
    }
