"""Rules of procedure that must be published before anybody needs them."""

from __future__ import annotations

from collections.abc import Iterator

from app.plan.lint.finding import Found
from app.plan.lint.subject import Subject


def start_event(plan: Subject) -> Iterator[Found]:
    """A span of working days begins with an event."""
    days = plan.whole("onboarding.workdays.integration_days")
    if days and not plan.get("onboarding.workdays.start_event"):
        yield Found("start_event_missing", "onboarding.workdays.start_event", {"days": days})


def vote_scope(plan: Subject) -> Iterator[Found]:
    """A named vote decides something definite: an item of a vendor, or the vendor as a whole."""
    root = "evaluation.qualification"
    if plan.whole(f"{root}.vote_numerator") and not plan.get(f"{root}.vote_scope"):
        yield Found("vote_scope_missing", f"{root}.vote_scope")


def objections(plan: Subject) -> Iterator[Found]:
    """Until when the result can be objected to, and when it is answered."""
    rules = plan.table("evaluation.objections")
    if "days_after_publicity" not in rules or "answer_days" not in rules:
        yield Found("objection_period_missing", "evaluation.objections")


def contract(plan: Subject) -> Iterator[Found]:
    """Until when a selected vendor signs."""
    if plan.whole("evaluation.award.contract_days") is None:
        yield Found("contract_period_missing", "evaluation.award.contract_days")


def panel_size(plan: Subject) -> Iterator[Found]:
    """A panel of an even number can be halved; one of less than three is none."""
    seats = plan.whole("evaluation.panel.seats")
    if seats and (seats < 3 or seats % 2 == 0):
        yield Found("panel_size", "evaluation.panel.seats", {"seats": seats})


CHECKS = (start_event, vote_scope, objections, contract, panel_size)
