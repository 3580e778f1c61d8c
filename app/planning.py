"""The plan in force of a recruitment, as the rules read it."""

from __future__ import annotations

import copy
from functools import lru_cache
from typing import Any

from app import plan as plans
from app.publication.models import Recruitment


@lru_cache(maxsize=64)
def _effective(plan_bytes: bytes) -> dict[str, Any]:
    return plans.apply_supplements(plans.load_plan(plan_bytes))


def effective_plan(recruitment: Recruitment) -> dict[str, Any]:
    """The recruitment's plan with its supplements applied; a fresh copy that the caller may keep."""
    return copy.deepcopy(_effective(bytes(recruitment.plan_bytes)))


def section(recruitment: Recruitment, *path: str) -> Any:
    """One part of the plan in force, read only, e.g. `section(r, "responses", "items")`; None if absent."""
    found: Any = _effective(bytes(recruitment.plan_bytes))
    for key in path:
        if not isinstance(found, dict) or key not in found:
            return None
        found = found[key]
    return found
