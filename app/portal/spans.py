"""The picture of a recruitment's spans: what runs from when to when, and where today stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from app import clock, planning
from app.extensions import db
from app.portal.due import as_when
from app.publication.models import Recruitment
from app.results.models import Contract
from onboarding.models import Integration

#: Where the rules have no end yet, they name one that is out of reach.
FAR = 9000


@dataclass(frozen=True)
class Span:
    """One row of the picture: what runs from when to when, and how it stands today."""

    text: str
    start: date
    end: date
    state: str
    planned: bool = False


@dataclass(frozen=True)
class Bar:
    """A span in the units of the picture."""

    span: Span
    x: float
    width: float
    y: int
    label_x: float
    anchor: str
    #: The dates stand in the bar, where there is no room beside it.
    inside: bool = False


#: The picture in its own units: names at the left, bars beside them.
WIDTH, LEFT, ROW, TOP = 1000, 150, 30, 34


@dataclass(frozen=True)
class Picture:
    """Bars, month marks and the place of today; None where today lies outside."""

    bars: list[Bar]
    months: list[tuple[float, str]]
    today: float | None
    width: int
    height: int
    left: int


def spans(recruitment: Recruitment) -> list[Span]:
    """The spans that are fixed or planned so far, in their order; three statements."""
    schedule = planning.section(recruitment, "publication", "schedule") or {}
    today = clock.today()
    found: list[Span] = []

    def add(text: str, start: date | None, end: date | None, planned: bool = False) -> None:
        if start is not None and end is not None and start <= end:
            state = "past" if today > end else "next" if today < start else "now"
            found.append(Span(text, start, end, state, planned))

    add("响应文件递交", as_when(recruitment.opens_at or schedule.get("responses_open")),
        as_when(recruitment.closes_at or schedule.get("responses_close")), recruitment.stage == "draft")
    add("评审", as_when(schedule.get("review_start")), as_when(schedule.get("review_end")), True)
    publicity_end = as_when(recruitment.publicity_ends_at or schedule.get("publicity_end"))
    add("结果公示", as_when(recruitment.publicity_starts_at or schedule.get("publicity_start")), publicity_end,
        recruitment.stage not in ("publicity", "awarded", "integration", "promotion", "archived"))
    if publicity_end is not None and (ends := objection_end(recruitment)) is not None:
        add("质疑期", publicity_end + timedelta(days=1), as_when(ends), recruitment.stage != "publicity")
    if recruitment.programme_id is not None:
        start, end = db.session.execute(
            select(func.min(Integration.event_on), func.max(Integration.deadline_on)).where(
                Integration.programme_id == recruitment.programme_id, Integration.stage != "removed"
            )
        ).one()
        add("对接验收", as_when(start), as_when(end))
        programme = recruitment.programme
        if programme is not None:
            add("免费推广", programme.promotion_start, programme.promotion_end)
    start, end = db.session.execute(
        select(func.min(Contract.service_start), func.max(Contract.service_end)).where(
            Contract.recruitment_id == recruitment.id, Contract.stage == "signed"
        )
    ).one()
    add("服务期", as_when(start), as_when(end))
    return found


def picture(rows: Iterable[Span]) -> Picture | None:
    """The spans as bars in proportion to the calendar, with a mark per month and one for today."""
    listed = list(rows)
    if not listed:
        return None
    first = min(row.start for row in listed)
    last = max(row.end for row in listed)
    unit = (WIDTH - LEFT - 20) / max(1, (last - first).days + 1)

    def place(day: date) -> float:
        return round(LEFT + (day - first).days * unit, 1)

    bars = []
    for index, row in enumerate(listed):
        x, width = place(row.start), max(4.0, round(((row.end - row.start).days + 1) * unit, 1))
        y = TOP + index * ROW
        # Beside the bar where there is room, else in it, else at its left.
        if x + width + (170 if row.start.year == row.end.year else 230) < WIDTH:
            bars.append(Bar(row, x, width, y, x + width + 6, "start"))
        elif width > 240:
            bars.append(Bar(row, x, width, y, x + width - 8, "end", inside=True))
        else:
            bars.append(Bar(row, x, width, y, x - 6, "end"))
    today = clock.today()
    inside = first <= today <= last
    return Picture(
        bars=bars,
        months=_months(first, last, place),
        today=round(place(today) + unit / 2, 1) if inside else None,
        width=WIDTH,
        height=TOP + len(listed) * ROW + 8,
        left=LEFT,
    )


def _months(first: date, last: date, place: Any) -> list[tuple[float, str]]:
    marks: list[tuple[float, str]] = []
    day = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    while day <= last:
        marks.append((place(day), f"{day.year}年{day.month}月" if day.month == 1 or not marks else f"{day.month}月"))
        day = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    # A long service would crowd the line.
    step = max(1, len(marks) // 9)
    return marks[::step]


def objection_end(recruitment: Recruitment) -> datetime | None:
    """The last instant for objections, where the publicity has its dates."""
    from app.results.deadlines import objection_period_ends

    if recruitment.publicity_ends_at is None:
        return None
    ends = objection_period_ends(recruitment)
    return ends if ends.year < FAR else None
