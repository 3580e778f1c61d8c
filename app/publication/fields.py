"""The plan editor's inputs: made from the plan's own content and the shape a plan has, section by section.

A plan with other items, weights or sections needs no other code. What the file does not say can be filled
in where the shape knows it; what the shape does not know is shown by what it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from app import plan as plans
from app.plan.structure import PLAN, Entries, Table, Value
from app.publication.places import key_word, value_word
from app.wording import LABELS
from evaluation.plan_paths import key_of

#: Sections of the editor: the places that each shows. What stands in none of them is under "other".
SECTIONS: dict[str, tuple[str, ...]] = {
    "notice": ("name", "title", "publication"),
    "schedule": ("publication.schedule",),
    "fees": ("publication.fees", "evaluation.fees"),
    "contents": ("responses",),
    "template": ("responses.template", "responses.annexes"),
    "panel": ("evaluation.panel",),
    "qualification": ("evaluation.qualification",),
    "scoring": ("evaluation.scoring",),
    "ranking": ("evaluation.ranking", "evaluation.award", "evaluation.objections"),
    "onboarding": ("onboarding",),
    "requirements": ("onboarding.requirements",),
    "duties": ("onboarding.duties",),
    "other": ("",),
}
ROOTS = {root for roots in SECTIONS.values() for root in roots if root}
#: The file's own matters, and what has a page of its own.
UNSHOWN = {"schema", "supplements"}
LONG_KEYS = {"text", "overview", "goals", "standard", "evidence", "cover", "service", "note"}
INPUTS = {"day": "date", "whole": "number", "flag": "flag", "choice": "choice", "texts": "lines", "hour": "hour"}


@dataclass
class Field:
    """One input. `kind`: line, text, number, points, flag, date, hour, choice, lines (a list, one a line),
    steps (a list of choices in an order)."""

    path: str
    label: str
    kind: str
    value: Any
    required: bool = False
    choices: tuple[str, ...] = ()
    findings: list[Any] = field(default_factory=list)
    overridden: str = ""
    error: str = ""
    typed: str | None = None

    @property
    def absent(self) -> bool:
        """True where the file says nothing."""
        return self.value is None

    @property
    def shown(self) -> str:
        """The text in the input: what was typed last, else the value."""
        if self.typed is not None:
            return self.typed
        if self.value is None:
            return ""
        if isinstance(self.value, list):
            return "\n".join(str(entry) for entry in self.value)
        return self.value.isoformat() if isinstance(self.value, date) else str(self.value)

    @property
    def options(self) -> list[tuple[str, str]]:
        """What can be chosen, with its words; nothing at all where the shape allows that."""
        words = LABELS["plan_choice"]
        values = list(self.choices)
        if isinstance(self.value, str) and self.value not in values:
            values.append(self.value)
        free = [] if self.required and not self.absent else [("", "未写明")]
        return [*free, *((value, words.get(value, value)) for value in values)]


@dataclass
class Group:
    """A table or a list of the plan: inputs, inner groups, whether entries can be added or taken out."""

    path: str
    title: str
    level: int
    fields: list[Field] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    findings: list[Any] = field(default_factory=list)
    is_list: bool = False
    is_entry: bool = False

    def everything(self) -> Iterator[Field]:
        """All inputs of the group and of those within it."""
        yield from self.fields
        for group in self.groups:
            yield from group.everything()

    def all_groups(self) -> Iterator[Group]:
        """The group and those within it."""
        yield self
        for group in self.groups:
            yield from group.all_groups()


def section_of(path: str) -> str:
    """The editor's section that shows a place."""
    if path.split(".")[0] == "supplements":
        return "supplements"
    best, found = 0, "other"
    for name, roots in SECTIONS.items():
        for root in roots:
            if root and (path == root or path.startswith(f"{root}.")) and len(root) > best:
                best, found = len(root), name
    return found


def shape_at(path: str) -> Any:
    """The shape of a place whose way goes through tables only, or through the lists' entries; else None."""
    here: Any = PLAN
    for part in path.split(".") if path else []:
        keys = getattr(here, "keys", None)
        if keys is None:
            return None
        if part in keys:
            here = keys[part]
        elif not isinstance(here, Entries):
            return None
    return here


def build(plan: Mapping[str, Any], section: str, findings: list[Any], *, in_force: bool = False) -> list[Group]:
    """The groups of one section, each with the findings that concern it.

    `in_force` is for a plan with its supplements applied: they are then no news beside an input.
    """
    groups: list[Group] = []
    loose = Group("", LABELS["plan_section"][section], 1)
    for root in SECTIONS[section]:
        value, shape = (plans.get_value(plan, root), shape_at(root)) if root else (plan, PLAN)
        if isinstance(shape, Value) or not isinstance(value, Mapping | list | None):
            loose.fields.append(_field(root, value, shape))
        elif isinstance(shape, Entries) or isinstance(value, list):
            groups.append(_list(root, value or [], shape, 1))
        else:
            title = "" if root else LABELS["plan_section"][section]
            groups.append(_table(root, value or {}, shape, 1, title=title))
    groups = [group for group in (loose, *groups) if group.is_list or any(group.everything()) or group.groups]
    _attach(groups, [finding for finding in findings if section_of(finding.place) == section])
    if not in_force:
        _override(plan, groups)
    return groups


