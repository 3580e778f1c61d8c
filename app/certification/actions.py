"""Use cases of the administrator of the trial authority: revoke, change the password of its keys."""

from __future__ import annotations

import hmac

from flask import current_app

from app import clock
from app.acceptance import authority
from app.acceptance.certificates import REASONS, revoke_pair
from app.accounts import passwords
from app.audit import Actor, record
from app.certification.queries import Issued, by_serial, password_source
from app.documents.models import RecruitmentSeal
from app.errors import Denied, NotFound, Refusal, WrongStage
from app.extensions import action, db
from app.review.key_loss import revoke_key
from evaluation.models import SeatKey
from onboarding.models import CertificateRequest

LEAST = 12
#: How much of the serial is typed to confirm a revocation.
TYPED = 6


@action
def revoke(*, actor: Actor, serial: str, kind: str, reason: str, typed: str) -> Issued:
    """Revoke a certificate of the register for good, with the other one of its pair.

    `kind` is a key of REASONS, `reason` the words for the record, `typed` the end of the serial. Raises
    NotFound, WrongStage `ca_revoked_already`, Refusal `ca_typed`, `acceptance_revocation_reason`,
    `reason_required`.
    """
    if actor.role != "admin":
        raise Denied("denied", action="管理试用证书机构", who="管理员")
    found = by_serial(serial)
    if found is None or found.recruitment is None:
        raise NotFound("not_found")
    if found.revoked_at is not None:
        raise WrongStage("ca_revoked_already")
    if kind not in REASONS:
        raise Refusal("acceptance_revocation_reason", field="kind")
    if not reason.strip():
        raise Refusal("reason_required", field="reason")
    if typed.strip().lower() != found.serial[-TYPED:]:
        raise Refusal("ca_typed", field="typed", count=TYPED)
    words, code = reason.strip()[:1000], REASONS[kind]
    if found.kind == "vendor":
        revoke_pair(actor, found.recruitment, db.session.get_one(CertificateRequest, found.subject_id), code)
    elif found.kind == "seat":
        key = db.session.get_one(SeatKey, found.subject_id)
        revoke_key(
            key, actor=actor, recruitment=found.recruitment, seat=key.seat, crl_reason=code, reason=words
        )
    else:
        row = db.session.get_one(RecruitmentSeal, found.subject_id)
        row.revoked_at, row.revocation_reason, row.reason = clock.now(), code, words
        record(
            "seal.revoked",
            actor=actor,
            recruitment=found.recruitment,
            subject=row,
            serial=row.serial,
            crl_reason=code,
            reason=words,
        )
    record(
        "ca.certificate_revoked",
        actor=actor,
        serial=found.serial,
        certificate_kind=f"ca_{found.kind}",
        crl_reason=code,
        reason=words,
    )
    return found


def change_password(*, actor: Actor, login_password: str, current: str = "", new: str = "", repeat: str = "") -> None:
    """Encrypt the authority's keys anew; the administrator confirms with the own login password.

    Where the configuration gives the password, `current` must be it and `new` is what the operator writes into
    the configuration; otherwise a new one is made and kept beside the keys. Raises Refusal
    `password_current_wrong`, `ca_password_wrong`, `ca_password_short`, `ca_password_repeat`,
    `acceptance_authority_closed`. The files are replaced first: what the log tells has happened.
    """
    if actor.role != "admin" or actor.user is None:
        raise Denied("denied", action="管理试用证书机构", who="管理员")
    if not passwords.verify(actor.user.password_hash, login_password):
        raise Refusal("password_current_wrong", field="login_password")
    if password_source() == "setting":
        configured = current_app.config["SETTINGS"].trial_ca_password
        if not hmac.compare_digest(current.encode(), configured.encode()):
            raise Refusal("ca_password_wrong", field="current")
        if len(new) < LEAST:
            raise Refusal("ca_password_short", field="new", least=LEAST)
        if new != repeat:
            raise Refusal("ca_password_repeat", field="repeat")
    authority.change_password(new)
    _password_changed(actor)


@action
def _password_changed(actor: Actor) -> None:
    record("ca.password_changed", actor=actor, source=f"ca_{password_source()}")
