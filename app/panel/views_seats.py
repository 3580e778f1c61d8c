"""Routes of the seats: staff's table, the expert's own invitation and declaration, the chair."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import select

from app.accounts import passwords
from app.accounts.views import me
from app.errors import Refusal
from app.extensions import db
from app.panel import actions, chair, queries
from app.panel.actions import Sent
from app.panel.common import names_open
from app.panel.forms import read_due, read_relations
from app.panel.views import bp
from app.permissions import may, role_in, seat_of
from app.publication.models import Recruitment
from app.review import key_loss, keys
from app.review.unlocking import key_state, signing_actor
from app.routing import current_actor, load, permit
from app.wording import sentence_for, stage_word
from evaluation.models import Candidate, Declaration, PanelSeat

Answer = Any


def _back(endpoint: str, recruitment: Recruitment, **params: str) -> Any:
    return redirect(url_for(endpoint, recruitment=recruitment.public_id, **params), 303)


def _table(recruitment: Recruitment, *, sent: list[Sent] | None = None) -> Answer:
    if recruitment.review is None:
        return render_template("panel/waiting.html", recruitment=recruitment, title="评审委员会")
    is_staff = role_in(current_user, recruitment) == "staff"
    view = queries.seats_view(recruitment.review)
    return render_template(
        "panel/seats.html",
        recruitment=recruitment,
        review=recruitment.review,
        view=view,
        renewals=key_loss.waiting_renewals(view.held),
        is_supervisor=role_in(current_user, recruitment) == "supervisor",
        ballot=chair.ballot(recruitment.review),
        is_staff=is_staff,
        # Who runs the invitations needs the names; everybody else waits for the results.
        named=is_staff or names_open(recruitment),
        running=recruitment.stage in ("opened", "qualification", "scoring"),
        sent=sent or [],
    )


@bp.get("/r/<recruitment>/panel")
@permit("panel.read")
def seats(recruitment: Recruitment) -> Answer:
    """Who sits, who left, who is next; no scores."""
    return _table(recruitment)


@bp.post("/r/<recruitment>/panel/invite")
@permit("panel.manage")
def invite(recruitment: Recruitment) -> Answer:
    """Invite whoever was drawn, and reserves for vacant seats; new links are shown this once."""
    sent = actions.invite_seats(
        actor=current_actor(recruitment),
        recruitment=recruitment,
        answer_due_at=read_due(request.form.get("due_at", "")),
    )
    return _table(recruitment, sent=sent)


@bp.post("/r/<recruitment>/panel/seats/<seat>/again")
@permit("seat.manage")
def send_again(recruitment: Recruitment, seat: PanelSeat) -> Answer:
    """A fresh link, or the message once more."""
    link = actions.send_again(actor=current_actor(recruitment), seat=seat)
    return _table(recruitment, sent=[Sent(seat, link)])


@bp.post("/r/<recruitment>/panel/seats/<seat>/declined")
@permit("seat.manage")
def record_decline(recruitment: Recruitment, seat: PanelSeat) -> Answer:
    """Staff record a refusal that was given otherwise, or an answer that didn't come."""
    actions.answer_invitation(
        actor=current_actor(recruitment), seat=seat, accept=False, reason=request.form.get("reason", "")
    )
    flash("已记录为谢绝。", "success")
    return _back("panel.seats", recruitment)


@bp.post("/r/<recruitment>/panel/seats/<seat>/exclude")
@permit("seat.replace")
def exclude(recruitment: Recruitment, seat: PanelSeat) -> Answer:
    """Exclude somebody not yet active."""
    actions.exclude_seat(
        actor=current_actor(recruitment), seat=seat, reason=request.form.get("reason", "")
    )
    flash("已作回避处理。", "success")
    return _back("panel.seats", recruitment)


@bp.post("/r/<recruitment>/panel/seats/<seat>/replace")
@permit("seat.replace")
def replace(recruitment: Recruitment, seat: PanelSeat) -> Answer:
    """Replace an active expert; the opinions are void."""
    actions.replace_seat(
        actor=current_actor(recruitment),
        seat=seat,
        reason=request.form.get("reason", ""),
        cause=request.form.get("cause", ""),
    )
    flash("已更换，原意见作废；补足之前暂停评审。", "success")
    return _back("panel.seats", recruitment)


@bp.get("/my/invitations")
@permit("panel.mine")
def mine() -> Answer:
    """The expert's invitations, the newest first."""
    return render_template("panel/mine.html", rows=queries.my_seats(me()))


