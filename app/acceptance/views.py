"""Routes of the integration as a whole: board, public progress, requirements, go-live."""

from __future__ import annotations

import csv
import io
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WSGIResponse

from app import clock
from app.acceptance import actions, pictures, queries
from app.acceptance.authority import chain_pem, revocation_list
from app.acceptance.common import programme_of
from app.acceptance.forms import read_text
from app.acceptance.masking import mask_text
from app.acceptance.selection import gone, selected_refs, waiting_to_begin
from app.errors import NotFound
from app.extensions import db
from app.files import disposition
from app.permissions import role_in
from app.publication.models import Recruitment
from app.routing import current_actor, permit
from app.wording import stage_word
from onboarding import service
from onboarding.golive import gate
from onboarding.models import Programme, Requirement

bp = Blueprint("acceptance", __name__, url_prefix="/r/<recruitment>/integration")
bp.add_app_template_filter(mask_text, "masked")


def back(endpoint: str, recruitment: Recruitment, **params: Any) -> WSGIResponse:
    """See other: a page of the same recruitment."""
    return redirect(url_for(endpoint, recruitment=recruitment.public_id, **params), 303)


def role_of(recruitment: Recruitment) -> str:
    """The role of whoever asks, or an empty text."""
    return (role_in(current_user, recruitment) or "") if current_user.is_authenticated else ""


def _summary(rows: list[queries.Row]) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows:
        found[row.stage] = found.get(row.stage, 0) + 1
    return found


@bp.get("/board")
@permit("acceptance.board")
def board(recruitment: Recruitment) -> str:
    """All vendors against their working days: who is late, what waits for a decision."""
    role = role_of(recruitment)
    if recruitment.programme is None:
        return render_template("acceptance/waiting.html", recruitment=recruitment, is_staff=role == "staff")
    rows = queries.board(recruitment.programme)
    wanted = request.args.get("stage", "")
    return render_template(
        "acceptance/board.html",
        recruitment=recruitment,
        programme=recruitment.programme,
        rows=[row for row in rows if not wanted or row.stage == wanted],
        summary=_summary(rows),
        total=len(rows),
        wanted=wanted,
        picture=pictures.spans(rows),
        not_begun=waiting_to_begin(recruitment),
        gone=gone(recruitment, [row.integration for row in rows]),
        unmarked=[row for row in rows if row.stage == "overdue" and row.integration.stage != "overdue"],
        is_staff=role == "staff",
        running=recruitment.stage == "integration",
    )


@bp.get("/board.csv")
@permit("acceptance.board")
def board_csv(recruitment: Recruitment) -> Response:
    """The board's table for a spreadsheet (UTF-8 with its mark, so that names are read right)."""
    rows = queries.board(programme_of(recruitment))
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(
        ["服务商", "统一社会信用代码", "状态", "起算事件日", "截止日", "暂定", "工作日合计", "已用", "剩余", "逾期",
         "验收项", "已通过", "待验收", "已退回"]
    )  # fmt: skip
    for row in rows:
        table.writerow(
            [
                _cell(row.integration.vendor_name),
                row.integration.credit_code,
                stage_word("integration", row.stage),
                row.integration.event_on.isoformat(),
                row.integration.deadline_on.isoformat(),
                "是" if row.integration.provisional else "",
                row.days.total,
                row.days.used,
                row.days.left,
                row.days.late if row.stage == "overdue" else 0,
                row.items,
                row.accepted,
                row.counts.get("proved", 0),
                row.counts.get("returned", 0),
            ]
        )
    answer = Response("\ufeff" + out.getvalue(), mimetype="text/csv")
    answer.headers["Content-Disposition"] = disposition(f"对接看板-{clock.today():%Y%m%d}.csv", inline=False)
    return answer


def _cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in "=+-@\t\r" else text


@bp.get("/progress")
@permit("acceptance.progress")
def progress(recruitment: Recruitment) -> str:
    """Who is waited for, for everybody: names, days and counts, no evidence."""
    rows = queries.board(programme_of(recruitment))
    rows = [row for row in rows if row.stage != "removed"] + [row for row in rows if row.stage == "removed"]
    return render_template(
        "acceptance/progress.html",
        recruitment=recruitment,
        programme=recruitment.programme,
        rows=rows,
        summary=_summary(rows),
        picture=pictures.spans([row for row in rows if row.stage != "removed"]),
        pending=[row for row in rows if row.stage not in ("accepted", "removed")],
        not_begun=waiting_to_begin(recruitment),
    )


