"""Routes of the organiser: how many responses there are, the counter, the opening, the differences."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from app import clock
from app.accounts.forms import refused
from app.accounts.models import Organisation
from app.choices import options
from app.concurrency import check_version
from app.errors import Conflict, Refusal
from app.extensions import db
from app.lifecycle import approvals, stage_now
from app.publication.models import Recruitment
from app.responses import counter, package, queries
from app.responses import opening as openings
from app.responses.forms import ArrivalForm, CorrectionForm, DifferenceForm
from app.responses.models import PaperArrival, PaperDifference, Response
from app.responses.views import bp
from app.routing import current_actor, load, permit
from evaluation.errors import EvaluationError


@bp.get("/r/<recruitment>/responses")
@permit("response.overview")
def overview(recruitment: Recruitment) -> str:
    """Before the opening the number of responses and nothing else; afterwards the list."""
    found: dict[str, Any]
    if recruitment.opened_at is not None:
        page, rows = queries.opened(recruitment)
        found = {"page": page, "rows": rows, "paper_only": queries.paper_only(recruitment)}
    else:
        found = {
            "submitted": openings.submitted_count(recruitment),
            "counter": queries.counter(recruitment),
        }
    return render_template(
        "responses/overview.html",
        recruitment=recruitment,
        stage=stage_now(recruitment, clock.now()),
        **found,
    )


def _arrivals(recruitment: Recruitment, form: ArrivalForm, *, status: int = 200) -> Any:
    page = queries.arrivals_page(recruitment)
    return (
        render_template(
            "responses/arrivals.html",
            recruitment=recruitment,
            page=page,
            form=form,
            counter=queries.counter(recruitment),
            people=queries.people(row.registered_by_id for row in page.items),
            stage=stage_now(recruitment, clock.now()),
            copies=(package.section(recruitment, "responses", "copies") or {}).get("paper"),
        ),
        status,
    )


@bp.get("/r/<recruitment>/arrivals")
@permit("arrival.read")
def arrivals(recruitment: Recruitment) -> Any:
    """The arrival register of the counter."""
    return _arrivals(recruitment, ArrivalForm(formdata=None))


def _named(form: ArrivalForm) -> Organisation | None:
    code = (form.credit_code.data or "").strip()
    return counter.vendor_of_code(code) if code else None


@bp.post("/r/<recruitment>/arrivals")
@permit("arrival.register")
def register_arrival(recruitment: Recruitment) -> Any:
    """Enter a package."""
    form = ArrivalForm()
    if not form.validate_on_submit():
        return _arrivals(recruitment, form, status=422)
    try:
        row = counter.register_arrival(
            actor=current_actor(recruitment),
            recruitment=recruitment,
            organisation=_named(form),
            vendor_name=form.vendor_name.data or "",
            copies=form.copies.data or 0,
            sealed=bool(form.sealed.data),
            envelope_ok=bool(form.envelope_ok.data),
            arrived_at=form.moment(),
            delivered_by=form.delivered_by.data or "",
            note=form.note.data or "",
        )
    except EvaluationError as error:
        return _arrivals(recruitment, form, status=refused(form, error, field="credit_code"))
    except Refusal as error:
        return _arrivals(recruitment, form, status=refused(form, error))
    late = "该件逾期送达，不计为已递交。" if row.late else ""
    flash(f"已登记第 {row.number} 号：{row.vendor_name}。{late}", "warning" if late else "success")
    return _to("responses.arrivals", recruitment)


def _to(endpoint: str, recruitment: Recruitment) -> Any:
    return redirect(url_for(endpoint, recruitment=recruitment.public_id), 303)


@bp.post("/r/<recruitment>/arrivals/close")
@permit("arrival.register")
def close_arrivals(recruitment: Recruitment) -> Any:
    """Close the register."""
    counter.close_arrivals(actor=current_actor(recruitment), recruitment=recruitment)
    flash("签收登记已办结。", "success")
    return _to("responses.opening", recruitment)


@bp.get("/arrivals/<arrival>")
@permit("arrival.read")
def arrival(arrival: PaperArrival) -> Any:
    """One entry, and its correction while the register is open."""
    form = CorrectionForm(formdata=None, obj=arrival)
    form.credit_code.data = arrival.organisation.credit_code if arrival.organisation else ""
    return _arrival(arrival, form)


def _arrival(arrival: PaperArrival, form: CorrectionForm, *, status: int = 200) -> Any:
    recruitment = db.session.get_one(Recruitment, arrival.recruitment_id)
    return (
        render_template(
            "responses/arrival.html",
            recruitment=recruitment,
            row=arrival,
            form=form,
            by=queries.people([arrival.registered_by_id]).get(arrival.registered_by_id, ""),
        ),
        status,
    )


@bp.post("/arrivals/<arrival>")
@permit("arrival.register")
def correct_arrival(arrival: PaperArrival) -> Any:
    """Correct an entry with a reason."""
    form = CorrectionForm()
    if not form.validate_on_submit():
        return _arrival(arrival, form, status=422)
    shown = {"服务商名称": arrival.vendor_name, "份数": arrival.copies, "备注": arrival.note}
    typed = {
        "服务商名称": form.vendor_name.data, "份数": form.copies.data, "备注": form.note.data
    }
    check_version(arrival, request.form.get("version"), current=shown, submitted=typed)
    recruitment = db.session.get_one(Recruitment, arrival.recruitment_id)
    try:
        counter.correct_arrival(
            actor=current_actor(recruitment),
            arrival=arrival,
            reason=form.reason.data or "",
            organisation=_named(form),
            vendor_name=form.vendor_name.data or "",
            copies=form.copies.data or 0,
            sealed=bool(form.sealed.data),
            envelope_ok=bool(form.envelope_ok.data),
            delivered_by=form.delivered_by.data or "",
            note=form.note.data or "",
        )
    except EvaluationError as error:
        return _arrival(arrival, form, status=refused(form, error, field="credit_code"))
    except Conflict:
        raise
    except Refusal as error:
        return _arrival(arrival, form, status=refused(form, error))
    flash(f"第 {arrival.number} 号登记已更正。", "success")
    return _to("responses.arrivals", recruitment)


@bp.get("/r/<recruitment>/opening")
@permit("opening.read")
def opening(recruitment: Recruitment) -> str:
    """The steps to the opening: what is done, what is next, by whom."""
    given = {row.role: row for row in approvals(recruitment, openings.STEP)}
    return render_template(
        "responses/opening.html",
        recruitment=recruitment,
        stage=stage_now(recruitment, clock.now()),
        submitted=openings.submitted_count(recruitment),
        counter=queries.counter(recruitment),
        given=given,
        actor=current_actor(recruitment),
        people=queries.people(row.user_id for row in given.values()),
    )


@bp.post("/r/<recruitment>/opening/approve")
@permit("opening.approve")
def approve_opening(recruitment: Recruitment) -> Any:
    """One of the two persons' yes."""
    openings.approve_opening(actor=current_actor(recruitment), recruitment=recruitment)
    flash("您的启封确认已记录。", "success")
    return _to("responses.opening", recruitment)


