"""The one helper for two people editing the same thing."""

from __future__ import annotations

from typing import Any

from app.errors import Conflict


def check_version(row: Any, submitted_version: Any, *, current: Any = None, submitted: Any = None) -> None:
    """Refuse a write that was made on an older version of the row, showing both values.

    `submitted_version` comes from the form's hidden field; a missing or unreadable one is stale too.
    """
    try:
        version = int(submitted_version)
    except (TypeError, ValueError):
        version = -1
    if version != row.version:
        raise Conflict("stale_row", current=current, submitted=submitted)
