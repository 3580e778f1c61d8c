"""Working days against the published calendar, and honest where none is published."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarding.workdays import Calendar, WorkdayCode, WorkdayRefused, WorkdayRules, day_of, end_of_day


def published(first: int, last: int) -> Calendar:
    """The calendar of the State Council as the library has it."""
    days, day = {}, date(first, 1, 1)
    while day.year <= last:
        days[day] = chinese_calendar.is_workday(day)
        day += timedelta(days=1)
    return Calendar.from_known_days(days, version=f"published-{first}-{last}")


CALENDAR = published(2023, 2024)
LATE = Calendar.from_known_days(
    {day: worked for day, worked in CALENDAR.known.items() if day.year == 2023}, version="only-2023"
)
DAYS = st.dates(date(2023, 1, 1), date(2024, 6, 30))


def refused(code: WorkdayCode) -> Any:
    return pytest.raises(WorkdayRefused, match=code.value)


@pytest.mark.parametrize(
    ("event", "deadline"),
    [
        (date(2023, 7, 21), date(2023, 9, 1)), (date(2023, 7, 24), date(2023, 9, 4)),
        (date(2023, 9, 11), date(2023, 10, 27)), (date(2024, 1, 15), date(2024, 2, 29)),
    ],
)
def test_thirty_working_days(event: date, deadline: date) -> None:
    counted = CALENDAR.add_workdays(event, 30)
    assert (counted.date, counted.provisional, counted.calendar_version) == (deadline, False, "published-2023-2024")


def test_a_sunday_can_be_a_working_day() -> None:
    assert date(2023, 6, 25).weekday() == 6
    assert CALENDAR.is_workday(date(2023, 6, 25))
    assert CALENDAR.next_workday(date(2023, 6, 21)) == date(2023, 6, 25)


def test_the_day_of_the_event_is_not_counted() -> None:
    assert CALENDAR.add_workdays(date(2023, 7, 20), 1).date == date(2023, 7, 21)
    assert CALENDAR.add_workdays(date(2023, 7, 21), 1).date == date(2023, 7, 24)
    assert CALENDAR.add_workdays(date(2023, 7, 22), 0).date == date(2023, 7, 22)


@given(DAYS, st.integers(0, 60))
def test_counting_back_gives_the_number(event: date, n: int) -> None:
    deadline = CALENDAR.add_workdays(event, n)
    assert CALENDAR.count(event, deadline.date).days == n
    assert n == 0 or CALENDAR.is_workday(deadline.date)


@given(DAYS, st.integers(1, 60))
def test_a_later_event_never_ends_earlier_and_more_days_end_later(event: date, n: int) -> None:
    here = CALENDAR.add_workdays(event, n).date
    assert CALENDAR.add_workdays(event + timedelta(days=1), n).date >= here
    assert CALENDAR.add_workdays(event, n + 1).date > here


@given(DAYS, st.integers(0, 30), st.integers(0, 30))
def test_spans_join(event: date, first: int, second: int) -> None:
    joined = CALENDAR.add_workdays(event, first + second)
    assert CALENDAR.add_workdays(CALENDAR.add_workdays(event, first).date, second) == joined or second == 0


def test_a_span_into_an_unpublished_year_is_provisional_and_is_mended_by_data() -> None:
    event = date(2023, 12, 20)
    guessed, known = LATE.add_workdays(event, 30), CALENDAR.add_workdays(event, 30)
    assert guessed.provisional
    assert guessed.calendar_version == "only-2023"
    assert not known.provisional
    assert guessed.date != known.date
    assert not LATE.add_workdays(date(2023, 11, 1), 30).provisional


@given(st.dates(date(2027, 1, 1), date(2100, 1, 1)), st.integers(1, 60))
def test_without_data_monday_to_friday_count(event: date, n: int) -> None:
    deadline = CALENDAR.add_workdays(event, n)
    assert deadline.provisional
    assert deadline.date.weekday() < 5
    weekdays = sum((event + timedelta(days=d)).weekday() < 5 for d in range(1, (deadline.date - event).days + 1))
    assert weekdays == n


def test_one_unknown_day_within_makes_a_span_provisional() -> None:
    holed = {day: worked for day, worked in CALENDAR.known.items() if day != date(2023, 7, 22)}
    calendar = Calendar.from_known_days(holed, version="holed")
    assert calendar.add_workdays(date(2023, 7, 21), 1).provisional
    assert not calendar.add_workdays(date(2023, 7, 22), 1).provisional
    assert calendar.count(date(2023, 7, 21), date(2023, 7, 24)).provisional


def test_days_left_can_be_none() -> None:
    assert CALENDAR.count(date(2023, 9, 4), date(2023, 9, 1)).days == 0
    assert CALENDAR.count(date(2023, 9, 1), date(2023, 9, 4)).days == 1


def test_a_calendar_from_years() -> None:
    calendar = Calendar.from_years({2027: [date(2027, 1, 1)]}, [date(2027, 1, 3)], version="extra")
    assert calendar.add_workdays(date(2026, 12, 31), 1).date == date(2027, 1, 3)
    assert not calendar.is_known(date(2028, 1, 1))
    with refused(WorkdayCode.YEAR):
        Calendar.from_years({2027: [date(2028, 1, 1)]}, version="wrong")


def test_data_that_changes_afterwards_changes_nothing() -> None:
    days = {date(2023, 7, 24): True}
    calendar = Calendar.from_known_days(days, version="x")
    days[date(2023, 7, 24)] = False
    assert calendar.is_workday(date(2023, 7, 24))


@pytest.mark.parametrize("n", [-1, 5001, 10**30, True, 1.5])
def test_a_count_that_is_none_is_refused(n: Any) -> None:
    with refused(WorkdayCode.COUNT):
        CALENDAR.add_workdays(date(2023, 7, 21), n)


def test_the_end_of_time_is_refused() -> None:
    with refused(WorkdayCode.FAR):
        CALENDAR.add_workdays(date(9999, 12, 30), 5)
    with refused(WorkdayCode.COUNT):
        CALENDAR.count(date(1, 1, 1), date(9999, 1, 1))


def test_a_day_ends_in_shanghai() -> None:
    assert end_of_day(date(2023, 9, 1)) == datetime(2023, 9, 1, 15, 59, 59, tzinfo=UTC)
    assert CALENDAR.add_workdays(date(2023, 7, 21), 30).ends_at == end_of_day(date(2023, 9, 1))
    assert day_of(datetime(2023, 9, 1, 16, tzinfo=UTC)) == date(2023, 9, 2)
    with pytest.raises(ValueError, match="zone"):
        day_of(datetime(2023, 9, 1))


def test_the_plan_names_days_and_event() -> None:
    assert WorkdayRules.from_plan({"integration_days": 30}) == WorkdayRules(30, "notice_of_selection")
    wrong: list[dict[str, Any]] = [{"integration_days": days} for days in (None, 0, "30", True)]
    for change in [*wrong, {"start_event": "x"}]:
        with refused(WorkdayCode.PLAN):
            WorkdayRules.from_plan({"integration_days": 30, **change})
