"""The plan editor's forms: made from what the plan holds, so that a plan with other items needs no other code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from app import plan as plans
from app.plan.paths import key_of
from app.publication.places import key_word
from app.wording import LABELS

MAX_TEXT = 20_000
#: Sections of the editor: key, and the places that it shows. A place that is named nowhere is under "other".
SECTIONS: dict[str, tuple[str, ...]] = {
    "notice": ("name", "title", "publication"),
    "schedule": ("publication.schedule",),
    "fees": ("publication.fees", "evaluation.fees"),
    "contents": ("responses",),
    "template": ("responses.template", "responses.annexes"),
    "panel": ("evaluation.panel",),
    "qualification": ("evaluation.qualification",),
    "scoring": ("evaluation.scoring",),
    "ranking": ("evaluation.ranking", "evaluation.objections"),
    "onboarding": ("onboarding",),
    "requirements": ("onboarding.requirements",),
    "duties": ("onboarding.duties",),
    "other": ("",),
}
ROOTS = {root for roots in SECTIONS.values() for root in roots if root}
#: What can be filled in where the file says nothing: place (with * for an entry) → key → kind.
OPTIONAL: dict[str, dict[str, str]] = {
    "publication.schedule": {"closing_time": "line"},
    "publication.fees": {"price_list": "text", "distribution": "text"},
    "evaluation.scoring": {"step": "line"},
    "evaluation.scoring.items.*": {"rule": "choice", "per": "line"},
    "evaluation.scoring.items.*.subitems.*": {"points": "line", "rule": "choice", "per": "line"},
}
#: Keys whose values are a choice, by the place without its numbers.
CHOICES: dict[str, tuple[str, ...]] = {
    "evaluation.scoring.items.kind": ("objective", "subjective"),
    "evaluation.scoring.items.rule": ("range", "full_or_zero", "elements", "count"),
    "evaluation.scoring.items.subitems.rule": ("range", "full_or_zero", "elements", "count"),
    "responses.copies.prevails": ("paper", "electronic"),
    "onboarding.requirements.items.evidence": ("evidence", "run"),
    "onboarding.golive.service_from": ("contract", "promotion_end"),
    "evaluation.fees.payer": ("selected", "organiser"),
}
_ENTRY = re.compile(r"\.\*")


@dataclass
class Field:
    """One input. `kind`: line, text, number, flag, date, choice, lines (a list, one a line)."""

    path: str
    label: str
    kind: str
    value: Any
    optional: bool = False
    options: list[tuple[str, str]] = field(default_factory=list)
    findings: list[Any] = field(default_factory=list)
    overridden: str = ""
    error: str = ""
    typed: str | None = None

    @property
    def shown(self) -> str:
        """The text in the input: what was typed last, else the value."""
        if self.typed is not None:
            return self.typed
        if self.value is None:
            return ""
        if isinstance(self.value, list):
            return "\n".join(str(entry) for entry in self.value)
        if isinstance(self.value, date):
            return self.value.isoformat()
        return str(self.value)


@dataclass
class Group:
    """A table or a list of the plan: fields, inner groups, whether entries can be added or taken out."""

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


def section_of(path: str) -> str:
    """The editor's section that shows a place."""
    if path.split(".")[0] == "supplements":
        return "supplements"
    best, found = -1, "other"
    for name, roots in SECTIONS.items():
        for root in roots:
            if root and (path == root or path.startswith(f"{root}.")) and len(root) > best:
                best, found = len(root), name
    return found


def build(plan: Mapping[str, Any], section: str, findings: list[Any], *, in_force: bool = False) -> list[Group]:
    """The groups of one section, each with the findings that concern it.

    `in_force` is for a plan with its supplements applied: they are then no news beside an input.
    """
    groups = []
    for root in SECTIONS[section]:
        value = plans.get_value(plan, root) if root else plan
        if isinstance(value, Mapping):
            groups.append(_table(root, value, 1, title=LABELS["plan_section"][section] if not root else ""))
        elif isinstance(value, list):
            groups.append(_list(root, value, 1))
        elif value is not None:
            groups.append(Group(root, key_word(root), 1, fields=[_field(root, value)]))
    groups = [group for group in groups if any(group.everything()) or group.is_list]
    _attach(groups, [finding for finding in findings if section_of(finding.place) == section])
    if not in_force:
        _override(plan, groups)
    return groups


def build_supplement(entry: Mapping[str, Any], name: str) -> Group:
    """The inputs of one supplement: its words and the values that it gives."""
    shown = {key: value for key, value in entry.items() if key not in ("id", "no", "confirmed", "finding", "place")}
    return _table(f"supplements.{name}", shown, 1, title=str(entry.get("title") or name))


def _table(path: str, data: Mapping[str, Any], level: int, *, title: str = "", is_entry: bool = False) -> Group:
    group = Group(path, title or key_word(path), level, is_entry=is_entry)
    for key, value in data.items():
        place = f"{path}.{key}" if path else str(key)
        if place in ROOTS or place == "supplements" or place == "schema":
            continue
        if isinstance(value, Mapping):
            group.groups.append(_table(place, value, level + 1))
        elif isinstance(value, list) and any(isinstance(entry, Mapping) for entry in value):
            group.groups.append(_list(place, value, level + 1))
        else:
            group.fields.append(_field(place, value))
    for key, kind in _optional(path).items():
        if key not in data:
            group.fields.append(_field(f"{path}.{key}", None, kind=kind))
    return group


def _list(path: str, entries: list[Any], level: int) -> Group:
    group = Group(path, key_word(path), level, is_list=True)
    for position, entry in enumerate(entries, 1):
        if isinstance(entry, Mapping):
            name = key_of(entry, position)
            words = str(entry.get("title") or entry.get("name") or "")
            title = f"第 {name} 项{' ' + words if words else ''}"
            group.groups.append(_table(f"{path}.{name}", entry, level + 1, title=title, is_entry=True))
    return group


