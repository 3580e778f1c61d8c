"""The scoring table: points that add up, a scale for every line, and how sheets and ties are decided."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from app.plan.lint.finding import Found
from app.plan.lint.subject import Subject, number, plain

_SCORING = "evaluation.scoring"
_PER_CASE = re.compile(r"每[^，。；]{0,8}?[个份项件][^，。；]{0,8}?得\s*[0-9.]+\s*分")


def sum_of_items(plan: Subject) -> Iterator[Found]:
    """The items' points come to the table's total."""
    total = number(plan.get(f"{_SCORING}.total"))
    points = [number(item.get("points")) for _, item in plan.entries(f"{_SCORING}.items")]
    if total is None or not points or None in points:
        return
    given = sum((value for value in points if value is not None), Decimal(0))
    if given != total:
        yield Found("points_sum", f"{_SCORING}.total", {"given": plain(given), "total": plain(total)})


def sum_of_subitems(plan: Subject) -> Iterator[Found]:
    """Every point of an item belongs to one of its sub-items."""
    for place, item in plan.entries(f"{_SCORING}.items"):
        parts = plan.entries(f"{place}.subitems")
        whole = number(item.get("points"))
        if not parts or whole is None:
            continue
        points = {str(part.get("id", "")): number(part.get("points")) for _, part in parts}
        given = sum((value for value in points.values() if value is not None), Decimal(0))
        without = [key for key, value in points.items() if value is None]
        if given != whole or without:
            facts = {
                "item": item.get("no", ""), "name": item.get("name", ""), "points": plain(whole),
                "given": plain(given), "left": plain(whole - given), "without": "、".join(without) or "—",
            }
            yield Found("points_unallocated", place, facts)


def keys(plan: Subject) -> Iterator[Found]:
    """A sheet names its lines by their numbers alone: none may stand twice in the table."""
    seen: set[str] = set()
    for line in plan.lines:
        key = str(line.entry.get("id") or line.entry.get("no") or "")
        if key and key in seen:
            yield Found("key_doubled", line.place, {"key": key})
        seen.add(key)


def scale(plan: Subject) -> Iterator[Found]:
    """Every line says which points lie between 0 and its full points.

    A free range of points is a scale for a subjective line only: on an objective one all sheets must be
    equal, so it must follow from what is proved.
    """
    for line in plan.lines:
        rule = line.entry.get("rule")
        if rule is None or (rule == "range" and line.objective) or (
            rule == "elements" and not line.entry.get("elements")
        ):
            points = number(line.entry.get("points"))
            yield Found("scale_missing", line.place, {"line": line.name, "points": plain(points) if points else "?"})


def step(plan: Subject) -> Iterator[Found]:
    """Points that are given freely need a smallest unit."""
    if plan.get(f"{_SCORING}.step") is not None:
        return
    if any(line.entry.get("rule", "range") == "range" and "step" not in line.entry for line in plan.lines):
        yield Found("step_missing", f"{_SCORING}.step")


def combination(plan: Subject) -> Iterator[Found]:
    """Several sheets become one score in a way that is published."""
    seats = plan.whole("evaluation.panel.seats")
    if plan.get(f"{_SCORING}.combine") is None and plan.lines and seats != 1:
        yield Found("combination_missing", f"{_SCORING}.combine", {"seats": seats or "?"})


def countable(plan: Subject) -> Iterator[Found]:
    """What is counted is no matter of judgement."""
    for line in plan.lines:
        if not line.objective and (line.entry.get("rule") == "count" or _PER_CASE.search(line.text)):
            yield Found("count_called_subjective", line.place, {"line": line.name})


def tie_rule(plan: Subject) -> Iterator[Found]:
    """At the last place of the quota two equal scores must be told apart."""
    chain, quota = plan.get("evaluation.ranking.tie_chain"), plan.whole("evaluation.ranking.quota")
    if not isinstance(chain, list) or not chain:
        yield Found("tie_rule_missing", "evaluation.ranking.tie_chain", {"quota": quota or "?"})
    elif chain[-1] != "lottery":
        yield Found("tie_rule_unfinished", "evaluation.ranking.tie_chain")


def evidence(plan: Subject) -> Iterator[Found]:
    """An objective line says what proves it."""
    for line in plan.lines:
        given = line.entry.get("evidence") or line.item.get("evidence")
        if line.objective and not given and not re.search(r"证明|复印件|提供", line.text):
            yield Found("evidence_missing", line.place, {"line": line.name})


CHECKS = (sum_of_items, sum_of_subitems, keys, scale, step, combination, countable, tie_rule, evidence)
