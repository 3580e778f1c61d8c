"""Routes of the steps over the whole recruitment; buttons are read from the table of transitions."""

from __future__ import annotations

from typing import Any

from flask import flash, render_template, request
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response as WSGIResponse

from app import clock
from app.choices import options
from app.extensions import db
from app.lifecycle import TRANSITIONS, approvals, hold_of
from app.permissions import role_in
from app.publication.models import Recruitment
from app.results import actions, deadlines, queries
from app.results.candidates import RANKED
from app.results.decisions import PROPOSALS, archive_obstacle
from app.results.forms import ReReviewForm, require_valid
from app.results.re_review import ordered_by_authority, upheld
from app.results.views import back, bp
from app.review.forms import score_lines
from app.routing import current_actor, load, permit
from app.wording import REFUSALS
from evaluation.models import Candidate
from evaluation.objections import AwardState


@bp.get("/decisions")
@permit("decision.list")
def decisions(recruitment: Recruitment) -> str:
    """What can be decided now, what waits for the second person, and every decision on record."""
    role = role_in(current_user, recruitment) or ""
    allowed = {
        target
        for (source, target), transition in TRANSITIONS.items()
        if source == recruitment.stage and role in transition.roles
    }
    waiting = {step: given for step in PROPOSALS if (given := approvals(recruitment, step))}
    form = ReReviewForm(formdata=None)
    rows = queries.candidates_of(recruitment) if recruitment.review_id is not None else []
    form.candidates.choices = options([(row.public_id, f"{row.number} 号 {row.name}") for row in rows])
    if recruitment.review is not None:
        form.items.choices = options(
            [(line["key"], f"{line['key']} {line['name']}") for line in score_lines(recruitment.review)]
        )
    blocked = archive_obstacle(recruitment) if "archived" in allowed else None
    return render_template(
        "results/decisions.html",
        recruitment=recruitment,
        role=role,
        user=current_user._get_current_object(),
        allowed=allowed,
        resumable=recruitment.stage == "suspended" and hold_of(recruitment).state is not AwardState.RE_REVIEW,
        proposals=waiting,
        names={row.public_id: row.name for row in rows},
        form=form,
        ranked=any(row.stage in RANKED for row in rows),
        upheld=upheld(recruitment),
        ordered=ordered_by_authority(recruitment),
        archive_blocked=REFUSALS.get(f"guard.{blocked}", "") if blocked else "",
        over_on=deadlines.service_over_on(recruitment),
        rows=queries.decisions_of(recruitment),
        following=list(
            db.session.scalars(select(Recruitment).where(Recruitment.previous_id == recruitment.id))
        ),
        previous=db.session.get(Recruitment, recruitment.previous_id) if recruitment.previous_id else None,
        today=clock.today(),
    )


def _reason() -> str:
    return request.form.get("reason", "")[:4000]


@bp.post("/decisions/suspend")
@permit("decision.take")
def suspend(recruitment: Recruitment) -> WSGIResponse:
    """Suspend the recruitment."""
    actions.suspend(actor=current_actor(recruitment), recruitment=recruitment, reason=_reason())
    flash("项目已暂停，相关服务商已收到通知。", "success")
    return back("results.decisions", recruitment)


@bp.post("/decisions/resume")
@permit("decision.take")
def resume(recruitment: Recruitment) -> WSGIResponse:
    """Return to the stage before the suspension."""
    actions.resume(actor=current_actor(recruitment), recruitment=recruitment, reason=_reason())
    flash("项目已恢复，合同签订期限按暂停的天数顺延。", "success")
    return back("results.decisions", recruitment)


def _told(done: bool, word: str) -> None:
    flash(f"{word}。" if done else "您的意见已记录，等待另一人确认后生效。", "success")


@bp.post("/decisions/terminate")
@permit("decision.take")
def terminate(recruitment: Recruitment) -> WSGIResponse:
    """Propose the end of the recruitment, or agree to it."""
    done = actions.terminate(actor=current_actor(recruitment), recruitment=recruitment, reason=_reason())
    _told(done, "项目已终止")
    return back("results.decisions", recruitment)


@bp.post("/decisions/archive")
@permit("decision.take")
def archive(recruitment: Recruitment) -> WSGIResponse:
    """Propose to close the file, or agree to it."""
    _told(actions.archive(actor=current_actor(recruitment), recruitment=recruitment), "项目已归档")
    return back("results.decisions", recruitment)


@bp.post("/decisions/re-review")
@permit("decision.take")
def re_review(recruitment: Recruitment) -> WSGIResponse:
    """Propose a re-review."""
    form = ReReviewForm()
    require_valid(form)
    done = actions.re_review(
        actor=current_actor(recruitment),
        recruitment=recruitment,
        cause=form.cause.data,
        reason=form.reason.data,
        candidates=[load(Candidate, ref) for ref in form.candidates.data or []],
        items=form.items.data or [],
    )
    _told(done, "项目已退回重新评审")
    return back("results.decisions", recruitment)


@bp.post("/decisions/re-review/consent")
@permit("decision.take")
def consent_re_review(recruitment: Recruitment) -> WSGIResponse:
    """Agree to the re-review that the other person proposed."""
    _told(
        actions.consent_re_review(actor=current_actor(recruitment), recruitment=recruitment),
        "项目已退回重新评审",
    )
    return back("results.decisions", recruitment)


@bp.post("/decisions/withdraw")
@permit("decision.take")
def withdraw_proposal(recruitment: Recruitment) -> Any:
    """Take a proposal back, or decline the other's."""
    actions.withdraw_proposal(
        actor=current_actor(recruitment),
        recruitment=recruitment,
        step=request.form.get("step", "")[:40],
        reason=_reason(),
    )
    flash("提请已撤回（或不同意），没有办理。", "success")
    return back("results.decisions", recruitment)
