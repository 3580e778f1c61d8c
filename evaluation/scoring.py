"""The scoring table as rules: which points an item may be given, sums, and differences between sheets.

Plan, 综合评分表. Points are exact decimals with at most four places; nothing here rounds a score an expert
gave. A scoring key is the id of a sub-item where the plan has them, else the number of the item as text.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, Inexact, InvalidOperation
from enum import Enum
from functools import cached_property
from typing import Any, TypeVar

from evaluation.errors import EvaluationError
from evaluation.workflow import Transition

Who = TypeVar("Who", bound=Hashable)

#: Places a score is stored with; a listed fraction (2 of 3 elements) is rounded half up to them.
PLACES = Decimal("0.0001")
MAX_DIGITS = 20
#: Sums and products of scores are exact or they fail: never the context of whoever calls.
EXACT = Context(prec=60, traps=[Inexact, InvalidOperation])
_WIDE = Context(prec=60)
_PLAIN = re.compile(r"[0-9]+(\.[0-9]+)?")
_RULES = ("full_or_zero", "elements", "count", "range")


class ScoreCode(Enum):
    """Why a score or a scoring section is refused."""

    PLAN = "score_plan"
    ITEM_UNKNOWN = "score_item_unknown"
    NOT_A_NUMBER = "score_not_a_number"
    EXPONENT = "score_exponent"
    NEGATIVE_ZERO = "score_negative_zero"
    TOO_LONG = "score_too_long"
    OUT_OF_RANGE = "score_out_of_range"
    OFF_STEP = "score_off_step"
    FULL_OR_ZERO = "score_full_or_zero"
    ELEMENTS = "score_elements"
    ELEMENTS_DIFFER = "score_elements_differ"
    CASES = "score_cases"
    CASES_DIFFER = "score_cases_differ"


class ScoreRefused(EvaluationError):
    """The plan doesn't allow this score. Facts: item, value as text, points, step or what is allowed."""


@dataclass(frozen=True)
class ScoreKey:
    """One line that takes points. `points` is the most it can get."""

    key: str
    item: str
    points: Decimal
    rule: str
    step: Decimal
    per: Decimal = Decimal(1)
    elements: tuple[str, ...] = ()

    @cached_property
    def listed(self) -> tuple[Decimal, ...]:
        """The points for 0, 1, … proved elements; empty for other rules."""
        if not self.elements:
            return ()
        whole = len(self.elements)
        return tuple(_quotient(self.points * proved, whole) for proved in range(whole + 1))


@dataclass(frozen=True)
class ScoreItem:
    """One of the plan's scoring items (评审要素)."""

    no: str
    points: Decimal
    objective: bool
    keys: tuple[str, ...]


