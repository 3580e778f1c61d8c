"""Routes of the collusion hints: the list, one hint with both documents side by side, the decision on it."""

from __future__ import annotations

from typing import Any

from flask import flash, render_template, request
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response as WSGIResponse

from app.extensions import db
from app.files import INLINE
from app.publication.models import Recruitment
from app.responses.models import Response, ResponseFile
from app.review import collusion
from app.review.common import review_of
from app.review.models import CollusionHint
from app.review.views import back, bp
from app.routing import current_actor, permit
from evaluation.models import Candidate, Review


def _names(review: Review) -> dict[int, str]:
    query = select(Candidate.number, Candidate.name).where(Candidate.review_id == review.id)
    return dict(db.session.execute(query.order_by(Candidate.number)).all())


@bp.get("/hints")
@permit("review.hints")
def hints(recruitment: Recruitment) -> str:
    """What the software noticed between vendors, and what people made of it."""
    if recruitment.review is None:
        return render_template("review/desk_waiting.html", recruitment=recruitment)
    review = review_of(recruitment)
    number = request.args.get("vendor", type=int)
    last = collusion.last_search(recruitment)
    unread = list((last.result or {}).get("unread", [])) if last is not None else []
    return render_template(
        "review/hints.html",
        recruitment=recruitment,
        rows=collusion.hints_of(review, number=number),
        names=_names(review),
        number=number,
        last=last,
        unreadable=_files(review, unread),
        running=recruitment.stage in ("opened", "qualification", "scoring"),
    )


def _files(review: Review, refs: list[str]) -> dict[str, ResponseFile]:
    """Opened files of this review by their public ids."""
    rows = db.session.scalars(
        select(ResponseFile)
        .join(Response, Response.id == ResponseFile.response_id)
        .join(Candidate, Candidate.id == Response.candidate_id)
        .where(Candidate.review_id == review.id, ResponseFile.public_id.in_(refs))
        .options(joinedload(ResponseFile.response).joinedload(Response.candidate))
        .order_by(Candidate.number, ResponseFile.id)
    )
    return {row.public_id: row for row in rows}


@bp.get("/hints/<collusion_hint>")
@permit("review.hints")
def hint(recruitment: Recruitment, collusion_hint: CollusionHint) -> str:
    """One hint: the two documents side by side, what they share with its pages, the decision."""
    review = review_of(recruitment)
    listed: list[dict[str, Any]] = collusion_hint.facts.get("files", [])
    rows = _files(review, [entry["file"] for entry in listed])
    shown = [rows[entry["file"]] for entry in listed if entry["file"] in rows]
    first = max(0, min(request.args.get("left", 0, type=int), len(shown) - 1))
    second = max(0, min(request.args.get("right", 1, type=int), len(shown) - 1))
    return render_template(
        "review/hint.html",
        recruitment=recruitment,
        hint=collusion_hint,
        names=_names(review),
        shown=shown,
        sides=[shown[first], shown[second]] if len(shown) > 1 else shown,
        pages=(request.args.get("p", 1, type=int), request.args.get("q", 1, type=int)),
        inline=INLINE,
        running=recruitment.stage in ("opened", "qualification", "scoring"),
    )


@bp.post("/hints/<collusion_hint>")
@permit("review.judge_hint")
def decide_hint(recruitment: Recruitment, collusion_hint: CollusionHint) -> WSGIResponse:
    """Note the hint or set it aside, with the reason."""
    collusion.decide_hint(
        actor=current_actor(recruitment),
        recruitment=recruitment,
        hint=collusion_hint,
        decision=request.form.get("decision", "")[:20],
        reason=request.form.get("reason", "")[:2000],
        version=request.form.get("version"),
    )
    flash("核对意见已记录。", "success")
    return back("review.hints", recruitment)


@bp.post("/hints/search")
@permit("review.manage")
def search_hints(recruitment: Recruitment) -> WSGIResponse:
    """Search again; decisions stay."""
    collusion.search_again(actor=current_actor(recruitment), recruitment=recruitment)
    flash("已开始重新查找，完成后本页更新；已作的核对意见保留。", "success")
    return back("review.hints", recruitment)
