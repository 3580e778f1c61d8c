"""Routes of the amendments: the public list, and the staff's drafting room."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import select

from app import clock
from app import plan as plans
from app.accounts.forms import refused
from app.documents.models import Document
from app.documents.publication import changed_places
from app.errors import NotFound, Refusal
from app.extensions import db
from app.permissions import may
from app.publication import amendments as written
from app.publication import fields, publishing
from app.publication.forms import AmendmentForm
from app.publication.models import Amendment, Recruitment
from app.publication.reading import read
from app.publication.views import Answer, back, bp, sections_with_counts
from app.routing import current_actor, permit


def in_force(recruitment: Recruitment, amendment: Amendment | None = None) -> Any:
    """The plan in force, as a draft amendment would change it."""
    plan = publishing.draft_plan(recruitment)
    if amendment is not None:
        plan = written.amended(plan, written.all_changes(amendment))
    return plans.apply_supplements(plan)


@bp.get("/r/<recruitment>/amendments")
@permit("amendment.list")
def amendments(recruitment: Recruitment) -> Answer:
    """The amendments; drafts for the staff."""
    staff = may(current_user, "amendment.write", recruitment)
    rows = written.listed(recruitment, drafts=staff)
    documents = {
        row.subject_ref: row
        for row in db.session.scalars(
            select(Document).where(
                Document.recruitment_id == recruitment.id,
                Document.kind == "amendment",
                Document.audience == "public",
                Document.superseded_at.is_(None),
            )
        )
    }
    return render_template(
        "publication/amendments.html",
        recruitment=recruitment,
        rows=rows,
        changes={row.id: changed_places(row) for row in rows if row.stage == "published"},
        documents=documents,
        staff=staff,
        open=written.may_amend(recruitment),
        form=AmendmentForm(formdata=None),
    )


def _form_of(amendment: Amendment | None, form: AmendmentForm | None) -> AmendmentForm:
    if form is not None:
        return form
    if amendment is None:
        return AmendmentForm(formdata=None)
    closes = amendment.new_closes_at
    return AmendmentForm(
        formdata=None,
        title=amendment.title,
        text=amendment.text,
        touches_responses=amendment.touches_responses,
        new_closes_at=clock.local(closes).replace(tzinfo=None) if closes else None,
    )


def _draft_page(
    recruitment: Recruitment, amendment: Amendment | None, form: AmendmentForm | None = None, status: int = 200
) -> Answer:
    before = in_force(recruitment)
    changes = amendment.changes if amendment is not None else []
    blocks = []
    if amendment is not None:
        plan = publishing.draft_plan(recruitment)
        blocks = written.new_blocks(plan, written.amended(plan, written.all_changes(amendment)))
    return render_template(
        "publication/amendment_edit.html",
        recruitment=recruitment,
        amendment=amendment,
        form=_form_of(amendment, form),
        changes=[
            {"path": row["path"], "old": plans.get_value(before, row["path"]), "new": row["value"]}
            for row in changes
        ],
        blocks=blocks,
        sections=sections_with_counts(before, []),
        forced=written.touches(changes, said=False),
    ), status


@bp.get("/r/<recruitment>/amendments/new")
@permit("amendment.write")
def new_amendment(recruitment: Recruitment) -> Answer:
    """The form of a new draft."""
    return _draft_page(recruitment, None)


@bp.post("/r/<recruitment>/amendments")
@permit("amendment.write")
def draft_amendment(recruitment: Recruitment) -> Answer:
    """Begin a draft."""
    form = AmendmentForm()
    if not form.validate_on_submit():
        return _draft_page(recruitment, None, form, 422)
    try:
        row = written.draft_amendment(
            actor=current_actor(recruitment),
            recruitment=recruitment,
            title=form.title.data or "",
            text=form.text.data or "",
            touches_responses=form.touches_responses.data,
            new_closes_at=form.closes,
        )
    except Refusal as error:
        if error.status != 422:
            raise
        return _draft_page(recruitment, None, form, refused(form, error))
    flash("草稿已保存。需要修改方案内容的，在下方选择方案各节。", "success")
    return back("publication.edit_amendment", recruitment, amendment=row.public_id)


@bp.get("/r/<recruitment>/amendments/<amendment>/edit")
@permit("amendment.write")
def edit_amendment(recruitment: Recruitment, amendment: Amendment) -> Answer:
    """A draft: text, closing time, changes, what the linter says of the changed plan."""
    if amendment.stage != "draft":
        return back("publication.amendments", recruitment)
    return _draft_page(recruitment, amendment)


@bp.post("/r/<recruitment>/amendments/<amendment>/edit")
@permit("amendment.write")
def save_amendment(recruitment: Recruitment, amendment: Amendment) -> Answer:
    """Save a draft's text and closing time; its changes stay."""
    form = AmendmentForm()
    if not form.validate_on_submit():
        return _draft_page(recruitment, amendment, form, 422)
    try:
        written.edit_amendment(
            actor=current_actor(recruitment),
            amendment=amendment,
            title=form.title.data or "",
            text=form.text.data or "",
            changes=amendment.changes,
            touches_responses=form.touches_responses.data,
            new_closes_at=form.closes,
            version=request.form.get("version"),
        )
    except Refusal as error:
        if error.status != 422:
            raise
        return _draft_page(recruitment, amendment, form, refused(form, error))
    flash("草稿已保存。", "success")
    return back("publication.edit_amendment", recruitment, amendment=amendment.public_id)


