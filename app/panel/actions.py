"""Use cases of the panel's seats: invited, accepted or declined, declared, excluded, replaced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from app import clock
from app.accounts import duties
from app.audit import SYSTEM, Actor, record
from app.errors import Denied, Refusal, WrongStage
from app.extensions import action, db
from app.panel import links
from app.panel.common import (
    draw_in_force,
    move_seat,
    panel_review,
    people_of,
    review_with,
    tell,
    vacant_numbers,
)
from app.panel.placing import next_in_order, vacate, waiting_replacement
from app.publication.models import Recruitment
from app.review.actions import fill_seat, tell_panel, vacate_seat
from app.review.keys import sign_by
from app.wording import LABELS, label
from evaluation.models import Candidate, Declaration, PanelSeat, Review
from evaluation.panel_stages import SeatContext
from evaluation.review import declaration_payload, held_seats, keep_version

#: How long an expert has for the answer when nobody sets another time.
ANSWER_SPAN = timedelta(hours=24)
RELATIONS = ("none", "employment", "control", "kinship", "other")


@dataclass(frozen=True)
class Relation:
    """What an expert declares on one vendor; anything but "none" needs its detail."""

    kind: str
    detail: str = ""


@dataclass(frozen=True)
class Sent:
    """An invitation that went out; `link` is shown once, "" where the expert has an account."""

    seat: PanelSeat
    link: str


@action
def invite_seats(
    *, actor: Actor, recruitment: Recruitment, answer_due_at: datetime | None = None
) -> list[Sent]:
    """Invite everybody who holds a seat and was not asked yet, and for each vacant seat the reserve next in order.

    Raises Refusal `panel_not_drawn`, `panel_nobody_to_invite`. Side effects: seats, links or messages, events.
    """
    review = panel_review(recruitment, lock=True)
    if draw_in_force(review) is None:
        raise Refusal("panel_not_drawn")
    due = answer_due_at or clock.now() + ANSWER_SPAN
    if due <= clock.now():
        raise Refusal("panel_due_past", field="due_at")
    waiting = list(
        db.session.scalars(
            select(PanelSeat)
            .where(
                PanelSeat.review_id == review.id, PanelSeat.seat_no.is_not(None), PanelSeat.stage == "drawn"
            )
            .order_by(PanelSeat.seat_no)
        )
    )
    sent = [_invite(seat, recruitment, review, due, actor=actor) for seat in waiting]
    while (reserve := _seat_next(review)) is not None:
        sent.append(_invite(reserve, recruitment, review, due, actor=actor))
    if not sent:
        raise Refusal("panel_nobody_to_invite")
    return sent


def _seat_next(review: Review) -> PanelSeat | None:
    """Give the first vacant number to the reserve next in order."""
    reserve = next_in_order(review)
    if reserve is not None:
        reserve.seat_no = vacant_numbers(review)[0]
        db.session.flush()
    return reserve


def _invite(
    seat: PanelSeat, recruitment: Recruitment, review: Review, due: datetime, *, actor: Actor
) -> Sent:
    replaced = waiting_replacement(review)
    if replaced is not None and seat.replaces_id is None:
        seat.replaces_id = replaced.id
    seat.invited_at, seat.answer_due_at = clock.now(), due
    move_seat(seat, "invited", actor=actor, recruitment=recruitment, number=seat.seat_no, due_at=due)
    db.session.flush()
    return Sent(seat, links.send(seat, recruitment, actor=actor))


def _call_next(review: Review, recruitment: Recruitment) -> None:
    """After a seat became vacant: the next reserve is asked at once, or staff are told that they can."""
    draw = draw_in_force(review)
    staff = people_of(recruitment, "staff")
    if draw is not None and draw.auto_invite and (reserve := _seat_next(review)) is not None:
        _invite(reserve, recruitment, review, clock.now() + ANSWER_SPAN, actor=SYSTEM)
        body = f"有席位空缺，已按抽取次序邀请下一位候补（{reserve.pseudonym}）。"
        tell(staff, recruitment, kind="seat.next_invited", page="panel", body=body)
        return
    reserve = next_in_order(review)
    body = "有席位空缺，请邀请下一位候补。" if reserve else "有席位空缺且候补已用完，请办理补充抽取。"
    tell(staff, recruitment, kind="seat.vacant", page="panel", body=body)


@action
def send_again(*, actor: Actor, seat: PanelSeat) -> str:
    """A fresh link (the earlier one no longer works), or the message once more. One event."""
    recruitment, _ = review_with(seat)
    if seat.stage != "invited":
        raise WrongStage("seat_not_invited")
    record("seat.invited_again", actor=actor, recruitment=recruitment, subject=seat)
    return links.send(seat, recruitment, actor=actor)


def as_expert(actor: Actor, seat: PanelSeat) -> Actor:
    """The person of the seat acting as an expert, or Denied."""
    if actor.user is None or actor.user.expert_id != seat.expert_id:
        raise Denied("seat_of_another")
    return Actor(actor.user, "expert", actor.address, actor.signer)


@action
def answer_invitation(*, actor: Actor, seat: PanelSeat, accept: bool, reason: str = "") -> None:
    """Accept a seat, or decline it with a reason; staff can record a refusal given otherwise.

    Accepting gives the role in the recruitment (separation of duties may refuse it). After a refusal the
    reserve next in order is called.
    """
    recruitment, review = review_with(seat)
    if accept:
        expert = as_expert(actor, seat)
        assert expert.user is not None
        move_seat(seat, "accepted", actor=expert, recruitment=recruitment)
        duties.grant(expert.user, recruitment, "expert", actor=expert)
        seat.answered_at = clock.now()
        return
    by = actor if actor.role == "staff" else as_expert(actor, seat)
    move_seat(seat, "declined", actor=by, recruitment=recruitment, reason=reason.strip())
    seat.answered_at = clock.now()
    vacate(seat, recruitment=recruitment, actor=by, reason=reason.strip())
    _call_next(review, recruitment)


@action
def declare_relations(*, actor: Actor, seat: PanelSeat, relations: Mapping[str, Relation]) -> str:
    """Declare on every responding vendor (by its candidate's public id); returns the stage that follows.

    No relation anywhere: the seat is active. Any relation excludes, and the next reserve is called. The
    declaration is signed over its canonical payload and kept. Raises Refusal `declaration_*`.
    """
    recruitment, review = review_with(seat)
    expert = as_expert(actor, seat)
    if seat.stage != "accepted":
        raise WrongStage("seat_not_accepted")
    candidates = _candidates(review)
    _check_relations(candidates, relations)
    now, declared = clock.now(), []
    for candidate in candidates:
        relation = relations[candidate.public_id]
        declared.append(
            Declaration(
                seat_id=seat.id,
                candidate=candidate,
                relation=relation.kind,
                detail=relation.detail.strip() if relation.kind != "none" else "",
                declared_at=now,
            )
        )
    db.session.add_all(declared)
    seat.declared_at = now
    payload = declaration_payload(review, seat, declared, now)
    signed = sign_by(expert, seat)(payload)
    keep_version(db.session(), "declaration", seat.id, payload, signed, seat=seat, now=now)
    related = [row for row in candidates if relations[row.public_id].kind != "none"]
    context = SeatContext(vendors=len(candidates), declared=len(candidates), relations=len(related))
    if related:
        words = "、".join(
            f"{row.number} 号响应服务商（{label('relation', relations[row.public_id].kind)}）" for row in related
        )
        reason = f"声明与 {words}有利害关系"
        move_seat(
            seat, "excluded", actor=expert, recruitment=recruitment, context=context, reason=reason,
            digest=signed.digest,
        )
        vacate(seat, recruitment=recruitment, actor=expert, reason=reason)
        _call_next(review, recruitment)
        return seat.stage
    move_seat(
        seat, "active", actor=expert, recruitment=recruitment, context=context, digest=signed.digest
    )
    db.session.flush()
    if seat.replaces_id is not None:
        old = db.session.get_one(PanelSeat, seat.replaces_id)
        fill_seat(actor=expert, recruitment=recruitment, old=old, new=seat)
    _when_complete(review, recruitment)
    return seat.stage


def _candidates(review: Review) -> list[Candidate]:
    return list(
        db.session.scalars(
            select(Candidate).where(Candidate.review_id == review.id).order_by(Candidate.number)
        )
    )


def _check_relations(candidates: list[Candidate], relations: Mapping[str, Relation]) -> None:
    wanted = {candidate.public_id: candidate for candidate in candidates}
    if set(relations) - set(wanted):
        raise Refusal("declaration_stranger")
    missing = [str(row.number) for ref, row in wanted.items() if ref not in relations]
    if missing:
        raise Refusal("declaration_missing", listed="、".join(missing))
    for ref, relation in relations.items():
        if relation.kind not in RELATIONS:
            raise Refusal("declaration_kind", number=wanted[ref].number)
        if relation.kind != "none" and not relation.detail.strip():
            raise Refusal("declaration_detail", number=wanted[ref].number)


def _when_complete(review: Review, recruitment: Recruitment) -> None:
    active = held_seats(db.session(), review)
    if len(active) < review.seats:
        return
    if not any(seat.is_chair for seat in active):
        tell_panel(
            recruitment,
            kind="panel.complete",
            subject="请推选组长",
            body="评审委员会成员已到齐，请投票推选组长。",
            link=f"/r/{recruitment.public_id}/panel/chair",
        )
    tell(
        people_of(recruitment, "staff"),
        recruitment,
        kind="panel.complete",
        page="panel",
        body="评审委员会成员已到齐并完成回避声明。",
    )


@action
def exclude_seat(*, actor: Actor, seat: PanelSeat, reason: str) -> None:
    """Staff or supervisor exclude somebody not yet active, e.g. for a relation found since; the next is called."""
    recruitment, review = review_with(seat)
    if seat.seat_no is None:
        raise WrongStage("seat_not_called")
    move_seat(seat, "excluded", actor=actor, recruitment=recruitment, reason=reason.strip())
    vacate(seat, recruitment=recruitment, actor=actor, reason=reason.strip())
    _call_next(review, recruitment)


@action
def replace_seat(*, actor: Actor, seat: PanelSeat, reason: str, cause: str) -> None:
    """Replace an active expert in the middle: the opinions are void at once, the next reserve is called.

    `cause` is a key of LABELS["replace_cause"]. Until the newcomer is active reviewing stops. The newcomer
    starts with blank sheets.
    """
    recruitment, review = review_with(seat)
    if cause not in LABELS["replace_cause"]:
        raise Refusal("seat_cause", field="cause")
    was_chair = seat.is_chair
    move_seat(seat, "replaced", actor=actor, recruitment=recruitment, reason=reason.strip(), cause=cause)
    seat.cause = cause
    vacate_seat(actor=actor, recruitment=recruitment, old=seat)
    vacate(seat, recruitment=recruitment, actor=actor, reason=reason.strip())
    _call_next(review, recruitment)
    tell_panel(
        recruitment,
        kind="panel.incomplete",
        subject="评审暂停",
        body="一位评审专家已更换，补足之前暂停评审。" + ("到齐后请重新推选组长。" if was_chair else ""),
    )
