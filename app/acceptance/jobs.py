"""Background work of the integration: the daily look at everybody's working days."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app.acceptance.deadlines import mark_overdue
from app.audit import SYSTEM
from app.extensions import db
from app.jobs.registry import Job, daily, handler
from app.publication.models import Recruitment


@daily("integration.overdue")
@handler("integration.overdue")
def look_at_days(job: Job) -> dict[str, Any] | None:
    """Count provisional deadlines anew and put on record who is overdue, in every running integration.

    Repeating it finds nothing new.
    """
    found = 0
    for key in list(db.session.scalars(select(Recruitment.id).where(Recruitment.stage == "integration"))):
        recruitment = db.session.get(Recruitment, key)
        if recruitment is not None and recruitment.programme_id is not None:
            found += len(mark_overdue(actor=SYSTEM, recruitment=recruitment))
    return {"overdue": found}
