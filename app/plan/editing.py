"""Changes to a plan file that keep its comments and order: the edited text is the next version's bytes."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Item

from app.plan.file import Plan, PlanError, load_plan
from app.wording.plan import EDITING
from evaluation import plan_paths as paths


def get_value(plan: Mapping[str, Any], path: str, default: Any = None) -> Any:
    """What stands at a path of a plan or of its effective data, e.g. `evaluation.ranking.quota`."""
    return paths.get(plan, path, default)


def set_value(plan: Plan, path: str, value: Any) -> Plan:
    """A new plan with one value changed or added; comments and order of the file stay.

    `value`: text, whole number, bool, date, list or dict of those (a Decimal is written as text).
    `path` may name a new key of a table, or the number of an entry to add behind a list's last. Raises
    PlanError `plan_place_unknown` or `plan_value_bad`.
    """
    return set_values(plan, [(path, value)])


def set_values(plan: Plan, changes: Iterable[tuple[str, Any]]) -> Plan:
    """Several values at once, in order."""
    document = _document(plan)
    # The data is what paths are read in: the document's own lists may differ from it in their types.
    data = load_plan(plan.raw)
    path = ""
    for path, value in changes:
        value = _plain(path, value)
        try:
            way = paths.steps(data, path)
            paths.put(data, path, value)
        except paths.NoSuchPlace:
            raise PlanError(path, EDITING["nothing"], code="plan_place_unknown") from None
        _write(document, way, path, value)
    return _dumped(document, data, path)


def _dumped(document: tomlkit.TOMLDocument, data: Plan, path: str) -> Plan:
    """The document as a plan, or PlanError: what it says must be what was meant to be written."""
    try:
        written = load_plan(tomlkit.dumps(document).encode("utf-8"))
    except (PlanError, TOMLKitError, AttributeError, TypeError, ValueError):
        written = None
    if written is None or written != data:
        raise PlanError(path, EDITING["shape"], code="plan_value_bad")
    return written


def remove(plan: Plan, path: str) -> Plan:
    """A new plan without what stands at a path. Raises PlanError `plan_place_unknown`."""
    if paths.get(plan, path) is None:
        raise PlanError(path, EDITING["nothing"], code="plan_place_unknown")
    way = paths.steps(plan, path)
    document, data = _document(plan), load_plan(plan.raw)
    for root in (document, data):
        here: Any = root
        for step in way[:-1]:
            here = here[step]
        del here[way[-1]]
    return _dumped(document, data, path)


def confirm_supplements(plan: Plan, ids: Iterable[str] | None = None) -> Plan:
    """A new plan whose supplements are confirmed: all of them, or those named."""
    chosen = None if ids is None else frozenset(ids)
    return load_plan(_confirmed(plan.raw, chosen))


@lru_cache(maxsize=16)
def _confirmed(raw: bytes, chosen: frozenset[str] | None) -> bytes:
    plan = load_plan(raw)
    listed = plan.get("supplements")
    entries = listed if isinstance(listed, list) else []
    changes = [
        (f"supplements.{paths.key_of(entry, position)}.confirmed", True)
        for position, entry in enumerate(entries, 1)
        if isinstance(entry, dict) and entry.get("confirmed") is not True
        and (chosen is None or paths.key_of(entry, position) in chosen)
    ]
    return set_values(plan, changes).raw if changes else raw


def _document(plan: Plan) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(plan.text)
    except TOMLKitError as error:
        raise PlanError(EDITING["file"], str(error)[:120]) from None


def _write(document: tomlkit.TOMLDocument, way: list[str | int], path: str, value: Any) -> None:
    wrong = PlanError(path, EDITING["shape"], code="plan_value_bad")
    here: Any = document
    for step, following in pairwise(way):
        if isinstance(here, dict) and step not in here:
            here[step] = tomlkit.aot() if following == "1" else tomlkit.table()
        here = here[step]
    last = way[-1]
    if isinstance(here, dict):
        here[str(last)] = _item(value, in_table=True)
        return
    if isinstance(here, AoT) and not isinstance(value, Mapping):
        raise wrong
    at = 0 if last == "1" else last
    entry = _item(value, in_table=isinstance(here, AoT))
    if at == len(here):
        here.append(entry)
    else:
        here[at] = entry


def _plain(path: str, value: Any) -> Any:
    """The value as a plan may hold it: no other types, no carriage returns."""
    if isinstance(value, str):
        value = value.replace("\r\n", "\n").replace("\r", "\n")
        if any(unicodedata.category(sign) in ("Cc", "Cs") and sign not in "\n\t" for sign in value):
            raise PlanError(path, EDITING["control"], code="plan_value_bad")
        return value
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bool | int | date | datetime | time):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(path, entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(path, entry) for entry in value]
    raise PlanError(path, EDITING["type"].format(kind=type(value).__name__), code="plan_value_bad")


def _item(value: Any, *, in_table: bool) -> Item:
    if isinstance(value, str):
        return tomlkit.string(value, multiline="\n" in value)
    if isinstance(value, Mapping):
        table: Any = tomlkit.table() if in_table else tomlkit.inline_table()
        for key, entry in value.items():
            table.append(key, _item(entry, in_table=in_table))
        return table  # type: ignore[no-any-return]
    if isinstance(value, list):
        if in_table and value and all(isinstance(entry, Mapping) for entry in value):
            tables = tomlkit.aot()
            for entry in value:
                tables.append(_item(entry, in_table=True))
            return tables
        array = tomlkit.array()
        for entry in value:
            array.append(_item(entry, in_table=False))
        return array.multiline(len(value) > 1 and any(isinstance(entry, Mapping) for entry in value))
    return tomlkit.item(value)


