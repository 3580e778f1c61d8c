"""What the scoring table allows, and what it says across sheets."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.scoring import (
    SHEET_TRANSITIONS,
    ScoreCode,
    ScoreRefused,
    ScoringRules,
    SheetContext,
    item_totals,
    median,
    parse_score,
)

SECTION: dict[str, Any] = {
    "total": "100", "step": "0.5", "combine": "mean", "shown_places": 2, "extreme_percent": 30,
    "items": [
        {"no": 1, "kind": "objective", "points": "20", "rule": "elements",
         "elements": [{"id": "1.a"}, {"id": "1.b"}, {"id": "1.c"}]},
        {"no": 2, "kind": "objective", "points": 20, "rule": "full_or_zero"},
        {"no": 5, "kind": "subjective", "points": "22", "subitems": [
            {"id": "5.1", "points": "4", "rule": "full_or_zero"}, {"id": "5.2", "points": "18", "rule": "range"}]},
        {"no": 6, "kind": "subjective", "points": "10", "rule": "count", "per": "2"},
        {"no": 7, "kind": "subjective", "points": "28"},
    ],
}
RULES = ScoringRules.from_plan(SECTION)


def refused(code: ScoreCode) -> Any:
    return pytest.raises(ScoreRefused, match=f"^{code.value}$")


def test_keys_are_sub_items_where_there_are_any() -> None:
    assert RULES.keys == ("1", "2", "5.1", "5.2", "6", "7")
    assert RULES.item_of("5.2").no == "5"
    assert [key for key in RULES.keys if RULES.is_objective(key)] == ["1", "2"]
    assert RULES.unallocated() == {}


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("NaN", ScoreCode.NOT_A_NUMBER), ("sNaN", ScoreCode.NOT_A_NUMBER), ("inf", ScoreCode.NOT_A_NUMBER),
        ("-Infinity", ScoreCode.NOT_A_NUMBER), ("", ScoreCode.NOT_A_NUMBER), ("1,5", ScoreCode.NOT_A_NUMBER),
        ("٣", ScoreCode.NOT_A_NUMBER), ("0x1", ScoreCode.NOT_A_NUMBER), (".5", ScoreCode.NOT_A_NUMBER),
        ("1_0", ScoreCode.NOT_A_NUMBER), ("+1", ScoreCode.NOT_A_NUMBER), ("1e1", ScoreCode.EXPONENT),
        ("1E-1", ScoreCode.EXPONENT), ("-0", ScoreCode.NEGATIVE_ZERO), ("-0.00", ScoreCode.NEGATIVE_ZERO),
        ("-1", ScoreCode.OUT_OF_RANGE), ("18.5", ScoreCode.OUT_OF_RANGE), ("1" * 21, ScoreCode.TOO_LONG),
        ("1." + "0" * 20, ScoreCode.TOO_LONG), ("9" * 500_000, ScoreCode.TOO_LONG),
        ("0.25", ScoreCode.OFF_STEP), ("17.9", ScoreCode.OFF_STEP),
    ],
)
def test_a_score_that_is_none_is_refused(value: str, code: ScoreCode) -> None:
    with refused(code):
        RULES.check_score("5.2", value)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("NaN", ScoreCode.NOT_A_NUMBER), ("sNaN", ScoreCode.NOT_A_NUMBER), ("Infinity", ScoreCode.NOT_A_NUMBER),
        ("-0", ScoreCode.NEGATIVE_ZERO), ("1E+1", ScoreCode.EXPONENT), ("1E+999999", ScoreCode.EXPONENT),
        ("1E-999999", ScoreCode.TOO_LONG), ("-3", ScoreCode.OUT_OF_RANGE), ("1" * 21, ScoreCode.TOO_LONG),
    ],
)
@pytest.mark.parametrize("key", ["1", "2", "5.2", "6"])
def test_a_decimal_is_held_to_the_same(key: str, value: str, code: ScoreCode) -> None:
    with refused(code):
        RULES.check_score(key, Decimal(value), {})


def test_what_is_no_text_or_decimal_is_refused() -> None:
    with refused(ScoreCode.NOT_A_NUMBER):
        RULES.check_score("5.2", 1.5)  # type: ignore[arg-type]
    with refused(ScoreCode.ITEM_UNKNOWN):
        RULES.check_score("5", "1")


@given(st.integers(0, 36))
def test_every_step_of_a_range_is_allowed(halves: int) -> None:
    text = str(Decimal(halves) / 2)
    assert RULES.check_score("5.2", text) == RULES.check_score("5.2", Decimal(text)) == Decimal(text)


@given(st.text(max_size=30))
def test_any_text_is_a_number_in_range_or_a_refusal(text: str) -> None:
    try:
        value = RULES.check_score("5.2", text)
    except ScoreRefused:
        return
    assert 0 <= value <= 18
    assert value % Decimal("0.5") == 0


@given(st.decimals(allow_nan=True, allow_infinity=True), st.sampled_from(RULES.keys))
def test_any_decimal_is_in_range_or_a_refusal(value: Decimal, key: str) -> None:
    try:
        assert 0 <= RULES.check_score(key, value, {}) <= RULES.line(key).points
    except ScoreRefused:
        pass


def test_full_or_zero_knows_nothing_between() -> None:
    assert [RULES.check_score("2", value) for value in ("0", "20", "20.0")] == [0, 20, 20]
    with refused(ScoreCode.FULL_OR_ZERO):
        RULES.check_score("2", "10")


def test_elements_give_the_listed_fraction() -> None:
    assert [str(value) for value in RULES.line("1").listed] == ["0", "6.6667", "13.3333", "20"]
    assert RULES.check_score("1", "6.6667", {"elements": ["1.b"]}) == Decimal("6.6667")
    # As a form computes it, with all the digits of the context.
    assert RULES.check_score("1", Decimal(20) * 1 / 3, {"elements": ["1.b"]}) == Decimal("6.6667")
    assert RULES.check_score("1", Decimal(20), {"elements": ["1.c", "1.a", "1.b"]}) == 20
    assert RULES.check_score("1", "0") == 0


@pytest.mark.parametrize(
    ("value", "facts", "code"),
    [
        ("20", {}, ScoreCode.ELEMENTS_DIFFER),
        ("20", {"elements": ["1.a"]}, ScoreCode.ELEMENTS_DIFFER),
        ("13.3333", {"elements": ["1.a", "1.a"]}, ScoreCode.ELEMENTS),
        ("6.6667", {"elements": ["9.z"]}, ScoreCode.ELEMENTS),
        ("6.6667", {"elements": "1.a"}, ScoreCode.ELEMENTS),
        ("6.6667", {"elements": [["1.a"]]}, ScoreCode.ELEMENTS),
    ],
)
def test_elements_must_be_the_plans_own(value: str, facts: dict[str, Any], code: ScoreCode) -> None:
    with refused(code):
        RULES.check_score("1", value, facts)


@given(st.integers(0, 12))
def test_cases_count_up_to_the_points(count: int) -> None:
    cases = [f"case {n}" for n in range(count)]
    assert RULES.check_score("6", Decimal(min(10, 2 * count)), {"cases": cases}) == min(10, 2 * count)


@pytest.mark.parametrize(
    ("value", "facts", "code"),
    [
        ("2", {}, ScoreCode.CASES_DIFFER), ("4", {"cases": ["a"]}, ScoreCode.CASES_DIFFER),
        ("4", {"cases": ["a", "a "]}, ScoreCode.CASES), ("2", {"cases": [" "]}, ScoreCode.CASES),
        ("2", {"cases": [1]}, ScoreCode.CASES), ("2", {"cases": None}, ScoreCode.CASES),
    ],
)
def test_cases_are_listed_once_each(value: str, facts: dict[str, Any], code: ScoreCode) -> None:
    with refused(code):
        RULES.check_score("6", value, facts)


def test_a_sheet_sums_what_it_has_and_names_what_it_lacks() -> None:
    sheet = {"1": Decimal("6.6667"), "5.2": Decimal("17.5"), "7": None}
    assert RULES.sheet_total(sheet) == Decimal("24.1667")
    assert RULES.missing(sheet) == ["2", "5.1", "6", "7"]
    assert item_totals(RULES, {"5.1": Decimal(4), "5.2": Decimal(3)})["5"] == 7
    with refused(ScoreCode.ITEM_UNKNOWN):
        RULES.sheet_total({"9": Decimal(1)})


def test_objective_points_that_differ_are_found() -> None:
    sheets: dict[str, dict[str, Decimal | None]] = {
        "a": {"1": Decimal("20.0"), "2": Decimal(20), "5.2": Decimal(1)},
        "b": {"1": Decimal(20), "2": Decimal(0), "5.2": Decimal(9)},
    }
    assert RULES.unequal(sheets) == {"2": {"a": Decimal(20), "b": Decimal(0)}}


def test_exactly_at_the_share_is_not_extreme() -> None:
    """30 % of 18 points are 5.4; the others' median is 10."""
    others = {"b": Decimal(10), "c": Decimal(10), "d": Decimal(10), "e": Decimal(10)}
    assert RULES.extremes("5.2", {"a": Decimal("15.4"), **others}) == []
    assert RULES.extremes("5.2", {"a": Decimal("15.5"), **others}) == [("a", Decimal("15.5"), Decimal(10))]
    assert RULES.extremes("5.2", {"a": Decimal("4.5"), **others})[0][0] == "a"
    assert RULES.extremes("2", {"a": Decimal(20), "b": Decimal(0)}) == []
    assert RULES.extremes("5.2", {"a": Decimal(18)}) == []