@bp.post("/r/<recruitment>/opening")
@permit("opening.approve")
def open_all(recruitment: Recruitment) -> Any:
    """Open all submitted responses."""
    openings.open_responses(actor=current_actor(recruitment), recruitment=recruitment)
    flash("响应文件已启封。启封记录和响应文件登记表正在生成，完成后见“文件”。", "success")
    return _to("responses.overview", recruitment)


def _differences(recruitment: Recruitment, form: DifferenceForm, *, status: int = 200) -> Any:
    page = queries.differences_page(recruitment)
    form.response.choices = options(queries.opened_choices(recruitment))
    form.item.choices = options([
        (str(entry["no"]), f"{entry['no']}. {entry.get('title', '')}") for entry in package.items_of(recruitment)
    ])
    return (
        render_template(
            "responses/differences.html",
            recruitment=recruitment,
            page=page,
            form=form,
            prevails=package.prevailing(recruitment),
            actor=current_actor(recruitment),
            people=queries.people(
                key for row in page.items for key in (row.first_by_id, row.second_by_id)
            ),
        ),
        status,
    )


@bp.get("/r/<recruitment>/differences")
@permit("difference.read")
def differences(recruitment: Recruitment) -> Any:
    """Where paper and electronic files differ."""
    return _differences(recruitment, DifferenceForm(formdata=None))


@bp.post("/r/<recruitment>/differences")
@permit("difference.note")
def note_difference(recruitment: Recruitment) -> Any:
    """Enter a difference."""
    form = DifferenceForm()
    form.response.choices = options(queries.opened_choices(recruitment))
    form.item.choices = options([(str(entry["no"]), "") for entry in package.items_of(recruitment)])
    if not form.validate_on_submit():
        return _differences(recruitment, form, status=422)
    try:
        counter.note_difference(
            actor=current_actor(recruitment),
            response=load(Response, form.response.data),
            item=form.item.data,
            text=form.text.data or "",
        )
    except Refusal as error:
        return _differences(recruitment, form, status=refused(form, error))
    flash("差异已登记，须由另一人确认后生效。", "success")
    return _to("responses.differences", recruitment)


@bp.post("/differences/<difference>/confirm")
@permit("difference.confirm")
def confirm_difference(difference: PaperDifference) -> Any:
    """The second person's yes."""
    recruitment = difference.response.recruitment
    counter.confirm_difference(actor=current_actor(recruitment), difference=difference)
    flash("差异已由两人确认。", "success")
    return _to("responses.differences", recruitment)
