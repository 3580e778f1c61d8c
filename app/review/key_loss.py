"""The end of a seat's key: lost and asked for anew, allowed by the supervisor, revoked, closed with the seat."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import aliased

from app import clock
from app.audit import Actor, record
from app.errors import Denied, Refusal, WrongStage
from app.extensions import action, db
from app.permissions import recruitment_of
from app.publication.models import Recruitment
from app.review.keys import KEY_STAGES, close_openings, key_in_force, keys_of, own_recruitment
from evaluation.models import PanelSeat, SeatKey

#: CRLReason by what an expert gives as the reason, and for a seat that was vacated.
LOST_REASONS = {"forgotten": 4, "compromised": 1}
CESSATION = 5


def revoke_key(
    key: SeatKey, *, actor: Actor, recruitment: Recruitment, seat: PanelSeat, crl_reason: int, reason: str
) -> None:
    """Revoke a seat's certificate inside the caller's unit of work and close what is open of its key."""
    key.revoked_at, key.revocation_reason, key.reason = clock.now(), crl_reason, reason
    close_openings(key)
    record(
        "seat_key.revoked",
        actor=actor,
        recruitment=recruitment,
        subject=seat,
        serial=key.serial,
        crl_reason=crl_reason,
        reason=reason,
    )


@action
def report_lost(*, actor: Actor, seat: PanelSeat, kind: str, reason: str) -> None:
    """The expert gives the key up (`kind` of LOST_REASONS) and asks for another; signing stops at once.

    The supervisor is told, who allows the new key after having made sure who asks.
    """
    from app.panel.common import people_of, tell

    recruitment = own_recruitment(actor, seat)
    if kind not in LOST_REASONS:
        raise Refusal("seat_key_lost_kind", field="kind")
    if not reason.strip():
        raise Refusal("reason_required", field="reason")
    key = key_in_force(seat)
    if key is None or seat.stage not in KEY_STAGES:
        raise WrongStage("seat_key_missing")
    revoke_key(
        key,
        actor=actor,
        recruitment=recruitment,
        seat=seat,
        crl_reason=LOST_REASONS[kind],
        reason=reason.strip()[:1000],
    )
    tell(
        people_of(recruitment, "supervisor"),
        recruitment,
        kind="seat_key.lost",
        page="panel",
        body=f"{seat.pseudonym}申请更换签名密钥，原证书已吊销。请当面或电话核实本人后，在评审委员会页面准许。",
    )


@action
def allow_renewal(*, actor: Actor, seat: PanelSeat) -> None:
    """The supervisor has made sure that the expert asks, and allows the seat another key."""
    from app.panel.common import expert_user, tell

    recruitment = recruitment_of(seat)
    if recruitment is None:
        raise Refusal("not_found")
    if actor.role != "supervisor":
        raise Denied("seat_key_supervisor")
    keys = keys_of(seat)
    if not keys or keys[-1].revoked_at is None or keys[-1].renewal_allowed_at or seat.stage not in KEY_STAGES:
        raise WrongStage("seat_key_no_request")
    keys[-1].renewal_allowed_at, keys[-1].renewal_allowed_by = clock.now(), actor.ref
    record("seat_key.renewal_allowed", actor=actor, recruitment=recruitment, subject=seat, serial=keys[-1].serial)
    user = expert_user(seat.expert_id)
    if user is not None:
        tell(
            [user],
            recruitment,
            kind="seat_key.allowed",
            page=f"panel/seats/{seat.public_id}",
            body="监督人员已核实，请重新设置签名口令。此前的签名仍然有效。",
        )


def close_seat(seat: PanelSeat, *, actor: Actor, recruitment: Recruitment) -> None:
    """Revoke the certificate of a seat that is vacated; call inside that action."""
    key = key_in_force(seat)
    if key is not None:
        revoke_key(
            key,
            actor=actor,
            recruitment=recruitment,
            seat=seat,
            crl_reason=CESSATION,
            reason=seat.reason or "离开席位",
        )


def given_up(*conditions: Any) -> Any:
    """A select of (seat, its last key) for seats that hold a number and have no key in force; further conditions."""
    later = aliased(SeatKey)
    newer = select(later.id).where(later.seat_id == SeatKey.seat_id, later.number > SeatKey.number)
    return (
        select(PanelSeat, SeatKey)
        .join(SeatKey, SeatKey.seat_id == PanelSeat.id)
        .where(
            PanelSeat.seat_no.is_not(None),
            PanelSeat.stage.in_(KEY_STAGES),
            SeatKey.revoked_at.is_not(None),
            ~newer.exists(),
            *conditions,
        )
    )


def waiting_renewals(seats: list[PanelSeat]) -> set[int]:
    """Ids of the seats that asked for another key and wait for the supervisor."""
    ids = [seat.id for seat in seats]
    rows = db.session.execute(given_up(PanelSeat.id.in_(ids), SeatKey.renewal_allowed_at.is_(None)))
    return {seat.id for seat, _key in rows}
