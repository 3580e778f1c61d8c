"""Routes of the staff: own recruitments, a new one, the plan's overview, asking and publishing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app import clock
from app import plan as plans
from app.accounts.duties import organisations
from app.accounts.forms import refused
from app.accounts.models import Membership, User
from app.audit import sm3_hex
from app.choices import options
from app.errors import NotFound, Refusal
from app.extensions import db
from app.files import disposition
from app.publication import actions, publishing
from app.publication.forms import MAX_PLAN_BYTES, CreateForm, UploadForm
from app.publication.models import PlanVersion, Recruitment
from app.publication.places import in_words, place_word, value_word
from app.routing import current_actor, permit
from app.templating import paginate
from app.wording import sentence_for

bp = Blueprint("publication", __name__)
for _word in (place_word, value_word, in_words):
    bp.add_app_template_global(_word)

Answer = Any
SHIPPED = Path(plans.__file__).parents[1] / "plans"


def back(endpoint: str, recruitment: Recruitment, **params: Any) -> Answer:
    """See other: a page of the same recruitment."""
    return redirect(url_for(endpoint, recruitment=recruitment.public_id, **params), 303)


def me() -> User:
    """The logged-in person."""
    person: User = current_user._get_current_object()
    return person


def _staffed() -> Any:
    return (
        select(Recruitment)
        .join(Membership, Membership.recruitment_id == Recruitment.id)
        .where(
            Membership.user_id == current_user.id,
            Membership.role == "staff",
            Membership.ended_at.is_(None),
        )
        .order_by(Recruitment.id.desc())
    )


@bp.get("/recruitments")
@permit("publication.create")
def own() -> Answer:
    """The recruitments that the person works on, drafts among them."""
    query = _staffed().options(joinedload(Recruitment.programme), joinedload(Recruitment.created_by))
    return render_template("publication/own.html", page=paginate(query))


def _shipped() -> dict[str, Path]:
    return {path.stem: path for path in sorted(SHIPPED.glob("*.toml"))}


def _create_form(**kwargs: Any) -> CreateForm:
    form = CreateForm(**kwargs)
    names = [
        (f"shipped:{stem}", str(plans.load_plan(path).get("name") or stem))
        for stem, path in _shipped().items()
    ]
    form.source.choices = options([
        *names,
        ("upload", "上传方案文件"),
        ("previous", "沿用上一轮的方案（在下方选择上一轮）"),
    ])
    form.organiser.choices = options([
        (body.public_id, body.name) for body in organisations(me()) if body.kind == "organiser"
    ])
    rounds = db.session.scalars(_staffed().where(Recruitment.plan_digest.is_not(None)).limit(100))
    form.previous.choices = options([("", "不是再次招募"), *((row.public_id, row.title) for row in rounds)])
    return form


def _create_page(form: CreateForm, status: int = 200) -> Answer:
    return render_template("publication/create.html", form=form), status


@bp.get("/recruitments/new")
@permit("publication.create")
def create_form() -> Answer:
    """The form for a new recruitment."""
    asked = {name: request.args.get(name) for name in ("source", "previous")}
    return _create_page(_create_form(formdata=None, **asked))


@bp.post("/recruitments")
@permit("publication.create")
def create() -> Answer:
    """A new recruitment in draft."""
    form = _create_form()
    if not form.validate_on_submit():
        return _create_page(form, 422)
    previous = db.session.scalar(_staffed().where(Recruitment.public_id == (form.previous.data or "")))
    body = next(body for body in organisations(me()) if body.public_id == form.organiser.data)
    try:
        row = actions.create_recruitment(
            actor=current_actor(),
            organiser=body,
            plan=_chosen_plan(form, previous),
            title=form.title.data or "",
            previous=previous,
        )
    except Refusal as error:
        return _create_page(form, refused(form, error, field=error.field if error.field in form else "source"))
    flash("招募项目已建立。请按检查提示完成方案。", "success")
    return back("publication.plan", row)


def _chosen_plan(form: CreateForm, previous: Recruitment | None) -> bytes:
    source = form.source.data
    if source == "upload":
        data = uploaded(form.file.data)
    elif source == "previous":
        if previous is None:
            raise Refusal("publication_previous", field="previous")
        data = bytes(previous.plan_bytes)
    else:
        data = _shipped()[source.removeprefix("shipped:")].read_bytes()
    if form.opens.data:
        data = plans.shift_dates(plans.load_plan(data), form.opens.data).raw
    return data


def uploaded(storage: Any) -> bytes:
    """The bytes of an uploaded plan, one more than is allowed at most, so that the loader says it."""
    data: bytes = storage.stream.read(MAX_PLAN_BYTES + 1) if storage else b""
    if not data:
        raise Refusal("publication_no_file", field="file")
    return data


@bp.get("/r/<recruitment>/plan")
@permit("publication.plan")
def plan(recruitment: Recruitment) -> Answer:
    """The plan's overview: what holds it, the findings by section, supplements, versions, files."""
    return overview(recruitment)


