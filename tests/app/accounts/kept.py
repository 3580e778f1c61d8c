"""Rows that a test goes on reading after their session is over."""

from __future__ import annotations

from typing import Any

from app.extensions import db


def keep(*rows: Any) -> None:
    """Load the rows and take them out of the session; their columns stay readable."""
    for row in rows:
        db.session.refresh(row)
    db.session.rollback()
    for row in rows:
        db.session.refresh(row)
        db.session.expunge(row)
