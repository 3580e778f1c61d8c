"""Routes of the working days: asking, deciding, suspension, removal."""

from __future__ import annotations

from flask import flash, request
from werkzeug.wrappers import Response as WSGIResponse

from app.acceptance import actions
from app.acceptance.forms import read_days, read_text
from app.acceptance.views import back, bp
from app.errors import Refusal
from app.publication.models import Recruitment
from app.routing import current_actor, permit
from app.wording import label
from onboarding.models import DeadlineChange, Integration


@bp.post("/vendors/<integration>/days")
@permit("acceptance.ask_days")
def ask_days(recruitment: Recruitment, integration: Integration) -> WSGIResponse:
    """Ask for an extension, or for lost days back."""
    kind = request.form.get("kind", "")
    ask = {"extension": actions.ask_extension, "given_back": actions.ask_give_back}.get(kind)
    if ask is None:
        raise Refusal("acceptance_kind", field="kind")
    ask(
        actor=current_actor(recruitment),
        integration=integration,
        days=read_days("days"),
        reason=read_text("reason", 2000),
    )
    who = "监督人员" if kind == "extension" else "招募方另一位人员"
    flash(f"{label('deadline_change', kind)}申请已提交，由{who}决定。", "success")
    return back("acceptance.workspace", recruitment, integration=integration.public_id)


@bp.post("/changes/<deadline_change>/decide")
@permit("acceptance.decide_days")
def decide_days(recruitment: Recruitment, deadline_change: DeadlineChange) -> WSGIResponse:
    """Consent or refuse."""
    consent = request.form.get("consent") == "yes"
    actions.decide_extension(
        actor=current_actor(recruitment),
        change=deadline_change,
        consent=consent,
        note=read_text("note", 2000),
    )
    integration = deadline_change.integration
    flash("已同意，截止日已重新计算。" if consent else "未同意，理由已告知服务商。", "success")
    return back("acceptance.workspace", recruitment, integration=integration.public_id)


@bp.post("/vendors/<integration>/suspend")
@permit("acceptance.suspend")
def suspend(recruitment: Recruitment, integration: Integration) -> WSGIResponse:
    """Stop the clock."""
    actions.suspend_integration(
        actor=current_actor(recruitment), integration=integration, reason=read_text("reason", 2000)
    )
    flash("对接计时已暂停，恢复时补回工作日。", "success")
    return back("acceptance.workspace", recruitment, integration=integration.public_id)


@bp.post("/vendors/<integration>/resume")
@permit("acceptance.suspend")
def resume(recruitment: Recruitment, integration: Integration) -> WSGIResponse:
    """Let the clock run again."""
    days = actions.resume_integration(
        actor=current_actor(recruitment), integration=integration, reason=read_text("reason", 2000)
    )
    flash(f"对接计时已恢复，补回 {days} 个工作日。", "success")
    return back("acceptance.workspace", recruitment, integration=integration.public_id)


@bp.post("/vendors/<integration>/remove")
@permit("acceptance.remove")
def remove(recruitment: Recruitment, integration: Integration) -> WSGIResponse:
    """Consent to the removal; the second person carries it out."""
    moved = actions.remove_overdue(
        actor=current_actor(recruitment), integration=integration, reason=read_text("reason", 2000)
    )
    if integration.stage != "removed":
        flash("您的意见已记录。须由工作人员与监督人员两人分别确认后才取消入选。", "success")
    elif moved is not None:
        flash(f"已取消入选。{moved.vendor_name}递补，对接期限单独计算。", "success")
    else:
        flash("已取消入选。递补的服务商在通知书发出后开始对接；没有候补时名额空缺。", "success")
    return back("acceptance.workspace", recruitment, integration=integration.public_id)
