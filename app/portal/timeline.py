"""The picture of a recruitment's days: bars of the plan's schedule, and where today stands."""

from __future__ import annotations

from datetime import date
from typing import Any

from app.documents.publication import MARGIN, STEPS, WIDTH, timeline


def picture(schedule: dict[str, Any], today: date) -> dict[str, Any]:
    """Bars with their state ("past", "now", "next") and, while it lies within, the position of today."""
    bars: list[dict[str, Any]] = timeline(schedule)
    spans = [(schedule[a], schedule[b]) for a, b, _text in STEPS if schedule.get(a) and schedule.get(b)]
    for bar, (start, end) in zip(bars, spans, strict=True):
        bar["state"] = "past" if today > end else "next" if today < start else "now"
        bar["middle"] = round(bar["x"] + bar["width"] / 2, 1)
    found: dict[str, Any] = {"bars": bars, "today": None, "today_above": False}
    if spans and spans[0][0] <= today <= spans[-1][1]:
        first, last = spans[0][0], spans[-1][1]
        unit = (WIDTH - 2 * MARGIN) / max(1, (last - first).days + 1)
        found["today"] = round(MARGIN + ((today - first).days + 0.5) * unit, 1)
        # Every second bar has its words below: today's then stands above.
        nearest = min(range(len(bars)), key=lambda index: abs(bars[index]["middle"] - found["today"]))
        found["today_above"] = nearest % 2 == 1
    return found
