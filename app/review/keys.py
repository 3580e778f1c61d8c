"""The signing key of a seat: made by the expert, opened by the expert, used only for what the seat signs.

The private half is stored under the expert's own passphrase and nothing else, so nobody but the expert
can sign: no administrator resets a passphrase. Who forgot it asks for another key; the certificate of the
old one is revoked with the reason, and the supervisor, who checks who is asking, allows the new one. What
the old key signed stays verifiable.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import delete, select

from app import clock
from app.acceptance.authority import trial_authority
from app.accounts import passwords
from app.audit import Actor, record, sm3_hex
from app.errors import Denied, Refusal, WrongStage
from app.extensions import action, db, unit_of_work
from app.permissions import recruitment_of
from app.publication.models import Recruitment
from app.review import wrapping
from app.signing import SignedPayload, signed_bytes
from evaluation.models import PanelSeat, SeatKey, SeatKeyOpening
from seal_core import Certificate, PrivateKey, Profile, build_csr

#: A seat gets its key once its expert has accepted, to sign the declaration with.
KEY_STAGES = ("accepted", "active")
#: Wrong tries without a wait; after them each waits twice as long as the one before.
FREE_TRIES, FIRST_WAIT = 3, timedelta(seconds=15)


class TooManyTries(Refusal):
    """Wait, or the key is locked."""

    status = 429


@dataclass(frozen=True)
class SeatSigner:
    """The opened key of a seat, for the length of a request."""

    key_id: int
    seat_id: int
    private: PrivateKey = field(repr=False)


def _settings() -> Any:
    return current_app.config["SETTINGS"]


def key_in_force(seat: PanelSeat) -> SeatKey | None:
    """The seat's key that is not revoked."""
    return db.session.scalar(
        select(SeatKey).where(SeatKey.seat_id == seat.id, SeatKey.revoked_at.is_(None)).limit(1)
    )


def keys_of(seat: PanelSeat) -> list[SeatKey]:
    """All keys that the seat had, the first one first."""
    return list(db.session.scalars(select(SeatKey).where(SeatKey.seat_id == seat.id).order_by(SeatKey.number)))


def certificate_of(key: SeatKey) -> Certificate:
    """The certificate of a seat's key; its subject is the pseudonym."""
    return Certificate.from_der(key.certificate)


def own_recruitment(actor: Actor, seat: PanelSeat) -> Recruitment:
    """The recruitment of the own seat; Denied for everybody else."""
    if actor.user is None or actor.user.expert_id != seat.expert_id:
        raise Denied("seat_of_another")
    recruitment = recruitment_of(seat)
    if recruitment is None:
        raise Refusal("not_found")
    return recruitment


def _check_rules(actor: Actor, passphrase: str) -> None:
    assert actor.user is not None
    try:
        passwords.check_rules(passphrase, actor.user.login)
    except Refusal as wrong:
        code = wrong.code.replace("password_", "passphrase_")
        raise Refusal(code, field="passphrase", **wrong.facts) from None
    if passwords.verify(actor.user.password_hash, passphrase):
        raise Refusal("passphrase_is_password", field="passphrase")


def may_make(seat: PanelSeat, keys: list[SeatKey]) -> bool:
    """Whether the seat can be given a key now: it has none, or another one was allowed."""
    if seat.stage not in KEY_STAGES or any(key.revoked_at is None for key in keys):
        return False
    return not keys or keys[-1].renewal_allowed_at is not None


@action
def make_key(*, actor: Actor, seat: PanelSeat, passphrase: str) -> SeatKey:
    """Make the seat's key pair under the expert's passphrase, and its certificate under the pseudonym.

    Raises Denied for another's seat, WrongStage `seat_key_stage`, `seat_key_there`, `seat_key_not_allowed`,
    Refusal `passphrase_*`.
    """
    recruitment = own_recruitment(actor, seat)
    db.session.refresh(seat, with_for_update=True)
    keys = keys_of(seat)
    if seat.stage not in KEY_STAGES:
        raise WrongStage("seat_key_stage")
    if any(key.revoked_at is None for key in keys):
        raise WrongStage("seat_key_there")
    if not may_make(seat, keys):
        raise WrongStage("seat_key_not_allowed")
    _check_rules(actor, passphrase)
    private, number, now = PrivateKey.generate(), len(keys) + 1, clock.now()
    subject = {
        "C": "CN",
        "O": "印招试用",
        "OU": f"评审 {seat.review.public_id}",
        "CN": f"试用 评审席位 {seat.pseudonym}",
    }
    certificate = trial_authority().issue_signing(
        build_csr(private, subject),
        now=now,
        days=_settings().seat_certificate_days,
        subject=subject,
        profile=Profile.PERSON_SIGNING,
    )
    serial = f"{certificate.serial:x}"
    sealed = wrapping.close_by_passphrase(
        private.to_der(), passphrase, serial, light=bool(current_app.config["TESTING"])
    )
    key = SeatKey(
        seat_id=seat.id,
        number=number,
        serial=serial,
        certificate=certificate.der,
        sealed=sealed,
        created_at=now,
    )
    db.session.add(key)
    db.session.flush()
    record("seat_key.made", actor=actor, recruitment=recruitment, subject=seat, serial=serial, number=number)
    return key


