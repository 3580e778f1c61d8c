"""Acceptance items of the plan: ids, groups, and what a change reopens."""

from __future__ import annotations

from typing import Any

import pytest

from onboarding.requirements import (
    Duty,
    RequirementCode,
    RequirementRefused,
    Requirements,
    duties_from_plan,
)

ITEMS: list[dict[str, Any]] = [
    {"id": "std.1", "group": "std", "title": "standards", "text": "by the standards", "source": "(1) 1"},
    {"id": "cert.5", "group": "cert", "title": "X.509", "text": "X.509 V3", "evidence": "run"},
    {"id": "std.2", "text": "a licence"},
]


def read(*items: dict[str, Any]) -> Requirements:
    return Requirements.from_plan({"items": list(items)})


def test_items_keep_the_plans_order_and_say_how_they_are_proved() -> None:
    requirements = read(*ITEMS)
    assert requirements.ids == ("std.1", "cert.5", "std.2")
    assert [item.sort for item in requirements.items] == [1, 2, 3]
    assert requirements.item("cert.5").proof == "run"
    assert requirements.item("std.1").proof == "evidence"
    assert requirements.item("std.2").title == "a licence"
    assert {group: [item.id for item in items] for group, items in requirements.groups.items()} == {
        "std": ["std.1", "std.2"], "cert": ["cert.5"],
    }


def test_a_changed_text_or_proof_reopens_and_a_new_title_does_not() -> None:
    before = read(*ITEMS)
    after = read(
        ITEMS[0] | {"title": "other"}, ITEMS[1] | {"evidence": "evidence"}, ITEMS[2] | {"text": "two licences"},
        {"id": "std.3", "text": "new"},
    )
    assert after.changed_since(before) == ("cert.5", "std.2", "std.3")
    assert before.changed_since(before) == ()


@pytest.mark.parametrize(
    ("items", "code"),
    [
        ([], RequirementCode.PLAN), (["std.1"], RequirementCode.PLAN), ([{"id": "std"}], RequirementCode.PLAN),
        ([{"id": "Std.1", "text": "x"}], RequirementCode.PLAN), ([{"id": 1, "text": "x"}], RequirementCode.PLAN),
        ([{"id": "std.1"}], RequirementCode.PLAN), ([{"id": "std.1", "text": " "}], RequirementCode.PLAN),
        ([{"id": "std.1", "text": "x", "group": "cert"}], RequirementCode.PLAN),
        ([{"id": "std.1", "text": "x", "evidence": "belief"}], RequirementCode.PLAN),
        ([ITEMS[0], ITEMS[0]], RequirementCode.DOUBLED),
    ],
)
def test_a_list_that_is_none_is_refused(items: list[Any], code: RequirementCode) -> None:
    with pytest.raises(RequirementRefused, match=code.value):
        read(*items)


def test_an_unknown_item_is_refused() -> None:
    with pytest.raises(RequirementRefused, match=RequirementCode.UNKNOWN.value):
        read(*ITEMS).item("std.9")


def test_duties_have_ids_of_their_own() -> None:
    assert duties_from_plan([{"id": "duty.1", "title": "team", "text": "kept"}]) == (Duty("duty.1", "team", "kept"),)
    for wrong in (None, [], [{"id": "duty.1"}]):
        with pytest.raises(RequirementRefused, match=RequirementCode.PLAN.value):
            duties_from_plan(wrong)
    with pytest.raises(RequirementRefused, match=RequirementCode.DOUBLED.value):
        duties_from_plan([{"id": "duty.1", "text": "a"}, {"id": "duty.1", "text": "b"}])
