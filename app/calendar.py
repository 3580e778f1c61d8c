"""The working-day calendar of this installation: the published years, plus what the organiser added."""

from __future__ import annotations

import hashlib
import tomllib
from datetime import date, timedelta
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import chinese_calendar
from flask import current_app, has_app_context

from app.config import SettingsError
from onboarding.workdays import Calendar

FIRST_YEAR = 2018


@lru_cache(maxsize=8)
def _build(extra: Path | None, stamp: float) -> Calendar:
    known: dict[date, bool] = {}
    last = max(chinese_calendar.holidays)
    day = date(FIRST_YEAR, 1, 1)
    while day <= date(last.year, 12, 31):
        known[day] = chinese_calendar.is_workday(day)
        day += timedelta(days=1)
    label = f"chinesecalendar-{version('chinesecalendar')}"
    if extra is not None:
        data = _read(extra)
        for year in data.get("years", []):
            day = date(int(year), 1, 1)
            while day.year == int(year):
                known.setdefault(day, day.weekday() < 5)
                day += timedelta(days=1)
        known.update(dict.fromkeys(data.get("holidays", []), False))
        known.update(dict.fromkeys(data.get("workdays", []), True))
        label += "+" + hashlib.new("sm3", extra.read_bytes()).hexdigest()[:12]
    return Calendar.from_known_days(known, version=label)


def _read(path: Path) -> dict[str, Any]:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"节假日文件 {path} 无法读取：{error}") from None
    for key in ("holidays", "workdays"):
        if not all(isinstance(day, date) for day in data.get(key, [])):
            raise SettingsError(f"节假日文件 {path} 的 {key} 须为日期列表，例如 [2027-01-01]")
    return data


def calendar() -> Calendar:
    """The calendar in force; re-read when the organiser's holidays file changes.

    The file is TOML: `years = [2027]` (years that are fully published in it), `holidays = [dates]`,
    `workdays = [dates]` (shifted working days).
    """
    extra: Path | None = current_app.config["SETTINGS"].holidays_file if has_app_context() else None
    stamp = extra.stat().st_mtime if extra is not None and extra.exists() else 0.0
    return _build(extra, stamp)
