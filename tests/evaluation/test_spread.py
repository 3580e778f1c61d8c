"""The spread of signed scores, worked out by hand."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.spread import item_spreads, mean_of, seat_spreads, totals

D = Decimal
#: Two vendors, two keys, three seats. Totals: vendor 1: 10, 13, 13; vendor 2: 6, 7, 11.
TABLE = {
    1: {"a": {1: D(4), 2: D(4), 3: D(4)}, "b": {1: D(6), 2: D(9), 3: D(9)}},
    2: {"a": {1: D(0), 2: D(0), 3: D(0)}, "b": {1: D(6), 2: D(7), 3: D(11)}},
}


def test_the_totals_are_per_vendor_and_seat() -> None:
    assert totals(TABLE) == {1: {1: D(10), 2: D(13), 3: D(13)}, 2: {1: D(6), 2: D(7), 3: D(11)}}


def test_an_item_shows_its_range_and_where_it_is_widest() -> None:
    agreed, apart = item_spreads(TABLE, ["a", "b", "nobody"])
    assert (agreed.key, agreed.mean, agreed.mean_range, agreed.widest, agreed.widest_vendor) == (
        "a", D("2.00"), D("0.00"), D(0), None,
    )
    assert (apart.lowest, apart.highest, apart.mean) == (D(6), D(11), D("8.00"))
    assert (apart.mean_range, apart.widest, apart.widest_vendor) == (D("4.00"), D(5), 2)


def test_a_severe_and_a_lenient_expert_are_told_in_points() -> None:
    severe, middle, lenient = seat_spreads(TABLE, [1, 2, 3], ["a", "b"])
    # Means of the panel are 12 and 8: seat 1 is 2 below twice, seat 2 is 1 above and 1 below, seat 3 1 and 3 above.
    assert (severe.deviation, severe.distance, severe.mean) == (D("-2.00"), D("2.00"), D("8.00"))
    assert (middle.deviation, middle.distance) == (D("0.00"), D("1.00"))
    assert (lenient.deviation, lenient.distance) == (D("2.00"), D("2.00"))
    assert severe.by_key == {"a": D("0.00"), "b": D("-2.00")}
    assert not str(middle.deviation).startswith("-")


def test_nothing_is_no_mean_and_an_absent_seat_is_left_out() -> None:
    with pytest.raises(ValueError, match="no values"):
        mean_of([])
    assert [row.seat for row in seat_spreads(TABLE, [9, 2], ["a"])] == [2]
    assert item_spreads({}, ["a"]) == []


@given(
    st.dictionaries(
        st.integers(1, 9),
        st.lists(st.integers(0, 40), min_size=3, max_size=3),
        min_size=1,
        max_size=6,
    )
)
def test_deviations_cancel_out_and_no_order_matters(rows: dict[int, list[int]]) -> None:
    table = {
        vendor: {"a": {seat: Decimal(value) / 2 for seat, value in enumerate(values, 1)}}
        for vendor, values in rows.items()
    }
    found = seat_spreads(table, [1, 2, 3], ["a"])
    # Each is rounded by at most half a hundredth.
    assert abs(sum((row.deviation for row in found), D(0))) <= D("0.015")
    turned = {
        vendor: {"a": dict(reversed(list(table[vendor]["a"].items())))} for vendor in reversed(list(table))
    }
    assert seat_spreads(turned, [1, 2, 3], ["a"]) == found
    assert item_spreads(turned, ["a"]) == item_spreads(table, ["a"])
    assert all(row.distance >= abs(row.deviation) for row in found)
    assert isinstance(mean_of([D(1)]), Fraction)
