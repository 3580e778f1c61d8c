"""Exact means, the tie chain with its steps, and who is selected."""

from __future__ import annotations

import random
import time
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.ranking import (
    RankingCode,
    RankingRefused,
    RankingRules,
    Selection,
    Standing,
    rank,
    select,
    shown,
    substitute,
)
from evaluation.scoring import ScoringRules

SCORING = ScoringRules.from_plan({
    "total": "100",
    "items": [
        {"no": 1, "kind": "objective", "points": "20"},
        {"no": 2, "kind": "subjective", "points": "30"},
        {"no": 3, "kind": "subjective", "points": "30"},
        {"no": 4, "kind": "objective", "points": "20", "subitems": [
            {"id": "4.1", "points": "10"}, {"id": "4.2", "points": "10"}]},
    ],
})
RULES = RankingRules.from_plan(
    {"quota": 10, "tie_chain": ["objective_subtotal", "items_by_weight", "lottery"], "minimum_candidates": 3}
)


def refused(code: RankingCode) -> Any:
    return pytest.raises(RankingRefused, match=code.value)


def standing(key: str, one: str, two: str, three: str, four: str = "10", seats: int = 5) -> Standing:
    """A vendor to whom all seats gave the same points; item 4 in its first half."""
    values = {"1": one, "2": two, "3": three, "4.1": four, "4.2": "0"}
    return Standing(key, {name: [Decimal(value)] * seats for name, value in values.items()})


def order(rows: list[Standing], lottery: str = "", rules: RankingRules = RULES) -> list[tuple[int, str]]:
    return [(row.rank, row.key) for row in rank(rows, scoring=SCORING, rules=rules, lottery=lottery)]


def test_the_exact_mean_ranks_and_the_shown_one_does_not() -> None:
    a = standing("a", "10", "10", "10")
    b = Standing("b", {**a.scores, "2": [Decimal("10.01"), *[Decimal(10)] * 4]})
    ranked = rank([a, b], scoring=SCORING, rules=RULES)
    assert [row.key for row in ranked] == ["b", "a"]
    assert [row.score for row in ranked] == [Decimal("40.00"), Decimal("40.00")]
    assert ranked[0].mean == Fraction(40002, 1000)
    assert ranked[0].tie_steps == []


@pytest.mark.parametrize(
    ("mean", "text"),
    [
        (Fraction(1, 200), "0.01"), (Fraction(3, 200), "0.02"), (Fraction(1, 3), "0.33"), (Fraction(2, 3), "0.67"),
        (Fraction(89995, 1000), "90.00"), (Fraction(100), "100.00"), (Fraction(0), "0.00"),
    ],
)
def test_what_is_shown_is_rounded_half_up(mean: Fraction, text: str) -> None:
    assert str(shown(mean)) == text


def test_the_objective_subtotal_breaks_a_tie_first() -> None:
    ranked = rank(
        [standing("a", "10", "12", "8"), standing("b", "12", "10", "8")], scoring=SCORING, rules=RULES
    )
    assert [row.key for row in ranked] == ["b", "a"]
    assert [row.objective_total for row in ranked] == [Decimal(110), Decimal(100)]
    assert [(step["step"], step["value"], step["decided"]) for step in ranked[0].tie_steps] == [
        ("score", "40", False), ("objective_subtotal", "22", True),
    ]
    assert ranked[1].tie_steps[1]["value"] == "20"


def test_items_follow_by_weight_and_then_by_number() -> None:
    rows = [standing("a", "10", "10", "12"), standing("b", "10", "12", "10")]
    ranked = rank(rows, scoring=SCORING, rules=RULES)
    assert [row.key for row in ranked] == ["b", "a"]
    last = ranked[0].tie_steps[-1]
    assert (last["step"], last["item"], last["value"], last["decided"]) == ("items_by_weight", "2", "12", True)
    # Equal in 2 and 3, equal objective subtotals: item 1 comes before item 4 among the lighter ones.
    rows = [standing("c", "8", "5", "5", "10"), standing("d", "10", "5", "5", "8")]
    ranked = rank(rows, scoring=SCORING, rules=RULES)
    assert [row.key for row in ranked] == ["d", "c"]
    assert [step.get("item") for step in ranked[0].tie_steps] == [None, None, "2", "3", "1"]


