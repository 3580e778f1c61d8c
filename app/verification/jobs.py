"""Background work of the verification portal: old reports go."""

from __future__ import annotations

from typing import Any

from app.jobs.registry import Job, daily, handler
from app.verification.actions import clear_reports


@daily("verification.clear")
@handler("verification.clear")
def clear(job: Job) -> dict[str, Any] | None:
    """Delete the reports that are older than they are kept."""
    return {"cleared": clear_reports()}