@dataclass(frozen=True)
class ScoringRules:
    """[evaluation.scoring] of the plan, in the plan's order."""

    items: tuple[ScoreItem, ...]
    lines: tuple[ScoreKey, ...]
    total: Decimal
    shown_places: int
    extreme_percent: Decimal

    @classmethod
    def from_plan(cls, section: Mapping[str, Any]) -> ScoringRules:
        """Read the section; raises ScoreRefused(PLAN) with `place` where it can't be a rule.

        Points that don't add up are the linter's finding: see `unallocated`.
        """
        step = _positive(section.get("step", "0.5"), "step")
        if section.get("combine", "mean") != "mean":
            raise ScoreRefused(ScoreCode.PLAN, place="combine")
        places = section.get("shown_places", 2)
        if not isinstance(places, int) or isinstance(places, bool) or not 0 <= places <= 4:
            raise ScoreRefused(ScoreCode.PLAN, place="shown_places")
        entries = section.get("items")
        if not isinstance(entries, list) or not entries:
            raise ScoreRefused(ScoreCode.PLAN, place="items")
        items: list[ScoreItem] = []
        lines: list[ScoreKey] = []
        for entry in entries:
            no = str(entry.get("no", ""))
            place = f"items.{no}"
            if entry.get("kind") not in ("objective", "subjective"):
                raise ScoreRefused(ScoreCode.PLAN, place=f"{place}.kind")
            parts = entry.get("subitems") or [{**entry, "id": no}]
            own = [_line(part, no, step, f"{place}.{part.get('id', '')}") for part in parts]
            points = _positive(entry.get("points"), f"{place}.points")
            items.append(ScoreItem(no, points, entry["kind"] == "objective", tuple(x.key for x in own)))
            lines += own
        for place, names in (("items", [item.no for item in items]), ("keys", [line.key for line in lines])):
            if len(set(names)) < len(names) or "" in names:
                raise ScoreRefused(ScoreCode.PLAN, place=place)
        percent = _positive(section.get("extreme_percent", 30), "extreme_percent")
        return cls(tuple(items), tuple(lines), _positive(section.get("total"), "total"), places, percent)

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """All scoring keys in the plan's order."""
        return tuple(line.key for line in self.lines)

    @cached_property
    def _lines(self) -> dict[str, ScoreKey]:
        return {line.key: line for line in self.lines}

    @cached_property
    def _item_of(self) -> dict[str, ScoreItem]:
        return {key: item for item in self.items for key in item.keys}

    def line(self, key: str) -> ScoreKey:
        """The rule of one key; raises ScoreRefused(ITEM_UNKNOWN)."""
        if key not in self._lines:
            raise ScoreRefused(ScoreCode.ITEM_UNKNOWN, item=key)
        return self._lines[key]

    def item_of(self, key: str) -> ScoreItem:
        """The item a key belongs to; raises ScoreRefused(ITEM_UNKNOWN)."""
        self.line(key)
        return self._item_of[key]

    def is_objective(self, key: str) -> bool:
        """True for 客观分: the panel's sheets must be equal on it."""
        return self.item_of(key).objective

    def unallocated(self) -> dict[str, Decimal]:
        """Item number → points its keys leave open (negative: too many); "" for the table's total."""
        left = {}
        for item in self.items:
            given = sum((self._lines[key].points for key in item.keys), Decimal(0))
            if given != item.points:
                left[item.no] = item.points - given
        whole = sum((item.points for item in self.items), Decimal(0))
        if whole != self.total:
            left[""] = self.total - whole
        return left

    def check_score(self, key: str, value: str | Decimal, facts: Mapping[str, Any] | None = None) -> Decimal:
        """The score as it counts, or ScoreRefused.

        `facts` says what it rests on: {"elements": [ids]} proved, {"cases": [texts]} listed. A Decimal that
        divided points by elements may carry more digits than a person can write; it counts as the listed value.
        """
        line, facts = self.line(key), facts or {}
        if line.rule == "elements" and isinstance(value, Decimal):
            value = _as_listed(line, value)
        number = parse_score(value, key)
        if not 0 <= number <= line.points:
            raise ScoreRefused(ScoreCode.OUT_OF_RANGE, item=key, value=str(value), points=str(line.points))
        if line.rule == "elements":
            return _check_elements(line, number, facts)
        if line.rule == "count":
            return _check_cases(line, number, facts)
        if line.rule == "full_or_zero" and number not in (0, line.points):
            raise ScoreRefused(ScoreCode.FULL_OR_ZERO, item=key, value=str(value), points=str(line.points))
        if line.rule == "range" and number % line.step and number != line.points:
            raise ScoreRefused(ScoreCode.OFF_STEP, item=key, value=str(value), step=str(line.step))
        return number

    def missing(self, values: Mapping[str, Decimal | None]) -> list[str]:
        """Keys without points, in the plan's order: a sheet with any can't be signed."""
        return [key for key in self.keys if values.get(key) is None]

    def sheet_total(self, values: Mapping[str, Decimal | None]) -> Decimal:
        """The sum of what is filled in; raises ScoreRefused(ITEM_UNKNOWN) for a foreign key."""
        total = Decimal(0)
        for key, value in values.items():
            self.line(key)
            total = EXACT.add(total, value or Decimal(0))
        return total

    def unequal(self, sheets: Mapping[Who, Mapping[str, Decimal | None]]) -> dict[str, dict[Who, Decimal]]:
        """Objective keys on which the sheets of one vendor differ → each sheet's points. Blocks the report."""
        found = {}
        for key in self.keys:
            if not self.is_objective(key):
                continue
            values = {
                who: value for who, sheet in sheets.items() if (value := sheet.get(key)) is not None
            }
            if len(set(values.values())) > 1:
                found[key] = values
        return found

    def extremes(self, key: str, values: Mapping[Who, Decimal]) -> list[tuple[Who, Decimal, Decimal]]:
        """Scores further from the median of the others than the plan's share of the key's points.

        (who, value, median of the others); exactly at the share is not further. Objective keys have none.
        """
        line = self.line(key)
        if self.is_objective(key):
            return []
        limit = EXACT.multiply(line.points, self.extreme_percent)
        found = []
        for who, value in values.items():
            others = sorted(other for name, other in values.items() if name != who)
            if others:
                middle = median(others)
                if abs(value - middle) * 100 > limit:
                    found.append((who, value, middle))
        return found


