"""Routes of the plan editor: the sections' forms, entries of lists, supplements."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from app import plan as plans
from app.accounts.forms import refused
from app.choices import options
from app.errors import NotFound, Refusal
from app.plan.structure import Entries
from app.publication import actions, fields, publishing
from app.publication.amendments import like
from app.publication.forms import SupplementForm
from app.publication.models import Recruitment
from app.publication.places import in_words, place_word, value_word
from app.publication.reading import REMOVED, read
from app.publication.views import Answer, back, bp, sections_with_counts
from app.routing import current_actor, permit
from app.wording import sentence_for
from evaluation.plan_paths import key_of


def lines(values: dict[str, Any]) -> str:
    """Changed places and their values as a conflict shows them."""
    return "\n".join(
        f"{place_word(path)}：{value_word(None if value is REMOVED else value)}" for path, value in values.items()
    )


def _section_page(
    recruitment: Recruitment,
    section: str,
    plan: Any,
    groups: list[Any],
    findings: list[Any],
    status: int = 200,
) -> Answer:
    return render_template(
        "publication/section.html",
        recruitment=recruitment,
        section=section,
        groups=groups,
        sections=sections_with_counts(plan, findings),
        editable=recruitment.stage == "draft",
        save_url=url_for("publication.save_section", recruitment=recruitment.public_id, section=section),
        version=recruitment.version,
        amendment=None,
        section_endpoint="publication.section",
    ), status


@bp.get("/r/<recruitment>/plan/sections/<section>")
@permit("publication.plan")
def section(recruitment: Recruitment, section: str) -> Answer:
    """One section's fields, with what the linter finds beside them."""
    if section not in fields.SECTIONS:
        raise NotFound("not_found")
    found = publishing.draft_plan(recruitment)
    findings = plans.findings(found)
    return _section_page(recruitment, section, found, fields.build(found, section, findings), findings)


@bp.post("/r/<recruitment>/plan/sections/<section>")
@permit("publication.edit")
def save_section(recruitment: Recruitment, section: str) -> Answer:
    """Save the changed fields of one section."""
    if section not in fields.SECTIONS:
        raise NotFound("not_found")
    found = publishing.draft_plan(recruitment)
    findings = plans.findings(found)
    groups = fields.build(found, section, findings)
    changed = read(request.form, groups)
    wrong = [one for group in groups for one in group.everything() if one.error]
    if wrong:
        flash(f"有 {len(wrong)} 处填写不正确，没有保存。请按提示修改。", "error")
        return _section_page(recruitment, section, found, groups, findings, 422)
    try:
        count = actions.save_values(
            actor=current_actor(recruitment),
            recruitment=recruitment,
            values=changed,
            version=request.form.get("version"),
            current=lines({path: plans.get_value(found, path) for path in changed}),
            submitted=lines(changed),
        )
    except plans.PlanError as error:
        flash(sentence_for(error), "error")
        return _section_page(recruitment, section, found, groups, findings, 422)
    flash(f"已保存 {count} 处修改，检查结果已更新。" if count else "没有改动。", "success" if count else "info")
    return back("publication.section", recruitment, section=section)


def _to_section(recruitment: Recruitment, path: str) -> Answer:
    name = fields.section_of(path)
    if name == "supplements":
        return back("publication.supplements", recruitment)
    place = url_for("publication.section", recruitment=recruitment.public_id, section=name)
    return redirect(f"{place}#g-{path}", 303)


@bp.post("/r/<recruitment>/plan/entries")
@permit("publication.edit")
def add_entry(recruitment: Recruitment) -> Answer:
    """Add an entry to a list, shaped as its last one."""
    path = request.form.get("path", "")[:200]
    entries = plans.get_value(publishing.draft_plan(recruitment), path)
    if not isinstance(entries, list) and not isinstance(fields.shape_at(path), Entries):
        raise Refusal("publication_no_list")
    actions.add_entry(
        actor=current_actor(recruitment),
        recruitment=recruitment,
        path=path,
        entry=fields.blank_entry(path, entries or []),
        version=request.form.get("version"),
    )
    flash("已增加一项，请填写内容。", "success")
    return _to_section(recruitment, path)


@bp.post("/r/<recruitment>/plan/entries/remove")
@permit("publication.edit")
def remove_entry(recruitment: Recruitment) -> Answer:
    """Take an entry out of a list."""
    path = request.form.get("path", "")[:200]
    actions.remove_entry(
        actor=current_actor(recruitment),
        recruitment=recruitment,
        path=path,
        version=request.form.get("version"),
    )
    flash("已删除。", "success")
    return _to_section(recruitment, path.rpartition(".")[0] or path)


