"""Routes of the seat's signing key: set the passphrase, open and lock it, ask for another, see the certificate."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, request, url_for

from app.accounts.sessions import safe_target
from app.errors import NotFound, Refusal
from app.extensions import limiter
from app.panel.views import bp, download
from app.publication.models import Recruitment
from app.review import key_loss, keys
from app.review.unlocking import drop_cookies, keep, signing_actor
from app.routing import current_actor, permit
from app.wording import sentence_for
from evaluation.models import PanelSeat

Answer = Any
TRIES = "30 per minute"


def _back(recruitment: Recruitment, seat: PanelSeat) -> Answer:
    return redirect(url_for("panel.my_seat", recruitment=recruitment.public_id, seat=seat.public_id), 303)


@bp.post("/r/<recruitment>/panel/seats/<seat>/key")
@limiter.limit(TRIES)
@permit("seat.key")
def make_key(recruitment: Recruitment, seat: PanelSeat) -> Answer:
    """Set the signing passphrase: the key pair and the certificate of the seat are made, and open at once."""
    from app.panel.views_seats import seat_page

    actor = current_actor(recruitment)
    passphrase = request.form.get("new_passphrase", "")
    try:
        if passphrase != request.form.get("repeat", ""):
            raise Refusal("passphrase_repeat", field="repeat")
        keys.make_key(actor=actor, seat=seat, passphrase=passphrase)
    except Refusal as error:
        if not error.code.startswith("passphrase_"):
            raise
        return seat_page(recruitment, seat, key_refusal=sentence_for(error), status=error.status)
    keep(actor, keys.open_key(actor=actor, seat=seat, passphrase=passphrase))
    flash("签名口令已设置，席位证书已签发。请牢记口令：任何人都无法替您找回。", "success")
    return _back(recruitment, seat)


@bp.post("/r/<recruitment>/panel/seats/<seat>/key/open")
@limiter.limit(TRIES)
@permit("seat.key")
def open_key(recruitment: Recruitment, seat: PanelSeat) -> Answer:
    """Open the key in this browser for the set minutes."""
    actor = signing_actor(recruitment, seat)
    if actor.signer is None:
        raise Refusal("seat_key_closed", field="passphrase")
    if not request.form.get("keep_open"):
        keep(actor, actor.signer)
    flash("签名密钥已打开。", "success")
    return _back(recruitment, seat)


@bp.post("/r/<recruitment>/panel/seats/<seat>/key/lock")
@permit("seat.key")
def lock_key(recruitment: Recruitment, seat: PanelSeat) -> Answer:
    """Close the key in every browser at once."""
    keys.lock_key(actor=current_actor(recruitment), seat=seat)
    drop_cookies()
    flash("签名密钥已锁上，再次签署须输入签名口令。", "success")
    target = safe_target(request.form.get("back"))
    return redirect(target, 303) if target else _back(recruitment, seat)


@bp.post("/r/<recruitment>/panel/seats/<seat>/key/lost")
@permit("seat.key")
def report_lost(recruitment: Recruitment, seat: PanelSeat) -> Answer:
    """Give the key up, with the reason, and ask for another one."""
    key_loss.report_lost(
        actor=current_actor(recruitment),
        seat=seat,
        kind=request.form.get("kind", ""),
        reason=request.form.get("reason", ""),
    )
    drop_cookies()
    flash("原证书已吊销，已通知监督人员核实。核实后请重新设置签名口令；已有的签名仍然有效。", "warning")
    return _back(recruitment, seat)


@bp.post("/r/<recruitment>/panel/seats/<seat>/key/allow")
@permit("seat.renew_key")
def allow_renewal(recruitment: Recruitment, seat: PanelSeat) -> Answer:
    """The supervisor has made sure who asks, and allows another key."""
    key_loss.allow_renewal(actor=current_actor(recruitment), seat=seat)
    flash("已准许更换签名密钥，并通知本人重新设置签名口令。", "success")
    return redirect(url_for("panel.seats", recruitment=recruitment.public_id), 303)


@bp.get("/r/<recruitment>/panel/seats/<seat>/certificate.pem")
@permit("seat.certificate")
def seat_certificate(recruitment: Recruitment, seat: PanelSeat) -> Response:
    """The seat's newest certificate; it names nobody."""
    held = keys.keys_of(seat)
    if not held:
        raise NotFound("not_found")
    wanted = request.args.get("number", type=int)
    key = next((row for row in held if row.number == wanted), held[-1])
    name = f"席位证书-{seat.pseudonym}-{key.number}.pem"
    return download(keys.certificate_of(key).to_pem(), name, "application/x-pem-file")


