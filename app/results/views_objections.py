"""Routes of objections and complaints: filed by vendors, decided by staff with their impact in view."""

from __future__ import annotations

from typing import Any

from flask import flash, render_template, request
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response as WSGIResponse

from app import clock
from app.accounts.models import Organisation
from app.choices import options
from app.errors import NotFound, Refusal
from app.extensions import db
from app.files import send_blob
from app.permissions import may, role_in
from app.publication.models import Recruitment
from app.responses.models import Response
from app.results import actions, deadlines, impact, queries
from app.results.common import holding, own_candidate
from app.results.complaints import EFFECTS
from app.results.filing import admissibility_of, is_party, own_vendor, reasons_in_words
from app.results.forms import (
    AnswerForm,
    ComplaintForm,
    ObjectionForm,
    OrderForm,
    PaperForm,
    refused,
    require_valid,
    words,
)
from app.results.models import Complaint, Objection
from app.results.objections import can_be_remedied
from app.results.rules import result_is_public
from app.results.views import back, bp, upload
from app.review.forms import score_lines
from app.routing import current_actor, load, permit
from app.wording import sentence_for
from evaluation.errors import EvaluationError
from evaluation.models import Candidate

#: Two forms stand on one page: the second one's names are told apart.
COMPLAINT = "complaint"


def _fill_choices(form: ObjectionForm, recruitment: Recruitment) -> None:
    """Vendors can be named once their names are public."""
    rows = queries.candidates_of(recruitment) if recruitment.review_id else []
    named = rows if result_is_public(recruitment) else []
    form.against.choices = options(
        [("", "—— 不针对某一家 ——"), *((row.public_id, row.name) for row in named)]
    )


def _against(form: ObjectionForm) -> Candidate | None:
    return load(Candidate, form.against.data) if form.against.data else None


def _objectors(recruitment: Recruitment) -> list[tuple[str, str]]:
    """Whom a paper objection can come from. Before the opening all vendors: who responds is not known yet."""
    query = select(Organisation.public_id, Organisation.name).where(Organisation.kind == "vendor")
    if recruitment.opened_at is not None:
        query = query.join(Response).where(Response.recruitment_id == recruitment.id)
    return [(row[0], row[1]) for row in db.session.execute(query.order_by(Organisation.name))]


def _list_page(
    recruitment: Recruitment,
    *,
    paper: PaperForm | None = None,
    complaint: ComplaintForm | None = None,
    status: int = 200,
) -> Any:
    paper = paper or PaperForm(formdata=None)
    _fill_choices(paper, recruitment)
    paper.organisation.choices = options([("", "—— 选择 ——"), *_objectors(recruitment)])
    return render_template(
        "results/objections.html",
        recruitment=recruitment,
        rows=queries.objections_of(recruitment),
        complaints=queries.complaints_of(recruitment),
        windows=deadlines.objection_windows(recruitment),
        holds=holding(recruitment),
        today=clock.today(),
        recount=queries.provisional_left(recruitment),
        paper=paper,
        complaint=complaint or ComplaintForm(formdata=None, prefix=COMPLAINT),
        effects=words("order_effect", EFFECTS),
        is_staff=may(current_user, "objection.record", recruitment),
    ), status


@bp.get("/objections")
@permit("objection.list")
def objections(recruitment: Recruitment) -> Any:
    """All objections and complaints with their deadlines and what they hold."""
    return _list_page(recruitment)


@bp.post("/objections/paper")
@permit("objection.record")
def record_paper(recruitment: Recruitment) -> Any:
    """Register an objection that came on paper."""
    form = PaperForm()
    if not form.validate_on_submit():
        return _list_page(recruitment, paper=form, status=422)
    try:
        row = actions.record_paper(
            actor=current_actor(recruitment),
            recruitment=recruitment,
            organisation=load(Organisation, form.organisation.data),
            subject=form.subject.data,
            text=form.text.data,
            received_at=form.received_at.data.replace(tzinfo=clock.SHANGHAI),
            against=_against(form),
            **upload(),
        )
    except Refusal as error:
        if error.status != 422:
            raise
        return _list_page(recruitment, paper=form, status=refused(form, error))
    flash(f"已登记为第 {row.number} 号质疑。", "success")
    return back("results.objection", recruitment, objection=row.public_id)


@bp.post("/objections/recount")
@permit("objection.record")
def recount(recruitment: Recruitment) -> WSGIResponse:
    """Count provisional deadlines anew under the calendar in force."""
    changed = actions.recount(actor=current_actor(recruitment), recruitment=recruitment)
    flash(f"已按现行日历重算 {changed} 项期限。", "success")
    return back("results.objections", recruitment)


