"""The plan as the checks see it: whatever is missing or of the wrong type is simply not there.

What has the wrong type is the structure's finding; a check must neither stumble over it nor repeat it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any

from evaluation import plan_paths as paths

Entry = Mapping[str, Any]
_PLAIN = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")
#: Keys whose text belongs to the entry that holds it: a finding names the entry.
_OWN_TEXT = ("text", "standard", "evidence", "title", "name", "note")


@dataclass(frozen=True)
class Line:
    """A line of the scoring table that takes points: a sub-item, or an item without any."""

    place: str
    entry: Entry
    item: Entry
    objective: bool

    @property
    def name(self) -> str:
        key, title = str(self.entry.get("id") or self.entry.get("no") or ""), str(self.item.get("name") or "")
        return f"{key}“{title}”" if self.entry is self.item else f"{key}"

    @property
    def text(self) -> str:
        return "".join(part for key in ("standard", "text") if isinstance(part := self.entry.get(key), str))


@dataclass(frozen=True)
class Subject:
    """A plan (as filed or in force) and the working-day calendar."""

    data: Mapping[str, Any]
    is_workday: Callable[[date], bool]

    def get(self, path: str) -> Any:
        """What stands at a path; None if nothing does."""
        return paths.get(self.data, path)

    def table(self, path: str) -> Entry:
        value = self.get(path)
        return value if isinstance(value, Mapping) else {}

    def text(self, path: str) -> str:
        value = self.get(path)
        return value if isinstance(value, str) else ""

    def whole(self, path: str) -> int | None:
        value = self.get(path)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def day(self, path: str) -> date | None:
        value = self.get(path)
        return value if isinstance(value, date) and not isinstance(value, datetime) else None

    def entries(self, path: str) -> list[tuple[str, Entry]]:
        """The tables of a list with their places."""
        value = self.get(path)
        if not isinstance(value, list):
            return []
        return [
            (f"{path}.{paths.key_of(entry, position)}", entry)
            for position, entry in enumerate(value, 1)
            if isinstance(entry, Mapping)
        ]

    @cached_property
    def lines(self) -> list[Line]:
        """All lines of the scoring table that take points."""
        found = []
        for place, item in self.entries("evaluation.scoring.items"):
            objective = item.get("kind") == "objective"
            parts = self.entries(f"{place}.subitems")
            for where, entry in parts or [(place, item)]:
                found.append(Line(where, entry, item, objective))
        return found

    @cached_property
    def all_texts(self) -> list[tuple[str, str]]:
        """Every text of the plan's own sections with its place; supplements are no part of them."""
        return [
            (place, text)
            for place, text in paths.texts({key: part for key, part in self.data.items() if key != "supplements"})
            if len(text) > 1
        ]

    def texts_under(self, *roots: str) -> Iterator[tuple[str, str]]:
        """The texts at or below any of the places."""
        for place, text in self.all_texts:
            if any(place == root or place.startswith(f"{root}.") for root in roots):
                yield place, text


def number(value: Any) -> Decimal | None:
    """Points as a plan writes them; None for what is no plain number."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | Decimal):
        return Decimal(value)
    if isinstance(value, str) and _PLAIN.fullmatch(value):
        try:
            return Decimal(value)
        except InvalidOperation:
            return None
    return None


def plain(value: Decimal) -> str:
    """A number without an exponent or needless zeros."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def entry_of(place: str) -> str:
    """The entry that a text belongs to: `responses.rules.1.text` → `responses.rules.1`."""
    head, _, last = place.rpartition(".")
    return head if head and last in _OWN_TEXT else place
