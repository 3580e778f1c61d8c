"""Routes of one vendor's integration: the workspace, its items, their evidence and decisions."""

from __future__ import annotations

from typing import Any

from flask import flash, render_template, request
from werkzeug.wrappers import Response as WSGIResponse

from app import clock
from app.acceptance import actions, pictures, queries
from app.acceptance.certificates import trial_rules
from app.acceptance.common import candidate_of
from app.acceptance.deadlines import removal_approvals
from app.acceptance.evidence import note_reading
from app.acceptance.forms import read_text, read_upload
from app.acceptance.views import back, bp, role_of
from app.errors import NotFound
from app.extensions import db
from app.files import send_blob
from app.publication.models import Recruitment
from app.results.substitution import preview
from app.routing import current_actor, load, permit
from onboarding import service
from onboarding.acceptance import progress
from onboarding.models import Evidence, Integration, RequirementState


@bp.get("/mine")
@permit("acceptance.mine")
def mine(recruitment: Recruitment) -> Any:
    """The own company's workspace."""
    found = queries.own_integrations(recruitment)
    if len(found) == 1:
        return back("acceptance.workspace", recruitment, integration=found[0].public_id)
    return render_template("acceptance/mine.html", recruitment=recruitment, integrations=found)


@bp.get("/my-certificates")
@permit("acceptance.mine")
def my_certificates(recruitment: Recruitment) -> Any:
    """The own company's trial certificates."""
    found = queries.own_integrations(recruitment)
    if len(found) == 1:
        return back("acceptance.certificates", recruitment, integration=found[0].public_id)
    return render_template("acceptance/mine.html", recruitment=recruitment, integrations=found)


@bp.get("/vendors/<integration>")
@permit("acceptance.workspace")
def workspace(recruitment: Recruitment, integration: Integration) -> str:
    """Countdown, items by group, what is left; for staff and operator the decisions beside it."""
    states = queries.items_of(integration)
    wanted = request.args.get("stage", "")
    head = queries.context_of(integration)
    changes = queries.changes_of(integration)
    consents = removal_approvals(recruitment, integration)
    found = progress(
        [state.requirement.key for state in states],
        {state.requirement.key: state.stage for state in states},
    )
    refs = [ref for change in changes for ref in (change.asked_by, change.decided_by)]
    refs += [consent.user.public_id for consent in consents]
    role = role_of(recruitment)
    return render_template(
        "acceptance/workspace.html",
        recruitment=recruitment,
        programme=integration.programme,
        groups=queries.grouped(state for state in states if not wanted or state.stage == wanted),
        wanted=wanted,
        progress=found,
        total=len(states),
        burn=pictures.burn_down(integration, head["days"], states),
        changes=changes,
        consents=consents,
        people=queries.people(refs),
        role=role,
        running=recruitment.stage == "integration" and integration.stage in service.WORKING,
        deciding=role in ("operator", "staff"),
        trial=trial_rules(integration),
        next_up=_next_up(recruitment, integration) if head["stage"] == "overdue" and not head["own"] else "",
        today=clock.today(),
        **head,
    )


def _next_up(recruitment: Recruitment, integration: Integration) -> str:
    """Who would move up if this vendor left today; an empty text without a reserve."""
    found = preview(recruitment, candidate_of(integration))
    return found.moved_up.candidate.name if found is not None and found.moved_up is not None else ""


@bp.post("/vendors/<integration>/accept")
@permit("acceptance.accept")
def accept(recruitment: Recruitment, integration: Integration) -> WSGIResponse:
    """Accept the vendor as a whole."""
    actions.accept_integration(actor=current_actor(recruitment), integration=integration)
    flash(f"{integration.vendor_name}已通过对接验收，验收报告正在生成，完成后见“文件”。", "success")
    return back("acceptance.workspace", recruitment, integration=integration.public_id)


@bp.post("/vendors/<integration>/accept-items")
@permit("acceptance.accept")
def accept_items(recruitment: Recruitment, integration: Integration) -> WSGIResponse:
    """Accept the chosen items at once; each with the version that was on the page."""
    chosen = request.form.getlist("item")[:500]
    states = [load(RequirementState, ref) for ref in chosen]
    if any(state.integration_id != integration.id for state in states):
        raise NotFound("not_found")
    count = actions.accept_items(
        actor=current_actor(recruitment),
        integration=integration,
        states=states,
        versions={ref: request.form.get(f"version-{ref}") or "" for ref in chosen},
        remark=read_text("remark", 2000),
    )
    flash(f"{count} 个验收项已通过。", "success")
    return back("acceptance.workspace", recruitment, integration=integration.public_id)


