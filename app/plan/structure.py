"""The shape of a plan: which keys a section has, of what type. Whatever else is said of it, is the linter's.

A key not listed is told (it would be read by nobody); a key of the wrong type or a missing one blocks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.plan.effective import closing_time
from app.plan.lint.finding import Found
from app.plan.lint.subject import Subject, number
from app.wording.plan import TYPES
from evaluation import plan_paths as paths


@dataclass(frozen=True)
class Value:
    """A single value: `kind` is a key of `_READERS`."""

    kind: str
    required: bool = False
    choices: tuple[str, ...] = ()
    least: int = 0
    most: int = 10_000


@dataclass(frozen=True)
class Table:
    """A table with known keys."""

    keys: Mapping[str, Shape]
    required: bool = False


@dataclass(frozen=True)
class Entries:
    """A list of tables, each with its own `key` (no or id); "" where entries have none."""

    keys: Mapping[str, Shape]
    key: str = ""
    required: bool = False


Shape = Value | Table | Entries

_TEXT, _MUST, _FLAG = Value("text"), Value("text", required=True), Value("flag")
_DAY = Value("day", required=True)
_KEY = Value("key", required=True)
_POINTS = Value("points")


def _of(*choices: str) -> Value:
    return Value("choice", choices=choices)


def _whole(least: int = 0, most: int = 10_000, *, required: bool = False) -> Value:
    return Value("whole", required=required, least=least, most=most)


_RULE = {
    "rule": _of("full_or_zero", "elements", "count", "range"),
    "per": _POINTS,
    "step": _POINTS,
    "evidence": _TEXT,
    "elements": Entries({"id": _KEY, "text": _MUST}, key="id"),
}

PLAN = Table({
    "schema": _whole(1, 1),
    "name": _MUST,
    "title": _MUST,
    "publication": Table({
        "organiser": _MUST, "method": _TEXT, "method_text": _TEXT, "channels_text": _TEXT, "submission": _TEXT,
        "service_period": _TEXT, "overview": _TEXT, "goals": _TEXT,
        "channels": Entries({"name": _MUST, "url": _TEXT}, required=True),
        "contact": Table({"name": _MUST, "phone": _TEXT, "place": _TEXT}, required=True),
        "schedule": Table({
            "responses_open": _DAY, "responses_close": _DAY, "closing_time": Value("hour"),
            "review_start": _DAY, "review_end": _DAY, "publicity_start": _DAY, "publicity_end": _DAY,
        }, required=True),
        "fees": Table({
            "title": _TEXT, "expert": _TEXT, "service": _TEXT, "price_list": _TEXT, "distribution": _TEXT,
        }),
    }, required=True),
    "responses": Table({
        "copies": Table({
            "paper": _whole(), "originals": _whole(), "duplicates": _whole(), "electronic": _whole(),
            "prevails": _of("paper", "electronic"),
        }),
        "rules": Entries({"id": _KEY, "text": _MUST}, key="id"),
        "items": Entries({
            "no": _KEY, "title": _MUST, "text": _TEXT, "required": _FLAG, "if_any": _FLAG, "formal": _FLAG,
            "legal_seal": _FLAG, "annex": _TEXT, "evidences": Value("texts"), "papers_since": Value("day"),
        }, key="no", required=True),
        "template": Table({
            "title": _TEXT, "cover": _TEXT,
            "sections": Entries({
                "no": _KEY, "title": _MUST, "text": _TEXT, "items": Value("texts"),
                "parts": Entries({"no": _KEY, "text": _MUST}, key="no"),
            }, key="no"),
        }),
        "annexes": Entries({"no": _KEY, "title": _MUST, "text": _MUST}, key="no"),
    }, required=True),
    "evaluation": Table({
        "panel": Table({
            "seats": _whole(1, 99, required=True), "reserves": _whole(0, 999), "draw_within_workdays": _whole(0, 366),
            "text": _TEXT,
        }, required=True),
        "qualification": Table({
            "text": _TEXT, "vote_numerator": _whole(1, 99), "vote_denominator": _whole(1, 99),
            "vote_scope": _of("item", "vendor"), "one_per_ca": _FLAG,
            "form_title": _TEXT, "form_notes": Value("texts"), "invalidity_text": _TEXT,
            "requirements": Entries({"id": _KEY, "title": _MUST, "text": _MUST, "evidence": _TEXT}, key="id",
                                    required=True),
            "invalidity": Entries({"id": _KEY, "text": _MUST}, key="id", required=True),
            "form": Entries({"id": _KEY, "title": _MUST, "text": _TEXT}, key="id", required=True),
        }, required=True),
        "scoring": Table({
            "title": _TEXT, "total": Value("points", required=True), "step": _POINTS, "combine": _of("mean"),
            "shown_places": _whole(0, 4), "extreme_percent": _POINTS,
            "items": Entries({
                "no": _KEY, "name": _MUST, "kind": Value("choice", True, ("objective", "subjective")),
                "points": Value("points", required=True), "standard": _TEXT, **_RULE,
                "subitems": Entries({"id": _KEY, "text": _MUST, "points": _POINTS, **_RULE}, key="id"),
            }, key="no", required=True),
        }, required=True),
        "ranking": Table({
            "quota": _whole(1, required=True), "minimum_candidates": _whole(), "reserves": _whole(),
            "tie_chain": Value("texts", choices=("objective_subtotal", "items_by_weight", "lottery")), "text": _TEXT,
        }, required=True),
        "objections": Table({
            key: _whole(1, 366)
            for key in ("days_after_publicity", "answer_days", "documents_days", "process_days", "result_days")
        }),
        "award": Table({"contract_days": _whole(1, 366), "names": _of("real", "pseudonymous", "none")}),
        "fees": Table({"payer": _of("selected", "organiser"), "split": _of("equal"), "expert_amount": _POINTS}),
    }, required=True),
    "onboarding": Table({
        "text": _TEXT,
        "workdays": Table({
            "integration_days": _whole(1, 366, required=True), "start_event": _of("notice_of_selection", "contract"),
        }, required=True),
        "golive": Table({
            "promotion_months": _whole(1, 120), "service_months": _whole(1, 120),
            "service_from": _of("contract", "promotion_end"),
        }),
        "trial": Table({
            "days": _whole(1, 3660), "signature": Value("texts"), "decryption": Value("texts"),
        }),
        "sections": Entries({
            "group": _TEXT, "title": _MUST, "text": _TEXT, "note": _TEXT, "level": _whole(1, 2),
            "tables": Value("texts"), "numbering": _of("1.", "(1)", "paragraphs", "joined"),
        }),
        "requirements": Table({
            "items": Entries({
                "id": _KEY, "group": _TEXT, "title": _MUST, "text": _MUST, "source": _TEXT,
                "evidence": _of("run", "evidence"),
            }, key="id", required=True),
        }, required=True),
        "duties": Entries({
            "id": _KEY, "title": _MUST, "text": _MUST, "source": _TEXT, "elsewhere": _FLAG, "under": _TEXT,
        }, key="id", required=True),
    }, required=True),
    "supplements": Entries({
        "id": _KEY, "finding": _MUST, "place": _MUST, "title": _TEXT, "text": _MUST, "confirmed": _FLAG,
        "values": Entries({"path": _MUST, "replace": _TEXT, "value": Value("any", required=True)}),
    }, key="id"),
})


def check_structure(plan: Subject) -> Iterator[Found]:
    """Unknown and missing keys, wrong types, doubled numbers of entries; each with its place."""
    yield from _table(plan.data, PLAN, "")


def _join(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


def _table(data: Any, shape: Table | Entries, place: str) -> Iterator[Found]:
    if not isinstance(data, Mapping):
        yield Found("value_wrong", place, {"expected": TYPES["table"], "given": _shown(data)})
        return
    for key in data:
        if key not in shape.keys:
            known = "、".join(shape.keys)
            yield Found("key_unknown", _join(place, str(key)), {"key": key, "known": known})
    for key, inner in shape.keys.items():
        where = _join(place, key)
        if key not in data:
            if inner.required:
                yield Found("key_missing", where, {"key": key})
        elif isinstance(inner, Entries):
            yield from _entries(data[key], inner, where)
        elif isinstance(inner, Table):
            yield from _table(data[key], inner, where)
        else:
            yield from _value(data[key], inner, where)


def _entries(data: Any, shape: Entries, place: str) -> Iterator[Found]:
    if not isinstance(data, list):
        yield Found("value_wrong", place, {"expected": TYPES["entries"], "given": _shown(data)})
        return
    if not data and shape.required:
        yield Found("key_missing", place, {"key": place.rsplit(".", 1)[-1]})
    seen: set[str] = set()
    for position, entry in enumerate(data, 1):
        name = paths.key_of(entry, position)
        where = f"{place}.{name}"
        yield from _table(entry, shape, where)
        if shape.key and isinstance(entry, Mapping) and shape.key in entry:
            if name in seen:
                yield Found("key_doubled", where, {"key": name})
            seen.add(name)


def _value(data: Any, shape: Value, place: str) -> Iterator[Found]:
    expected = _wrong(data, shape)
    if expected:
        yield Found("value_wrong", place, {"expected": expected, "given": _shown(data)})


def _wrong(data: Any, shape: Value) -> str:
    """What was expected instead; "" if the value will do."""
    kind = shape.kind
    if kind == "any":
        return ""
    if kind == "text":
        if not isinstance(data, str):
            return TYPES["text"]
        return TYPES["some_text"] if shape.required and not data.strip() else ""
    if kind == "key":
        return "" if isinstance(data, str) and data.strip() == data != "" else TYPES["key"]
    if kind == "flag":
        return "" if isinstance(data, bool) else TYPES["flag"]
    if kind == "day":
        return "" if isinstance(data, date) and not isinstance(data, datetime) else TYPES["day"]
    if kind == "hour":
        return "" if closing_time(data) is not None else TYPES["hour"]
    if kind == "points":
        value = number(data)
        return "" if value is not None and value > 0 else TYPES["points"]
    if kind == "whole":
        right = isinstance(data, int) and not isinstance(data, bool) and shape.least <= data <= shape.most
        return "" if right else TYPES["whole"].format(least=shape.least, most=shape.most)
    words = "、".join(shape.choices)
    if kind == "choice":
        return "" if isinstance(data, str) and data in shape.choices else TYPES["choice"].format(choices=words)
    if not isinstance(data, list) or not all(isinstance(entry, str) for entry in data):
        return TYPES["texts"]
    if shape.choices and not set(data) <= set(shape.choices):
        return TYPES["choice"].format(choices=words)
    return ""


def _shown(data: Any) -> str:
    if isinstance(data, Mapping):
        return TYPES["table"]
    if isinstance(data, list):
        return TYPES["list"]
    return str(data)[:60]
