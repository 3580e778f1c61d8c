"""Trial certificates: request, issue, challenge, renewal, revocation. Test runs of the plan's requirements."""

from __future__ import annotations

import base64
import hmac
import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app import clock
from app.acceptance.authority import revocation_list, trial_authority
from app.acceptance.common import programme_of, recruitment_for, require, writer
from app.audit import Actor, record
from app.errors import Conflict, Refusal, WrongStage
from app.extensions import action, db
from app.publication.models import Recruitment
from onboarding import service, trial
from onboarding.models import CertificateRequest, Integration, Requirement, RequirementState
from seal_core import Certificate, CSRRefused, encrypt_data, parse_csr, sm3
from seal_core.certificates import CSR, RevocationList

#: Requests of one vendor; more is no integration but an attack.
MAX_REQUESTS = 200
DEFAULT_DAYS = 90
IN_FORCE = ("issued", "verified")
#: CRLReason of RFC 5280 that can be chosen, by code of the wording.
REASONS = {"key_compromise": 1, "affiliation_changed": 3, "superseded": 4, "cessation": 5}


def trial_rules(integration: Integration) -> dict[str, Any]:
    """[onboarding.trial] of the plan: validity in days, and which items each run is evidence for.

    Where the plan doesn't say, the runs stand for the items that it wants proved by a run.
    """
    section = integration.programme.rules.get("trial") or {}
    by_run = [
        str(item["id"])
        for item in (integration.programme.rules.get("requirements") or {}).get("items", [])
        if item.get("evidence") == "run"
    ]
    return {
        "days": int(section.get("days", DEFAULT_DAYS)),
        "signature": [str(key) for key in section.get("signature", by_run)],
        "decryption": [str(key) for key in section.get("decryption", by_run)],
    }


def _begin(actor: Actor, integration: Integration) -> Recruitment:
    require(actor, "acceptance.request", integration)
    recruitment = recruitment_for(integration)
    programme_of(recruitment, "integration")
    service.require_working(integration)
    return recruitment


