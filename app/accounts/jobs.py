"""Background work of the accounts: e-mail."""

from __future__ import annotations

from typing import Any

from app.accounts.notify import deliver_mail
from app.jobs.registry import Job, find, handler


@handler("mail")
def send(job: Job) -> dict[str, Any] | None:
    """Send one e-mail, then forget its text: a one-time link must not stay readable in the database."""
    how = deliver_mail(job.payload, job.reference)
    with job.effect(how=how) as fresh:
        item = find(job.reference)
        if fresh and item is not None:
            kept = {key: value for key, value in item.payload.items() if key.startswith("_")}
            item.payload = kept | {"subject": job.payload["subject"], "at": job.payload["at"]}
    return None