def seat_page(
    recruitment: Recruitment, seat: PanelSeat, *, refusal: str = "", key_refusal: str = "", status: int = 200
) -> Answer:
    """The page of the own seat, with what was refused just now."""
    candidates = []
    if seat.stage in ("accepted", "active"):
        candidates = list(
            db.session.scalars(
                select(Candidate).where(Candidate.review_id == seat.review_id).order_by(Candidate.number)
            )
        )
    declared = {
        row.candidate_id: row
        for row in db.session.scalars(select(Declaration).where(Declaration.seat_id == seat.id))
    }
    held = keys.keys_of(seat)
    return render_template(
        "panel/my_seat.html",
        recruitment=recruitment,
        seat=seat,
        candidates=candidates,
        declared=declared,
        relations=actions.RELATIONS,
        typed=request.form,
        refusal=refusal,
        key_refusal=key_refusal,
        key=key_state(seat),
        keys=[(row, keys.certificate_of(row)) for row in held],
        may_make=keys.may_make(seat, held),
        lost_kinds=key_loss.LOST_REASONS,
        least=passwords.LEAST,
        state=stage_word("seat", seat.stage),
        may_vote=may(current_user, "panel.chair", recruitment),
    ), status


@bp.get("/r/<recruitment>/panel/seats/<seat>")
@permit("seat.answer")
def my_seat(recruitment: Recruitment, seat: PanelSeat) -> Answer:
    """The own invitation: answer, declare, go on to the desk."""
    return seat_page(recruitment, seat)


@bp.post("/r/<recruitment>/panel/seats/<seat>/accept")
@permit("seat.answer")
def accept(recruitment: Recruitment, seat: PanelSeat) -> Answer:
    """Take the seat."""
    actions.answer_invitation(actor=current_actor(recruitment), seat=seat, accept=True)
    flash("您已接受邀请，请先设置签名口令，再逐家填写回避声明。", "success")
    return _back("panel.my_seat", recruitment, seat=seat.public_id)


@bp.post("/r/<recruitment>/panel/seats/<seat>/decline")
@permit("seat.answer")
def decline(recruitment: Recruitment, seat: PanelSeat) -> Answer:
    """Decline the seat, with a reason."""
    actions.answer_invitation(
        actor=current_actor(recruitment), seat=seat, accept=False, reason=request.form.get("reason", "")
    )
    flash("已谢绝邀请，感谢答复。", "success")
    return redirect(url_for("panel.mine"), 303)


@bp.post("/r/<recruitment>/panel/seats/<seat>/declare")
@permit("seat.answer")
def declare(recruitment: Recruitment, seat: PanelSeat) -> Answer:
    """Declare on every vendor; what was typed stays on the page when something is missing."""
    try:
        stage = actions.declare_relations(
            actor=signing_actor(recruitment, seat), seat=seat, relations=read_relations(request.form)
        )
    except Refusal as error:
        if not error.code.startswith(("declaration_", "passphrase_", "seat_key_")):
            raise
        return seat_page(recruitment, seat, refusal=sentence_for(error), status=error.status)
    if stage == "active":
        flash("回避声明已提交并签名，您已成为评审委员会成员。", "success")
    else:
        flash("您声明了利害关系，按规定回避本次评审。感谢如实声明。", "warning")
    return _back("panel.my_seat", recruitment, seat=seat.public_id)


@bp.get("/r/<recruitment>/panel/chair")
@permit("panel.chair")
def chair_page(recruitment: Recruitment) -> Answer:
    """The election of the chair."""
    assert recruitment.review is not None
    current = chair.ballot(recruitment.review)
    seat = seat_of(current_user, recruitment.review)
    return render_template(
        "panel/chair.html",
        recruitment=recruitment,
        review=recruitment.review,
        seat=seat,
        ballot=current,
        elected=next((row for row in current.seats if row.is_chair), None),
        voted=seat is not None and seat.id in current.votes,
    )


@bp.post("/r/<recruitment>/panel/chair")
@permit("panel.chair")
def vote(recruitment: Recruitment) -> Answer:
    """Cast the own vote."""
    seat = seat_of(current_user, recruitment.review)
    assert seat is not None
    choice = load(PanelSeat, request.form.get("choice", ""))
    elected = chair.vote_chair(actor=current_actor(recruitment), seat=seat, choice=choice)
    if elected is not None:
        flash(f"投票完成，组长为 {elected.expert.name}。", "success")
    else:
        flash("您的投票已记录。", "success")
    return _back("panel.chair_page", recruitment)