def _state(window: deadlines.Window, party: bool) -> str:
    """Whether the vendor can object to a subject today: a word of `objection_window`."""
    today = clock.today()
    if not party:
        return "stranger"
    if window.opened_on is None or today < window.opened_on:
        return "early"
    return "late" if window.period is not None and today > window.period.last_day else "open"


def _form_page(recruitment: Recruitment, form: ObjectionForm, status: int = 200) -> Any:
    _fill_choices(form, recruitment)
    user = current_user._get_current_object()
    vendor = own_vendor(current_actor(recruitment))
    response, _ = own_candidate(user, recruitment)
    windows = deadlines.objection_windows(recruitment)
    states = {
        subject: _state(window, vendor is not None and is_party(vendor.id, recruitment, subject))
        for subject, window in windows.items()
    }
    return render_template(
        "results/object_form.html",
        recruitment=recruitment,
        form=form,
        vendor=vendor,
        windows=windows,
        states=states,
        answer_days=deadlines.objection_rules(recruitment).answer_days,
        rows=queries.objections_of(recruitment, organisation_id=vendor.id) if vendor is not None else [],
        response=response,
    ), status


@bp.get("/objections/new")
@permit("objection.file")
def object_form(recruitment: Recruitment) -> Any:
    """The form of an objection, with who may object to what until when."""
    return _form_page(recruitment, ObjectionForm(formdata=None))


@bp.post("/objections/new")
@permit("objection.file")
def file_objection(recruitment: Recruitment) -> Any:
    """File an objection."""
    form = ObjectionForm()
    _fill_choices(form, recruitment)
    if not form.validate_on_submit():
        return _form_page(recruitment, form, 422)
    try:
        row = actions.file_objection(
            actor=current_actor(recruitment),
            recruitment=recruitment,
            subject=form.subject.data,
            text=form.text.data,
            against=_against(form),
            **upload(),
        )
    except Refusal as error:
        if error.status != 422:
            raise
        return _form_page(recruitment, form, refused(form, error))
    flash(f"质疑已提交，编号第 {row.number} 号。", "success")
    return back("results.objection", recruitment, objection=row.public_id)


def _what_if(recruitment: Recruitment, objection: Objection) -> dict[str, Any]:
    """The ranking as it would be: without the vendor named, or with the change asked for by the query."""
    review = recruitment.review
    if review is None:
        return {"impact": None, "problem": ""}
    chosen = request.args.get("without")
    vendor, key, value = (request.args.get(name, "")[:40] for name in ("vendor", "item", "value"))
    without = objection.against
    found, problem, changed = None, "", None
    try:
        if vendor and key and value:
            changed = _of(recruitment, load(Candidate, vendor))
            found = impact.impact(recruitment, changed=(changed, key, value))
            without = None
        else:
            if chosen is not None:
                without = _of(recruitment, load(Candidate, chosen)) if chosen else None
            if without is not None:
                found = impact.impact(recruitment, without=without)
    except EvaluationError as error:
        problem = sentence_for(error)
    return {
        "impact": found,
        "problem": problem,
        "without": without,
        "changed": changed,
        "cutoff": impact.cutoff(recruitment),
        "lines": score_lines(review),
        "ranked": [row for row in queries.candidates_of(recruitment) if row.stage != "eliminated"],
        "key": key,
        "value": value,
    }


def _of(recruitment: Recruitment, candidate: Candidate) -> Candidate:
    if candidate.review_id != recruitment.review_id:
        raise NotFound("not_found")
    return candidate


@bp.get("/objections/<objection>")
@permit("objection.read")
def objection(recruitment: Recruitment, objection: Objection) -> Any:
    """One objection: for its author the answer, for staff and supervisor admissibility and impact."""
    return _one_page(recruitment, objection)


def _one_page(
    recruitment: Recruitment, row: Objection, form: AnswerForm | None = None, status: int = 200
) -> Any:
    role = role_in(current_user, recruitment)
    official = role in ("staff", "supervisor")
    found = admissibility_of(row)
    documents = queries.documents_of(recruitment, "answer")
    return render_template(
        "results/objection.html",
        recruitment=recruitment,
        row=row,
        official=official,
        is_staff=role == "staff",
        admissible=found.admissible,
        reasons=reasons_in_words(found),
        until=found.until,
        today=clock.today(),
        form=form or AnswerForm(formdata=None, version=row.version),
        document=documents.get(("answer", row.public_id)),
        remediable=can_be_remedied(row) and may(current_user, "objection.remedy", row),
        own=may(current_user, "objection.withdraw", row) and not official,
        **(_what_if(recruitment, row) if official and result_is_public(recruitment) else {"impact": None}),
    ), status


