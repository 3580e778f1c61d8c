"""The shipped plans, and small edits of them, for the tests of the package."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from app import plan as plans

FOLDER = Path(plans.__file__).parents[1] / "plans"
HAINAN = "hainan-eseal-2023"
SMALL = "sample-small"


@lru_cache(maxsize=4)
def _raw(name: str) -> bytes:
    return (FOLDER / f"{name}.toml").read_bytes()


def shipped(name: str) -> plans.Plan:
    """A shipped plan as it is in the file."""
    return plans.load_plan(_raw(name))


def small(changes: dict[str, Any] | None = None, remove: tuple[str, ...] = ()) -> plans.Plan:
    """The clean sample plan with a fault put in."""
    plan = plans.set_values(shipped(SMALL), list((changes or {}).items()))
    for path in remove:
        plan = plans.remove(plan, path)
    return plan


def found(plan: plans.Plan) -> dict[tuple[str, str], plans.Finding]:
    """Findings by code and place."""
    return {(finding.code, finding.place): finding for finding in plans.findings(plan)}
