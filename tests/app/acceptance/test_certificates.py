"""Trial certificates: what is issued, what is refused with its reason, what a challenge's answer brings about."""

from __future__ import annotations

import base64
import stat
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from flask import Flask

from app import clock as app_clock
from app.acceptance import actions
from app.acceptance.authority import chain_pem, revocation_list, trial_authority
from app.audit import Event
from app.errors import Conflict, Denied, Refusal, WrongStage
from app.extensions import db
from onboarding.errors import OnboardingError
from onboarding.models import CertificateRequest
from seal_core import (
    Certificate,
    CertificatePair,
    PrivateKey,
    build_csr,
    certificates,
    decrypt_data,
    sign_data,
    validate_path,
)
from seal_core.keys import pem_encode
from tests.app.acceptance.hall import Hall, issue, make_hall, signing
from tests.harness.clock import HandClock


def other_csr(key: Any) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "样例")])
    made = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM)


def answer(hall: Hall, request: CertificateRequest, data: bytes, number: int = 1) -> CertificateRequest:
    return actions.answer_challenge(actor=hall.vendor(number), request=request, signature=data)


def test_a_pair_is_issued_that_says_trial_and_the_keys_stay_closed(app: Flask) -> None:
    with app.app_context():
        hall = make_hall()
        _key, request = issue(hall, 1)
        assert request.stage == "issued"
        one, two = signing(request), Certificate.from_der(request.encryption_certificate)
        integration = hall.integration(1)
        assert one.is_trial
        assert one.common_name == f"{integration.vendor_name}（试用）"
        assert one.credit_code == integration.credit_code
        assert "digitalSignature" in one.key_usage
        assert "keyEncipherment" in two.key_usage
        authority = trial_authority()
        path = validate_path(one, trust=[authority.root], pool=[authority.certificate], at=app_clock.now())
        assert path.trusted
        assert chain_pem().count(b"BEGIN CERTIFICATE") == 2
        keys = app.config["SETTINGS"].data / "keys"
        file = keys / "trial-ca.pem"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert b"BEGIN ENCRYPTED PRIVATE KEY" in file.read_bytes()
        assert b"BEGIN PRIVATE KEY" not in file.read_bytes()
        assert stat.S_IMODE((keys / "trial-ca.password").stat().st_mode) == 0o600
        before = file.read_bytes()
        app.extensions.pop("trial_authority")
        _second, again = issue(hall, 2)
        assert file.read_bytes() == before
        assert signing(again).issuer_der == one.issuer_der


def test_a_wrong_password_is_a_sentence_and_no_new_authority(app: Flask) -> None:
    with app.app_context():
        hall = make_hall()
        trial_authority()
        keys = app.config["SETTINGS"].data / "keys"
        (keys / "trial-ca.password").write_bytes(b"another")
        app.extensions.pop("trial_authority")
        with pytest.raises(Refusal, match="acceptance_authority_closed"):
            issue(hall, 1)


