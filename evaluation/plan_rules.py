"""The rules of a frozen plan file: its confirmed supplements applied, as the review was made under them."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from enum import Enum
from typing import Any

from evaluation import plan_paths as paths
from evaluation.errors import EvaluationError


class PlanCode(Enum):
    """Why a value of a supplement, or a plan file, can't be used."""

    UNREADABLE = "plan_rules_unreadable"
    SHAPE = "plan_rules_shape"
    ITSELF = "plan_rules_itself"
    REPLACE_TYPE = "plan_rules_replace_type"
    REPLACE_MISSING = "plan_rules_replace_missing"
    PLACE = "plan_rules_place"


class PlanRulesRefused(EvaluationError):
    """The plan's bytes or a supplement's value can't be used; facts: path, words."""


def apply_value(data: dict[str, Any], change: Any) -> None:
    """Set one value of a supplement in a plan's data, in place.

    `change` holds path and value; with `replace` only those words of a text change. Raises PlanRulesRefused.
    """
    if not isinstance(change, dict) or not isinstance(change.get("path"), str) or "value" not in change:
        raise PlanRulesRefused(PlanCode.SHAPE)
    path, value = change["path"], copy.deepcopy(change["value"])
    if path.split(".")[0] == "supplements":
        raise PlanRulesRefused(PlanCode.ITSELF, path=path)
    if "replace" in change:
        before, words = paths.get(data, path), change["replace"]
        if not isinstance(before, str) or not isinstance(words, str) or not isinstance(value, str):
            raise PlanRulesRefused(PlanCode.REPLACE_TYPE, path=path)
        if not words or words not in before:
            raise PlanRulesRefused(PlanCode.REPLACE_MISSING, path=path, words=words)
        value = before.replace(words, value)
    try:
        paths.put(data, path, value)
    except paths.NoSuchPlace:
        raise PlanRulesRefused(PlanCode.PLACE, path=path) from None


def as_json(value: Any) -> Any:
    """The plan as JSON holds it: dates and times as ISO text, decimals as plain text."""
    if isinstance(value, Mapping):
        return {str(key): as_json(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(entry) for entry in value]
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date | time):
        return value.isoformat()
    return value


def rules_in_force(plan: bytes) -> dict[str, Any]:
    """The [evaluation] sections of a frozen plan file with its confirmed supplements, as JSON holds them.

    Raises PlanRulesRefused where the bytes are no plan.
    """
    try:
        data = tomllib.loads(plan.decode("utf-8-sig"), parse_float=Decimal)
        listed = data.get("supplements")
        entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
        for entry in entries:
            values = entry.get("values")
            if entry.get("confirmed") is True and isinstance(values, list):
                for change in values:
                    apply_value(data, change)
    except (ValueError, RecursionError) as error:
        raise PlanRulesRefused(PlanCode.UNREADABLE, why=type(error).__name__) from None
    section = data.get("evaluation")
    if not isinstance(section, dict):
        raise PlanRulesRefused(PlanCode.UNREADABLE, why="evaluation")
    found: dict[str, Any] = as_json(section)
    return found
