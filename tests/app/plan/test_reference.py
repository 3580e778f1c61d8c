"""The reference of the plan file names every key and every finding, with its severity."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from app.plan.lint import BLOCKING
from app.plan.structure import PLAN, Entries, Table
from app.wording import LABELS
from app.wording.plan_findings import FINDINGS

TEXT = (Path(__file__).parents[3] / "docs/plan-file.md").read_text(encoding="utf-8")


def _keys(shape: Table | Entries, place: str = "") -> Iterator[str]:
    for key, inner in shape.keys.items():
        here = f"{place}.{key}" if place else key
        yield here
        if isinstance(inner, Table | Entries):
            yield from _keys(inner, here)


def test_every_key_of_the_file_is_explained() -> None:
    named = {part for words in re.findall(r"`([^`]+)`", TEXT) for part in re.split(r"[.\[\] ]+", words)}
    assert [place for place in _keys(PLAN) if place.rsplit(".", 1)[-1] not in named] == []


def test_every_key_of_the_file_has_a_word_for_the_editor() -> None:
    words = LABELS["plan_key"]
    assert [place for place in _keys(PLAN) if place not in words and place.rsplit(".", 1)[-1] not in words] == []


def test_every_finding_is_listed_with_its_severity() -> None:
    listed = dict(re.findall(r"^\| `(\w+)` \| (必须|提醒) \|", TEXT, re.M))
    assert listed == {code: "必须" if code in BLOCKING else "提醒" for code in FINDINGS}