def waits_until(key: SeatKey) -> datetime | None:
    """Until when no passphrase is taken after wrong ones, or None."""
    beyond = key.failed_tries - FREE_TRIES
    if beyond < 0 or key.failed_at is None:
        return None
    until: datetime = key.failed_at + FIRST_WAIT * 2**beyond
    return until if until > clock.now() else None


def open_key(*, actor: Actor, seat: PanelSeat, passphrase: str) -> SeatSigner:
    """Open the seat's key by its passphrase. Call it outside of an action: a wrong try is counted at once.

    Raises Denied for another's seat, WrongStage `seat_key_missing`, TooManyTries `seat_key_wait`,
    `seat_key_locked`, Refusal `passphrase_wrong` with the tries that are left.
    """
    recruitment = own_recruitment(actor, seat)
    most = _settings().signing_tries
    with unit_of_work() as work:
        key = key_in_force(seat)
        if key is None:
            raise WrongStage("seat_key_missing")
        work.refresh(key, with_for_update=True)
        if key.locked_at is not None:
            raise TooManyTries("seat_key_locked", tries=key.failed_tries)
        if (until := waits_until(key)) is not None:
            seconds = int((until - clock.now()).total_seconds()) + 1
            raise TooManyTries("seat_key_wait", seconds=seconds, left=most - key.failed_tries)
        # Counted before it is tried, so that parallel guesses don't slip through.
        key.failed_tries += 1
        key.failed_at = clock.now()
    try:
        der = wrapping.open_by_passphrase(key.sealed, passphrase[: passwords.MOST * 2], key.serial)
    except wrapping.NotOpened:
        _wrong(actor, recruitment, seat, key, most)
        raise Refusal(
            "passphrase_wrong" if key.failed_tries < most else "seat_key_locked",
            field="passphrase",
            left=most - key.failed_tries,
            tries=key.failed_tries,
        ) from None
    with unit_of_work() as work:
        work.refresh(key)
        key.failed_tries, key.failed_at = 0, None
    return SeatSigner(key.id, seat.id, PrivateKey.from_der(der))


def _wrong(actor: Actor, recruitment: Recruitment, seat: PanelSeat, key: SeatKey, most: int) -> None:
    with unit_of_work() as work:
        work.refresh(key, with_for_update=True)
        locked = key.failed_tries >= most and key.locked_at is None
        if locked:
            key.locked_at = clock.now()
            close_openings(key)
        kind = "seat_key.locked" if locked else "seat_key.wrong_passphrase"
        record(kind, actor=actor, recruitment=recruitment, subject=seat, serial=key.serial, tries=key.failed_tries)


def sign_by(actor: Actor, seat: PanelSeat) -> Callable[[dict[str, Any]], SignedPayload]:
    """The signing function for what a seat signs in this unit of work.

    The key is asked for only when something is signed, so that what the rules refuse is refused first.
    Raises Refusal `seat_key_closed`, Denied `seat_key_of_another`, WrongStage `seat_key_revoked`,
    `seat_key_expired`.
    """
    ready: list[SeatSigner] = []

    def sign(payload: dict[str, Any]) -> SignedPayload:
        if not ready:
            ready.append(_ready(actor, seat))
        if payload.get("seat") != seat.pseudonym:
            raise Denied("seat_key_of_another")
        data = signed_bytes(payload)
        return SignedPayload(sm3_hex(data), ready[0].private.sign(data).hex(), ready[0].key_id)

    return sign


