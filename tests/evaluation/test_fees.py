"""Fees sum to the cent, whoever pays and however often the payers change."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.fees import FeeCode, FeeLine, FeeRefused, balance, resplit, split

TOTAL = st.integers(0, 10_000_000).map(lambda cents: Decimal(cents).scaleb(-2))


def refused(code: FeeCode) -> Any:
    return pytest.raises(FeeRefused, match=code.value)


def test_odd_cents_go_to_the_first_in_rank() -> None:
    assert [str(line.amount) for line in split(Decimal("10000.05"), ["a", "b", "c"])] == [
        "3333.35", "3333.35", "3333.35",
    ]
    assert [str(line.amount) for line in split(Decimal("100"), ["a", "b", "c"])] == ["33.34", "33.33", "33.33"]
    assert [str(line.amount) for line in split(Decimal("0.02"), ["a", "b", "c"])] == ["0.01", "0.01", "0.00"]


@given(TOTAL, st.integers(1, 30))
def test_the_shares_sum_to_the_total_and_differ_by_a_cent(total: Decimal, payers: int) -> None:
    shares = [line.amount for line in split(total, [str(n) for n in range(payers)])]
    assert sum(shares) == total
    assert max(shares) - min(shares) <= Decimal("0.01")
    assert shares == sorted(shares, reverse=True)


@given(TOTAL, st.lists(st.lists(st.sampled_from("abcdefg"), min_size=1, unique=True), min_size=1, max_size=5))
def test_after_every_substitution_each_owes_the_new_share_and_nobody_else(
    total: Decimal, rounds: list[list[str]]
) -> None:
    lines: list[FeeLine] = []
    for payers in rounds:
        lines += resplit(lines, total, payers)
        shares = {line.vendor: line.amount for line in split(total, payers) if line.amount}
        assert balance(lines) == shares
        assert sum((line.amount for line in lines), Decimal(0)) == total
    assert resplit(lines, total, rounds[-1]) == []


def test_a_substitution_reverses_and_invoices_anew() -> None:
    lines = split(Decimal("100"), ["a", "b", "c"])
    assert resplit(lines, Decimal("100"), ["b", "c", "d"]) == [
        FeeLine("a", "reversal", Decimal("-33.34")), FeeLine("b", "reversal", Decimal("-33.33")),
        FeeLine("b", "invoice", Decimal("33.34")), FeeLine("d", "invoice", Decimal("33.33")),
    ]


@pytest.mark.parametrize("amount", ["-1", "0.001", "NaN", "Infinity", "1e13"])
def test_an_amount_that_is_none_is_refused(amount: str) -> None:
    with refused(FeeCode.AMOUNT):
        split(Decimal(amount), ["a"])


def test_somebody_must_pay_and_once_only() -> None:
    with refused(FeeCode.NOBODY):
        split(Decimal(1), [])
    with refused(FeeCode.DOUBLED):
        split(Decimal(1), ["a", "a"])
