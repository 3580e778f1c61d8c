"""Routes after the signatures: differences, extreme scores, the matrix, the ranking, the report."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import flash, render_template, request
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response as WSGIResponse

from app import clock
from app.documents.models import Document
from app.errors import NotFound
from app.extensions import db
from app.permissions import role_in, seat_of
from app.publication.models import Recruitment
from app.review import report as reports
from app.review import scoring
from app.review.common import parse_version, review_of
from app.review.forms import read_entry, read_moment, score_lines
from app.review.lots import tied as groups_tied
from app.review.lots import value_in_force
from app.review.unlocking import signing_actor
from app.review.views import back, bp
from app.review.watching import complete
from app.routing import current_actor, load, permit
from evaluation.models import Candidate, Minute, PanelSeat, RankEntry, Review, ScoreSheet
from evaluation.review import held_seats
from evaluation.review_report import positions
from evaluation.review_scoring import all_signed, entries_of, sheets_of, total_of
from evaluation.review_settling import differences, extremes


def _settle_page(recruitment: Recruitment, review: Review) -> dict[str, Any]:
    seats = held_seats(db.session(), review)
    return {
        "recruitment": recruitment,
        "review": review,
        "seats": seats,
        "seat": seat_of(current_user, review),
        "names": {row.id: row.pseudonym for row in seats},
        "lines": {line["key"]: line for line in score_lines(review)},
        "signed": all_signed(db.session(), review),
        "differences": differences(db.session(), review),
        "extremes": extremes(db.session(), review),
    }


@bp.get("/settle")
@permit("review.settle")
def settle(recruitment: Recruitment) -> str:
    """For the panel: what differs among signed sheets, and the own sheet's forms to amend it."""
    review = review_of(recruitment)
    context = _settle_page(recruitment, review)
    own = {}
    if context["seat"] is not None and context["signed"]:
        own = {
            sheet.candidate_id: sheet
            for sheet in sheets_of(db.session(), review)
            if sheet.seat_id == context["seat"].id
        }
    minutes = db.session.scalars(
        select(Minute)
        .where(
            Minute.review_id == review.id,
            Minute.kind.in_(("difference_opened", "extreme_put", "extreme_confirmed", "score_amended")),
        )
        .order_by(Minute.id)
    )
    return render_template("review/settle.html", own=own, minutes=list(minutes), **context)


def _candidate(recruitment: Recruitment) -> Candidate:
    candidate: Candidate = load(Candidate, request.form.get("candidate", ""))
    if candidate.review_id != recruitment.review_id:
        raise NotFound("not_found")
    return candidate


@bp.post("/settle/open")
@permit("review.settle")
def open_difference(recruitment: Recruitment) -> WSGIResponse:
    """The chair opens an unequal objective item."""
    scoring.open_difference(
        actor=current_actor(recruitment),
        recruitment=recruitment,
        candidate=_candidate(recruitment),
        key=request.form.get("key", "")[:20],
    )
    flash("已提出，请各专家核对自己的评分。", "success")
    return back("review.settle", recruitment)


@bp.post("/settle/extreme")
@permit("review.settle")
def put_extreme(recruitment: Recruitment) -> WSGIResponse:
    """The chair puts an extreme score to its expert."""
    seat: PanelSeat = load(PanelSeat, request.form.get("seat", ""))
    scoring.put_extreme(
        actor=current_actor(recruitment),
        recruitment=recruitment,
        candidate=_candidate(recruitment),
        key=request.form.get("key", "")[:20],
        seat=seat,
    )
    flash("已提出，请该席位的专家确认或更正。", "success")
    return back("review.settle", recruitment)


@bp.post("/settle/confirm")
@permit("review.settle")
def confirm_extreme(recruitment: Recruitment) -> WSGIResponse:
    """The expert stands by the score."""
    scoring.confirm_extreme(
        actor=current_actor(recruitment),
        recruitment=recruitment,
        candidate=_candidate(recruitment),
        key=request.form.get("key", "")[:20],
        reason=request.form.get("reason", "")[:2000],
    )
    flash("已确认，理由记入评审记录。", "success")
    return back("review.settle", recruitment)


@bp.post("/settle/<score_sheet>/amend")
@permit("review.sheet")
def amend(recruitment: Recruitment, score_sheet: ScoreSheet) -> WSGIResponse:
    """Amend one opened score on the own sheet."""
    review = review_of(recruitment)
    key = request.form.get("key", "")[:20]
    line = next((row for row in score_lines(review) if row["key"] == key), None)
    if line is None:
        raise NotFound("not_found")
    entry = read_entry(line, request.form)
    scoring.amend_score(
        actor=signing_actor(recruitment),
        recruitment=recruitment,
        sheet=score_sheet,
        key=key,
        value=entry.value,
        facts=entry.facts,
        reason=request.form.get("reason", "")[:2000],
        version=parse_version(request.form.get("version")),
    )
    flash("已更正并重新签署；原版本保留备查。", "success")
    return back("review.settle", recruitment)


