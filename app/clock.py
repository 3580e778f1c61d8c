"""The one place that reads the time.

Everything else takes `now` as a value or calls `now()` here. Tests and the rehearsal put another
clock in with `use()`; a production process never does, and no setting shifts it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")

_injected: ContextVar[Callable[[], datetime] | None] = ContextVar("clock", default=None)
_process_wide: Callable[[], datetime] | None = None


def now() -> datetime:
    """The current instant, aware, in UTC."""
    source = _injected.get() or _process_wide
    return source() if source else datetime.now(UTC)


@contextmanager
def use(source: Callable[[], datetime] | datetime, *, process_wide: bool = False) -> Iterator[None]:
    """Run a block under another clock (a callable or a fixed instant).

    `process_wide` also reaches threads started elsewhere, e.g. a test server.
    """
    global _process_wide
    read = source if callable(source) else lambda: source
    if process_wide:
        before, _process_wide = _process_wide, read
        try:
            yield
        finally:
            _process_wide = before
        return
    token = _injected.set(read)
    try:
        yield
    finally:
        _injected.reset(token)


def today() -> date:
    """The calendar day in Shanghai."""
    return now().astimezone(SHANGHAI).date()


def local(instant: datetime) -> datetime:
    """The instant as people in Shanghai read it."""
    return instant.astimezone(SHANGHAI)


def at(day: date, clock_time: time = time(0)) -> datetime:
    """The instant of a Shanghai wall-clock time on a day, in UTC."""
    return datetime.combine(day, clock_time, SHANGHAI).astimezone(UTC)


def end_of(day: date) -> datetime:
    """The last instant of a Shanghai day, in UTC: deadlines counted in days end here."""
    return at(day, time(23, 59, 59))
