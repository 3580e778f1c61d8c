"""Nobody accepts their own work, all must be accepted, and every added day has its consent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.workflow import TransitionRefused, advance
from onboarding.acceptance import (
    INTEGRATION_TRANSITIONS,
    REQUIREMENT_STAGES,
    REQUIREMENT_TRANSITIONS,
    AcceptanceCode,
    AcceptanceRefused,
    Change,
    IntegrationContext,
    RequirementContext,
    check_change,
    deadline,
    is_overdue,
    progress,
    suspended_days,
)
from onboarding.workdays import Calendar

NOW = datetime(2023, 8, 1, tzinfo=UTC)
PLAIN = Calendar.from_known_days({}, version="weekdays")
EVENT = date(2023, 7, 21)


@dataclass
class Row:
    stage: str


def step(table: Any, start: str, to: str, role: str, context: Any, reason: str = "because") -> str:
    row = Row(start)
    advance(row, to, table=table, actor_role=role, context=context, now=NOW, write_event=lambda *_: None, reason=reason)
    return row.stage


def require(start: str, to: str, role: str, **facts: Any) -> str:
    context = RequirementContext(**({"actor": "p1"} | facts))
    return step(REQUIREMENT_TRANSITIONS, start, to, role, context)


def test_a_requirement_is_proved_and_accepted_by_somebody_else() -> None:
    assert require("open", "proved", "vendor", actor="v1", pieces=1) == "proved"
    assert require("proved", "accepted", "platform", authors=frozenset({"v1"})) == "accepted"
    assert require("proved", "returned", "platform", authors=frozenset({"v1"})) == "returned"
    assert require("returned", "proved", "vendor", pieces=1) == "proved"
    assert require("accepted", "open", "staff") == "open"


@pytest.mark.parametrize(
    ("start", "to", "role", "facts", "why"),
    [
        ("proved", "accepted", "platform", {"authors": frozenset({"v1", "p1"})}, AcceptanceCode.OWN_JUDGE),
        ("proved", "returned", "platform", {"authors": frozenset({"p1"})}, AcceptanceCode.OWN_JUDGE),
        ("open", "proved", "vendor", {}, AcceptanceCode.PROOF_MISSING),
        ("open", "proved", "vendor", {"proof": "run", "pieces": 3}, AcceptanceCode.RUN_MISSING),
    ],
)
def test_what_stands_against_a_step_is_named(
    start: str, to: str, role: str, facts: dict[str, Any], why: AcceptanceCode
) -> None:
    with pytest.raises(TransitionRefused) as caught:
        require(start, to, role, **facts)
    assert caught.value.facts["guard"] == why.value


@pytest.mark.parametrize("role", ["vendor", "staff", "supervisor", "expert", "administrator"])
def test_only_the_platform_operator_accepts(role: str) -> None:
    with pytest.raises(TransitionRefused):
        require("proved", "accepted", role)


def test_nothing_is_accepted_that_was_not_proved() -> None:
    for start in ("open", "returned"):
        with pytest.raises(TransitionRefused):
            require(start, "accepted", "platform")


STAGES = st.dictionaries(st.sampled_from(["a", "b", "c", "z"]), st.sampled_from(REQUIREMENT_STAGES))


@given(STAGES)
def test_complete_means_every_requirement_of_the_plan(stages: dict[str, str]) -> None:
    found = progress(["a", "b", "c"], stages)
    assert found.complete == all(stages.get(key) == "accepted" for key in "abc")
    assert sum(found.counts.values()) == 3
    assert set(found.left) == {key for key in "abc" if stages.get(key) != "accepted"}


def test_without_requirements_nothing_is_complete() -> None:
    assert not progress([], {}).complete


def integrate(start: str, to: str, role: str, reason: str = "because", **facts: Any) -> str:
    context = IntegrationContext(**({"today": date(2023, 9, 2), "deadline_on": date(2023, 9, 1)} | facts))
    return step(INTEGRATION_TRANSITIONS, start, to, role, context, reason)


def test_the_last_day_is_in_time_and_the_next_is_overdue() -> None:
    assert not is_overdue(date(2023, 9, 1), date(2023, 9, 1))
    assert is_overdue(date(2023, 9, 2), date(2023, 9, 1))
    assert integrate("running", "overdue", "system") == "overdue"
    for facts in ({"today": date(2023, 9, 1)}, {"complete": True}):
        with pytest.raises(TransitionRefused):
            integrate("running", "overdue", "system", **facts)


def test_overdue_is_extended_with_consent_removed_or_accepted() -> None:
    assert integrate("overdue", "extended", "staff", extended_to=date(2023, 9, 8)) == "extended"
    assert integrate("overdue", "removed", "supervisor") == "removed"
    assert integrate("overdue", "accepted", "platform", complete=True) == "accepted"
    assert integrate("extended", "overdue", "system") == "overdue"
    assert integrate("suspended", "running", "staff") == "running"
    for to, facts in (("extended", {}), ("extended", {"extended_to": date(2023, 9, 1)}), ("accepted", {})):
        with pytest.raises(TransitionRefused):
            integrate("overdue", to, "platform" if to == "accepted" else "staff", **facts)
    with pytest.raises(TransitionRefused):
        integrate("overdue", "removed", "staff", reason=" ")


def test_a_removed_or_accepted_vendor_stays_so() -> None:
    assert not [pair for pair in INTEGRATION_TRANSITIONS if pair[0] in ("removed", "accepted")]
    assert all(INTEGRATION_TRANSITIONS[pair].second_person for pair in INTEGRATION_TRANSITIONS if pair[1] == "removed")


CHANGES = st.lists(
    st.builds(Change, st.sampled_from(["extension", "given_back"]), st.integers(1, 20), st.booleans()), max_size=5
)


@given(CHANGES, st.randoms(use_true_random=False))
def test_only_consented_days_move_the_deadline_in_whatever_order(changes: list[Change], chance: Any) -> None:
    added = sum(change.days for change in changes if change.consented)
    expected = PLAIN.add_workdays(EVENT, 30 + added)
    assert deadline(EVENT, 30, changes, PLAIN) == expected
    mixed = changes[:]
    chance.shuffle(mixed)
    assert deadline(EVENT, 30, mixed, PLAIN) == expected


def test_a_change_that_is_none_is_refused() -> None:
    for change, code in ((Change("gift", 1, True), "kind"), (Change("extension", 0, True), "days")):
        with pytest.raises(AcceptanceRefused, match=code):
            deadline(EVENT, 30, [change], PLAIN)


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"kind": "gift"}, AcceptanceCode.KIND),
        ({"days": 0}, AcceptanceCode.DAYS),
        ({"days": True}, AcceptanceCode.DAYS),
        ({"reason": " "}, AcceptanceCode.REASON_MISSING), ({"decided_role": "staff"}, AcceptanceCode.CONSENT_ROLE),
        ({"decided_role": "vendor", "kind": "given_back"}, AcceptanceCode.CONSENT_ROLE),
        ({"decided_by": "u1"}, AcceptanceCode.CONSENT_OWN),
    ],
)
def test_a_change_needs_its_reason_and_the_right_consent(facts: dict[str, Any], code: AcceptanceCode) -> None:
    good = {
        "kind": "extension", "days": 5, "reason": "the sandbox was down", "asked_by": "u1", "decided_by": "u2",
        "decided_role": "supervisor",
    }
    check_change(**good)
    check_change(**good | {"kind": "given_back", "decided_role": "staff"})
    with pytest.raises(AcceptanceRefused, match=code.value):
        check_change(**good | facts)


def test_suspended_working_days_are_given_back() -> None:
    # Suspended on a Friday, resumed on the Tuesday: Friday and Monday are lost.
    assert suspended_days(date(2023, 8, 4), date(2023, 8, 8), PLAIN) == 2
    assert suspended_days(date(2023, 8, 5), date(2023, 8, 7), PLAIN) == 0
    assert suspended_days(date(2023, 8, 4), date(2023, 8, 4), PLAIN) == 0
    with pytest.raises(AcceptanceRefused, match="dates"):
        suspended_days(date(2023, 8, 8), date(2023, 8, 4), PLAIN)


@given(st.integers(0, 40), st.integers(0, 40))
def test_a_vendor_loses_no_working_day_to_a_suspension(before: int, length: int) -> None:
    suspended = EVENT + timedelta(days=1 + before)
    resumed = suspended + timedelta(days=length)
    lost = suspended_days(suspended, resumed, PLAIN)
    end = PLAIN.add_workdays(EVENT, 100 + lost).date
    worked = PLAIN.count(EVENT, suspended - timedelta(days=1)).days + PLAIN.count(resumed - timedelta(days=1), end).days
    assert worked == 100
