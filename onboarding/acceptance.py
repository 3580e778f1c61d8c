"""Acceptance of a vendor's integration: requirements, the 30 working days, extension, suspension, removal.

Plan, 招募需求: selected vendors finish the integration within 30 working days. Nobody accepts what they
prepared themselves; an extension needs a reason and the supervisor's consent; days the organiser's side lost
are given back, on record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum

from evaluation.workflow import Transition
from onboarding.errors import OnboardingError
from onboarding.workdays import MAX_DAYS, Calendar, Deadline

REQUIREMENT_STAGES = ("open", "proved", "accepted", "returned")
#: A stage in which an integration is still being worked on.
ACTIVE_STAGES = ("running", "overdue", "extended", "suspended")


class AcceptanceCode(Enum):
    """Why an acceptance step is refused. Guards return the values."""

    OWN_JUDGE = "acceptance_own_judge"
    PROOF_MISSING = "acceptance_proof_missing"
    RUN_MISSING = "acceptance_run_missing"
    REQUIREMENTS_OPEN = "acceptance_requirements_open"
    NOT_OVERDUE = "acceptance_not_overdue"
    EXTENSION_MISSING = "acceptance_extension_missing"
    EXTENSION_PAST = "acceptance_extension_past"
    DAYS = "acceptance_days"
    KIND = "acceptance_kind"
    REASON_MISSING = "acceptance_reason_missing"
    CONSENT_ROLE = "acceptance_consent_role"
    CONSENT_OWN = "acceptance_consent_own"
    DATES = "acceptance_dates"


class AcceptanceRefused(OnboardingError):
    """The step isn't allowed; facts name days, roles, dates."""


@dataclass(frozen=True)
class RequirementContext:
    """What a step of a requirement may look at. `authors`: everyone who proved it or added evidence."""

    actor: str
    authors: frozenset[str] = frozenset()
    proof: str = "evidence"
    pieces: int = 0
    run_passed: bool = False


def _proved(context: RequirementContext) -> str | None:
    if context.proof == "run" and not context.run_passed:
        return AcceptanceCode.RUN_MISSING.value
    return None if context.pieces or context.run_passed else AcceptanceCode.PROOF_MISSING.value


def _not_own_judge(context: RequirementContext) -> str | None:
    return AcceptanceCode.OWN_JUDGE.value if context.actor in context.authors else None


_PROVE = Transition(("vendor", "system"), _proved, "requirement.proved")
_REOPEN = Transition("staff", None, "requirement.reopened", reason_required=True)

REQUIREMENT_TRANSITIONS: dict[tuple[str, str], Transition] = {
    ("open", "proved"): _PROVE,
    ("returned", "proved"): _PROVE,
    ("proved", "accepted"): Transition("platform", _not_own_judge, "requirement.accepted"),
    ("proved", "returned"): Transition(
        "platform", _not_own_judge, "requirement.returned", reason_required=True
    ),
    # The organiser changed what is asked for: what was proved for the old wording proves nothing now.
    ("accepted", "open"): _REOPEN,
    ("proved", "open"): _REOPEN,
}


@dataclass(frozen=True)
class IntegrationContext:
    """What a step of an integration may look at; days are Shanghai days."""

    today: date
    deadline_on: date
    complete: bool = False
    #: The new last day of an extension that the supervisor consented to, or of days given back.
    extended_to: date | None = None


def is_overdue(today: date, deadline_on: date) -> bool:
    """True from the day after the last day on."""
    return today > deadline_on


def _may_accept(context: IntegrationContext) -> str | None:
    return None if context.complete else AcceptanceCode.REQUIREMENTS_OPEN.value


def _may_be_overdue(context: IntegrationContext) -> str | None:
    if is_overdue(context.today, context.deadline_on) and not context.complete:
        return None
    return AcceptanceCode.NOT_OVERDUE.value


def _may_extend(context: IntegrationContext) -> str | None:
    if context.extended_to is None:
        return AcceptanceCode.EXTENSION_MISSING.value
    if is_overdue(context.today, context.extended_to):
        return AcceptanceCode.EXTENSION_PAST.value
    return None