def build_supplement(entry: Mapping[str, Any], name: str) -> Group:
    """The inputs of one supplement: its words and the values that it gives."""
    shown = {key: value for key, value in entry.items() if key in ("title", "text", "values")}
    return _table(f"supplements.{name}", shown, None, 1, title=str(entry.get("title") or name))


def _table(
    path: str, data: Mapping[str, Any], shape: Any, level: int, *, title: str = "", is_entry: bool = False
) -> Group:
    group = Group(path, title or key_word(path), level, is_entry=is_entry)
    known = shape.keys if isinstance(shape, Table | Entries) else {}
    for key in [*data, *(key for key in known if key not in data)]:
        place = f"{path}.{key}" if path else str(key)
        if place in ROOTS or place in UNSHOWN:
            continue
        value, inner = data.get(key), known.get(key)
        if not path and any(root.startswith(f"{place}.") for root in ROOTS) and isinstance(inner, Table):
            # Under "other" only what its sections leave over.
            left = _table(place, value if isinstance(value, Mapping) else {}, inner, level + 1)
            if left.fields or left.groups:
                group.groups.append(left)
        elif isinstance(value, Mapping) or (value is None and isinstance(inner, Table)):
            group.groups.append(_table(place, value or {}, inner, level + 1))
        elif isinstance(inner, Entries) or _is_list_of_tables(value):
            group.groups.append(_list(place, value if isinstance(value, list) else [], inner, level + 1))
        else:
            group.fields.append(_field(place, value, inner))
    return group


def _is_list_of_tables(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(entry, Mapping) for entry in value)


def _list(path: str, entries: list[Any], shape: Any, level: int) -> Group:
    group = Group(path, key_word(path), level, is_list=True)
    for position, entry in enumerate(entries, 1):
        if isinstance(entry, Mapping):
            name = key_of(entry, position)
            words = str(entry.get("title") or entry.get("name") or "")
            title = f"第 {name} 项{' ' + words if words else ''}"
            group.groups.append(_table(f"{path}.{name}", entry, shape, level + 1, title=title, is_entry=True))
    return group


def _field(path: str, value: Any, shape: Any) -> Field:
    kind = INPUTS.get(shape.kind, shape.kind) if isinstance(shape, Value) else ""
    if kind in ("", "any", "text", "key"):
        kind = _kind(path, value)
    choices = shape.choices if isinstance(shape, Value) else ()
    if kind == "lines" and choices:
        kind = "steps"
    required = isinstance(shape, Value) and shape.required
    return Field(path, key_word(path), kind, value, required=required, choices=choices)


def _kind(path: str, value: Any) -> str:
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, int):
        return "number"
    if isinstance(value, date):
        return "date"
    if isinstance(value, list):
        return "lines"
    text = str(value or "")
    return "text" if len(text) > 40 or "\n" in text or path.rsplit(".", 1)[-1] in LONG_KEYS else "line"


def _attach(groups: list[Group], findings: list[Any]) -> None:
    """Put each finding beside the input it names, or at the narrowest group around its place."""
    inputs = {one.path: one for group in groups for one in group.everything()}
    tables = [inner for group in groups for inner in group.all_groups()]
    for finding in findings:
        target: Any = inputs.get(finding.place)
        if target is None:
            around = [
                group
                for group in tables
                if not group.path or finding.place == group.path or finding.place.startswith(f"{group.path}.")
            ]
            target = max(around, key=lambda group: len(group.path), default=groups[0] if groups else None)
        if target is not None:
            target.findings.append(finding)


def _override(plan: Mapping[str, Any], groups: list[Group]) -> None:
    """Say at an input that a supplement gives the place another value."""
    inputs = {one.path: one for group in groups for one in group.everything()}
    for entry in plans.supplements(plan):
        for row in entry.get("values") or []:
            if isinstance(row, Mapping) and (one := inputs.get(str(row.get("path")))) is not None:
                words = value_word(row.get("value"))
                if "replace" in row:
                    words = f"“{row['replace']}”改为“{words}”"
                state = "" if entry.get("confirmed") is True else "（待确认）"
                one.overridden = f"补充说明{state}：{words}"


def blank_entry(path: str, entries: list[Any]) -> dict[str, Any]:
    """A new entry for a list: the keys that its shape asks for, and the next number."""
    shape = shape_at(path)
    if not isinstance(shape, Entries):
        return {"title": "", "text": ""}
    fresh: dict[str, Any] = {}
    last = entries[-1] if entries and isinstance(entries[-1], Mapping) else {}
    for key, inner in shape.keys.items():
        if not isinstance(inner, Value):
            continue
        if key == shape.key:
            fresh[key] = _next(str(last.get(key, "")), path)
        elif inner.kind == "choice" and (inner.required or key in last):
            fresh[key] = last.get(key) or inner.choices[0]
        elif key == "group" and key in last:
            fresh[key] = last[key]
        elif inner.kind == "points" and inner.required:
            fresh[key] = "0"
        elif inner.required or key in ("text", "required"):
            fresh[key] = True if inner.kind == "flag" else ""
    return fresh


def _next(last: str, path: str) -> str:
    """The number after the last entry's: 7 → 8, 5.4 → 5.5; the first of an item's parts is <item>.1."""
    head, dot, tail = last.rpartition(".")
    if tail.isdigit():
        return f"{head}{dot}{int(tail) + 1}"
    outer = path.rsplit(".", 2)
    return f"{outer[-2]}.1" if not last and outer[-2].isdigit() and outer[-1] in ("subitems", "parts") else "1"
