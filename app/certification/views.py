"""Routes of the trial authority: the administrator's register, and chain, CRL and OCSP for everybody."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for

from app import clock
from app.acceptance.authority import chain_pem, ocsp_answer, revocation_list, trial_authority
from app.acceptance.certificates import REASONS
from app.certification import actions, queries
from app.errors import NotFound, Refusal, TooLarge
from app.extensions import csrf, limiter
from app.files import disposition
from app.routing import current_actor, permit
from app.wording import sentence_for

bp = Blueprint("certification", __name__)

Answer = Any
#: An OCSP request is small.
MOST_BYTES = 16 * 1024
RATE = "120 per minute"
OCSP, CRL, PEM = "application/ocsp-response", "application/pkix-crl", "application/x-pem-file"


def _file(data: bytes, name: str, media_type: str) -> Response:
    answer = Response(data, mimetype=media_type)
    answer.headers["Content-Disposition"] = disposition(name, inline=False)
    return answer


@bp.get("/ca/chain.pem")
@permit("ca.public")
def chain() -> Response:
    """Issuing and root certificate."""
    return _file(chain_pem(), "trial-chain.pem", PEM)


@bp.get("/ca/trial.crl")
@permit("ca.public")
def crl() -> Response:
    """The present revocation list, DER."""
    return _file(revocation_list(clock.now()), "trial.crl", CRL)


@bp.post("/ca/ocsp")
@csrf.exempt  # asked by software, and nothing is kept
@limiter.limit(RATE)
@permit("ca.public")
def ocsp() -> Response:
    """RFC 6960 by POST: the request's DER as body."""
    if (request.content_length or 0) > MOST_BYTES:
        raise TooLarge("ca_ocsp_size", most=MOST_BYTES // 1024)
    return Response(ocsp_answer(request.stream.read(MOST_BYTES), clock.now()), mimetype=OCSP)


@bp.get("/ca/ocsp/<path:asked>")
@limiter.limit(RATE)
@permit("ca.public")
def ocsp_by_address(asked: str) -> Response:
    """RFC 6960 by GET: the request's DER as base64 in the address. What is none is answered as malformed."""
    try:
        data = base64.b64decode(asked[: 2 * MOST_BYTES].replace(" ", "+"), validate=True)
    except binascii.Error:
        data = b""
    return Response(ocsp_answer(data, clock.now()), mimetype=OCSP)


def _register(*, refusal: str = "", status: int = 200) -> Answer:
    kind, state = request.args.get("kind", ""), request.args.get("state", "")
    words = request.args.get("q", "").strip()[:48]
    number = max(1, min(request.args.get("page", 1, type=int), 10_000))
    held = trial_authority()
    return render_template(
        "certification/register.html",
        page=queries.register(kind=kind, state=state, words=words, number=number),
        counts=queries.counts(),
        kind=kind,
        state=state,
        words=words,
        kinds=queries.KINDS,
        root=held.root,
        issuing=held.certificate,
        files=queries.key_files(),
        stored=queries.stored_keys(),
        source=queries.password_source(),
        least=actions.LEAST,
        base=current_app.config["SETTINGS"].public_base,
        refusal=refusal,
    ), status


@bp.get("/admin/ca")
@permit("ca.manage")
def register() -> Answer:
    """All certificates that were issued, and how the keys are kept."""
    return _register()


@bp.get("/admin/ca/certificate")
@permit("ca.manage")
def certificate() -> Answer:
    """One certificate: what it says, what a revocation does, and the form for it."""
    serial = request.args.get("serial", "")
    if not serial:
        return redirect(url_for("certification.register"), 303)
    return _certificate(serial)


def _certificate(serial: str, *, refusal: str = "", status: int = 200) -> Answer:
    found = queries.by_serial(serial[:48])
    if found is None:
        raise NotFound("not_found")
    return render_template(
        "certification/certificate.html",
        row=found,
        reasons=REASONS,
        typed=actions.TYPED,
        refusal=refusal,
        filled=request.form,
    ), status


@bp.get("/admin/ca/certificate.pem")
@permit("ca.manage")
def certificate_file() -> Answer:
    """The certificate as a file."""
    found = queries.by_serial(request.args.get("serial", "")[:48])
    if found is None:
        return redirect(url_for("certification.register"), 303)
    return _file(found.certificate.to_pem(), f"{found.serial}.pem", PEM)


@bp.post("/admin/ca/revoke")
@permit("ca.manage")
def revoke() -> Answer:
    """Revoke a certificate; the end of its serial is typed, so that no wrong one is hit."""
    serial = request.form.get("serial", "")[:48]
    try:
        found = actions.revoke(
            actor=current_actor(),
            serial=serial,
            kind=request.form.get("kind", ""),
            reason=request.form.get("reason", ""),
            typed=request.form.get("typed", ""),
        )
    except NotFound:
        raise
    except Refusal as error:
        return _certificate(serial, refusal=sentence_for(error), status=error.status)
    flash("证书已吊销，并列入撤销列表。", "success")
    return redirect(url_for("certification.certificate", serial=found.serial), 303)


@bp.post("/admin/ca/password")
@limiter.limit("10 per minute")
@permit("ca.manage")
def change_password() -> Answer:
    """Encrypt the authority's keys under another password."""
    try:
        actions.change_password(
            actor=current_actor(),
            login_password=request.form.get("login_password", ""),
            current=request.form.get("current", ""),
            new=request.form.get("new", ""),
            repeat=request.form.get("repeat", ""),
        )
    except Refusal as error:
        return _register(refusal=sentence_for(error), status=error.status)
    if queries.password_source() == "setting":
        words = "密钥文件已改用新密码加密。请立即把配置项 trial_ca_password 改为新密码，否则重新启动后打不开。"
        flash(words, "warning")
    else:
        flash("密钥文件已改用新生成的密码加密。", "success")
    return redirect(url_for("certification.register"), 303)