def median(ordered: list[Decimal]) -> Decimal:
    """The median of a sorted, non-empty list; of two middle values their exact mean."""
    half = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[half]
    return EXACT.multiply(EXACT.add(ordered[half - 1], ordered[half]), Decimal("0.5"))


def parse_score(value: str | Decimal, key: str = "") -> Decimal:
    """A plain decimal of at most twenty digits. No sign, exponent, NaN, infinity or negative zero."""
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ScoreRefused(ScoreCode.NOT_A_NUMBER, item=key, value=str(value))
        _, digits, exponent = value.as_tuple()
        if isinstance(exponent, int) and max(len(digits), -exponent) > MAX_DIGITS:
            raise ScoreRefused(ScoreCode.TOO_LONG, item=key, value=str(value)[:40], digits=MAX_DIGITS)
        text = str(value)
    elif isinstance(value, str):
        text = value.strip()
    else:
        raise ScoreRefused(ScoreCode.NOT_A_NUMBER, item=key, value=type(value).__name__)
    if text.startswith("-"):
        rest = text[1:]
        zero = _PLAIN.fullmatch(rest) is not None and not rest.strip("0.")
        code = ScoreCode.NEGATIVE_ZERO if zero else ScoreCode.OUT_OF_RANGE
        if zero or _PLAIN.fullmatch(rest):
            raise ScoreRefused(code, item=key, value=text[:40], points="")
    if len(text) > 2 * MAX_DIGITS or sum(sign.isdecimal() for sign in text) > MAX_DIGITS:
        raise ScoreRefused(ScoreCode.TOO_LONG, item=key, value=text[:40], digits=MAX_DIGITS)
    if not _PLAIN.fullmatch(text):
        exponent_form = re.fullmatch(r"-?[0-9]+(\.[0-9]+)?[eE][+-]?[0-9]+", text)
        code = ScoreCode.EXPONENT if exponent_form else ScoreCode.NOT_A_NUMBER
        raise ScoreRefused(code, item=key, value=text[:40])
    return Decimal(text)


def _check_elements(line: ScoreKey, number: Decimal, facts: Mapping[str, Any]) -> Decimal:
    proved = _texts(facts.get("elements", []))
    if proved is None or len(set(proved)) < len(proved) or not set(proved) <= set(line.elements):
        raise ScoreRefused(ScoreCode.ELEMENTS, item=line.key, elements=list(line.elements))
    allowed = line.listed[len(proved)]
    if number != allowed:
        raise ScoreRefused(
            ScoreCode.ELEMENTS_DIFFER, item=line.key, value=str(number), allowed=str(allowed), count=len(proved)
        )
    return allowed


def _check_cases(line: ScoreKey, number: Decimal, facts: Mapping[str, Any]) -> Decimal:
    cases = _texts(facts.get("cases", []))
    if cases is None or len({case.strip() for case in cases} - {""}) < len(cases):
        raise ScoreRefused(ScoreCode.CASES, item=line.key)
    allowed = min(line.points, line.per * len(cases))
    if number != allowed:
        raise ScoreRefused(
            ScoreCode.CASES_DIFFER, item=line.key, value=str(number), allowed=str(allowed), count=len(cases)
        )
    return allowed


