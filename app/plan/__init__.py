"""Plans as data: load, edit, check, freeze, print. The public names of the package."""

from __future__ import annotations

from app.plan.editing import confirm_supplements, get_value, remove, set_value, set_values
from app.plan.effective import (
    Change,
    Instants,
    apply_supplements,
    as_json,
    closing_time,
    diff,
    freeze,
    schedule_instants,
    shift_dates,
    supplements,
)
from app.plan.file import Plan, PlanError, load_plan
from app.plan.lint import Finding, blocking, findings
from app.plan.printing import plan_sections_for_print

__all__ = [
    "Change",
    "Finding",
    "Instants",
    "Plan",
    "PlanError",
    "apply_supplements",
    "as_json",
    "blocking",
    "closing_time",
    "confirm_supplements",
    "diff",
    "findings",
    "freeze",
    "get_value",
    "load_plan",
    "plan_sections_for_print",
    "remove",
    "schedule_instants",
    "set_value",
    "set_values",
    "shift_dates",
    "supplements",
]
