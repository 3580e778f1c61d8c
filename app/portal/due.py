"""Dates that wait for somebody: with the working days that are left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app import clock
from app.calendar import calendar


@dataclass(frozen=True)
class Due:
    """Something with a date. `days` are working days after today up to and with the day itself.

    `provisional`: the count touches a year whose calendar is not published (暂定). `late` counts by the
    instant where there is one, else by the end of the day in Shanghai.
    """

    text: str
    day: date
    moment: datetime | None
    days: int
    provisional: bool
    late: bool
    url: str = ""
    note: str = ""


def due(text: str, when: date | datetime, *, url: str = "", note: str = "", provisional: bool = False) -> Due:
    """Count the days to a date or an instant; `provisional` where the date itself was counted so."""
    now = clock.now()
    moment = when if isinstance(when, datetime) else None
    day = clock.local(moment).date() if moment is not None else when
    assert isinstance(day, date)
    left = calendar().count(clock.today(), day)
    late = now > moment if moment is not None else clock.today() > day
    return Due(text, day, moment, left.days, provisional or left.provisional, late, url, note)


def soonest(entries: list[Due]) -> list[Due]:
    """In the order of their dates, what is late first."""
    return sorted(entries, key=lambda entry: (not entry.late, entry.day, entry.text))


def as_when(value: Any) -> date | None:
    """A date of the plan, which may be absent or text."""
    if isinstance(value, datetime):
        return clock.local(value).date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None