def _texts(value: object) -> list[str] | None:
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        return None
    return value


def _as_listed(line: ScoreKey, value: Decimal) -> Decimal:
    """The listed value that a division at the usual 28 digits came out beside; else the value itself."""
    if value.is_finite() and 0 < value <= line.points:
        for proved, allowed in enumerate(line.listed):
            exact = _WIDE.divide(line.points * proved, Decimal(len(line.elements)))
            if proved and abs(_WIDE.subtract(value, exact)) < Decimal("1e-15"):
                return allowed
    return value


def _quotient(points: Decimal, by: int) -> Decimal:
    exact = _WIDE.divide(points, Decimal(by)).quantize(PLACES, ROUND_HALF_UP, context=_WIDE)
    return exact.quantize(Decimal(1)) if exact == exact.to_integral_value() else exact.normalize(_WIDE)


def _positive(value: object, place: str) -> Decimal:
    """Points of a plan: a whole number or a plain decimal text with at most four places, above zero."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not _PLAIN.fullmatch(value) or len(value) > MAX_DIGITS:
        raise ScoreRefused(ScoreCode.PLAN, place=place)
    number = Decimal(value)
    if number <= 0 or number != number.quantize(PLACES):
        raise ScoreRefused(ScoreCode.PLAN, place=place)
    return number


def _line(part: Mapping[str, Any], item: str, step: Decimal, place: str) -> ScoreKey:
    rule = part.get("rule", "range")
    if rule not in _RULES:
        raise ScoreRefused(ScoreCode.PLAN, place=f"{place}.rule")
    elements: tuple[str, ...] = ()
    if rule == "elements":
        elements = tuple(str(element.get("id", "")) for element in part.get("elements") or [])
        if not elements or "" in elements or len(set(elements)) < len(elements):
            raise ScoreRefused(ScoreCode.PLAN, place=f"{place}.elements")
    return ScoreKey(
        key=str(part.get("id", "")),
        item=item,
        points=_positive(part.get("points"), f"{place}.points"),
        rule=rule,
        step=_positive(part["step"], f"{place}.step") if "step" in part else step,
        per=_positive(part.get("per", 1), f"{place}.per"),
        elements=elements,
    )


@dataclass(frozen=True)
class SheetContext:
    """What a step of a sheet may look at: keys left empty, a lawful cause for opening it again."""

    missing: tuple[str, ...] = ()
    cause: str = ""


#: The four lawful reasons of a change after totals exist.
CAUSES = ("sum_error", "out_of_range", "objective_unequal", "extreme_score")


def _complete(context: SheetContext) -> str | None:
    return "sheet_incomplete" if context.missing else None


def _caused(context: SheetContext) -> str | None:
    return None if context.cause in CAUSES else "cause_unknown"


_VOID = Transition(("staff", "system"), None, "sheet.void", reason_required=True)

SHEET_TRANSITIONS: dict[tuple[str, str], Transition] = {
    ("open", "signed"): Transition("expert", _complete, "sheet.signed"),
    ("signed", "reopened"): Transition("expert", _caused, "sheet.reopened", reason_required=True),
    ("reopened", "signed"): Transition("expert", _complete, "sheet.signed_again", reason_required=True),
    # The sheets of a replaced expert are kept, marked void, and count nowhere.
    ("open", "void"): _VOID,
    ("signed", "void"): _VOID,
    ("reopened", "void"): _VOID,
}


def item_totals(rules: ScoringRules, values: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Item number → the sum of its keys on one sheet."""
    return {item.no: _sum(values.get(key, Decimal(0)) for key in item.keys) for item in rules.items}


def _sum(values: Iterable[Decimal]) -> Decimal:
    total = Decimal(0)
    for value in values:
        total = EXACT.add(total, value)
    return total