@action
def request_certificate(*, actor: Actor, integration: Integration, csr: bytes) -> CertificateRequest:
    """Take a PKCS#10 request (PEM or DER), check the proof of possession, issue both trial certificates.

    A request that can't be accepted is kept as "refused" with its reason (`refusal`); nothing is raised for
    it. Raises Refusal only where there is no request at all, or too many.
    """
    recruitment = _begin(actor, integration)
    if not csr.strip() or len(csr) > trial.MAX_BYTES:
        raise Refusal("acceptance_csr_size", most=trial.MAX_BYTES // 1024, field="csr")
    if len(integration.certificate_requests) >= MAX_REQUESTS:
        raise Refusal("acceptance_csr_many", most=MAX_REQUESTS)
    request = CertificateRequest(
        integration_id=integration.id,
        stage="refused",
        csr=csr,
        requested_by=actor.ref,
        requested_at=clock.now(),
    )
    try:
        read = parse_csr(csr)
    except CSRRefused as refused:
        request.refusal = refused.code.value
        return _kept(actor, recruitment, integration, request)
    request.key_digest = trial.key_digest(read.public_key)
    if _known_key(request.key_digest):
        request.refusal = "key_used"
        return _kept(actor, recruitment, integration, request)
    _issue(integration, request, read)
    return _kept(actor, recruitment, integration, request)


def _known_key(digest: str) -> bool:
    """A key that was certified before, in force or revoked, for whomever."""
    return (
        db.session.scalar(
            select(CertificateRequest.id)
            .where(CertificateRequest.key_digest == digest, CertificateRequest.stage != "refused")
            .limit(1)
        )
        is not None
    )


def _issue(integration: Integration, request: CertificateRequest, read: CSR) -> None:
    name = integration.vendor_name[:100]
    pair = trial_authority().issue_pair(
        read,
        now=clock.now(),
        days=trial_rules(integration)["days"],
        credit_code=integration.credit_code,
        subject={"C": "CN", "O": name, "CN": f"{name}（试用）"},
    )
    request.stage, request.refusal = "issued", ""
    request.sign_certificate, request.encryption_certificate = pair.signing.der, pair.encryption.der
    request.sign_serial, request.encryption_serial = f"{pair.signing.serial:x}", f"{pair.encryption.serial:x}"
    request.response = pair.to_csr_response()
    secret = secrets.token_bytes(32)
    request.challenge = (
        "印招试用证书签名挑战\n"
        f"服务商：{integration.vendor_name}\n"
        f"签名证书序列号：{pair.signing.serial:x}\n"
        f"签发时间：{request.requested_at.isoformat()}\n"
        f"随机数：{secrets.token_hex(32)}\n"
    ).encode()
    request.verification = {
        "opening": {
            "envelope": base64.b64encode(encrypt_data(secret.hex().encode(), pair.encryption)).decode(),
            "secret_sm3": sm3(secret).hex(),
            "passed": False,
        }
    }


def _kept(
    actor: Actor, recruitment: Recruitment, integration: Integration, request: CertificateRequest
) -> CertificateRequest:
    integration.certificate_requests.append(request)
    try:
        db.session.flush()
    except IntegrityError as error:
        # Two requests with one key at the same moment: the database lets one of them stand.
        raise Conflict("acceptance_key_race") from error
    facts: dict[str, Any] = {"integration": integration.public_id, "key": request.key_digest}
    if request.stage == "refused":
        record(
            "certificate.refused",
            actor=actor,
            recruitment=recruitment,
            subject=request,
            refusal=request.refusal,
            **facts,
        )
    else:
        record(
            "certificate.issued",
            actor=actor,
            recruitment=recruitment,
            subject=request,
            signing=f"{signing_certificate(request).serial:x}",
            **facts,
        )
    return request


def signing_certificate(request: CertificateRequest) -> Certificate:
    """The signing certificate that was issued for the request."""
    if request.sign_certificate is None:
        raise WrongStage("acceptance_not_issued")
    return Certificate.from_der(request.sign_certificate)


def _in_force(request: CertificateRequest) -> None:
    if request.stage not in IN_FORCE:
        raise WrongStage("acceptance_not_issued" if request.stage == "refused" else "acceptance_revoked")


@action
def answer_challenge(*, actor: Actor, request: CertificateRequest, signature: bytes) -> CertificateRequest:
    """Verify a vendor's signature over the challenge: GB/T 35275 SignedData or a bare SM2 value.

    The outcome stands in `request.verification`; a signature that holds makes the request "verified" and is
    a passed test run of the items that the plan names. A wrong one is recorded, never raised.
    """
    integration = request.integration
    recruitment = _begin(actor, integration)
    _in_force(request)
    assert request.challenge is not None
    answer = trial.read_answer(signature)
    now = clock.now()
    authority = trial_authority()
    found = trial.verify_answer(
        answer,
        request.challenge,
        signing_certificate(request),
        root=authority.root,
        issuing=authority.certificate,
        crls=[RevocationList.from_der(revocation_list(now))],
        at=now,
    )
    result = found.as_json()
    request.signature = answer.data
    request.verification = {**request.verification, **result, "at": now.isoformat()}
    if found.passed:
        request.stage, request.verified_at = "verified", now
        _prove_by_run(actor, recruitment, request, "signature", result, now)
    record(
        "certificate.verified" if found.passed else "certificate.challenge_failed",
        actor=actor,
        recruitment=recruitment,
        subject=request,
        integration=integration.public_id,
        form=found.form,
        reasons=list(found.reasons),
        backends=list(found.backends),
    )
    db.session.flush()
    return request


@action
def open_envelope(*, actor: Actor, request: CertificateRequest, opened: str) -> bool:
    """Compare what a vendor read in the envelope made for its encryption certificate; True where it holds.

    It shows that the vendor opened the enveloped key and decrypts by SM2 and SM4: a test run like the
    signature's.
    """
    integration = request.integration
    recruitment = _begin(actor, integration)
    _in_force(request)
    opening = dict(request.verification.get("opening") or {})
    try:
        secret = bytes.fromhex(opened.strip())
    except ValueError:
        raise Refusal("acceptance_opened_shape", field="opened") from None
    passed = hmac.compare_digest(sm3(secret).hex(), str(opening.get("secret_sm3", "")))
    now = clock.now()
    if passed:
        opening["passed"] = True
        request.verification = {**request.verification, "opening": opening}
        certificate = Certificate.from_der(request.encryption_certificate or b"")
        result = {"kind": "trial_decryption", "passed": True, "serial": f"{certificate.serial:x}"}
        _prove_by_run(actor, recruitment, request, "decryption", result, now)
    record(
        "certificate.opened" if passed else "certificate.opening_failed",
        actor=actor,
        recruitment=recruitment,
        subject=request,
        integration=integration.public_id,
    )
    db.session.flush()
    return passed


def _prove_by_run(
    actor: Actor,
    recruitment: Recruitment,
    request: CertificateRequest,
    run: str,
    result: dict[str, Any],
    now: datetime,
) -> None:
    """Enter a passed run as evidence of its items; whatever was open or returned is handed in by it."""
    keys = trial_rules(request.integration)[run]
    states = db.session.scalars(
        select(RequirementState)
        .join(Requirement)
        .where(
            RequirementState.integration_id == request.integration_id,
            Requirement.key.in_(keys),
            RequirementState.stage != "accepted",
        )
        .order_by(Requirement.sort)
    )
    for state in states:
        evidence = service.add_evidence(
            db.session(),
            state,
            author=actor.ref,
            now=now,
            kind="run",
            result={**result, "request": request.public_id},
        )
        record(
            "evidence.added",
            actor=actor,
            recruitment=recruitment,
            subject=evidence,
            item=state.requirement.key,
            evidence="run",
            run=result["kind"],
        )
        if state.stage in ("open", "returned"):
            service.prove(
                db.session(),
                state,
                actor=actor.ref,
                role="system",
                now=now,
                write=writer(actor, recruitment, state, item=state.requirement.key),
            )


@action
def revoke_certificate(*, actor: Actor, request: CertificateRequest, reason: str) -> None:
    """Revoke both certificates of a request for good; `reason` is a key of `REASONS`."""
    require(actor, "acceptance.revoke", request)
    recruitment = recruitment_for(request.integration)
    if reason not in REASONS:
        raise Refusal("acceptance_revocation_reason", field="reason")
    revoke_pair(actor, recruitment, request, REASONS[reason])


def revoke_pair(actor: Actor, recruitment: Recruitment, request: CertificateRequest, reason: int) -> None:
    """Revoke both certificates inside the caller's unit of work; `reason` is a CRLReason."""
    _in_force(request)
    request.stage, request.revoked_at, request.revocation_reason = "revoked", clock.now(), reason
    record(
        "certificate.revoked",
        actor=actor,
        recruitment=recruitment,
        subject=request,
        integration=request.integration.public_id,
        reason=str(reason),
    )
    db.session.flush()


@action
def renew_certificate(*, actor: Actor, request: CertificateRequest) -> CertificateRequest:
    """Issue anew for the same key, with a fresh validity and challenge; the earlier pair is superseded."""
    integration = request.integration
    recruitment = _begin(actor, integration)
    _in_force(request)
    if len(integration.certificate_requests) >= MAX_REQUESTS:
        raise Refusal("acceptance_csr_many", most=MAX_REQUESTS)
    revoke_pair(actor, recruitment, request, REASONS["superseded"])
    renewed = CertificateRequest(
        integration_id=integration.id,
        stage="issued",
        csr=request.csr,
        key_digest=request.key_digest,
        requested_by=actor.ref,
        requested_at=clock.now(),
    )
    _issue(integration, renewed, parse_csr(request.csr))
    return _kept(actor, recruitment, integration, renewed)
