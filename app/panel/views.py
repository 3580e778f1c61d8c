"""Routes of the feature `panel`: the expert pool. Draw, seats and fees add theirs at the end."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from sqlalchemy import func, or_, select

from app.accounts.forms import refused
from app.concurrency import check_version
from app.errors import Refusal
from app.extensions import db, limiter
from app.files import disposition
from app.panel import pool as experts
from app.panel import workbook
from app.panel.forms import ExpertForm
from app.routing import current_actor, permit
from app.templating import paginate
from evaluation.models import Expert

bp = Blueprint("panel", __name__)

Answer = Any
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@bp.get("/experts")
@permit("pool.read")
def pool() -> Answer:
    """The pool: search by code, name, employer or speciality."""
    return _pool()


def _pool(*, errors: Any = (), status: int = 200, refusal: str = "") -> Answer:
    query = select(Expert).order_by(Expert.code)
    words = request.args.get("q", "").strip()[:100]
    state = request.args.get("state", "")
    if words:
        fields = (Expert.code, Expert.name, Expert.employer, Expert.speciality)
        query = query.where(or_(*(field.icontains(words, autoescape=True) for field in fields)))
    if state in ("active", "inactive"):
        query = query.where(Expert.active.is_(state == "active"))
    counts = {
        row[0]: row[1] for row in db.session.execute(select(Expert.active, func.count()).group_by(Expert.active))
    }
    return render_template(
        "panel/pool.html",
        page=paginate(query),
        words=words,
        state=state,
        counts=counts,
        errors=errors,
        refusal=refusal,
        most_rows=workbook.MAX_ROWS,
    ), status


@bp.get("/experts/template.xlsx")
@permit("pool.read")
def pool_template() -> Response:
    """The empty workbook to fill in."""
    return download(workbook.template(), "评审专家库模板.xlsx", XLSX)


def download(data: bytes, name: str, media_type: str) -> Response:
    """Bytes as a file to save."""
    answer = Response(data, mimetype=media_type)
    answer.headers["Content-Disposition"] = disposition(name, inline=False)
    return answer


@bp.post("/experts/import")
@limiter.limit("30 per minute")
@permit("pool.manage")
def import_pool() -> Answer:
    """Bring a workbook into the pool; every wrong cell is listed and nothing is imported then."""
    from app.wording import sentence_for

    found = request.files.get("file")
    data = found.stream.read(workbook.MAX_BYTES + 1) if found is not None else b""
    try:
        done = experts.import_experts(actor=current_actor(), data=data)
    except workbook.PoolRefused as error:
        return _pool(errors=error.errors, status=error.status)
    except Refusal as error:
        return _pool(refusal=sentence_for(error), status=error.status)
    flash(f"导入完成：新增 {done.added} 位，更新 {done.updated} 位，未变 {done.unchanged} 位。", "success")
    return redirect(url_for("panel.pool"), 303)


@bp.get("/experts/new")
@permit("pool.manage")
def new_expert() -> Answer:
    """The form for one expert."""
    return _expert(ExpertForm(formdata=None))


def _expert(form: ExpertForm, expert: Expert | None = None, status: int = 200) -> Answer:
    return render_template("panel/expert.html", form=form, expert=expert), status


@bp.post("/experts/new")
@permit("pool.manage")
def add_expert() -> Answer:
    """Add one expert by hand."""
    form = ExpertForm()
    if not form.validate_on_submit():
        return _expert(form, status=422)
    try:
        expert = experts.add_expert(actor=current_actor(), values=form.values(), relations=form.parsed)
    except Refusal as error:
        return _expert(form, status=refused(form, error))
    flash(f"已添加专家 {expert.name}。", "success")
    return redirect(url_for("panel.pool"), 303)


@bp.get("/experts/<expert>")
@permit("pool.read")
def expert_page(expert: Expert) -> Answer:
    """One expert of the pool."""
    form = ExpertForm(formdata=None, obj=expert)
    form.relations.data = workbook.show_relations(expert.relations).replace("；", "\n")
    return _expert(form, expert)


@bp.post("/experts/<expert>")
@permit("pool.manage")
def edit_expert(expert: Expert) -> Answer:
    """Correct an expert's data."""
    form = ExpertForm()
    if not form.validate_on_submit():
        return _expert(form, expert, status=422)
    shown = {item.heading: getattr(expert, item.key) for item in workbook.FIELDS[:7]}
    typed = dict(zip(shown, form.values().values(), strict=True))
    check_version(expert, request.form.get("version"), current=shown, submitted=typed)
    try:
        experts.edit_expert(
            actor=current_actor(), expert=expert, values=form.values(), relations=form.parsed
        )
    except Refusal as error:
        return _expert(form, expert, status=refused(form, error))
    flash("专家信息已保存。", "success")
    return redirect(url_for("panel.expert_page", expert=expert.public_id), 303)


@bp.post("/experts/<expert>/active")
@permit("pool.manage")
def set_active(expert: Expert) -> Answer:
    """Take an expert out of the pool, or back in."""
    active = request.form.get("active") == "1"
    experts.set_active(
        actor=current_actor(), expert=expert, active=active, reason=request.form.get("reason", "")
    )
    flash("已恢复在库。" if active else "已停用，不再参加抽取。", "success")
    return redirect(url_for("panel.expert_page", expert=expert.public_id), 303)


from app.panel import views_draw, views_fees, views_keys, views_seats  # noqa: E402 - they add their routes to `bp`

__all__ = ["bp", "views_draw", "views_fees", "views_keys", "views_seats"]
