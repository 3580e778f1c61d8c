"""Unified social credit codes: the standard's example, every single error, every neighbour swap."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.credit import (
    ALPHABET,
    CreditCode,
    CreditRefused,
    check_character,
    make_sample,
    normalise,
    parse,
)

#: The example of GB 32100-2015.
EXAMPLE = "91350100M000100Y43"
FIRST17 = st.tuples(
    st.text(ALPHABET, min_size=2, max_size=2), st.text("0123456789", min_size=6, max_size=6),
    st.text(ALPHABET, min_size=9, max_size=9),
).map("".join)


def refused(code: CreditCode) -> Any:
    return pytest.raises(CreditRefused, match=code.value)


def test_the_example_of_the_standard() -> None:
    code = parse(EXAMPLE)
    assert (code.authority, code.category, code.region, code.organisation) == ("9", "1", "350100", "M000100Y4")


@given(FIRST17)
def test_a_sample_is_a_valid_code(first17: str) -> None:
    assert parse(make_sample(first17)).text[:17] == first17


@given(FIRST17, st.integers(0, 17), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_found(first17: str, place: int, sign: str) -> None:
    code = make_sample(first17)
    if code[place] != sign:
        with pytest.raises(CreditRefused):
            parse(code[:place] + sign + code[place + 1 :])


@given(FIRST17, st.integers(0, 15))
def test_two_neighbours_exchanged_are_found(first17: str, place: int) -> None:
    code = make_sample(first17)
    if code[place] != code[place + 1]:
        with pytest.raises(CreditRefused):
            parse(code[:place] + code[place + 1] + code[place] + code[place + 2 :])


@given(st.text(max_size=25))
def test_any_text_is_a_code_or_a_refusal(text: str) -> None:
    try:
        assert check_character(parse(text).text[:17]) == normalise(text)[-1]
    except CreditRefused:
        pass


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", CreditCode.LENGTH), (EXAMPLE[:-1], CreditCode.LENGTH), (EXAMPLE + "0", CreditCode.LENGTH),
        ("9135010OM000100Y43", CreditCode.CHARACTER), ("91A50100M000100Y43", CreditCode.REGION),
        ("91350100M000100Y44", CreditCode.CHECK), ("9135010０M000100Y4中", CreditCode.CHARACTER),
    ],
)
def test_what_is_wrong_is_named(text: str, code: CreditCode) -> None:
    with refused(code):
        parse(text)


def test_typing_habits_make_no_difference() -> None:
    assert parse(" ９1350100-m000100y43\n").text == EXAMPLE


def test_a_sample_needs_seventeen_good_characters() -> None:
    with refused(CreditCode.LENGTH):
        make_sample("91")
    with refused(CreditCode.CHARACTER):
        make_sample("I" * 17)