@bp.get("/matrix")
@permit("review.matrix")
def matrix(recruitment: Recruitment) -> str:
    """The score matrix, once all have signed; before that, that it is not yet to be seen."""
    review = review_of(recruitment)
    context = _settle_page(recruitment, review)
    table: dict[int, dict[int, Decimal]] = {}
    candidates: dict[int, Candidate] = {}
    if complete(review, context["seats"]):
        for sheet in sheets_of(db.session(), review):
            if sheet.candidate.stage == "eliminated":
                continue
            candidates[sheet.candidate_id] = sheet.candidate
            table.setdefault(sheet.candidate_id, {})[sheet.seat_id] = total_of(entries_of(sheet))
    means = {key: sum(row.values(), Decimal(0)) / len(row) for key, row in table.items()}
    ranking = list(
        db.session.scalars(
            select(RankEntry)
            .where(RankEntry.review_id == review.id)
            .options(joinedload(RankEntry.candidate))
            .order_by(RankEntry.rank)
        )
    )
    tied = groups_tied(review) if recruitment.stage == "scoring" and table and not ranking else []
    outlying = {(row.candidate.id, row.seat_id) for row in context["extremes"]}
    return render_template(
        "review/matrix.html",
        table=table,
        candidates=sorted(candidates.values(), key=lambda row: (-means[row.id], row.number)),
        means=means,
        ranking=ranking,
        outlying=outlying,
        total=Decimal(str(review.rules["scoring"].get("total", "100"))),
        is_staff=role_in(current_user, recruitment) == "staff",
        tied=tied,
        drawn=bool(tied) and bool(value_in_force(review)),
        **context,
    )


@bp.post("/rank")
@permit("review.manage")
def freeze_ranking(recruitment: Recruitment) -> WSGIResponse:
    """Form the ranking."""
    rows = reports.freeze_ranking(actor=current_actor(recruitment), recruitment=recruitment)
    flash(f"排名已形成，共 {len(rows)} 家。", "success")
    return back("review.matrix", recruitment)


@bp.get("/report")
@permit("review.report")
def report(recruitment: Recruitment) -> str:
    """The report: its document, who has signed, the own signature or dissent."""
    review = review_of(recruitment)
    seat = seat_of(current_user, review)
    given = positions(db.session(), review)
    seats = held_seats(db.session(), review)
    document = None
    if review.report_digest:
        document = db.session.scalar(
            select(Document).where(
                Document.recruitment_id == recruitment.id, Document.sm3 == review.report_digest
            )
        )
    return render_template(
        "review/report.html",
        recruitment=recruitment,
        review=review,
        seats=seats,
        given=given,
        document=document,
        mine=given.get(seat.id) if seat is not None else None,
        may_sign=seat in seats
        and seat.id not in given
        and bool(review.report_digest)
        and not review.reported_at
        if seat is not None
        else False,
        ranked=db.session.scalar(select(RankEntry.rank).where(RankEntry.review_id == review.id).limit(1)),
        over=review.report_due_at is not None and clock.now() > review.report_due_at,
        is_staff=role_in(current_user, recruitment) == "staff",
    )


@bp.get("/report/file")
@permit("review.report")
def report_file(recruitment: Recruitment) -> Any:
    """The report as it was laid before the panel."""
    from app.files import send_blob

    review = review_of(recruitment)
    found = db.session.scalar(
        select(Document).where(
            Document.recruitment_id == recruitment.id, Document.sm3 == (review.report_digest or "-")
        )
    )
    if found is None:
        raise NotFound("not_found")
    return send_blob(found.blob_key, name=found.file_name, media_type=found.media_type, inline=True)


@bp.post("/report/issue")
@permit("review.manage")
def issue_report(recruitment: Recruitment) -> WSGIResponse:
    """Issue the report and lay it before the panel."""
    text = request.form.get("due_at", "")
    reports.issue_report(
        actor=current_actor(recruitment), recruitment=recruitment, due_at=read_moment(text) if text else None
    )
    flash("评审报告已生成，已通知各专家签署。", "success")
    return back("review.report", recruitment)


@bp.post("/report/sign")
@permit("review.sign_report")
def sign_report(recruitment: Recruitment) -> WSGIResponse:
    """Sign or dissent."""
    reports.answer_report(
        actor=signing_actor(recruitment),
        recruitment=recruitment,
        dissent=request.form.get("position") == "dissent",
        reason=request.form.get("reason", "")[:4000],
    )
    flash("您的意见已签署并记录。", "success")
    return back("review.report", recruitment)


@bp.post("/report/close")
@permit("review.manage")
def close_report(recruitment: Recruitment) -> WSGIResponse:
    """After the set time: the silent are recorded as consenting."""
    count = reports.close_report(actor=current_actor(recruitment), recruitment=recruitment)
    flash(f"评审报告签署完成，{count} 位逾期未表态的按同意记录。", "success")
    return back("review.report", recruitment)