@pytest.mark.database("sqlite")
def test_a_wrong_request_is_kept_with_its_reason(app: Flask) -> None:
    with app.app_context():
        hall = make_hall()
        for csr, reason in (
            (other_csr(rsa.generate_private_key(65537, 2048)), "csr_algorithm"),
            (other_csr(ec.generate_private_key(ec.SECP256R1())), "csr_algorithm"),
            (b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n", "malformed"),
            (b"no request at all", "malformed"),
        ):
            request = actions.request_certificate(
                actor=hall.vendor(1), integration=hall.integration(1), csr=csr
            )
            assert (request.stage, request.refusal, request.sign_certificate) == ("refused", reason, None)
            with pytest.raises(WrongStage, match="acceptance_not_issued"):
                answer(hall, request, b"\x30\x06\x02\x01\x01\x02\x01\x01")


def test_a_borrowed_or_forged_request_gets_nothing(app: Flask) -> None:
    with app.app_context():
        hall = make_hall()
        key = PrivateKey.generate()
        csr = build_csr(key, {"CN": "样例"})
        forged = csr[:-1] + bytes([csr[-1] ^ 1])
        nameless = build_csr(key, {"O": "样例"})
        for data, reason in ((forged, "csr_no_possession"), (nameless, "csr_subject")):
            made = actions.request_certificate(actor=hall.vendor(1), integration=hall.integration(1), csr=data)
            assert made.refusal == reason
        _key, first = issue(hall, 1, key)
        assert first.stage == "issued"
        for number in (1, 2):
            # A copy of the request, or the key asked for once more: by PEM it is the same key.
            made = actions.request_certificate(
                actor=hall.vendor(number),
                integration=hall.integration(number),
                csr=pem_encode("CERTIFICATE REQUEST", csr),
            )
            assert (made.stage, made.refusal) == ("refused", "key_used")
        with pytest.raises(Denied):
            actions.request_certificate(actor=hall.vendor(2), integration=hall.integration(1), csr=csr)
        for data in (b"", b" " * 10, b"x" * 70_000):
            with pytest.raises(Refusal, match="acceptance_csr_size"):
                actions.request_certificate(actor=hall.vendor(1), integration=hall.integration(1), csr=data)


def test_a_signature_that_holds_is_a_test_run_of_the_plans_items(app: Flask) -> None:
    with app.app_context():
        hall = make_hall()
        key, request = issue(hall, 1)
        message = sign_data(request.challenge, key, signing(request), signed_at=app_clock.now())
        found = answer(hall, request, base64.encodebytes(message))
        assert found.stage == "verified"
        assert found.verified_at == app_clock.now()
        assert found.verification["passed"] is True
        assert found.verification["backends"] == ["openssl", "gmssl"]
        state = hall.state(1, "cert.7")
        run = state.evidence[-1]
        assert (state.stage, run.kind, run.result["kind"], run.result["passed"]) == (
            "proved", "run", "trial_signature", True,
        )  # fmt: skip
        assert hall.state(1, "std.1").stage == "open"
        assert hall.state(2, "cert.7").stage == "open"
        actions.decide_item(actor=hall.actor("operator"), state=state, accept=True)
        assert state.stage == "accepted"
        # Signed once more, it adds nothing to what is accepted.
        count = len(state.evidence)
        answer(hall, request, key.sign(request.challenge))
        assert len(hall.state(1, "cert.7").evidence) == count


def test_a_wrong_signature_is_recorded_and_proves_nothing(app: Flask, clock: HandClock) -> None:
    with app.app_context():
        hall = make_hall()
        key, request = issue(hall, 1)
        thief, other = issue(hall, 2)
        value = key.sign(request.challenge)
        for data, reason in (
            (thief.sign(request.challenge), "trial_signature"),
            (value[:-1] + bytes([value[-1] ^ 1]), "trial_signature"),
            (key.sign(request.challenge.strip()), "trial_signature"),
            (key.sign(other.challenge), "trial_signature"),
            (sign_data(request.challenge, thief, signing(other)), "trial_other_certificate"),
            (sign_data(other.challenge, key, signing(request)), "trial_content"),
        ):
            found = answer(hall, request, data)
            assert found.stage == "issued"
            assert found.verification["passed"] is False
            assert reason in found.verification["reasons"]
        with pytest.raises(OnboardingError, match="trial_unreadable"):
            answer(hall, request, b"hello")
        with pytest.raises(OnboardingError, match="trial_size"):
            answer(hall, request, b"")
        with pytest.raises(Denied):
            answer(hall, request, value, number=2)
        assert hall.state(1, "cert.7").evidence == []
        clock.advance(timedelta(days=91))
        late = answer(hall, request, value)
        assert (late.stage, late.verification["reasons"]) == ("issued", ["expired"])
        failed = db.session.query(Event).filter(Event.kind == "certificate.challenge_failed").count()
        assert failed == 7


def test_whoever_opens_the_envelope_has_both_keys(app: Flask) -> None:
    with app.app_context():
        hall = make_hall()
        key, request = issue(hall, 1)
        encryption = Certificate.from_der(request.encryption_certificate)
        envelope = base64.b64decode(request.verification["opening"]["envelope"])
        inner = CertificatePair.from_csr_response(request.response).open_key(key)
        secret = decrypt_data(envelope, inner, encryption).decode()
        for wrong in ("00" * 32, secret[:-2] + ("00" if secret[-2:] != "00" else "11")):
            assert not actions.open_envelope(actor=hall.vendor(1), request=request, opened=wrong)
        with pytest.raises(Refusal, match="acceptance_opened_shape"):
            actions.open_envelope(actor=hall.vendor(1), request=request, opened="不是十六进制")
        assert hall.state(1, "cert.10").stage == "open"
        assert actions.open_envelope(actor=hall.vendor(1), request=request, opened=f" {secret}\n")
        run = hall.state(1, "cert.10").evidence[-1]
        assert (hall.state(1, "cert.10").stage, run.result["kind"]) == ("proved", "trial_decryption")
        answer(hall, request, key.sign(request.challenge))
        assert request.verification["opening"]["passed"] is True


def test_revoked_is_for_good_and_renewed_is_anew(app: Flask, clock: HandClock) -> None:
    with app.app_context():
        hall = make_hall()
        key, request = issue(hall, 1)
        clock.advance(timedelta(days=1))
        renewed = actions.renew_certificate(actor=hall.vendor(1), request=request)
        assert (request.stage, request.revocation_reason, renewed.stage) == ("revoked", 4, "issued")
        assert renewed.key_digest == request.key_digest
        assert renewed.challenge != request.challenge
        with pytest.raises(WrongStage, match="acceptance_revoked"):
            answer(hall, request, key.sign(request.challenge))
        assert answer(hall, renewed, key.sign(renewed.challenge)).stage == "verified"
        with pytest.raises(Refusal, match="acceptance_revocation_reason"):
            actions.revoke_certificate(actor=hall.vendor(1), request=renewed, reason="因为")
        for actor in (hall.vendor(2), hall.actor("operator"), hall.actor("supervisor")):
            with pytest.raises(Denied):
                actions.revoke_certificate(actor=actor, request=renewed, reason="key_compromise")
        actions.revoke_certificate(actor=hall.actor("staff"), request=renewed, reason="key_compromise")
        listed = certificates.RevocationList.from_der(revocation_list(app_clock.now()))
        serials = {signing(row).serial for row in (request, renewed)}
        assert serials <= set(listed.revoked)
        assert len(listed.revoked) == 4
        _key, again = issue(hall, 1, key)
        assert (again.stage, again.refusal) == ("refused", "key_used")


def test_the_database_lets_one_key_stand_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.acceptance import certificates as room

    with app.app_context():
        hall = make_hall()
        key, _request = issue(hall, 1)
        monkeypatch.setattr(room, "_known_key", lambda _digest: False)
        with pytest.raises(Conflict, match="acceptance_key_race"):
            issue(hall, 2, key)
