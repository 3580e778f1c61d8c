"""Background work of the responses: the receipts, and the seals of uploaded files."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app.errors import NotFound
from app.extensions import db
from app.jobs.registry import Job, handler
from app.responses import seals
from app.responses.models import Submission
from app.responses.receipts import issue_receipt, listed_keys
from app.storage import store


@handler("receipt")
def issue(job: Job) -> dict[str, Any] | None:
    """Issue the receipt of the submission that the payload names. Running it again changes nothing."""
    submission = db.session.scalar(select(Submission).where(Submission.public_id == job.payload["submission"]))
    if submission is None:
        raise NotFound("not_found")
    # A receipt says that the files are here: they are on the disk before it says so.
    for key in listed_keys(submission):
        store().sync(key)
    document = issue_receipt(submission, actor=job.actor)
    return {"document": document.public_id}


@handler(seals.JOB)
def look_at_seals(job: Job) -> dict[str, Any] | None:
    """Look at the seals of the file that the payload names; what was found stays with the file alone."""
    try:
        seals.check(str(job.payload["file"]))
    except Exception as error:
        # The text of an error may hold what was found; the list of background work shows it.
        raise RuntimeError(type(error).__name__) from None
    return None
