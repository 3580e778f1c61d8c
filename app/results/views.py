"""Routes of the published result: the public page with the staff's controls, and the vendor's own."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WSGIResponse

from app.errors import Refusal
from app.extensions import db
from app.lifecycle import hold_of
from app.permissions import may
from app.publication.models import Recruitment
from app.results import actions, deadlines, queries
from app.results.candidates import ACTIVE
from app.results.common import own_candidate
from app.results.forms import DatesForm, refused
from app.results.publicity import dates_of
from app.results.rules import result_is_public
from app.routing import current_actor, permit
from evaluation.models import Candidate
from evaluation.objections import AwardState

bp = Blueprint("results", __name__, url_prefix="/r/<recruitment>")


def back(endpoint: str, recruitment: Recruitment, **params: Any) -> WSGIResponse:
    """See other: a page of the same recruitment."""
    return redirect(url_for(endpoint, recruitment=recruitment.public_id, **params), 303)


def upload(name: str = "file") -> dict[str, Any]:
    """The uploaded file as the actions take it: `source` and `file_name`; empty where none was chosen."""
    found = request.files.get(name)
    if found is None or not found.filename:
        return {}
    return {"source": found.stream, "file_name": found.filename}


def _publicity_page(recruitment: Recruitment, form: DatesForm | None = None, status: int = 200) -> Any:
    starts, ends = dates_of(recruitment)
    if form is None:
        form = DatesForm(formdata=None, starts_on=starts, ends_on=ends, version=recruitment.version)
    public = result_is_public(recruitment)
    received, decided = queries.objection_counts(recruitment)
    documents = queries.documents_of(recruitment, "result_notice", "supplementary_notice")
    rows = queries.all_publicities(recruitment)
    return render_template(
        "results/publicity.html",
        recruitment=recruitment,
        public=public,
        ranking=queries.public_ranking(recruitment) if recruitment.review_id else [],
        eliminated=queries.eliminated(recruitment) if recruitment.review_id else [],
        publicities=[(row, queries.publicity_state(row)) for row in rows],
        standing=next((row for row in reversed(rows) if row.withdrawn_at is None), None),
        notice=documents.get(("result_notice", recruitment.public_id)),
        supplements={ref: row for (kind, ref), row in documents.items() if kind == "supplementary_notice"},
        starts=starts,
        ends=ends,
        least=deadlines.publicity_workdays(recruitment),
        objection_days=deadlines.objection_rules(recruitment).days["result"],
        received=received,
        decided=decided,
        quota=(recruitment.review.rules["ranking"]["quota"] if recruitment.review is not None else 0),
        manages=may(current_user, "result.manage", recruitment),
        form=form,
        adjustable=recruitment.stage in ("reported", "publicity"),
    ), status


@bp.get("/result")
@permit("result.read")
def publicity(recruitment: Recruitment) -> Any:
    """The ranking as it is published; staff set its dates and start it here."""
    return _publicity_page(recruitment)


@bp.post("/result/dates")
@permit("result.manage")
def set_dates(recruitment: Recruitment) -> Any:
    """Move the publicity's dates, with the reason."""
    form = DatesForm()
    if not form.validate_on_submit():
        return _publicity_page(recruitment, form, 422)
    try:
        actions.set_publicity_dates(
            actor=current_actor(recruitment),
            recruitment=recruitment,
            starts_on=form.starts_on.data,
            ends_on=form.ends_on.data,
            reason=form.reason.data,
            version=form.version.data,
        )
    except Refusal as error:
        if error.status != 422:
            raise
        return _publicity_page(recruitment, form, refused(form, error))
    flash("公示日期已调整，理由已记入项目决定。", "success")
    return back("results.publicity", recruitment)


@bp.post("/result/start")
@permit("result.manage")
def start(recruitment: Recruitment) -> WSGIResponse:
    """Publish the result."""
    row = actions.start_publicity(actor=current_actor(recruitment), recruitment=recruitment)
    flash(f"公示已开始，至 {row.ends_on:%Y-%m-%d} 止；各服务商已收到站内消息，公示文件正在生成。", "success")
    return back("results.publicity", recruitment)


@bp.get("/result/mine")
@permit("result.own")
def mine(recruitment: Recruitment) -> str:
    """The own scores, rank and reasons; notices, contract, fees and objections of the own company."""
    response, candidate = own_candidate(current_user._get_current_object(), recruitment)
    public = result_is_public(recruitment)
    settled = recruitment.stage not in ("opened", "qualification")
    own = None
    if candidate is not None and settled:
        own = queries.own_result(recruitment, candidate)
        if not public:
            own.entry, own.scores = None, []
    windows = deadlines.objection_windows(recruitment)
    return render_template(
        "results/mine.html",
        recruitment=recruitment,
        response=response,
        candidate=candidate,
        own=own,
        public=public,
        documents=queries.documents_of(recruitment, "selection_notice", "answer"),
        objections=queries.objections_of(recruitment, organisation_id=response.organisation_id)
        if response is not None
        else [],
        result_window=windows["result"],
        may_leave=candidate is not None
        and candidate.stage in ACTIVE
        and recruitment.stage in ("awarded", "integration", "promotion"),
        held=hold_of(recruitment).state is not AwardState.FREE,
    )


@bp.post("/notices/<selection_notice>/acknowledge")
@permit("notice.acknowledge")
def acknowledge(recruitment: Recruitment, selection_notice: Any) -> WSGIResponse:
    """The vendor confirms the receipt of its notice."""
    actions.acknowledge_notice(actor=current_actor(recruitment), notice=selection_notice)
    flash("已签收。", "success")
    return back("results.mine", recruitment)


@bp.post("/candidates/<candidate>/withdraw")
@permit("result.leave")
def withdraw(recruitment: Recruitment, candidate: Candidate) -> WSGIResponse:
    """A selected vendor gives its place up; staff enter a written statement."""
    actor = current_actor(recruitment)
    moved = actions.withdraw_selected(
        actor=actor, candidate=candidate, reason=request.form.get("reason", "")[:4000]
    )
    return left(recruitment, candidate, moved, "results.notices" if actor.role == "staff" else "results.mine")


def left(recruitment: Recruitment, candidate: Candidate, moved: Candidate | None, to: str) -> WSGIResponse:
    """Tell what a departure led to."""
    db.session.refresh(candidate)
    follow = f"{moved.name}依次递补。" if moved is not None else "没有可以递补的服务商，名额空缺。"
    if recruitment.stage == "integration":
        follow += "请在“对接看板”更新各家的对接。"
    flash(f"{candidate.name}不再是入选服务商，{follow}", "success")
    return back(to, recruitment)


from app.results import views_award, views_contracts, views_decisions, views_objections  # noqa: E402, F401 - the rest of the blueprint
