"""Dates and periods: missing, impossible, or too short."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from app.plan.effective import SPANS, closing_time
from app.plan.lint.finding import Found
from app.plan.lint.subject import Subject

_SCHEDULE = "publication.schedule"
#: Days between the notice and the closing that procurement law asks for; here only a measure (参照).
LEAST_RESPONSE_DAYS = 20
LEAST_PUBLICITY_DAYS = 3


def closing_hour(plan: Subject) -> Iterator[Found]:
    """Without an hour nobody knows when a response is late."""
    if closing_time(plan.get(f"{_SCHEDULE}.closing_time")) is None and plan.day(f"{_SCHEDULE}.responses_close"):
        yield Found("closing_time_missing", f"{_SCHEDULE}.closing_time", {"day": _day(plan, "responses_close")})


def order(plan: Subject) -> Iterator[Found]:
    """Each span ends after it begins, and the next begins on a later day."""
    before: tuple[str, date] | None = None
    for start, end in SPANS:
        first, last = plan.day(f"{_SCHEDULE}.{start}"), plan.day(f"{_SCHEDULE}.{end}")
        if first and last and last < first:
            yield Found("dates_order", f"{_SCHEDULE}.{end}", {"first": _words(first), "second": _words(last)})
        if first and before and first <= before[1]:
            yield Found("dates_order", f"{_SCHEDULE}.{start}", {"first": _words(before[1]), "second": _words(first)})
        if last:
            before = (end, last)


def response_period(plan: Subject) -> Iterator[Found]:
    """Vendors need time to prepare a response."""
    first, last = plan.day(f"{_SCHEDULE}.responses_open"), plan.day(f"{_SCHEDULE}.responses_close")
    if first and last and first <= last and (days := (last - first).days + 1) < LEAST_RESPONSE_DAYS:
        facts = {"days": days, "least": LEAST_RESPONSE_DAYS}
        yield Found("response_period_short", f"{_SCHEDULE}.responses_close", facts)


def publicity_period(plan: Subject) -> Iterator[Found]:
    """The result must be public long enough to be read."""
    first, last = plan.day(f"{_SCHEDULE}.publicity_start"), plan.day(f"{_SCHEDULE}.publicity_end")
    if first and last and first <= last and (days := (last - first).days + 1) < LEAST_PUBLICITY_DAYS:
        yield Found("publicity_short", f"{_SCHEDULE}.publicity_end", {"days": days, "least": LEAST_PUBLICITY_DAYS})


def days_off(plan: Subject) -> Iterator[Found]:
    """A paper can't be handed in, and a panel doesn't meet, on a day off."""
    for key in ("responses_close", "review_start", "publicity_start", "publicity_end"):
        day = plan.day(f"{_SCHEDULE}.{key}")
        if day and not plan.is_workday(day):
            yield Found("day_off", f"{_SCHEDULE}.{key}", {"day": _words(day)})


def _words(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _day(plan: Subject, key: str) -> str:
    day = plan.day(f"{_SCHEDULE}.{key}")
    return _words(day) if day else ""


CHECKS = (closing_hour, order, response_period, publicity_period, days_off)
