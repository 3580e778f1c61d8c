"""The stages of a response, as data."""

from __future__ import annotations

from typing import Any

from app import clock
from app.audit import Actor, record
from app.errors import WrongStage
from app.responses.models import Response
from evaluation.workflow import Transition, TransitionRefused, advance

_VENDOR = Transition(role="vendor", guard=None, event="response.submitted")
_WITHDRAW = Transition(role="vendor", guard=None, event="response.withdrawn")

RESPONSE_TRANSITIONS: dict[tuple[str, str], Transition] = {
    ("draft", "submitted"): _VENDOR,
    ("withdrawn", "submitted"): _VENDOR,
    ("submitted", "withdrawn"): _WITHDRAW,
    ("submitted", "opened"): Transition(role=("staff", "supervisor"), guard=None, event="response.opened"),
}


def move_response(response: Response, to: str, *, actor: Actor, **facts: Any) -> None:
    """Move a response and leave its event, or raise WrongStage. Call inside a unit of work."""
    def write(event: str, details: dict[str, Any]) -> None:
        record(event, actor=actor, recruitment=response.recruitment, subject=response, **{**details, **facts})

    try:
        advance(
            response, to, table=RESPONSE_TRANSITIONS, actor_role=actor.role,
            context=response, now=clock.now(), write_event=write,
        )
    except TransitionRefused as refused:
        raise WrongStage("response_wrong_stage") from refused