_ACCEPT = Transition(("platform", "system"), _may_accept, "integration.accepted")
_OVERDUE = Transition(("staff", "system"), _may_be_overdue, "integration.overdue")
_REMOVE = Transition(
    ("staff", "supervisor"), None, "integration.removed", reason_required=True, second_person=True
)
_SUSPEND = Transition("staff", None, "integration.suspended", reason_required=True)

INTEGRATION_TRANSITIONS: dict[tuple[str, str], Transition] = {
    ("running", "accepted"): _ACCEPT,
    ("running", "overdue"): _OVERDUE,
    ("running", "suspended"): _SUSPEND,
    ("running", "removed"): _REMOVE,
    ("overdue", "accepted"): _ACCEPT,
    ("overdue", "extended"): Transition(
        ("staff", "supervisor"), _may_extend, "integration.extended", reason_required=True, second_person=True
    ),
    ("overdue", "removed"): _REMOVE,
    ("extended", "accepted"): _ACCEPT,
    ("extended", "overdue"): _OVERDUE,
    ("extended", "removed"): _REMOVE,
    ("extended", "suspended"): _SUSPEND,
    ("suspended", "running"): Transition("staff", None, "integration.resumed", reason_required=True),
    # A vendor that gives up while its clock stands still leaves like any other.
    ("suspended", "removed"): _REMOVE,
}


@dataclass(frozen=True)
class Progress:
    """How many requirements stand in which stage; what keeps the integration from being complete."""

    counts: Mapping[str, int]
    left: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Every requirement of the plan is accepted; without requirements nothing can be."""
        return bool(self.counts) and not self.left


def progress(required: Iterable[str], stages: Mapping[str, str]) -> Progress:
    """Where a vendor stands. A requirement without a stage is open; stages of others count nowhere."""
    now = {key: stages.get(key, "open") for key in required}
    return Progress(dict(Counter(now.values())), tuple(key for key, stage in now.items() if stage != "accepted"))


@dataclass(frozen=True)
class Change:
    """Working days added to a span: kind "extension" or "given_back"; only consented ones count."""

    kind: str
    days: int
    consented: bool


def check_change(
    kind: str, days: int, *, reason: str, asked_by: str, decided_by: str, decided_role: str
) -> None:
    """Refuse a change of a deadline that nobody entitled consented to, or without its reason.

    An extension needs the supervisor; days given back may be granted by staff too. Nobody grants their own.
    """
    if kind not in ("extension", "given_back"):
        raise AcceptanceRefused(AcceptanceCode.KIND, kind=kind)
    if isinstance(days, bool) or not 1 <= days <= MAX_DAYS:
        raise AcceptanceRefused(AcceptanceCode.DAYS, days=days)
    if not reason.strip():
        raise AcceptanceRefused(AcceptanceCode.REASON_MISSING)
    roles = ("supervisor",) if kind == "extension" else ("staff", "supervisor")
    if decided_role not in roles:
        raise AcceptanceRefused(AcceptanceCode.CONSENT_ROLE, role=decided_role, who=list(roles))
    if decided_by == asked_by:
        raise AcceptanceRefused(AcceptanceCode.CONSENT_OWN)


def deadline(event_on: date, working_days: int, changes: Iterable[Change], calendar: Calendar) -> Deadline:
    """The last day after all consented changes, counted anew from the event, so that their order is of no
    matter and newer holiday data mends all of it."""
    added = 0
    for change in changes:
        if change.kind not in ("extension", "given_back"):
            raise AcceptanceRefused(AcceptanceCode.KIND, kind=change.kind)
        if change.days < 1:
            raise AcceptanceRefused(AcceptanceCode.DAYS, days=change.days)
        added += change.days if change.consented else 0
    return calendar.add_workdays(event_on, working_days + added)


def suspended_days(suspended_on: date, resumed_on: date, calendar: Calendar) -> int:
    """Working days to give back: the day of the suspension is lost, the day of the resumption is worked."""
    if resumed_on < suspended_on:
        raise AcceptanceRefused(AcceptanceCode.DATES, start=suspended_on, end=resumed_on)
    one = timedelta(days=1)
    return calendar.count(suspended_on - one, resumed_on - one).days