def bare(path: str) -> str:
    """A place without the numbers of entries; `5.3` counts as one."""
    return ".".join(part for part in path.split(".") if not part.isdigit())


def _optional(path: str) -> dict[str, str]:
    for pattern, keys in OPTIONAL.items():
        # An entry of a list is named by its own number, which may hold a point.
        if re.fullmatch(_ENTRY.sub(r"\\.[0-9.]+", pattern.replace(".", r"\.").replace(r"\.*", ".*")), path):
            return keys
    return {}


def _field(path: str, value: Any, *, kind: str = "") -> Field:
    found = Field(path, key_word(path), kind or _kind(path, value), value, optional=value is None)
    if choices := CHOICES.get(bare(path)):
        found.kind = "choice"
        words = LABELS["plan_choice"]
        values = list(choices) if value is None or value in choices else [*choices, str(value)]
        found.options = [(choice, words.get(choice, choice)) for choice in values]
        if found.optional:
            found.options = [("", "未写明"), *found.options]
    return found


def _kind(path: str, value: Any) -> str:
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, int):
        return "number"
    if isinstance(value, date):
        return "date"
    if isinstance(value, list):
        return "lines"
    text = str(value)
    long_names = ("text", "overview", "goals", "standard", "evidence", "cover")
    return "text" if len(text) > 40 or "\n" in text or path.rsplit(".", 1)[-1] in long_names else "line"


def _attach(groups: list[Group], findings: list[Any]) -> None:
    """Put each finding beside the input it names, or at the narrowest group around its place."""
    for finding in findings:
        target: Any = groups[0] if groups else None
        depth = -1
        for group in _all(groups):
            inside = finding.place == group.path or finding.place.startswith(f"{group.path}.")
            if inside and len(group.path) > depth:
                target, depth = group, len(group.path)
            for one in group.fields:
                if finding.place == one.path:
                    target, depth = one, 10_000
        if target is not None:
            target.findings.append(finding)


def _all(groups: list[Group]) -> Iterator[Group]:
    for group in groups:
        yield group
        yield from _all(group.groups)


def _override(plan: Mapping[str, Any], groups: list[Group]) -> None:
    """Say at an input that a supplement gives the place another value."""
    rows = [
        (row, entry)
        for entry in plans.supplements(plan)
        for row in entry.get("values") or []
        if isinstance(row, Mapping) and isinstance(row.get("path"), str)
    ]
    for group in groups:
        for one in group.everything():
            for row, entry in rows:
                if row["path"] == one.path:
                    words = f"“{row['replace']}”改为“{row.get('value')}”" if "replace" in row else f"{row.get('value')}"
                    state = "" if entry.get("confirmed") is True else "（待确认）"
                    one.overridden = f"补充说明{state}：{words}"


def read(form: Any, groups: list[Group]) -> dict[str, Any]:
    """The values that the form changes, by place. What can't be read is said at the input (`error`)."""
    changed: dict[str, Any] = {}
    for one in (found for group in groups for found in group.everything()):
        name = f"f:{one.path}"
        if one.kind == "flag":
            if f"b:{one.path}" in form and (name in form) is not one.value:
                changed[one.path] = name in form
            continue
        if name not in form:
            continue
        one.typed = str(form[name]).replace("\r\n", "\n")
        text = one.typed if one.kind in ("text", "lines") else one.typed.strip()
        if one.optional and not text.strip():
            continue
        value = _parsed(one, text)
        if not one.error and value != one.value and not _same(one.value, value):
            changed[one.path] = value
    return changed


def _same(before: Any, after: Any) -> bool:
    # A text of several lines ends with or without a line break: the same text.
    return isinstance(before, str) and isinstance(after, str) and before.strip("\n") == after.strip("\n")


def _parsed(one: Field, text: str) -> Any:
    if len(text) > MAX_TEXT:
        one.error = f"最多 {MAX_TEXT} 个字。"
    elif one.kind == "number":
        if not re.fullmatch(r"[0-9]{1,6}", text):
            one.error = "请填写整数。"
            return None
        return int(text)
    elif one.kind == "date":
        try:
            return date.fromisoformat(text)
        except ValueError:
            one.error = "请填写日期，例如 2023-07-07。"
    elif one.kind == "lines":
        return [line.strip() for line in text.splitlines() if line.strip()]
    elif one.kind == "choice" and text not in {value for value, _word in one.options}:
        one.error = "请从列出的选项中选择。"
    elif one.path.rsplit(".", 1)[-1] in ("points", "step", "per", "total"):
        try:
            if not 0 <= Decimal(text) <= 10_000:
                raise InvalidOperation
        except InvalidOperation:
            one.error = "请填写不小于 0 的数字。"
    return text


def blank_like(entries: list[Any]) -> dict[str, Any]:
    """A new entry for a list: the keys of its last one, texts empty, with the next number."""
    last = entries[-1] if entries and isinstance(entries[-1], Mapping) else {}
    fresh: dict[str, Any] = {}
    for key, value in last.items():
        if key in ("no", "id"):
            head, dot, tail = str(value).rpartition(".")
            fresh[key] = f"{head}{dot}{int(tail) + 1}" if tail.isdigit() else f"{value}-1"
        elif isinstance(value, bool):
            fresh[key] = value
        elif isinstance(value, str):
            fresh[key] = value if key in ("kind", "rule", "group", "evidence") and len(value) < 20 else ""
        elif isinstance(value, int):
            fresh[key] = value
    return fresh or {"title": "", "text": ""}
