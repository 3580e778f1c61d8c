"""Routes of what the panel votes on: disputed items, vendors under one CA; and of the clarifications."""

from __future__ import annotations

from typing import Any

from flask import flash, render_template, request
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response as WSGIResponse

from app import clock
from app.errors import NotFound
from app.extensions import db
from app.files import send_blob
from app.permissions import organisations_of, owner_organisation_id, role_in, seat_of
from app.publication.models import Recruitment
from app.responses.models import Response
from app.review import actions, packages, queries
from app.review import clarifications as written
from app.review.common import review_of
from app.review.forms import read_moment
from app.review.unlocking import signing_actor
from app.review.views import back, bp
from app.routing import current_actor, load, permit
from evaluation.models import CAGroup, Candidate, Clarification, Dispute
from evaluation.review import held_seats
from evaluation.review_groups import members_of
from evaluation.review_qualification import form_items, grounds, signed_answers


@bp.get("/disputes/<dispute>")
@permit("review.dispute")
def dispute(recruitment: Recruitment, dispute: Dispute) -> str:
    """A disputed item: the ballot for a seat, who is left for staff, the record once it is closed."""
    review = review_of(recruitment)
    seat = seat_of(current_user, review)
    voted = {ballot.seat_id for ballot in dispute.ballots}
    seats = held_seats(db.session(), review)
    mine = next((row for row in dispute.ballots if seat is not None and row.seat_id == seat.id), None)
    opinions: dict[int, Any] = {}
    if seat is not None or dispute.stage == "closed":
        # All five have signed when a dispute exists: their opinions on this item are the matter of the vote.
        by_seat = signed_answers(db.session(), review, [dispute.candidate]).get(dispute.candidate_id, {})
        opinions = {key: lines[dispute.item] for key, lines in by_seat.items()}
    return render_template(
        "review/dispute.html",
        recruitment=recruitment,
        review=review,
        dispute=dispute,
        candidate=dispute.candidate,
        item=next(entry for entry in form_items(review) if str(entry["id"]) == dispute.item),
        grounds={str(entry["id"]): entry["text"] for entry in grounds(review)},
        seats=seats,
        voted=voted,
        mine=mine,
        opinions=opinions,
        may_vote=seat in seats and mine is None and dispute.stage == "open",
        package=packages.package(recruitment, dispute.candidate) if seat is not None else None,
        over=dispute.due_at is not None and clock.now() > dispute.due_at,
        is_staff=role_in(current_user, recruitment) == "staff",
    )


@bp.post("/disputes/<dispute>/vote")
@permit("review.vote")
def vote(recruitment: Recruitment, dispute: Dispute) -> WSGIResponse:
    """Cast the own ballot."""
    actions.cast_vote(
        actor=signing_actor(recruitment),
        recruitment=recruitment,
        dispute=dispute,
        choice=request.form.get("choice", ""),
        cited_file=request.form.get("cited_file", "")[:300],
        cited_page=request.form.get("cited_page", "")[:40],
        reason=request.form.get("reason", "")[:2000],
    )
    flash("您的投票已签署并记录。", "success")
    return back("review.dispute", recruitment, dispute=dispute.public_id)


@bp.post("/disputes/<dispute>/close")
@permit("review.manage")
def close_dispute(recruitment: Recruitment, dispute: Dispute) -> WSGIResponse:
    """Count a vote whose time is over."""
    actions.close_vote(actor=current_actor(recruitment), recruitment=recruitment, dispute=dispute)
    flash("表决已结束并计票。", "success")
    return back("review.dispute", recruitment, dispute=dispute.public_id)


@bp.post("/disputes/<dispute>/due")
@permit("review.manage")
def set_due(recruitment: Recruitment, dispute: Dispute) -> WSGIResponse:
    """Set until when can be voted."""
    due_at = read_moment(request.form.get("due_at", ""))
    actions.set_vote_due(
        actor=current_actor(recruitment), recruitment=recruitment, dispute=dispute, due_at=due_at
    )
    flash("表决截止时间已设定。", "success")
    return back("review.dispute", recruitment, dispute=dispute.public_id)


@bp.get("/groups/<ca_group>")
@permit("review.dispute")
def ca_group(recruitment: Recruitment, ca_group: CAGroup) -> str:
    """Vendors under one CA: the CA's answer, or the panel's ballot."""
    review = review_of(recruitment)
    seat = seat_of(current_user, review)
    seats = held_seats(db.session(), review)
    mine = next((row for row in ca_group.ballots if seat is not None and row.seat_id == seat.id), None)
    return render_template(
        "review/group.html",
        recruitment=recruitment,
        review=review,
        group=ca_group,
        members=members_of(db.session(), ca_group),
        seats=seats,
        voted={ballot.seat_id for ballot in ca_group.ballots},
        mine=mine,
        may_vote=seat in seats and mine is None and ca_group.stage == "open",
        is_staff=role_in(current_user, recruitment) == "staff",
    )


def _member(form_value: str) -> Candidate | None:
    return None if form_value == "none" else load(Candidate, form_value)