@bp.get("/items/<item_state>")
@permit("acceptance.item")
def item(recruitment: Recruitment, item_state: RequirementState) -> str:
    """One item: what is asked for, its proof, the questions about it, the decision."""
    integration = item_state.integration
    evidence = list(item_state.evidence)
    remarks = list(item_state.remarks)
    refs = [row.author for row in (*evidence, *remarks)] + [item_state.proved_by, item_state.decided_by]
    role, own = role_of(recruitment), queries.is_own(integration)
    actor = current_actor(recruitment)
    working = recruitment.stage == "integration" and integration.stage in service.WORKING
    neighbours = [state.public_id for state in queries.items_of(integration)]
    at = neighbours.index(item_state.public_id)
    return render_template(
        "acceptance/item.html",
        recruitment=recruitment,
        state=item_state,
        requirement=item_state.requirement,
        evidence=evidence,
        remarks=remarks,
        people=queries.people(refs),
        role=role,
        own=own,
        working=working,
        may_add=working and item_state.stage != "accepted" and (own or role in ("operator", "staff")),
        may_prove=working and own and item_state.stage in ("open", "returned"),
        ready=bool(evidence) and (item_state.requirement.proof != "run" or service.has_passed_run(item_state)),
        may_decide=working and role in ("operator", "staff") and item_state.stage == "proved",
        own_proof=actor.ref in service.authors(item_state),
        before=neighbours[at - 1] if at else "",
        after=neighbours[at + 1] if at + 1 < len(neighbours) else "",
        integration=integration,
        runs_by_certificate=item_state.requirement.key
        in {*trial_rules(integration)["signature"], *trial_rules(integration)["decryption"]},
    )


@bp.post("/items/<item_state>/evidence")
@permit("acceptance.evidence")
def add_evidence(recruitment: Recruitment, item_state: RequirementState) -> WSGIResponse:
    """Add proof, and hand the item in where the vendor asked for both."""
    source, name = read_upload()
    actor = current_actor(recruitment)
    actions.add_evidence(
        actor=actor,
        state=item_state,
        text=read_text("text"),
        source=source,
        name=name,
        passed=request.form.get("passed", "yes") == "yes",
    )
    if request.form.get("then") == "prove":
        actions.prove(actor=actor, state=item_state)
        flash("证明已添加，验收项已提交验收。", "success")
    else:
        flash("证明已添加。", "success")
    return back("acceptance.item", recruitment, item_state=item_state.public_id)


@bp.post("/items/<item_state>/prove")
@permit("acceptance.prove")
def prove(recruitment: Recruitment, item_state: RequirementState) -> WSGIResponse:
    """Hand the item in."""
    actions.prove(actor=current_actor(recruitment), state=item_state)
    flash("验收项已提交，等待平台对接人员验收。", "success")
    return back("acceptance.item", recruitment, item_state=item_state.public_id)


@bp.post("/items/<item_state>/decide")
@permit("acceptance.decide")
def decide(recruitment: Recruitment, item_state: RequirementState) -> WSGIResponse:
    """Accept the item or return it."""
    accepted = request.form.get("decision") == "accept"
    actions.decide_item(
        actor=current_actor(recruitment),
        state=item_state,
        accept=accepted,
        remark=read_text("remark", 2000),
        version=request.form.get("version") or "",
    )
    flash("验收项已通过。" if accepted else "验收项已退回，服务商已收到理由。", "success")
    return back("acceptance.item", recruitment, item_state=item_state.public_id)


@bp.post("/items/<item_state>/remarks")
@permit("acceptance.remark")
def remark(recruitment: Recruitment, item_state: RequirementState) -> WSGIResponse:
    """Ask or answer about the item."""
    actions.add_remark(actor=current_actor(recruitment), state=item_state, text=read_text("text", 4000))
    flash("已发送，对方会收到消息。", "success")
    return back("acceptance.item", recruitment, item_state=item_state.public_id)


@bp.get("/evidence/<evidence>")
@permit("acceptance.read_evidence")
def evidence_file(recruitment: Recruitment, evidence: Evidence) -> Any:
    """A file of evidence; reading it by others than its vendor is put on record."""
    if evidence.blob_key is None:
        raise NotFound("not_found")
    if not queries.is_own(evidence.state.integration):
        note_reading(actor=current_actor(recruitment), evidence=evidence)
    db.session.rollback()
    return send_blob(
        evidence.blob_key,
        name=evidence.file_name,
        media_type=str(evidence.result.get("media_type") or "application/octet-stream"),
        inline=request.args.get("download") != "1",
    )