def _amendment_section(
    recruitment: Recruitment, amendment: Amendment, section: str, groups: list[Any], status: int = 200
) -> Answer:
    return render_template(
        "publication/section.html",
        recruitment=recruitment,
        amendment=amendment,
        section=section,
        groups=groups,
        sections=sections_with_counts(in_force(recruitment), []),
        editable=amendment.stage == "draft",
        save_url=url_for(
            "publication.save_amendment_section",
            recruitment=recruitment.public_id,
            amendment=amendment.public_id,
            section=section,
        ),
        version=amendment.version,
        section_endpoint="publication.amendment_section",
    ), status


def _section_groups(recruitment: Recruitment, amendment: Amendment, section: str) -> list[Any]:
    if section not in fields.SECTIONS or amendment.stage != "draft":
        raise NotFound("not_found")
    plan = written.amended(publishing.draft_plan(recruitment), written.all_changes(amendment))
    return fields.build(plans.apply_supplements(plan), section, plans.findings(plan), in_force=True)


@bp.get("/r/<recruitment>/amendments/<amendment>/sections/<section>")
@permit("amendment.write")
def amendment_section(recruitment: Recruitment, amendment: Amendment, section: str) -> Answer:
    """One section of the plan in force, to change values in it by the amendment."""
    return _amendment_section(
        recruitment, amendment, section, _section_groups(recruitment, amendment, section)
    )


@bp.post("/r/<recruitment>/amendments/<amendment>/sections/<section>")
@permit("amendment.write")
def save_amendment_section(recruitment: Recruitment, amendment: Amendment, section: str) -> Answer:
    """Take the changed values of a section into the amendment."""
    groups = _section_groups(recruitment, amendment, section)
    changed = read(request.form, groups, removable=False)
    if any(one.error for group in groups for one in group.everything()):
        flash("有填写不正确的地方，没有保存。请按提示修改。", "error")
        return _amendment_section(recruitment, amendment, section, groups, 422)
    before = in_force(recruitment)
    merged = {row["path"]: row["value"] for row in amendment.changes}
    merged.update(changed)
    # A value that is back where it was is no change.
    kept = [
        {"path": path, "value": plans.as_json(value)}
        for path, value in merged.items()
        if plans.as_json(plans.get_value(before, path)) != plans.as_json(value)
    ]
    _rewrite(recruitment, amendment, kept)
    flash(f"已记入 {len(changed)} 处修改。" if changed else "没有改动。", "success" if changed else "info")
    return back("publication.edit_amendment", recruitment, amendment=amendment.public_id)


def _rewrite(recruitment: Recruitment, amendment: Amendment, changes: list[dict[str, Any]]) -> None:
    written.edit_amendment(
        actor=current_actor(recruitment),
        amendment=amendment,
        title=amendment.title,
        text=amendment.text,
        changes=changes,
        touches_responses=amendment.touches_responses,
        new_closes_at=amendment.new_closes_at,
        version=request.form.get("version"),
    )


@bp.post("/r/<recruitment>/amendments/<amendment>/undo")
@permit("amendment.write")
def undo_change(recruitment: Recruitment, amendment: Amendment) -> Answer:
    """Take one change out of the draft."""
    path = request.form.get("path", "")
    _rewrite(recruitment, amendment, [row for row in amendment.changes if row["path"] != path])
    flash("已撤销这一处修改。", "success")
    return back("publication.edit_amendment", recruitment, amendment=amendment.public_id)


@bp.post("/r/<recruitment>/amendments/<amendment>/discard")
@permit("amendment.write")
def discard_amendment(recruitment: Recruitment, amendment: Amendment) -> Answer:
    """Throw a draft away."""
    written.discard_amendment(actor=current_actor(recruitment), amendment=amendment)
    flash("草稿已删除。", "success")
    return back("publication.amendments", recruitment)


@bp.post("/r/<recruitment>/amendments/<amendment>/publish")
@permit("amendment.write")
def publish_amendment(recruitment: Recruitment, amendment: Amendment) -> Answer:
    """Publish a draft."""
    written.publish_amendment(
        actor=current_actor(recruitment),
        amendment=amendment,
        keep_closing_reason=request.form.get("reason", "")[:2000],
    )
    flash("补充公告已发布，已开始响应的服务商收到了消息。", "success")
    target = url_for("publication.amendments", recruitment=recruitment.public_id)
    return redirect(f"{target}#a{amendment.number}", 303)