def test_a_lottery_is_the_last_resort_and_needs_its_value() -> None:
    rows = [standing(key, "10", "10", "10") for key in "cab"]
    ranked = rank(rows, scoring=SCORING, rules=RULES)
    assert [(row.rank, row.key, row.tied) for row in ranked] == [(1, "a", True), (1, "b", True), (1, "c", True)]
    with refused(RankingCode.TIED):
        select(ranked, RULES)
    drawn = rank(rows, scoring=SCORING, rules=RULES, lottery="03 11 27")
    assert [row.rank for row in drawn] == [1, 2, 3]
    assert not any(row.tied for row in drawn)
    assert [row.key for row in drawn] == drawn[0].tie_steps[-1]["drawn"]
    assert {tuple(key for _, key in order(rows, str(value))) for value in range(60)} == {
        tuple(keys) for keys in ("abc", "acb", "bac", "bca", "cab", "cba")
    }


def test_separate_ties_keep_separate_ranks() -> None:
    rows = [standing("a", "10", "10", "10"), standing("b", "10", "10", "10"), standing("c", "9", "10", "10"),
            standing("d", "9", "10", "10"), standing("e", "12", "10", "7")]
    # e has the total of c and d and the higher objective subtotal.
    assert order(rows) == [(1, "a"), (1, "b"), (3, "e"), (4, "c"), (4, "d")]


def test_two_open_ties_of_one_total_do_not_merge() -> None:
    rows = [standing("a", "10", "9", "10"), standing("b", "10", "9", "10"), standing("c", "9", "10", "10"),
            standing("d", "9", "10", "10")]
    assert order(rows) == [(1, "a"), (1, "b"), (3, "c"), (3, "d")]


POINTS = st.integers(0, 6).map(lambda steps: Decimal(steps) / 2)
VENDORS = st.lists(
    st.fixed_dictionaries({key: st.lists(POINTS, min_size=3, max_size=3) for key in SCORING.keys}),
    min_size=1, max_size=9,
)


@given(VENDORS, st.randoms(use_true_random=False), st.sampled_from(["", "17"]))
def test_the_order_of_vendors_and_experts_changes_nothing(
    vendors: list[dict[str, list[Decimal]]], chance: random.Random, lottery: str
) -> None:
    rows = [Standing(f"v{n}", scores) for n, scores in enumerate(vendors)]
    mixed = []
    for row in rows:
        seats = list(range(3))
        chance.shuffle(seats)
        mixed.append(Standing(row.key, {key: [values[s] for s in seats] for key, values in row.scores.items()}))
    chance.shuffle(mixed)
    assert rank(rows, scoring=SCORING, rules=RULES, lottery=lottery) == rank(
        mixed, scoring=SCORING, rules=RULES, lottery=lottery
    )


@given(VENDORS)
def test_a_higher_exact_mean_always_ranks_higher(vendors: list[dict[str, list[Decimal]]]) -> None:
    rows = [Standing(f"v{n}", scores) for n, scores in enumerate(vendors)]
    means = {row.key: Fraction(sum(sum(values) for values in row.scores.values())) / 3 for row in rows}
    ranked = rank(rows, scoring=SCORING, rules=RULES)
    assert [row.mean for row in ranked] == sorted(means.values(), reverse=True)
    assert all(row.mean == means[row.key] for row in ranked)
    for first, second in pairwise(ranked):
        assert first.rank < second.rank or (first.tied and second.tied and first.rank == second.rank)


@given(VENDORS)
def test_a_losing_newcomer_leaves_the_others_in_their_order(vendors: list[dict[str, list[Decimal]]]) -> None:
    rows = [Standing(f"v{n}", {k: [x + 1 for x in v] for k, v in scores.items()}) for n, scores in enumerate(vendors)]
    loser = Standing("z", {key: [Decimal(0)] * 3 for key in SCORING.keys})
    assert order([*rows, loser], "17")[:-1] == order(rows, "17")


