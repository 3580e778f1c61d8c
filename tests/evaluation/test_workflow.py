"""Stages move through one door, which checks before it writes and writes before it logs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.workflow import Transition, TransitionRefused, WorkflowCode, advance, allowed

NOW = datetime(2023, 7, 10, 1, tzinfo=UTC)
TABLE = {
    ("open", "signed"): Transition("expert", lambda ready: None if ready else "incomplete", "sheet.signed"),
    ("signed", "open"): Transition(("chair", "staff"), None, "sheet.reopened", reason_required=True),
    ("open", "void"): Transition("staff", None, "sheet.void"),
}


@dataclass
class Sheet:
    stage: str = "open"
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def move(self, to: str, role: str, *, ready: bool = True, reason: str = "") -> None:
        advance(
            self, to, table=TABLE, actor_role=role, context=ready, now=NOW,
            write_event=lambda event, facts: self.events.append((event, facts)), reason=reason,
        )


def test_a_step_writes_the_stage_and_one_event() -> None:
    sheet = Sheet()
    sheet.move("signed", "expert")
    sheet.move("open", "chair", reason="sum wrong")
    assert sheet.stage == "open"
    assert [event for event, _ in sheet.events] == ["sheet.signed", "sheet.reopened"]
    assert sheet.events[1][1] == {"from": "signed", "to": "open", "at": NOW.isoformat(), "reason": "sum wrong"}


@pytest.mark.parametrize(
    ("start", "to", "role", "ready", "code"),
    [
        ("void", "open", "staff", True, WorkflowCode.NOT_A_TRANSITION),
        ("open", "signed", "staff", True, WorkflowCode.ROLE),
        ("open", "signed", "expert", False, WorkflowCode.GUARD),
        ("signed", "open", "chair", True, WorkflowCode.REASON_REQUIRED),
    ],
)
def test_a_refused_step_changes_nothing_and_says_what_would_do(
    start: str, to: str, role: str, ready: bool, code: WorkflowCode
) -> None:
    sheet = Sheet(start)
    with pytest.raises(TransitionRefused) as caught:
        sheet.move(to, role, ready=ready, reason="  ")
    assert caught.value.code is code
    assert {"from", "to", "next", "who"} <= set(caught.value.facts)
    assert (sheet.stage, sheet.events) == (start, [])


@given(st.text(max_size=8), st.text(max_size=8), st.sampled_from(["expert", "chair", "staff", "vendor"]))
def test_only_steps_of_the_table_are_ever_taken(start: str, to: str, role: str) -> None:
    sheet = Sheet(start)
    if (start, to) in TABLE and role in TABLE[start, to].roles:
        return
    with pytest.raises(TransitionRefused):
        sheet.move(to, role, reason="because")
    assert sheet.stage == start


def test_buttons_show_what_still_holds_a_step() -> None:
    steps = allowed(Sheet(), table=TABLE, role="expert", context=False)
    assert [(step.to, step.refusal) for step in steps] == [("signed", "incomplete")]
    assert allowed(Sheet("void"), table=TABLE, role="staff", context=True) == []
    assert [step.to for step in allowed(Sheet(), table=TABLE, role="staff", context=True)] == ["void"]
