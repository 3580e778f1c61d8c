"""The plan's 招募需求 as acceptance items, and its recurring duties.

Every technical, service and security requirement has an id (`std.1`, `cert.5`) and says how it is proved: by
a test run, or by evidence that somebody other than its author accepts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any

from onboarding.errors import OnboardingError

_ID = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")
PROOFS = ("run", "evidence")


class RequirementCode(Enum):
    """Why the plan's requirements can't be read."""

    PLAN = "requirement_plan"
    DOUBLED = "requirement_doubled"
    UNKNOWN = "requirement_unknown"


class RequirementRefused(OnboardingError):
    """The section is no list of requirements; facts name the place or id."""


@dataclass(frozen=True)
class Item:
    """One acceptance item. `proof` is "run" or "evidence"; `source` is its place in the plan."""

    id: str
    group: str
    title: str
    text: str
    source: str
    proof: str
    sort: int


@dataclass(frozen=True)
class Duty:
    """A recurring duty of a selected vendor (入选服务商的责任和义务)."""

    id: str
    title: str
    text: str


@dataclass(frozen=True)
class Requirements:
    """[onboarding.requirements] of the plan, in the plan's order."""

    items: tuple[Item, ...]

    @classmethod
    def from_plan(cls, section: Mapping[str, Any]) -> Requirements:
        """Read the section; raises RequirementRefused with `place` or the doubled `id`."""
        items = []
        for sort, (place, entry) in enumerate(_entries(section.get("items"), "items"), 1):
            key = _id(entry, place)
            group = str(entry.get("group") or key.split(".")[0])
            proof = entry.get("evidence", "evidence")
            if not key.startswith(f"{group}."):
                raise RequirementRefused(RequirementCode.PLAN, place=f"{place}.group")
            if proof not in PROOFS:
                raise RequirementRefused(RequirementCode.PLAN, place=f"{place}.evidence")
            title, text = _words(entry, place)
            items.append(Item(key, group, title, text, str(entry.get("source", "")), proof, sort))
        _unique(item.id for item in items)
        return cls(tuple(items))

    @cached_property
    def _by_id(self) -> dict[str, Item]:
        return {item.id: item for item in self.items}

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """All ids in the plan's order."""
        return tuple(item.id for item in self.items)

    @cached_property
    def groups(self) -> dict[str, tuple[Item, ...]]:
        """Group → its items, groups in the order of their first item."""
        found: dict[str, tuple[Item, ...]] = {}
        for item in self.items:
            found[item.group] = (*found.get(item.group, ()), item)
        return found

    def item(self, key: str) -> Item:
        """One item; raises RequirementRefused(UNKNOWN)."""
        if key not in self._by_id:
            raise RequirementRefused(RequirementCode.UNKNOWN, id=key)
        return self._by_id[key]

    def changed_since(self, before: Requirements) -> tuple[str, ...]:
        """Ids that are new or ask for something else than before: what was accepted for them reopens."""
        return tuple(
            item.id
            for item in self.items
            if (old := before._by_id.get(item.id)) is None or (old.text, old.proof) != (item.text, item.proof)
        )


def duties_from_plan(entries: object) -> tuple[Duty, ...]:
    """[[onboarding.duties]] of the plan; raises RequirementRefused."""
    duties = tuple(
        Duty(_id(entry, place), *_words(entry, place)) for place, entry in _entries(entries, "duties")
    )
    _unique(duty.id for duty in duties)
    return duties


def _entries(value: object, place: str) -> list[tuple[str, Mapping[str, Any]]]:
    if not isinstance(value, list) or not value:
        raise RequirementRefused(RequirementCode.PLAN, place=place)
    for number, entry in enumerate(value):
        if not isinstance(entry, Mapping):
            raise RequirementRefused(RequirementCode.PLAN, place=f"{place}.{number}")
    return [(f"{place}.{entry.get('id', number)}", entry) for number, entry in enumerate(value)]


def _id(entry: Mapping[str, Any], place: str) -> str:
    key = entry.get("id")
    if not isinstance(key, str) or not _ID.fullmatch(key):
        raise RequirementRefused(RequirementCode.PLAN, place=f"{place}.id")
    return key


def _words(entry: Mapping[str, Any], place: str) -> tuple[str, str]:
    text = str(entry.get("text", "")).strip()
    title = str(entry.get("title", "")).strip() or text[:40]
    if not title:
        raise RequirementRefused(RequirementCode.PLAN, place=f"{place}.text")
    return title, text


def _unique(keys: Iterable[str]) -> None:
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            raise RequirementRefused(RequirementCode.DOUBLED, id=key)
        seen.add(key)
