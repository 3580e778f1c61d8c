"""The linter of a plan: what must be settled, or should be thought over, before it is published."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from app.calendar import calendar
from app.plan.effective import apply_supplement, as_json, supplements
from app.plan.file import Plan, PlanError, load_plan
from app.plan.lint import contradictions, points, process, references, risks, schedule
from app.plan.lint.finding import BLOCKING, Check, Finding, Found, closed, worded
from app.plan.lint.loading import check_sections
from app.plan.lint.subject import Subject
from app.plan.structure import check_structure
from app.wording.plan_findings import DRAFT, INEFFECTIVE
from evaluation import plan_paths as paths

__all__ = ["BLOCKING", "CHECKS", "Finding", "blocking", "findings"]

#: Every check, in the order in which its findings are listed.
CHECKS: tuple[Check, ...] = (
    *schedule.CHECKS, *points.CHECKS, *contradictions.CHECKS, *references.CHECKS, *process.CHECKS, *risks.CHECKS,
)


def findings(plan: Plan) -> list[Finding]:
    """Everything found in a plan: open ones that block, open warnings, then what supplements closed.

    A finding is closed by a confirmed supplement that names its code and place: one that blocks only when
    it is gone from the plan in force, a warning by the published explanation alone. What the values of
    supplements bring in is found too. The result depends on the bytes and the working-day calendar only.
    """
    return list(_findings(plan.raw, calendar().version))


def blocking(plan: Plan) -> list[Finding]:
    """The open findings that keep the plan from being published."""
    return [finding for finding in findings(plan) if finding.blocks]


@lru_cache(maxsize=32)
def _findings(raw: bytes, _calendar_version: str) -> tuple[Finding, ...]:
    plan = load_plan(raw)
    filed = _found(plan)
    in_force, unusable = _applied(plan, supplements(plan, confirmed=True))
    now = _found(in_force)
    result = [_merged(found, plan, now) for found in filed.values()]
    result += [_explained(worded(found), plan) for key, found in now.items() if key not in filed]
    # A safety net: what the rules can't read although nothing above says why.
    blocked = tuple(finding.place for finding in result if finding.blocks)
    result += [worded(found) for found in check_sections(as_json(in_force), blocked)]
    result += [worded(found) for found in [*unusable, *_idle(plan, {*filed, *now})]]
    order = {"block": 0, "warn": 1}
    result.sort(key=lambda finding: (not finding.is_open, order[finding.severity]))
    return tuple(result)


def _found(data: Mapping[str, Any]) -> dict[tuple[str, str], Found]:
    subject = Subject(data, calendar().is_workday)
    found: dict[tuple[str, str], Found] = {}
    for check in (check_structure, *CHECKS):
        for one in check(subject):
            found.setdefault(one.key, one)
    return found


def _applied(plan: Plan, entries: list[dict[str, Any]]) -> tuple[dict[str, Any], list[Found]]:
    """The plan with the supplements that can be applied, and a finding for each that can't."""
    data = copy.deepcopy({key: value for key, value in plan.items() if key != "supplements"})
    unusable = []
    for position, entry in enumerate(entries, 1):
        try:
            apply_supplement(data, entry, position)
        except PlanError as error:
            unusable.append(Found("supplement_unusable", str(error.facts["place"]), {"why": error.facts["why"]}))
    return data, unusable


def _naming(plan: Plan, key: tuple[str, str], *, confirmed: bool) -> str | None:
    for position, entry in enumerate(supplements(plan), 1):
        if (entry.get("finding"), entry.get("place")) == key and (entry.get("confirmed") is True) is confirmed:
            if str(entry.get("text", "")).strip():
                return paths.key_of(entry, position)
    return None


def _merged(found: Found, plan: Plan, now: Mapping[tuple[str, str], Found]) -> Finding:
    named = _naming(plan, found.key, confirmed=True)
    if found.key not in now:
        return closed(worded(found), named or _mender(plan, found))
    # What supplements left of it, in its present numbers.
    finding = worded(now[found.key])
    if named is not None and found.severity == "block":
        return replace(finding, suggestion=finding.suggestion + INEFFECTIVE.format(id=named))
    return _explained(finding, plan)


def _explained(finding: Finding, plan: Plan) -> Finding:
    """An open finding, with the draft that would close it."""
    key = (finding.code, finding.place)
    if finding.severity == "warn" and (named := _naming(plan, key, confirmed=True)):
        return closed(finding, named)
    draft = _naming(plan, key, confirmed=False)
    if draft is None:
        return finding
    return replace(finding, draft=draft, suggestion=finding.suggestion + DRAFT.format(id=draft))


def _mender(plan: Plan, found: Found) -> str:
    """The supplement whose values mended what it does not name: the first without which it is found."""
    entries = supplements(plan, confirmed=True)
    for count in range(1, len(entries) + 1):
        data, _ = _applied(plan, entries[:count])
        if found.key not in _found(data):
            return str(entries[count - 1].get("id", count))
    return ""


def _idle(plan: Plan, keys: set[tuple[str, str]]) -> Iterator[Found]:
    """Supplements that answer nothing: their finding is not there (any more)."""
    for position, entry in enumerate(supplements(plan), 1):
        if not any((entry.get("finding"), entry.get("place")) == key for key in keys):
            place = f"supplements.{paths.key_of(entry, position)}"
            facts = {"finding": entry.get("finding", ""), "place": entry.get("place", "")}
            yield Found("supplement_idle", place, facts)
