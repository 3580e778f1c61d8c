"""Routes of the feature `jobs`: what is being done in the background, how far it is, and "again"."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import func, select

from app.extensions import db
from app.jobs.actions import retry
from app.jobs.models import OutboxItem
from app.routing import current_actor, permit
from app.templating import paginate
from app.wording import label

bp = Blueprint("jobs", __name__)

#: Fragments of these stages ask again; the others have come to rest.
MOVING = ("waiting", "handed")
STAGES = ("waiting", "handed", "done", "failed")


def _statement(recruitment_id: int | None) -> Any:
    query = select(OutboxItem).order_by(OutboxItem.id.desc())
    if recruitment_id is not None:
        query = query.where(OutboxItem.recruitment_id == recruitment_id)
    if (stage := request.args.get("stage")) in STAGES:
        query = query.where(OutboxItem.stage == stage)
    return query


def _page(recruitment: Any) -> str:
    counting = select(OutboxItem.stage, func.count()).group_by(OutboxItem.stage)
    if recruitment is not None:
        counting = counting.where(OutboxItem.recruitment_id == recruitment.id)
    counts = {row[0]: row[1] for row in db.session.execute(counting)}
    page = paginate(_statement(recruitment.id if recruitment is not None else None))
    return render_template(
        "jobs/list.html", page=page, counts=counts, recruitment=recruitment, stages=STAGES, moving=MOVING
    )


@bp.get("/r/<recruitment>/jobs")
@permit("job.list")
def listing(recruitment: Any) -> str:
    """The background work of one recruitment."""
    return _page(recruitment)


@bp.get("/admin/jobs")
@permit("job.all")
def all_jobs() -> str:
    """The background work of the whole installation."""
    return _page(None)


@bp.get("/jobs/<job>")
@permit("job.read")
def status(job: OutboxItem) -> str:
    """One piece of work; as a fragment for htmx, which asks again while it moves."""
    template = "jobs/status.html" if request.headers.get("HX-Request") else "jobs/job.html"
    return render_template(template, job=job, moving=MOVING)


@bp.post("/jobs/<job>/retry")
@permit("job.retry")
def again(job: OutboxItem) -> Any:
    """Order failed work again."""
    retry(job=job, actor=current_actor(job.recruitment))
    flash(f"“{label('job', job.kind)}”已重新排队。", "success")
    return redirect(url_for("jobs.status", job=job.public_id), code=303)
