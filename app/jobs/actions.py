"""Use cases of background work."""

from __future__ import annotations

from app.audit import Actor, record
from app.errors import Refusal
from app.extensions import action, after_commit
from app.jobs.models import OutboxItem
from app.jobs.registry import ORDERED


@action
def retry(*, job: OutboxItem, actor: Actor) -> None:
    """Put failed work back into the queue.

    Raises Refusal `job_not_failed` for anything else. Side effects: the item waits again, one event.
    """
    if job.stage != "failed":
        raise Refusal("job_not_failed")
    job.stage, job.progress = "waiting", 0
    job.result = {"again": int(job.result.get("again", 0)) + 1}
    record("job.retried", actor=actor, recruitment=job.recruitment, subject=job, work=job.kind, error=job.error)
    after_commit(ORDERED)
