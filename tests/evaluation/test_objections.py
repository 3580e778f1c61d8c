"""Objections: each subject's period, all reasons at once, and what holds the award."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.objections import (
    OBJECTION_TRANSITIONS,
    SHANGHAI,
    AwardState,
    Filed,
    ObjectionCode,
    ObjectionRefused,
    ObjectionRules,
    Standing,
    award_hold,
)

RULES = ObjectionRules.from_plan({"days_after_publicity": 7, "answer_days": 7, "documents_days": 3})


@dataclass(frozen=True)
class Counted:
    date: date
    provisional: bool = False
    calendar_version: str = "weekdays"


class Weekdays:
    """Monday to Friday."""

    def add_workdays(self, event_date: date, n: int) -> Counted:
        day = event_date
        while n:
            day += timedelta(days=1)
            n -= day.weekday() < 5
        return Counted(day)


CALENDAR = Weekdays()
OVER = date(2023, 7, 21)


def filed(at: datetime, **facts: Any) -> Filed:
    return Filed(**({"subject": "result", "received_at": at, "is_party": True, "ground": "item 3"} | facts))


def shanghai(day: int, hour: int = 12, minute: int = 0, second: int = 0, month: int = 8) -> datetime:
    return datetime(2023, month, day, hour, minute, second, tzinfo=SHANGHAI).astimezone(UTC)


def reasons(objection: Filed, **facts: Any) -> tuple[ObjectionCode, ...]:
    known: dict[str, Any] = {"opened_on": date(2023, 7, 17), "event_date": OVER} | facts
    return RULES.admissibility(objection, calendar=CALENDAR, **known).reasons


def test_seven_working_days_after_the_publicity() -> None:
    period = RULES.period("result", OVER, CALENDAR)
    assert period.last_day == date(2023, 8, 1)
    assert period.ends_at == datetime(2023, 8, 1, 15, 59, 59, tzinfo=UTC)
    assert RULES.period("documents", OVER, CALENDAR).last_day == date(2023, 7, 26)


def test_the_last_second_of_the_last_day_is_in_time() -> None:
    assert reasons(filed(shanghai(1, 23, 59, 59))) == ()
    assert reasons(filed(shanghai(2, 0, 0, 0))) == (ObjectionCode.LATE,)


def test_the_day_is_shanghais_and_not_utcs() -> None:
    """17:00 UTC on 1 August is already 2 August there."""
    assert reasons(filed(datetime(2023, 8, 1, 17, tzinfo=UTC))) == (ObjectionCode.LATE,)
    assert RULES.answer_due(datetime(2023, 8, 1, 17, tzinfo=UTC), CALENDAR).last_day == date(2023, 8, 11)


def test_all_reasons_are_told_at_once() -> None:
    objection = filed(shanghai(9), subject="result", is_party=False, ground=" ")
    assert reasons(objection) == (
        ObjectionCode.NOT_A_PARTY, ObjectionCode.GROUND_MISSING, ObjectionCode.LATE,
    )
    assert reasons(filed(shanghai(9), subject="weather")) == (ObjectionCode.SUBJECT,)
    assert reasons(filed(shanghai(16, month=7))) == (ObjectionCode.EARLY,)
    assert reasons(filed(shanghai(20, month=7)), opened_on=None, event_date=None) == (ObjectionCode.EARLY,)


def test_while_the_publicity_runs_nothing_is_late() -> None:
    result = RULES.admissibility(
        filed(shanghai(20, month=7)), opened_on=date(2023, 7, 17), event_date=None, calendar=CALENDAR
    )
    assert result.admissible
    assert result.until is None


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ObjectionRefused, match=ObjectionCode.NAIVE_TIME.value):
        reasons(filed(datetime(2023, 8, 1)))


STAGES = st.sampled_from(["received", "accepted", "refused", "upheld", "rejected", "withdrawn"])
ROWS = st.lists(st.tuples(STAGES, st.booleans()), max_size=6).map(
    lambda rows: [Standing(str(n), stage, matters) for n, (stage, matters) in enumerate(rows)]
)


@given(ROWS, st.randoms(use_true_random=False))
def test_the_award_waits_while_one_that_matters_is_open(rows: list[Standing], chance: Any) -> None:
    hold = award_hold(rows)
    matter = {row.stage for row in rows if row.may_change_result}
    if "upheld" in matter:
        assert hold.state is AwardState.RE_REVIEW
    elif matter & {"received", "accepted"}:
        assert hold.state is AwardState.HELD
    else:
        assert (hold.state, hold.because) == (AwardState.FREE, ())
    mixed = rows[:]
    chance.shuffle(mixed)
    assert award_hold(mixed) == hold


def test_a_decided_objection_is_not_decided_again() -> None:
    ends = {"refused", "upheld", "rejected", "withdrawn"}
    assert not [step for step in OBJECTION_TRANSITIONS if step[0] in ends]
    assert all(OBJECTION_TRANSITIONS["accepted", to].reason_required for to in ("upheld", "rejected"))


@pytest.mark.parametrize("change", [{"days_after_publicity": 0}, {"answer_days": "7"}, {"process_days": True}])
def test_a_section_that_is_no_rule_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ObjectionRefused, match=ObjectionCode.PLAN.value):
        ObjectionRules.from_plan(change)


def test_an_unknown_subject_has_no_period() -> None:
    with pytest.raises(ObjectionRefused, match=ObjectionCode.SUBJECT.value):
        RULES.period("weather", OVER, CALENDAR)
