"""Working days by the State Council's calendar, counted after the day of an event.

The day of the event is not counted: day 1 is the next working day, and a deadline is the end of its last day
in Shanghai. Where no published data reaches, Monday to Friday count and the result is provisional (暂定).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from onboarding.errors import OnboardingError

SHANGHAI = ZoneInfo("Asia/Shanghai")
#: Longer spans are a mistake and not a deadline.
MAX_DAYS = 5000


class WorkdayCode(Enum):
    """Why days can't be counted."""

    PLAN = "workday_plan"
    COUNT = "workday_count"
    FAR = "workday_far"
    YEAR = "workday_year"


class WorkdayRefused(OnboardingError):
    """The days can't be counted; facts name the count or the place in the plan."""


@dataclass(frozen=True)
class Deadline:
    """The last day of a span. `provisional`: recompute it with a newer calendar and compare the version."""

    date: date
    provisional: bool
    calendar_version: str

    @property
    def ends_at(self) -> datetime:
        """The last instant that is in time, in UTC."""
        return end_of_day(self.date)


@dataclass(frozen=True)
class Count:
    """A number of working days; `provisional` when the span touches a day without published data."""

    days: int
    provisional: bool


@dataclass(frozen=True)
class Calendar:
    """Known days and whether each is worked on. `version` names the data and is stored with each deadline."""

    known: Mapping[date, bool]
    version: str

    @classmethod
    def from_known_days(cls, days: Mapping[date, bool], *, version: str) -> Calendar:
        """A calendar over plain data: day → is it a working day. Days that are absent are not known."""
        return cls(MappingProxyType(dict(days)), version)

    @classmethod
    def from_years(
        cls,
        holidays: Mapping[int, Collection[date]],
        swapped: Collection[date] = (),
        *,
        version: str,
    ) -> Calendar:
        """A calendar from published years: year → days off besides weekends; `swapped` weekends are worked.

        Raises WorkdayRefused(YEAR) for a date outside the years given.
        """
        known: dict[date, bool] = {}
        for year in holidays:
            day = date(year, 1, 1)
            while day.year == year:
                known[day] = day.weekday() < 5
                day += timedelta(days=1)
        for days, worked in ((frozenset[date]().union(*holidays.values()), False), (frozenset(swapped), True)):
            for day in days:
                if day not in known:
                    raise WorkdayRefused(WorkdayCode.YEAR, date=day.isoformat())
                known[day] = worked
        return cls.from_known_days(known, version=version)

    def is_known(self, day: date) -> bool:
        """True when the day's data is published."""
        return day in self.known

    def is_workday(self, day: date) -> bool:
        """Published, or else Monday to Friday."""
        return self.known.get(day, day.weekday() < 5)

    def add_workdays(self, event_date: date, n: int) -> Deadline:
        """The day on which the n-th working day after the event ends (n = 0: the event's own day)."""
        if isinstance(n, bool) or not isinstance(n, int) or not 0 <= n <= MAX_DAYS:
            raise WorkdayRefused(WorkdayCode.COUNT, count=str(n)[:40], most=MAX_DAYS)
        day, left, provisional = event_date, n, False
        while left:
            day = self._next(day)
            provisional = provisional or day not in self.known
            left -= self.is_workday(day)
        return Deadline(day, provisional, self.version)

    def count(self, event_date: date, last_day: date) -> Count:
        """Working days after `event_date` up to and with `last_day`; none when it lies before.

        `count(event, add_workdays(event, n).date)` is n. For the days that are left, give today as the event.
        """
        if (last_day - event_date).days > 10 * MAX_DAYS:
            raise WorkdayRefused(WorkdayCode.COUNT, count=str((last_day - event_date).days), most=MAX_DAYS)
        day, days, provisional = event_date, 0, False
        while day < last_day:
            day += timedelta(days=1)
            provisional = provisional or day not in self.known
            days += self.is_workday(day)
        return Count(days, provisional)

    def next_workday(self, event_date: date) -> date:
        """Day 1 of a span that the event starts."""
        return self.add_workdays(event_date, 1).date

    @staticmethod
    def _next(day: date) -> date:
        try:
            return day + timedelta(days=1)
        except OverflowError:
            raise WorkdayRefused(WorkdayCode.FAR) from None


@dataclass(frozen=True)
class WorkdayRules:
    """[onboarding.workdays] of the plan: the days of an integration and the event that starts them."""

    integration_days: int
    start_event: str

    @classmethod
    def from_plan(cls, section: Mapping[str, Any]) -> WorkdayRules:
        """Read the section; raises WorkdayRefused(PLAN) with the key that is no rule."""
        days = section.get("integration_days")
        if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= MAX_DAYS:
            raise WorkdayRefused(WorkdayCode.PLAN, place="integration_days")
        event = section.get("start_event", "notice_of_selection")
        if event not in ("notice_of_selection", "contract"):
            raise WorkdayRefused(WorkdayCode.PLAN, place="start_event")
        return cls(days, event)


def end_of_day(day: date) -> datetime:
    """The last second of a Shanghai day, in UTC."""
    return datetime.combine(day, time(23, 59, 59), SHANGHAI).astimezone(UTC)


def day_of(moment: datetime) -> date:
    """The Shanghai day of an aware instant; a naive one is a mistake of the caller (ValueError)."""
    if moment.utcoffset() is None:
        raise ValueError("an instant without a zone")
    return moment.astimezone(SHANGHAI).date()
