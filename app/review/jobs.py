"""Background work of the review: the search for what vendors have in common."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app.audit import SYSTEM, record
from app.errors import NotFound
from app.extensions import db
from app.jobs.registry import Job, handler
from app.review import collusion
from evaluation.models import Review


@handler(collusion.JOB)
def look(job: Job) -> dict[str, Any] | None:
    """Search the opened responses of the review that the payload names. A second run changes nothing."""
    review = db.session.scalar(select(Review).where(Review.public_id == job.payload["review"]))
    recruitment = job.recruitment
    if review is None or recruitment is None:
        raise NotFound("not_found")
    review_id, recruitment_id = review.id, recruitment.id
    search = collusion.search(recruitment, review, job.progress)
    summary = {"files": search.files, "unread": search.unread[:100], "left_out": search.left_out}
    with job.effect(found=len(search.found), **summary) as fresh:
        if fresh:
            review = db.session.get_one(Review, review_id)
            recruitment = db.session.get_one(type(recruitment), recruitment_id)
            new = collusion.keep(review, search.found)
            record(
                "collusion.searched",
                actor=SYSTEM,
                recruitment=recruitment,
                subject=review,
                files=search.files,
                unread=len(search.unread),
                found=len(search.found),
                new=new,
            )
    return None
