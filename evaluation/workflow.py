"""One mechanism for stages: a table of transitions and `advance`, the only writer of a stage."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Protocol

from evaluation.errors import EvaluationError


class Staged(Protocol):
    """Anything with a stage."""

    stage: str


class WorkflowCode(Enum):
    """Why a transition is refused."""

    NOT_A_TRANSITION = "not_a_transition"
    ROLE = "role"
    GUARD = "guard"
    REASON_REQUIRED = "reason_required"


class TransitionRefused(EvaluationError):
    """The step isn't allowed now, or not by this role. Facts: from, to, next, who, guard."""


#: A guard looks at its context and names why not, or returns None.
Guard = Callable[[Any], str | None]


@dataclass(frozen=True)
class Transition:
    """One allowed step: who may take it, what must hold, which event it leaves."""

    role: str | tuple[str, ...]
    guard: Guard | None
    event: str
    reason_required: bool = False
    second_person: bool = False

    @property
    def roles(self) -> tuple[str, ...]:
        return (self.role,) if isinstance(self.role, str) else self.role


Table = Mapping[tuple[str, str], Transition]


@dataclass(frozen=True)
class NextStep:
    """A possible step from the present stage; `refusal` is None when it can be taken now."""

    to: str
    transition: Transition
    refusal: str | None


def advance(
    subject: Staged,
    to: str,
    *,
    table: Table,
    actor_role: str,
    context: Any,
    now: datetime,
    write_event: Callable[[str, dict[str, Any]], None],
    reason: str = "",
) -> None:
    """Check, write the stage, log. Raises TransitionRefused and changes nothing when it isn't allowed."""
    before = subject.stage
    following = sorted(target for source, target in table if source == before)
    facts: dict[str, Any] = {"from": before, "to": to, "next": following}
    transition = table.get((before, to))
    if transition is None:
        raise TransitionRefused(WorkflowCode.NOT_A_TRANSITION, **facts, who=[])
    facts["who"] = list(transition.roles)
    if actor_role not in transition.roles:
        raise TransitionRefused(WorkflowCode.ROLE, **facts)
    if transition.reason_required and not reason.strip():
        raise TransitionRefused(WorkflowCode.REASON_REQUIRED, **facts)
    if transition.guard is not None and (why := transition.guard(context)) is not None:
        raise TransitionRefused(WorkflowCode.GUARD, **facts, guard=why)
    subject.stage = to
    written: dict[str, Any] = {"from": before, "to": to, "at": now.isoformat()}
    if reason:
        written["reason"] = reason
    write_event(transition.event, written)


def allowed(subject: Staged, *, table: Table, role: str, context: Any) -> list[NextStep]:
    """The steps this role could take from the present stage, each with what still holds it."""
    steps = []
    for (source, target), transition in table.items():
        if source == subject.stage and role in transition.roles:
            refusal = transition.guard(context) if transition.guard is not None else None
            steps.append(NextStep(target, transition, refusal))
    return steps