@bp.get("/golive")
@permit("acceptance.golive")
def golive(recruitment: Recruitment) -> str:
    """The gate, the promotion of three months, each vendor's service year."""
    programme = programme_of(recruitment)
    names = {row.integration.candidate_ref: row for row in queries.board(programme)}
    opened = gate(selected_refs(recruitment), service.stages_by_vendor(db.session(), programme))
    return render_template(
        "acceptance/golive.html",
        recruitment=recruitment,
        programme=programme,
        gate=opened,
        pending=[names[ref] for ref, _stage in opened.waiting if ref in names],
        not_begun=waiting_to_begin(recruitment),
        services=queries.services(recruitment, programme),
        rules=service.GoLiveRules.from_plan(programme.rules.get("golive") or {}),
        is_staff=role_of(recruitment) == "staff",
        today=clock.today(),
    )


@bp.post("/start")
@permit("acceptance.manage")
def start(recruitment: Recruitment) -> WSGIResponse:
    """Begin the integration, or that of vendors selected since."""
    before = _begun(recruitment.programme)
    programme = actions.start_integration(actor=current_actor(recruitment), recruitment=recruitment)
    made = _begun(programme) - before
    if made:
        flash(f"{made} 家服务商的对接已开始，各自计算工作日，并已收到消息。", "success")
    else:
        flash("入选变动已核对，没有新的服务商可以开始对接：须先发出入选通知书。", "warning")
    return back("acceptance.board", recruitment)


def _begun(programme: Programme | None) -> int:
    if programme is None:
        return 0
    db.session.expire(programme, ["integrations"])
    return len(programme.integrations)


@bp.post("/overdue")
@permit("acceptance.manage")
def overdue(recruitment: Recruitment) -> WSGIResponse:
    """Put on record who is past the last day."""
    found = actions.mark_overdue(actor=current_actor(recruitment), recruitment=recruitment)
    names = "、".join(row.vendor_name for row in found)
    flash(f"已登记逾期：{names}。" if found else "没有新的逾期服务商。", "success")
    return back("acceptance.board", recruitment)


@bp.post("/remind")
@permit("acceptance.manage")
def remind(recruitment: Recruitment) -> WSGIResponse:
    """Remind every vendor with items left."""
    count = actions.remind_vendors(actor=current_actor(recruitment), recruitment=recruitment)
    flash(f"已向 {count} 人发出催办。" if count else "没有需要催办的服务商。", "success")
    return back("acceptance.board", recruitment)


@bp.post("/promotion")
@permit("acceptance.manage")
def promotion(recruitment: Recruitment) -> WSGIResponse:
    """Begin the free promotion."""
    actions.start_promotion(actor=current_actor(recruitment), recruitment=recruitment)
    flash("免费推广已开始，全部服务商已收到消息。", "success")
    return back("acceptance.golive", recruitment)


@bp.get("/requirements")
@permit("acceptance.board")
def requirements(recruitment: Recruitment) -> str:
    """All items of the plan with how many vendors have come through, and the form of a change."""
    programme = programme_of(recruitment)
    return render_template(
        "acceptance/requirements.html",
        recruitment=recruitment,
        programme=programme,
        rows=queries.requirements(programme),
        is_staff=role_of(recruitment) == "staff",
        running=recruitment.stage == "integration",
        chosen=request.args.get("change", ""),
    )


@bp.post("/requirements/<requirement>")
@permit("acceptance.manage")
def change_requirement(recruitment: Recruitment, requirement: Requirement) -> WSGIResponse:
    """Change what an item asks for."""
    count = actions.change_requirement(
        actor=current_actor(recruitment),
        recruitment=recruitment,
        requirement=requirement,
        text=read_text("text"),
        proof=request.form.get("proof", ""),
        reason=read_text("reason", 2000),
        version=request.form.get("version"),
    )
    flash(f"要求已变更，{count} 家服务商须重新证明这一项，并已收到消息。", "success")
    return back("acceptance.requirements", recruitment)


@bp.post("/notice")
@permit("acceptance.manage")
def notice(recruitment: Recruitment) -> WSGIResponse:
    """Tell the vendors the platform's addresses and parameters."""
    actions.publish_notice(
        actor=current_actor(recruitment),
        recruitment=recruitment,
        text=read_text("text"),
        version=request.form.get("version"),
    )
    flash("对接地址与参数已发布，服务商已收到消息。", "success")
    return back("acceptance.requirements", recruitment)


@bp.get("/trial-ca/<part>")
@permit("acceptance.trial_ca")
def trial_ca(recruitment: Recruitment, part: str) -> Response:
    """The trial authority's certificates (PEM) and its revocation list (DER)."""
    if part == "chain.pem":
        data, media_type = chain_pem(), "application/x-pem-file"
    elif part == "trial.crl":
        data, media_type = revocation_list(clock.now()), "application/pkix-crl"
    else:
        raise NotFound("not_found")
    answer = Response(data, mimetype=media_type)
    answer.headers["Content-Disposition"] = disposition(part, inline=False)
    return answer


from app.acceptance import views_certificates, views_deadlines, views_duties, views_vendor  # noqa: E402, F401
