"""Routes of the expert's desk: the grid of vendors, the two sheets, the documents beside them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response as WSGIResponse

from app import clock
from app.errors import NotFound, Refusal
from app.extensions import db
from app.files import send_blob
from app.publication.models import Recruitment
from app.responses.models import ResponseFile
from app.review import actions, own_forms, packages, queries, scoring
from app.review.common import parse_version, review_of, seat_for
from app.review.forms import read_answers, read_entries, score_lines
from app.review.unlocking import signing_actor
from app.routing import current_actor, permit
from app.templating import page_number
from app.wording import sentence_for
from evaluation.models import QualificationSheet, Review, ScoreSheet
from evaluation.review import versions_of
from evaluation.review_qualification import answers_of, form_items, grounds, missing_lines
from evaluation.review_scoring import entries_of, missing_scores, scoring_rules, total_of
from evaluation.review_settling import differences, extremes

bp = Blueprint("review", __name__, url_prefix="/recruitments/<recruitment>/review")


def back(endpoint: str, recruitment: Recruitment, **params: Any) -> WSGIResponse:
    """See other: a page of the same recruitment."""
    return redirect(url_for(endpoint, recruitment=recruitment.public_id, **params), 303)


@bp.get("/desk")
@permit("review.desk")
def desk(recruitment: Recruitment) -> str:
    """Vendors × items with what is left, and the votes that wait."""
    if recruitment.review is None or recruitment.stage in ("draft", "published", "opened"):
        return render_template("review/desk_waiting.html", recruitment=recruitment)
    review = review_of(recruitment)
    seat = seat_for(current_actor(recruitment), review)
    only_open = request.args.get("left") == "1"
    scores = recruitment.stage != "qualification"
    model: Any = ScoreSheet if scores else QualificationSheet
    lines = (
        score_lines(review)
        if scores
        else [{"key": str(x["id"]), "name": x["title"]} for x in form_items(review)]
    )
    keys = [line["key"] for line in lines]
    page, counts = queries.desk(seat, model, keys, page=page_number(), only_open=only_open)
    disputes, groups = queries.open_votes(review, seat) if not scores else ([], [])
    mine, unequal = [], []
    done = bool(counts) and not counts.keys() - {"signed"}
    if recruitment.stage == "scoring" and not counts.keys() - {"signed"}:
        unequal = differences(db.session(), review)
        mine = [
            row for row in extremes(db.session(), review) if row.seat_id == seat.id and row.state == "put"
        ]
    return render_template(
        "review/desk.html",
        recruitment=recruitment,
        review=review,
        seat=seat,
        scores=scores,
        lines=lines,
        page=page,
        counts=counts,
        only_open=only_open,
        disputes=disputes,
        groups=groups,
        unequal=[row for row in unequal if row.opened],
        waiting_difference=len([row for row in unequal if not row.opened]),
        extremes=mine,
        forms_ready=done and own_forms.can_sign_forms(seat),
        forms=own_forms.own_copy(seat) if done else None,
        titles={str(x["id"]): x["title"] for x in form_items(review)},
    )


@bp.get("/documents/<file>")
@permit("review.document")
def document(recruitment: Recruitment, file: ResponseFile) -> Any:
    """One opened file of a vendor, in place where a browser can show it."""
    must_be_open(recruitment, file)
    return send_blob(
        file.blob_key, name=file.name, media_type=file.media_type, inline="download" not in request.args
    )


def must_be_open(recruitment: Recruitment, file: ResponseFile) -> None:
    """Raise NotFound for a file that was never submitted, and so never opened."""
    if recruitment.opened_at is None or file.response.candidate_id is None or file.removed_at is not None:
        raise NotFound("not_found")


def _qualification_page(
    recruitment: Recruitment, review: Review, sheet: QualificationSheet
) -> dict[str, Any]:
    before, after, todo = queries.neighbours(sheet, QualificationSheet)
    return {
        "recruitment": recruitment,
        "review": review,
        "sheet": sheet,
        "candidate": sheet.candidate,
        "items": form_items(review),
        "grounds": grounds(review),
        "answers": answers_of(sheet),
        "left": missing_lines(review, sheet),
        "package": packages.package(recruitment, sheet.candidate),
        "before": before,
        "after": after,
        "todo": todo,
        "editable": sheet.stage in ("open", "reopened") and recruitment.stage == "qualification",
        "versions": versions_of(db.session(), "qualification_sheet", sheet.id),
        "clarifications": queries.clarifications(review, candidate_id=sheet.candidate_id),
    }


@bp.get("/qualification/<qualification_sheet>")
@permit("review.sheet")
def qualification_sheet(recruitment: Recruitment, qualification_sheet: QualificationSheet) -> str:
    """资格符合性审查表 of one vendor beside its documents."""
    return render_template(
        "review/qualification_sheet.html",
        **_qualification_page(recruitment, review_of(recruitment), qualification_sheet),
    )


@bp.post("/qualification/<qualification_sheet>")
@permit("review.sheet")
def save_qualification(recruitment: Recruitment, qualification_sheet: QualificationSheet) -> Any:
    """Save the sheet; with `then=sign` sign it too. htmx gets the state line back, others the page."""
    sheet, review = qualification_sheet, review_of(recruitment)
    arguments: dict[str, Any] = {
        "actor": current_actor(recruitment),
        "recruitment": recruitment,
        "sheet": sheet,
        "answers": read_answers(review, request.form),
        "version": parse_version(request.form.get("version")),
    }
    if request.form.get("then") == "sign":
        try:
            arguments["actor"] = signing_actor(recruitment)
        except Refusal as refused:
            return _not_signed(refused, recruitment, arguments)
        if arguments["actor"].signer is None:
            return _not_signed(Refusal("seat_key_closed"), recruitment, arguments)
        _, _, todo = queries.neighbours(sheet, QualificationSheet)
        actions.save_and_sign_qualification(**arguments)
        flash("已签署并锁定。", "success")
        if todo:
            return _go("review.qualification_sheet", recruitment, qualification_sheet=todo)
        return _go("review.desk", recruitment)
    version = actions.save_qualification(**arguments)
    if "HX-Request" in request.headers:
        left = missing_lines(review, sheet)
        words = {str(entry["id"]): entry["title"] for entry in form_items(review)}
        return render_template(
            "review/_saved.html", version=version, left=[(item, words[item]) for item in left], at=clock.now()
        )
    flash("已保存。", "success")
    return back("review.qualification_sheet", recruitment, qualification_sheet=sheet.public_id)


def _not_signed(refused: Refusal, recruitment: Recruitment, arguments: dict[str, Any]) -> WSGIResponse:
    """The key did not open: what was filled in is saved all the same, and the page says why nothing was signed."""
    actions.save_qualification(**arguments)
    flash(f"已保存，尚未签署：{sentence_for(refused)}", "warning")
    return _go(
        "review.qualification_sheet", recruitment, qualification_sheet=arguments["sheet"].public_id
    )


def _go(endpoint: str, recruitment: Recruitment, **params: Any) -> WSGIResponse:
    """Go to a page, in the way the client understands."""
    if "HX-Request" in request.headers:
        answer = make_response("", 204)
        answer.headers["HX-Redirect"] = url_for(endpoint, recruitment=recruitment.public_id, **params)
        return answer
    return back(endpoint, recruitment, **params)


@bp.post("/qualification/sign")
@permit("review.desk")
def sign_ready(recruitment: Recruitment) -> WSGIResponse:
    """Sign every complete sheet of the own seat."""
    review = review_of(recruitment, "qualification")
    seat = seat_for(current_actor(recruitment), review)
    rows = [
        sheet
        for sheet in db.session.scalars(
            select(QualificationSheet).where(
                QualificationSheet.seat_id == seat.id, QualificationSheet.stage.in_(("open", "reopened"))
            )
        )
        if not missing_lines(review, sheet)
    ]
    signed = actions.sign_qualification(
        actor=signing_actor(recruitment), recruitment=recruitment, sheets=rows
    )
    flash(f"已签署 {len(signed)} 张资格符合性审查表。", "success")
    return back("review.desk", recruitment)


@bp.get("/score/<score_sheet>")
@permit("review.sheet")
def score_sheet(recruitment: Recruitment, score_sheet: ScoreSheet) -> str:
    """综合评分表 of one vendor: rubric, evidence and documents beside each score."""
    review = review_of(recruitment)
    entries = entries_of(score_sheet)
    before, after, todo = queries.neighbours(score_sheet, ScoreSheet)
    return render_template(
        "review/score_sheet.html",
        recruitment=recruitment,
        review=review,
        sheet=score_sheet,
        candidate=score_sheet.candidate,
        lines=score_lines(review),
        entries=entries,
        total=total_of(entries),
        left=missing_scores(scoring_rules(review), entries),
        package=packages.package(recruitment, score_sheet.candidate),
        before=before,
        after=after,
        todo=todo,
        editable=score_sheet.stage in ("open", "reopened") and recruitment.stage == "scoring",
        versions=versions_of(db.session(), "score_sheet", score_sheet.id),
        clarifications=queries.clarifications(review, candidate_id=score_sheet.candidate_id),
    )


@bp.post("/score/<score_sheet>")
@permit("review.sheet", writes=True)
def save_score(recruitment: Recruitment, score_sheet: ScoreSheet) -> Any:
    """Save all scores of a sheet in one request."""
    review = review_of(recruitment)
    names = {line["key"]: line["name"] for line in score_lines(review)}
    here = url_for(
        "review.score_sheet", recruitment=recruitment.public_id, score_sheet=score_sheet.public_id
    )
    saved = scoring.save_score_sheet(
        actor=current_actor(recruitment),
        recruitment=recruitment,
        sheet=score_sheet,
        entries=read_entries(review, request.form),
        version=parse_version(request.form.get("version")),
    )

    def answer() -> Any:
        if "HX-Request" not in request.headers:
            flash("已保存。", "success")
            return redirect(here, 303)
        return render_template(
            "review/_saved.html",
            version=saved.version,
            left=[(key, names[key]) for key in saved.left],
            at=clock.now(),
            total=saved.total,
            entries=saved.entries,
        )

    return answer


@bp.post("/score/sign")
@permit("review.desk")
def sign_scores(recruitment: Recruitment) -> WSGIResponse:
    """Sign all of the own score sheets at once."""
    signed = scoring.sign_scores(actor=signing_actor(recruitment), recruitment=recruitment)
    flash(f"已签署 {len(signed)} 张综合评分表，评分已锁定。", "success")
    return back("review.desk", recruitment)


@bp.post("/score/<score_sheet>/scan")
@permit("review.sheet")
def upload_scan(recruitment: Recruitment, score_sheet: ScoreSheet) -> WSGIResponse:
    """The scan of a hand-signed form."""
    found = request.files.get("scan")
    if found is None or not found.filename:
        raise Refusal("review_scan_kind", field="scan")
    scoring.upload_scan(
        actor=current_actor(recruitment),
        recruitment=recruitment,
        sheet=score_sheet,
        source=found.stream,
        file_name=found.filename,
    )
    flash("扫描件已保存，并与签署内容的摘要绑定。", "success")
    return back("review.score_sheet", recruitment, score_sheet=score_sheet.public_id)


from app.review import (  # noqa: E402 - the rest of it
    views_forms,  # noqa: F401
    views_hints,  # noqa: F401
    views_lots,  # noqa: F401
    views_seals,  # noqa: F401
    views_settle,  # noqa: F401
    views_staff,  # noqa: F401
    views_votes,  # noqa: F401
    views_watch,  # noqa: F401
)
