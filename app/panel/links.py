"""Reaching an expert: a message to the account, or a one-time link where there is none yet."""

from __future__ import annotations

from sqlalchemy import select

from app import clock
from app.accounts.invitations import invite
from app.accounts.models import Invitation
from app.accounts.notify import notify
from app.audit import SYSTEM, Actor, record
from app.extensions import db
from app.panel.common import expert_user
from app.publication.models import Recruitment
from app.templating import show_time
from evaluation.models import PanelSeat


def send(seat: PanelSeat, recruitment: Recruitment, *, actor: Actor) -> str:
    """Ask the expert of a seat; returns the one-time link, or "" when the expert has an account already."""
    user = expert_user(seat.expert_id)
    if user is not None:
        notify(
            user,
            kind="seat.invited",
            subject="评审专家邀请",
            body=f"您被抽取为“{recruitment.title}”的评审专家，请在 {show_time(seat.answer_due_at)} 前答复是否参加。",
            link=f"/r/{recruitment.public_id}/panel/seats/{seat.public_id}",
            recruitment=recruitment,
            urgency=1,
        )
        return ""
    withdraw_links(seat)
    _row, link = invite(
        purpose="expert",
        email=seat.expert.email,
        name=seat.expert.name,
        recruitment=recruitment,
        expert=seat.expert,
        seat=seat,
        created_by=actor.user,
        actor=actor,
    )
    return link


def withdraw_links(seat: PanelSeat) -> None:
    """Take back the unused links of a seat."""
    rows = db.session.scalars(
        select(Invitation).where(
            Invitation.seat_id == seat.id, Invitation.used_at.is_(None), Invitation.withdrawn_at.is_(None)
        )
    )
    for row in rows:
        row.withdrawn_at = clock.now()
        record("invitation.withdrawn", actor=SYSTEM, recruitment=row.recruitment, subject=row)


def open_links(seats: list[PanelSeat]) -> dict[int, Invitation]:
    """Seat id → its link that still can be used."""
    rows = db.session.scalars(
        select(Invitation).where(
            Invitation.seat_id.in_([seat.id for seat in seats]),
            Invitation.used_at.is_(None),
            Invitation.withdrawn_at.is_(None),
            Invitation.expires_at > clock.now(),
        )
    )
    return {int(row.seat_id or 0): row for row in rows}
