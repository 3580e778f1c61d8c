"""Signs between vendors: what is one value, what is nobody's, what most of them share."""

from __future__ import annotations

import pytest

from evaluation.collusion import KINDS, Trait, fold, signs


@pytest.mark.parametrize(
    ("kind", "one", "other", "same"),
    [
        ("same_phone", "0898-6666 8888", "089866668888", True),
        ("same_phone", "+86 138 0000 0000", "13800000000", True),
        ("same_phone", "110", "110", False),
        ("same_email", "Sample@Example.invalid ", "sample@example.invalid", True),
        ("same_person", "样例 张三", "样例张三", True),
        ("same_person", "样例张三", "样例李四", False),
        ("same_address", "", "", False),
        ("same_author", "ＷＰＳ 用户甲", "wps用户甲", True),
        ("same_author", "Administrator", "administrator", False),
        ("same_tool", "Administrator", "administrator", True),
    ],
)
def test_values_are_compared_as_people_write_them(kind: str, one: str, other: str, same: bool) -> None:
    found = signs([Trait(1, kind, one, "a"), Trait(2, kind, other, "b")], 2, nobody=frozenset(["administrator"]))
    assert bool(found) == same
    if found:
        assert found[0].vendors == (1, 2)
        assert found[0].sources == ((1, "a"), (2, "b"))
        assert found[0].strength == KINDS[kind]


def test_twice_within_one_vendor_is_no_sign() -> None:
    assert signs([Trait(1, "same_file", "x", "a"), Trait(1, "same_file", "x", "b")], 2) == []


def test_what_most_of_the_vendors_share_is_left_out() -> None:
    traits = [Trait(number, "same_tool", "样例办公软件") for number in range(1, 7)]
    assert signs(traits, 6) == []
    assert signs(traits, 11) == []
    (found,) = signs(traits, 12)
    assert found.vendors == (1, 2, 3, 4, 5, 6)
    # Of few vendors all can be in it together.
    assert len(signs(traits[:3], 3)) == 1


def test_no_order_of_entry_matters_and_many_vendors_make_one_sign() -> None:
    traits = [Trait(number % 40, "same_phone", f"0898{number % 7:07d}") for number in range(280)]
    assert signs(traits, 100) == signs(traits[::-1], 100)
    assert len(signs([Trait(number, "same_email", "a@b.invalid") for number in range(400)], 1000)) == 1


def test_a_phone_is_its_digits() -> None:
    assert fold("same_phone", "（0898）1234567") == "08981234567"
