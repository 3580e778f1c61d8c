"""Routes of those who organise and watch the review: progress without contents, starts, decisions."""

from __future__ import annotations

from typing import Any

from flask import flash, render_template, request
from flask_login import current_user
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload
from werkzeug.wrappers import Response as WSGIResponse

from app import clock
from app.extensions import db
from app.permissions import role_in
from app.publication.models import Recruitment
from app.review import actions, queries, scoring
from app.review.common import review_of
from app.review.forms import score_lines
from app.review.views import back, bp
from app.routing import current_actor, permit
from app.templating import page_number
from evaluation.models import CAGroup, Candidate, Dispute, Minute, PanelSeat, QualificationSheet, ScoreSheet
from evaluation.review import is_held
from evaluation.review_qualification import form_items


@bp.get("/progress")
@permit("review.progress")
def progress(recruitment: Recruitment) -> str:
    """Expert × vendor: not begun, in work, signed. No contents, no scores."""
    if recruitment.review is None:
        return render_template("review/desk_waiting.html", recruitment=recruitment)
    review = review_of(recruitment)
    everybody = _all_seats(review.id)
    seats = sorted((seat for seat in everybody if is_held(seat)), key=lambda seat: seat.seat_no or 0)
    scores = recruitment.stage not in ("opened", "qualification")
    model: Any = ScoreSheet if scores else QualificationSheet
    lines = len(score_lines(review)) if scores else len(form_items(review))
    stages = dict(
        db.session.execute(
            select(Candidate.stage, func.count())
            .where(Candidate.review_id == review.id)
            .group_by(Candidate.stage)
        ).all()
    )
    eliminated = list(
        db.session.scalars(
            select(Candidate)
            .where(Candidate.review_id == review.id, Candidate.stage == "eliminated")
            .order_by(Candidate.number)
        )
    )
    total = sum(stages.values()) - (stages.get("eliminated", 0) if scores else 0)
    minimum = int(review.rules.get("ranking", {}).get("minimum_candidates", 3))
    return render_template(
        "review/progress.html",
        recruitment=recruitment,
        review=review,
        scores=scores,
        table=queries.progress(review, seats, model, lines, page=page_number(), total=total),
        stages=stages,
        eliminated=eliminated,
        disputes=list(
            db.session.scalars(
                select(Dispute)
                .where(Dispute.review_id == review.id)
                .order_by(Dispute.id)
                .options(joinedload(Dispute.candidate), selectinload(Dispute.ballots))
            )
        ),
        groups=list(db.session.scalars(select(CAGroup).where(CAGroup.review_id == review.id))),
        minutes=list(
            db.session.scalars(
                select(Minute).where(Minute.review_id == review.id).order_by(Minute.id.desc()).limit(30)
            )
        ),
        seat_names={seat.id: seat.pseudonym for seat in everybody},
        titles={str(entry["id"]): entry["title"] for entry in form_items(review)},
        grounds={str(entry["id"]): entry["text"] for entry in review.rules["qualification"]["invalidity"]},
        minimum=minimum,
        few=stages.get("under_review", 0) == 0 and 0 < stages.get("qualified", 0) < minimum,
        is_staff=role_in(current_user, recruitment) == "staff",
        moment=clock.now(),
    )


def _all_seats(review_id: int) -> list[PanelSeat]:
    return list(db.session.scalars(select(PanelSeat).where(PanelSeat.review_id == review_id)))


@bp.post("/start-qualification")
@permit("review.manage")
def start_qualification(recruitment: Recruitment) -> WSGIResponse:
    """Begin the qualification review."""
    made = actions.start_qualification(actor=current_actor(recruitment), recruitment=recruitment)
    flash(f"资格符合性审查已开始，共分发 {made} 张审查表。", "success")
    return back("review.progress", recruitment)


@bp.post("/start-scoring")
@permit("review.manage")
def start_scoring(recruitment: Recruitment) -> WSGIResponse:
    """Publish the qualification result to the vendors and begin the scoring."""
    made = scoring.start_scoring(actor=current_actor(recruitment), recruitment=recruitment)
    flash(f"综合评分已开始，共分发 {made} 张评分表；不合格的服务商已收到理由。", "success")
    return back("review.progress", recruitment)


@bp.post("/few-candidates")
@permit("review.manage")
def few_candidates(recruitment: Recruitment) -> WSGIResponse:
    """Record the organiser's decision to go on with few qualified vendors."""
    actions.decide_few_candidates(
        actor=current_actor(recruitment), recruitment=recruitment, text=request.form.get("reason", "")[:4000]
    )
    flash("处理决定已记录。", "success")
    return back("review.progress", recruitment)
