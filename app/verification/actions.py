"""Use cases of the verification portal."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import delete

from app import clock
from app.errors import NotFound
from app.extensions import action, db
from app.verification.models import Verification


def gone_at(row: Verification) -> datetime:
    """When the report is no longer shown."""
    return row.made_at + timedelta(hours=current_app.config["SETTINGS"].verify_keep_hours)


def must_be_kept(row: Verification) -> None:
    """Raise NotFound for a report whose time is over, cleared away or not."""
    if clock.now() >= gone_at(row):
        raise NotFound("verification_gone")


@action
def keep_report(name: str, report: dict[str, Any]) -> Verification:
    """Keep a report for its visitor. It is no act of anybody in a recruitment, so it leaves no event."""
    row = Verification(name=name, report=report, made_at=clock.now())
    db.session.add(row)
    db.session.flush()
    return row


@action
def clear_reports() -> int:
    """Delete the reports whose time is over; returns how many."""
    limit = clock.now() - timedelta(hours=current_app.config["SETTINGS"].verify_keep_hours)
    return int(db.session.execute(delete(Verification).where(Verification.made_at <= limit)).rowcount)