@bp.get("/objections/<objection>/evidence")
@permit("objection.read")
def evidence(recruitment: Recruitment, objection: Objection) -> Any:
    """The file that came with an objection."""
    if objection.evidence_blob is None:
        raise NotFound("not_found")
    return send_blob(
        objection.evidence_blob, name=objection.evidence_name, media_type=objection.evidence_type, inline=True
    )


def _changes() -> bool:
    return request.form.get("may_change_result") != "no"


@bp.post("/objections/<objection>/accept")
@permit("objection.decide")
def accept(recruitment: Recruitment, objection: Objection) -> WSGIResponse:
    """Admit it."""
    actions.accept_objection(
        actor=current_actor(recruitment),
        objection=objection,
        may_change_result=_changes(),
        reason=request.form.get("reason", ""),
        version=_version(),
    )
    flash("已受理，质疑服务商已收到通知。", "success")
    return back("results.objection", recruitment, objection=objection.public_id)


def _version() -> Any:
    return request.form.get("version", "")


@bp.post("/objections/<objection>/refuse")
@permit("objection.decide")
def refuse(recruitment: Recruitment, objection: Objection) -> WSGIResponse:
    """Don't admit it."""
    actions.refuse_objection(
        actor=current_actor(recruitment),
        objection=objection,
        reason=request.form.get("reason", ""),
        version=_version(),
    )
    flash("已作出不予受理决定，答复书正在生成。", "success")
    return back("results.objection", recruitment, objection=objection.public_id)


@bp.post("/objections/<objection>/judge")
@permit("objection.judge")
def judge(recruitment: Recruitment, objection: Objection) -> WSGIResponse:
    """Judge anew whether it may change the result."""
    actions.judge_objection(
        actor=current_actor(recruitment),
        objection=objection,
        may_change_result=_changes(),
        reason=request.form.get("reason", ""),
        version=_version(),
    )
    flash("判断已记录。", "success")
    return back("results.objection", recruitment, objection=objection.public_id)


@bp.post("/objections/<objection>/answer")
@permit("objection.decide")
def answer(recruitment: Recruitment, objection: Objection) -> Any:
    """Answer it in writing."""
    form = AnswerForm()
    if not form.validate_on_submit():
        return _one_page(recruitment, objection, form, 422)
    actions.answer_objection(
        actor=current_actor(recruitment),
        objection=objection,
        upheld=form.upheld.data == "yes",
        text=form.text.data,
        version=form.version.data,
    )
    flash("已答复，答复书正在生成，质疑服务商已收到通知。", "success")
    return back("results.objection", recruitment, objection=objection.public_id)


@bp.post("/objections/<objection>/remedy")
@permit("objection.remedy")
def remedy(recruitment: Recruitment, objection: Objection) -> WSGIResponse:
    """Put on record how an objection upheld before the ranking was put right."""
    actions.remedy_objection(
        actor=current_actor(recruitment),
        objection=objection,
        reason=request.form.get("reason", ""),
        version=_version(),
    )
    flash("处理结果已记录。", "success")
    return back("results.objection", recruitment, objection=objection.public_id)


@bp.post("/objections/<objection>/withdraw")
@permit("objection.withdraw")
def withdraw_objection(recruitment: Recruitment, objection: Objection) -> WSGIResponse:
    """Its author takes it back; staff enter a written withdrawal."""
    actions.withdraw_objection(actor=current_actor(recruitment), objection=objection, version=_version())
    flash("质疑已撤回。", "success")
    return back("results.objection", recruitment, objection=objection.public_id)


@bp.post("/complaints")
@permit("objection.record")
def record_complaint(recruitment: Recruitment) -> Any:
    """Put a complaint on record."""
    form = ComplaintForm(prefix=COMPLAINT)
    if not form.validate_on_submit():
        return _list_page(recruitment, complaint=form, status=422)
    try:
        actions.record_complaint(
            actor=current_actor(recruitment),
            recruitment=recruitment,
            complainant=form.complainant.data,
            authority=form.authority.data,
            text=form.text.data,
            received_on=form.received_on.data,
        )
    except Refusal as error:
        return _list_page(recruitment, complaint=form, status=refused(form, error))
    flash("投诉已登记。", "success")
    return back("results.objections", recruitment)


@bp.post("/complaints/<complaint>/order")
@permit("complaint.record")
def record_order(recruitment: Recruitment, complaint: Complaint) -> WSGIResponse:
    """Add an order of the authority."""
    form = OrderForm()
    require_valid(form)
    actions.record_order(
        actor=current_actor(recruitment),
        complaint=complaint,
        on=form.on.data,
        effect=form.effect.data,
        text=form.text.data,
        version=form.version.data,
    )
    flash("处理决定已登记。", "success")
    return back("results.objections", recruitment)
