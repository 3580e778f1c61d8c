"""What a plan file means: the plan in force, its frozen form, its instants, and what differs between two."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from app import clock
from app.audit import sm3_hex
from app.calendar import calendar
from app.plan.editing import set_values
from app.plan.file import Plan, PlanError
from app.wording.plan import EDITING, STRUCTURE
from evaluation import plan_paths as paths
from evaluation.plan_rules import PlanCode, PlanRulesRefused, apply_value, as_json
from onboarding.workdays import Calendar

#: The schedule's spans in their order: first and last day.
SPANS = (
    ("responses_open", "responses_close"),
    ("review_start", "review_end"),
    ("publicity_start", "publicity_end"),
)


def supplements(plan: Mapping[str, Any], *, confirmed: bool | None = None) -> list[dict[str, Any]]:
    """The plan's supplements (补充说明) in order; only confirmed or only draft ones where asked for."""
    listed = plan.get("supplements")
    entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    if confirmed is None:
        return entries
    return [entry for entry in entries if (entry.get("confirmed") is True) is confirmed]


def apply_supplements(plan: Mapping[str, Any], *, drafts: bool = False) -> dict[str, Any]:
    """The plan in force: the values of its confirmed supplements set, in the order they stand.

    `drafts` applies unconfirmed ones too, to see what confirming them would give. A value with `replace`
    changes only those words of a text. Raises PlanError with the supplement's value where a path leads
    nowhere, or the words to replace are not there.
    """
    data: dict[str, Any] = copy.deepcopy(dict(plan))
    for position, entry in enumerate(supplements(data), 1):
        if drafts or entry.get("confirmed") is True:
            apply_supplement(data, entry, position)
    return data


def apply_supplement(data: dict[str, Any], entry: Mapping[str, Any], position: int) -> None:
    """Set the values of one supplement in a plan's data, in place; see `apply_supplements`."""
    for number, change in enumerate(_changes(entry), 1):
        _apply(data, f"supplements.{paths.key_of(entry, position)}.values.{number}", change)


def _changes(entry: Mapping[str, Any]) -> list[Any]:
    values = entry.get("values")
    return values if isinstance(values, list) else []


_REFUSED = {
    PlanCode.SHAPE: ("", "supplement_value"),
    PlanCode.ITSELF: (".path", "supplement_itself"),
    PlanCode.REPLACE_TYPE: (".path", "replace_type"),
    PlanCode.REPLACE_MISSING: (".replace", "replace_missing"),
}


def _apply(data: dict[str, Any], place: str, change: Any) -> None:
    try:
        apply_value(data, change)
    except PlanRulesRefused as refused:
        if refused.code is PlanCode.PLACE:
            raise PlanError(f"{place}.path", EDITING["nothing"], code="plan_place_unknown") from None
        where, words = _REFUSED[refused.code]  # type: ignore[index]
        raise PlanError(f"{place}{where}", STRUCTURE[words].format(**refused.facts)) from None


def freeze(plan: Plan) -> tuple[bytes, str]:
    """The bytes that are published and their SM3 digest (64 hexadecimal digits)."""
    return plan.raw, sm3_hex(plan.raw)


@dataclass(frozen=True)
class Change:
    """One difference between two plans; None stands for absent."""

    path: str
    old: Any
    new: Any


def diff(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """What differs, leaf by leaf in the order of the older plan; values as JSON holds them."""
    return list(_differences(as_json(old), as_json(new), ""))


def _differences(old: Any, new: Any, place: str) -> list[Change]:
    if isinstance(old, dict) and isinstance(new, dict):
        pairs = [(key, old.get(key), new.get(key)) for key in [*old, *(key for key in new if key not in old)]]
    elif isinstance(old, list) and isinstance(new, list) and _keyed(old) and _keyed(new):
        before = {paths.key_of(entry, position): entry for position, entry in enumerate(old, 1)}
        after = {paths.key_of(entry, position): entry for position, entry in enumerate(new, 1)}
        names = [*before, *(key for key in after if key not in before)]
        pairs = [(key, before.get(key), after.get(key)) for key in names]
    else:
        return [] if old == new else [Change(place, old, new)]
    found = []
    for key, was, now in pairs:
        found += _differences(was, now, f"{place}.{key}" if place else str(key))
    return found


def _keyed(entries: list[Any]) -> bool:
    return bool(entries) and all(isinstance(entry, dict) for entry in entries)


@dataclass(frozen=True)
class Instants:
    """The schedule as aware UTC instants; None where the plan does not say."""

    opens_at: datetime | None
    closes_at: datetime | None
    publicity_starts_at: datetime | None
    publicity_ends_at: datetime | None


def closing_time(text: Any) -> time | None:
    """A closing hour such as "17:30"; None for anything else."""
    if isinstance(text, time):
        return text.replace(tzinfo=None)
    if not isinstance(text, str) or len(text) != 5 or not text.isascii():
        return None
    try:
        return time.fromisoformat(text)
    except ValueError:
        return None


def schedule_instants(plan: Mapping[str, Any]) -> Instants:
    """When responses open and close and publicity runs; give it the plan in force."""
    schedule = paths.get(plan, "publication.schedule") or {}

    def day(key: str) -> date | None:
        value = schedule.get(key)
        if isinstance(value, str):
            value = date.fromisoformat(value)
        return value if isinstance(value, date) and not isinstance(value, datetime) else None

    opens, closes, hour = day("responses_open"), day("responses_close"), closing_time(schedule.get("closing_time"))
    starts, ends = day("publicity_start"), day("publicity_end")
    return Instants(
        opens_at=clock.at(opens) if opens else None,
        closes_at=clock.at(closes, hour) if closes and hour else None,
        publicity_starts_at=clock.at(starts) if starts else None,
        publicity_ends_at=clock.end_of(ends) if ends else None,
    )


def shift_dates(plan: Plan, opens: date) -> Plan:
    """The plan with all its dates moved so that responses open on a day; comments and order stay.

    Offsets are calendar days, but the last day for responses falls on a working day, and the review and
    the publicity begin on working days after what precedes them and keep their numbers of working days.
    """
    schedule = plan.get("publication", {}).get("schedule", {})
    first = schedule.get("responses_open")
    if not isinstance(first, date):
        raise PlanError("publication.schedule.responses_open", STRUCTURE["date"])
    moved = _moved(schedule, opens - first, calendar()) if opens != first else {}
    changes = [(f"publication.schedule.{key}", day) for key, day in moved.items()]
    for position, entry in enumerate(supplements(plan), 1):
        for number, change in enumerate(_changes(entry), 1):
            value = change.get("value") if isinstance(change, dict) else None
            if type(value) is date and str(change.get("path", "")).startswith("publication.schedule."):
                place = f"supplements.{paths.key_of(entry, position)}.values.{number}.value"
                changes.append((place, value + (opens - first)))
    return set_values(plan, changes) if changes else plan


def _moved(schedule: Mapping[str, Any], by: timedelta, days: Calendar) -> dict[str, date]:
    one = timedelta(days=1)
    moved = {key: day + by for key, day in schedule.items() if type(day) is date}
    before: date | None = None
    for start, end in SPANS:
        if start not in moved or end not in moved:
            continue
        if before is None:
            if not days.is_workday(moved[end]):
                moved[end] = days.next_workday(moved[end])
        else:
            length = days.count(schedule[start] - one, schedule[end]).days
            moved[start] = days.next_workday(max(moved[start] - one, before))
            moved[end] = days.add_workdays(moved[start] - one, max(1, length)).date
        before = moved[end]
    return moved