def _open_choices(findings: list[Any]) -> list[tuple[str, str]]:
    return [
        (f"{finding.code}@{finding.place}", f"{place_word(finding.place)}：{in_words(finding.text)}"[:120])
        for finding in findings
        if not finding.closed_by
    ]


def _named(entries: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    return [(key_of(entry, position), entry) for position, entry in enumerate(entries, 1)]


def _supplements_page(recruitment: Recruitment, form: SupplementForm | None = None, status: int = 200) -> Answer:
    found = publishing.draft_plan(recruitment)
    findings = plans.findings(found)
    form = form or SupplementForm(formdata=None)
    form.finding.choices = options([("", "请选择"), *_open_choices(findings)])
    rows = []
    for name, entry in _named(plans.supplements(found)):
        about = [
            finding
            for finding in findings
            if finding.code == entry.get("finding") and finding.place == entry.get("place")
        ]
        rows.append({"name": name, "entry": entry, "group": fields.build_supplement(entry, name), "about": about})
    return render_template(
        "publication/supplements.html",
        recruitment=recruitment,
        rows=rows,
        sections=sections_with_counts(found, findings),
        editable=recruitment.stage == "draft",
        form=form,
        version=recruitment.version,
        section_endpoint="publication.section",
        section="supplements",
    ), status


@bp.get("/r/<recruitment>/plan/supplements")
@permit("publication.plan")
def supplements(recruitment: Recruitment) -> Answer:
    """The supplements: text, what they close, what they change; confirmed one by one or all."""
    return _supplements_page(recruitment)


@bp.post("/r/<recruitment>/plan/supplements")
@permit("publication.edit")
def add_supplement(recruitment: Recruitment) -> Answer:
    """Write a supplement for something that the linter found."""
    found = publishing.draft_plan(recruitment)
    form = SupplementForm()
    form.finding.choices = options(_open_choices(plans.findings(found)))
    if not form.validate_on_submit():
        return _supplements_page(recruitment, form, 422)
    code, _, place = form.finding.data.partition("@")
    entry: dict[str, Any] = {
        "id": _next_id(found),
        "finding": code,
        "place": place,
        "title": form.title.data,
        "text": form.text.data,
        "confirmed": False,
    }
    try:
        if (form.value.data or "").strip():
            value = like(form.value.data.strip(), plans.get_value(found, place))
            entry["values"] = [{"path": place, "value": value}]
        actions.add_entry(
            actor=current_actor(recruitment),
            recruitment=recruitment,
            path="supplements",
            entry=entry,
            version=request.form.get("version"),
        )
    except Refusal as error:
        if error.status != 422:
            raise
        return _supplements_page(recruitment, form, refused(form, error, field="value"))
    flash("补充说明已增加，请核对后确认。", "success")
    return back("publication.supplements", recruitment)


def _next_id(plan: Any) -> str:
    taken = {name for name, _entry in _named(plans.supplements(plan))}
    number = len(taken) + 1
    while f"s{number:02d}" in taken:
        number += 1
    return f"s{number:02d}"


@bp.post("/r/<recruitment>/plan/supplements/confirm")
@permit("publication.edit")
def confirm_supplements(recruitment: Recruitment) -> Answer:
    """Confirm the supplement named, or all."""
    name = request.form.get("id", "")
    actions.confirm_supplements(
        actor=current_actor(recruitment),
        recruitment=recruitment,
        ids=[name] if name else None,
        version=request.form.get("version", ""),
    )
    flash("补充说明已确认。", "success")
    target = url_for("publication.supplements", recruitment=recruitment.public_id)
    return redirect(f"{target}#s-{name}" if name else target, 303)


@bp.post("/r/<recruitment>/plan/supplements/<name>")
@permit("publication.edit")
def save_supplement(recruitment: Recruitment, name: str) -> Answer:
    """Save a supplement's words and values; what was confirmed has to be confirmed again."""
    found = publishing.draft_plan(recruitment)
    entry = dict(_named(plans.supplements(found))).get(name)
    if entry is None:
        raise NotFound("publication_supplement_unknown")
    group = fields.build_supplement(entry, name)
    changed = read(request.form, [group])
    for one in group.everything():
        if one.error:
            raise Refusal("plan_value_bad", place=place_word(one.path), why=one.error)
    if changed:
        changed[f"supplements.{name}.confirmed"] = False
    actions.save_values(
        actor=current_actor(recruitment),
        recruitment=recruitment,
        values=changed,
        version=request.form.get("version"),
        current=lines({path: plans.get_value(found, path) for path in changed}),
        submitted=lines(changed),
    )
    flash("补充说明已保存，请核对后确认。" if changed else "没有改动。", "success" if changed else "info")
    target = url_for("publication.supplements", recruitment=recruitment.public_id)
    return redirect(f"{target}#s-{name}", 303)
