"""Geometry of the integration's pictures; the templates draw them and print the table beside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from app import calendar, clock
from app.acceptance.queries import Days, Row
from onboarding.models import Integration, RequirementState
from onboarding.workdays import day_of

WIDTH, LABEL, LINE = 960, 190, 30


@dataclass(frozen=True)
class Bar:
    """One vendor's span: from the first to the last day, and how much of its items is accepted."""

    y: int
    x: float
    width: float
    done: float
    name: str
    stage: str
    text: str


@dataclass(frozen=True)
class Tick:
    """A month's first day, or today."""

    x: float
    text: str


@dataclass(frozen=True)
class Spans:
    """All vendors against their days, on one calendar."""

    height: int
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    today: Tick | None
    width: int = WIDTH
    label: int = LABEL


def spans(rows: Sequence[Row]) -> Spans | None:
    """Bars of all vendors on one axis of days, or None without vendors."""
    if not rows:
        return None
    today = clock.today()
    first = min(row.integration.event_on for row in rows)
    last = max(max(row.integration.deadline_on for row in rows), min(today, first + timedelta(days=400)))
    days = max(1, (last - first).days + 1)
    room = WIDTH - LABEL - 12

    def x(day: date) -> float:
        return round(LABEL + room * (day - first).days / days, 1)

    bars = []
    for number, row in enumerate(rows):
        start, end = x(row.integration.event_on), x(row.integration.deadline_on + timedelta(days=1))
        share = row.accepted / row.items if row.items else 0.0
        bars.append(
            Bar(
                y=28 + number * LINE,
                x=start,
                width=round(end - start, 1),
                done=round((end - start) * share, 1),
                name=_short(row.integration.vendor_name),
                stage=row.stage,
                text=f"{row.accepted}/{row.items}",
            )
        )
    ticks, month = [], date(first.year, first.month, 1)
    while month <= last:
        if month >= first:
            ticks.append(Tick(x(month), f"{month.month}月"))
        month = (month + timedelta(days=32)).replace(day=1)
    shown = Tick(x(today), "今日") if first <= today <= last else None
    return Spans(28 + len(rows) * LINE + 6, tuple(bars), tuple(ticks), shown)


def _short(name: str) -> str:
    return name if len(name) <= 12 else name[:11] + "…"


@dataclass(frozen=True)
class BurnDown:
    """Items that are left, by working day: the even pace, and what really happened."""

    pace: str
    line: str
    marks: tuple[tuple[float, int], ...]
    levels: tuple[tuple[float, int], ...]
    today: float | None
    points: tuple[tuple[int, int], ...]
    width: int = 640
    height: int = 220


def burn_down(integration: Integration, days: Days, states: Iterable[RequirementState]) -> BurnDown | None:
    """One vendor's items that are not accepted yet, day by day; None without items."""
    items = list(states)
    if not items:
        return None
    count, counting = len(items), calendar.calendar()
    left_edge, top, room, deep = 44, 14, 580, 170
    span = max(days.total, days.used, 1)

    def x(day: float) -> float:
        return round(left_edge + room * min(day, span) / span, 1)

    def y(left: float) -> float:
        return round(top + deep * (1 - left / count), 1)

    done: dict[int, int] = {}
    for state in items:
        if state.stage == "accepted" and state.decided_at is not None:
            number = counting.count(integration.event_on, day_of(state.decided_at)).days
            done[number] = done.get(number, 0) + 1
    points, left = [(0, count)], count
    for number in sorted(done):
        left -= done[number]
        points.append((number, left))
    if points[-1][0] < days.used:
        points.append((days.used, left))
    line, before = [], count
    for number, value in points:
        line += [f"{x(number)},{y(before)}", f"{x(number)},{y(value)}"]
        before = value
    step = max(1, round(span / 6))
    return BurnDown(
        pace=f"{x(0)},{y(count)} {x(days.total)},{y(0)}",
        line=" ".join(line),
        marks=tuple((x(day), day) for day in range(0, span + 1, step)),
        levels=tuple((y(value), value) for value in sorted({0, count // 2, count})),
        today=x(days.used) if integration.stage not in ("accepted", "removed") else None,
        points=tuple(points),
    )
