"""From an order to seats: who holds which number, who comes next, what a new panel does to the old one."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from app import clock
from app.audit import Actor, record
from app.extensions import db
from app.panel.common import (
    draw_in_force,
    expert_user,
    experts_by_ref,
    holders,
    move_seat,
    panel_closed,
    rules_of,
    vacant_numbers,
)
from app.panel.conflicts import fold
from app.publication.models import Recruitment
from evaluation.models import Draw, PanelSeat, Review
from evaluation.panel import DrawProof
from evaluation.panel_stages import Minimum, next_reserve


def place(review: Review, draw: Draw, proof: DrawProof) -> list[PanelSeat]:
    """Make the rows of a draw: the drawn take the vacant numbers, the reserves stand in their order."""
    order = [*proof.drawn, *proof.reserves]
    experts = experts_by_ref(draw.openings[ref]["expert"] for ref in order)
    before = (
        db.session.scalar(
            select(func.count()).select_from(PanelSeat).where(PanelSeat.review_id == review.id)
        )
        or 0
    )
    numbers = vacant_numbers(review)
    seats = []
    for position, ref in enumerate(order, 1):
        seats.append(
            PanelSeat(
                review_id=review.id,
                draw_id=draw.id,
                expert_id=experts[draw.openings[ref]["expert"]].id,
                position=position,
                seat_no=numbers[position - 1] if position <= len(proof.drawn) else None,
                pseudonym=f"{before + position}号专家",
            )
        )
    db.session.add_all(seats)
    db.session.flush()
    return seats


def next_in_order(review: Review) -> PanelSeat | None:
    """The reserve of the draw in force who steps in next, by the drawn order and the plan's minimums."""
    draw = draw_in_force(review)
    vacant = len(vacant_numbers(review))
    if draw is None or not vacant or panel_closed(review):
        return None
    rows = list(
        db.session.scalars(
            select(PanelSeat)
            .where(PanelSeat.draw_id == draw.id, PanelSeat.stage == "drawn", PanelSeat.seat_no.is_(None))
            .options(joinedload(PanelSeat.expert))
            .order_by(PanelSeat.position)
        )
    )
    by_ref = {seat.expert.public_id: seat for seat in rows}
    minimums = [
        Minimum(
            least,
            frozenset(
                opening["expert"]
                for opening in draw.openings.values()
                if fold(opening["speciality"]) == fold(speciality)
            ),
        )
        for speciality, least in rules_of(review).strata
    ]
    seated = [seat.expert.public_id for seat in holders(review)]
    found = next_reserve(list(by_ref), (), minimums=minimums, seated=seated, vacant=vacant)
    return by_ref[found] if found is not None else None


def waiting_replacement(review: Review) -> PanelSeat | None:
    """The replaced expert whose sheets wait for a newcomer, the first one first."""
    taken = select(PanelSeat.replaces_id).where(
        PanelSeat.review_id == review.id, PanelSeat.seat_no.is_not(None), PanelSeat.replaces_id.is_not(None)
    )
    return db.session.scalar(
        select(PanelSeat)
        .where(
            PanelSeat.review_id == review.id, PanelSeat.stage == "replaced", PanelSeat.id.not_in(taken)
        )
        .order_by(PanelSeat.vacated_at, PanelSeat.id)
        .limit(1)
    )


def vacate(seat: PanelSeat, *, recruitment: Recruitment, actor: Actor, reason: str) -> None:
    """Give the seat number back, and end what came with the seat: role, open link, chair, certificate."""
    from app.panel.links import withdraw_links
    from app.review.key_loss import close_seat

    seat.seat_no, seat.is_chair = None, False
    seat.reason, seat.vacated_at = reason, clock.now()
    db.session.flush()
    close_seat(seat, actor=actor, recruitment=recruitment)
    withdraw_links(seat)
    user = expert_user(seat.expert_id)
    if user is not None:
        end_role(user.id, recruitment, actor=actor)


def end_role(user_id: int, recruitment: Recruitment, *, actor: Actor) -> None:
    """End the role of an expert who left the panel."""
    from app.accounts.models import Membership

    row = db.session.scalar(
        select(Membership).where(
            Membership.recruitment_id == recruitment.id,
            Membership.user_id == user_id,
            Membership.role == "expert",
            Membership.ended_at.is_(None),
        )
    )
    if row is not None:
        row.ended_at = clock.now()
        record("membership.ended", actor=actor, recruitment=recruitment, subject=row.user, role="expert")


def close_panel(
    review: Review, *, cause: str, reason: str, actor: Actor, recruitment: Recruitment
) -> None:
    """Before a new panel sits the old one goes: active experts are replaced and their opinions void."""
    from app.review.actions import vacate_seat

    for seat in holders(review):
        active = seat.stage == "active"
        move_seat(
            seat,
            "replaced" if active else "excluded",
            actor=actor,
            recruitment=recruitment,
            reason=reason,
            cause=cause,
        )
        seat.cause = cause
        if active:
            vacate_seat(actor=actor, recruitment=recruitment, old=seat)
        vacate(seat, recruitment=recruitment, actor=actor, reason=reason)
