"""Routes of the trial certificates: request, downloads, challenge, renewal, revocation."""

from __future__ import annotations

import base64

from flask import Response, flash, render_template, request
from werkzeug.wrappers import Response as WSGIResponse

from app import clock
from app.acceptance import actions, queries
from app.acceptance.certificates import IN_FORCE, REASONS, trial_rules
from app.acceptance.forms import read_small, read_text
from app.acceptance.views import back, bp, role_of
from app.errors import NotFound
from app.files import disposition
from app.publication.models import Recruitment
from app.routing import current_actor, permit
from app.wording import REFUSALS, label
from onboarding import service
from onboarding.models import CertificateRequest, Integration
from seal_core import Certificate

#: What can be downloaded of a request: name of the file, media type.
PARTS = {
    "csr": ("request.p10", "application/pkcs10"),
    "signing": ("signing.pem", "application/x-pem-file"),
    "encryption": ("encryption.pem", "application/x-pem-file"),
    "response": ("csr-response.der", "application/octet-stream"),
    "challenge": ("challenge.txt", "text/plain"),
    "envelope": ("envelope.p7e", "application/pkcs7-mime"),
}


@bp.get("/vendors/<integration>/certificates")
@permit("acceptance.certificates")
def certificates(recruitment: Recruitment, integration: Integration) -> str:
    """All requests of a vendor, the newest first, with what can be done next."""
    rows = [
        (row, Certificate.from_der(row.sign_certificate) if row.sign_certificate else None)
        for row in reversed(integration.certificate_requests)
    ]
    own = queries.is_own(integration)
    return render_template(
        "acceptance/certificates.html",
        recruitment=recruitment,
        rows=rows,
        in_force=IN_FORCE,
        reasons=REASONS,
        refusals=REFUSALS,
        rules=trial_rules(integration),
        working=recruitment.stage == "integration" and integration.stage in service.WORKING,
        may_revoke=own or role_of(recruitment) == "staff",
        people=queries.people(row.requested_by for row, _certificate in rows),
        moment=clock.now(),
        **queries.context_of(integration),
    )


@bp.post("/vendors/<integration>/certificates")
@permit("acceptance.request")
def request_certificate(recruitment: Recruitment, integration: Integration) -> WSGIResponse:
    """Take a request and issue."""
    made = actions.request_certificate(
        actor=current_actor(recruitment), integration=integration, csr=read_small("csr")
    )
    if made.stage == "refused":
        flash(f"证书请求未被接受：{label('csr_refusal', made.refusal)}", "error")
    else:
        flash("试用签名证书和加密证书已签发。请下载后用签名私钥签署挑战文件。", "success")
    return back("acceptance.certificates", recruitment, integration=integration.public_id)


@bp.get("/certificates/<certificate_request>/<part>")
@permit("acceptance.certificates")
def certificate_part(recruitment: Recruitment, certificate_request: CertificateRequest, part: str) -> Response:
    """One file of a request."""
    row = certificate_request
    if part not in PARTS or (part != "csr" and row.sign_certificate is None):
        raise NotFound("not_found")
    name, media_type = PARTS[part]
    if part == "envelope":
        data = base64.b64decode(str(row.verification.get("opening", {}).get("envelope", "")))
    elif part in ("signing", "encryption"):
        der = row.sign_certificate if part == "signing" else row.encryption_certificate
        data = Certificate.from_der(der or b"").to_pem()
    else:
        data = {"csr": row.csr, "response": row.response, "challenge": row.challenge}[part] or b""
    answer = Response(data, mimetype=media_type)
    answer.headers["Content-Disposition"] = disposition(name, inline=False)
    return answer


@bp.post("/certificates/<certificate_request>/signature")
@permit("acceptance.request")
def answer_challenge(recruitment: Recruitment, certificate_request: CertificateRequest) -> WSGIResponse:
    """Verify the signature over the challenge."""
    found = actions.answer_challenge(
        actor=current_actor(recruitment), request=certificate_request, signature=read_small("signature")
    )
    if found.verification.get("passed"):
        flash("签名验证通过，已作为测试结果记入相应的验收项。", "success")
    else:
        reasons = "；".join(label("trial_reason", code) for code in found.verification.get("reasons", []))
        flash(f"签名验证未通过：{reasons}", "error")
    return back("acceptance.certificates", recruitment, integration=found.integration.public_id)


@bp.post("/certificates/<certificate_request>/opened")
@permit("acceptance.request")
def open_envelope(recruitment: Recruitment, certificate_request: CertificateRequest) -> WSGIResponse:
    """Compare what was read in the envelope."""
    passed = actions.open_envelope(
        actor=current_actor(recruitment), request=certificate_request, opened=read_text("opened", 200)
    )
    if passed:
        flash("解密结果正确，已作为测试结果记入相应的验收项。", "success")
    else:
        flash("解密结果与信封内容不符，请用本次签发的加密证书对应的私钥解开后重试。", "error")
    return back(
        "acceptance.certificates", recruitment, integration=certificate_request.integration.public_id
    )


@bp.post("/certificates/<certificate_request>/renew")
@permit("acceptance.request")
def renew(recruitment: Recruitment, certificate_request: CertificateRequest) -> WSGIResponse:
    """Issue anew for the same key."""
    made = actions.renew_certificate(actor=current_actor(recruitment), request=certificate_request)
    flash("证书已更新，原证书已注销；请重新下载并签署新的挑战文件。", "success")
    return back("acceptance.certificates", recruitment, integration=made.integration.public_id)


@bp.post("/certificates/<certificate_request>/revoke")
@permit("acceptance.revoke")
def revoke(recruitment: Recruitment, certificate_request: CertificateRequest) -> WSGIResponse:
    """Revoke for good."""
    actions.revoke_certificate(
        actor=current_actor(recruitment),
        request=certificate_request,
        reason=request.form.get("revocation", ""),
    )
    flash("签名证书和加密证书已注销，并列入证书撤销列表。", "success")
    return back(
        "acceptance.certificates", recruitment, integration=certificate_request.integration.public_id
    )