def test_a_chain_without_lottery_leaves_the_tie_open() -> None:
    rules = RankingRules.from_plan({"quota": 1, "tie_chain": []})
    assert order([standing("a", "1", "1", "1"), standing("b", "1", "1", "1")], "17", rules) == [(1, "a"), (1, "b")]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([standing("a", "1", "1", "1"), standing("a", "2", "1", "1")], RankingCode.DOUBLED),
        ([standing("a", "1", "1", "1"), standing("b", "1", "1", "1", seats=4)], RankingCode.SEATS),
        ([Standing("a", {})], RankingCode.SEATS),
        ([Standing("a", {"1": [Decimal(1)]})], RankingCode.KEYS),
        ([standing("a", "1", "NaN", "1")], RankingCode.SCORE),
        ([standing("a", "1", "sNaN", "1")], RankingCode.SCORE),
        ([standing("a", "1", "Infinity", "1")], RankingCode.SCORE),
        ([standing("a", "21", "1", "1")], RankingCode.SCORE),
        ([standing("a", "-1", "1", "1")], RankingCode.SCORE),
        ([standing("a", "0.00001", "1", "1", seats=1)], RankingCode.SCORE),
    ],
)
def test_incomplete_or_impossible_sheets_are_refused(rows: list[Standing], code: RankingCode) -> None:
    with refused(code):
        rank(rows, scoring=SCORING, rules=RULES)


def test_nobody_ranks_to_nothing() -> None:
    assert rank([], scoring=SCORING, rules=RULES) == []
    assert select([], RULES) == Selection((), (), (), 10, True)


@pytest.mark.parametrize(
    ("count", "selected", "reserve", "shortfall", "few"),
    [(12, 10, 2, 0, False), (10, 10, 0, 0, False), (4, 4, 0, 6, False), (2, 2, 0, 8, True)],
)
def test_the_quota_is_filled_and_the_shortfall_known(
    count: int, selected: int, reserve: int, shortfall: int, few: bool
) -> None:
    rows = [standing(f"v{n:02d}", str(n), "1", "1") for n in range(count)]
    made = select(rank(rows, scoring=SCORING, rules=RULES), RULES)
    assert (len(made.selected), len(made.reserve), made.shortfall, made.few) == (selected, reserve, shortfall, few)
    assert made.selected[0] == f"v{count - 1:02d}"


def test_the_plan_may_limit_the_reserves() -> None:
    rules = RankingRules.from_plan({"quota": 1, "reserves": 1})
    made = select(rank([standing(f"v{n}", str(n), "1", "1") for n in range(4)], scoring=SCORING, rules=rules), rules)
    assert (made.selected, made.reserve, made.not_selected) == (("v3",), ("v2",), ("v1", "v0"))


def test_the_next_in_rank_moves_up() -> None:
    before = Selection(("a", "b"), ("c",), ("d",), 0, False)
    first = substitute(before, "a")
    assert (first.moved_up, first.after.selected, first.after.reserve) == ("c", ("b", "c"), ())
    second = substitute(first.after, "b")
    assert (second.moved_up, second.after.selected, second.after.shortfall) == (None, ("c",), 1)
    with refused(RankingCode.NOT_SELECTED):
        substitute(second.after, "a")


@pytest.mark.parametrize(
    "change",
    [{"quota": 0}, {"quota": "10"}, {"tie_chain": ["time"]}, {"tie_chain": "lottery"},
     {"tie_chain": ["lottery", "objective_subtotal"]}, {"tie_chain": ["lottery", "lottery"]}, {"reserves": -1}],
)
def test_a_section_that_is_no_rule_is_refused(change: dict[str, Any]) -> None:
    with refused(RankingCode.PLAN):
        RankingRules.from_plan({"quota": 10} | change)


def test_ten_thousand_vendors_rank_in_a_second() -> None:
    scoring = ScoringRules.from_plan({
        "total": "100", "items": [{"no": n, "kind": "objective", "points": "10"} for n in range(1, 11)],
    })
    chance = random.Random(1)
    points = [Decimal(n) / 2 for n in range(21)]
    rows = [
        Standing(f"v{n:05d}", {key: [chance.choice(points) for _ in range(5)] for key in scoring.keys})
        for n in range(10_000)
    ]
    before = time.process_time()
    ranked = rank(rows, scoring=scoring, rules=RULES, lottery="17")
    assert time.process_time() - before < 1
    assert len(ranked) == 10_000