@bp.post("/groups/<ca_group>/vote")
@permit("review.vote")
def vote_group(recruitment: Recruitment, ca_group: CAGroup) -> WSGIResponse:
    """Cast the own ballot over the group."""
    actions.cast_ca_ballot(
        actor=signing_actor(recruitment),
        recruitment=recruitment,
        group=ca_group,
        choice=_member(request.form.get("choice", "")),
        reason=request.form.get("reason", "")[:2000],
    )
    flash("您的投票已签署并记录。", "success")
    return back("review.ca_group", recruitment, ca_group=ca_group.public_id)


@bp.post("/groups/<ca_group>/ask")
@permit("review.manage")
def ask_ca(recruitment: Recruitment, ca_group: CAGroup) -> WSGIResponse:
    """Put on record that the CA was asked."""
    actions.ask_ca(actor=current_actor(recruitment), recruitment=recruitment, group=ca_group)
    flash("已记录书面询问的时间。", "success")
    return back("review.ca_group", recruitment, ca_group=ca_group.public_id)


@bp.post("/groups/<ca_group>/answer")
@permit("review.manage")
def answer_ca(recruitment: Recruitment, ca_group: CAGroup) -> WSGIResponse:
    """Enter the CA's written answer."""
    found = request.files.get("file")
    given = found is not None and bool(found.filename)
    actions.record_ca_answer(
        actor=current_actor(recruitment),
        recruitment=recruitment,
        group=ca_group,
        chosen=_member(request.form.get("choice", "")),
        text=request.form.get("text", "")[:4000],
        source=found.stream if found is not None and given else None,
        file_name=(found.filename or "")[:255] if found is not None else "",
    )
    flash("认证机构的书面答复已记录，该组已处理。", "success")
    return back("review.ca_group", recruitment, ca_group=ca_group.public_id)


@bp.get("/groups/<ca_group>/answer-file")
@permit("review.dispute")
def ca_answer_file(recruitment: Recruitment, ca_group: CAGroup) -> Any:
    """The scan of the CA's answer."""
    if ca_group.answer_blob is None:
        raise NotFound("not_found")
    return send_blob(ca_group.answer_blob, name=ca_group.answer_name, media_type="application/octet-stream")


@bp.get("/clarifications")
@permit("review.clarifications")
def clarifications(recruitment: Recruitment) -> str:
    """All questions and answers, for panel, staff and supervisor."""
    review = review_of(recruitment)
    return render_template(
        "review/clarifications.html",
        recruitment=recruitment,
        rows=queries.clarifications(review),
        candidates=db.session.execute(
            select(Candidate.public_id, Candidate.number, Candidate.name)
            .where(Candidate.review_id == review.id, Candidate.stage != "eliminated")
            .order_by(Candidate.number)
        ).all(),
        running=recruitment.stage in ("qualification", "scoring"),
        chosen=request.args.get("candidate", ""),
    )


@bp.post("/clarifications")
@permit("review.ask")
def ask(recruitment: Recruitment) -> WSGIResponse:
    """Ask a vendor."""
    candidate = load(Candidate, request.form.get("candidate", ""))
    if candidate.review_id != recruitment.review_id:
        raise NotFound("not_found")
    written.ask(
        actor=current_actor(recruitment),
        recruitment=recruitment,
        candidate=candidate,
        question=request.form.get("question", "")[:4000],
        due_at=read_moment(request.form.get("due_at", "")),
    )
    flash("澄清已发给服务商。", "success")
    return back("review.clarifications", recruitment)


@bp.get("/questions")
@permit("review.questions")
def questions(recruitment: Recruitment) -> str:
    """What the panel asked this vendor, with the form for the answer."""
    rows: list[Clarification] = []
    response = db.session.scalar(
        select(Response).where(
            Response.recruitment_id == recruitment.id,
            Response.organisation_id.in_(organisations_of(current_user)),
            Response.candidate_id.is_not(None),
        )
    )
    if response is not None and recruitment.review is not None:
        rows = queries.clarifications(recruitment.review, candidate_id=response.candidate_id)
    return render_template("review/questions.html", recruitment=recruitment, rows=rows, moment=clock.now())


@bp.post("/questions/<clarification>")
@permit("review.answer")
def answer(recruitment: Recruitment, clarification: Clarification) -> WSGIResponse:
    """The vendor's answer."""
    if owner_organisation_id(clarification.candidate) not in organisations_of(current_user):
        raise NotFound("not_found")
    found = request.files.get("file")
    given = found is not None and bool(found.filename)
    written.answer(
        actor=current_actor(recruitment),
        recruitment=recruitment,
        clarification=clarification,
        text=request.form.get("answer", "")[:8000],
        source=found.stream if found is not None and given else None,
        file_name=(found.filename or "") if found is not None else "",
    )
    flash("答复已提交给评审委员会。", "success")
    return back("review.questions", recruitment)


@bp.get("/clarifications/<clarification>/file")
@permit("review.clarifications")
def clarification_file(recruitment: Recruitment, clarification: Clarification) -> Any:
    """The file a vendor attached to its answer."""
    if clarification.answer_blob is None:
        raise NotFound("not_found")
    return send_blob(
        clarification.answer_blob, name=clarification.answer_name, media_type="application/octet-stream"
    )
