"""A clock that tests turn by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


class HandClock:
    """Stands still until it is set or advanced; starts on the day the Hainan plan opens its responses."""

    def __init__(self, start: datetime = datetime(2023, 6, 25, 9, 0, tzinfo=SHANGHAI)) -> None:
        self.now = start.astimezone(UTC)

    def __call__(self) -> datetime:
        return self.now

    def set(self, instant: datetime) -> None:
        """Turn to an aware instant, forwards or backwards."""
        if instant.tzinfo is None:
            raise ValueError("a naive instant means nothing")
        self.now = instant.astimezone(UTC)

    def set_local(self, year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> None:
        """Turn to a wall-clock time in Shanghai."""
        self.set(datetime(year, month, day, hour, minute, tzinfo=SHANGHAI))

    def advance(self, by: timedelta | None = None, /, **parts: float) -> None:
        """Move on by a `timedelta` or by its parts, e.g. `advance(days=1)`."""
        self.now += by if by is not None else timedelta(**parts)