def _ready(actor: Actor, seat: PanelSeat) -> SeatSigner:
    """The signer that the actor holds, if its certificate may sign for this seat now."""
    signer = actor.signer
    if not isinstance(signer, SeatSigner):
        raise Refusal("seat_key_closed", field="passphrase")
    if signer.seat_id != seat.id or actor.user is None or actor.user.expert_id != seat.expert_id:
        raise Denied("seat_key_of_another")
    key = db.session.get(SeatKey, signer.key_id, populate_existing=True)
    if key is None or key.revoked_at is not None or key.locked_at is not None:
        raise WrongStage("seat_key_revoked")
    certificate = certificate_of(key)
    if not certificate.not_before <= clock.now() <= certificate.not_after:
        raise WrongStage("seat_key_expired")
    if certificate.public_key != signer.private.public_key:
        raise Denied("seat_key_of_another")
    return signer


def seat_signer(actor: Actor, seat: PanelSeat) -> tuple[SeatSigner, SeatKey]:
    """The opened key of the own seat with its row, to sign a file with; raises what `sign_by` raises."""
    signer = _ready(actor, seat)
    return signer, db.session.get_one(SeatKey, signer.key_id)


# Kept open in one browser


def cookie_name(key: SeatKey) -> str:
    """The cookie of a key that is open in a browser."""
    return f"seat-key-{key.public_id}"


def _about(key: SeatKey, opening: str, session_token: str) -> str:
    # A new password or a closed account ends what is open, as it ends the sessions.
    return f"{key.serial}|{opening}|{session_token}"


@action
def keep_open(*, actor: Actor, signer: SeatSigner) -> tuple[SeatKeyOpening, str]:
    """Keep an opened key usable in one browser for the set minutes; returns the row and the cookie's value.

    The row alone opens nothing: the key is wrapped under a token that only the cookie holds.
    """
    assert actor.user is not None
    now = clock.now()
    db.session.execute(delete(SeatKeyOpening).where(SeatKeyOpening.expires_at <= now))
    key = db.session.get_one(SeatKey, signer.key_id)
    opening = SeatKeyOpening(
        key_id=key.id, sealed={}, opened_at=now, expires_at=now + timedelta(minutes=_settings().signing_minutes)
    )
    db.session.add(opening)
    db.session.flush()
    token = secrets.token_bytes(wrapping.TOKEN_BYTES)
    about = _about(key, opening.public_id, actor.user.session_token)
    opening.sealed = wrapping.close_by_token(signer.private.to_der(), token, about)
    text = base64.urlsafe_b64encode(token).decode().rstrip("=")
    recruitment = own_recruitment(actor, key.seat)
    record(
        "seat_key.opened", actor=actor, recruitment=recruitment, subject=key.seat, until=opening.expires_at
    )
    return opening, f"{opening.public_id}.{text}"


def open_in_browser(actor: Actor, key: SeatKey, cookie: str) -> tuple[SeatSigner, datetime] | None:
    """The signer that a browser's cookie opens, and until when; None where it opens nothing (any more)."""
    ref, _, text = cookie.partition(".")
    if actor.user is None or key.revoked_at is not None or key.locked_at is not None or not ref or not text:
        return None
    opening = db.session.scalar(
        select(SeatKeyOpening).where(SeatKeyOpening.public_id == ref[:24], SeatKeyOpening.key_id == key.id)
    )
    if opening is None or opening.expires_at <= clock.now():
        return None
    try:
        token = base64.urlsafe_b64decode(text[:60] + "=")
        about = _about(key, opening.public_id, actor.user.session_token)
        der = wrapping.open_by_token(opening.sealed, token, about)
    except (wrapping.NotOpened, binascii.Error, ValueError):
        return None
    return SeatSigner(key.id, key.seat_id, PrivateKey.from_der(der)), opening.expires_at


def close_openings(key: SeatKey) -> None:
    db.session.execute(delete(SeatKeyOpening).where(SeatKeyOpening.key_id == key.id))


@action
def lock_key(*, actor: Actor, seat: PanelSeat) -> None:
    """Close the seat's key in every browser at once."""
    recruitment = own_recruitment(actor, seat)
    key = key_in_force(seat)
    if key is not None:
        close_openings(key)
        record("seat_key.closed", actor=actor, recruitment=recruitment, subject=seat)


@action
def forget_openings(expert_id: int) -> None:
    """Close whatever keys of an expert are open, when the person logs out."""
    ids = select(SeatKey.id).join(PanelSeat).where(PanelSeat.expert_id == expert_id)
    db.session.execute(
        delete(SeatKeyOpening)
        .where(SeatKeyOpening.key_id.in_(ids))
        .execution_options(synchronize_session=False)
    )
