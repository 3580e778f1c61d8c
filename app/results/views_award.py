"""Routes of the award, the notices, and of who leaves and who moves up."""

from __future__ import annotations

from typing import Any

from flask import flash, render_template, request
from flask_login import current_user
from werkzeug.wrappers import Response as WSGIResponse

from app import clock
from app.lifecycle import award_obstacle, last_approvals
from app.permissions import may, role_in
from app.publication.models import Recruitment
from app.results import actions, deadlines, queries
from app.results.candidates import ACTIVE, entries, ranking_rules, selection_now, would_select
from app.results.common import holding
from app.results.forms import IssueForm, require_valid
from app.results.notices import live_notices
from app.results.substitution import preview
from app.results.views import back, bp, left
from app.routing import current_actor, permit
from app.wording import REFUSALS
from evaluation.errors import EvaluationError
from evaluation.models import Candidate


@bp.get("/award")
@permit("result.award_read")
def award(recruitment: Recruitment) -> str:
    """Who would be selected, what still holds it, who has agreed; afterwards who was."""
    rows = entries(recruitment) if recruitment.review_id else []
    awarded = recruitment.awarded_at is not None
    chosen, tied = None, False
    if rows:
        try:
            chosen = selection_now(recruitment, rows) if awarded else would_select(recruitment, rows)
        except EvaluationError:
            tied = True
    why = None
    if recruitment.stage == "publicity":
        why = award_obstacle(recruitment, clock.now())
    given = last_approvals(recruitment, "award")
    role = role_in(current_user, recruitment)
    return render_template(
        "results/award.html",
        recruitment=recruitment,
        rows=rows,
        chosen=chosen,
        tied=tied,
        awarded=awarded,
        quota=ranking_rules(recruitment).quota if recruitment.review is not None else 0,
        why=REFUSALS.get(f"guard.{why}", "") if why else "",
        code=why,
        given=given,
        mine=any(row.role == role and row.used_at is None for row in given),
        ready=len({row.role for row in given if row.used_at is None}) == 2,
        is_staff=role == "staff",
        ends_at=deadlines.objection_period_ends(recruitment) if recruitment.stage == "publicity" else None,
        holds=holding(recruitment),
    )


@bp.post("/award/early")
@permit("result.manage")
def early_award(recruitment: Recruitment) -> WSGIResponse:
    """Record the decision not to wait for the end of the objection period."""
    actions.decide_early_award(
        actor=current_actor(recruitment), recruitment=recruitment, reason=request.form.get("reason", "")
    )
    flash("决定已记录并告知监督人员。", "success")
    return back("results.award", recruitment)


@bp.post("/award/approve")
@permit("result.award")
def approve_award(recruitment: Recruitment) -> WSGIResponse:
    """Give one of the two yeses."""
    both = actions.approve_award(actor=current_actor(recruitment), recruitment=recruitment)
    flash("两人均已确认，可以确定入选。" if both else "您已确认，等待另一人确认。", "success")
    return back("results.award", recruitment)


@bp.post("/award/decide")
@permit("result.award")
def decide_award(recruitment: Recruitment) -> WSGIResponse:
    """Select the vendors."""
    chosen = actions.award(actor=current_actor(recruitment), recruitment=recruitment)
    flash(f"已确定 {len(chosen.selected)} 家入选服务商，请发出通知书。", "success")
    return back("results.notices", recruitment)


@bp.get("/notices")
@permit("notice.list")
def notices(recruitment: Recruitment) -> str:
    """All notices with their receipt; selected vendors and who would follow them."""
    rows = entries(recruitment) if recruitment.review_id else []
    return render_template(
        "results/notices.html",
        recruitment=recruitment,
        notices=live_notices(recruitment),
        documents=queries.documents_of(recruitment, "selection_notice"),
        selected=[row for row in rows if row.candidate.stage in ACTIVE],
        reserves=[row for row in rows if row.candidate.stage == "reserve"],
        gone=[row for row in rows if row.candidate.stage in ("withdrew", "removed")],
        publicities=[row for row in queries.all_publicities(recruitment) if row.kind == "supplementary"],
        supplements=queries.documents_of(recruitment, "supplementary_notice"),
        form=IssueForm(formdata=None, issued_on=clock.today()),
        is_staff=may(current_user, "result.manage", recruitment),
        holds=holding(recruitment),
        changing=recruitment.stage in ("awarded", "integration", "promotion"),
    )


@bp.post("/notices/issue")
@permit("result.manage")
def issue_notices(recruitment: Recruitment) -> WSGIResponse:
    """Issue all notices at once."""
    form = IssueForm()
    require_valid(form)
    made = actions.issue_notices(
        actor=current_actor(recruitment), recruitment=recruitment, issued_on=form.issued_on.data
    )
    flash(f"已发出 {len(made)} 份通知书，文件正在生成，各服务商已收到站内消息。", "success")
    return back("results.notices", recruitment)


@bp.get("/candidates/<candidate>/leave")
@permit("result.substitute")
def leave(recruitment: Recruitment, candidate: Candidate) -> Any:
    """What would happen if this vendor left: the next ranks, their deadlines, the fees."""
    return render_template(
        "results/leave.html",
        recruitment=recruitment,
        candidate=candidate,
        plan=preview(recruitment, candidate),
        issued=bool(live_notices(recruitment)),
        holds=holding(recruitment),
    )


@bp.post("/candidates/<candidate>/remove")
@permit("result.substitute")
def remove(recruitment: Recruitment, candidate: Candidate) -> WSGIResponse:
    """Take the place from a selected vendor."""
    moved = actions.remove_selected(
        actor=current_actor(recruitment), candidate=candidate, reason=request.form.get("reason", "")[:4000]
    )
    return left(recruitment, candidate, moved, "results.notices")