def overview(recruitment: Recruitment, *, status: int = 200, upload: UploadForm | None = None) -> Answer:
    """The overview's page; with the upload form as it was refused, if it was."""
    from app.publication import fields

    found = publishing.draft_plan(recruitment)
    findings = plans.findings(found)
    broken = ""
    try:
        plans.apply_supplements(found)
    except Refusal as error:
        broken = sentence_for(error)
    asked_by = (
        db.session.get(User, recruitment.publish_asked_by_id) if recruitment.publish_asked_by_id else None
    )
    return render_template(
        "publication/overview.html",
        recruitment=recruitment,
        plan=found,
        findings=findings,
        sections=sections_with_counts(found, findings),
        section_of=fields.section_of,
        supplements=plans.supplements(found),
        unconfirmed=publishing.unconfirmed(found),
        reason=publishing.plan_reason(recruitment) if recruitment.stage == "draft" else None,
        broken=broken,
        asked_by=asked_by,
        digest=publishing.stored_digest(recruitment),
        versions=_versions(recruitment),
        changes=_against_previous(recruitment, found),
        upload=upload or UploadForm(formdata=None),
        moment=clock.now(),
    ), status


def sections_with_counts(plan: Any, findings: list[Any]) -> list[dict[str, Any]]:
    """The editor's sections with how many open findings each has, by severity; without an empty "other"."""
    from app.publication import fields

    rows = {name: {"name": name, "block": 0, "warn": 0} for name in [*fields.SECTIONS, "supplements"]}
    for finding in findings:
        if not finding.closed_by:
            rows[fields.section_of(finding.place)][finding.severity] += 1
    other = rows["other"]
    if not other["block"] and not other["warn"] and not fields.build(plan, "other", []):
        del rows["other"]
    return list(rows.values())


def _versions(recruitment: Recruitment) -> list[PlanVersion]:
    query = select(PlanVersion).where(PlanVersion.recruitment_id == recruitment.id)
    return list(db.session.scalars(query.order_by(PlanVersion.number.desc())))


def _against_previous(recruitment: Recruitment, plan: Any) -> list[Any] | None:
    """What a second round changes against the first; None where it is none."""
    if recruitment.previous_id is None:
        return None
    before = db.session.get(Recruitment, recruitment.previous_id)
    assert before is not None
    old, new = (dict(data) for data in (publishing.draft_plan(before), plan))
    for side in (old, new):
        side.pop("supplements", None)
    return [change for change in plans.diff(old, new) if not change.path.startswith("publication.schedule")]


@bp.post("/r/<recruitment>/plan/title")
@permit("publication.edit")
def rename(recruitment: Recruitment) -> Answer:
    """Another title for the draft."""
    actions.rename(
        actor=current_actor(recruitment),
        recruitment=recruitment,
        title=request.form.get("title", ""),
        version=request.form.get("version"),
    )
    flash("项目名称已修改。", "success")
    return back("publication.plan", recruitment)


@bp.get("/r/<recruitment>/plan.toml")
@permit("publication.plan_file")
def plan_file(recruitment: Recruitment) -> Answer:
    """The plan's bytes: the draft for staff, the frozen version in force, or an earlier one by its number."""
    data, number = bytes(recruitment.plan_bytes), request.args.get("version", type=int)
    if number is not None:
        version = db.session.scalar(
            select(PlanVersion).where(
                PlanVersion.recruitment_id == recruitment.id, PlanVersion.number == number
            )
        )
        if version is None:
            raise NotFound("not_found")
        data = bytes(version.plan_bytes)
    response = Response(data, mimetype="application/toml")
    ending = f"-第{number}版" if number is not None else ""
    response.headers["Content-Disposition"] = disposition(f"{recruitment.title}-招募方案{ending}.toml", inline=False)
    response.headers["X-Plan-SM3"] = sm3_hex(data)
    return response


@bp.post("/r/<recruitment>/plan/upload")
@permit("publication.edit")
def upload(recruitment: Recruitment) -> Answer:
    """Replace the draft by an uploaded file."""
    form = UploadForm()
    try:
        actions.replace_plan(
            actor=current_actor(recruitment),
            recruitment=recruitment,
            plan=uploaded(form.file.data),
            version=request.form.get("version"),
        )
    except Refusal as error:
        if error.status != 422:
            raise
        return overview(recruitment, status=refused(form, error, field="file"), upload=form)
    flash("已用上传的文件替换方案草案。", "success")
    return back("publication.plan", recruitment)


@bp.post("/r/<recruitment>/plan/ask")
@permit("publication.publish")
def ask(recruitment: Recruitment) -> Answer:
    """The first person asks for publication."""
    actions.ask_publication(actor=current_actor(recruitment), recruitment=recruitment)
    flash("已提请发布，另一位工作人员收到了消息。", "success")
    return back("publication.plan", recruitment)


@bp.post("/r/<recruitment>/plan/withdraw")
@permit("publication.publish")
def withdraw(recruitment: Recruitment) -> Answer:
    """Take the request back."""
    actions.withdraw_ask(actor=current_actor(recruitment), recruitment=recruitment)
    flash("已撤回发布提请，可以继续编辑。", "success")
    return back("publication.plan", recruitment)


@bp.post("/r/<recruitment>/plan/publish")
@permit("publication.publish")
def publish(recruitment: Recruitment) -> Answer:
    """The second person publishes what was read."""
    actions.publish(
        actor=current_actor(recruitment), recruitment=recruitment, seen=request.form.get("seen") or ""
    )
    flash("招募公告已发布，方案已冻结。公告和方案的 PDF 正在生成。", "success")
    return back("portal.recruitment", recruitment)


from app.publication import views_amendments, views_editor, views_published  # noqa: E402,F401 - routes of the same blueprint
