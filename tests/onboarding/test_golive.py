"""The gate waits for every selected vendor; months are calendar months."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarding.golive import GoLiveCode, GoLiveRefused, GoLiveRules, Span, gate, months_after

RULES = GoLiveRules.from_plan({"promotion_months": 3, "service_months": 12, "service_from": "contract"})
STAGES = st.sampled_from(["running", "accepted", "overdue", "extended", "suspended", "removed"])


def refused(code: GoLiveCode) -> Any:
    return pytest.raises(GoLiveRefused, match=code.value)


def test_one_vendor_that_stalls_keeps_the_gate_shut_and_is_named() -> None:
    shut = gate(["a", "b", "c"], {"a": "accepted", "b": "overdue"})
    assert not shut.is_open
    assert shut.waiting == (("b", "overdue"), ("c", "missing"))
    with refused(GoLiveCode.GATE_CLOSED) as caught:
        RULES.promotion(shut, date(2023, 9, 5))
    assert caught.value.facts["waiting"] == ["b", "c"]


def test_a_removed_vendor_is_not_waited_for_but_who_moved_up_is() -> None:
    stages = {"a": "accepted", "b": "removed", "c": "running"}
    assert gate(["a", "b"], stages).is_open
    assert not gate(["a", "b", "c"], stages).is_open
    assert not gate(["b"], stages).is_open
    assert not gate([], {}).is_open


@given(st.dictionaries(st.sampled_from("abcdef"), STAGES))
def test_the_gate_is_open_exactly_when_all_that_are_left_are_accepted(stages: dict[str, str]) -> None:
    left = [stage for stage in stages.values() if stage != "removed"]
    assert gate(stages, stages).is_open == (bool(left) and set(left) == {"accepted"})


@pytest.mark.parametrize(
    ("day", "months", "after"),
    [
        (date(2023, 9, 5), 3, date(2023, 12, 5)), (date(2023, 11, 30), 3, date(2024, 2, 29)),
        (date(2022, 11, 30), 3, date(2023, 2, 28)), (date(2023, 8, 31), 1, date(2023, 9, 30)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)), (date(2023, 12, 31), 0, date(2023, 12, 31)),
    ],
)
def test_months_end_on_the_corresponding_day_or_the_last(day: date, months: int, after: date) -> None:
    assert months_after(day, months) == after


@given(st.dates(date(1990, 1, 1), date(2200, 1, 1)), st.integers(0, 120))
def test_a_month_is_never_skipped(day: date, months: int) -> None:
    after = months_after(day, months)
    assert (after.year * 12 + after.month) - (day.year * 12 + day.month) == months
    assert after.day <= day.day


def test_promotion_and_service_include_their_last_day() -> None:
    open_gate = gate(["a"], {"a": "accepted"})
    span = RULES.promotion(open_gate, date(2023, 9, 5))
    assert span == Span(date(2023, 9, 5), date(2023, 12, 5))
    assert span.contains(date(2023, 12, 5))
    assert not span.contains(date(2023, 12, 6))
    assert RULES.service(date(2023, 8, 10)).end == date(2024, 8, 10)


def test_the_end_of_time_is_refused() -> None:
    with refused(GoLiveCode.MONTHS):
        months_after(date(9999, 12, 1), 1)
    with refused(GoLiveCode.MONTHS):
        months_after(date(2023, 1, 1), -1)


@pytest.mark.parametrize("change", [{"promotion_months": 0}, {"service_months": "12"}, {"service_from": "now"}])
def test_a_section_that_is_no_rule_is_refused(change: dict[str, Any]) -> None:
    with refused(GoLiveCode.PLAN):
        GoLiveRules.from_plan(change)