@given(st.lists(st.integers(0, 36), min_size=1, max_size=9))
def test_the_median_lies_in_the_middle(halves: list[int]) -> None:
    values = sorted(Decimal(half) / 2 for half in halves)
    middle = median(values)
    assert sum(value < middle for value in values) <= len(values) / 2
    assert sum(value > middle for value in values) <= len(values) / 2


@pytest.mark.parametrize(
    "change",
    [
        {"step": "0"}, {"step": 0.5}, {"total": None}, {"total": "1e2"}, {"items": []}, {"combine": "trimmed"},
        {"shown_places": 9}, {"extreme_percent": "x"},
        {"items": [{"no": 1, "kind": "objective", "points": "1"}] * 2},
        {"items": [{"no": 1, "kind": "objective", "points": "1.00001"}]},
        {"items": [{"no": 1, "kind": "other", "points": "1"}]},
        {"items": [{"no": 1, "kind": "objective", "points": "1", "rule": "taste"}]},
        {"items": [{"no": 1, "kind": "objective", "points": "1", "rule": "elements", "elements": []}]},
        {"items": [{"no": 1, "kind": "objective", "points": "1", "subitems": [{"points": "1"}]}]},
    ],
)
def test_a_section_that_is_no_rule_is_refused(change: dict[str, Any]) -> None:
    with refused(ScoreCode.PLAN):
        ScoringRules.from_plan(SECTION | change)


def test_points_that_are_left_open_are_named() -> None:
    items = [{"no": 5, "kind": "subjective", "points": "22", "subitems": [{"id": "5.1", "points": "6"}]}]
    rules = ScoringRules.from_plan(SECTION | {"items": items})
    assert rules.unallocated() == {"5": Decimal(16), "": Decimal(78)}


def test_parsing_keeps_the_value() -> None:
    assert parse_score(" 07.50 ") == Decimal("7.5")


def test_a_sheet_is_signed_whole_and_opened_for_a_lawful_cause_only() -> None:
    def why(start: str, to: str, context: SheetContext) -> str | None:
        guard = SHEET_TRANSITIONS[start, to].guard
        assert guard is not None
        return guard(context)

    assert why("open", "signed", SheetContext(("7",))) == "sheet_incomplete"
    assert why("open", "signed", SheetContext()) is None
    assert why("signed", "reopened", SheetContext(cause="taste")) == "cause_unknown"
    assert why("signed", "reopened", SheetContext(cause="sum_error")) is None
    assert not any(start == "void" for start, _ in SHEET_TRANSITIONS)
