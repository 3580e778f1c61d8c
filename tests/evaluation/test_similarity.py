"""Near-identical text: found, told where, not taken for what everybody has, and at a cost that doesn't square."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.similarity import (
    SHINGLE,
    SKETCH,
    Index,
    Occurrence,
    Shared,
    common_from,
    fold,
    likeness,
    passages,
    shingles,
    sketch,
)

LETTERS = "".join(chr(code) for code in range(0x4E00, 0x4E00 + 900))


def prose(length: int, seed: int) -> str:
    """Text that nobody else has."""
    return "".join(random.Random(seed).choices(LETTERS, k=length))


def compare(texts: list[str], template: str = "", least: int = 300) -> tuple[list[Shared], Index]:
    """Each text is one vendor's."""
    occurrence, index = Occurrence(16 if len(texts) < 50 else 20), Index()
    plan = set(shingles(fold(template)))
    common = common_from(len(texts))
    listed = [shingles(fold(text)) for text in texts]
    for owner, numbers in enumerate(listed, 1):
        occurrence.add(owner, numbers)
    for owner, numbers in enumerate(listed, 1):
        index.add(
            owner,
            owner,
            passages(numbers, lambda number: number in plan or occurrence(number) >= common),
        )
    return index.shared(len(texts), least=least), index


def test_a_copied_passage_is_found_wherever_it_stands() -> None:
    copied = prose(2000, 1)
    one = prose(3000, 2) + copied + prose(1000, 3)
    other = prose(411, 4) + copied + prose(2500, 5)
    (found,), _ = compare([one, prose(4000, 6), other])
    assert (found.one, found.other) == (1, 3)
    assert found.characters > 1500
    (first, second) = found.places[0]
    assert one[first[0] : first[0] + 100] == other[second[0] : second[0] + 100]
    assert one[first[0] : first[1]] in copied


def test_small_changes_do_not_hide_it_and_blanks_count_nowhere() -> None:
    copied = prose(3000, 1)
    changed = list(copied)
    for at in range(0, 3000, 90):
        changed[at] = "改"
    spaced = " ".join("".join(changed)) + "\n"
    (found,), _ = compare([copied, spaced])
    assert found.share > 0.5


def test_what_the_plan_or_most_of_the_vendors_say_counts_for_nothing() -> None:
    letter, custom = prose(1500, 1), prose(1500, 2)
    with_letter = [prose(800, seed) + letter for seed in range(10, 14)]
    assert len(compare(with_letter)[0]) == 6
    assert compare(with_letter, template=letter)[0] == []
    # Six of eight have the custom of the trade, two of eight have more in common.
    field = [prose(900, seed) + custom for seed in range(20, 26)] + [prose(900, 30), prose(900, 31)]
    assert compare(field)[0] == []
    secret = prose(700, 40)
    field[0] += secret
    field[7] += secret
    assert [(row.one, row.other) for row in compare(field)[0]] == [(1, 8)]


def test_short_and_strange_texts_give_nothing() -> None:
    assert list(shingles("短")) == []
    assert compare(["", "短", " \n\t ", "a" * 7])[0] == []
    assert compare([])[0] == []
    assert len(shingles("x" * 20)) == 20 - SHINGLE + 1
    assert len(shingles("\ud800" * 9)) == 2


def test_the_cost_grows_with_the_vendors_and_not_with_their_pairs() -> None:
    """Also where a ring copies from one another: 600 vendors, 40 of whom share a text."""
    shared = prose(900, 1)

    def field(vendors: int) -> list[str]:
        return [prose(700, 1000 + n) + (shared if n % 15 == 0 else "") for n in range(vendors)]

    small, few = compare(field(60))
    large, many = compare(field(600))
    assert len(small) == 6  # four copies, each with each
    assert len(large) == 39  # forty copies, each with the first
    assert many.compared < 20 * max(few.compared, 30)


@given(st.sets(st.integers(0, 2**32 - 1), min_size=40, max_size=300), st.randoms(use_true_random=False))
@settings(max_examples=30)
def test_a_sketch_knows_no_order_and_estimates_the_overlap(numbers: set[int], chance: random.Random) -> None:
    listed = sorted(numbers)
    turned = listed.copy()
    chance.shuffle(turned)
    assert sketch(listed) == sketch(turned)
    assert len(sketch(listed)) == SKETCH
    assert likeness(sketch(listed), sketch(turned)) == 1.0


def test_the_estimate_is_near_the_truth() -> None:
    chance = random.Random(7)
    near = []
    for _ in range(60):
        base = [chance.getrandbits(32) for _ in range(400)]
        half = base[:300] + [chance.getrandbits(32) for _ in range(100)]
        near.append(likeness(sketch(base), sketch(half)))
    # 300 of 500 in common.
    assert sum(near) / len(near) == pytest.approx(0.6, abs=0.06)


@given(st.permutations(range(4)))
@settings(max_examples=10, deadline=None)
def test_the_order_of_the_vendors_changes_nothing(order: list[int]) -> None:
    copied = prose(2500, 9)
    texts = [prose(500, 1) + copied, prose(600, 2), copied + prose(700, 3), prose(400, 4)]
    found = {frozenset((row.one - 1, row.other - 1)) for row in compare(texts)[0]}
    turned = {
        frozenset((order[row.one - 1], order[row.other - 1])) for row in compare([texts[at] for at in order])[0]
    }
    assert found == turned == {frozenset((0, 2))}
