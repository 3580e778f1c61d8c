"""Objections (质疑): until when, on what ground, answered by when, and which of them hold the award.

An objection concerns the documents, the process or the result; each has its own event and period, counted in
working days after the event's day. Working days are counted by a calendar that is passed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import Enum
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from evaluation.errors import EvaluationError
from evaluation.workflow import Transition

SHANGHAI = ZoneInfo("Asia/Shanghai")
SUBJECTS = ("documents", "process", "result")
#: Stages in which an objection is not decided yet.
OPEN = ("received", "accepted")


class ObjectionCode(Enum):
    """Why an objection is not admissible, or a call malformed."""

    PLAN = "objection_plan"
    SUBJECT = "objection_subject"
    NOT_A_PARTY = "objection_not_a_party"
    EARLY = "objection_early"
    LATE = "objection_late"
    GROUND_MISSING = "objection_ground_missing"
    NAIVE_TIME = "objection_naive_time"


class ObjectionRefused(EvaluationError):
    """The plan's section or a call is malformed; facts name the place."""


class CountedDay(Protocol):
    """A deadline as a calendar counts it."""

    @property
    def date(self) -> date: ...

    @property
    def provisional(self) -> bool: ...

    @property
    def calendar_version(self) -> str: ...


class WorkdayCalendar(Protocol):
    """Counts working days; the day of the event is not counted."""

    def add_workdays(self, event_date: date, n: int) -> CountedDay: ...


@dataclass(frozen=True)
class Period:
    """Until when something may be done: the last day, in Shanghai, to its end.

    `provisional`: the count ran into a year without published holidays and is made again when they are.
    """

    last_day: date
    provisional: bool
    calendar_version: str

    @property
    def ends_at(self) -> datetime:
        """The last instant that is in time, in UTC."""
        return datetime.combine(self.last_day, time(23, 59, 59), SHANGHAI).astimezone(UTC)


@dataclass(frozen=True)
class Filed:
    """An objection as it came in.

    `is_party`: its author answered this recruitment (or, on the documents, took them to do so).
    """

    subject: str
    received_at: datetime
    is_party: bool
    ground: str


@dataclass(frozen=True)
class Admissibility:
    """All reasons against it; none means admissible. `until` is None when the subject has no event yet."""

    reasons: tuple[ObjectionCode, ...]
    until: Period | None

    @property
    def admissible(self) -> bool:
        return not self.reasons


@dataclass(frozen=True)
class Standing:
    """Where an objection stands, as far as the award looks at it."""

    key: str
    stage: str
    may_change_result: bool


class AwardState(Enum):
    """What the objections mean for notices and contracts."""

    FREE = "free"
    HELD = "held"
    RE_REVIEW = "re_review"


@dataclass(frozen=True)
class AwardHold:
    """The state of the award and the objections that cause it."""

    state: AwardState
    because: tuple[str, ...]


@dataclass(frozen=True)
class ObjectionRules:
    """[evaluation.objections] of the plan: working days per subject, and for the answer."""

    days: Mapping[str, int]
    answer_days: int

    @classmethod
    def from_plan(cls, section: Mapping[str, Any]) -> ObjectionRules:
        """Read the section. `days_after_publicity` serves every subject that has no `<subject>_days`."""
        common = _days(section.get("days_after_publicity", 7), "days_after_publicity")
        days = {
            subject: _days(section.get(f"{subject}_days", common), f"{subject}_days") for subject in SUBJECTS
        }
        return cls(days, _days(section.get("answer_days", 7), "answer_days"))

    def period(self, subject: str, event_date: date, calendar: WorkdayCalendar) -> Period:
        """Until when this subject can be objected to, after its event (for the result: publicity over)."""
        if subject not in SUBJECTS:
            raise ObjectionRefused(ObjectionCode.SUBJECT, subject=subject)
        return _period(calendar.add_workdays(event_date, self.days[subject]))

    def answer_due(self, received_at: datetime, calendar: WorkdayCalendar) -> Period:
        """Until when it must be answered, counted from the Shanghai day of its receipt."""
        return _period(calendar.add_workdays(_local_day(received_at), self.answer_days))

    def admissibility(
        self,
        filed: Filed,
        *,
        opened_on: date | None,
        event_date: date | None,
        calendar: WorkdayCalendar,
    ) -> Admissibility:
        """Every reason that speaks against admitting it, so that all can be told at once.

        `opened_on` is the first day its subject can be objected to (None: not yet). `event_date` is the day
        the period is counted after (None: not known yet, so nothing is late).
        """
        day = _local_day(filed.received_at)
        reasons = []
        if filed.subject not in SUBJECTS:
            reasons.append(ObjectionCode.SUBJECT)
        if not filed.is_party:
            reasons.append(ObjectionCode.NOT_A_PARTY)
        if not filed.ground.strip():
            reasons.append(ObjectionCode.GROUND_MISSING)
        if opened_on is None or day < opened_on:
            reasons.append(ObjectionCode.EARLY)
        until = None
        if event_date is not None and filed.subject in SUBJECTS:
            until = self.period(filed.subject, event_date, calendar)
            if day > until.last_day:
                reasons.append(ObjectionCode.LATE)
        return Admissibility(tuple(reasons), until)


def award_hold(objections: Iterable[Standing]) -> AwardHold:
    """What the objections that may change the result mean: one upheld sends the award back to the panel,
    one undecided holds it; refused, rejected and withdrawn ones do nothing."""
    rows = [row for row in objections if row.may_change_result]
    if upheld := sorted(row.key for row in rows if row.stage == "upheld"):
        return AwardHold(AwardState.RE_REVIEW, tuple(upheld))
    if undecided := sorted(row.key for row in rows if row.stage in OPEN):
        return AwardHold(AwardState.HELD, tuple(undecided))
    return AwardHold(AwardState.FREE, ())


def _local_day(moment: datetime) -> date:
    if moment.utcoffset() is None:
        raise ObjectionRefused(ObjectionCode.NAIVE_TIME)
    return moment.astimezone(SHANGHAI).date()


def _period(counted: CountedDay) -> Period:
    return Period(counted.date, counted.provisional, counted.calendar_version)


def _days(value: object, place: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 366:
        raise ObjectionRefused(ObjectionCode.PLAN, place=place)
    return value


def _reason(role: str | tuple[str, ...], event: str) -> Transition:
    return Transition(role, None, event, reason_required=True)


OBJECTION_TRANSITIONS: dict[tuple[str, str], Transition] = {
    ("received", "accepted"): Transition("staff", None, "objection.accepted"),
    ("received", "refused"): _reason("staff", "objection.refused"),
    ("received", "withdrawn"): Transition(("vendor", "staff"), None, "objection.withdrawn"),
    ("accepted", "upheld"): _reason("staff", "objection.upheld"),
    ("accepted", "rejected"): _reason("staff", "objection.rejected"),
    ("accepted", "withdrawn"): Transition(("vendor", "staff"), None, "objection.withdrawn"),
}
