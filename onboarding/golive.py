"""The go-live: the gate, three months of free promotion, a year of service from the contract.

Plan, 招募需求 and 服务周期. Months are counted by the calendar: a span of three months from 30 November ends on
the last day of February. The last day is part of the span.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any

from onboarding.errors import OnboardingError


class GoLiveCode(Enum):
    """Why the go-live is refused."""

    PLAN = "golive_plan"
    MONTHS = "golive_months"
    GATE_CLOSED = "golive_gate_closed"


class GoLiveRefused(OnboardingError):
    """The go-live can't begin; facts name the vendors that are waited for, or the place in the plan."""


@dataclass(frozen=True)
class Span:
    """From the first to the last day, both included."""

    start: date
    end: date

    def contains(self, day: date) -> bool:
        return self.start <= day <= self.end


@dataclass(frozen=True)
class Gate:
    """Open when every active selected vendor is accepted; `waiting` names who is not, and its stage."""

    waiting: tuple[tuple[str, str], ...]
    accepted: tuple[str, ...]

    @property
    def is_open(self) -> bool:
        return bool(self.accepted) and not self.waiting


@dataclass(frozen=True)
class GoLiveRules:
    """[onboarding.golive] of the plan: months of promotion and of service, and what service starts from."""

    promotion_months: int
    service_months: int
    service_from: str

    @classmethod
    def from_plan(cls, section: Mapping[str, Any]) -> GoLiveRules:
        """Read the section; raises GoLiveRefused(PLAN) with the key that is no rule."""
        months = {}
        for key, default in (("promotion_months", 3), ("service_months", 12)):
            value = section.get(key, default)
            if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 1200:
                raise GoLiveRefused(GoLiveCode.PLAN, place=key)
            months[key] = value
        service_from = section.get("service_from", "contract")
        if service_from not in ("contract", "promotion_end"):
            raise GoLiveRefused(GoLiveCode.PLAN, place="service_from")
        return cls(months["promotion_months"], months["service_months"], service_from)

    def promotion(self, gate: Gate, start: date) -> Span:
        """The free promotion from `start`; raises GoLiveRefused(GATE_CLOSED) while a vendor is waited for."""
        if not gate.is_open:
            raise GoLiveRefused(GoLiveCode.GATE_CLOSED, waiting=[vendor for vendor, _ in gate.waiting])
        return Span(start, months_after(start, self.promotion_months))

    def service(self, start: date) -> Span:
        """The service period of one vendor from the day of its contract (or what the plan names)."""
        return Span(start, months_after(start, self.service_months))


def gate(selected: Iterable[str], stages: Mapping[str, str]) -> Gate:
    """`selected`: the vendors selected now, who moved up included; `stages`: vendor → integration's stage.

    A removed vendor is waited for by nobody; a selected one whose integration has not begun ("missing") is.
    """
    waiting, accepted = [], []
    for vendor in sorted(set(selected)):
        stage = stages.get(vendor, "missing")
        if stage == "accepted":
            accepted.append(vendor)
        elif stage != "removed":
            waiting.append((vendor, stage))
    return Gate(tuple(waiting), tuple(accepted))


def months_after(day: date, months: int) -> date:
    """The corresponding day so many months later, or the last day of a month that has none."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    if months < 0 or year > 9999:
        raise GoLiveRefused(GoLiveCode.MONTHS, months=months)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
