"""The challenge: every form of a signature, and its twin that doesn't hold."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from onboarding.trial import Form, TrialCode, TrialRefused, key_digest, read_answer, verify_answer
from seal_core import PrivateKey, TrialCA, build_csr, certificates, sign_data

NOW = datetime(2023, 8, 1, tzinfo=UTC)
CA = TrialCA.create("trial", now=datetime(2020, 1, 1, tzinfo=UTC), years=20)
KEY, OTHER = PrivateKey.generate(), PrivateKey.generate()
PAIR = CA.issue_pair(build_csr(KEY, {"CN": "one"}), now=NOW, days=90)
FOREIGN = CA.issue_pair(build_csr(OTHER, {"CN": "two"}), now=NOW, days=90)
CHALLENGE = b"sign this\n"
MESSAGE = sign_data(CHALLENGE, KEY, PAIR.signing)
VALUE = KEY.sign(CHALLENGE)


def crl(*, revoked: bool = False) -> certificates.RevocationList:
    ca = TrialCA(CA.root, CA.certificate, CA.root_key, CA.key)
    if revoked:
        ca.revoked = {PAIR.signing.serial: (NOW, 1)}
    return certificates.RevocationList.from_der(ca.crl(now=NOW))


def judge(data: bytes, **facts: Any) -> Any:
    values: dict[str, Any] = {"root": CA.root, "issuing": CA.certificate, "crls": [crl()], "at": NOW}
    return verify_answer(read_answer(data), CHALLENGE, PAIR.signing, **values | facts)


@pytest.mark.parametrize(
    ("data", "form"),
    [
        pytest.param(MESSAGE, Form.SIGNED_DATA, id="message"),
        pytest.param(
            sign_data(CHALLENGE, KEY, PAIR.signing, detached=True, signed_at=NOW), Form.SIGNED_DATA, id="detached"
        ),
        pytest.param(base64.encodebytes(MESSAGE), Form.SIGNED_DATA, id="message in base64"),
        pytest.param(
            b"-----BEGIN PKCS7-----\n" + base64.encodebytes(MESSAGE) + b"-----END PKCS7-----\n",
            Form.SIGNED_DATA,
            id="message in PEM",
        ),
        pytest.param(VALUE, Form.DER, id="value"),
        pytest.param(VALUE.hex().upper().encode() + b"\n", Form.DER, id="value in hex"),
        pytest.param(base64.b64encode(VALUE), Form.DER, id="value in base64"),
        pytest.param(KEY.sign(CHALLENGE, raw=True), Form.RAW, id="r and s"),
        pytest.param(KEY.sign(CHALLENGE, raw=True).hex().encode(), Form.RAW, id="r and s in hex"),
    ],
)
def test_every_form_is_read_and_two_implementations_agree(data: bytes, form: Form) -> None:
    assert read_answer(data).form is form
    found = judge(data)
    assert (found.passed, found.reasons, found.form) == (True, (), form.value)
    assert len(found.backends) == 2


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(OTHER.sign(CHALLENGE), "trial_signature", id="another key"),
        pytest.param(KEY.sign(CHALLENGE + b" "), "trial_signature", id="another text"),
        pytest.param(VALUE[:-1] + bytes([VALUE[-1] ^ 1]), "trial_signature", id="a bit of the value"),
        pytest.param(MESSAGE[:-1] + bytes([MESSAGE[-1] ^ 1]), "trial_signature", id="a bit of the message"),
        pytest.param(sign_data(b"other", KEY, PAIR.signing), "trial_content", id="another content"),
        pytest.param(
            sign_data(CHALLENGE, OTHER, FOREIGN.signing), "trial_other_certificate", id="another vendor's message"
        ),
    ],
)
def test_what_was_tampered_with_is_told(data: bytes, reason: str) -> None:
    found = judge(data)
    assert not found.intact
    assert reason in found.reasons
    assert (found.trusted, found.time_valid) == (True, True)


def test_trust_and_time_are_told_apart_from_the_signature() -> None:
    late = judge(VALUE, at=NOW + timedelta(days=91))
    assert (late.intact, late.trusted, late.time_valid, late.reasons) == (True, True, False, ("expired",))
    revoked = judge(VALUE, crls=[crl(revoked=True)])
    assert (revoked.intact, revoked.trusted, revoked.reasons) == (True, False, ("revoked",))
    stranger = TrialCA.create("stranger", now=datetime(2020, 1, 1, tzinfo=UTC), years=20)
    foreign = judge(VALUE, root=stranger.root, issuing=stranger.certificate)
    assert (foreign.intact, foreign.trusted, foreign.passed) == (True, False, False)


@pytest.mark.parametrize(
    "data", [b"", b"  \n", b"hello", b"\x30\x03\x01\x01\x00", b"0" * 63, b"x" * 70_000, b"\x30\x80\x00"]
)
def test_what_is_no_answer_is_refused(data: bytes) -> None:
    with pytest.raises(TrialRefused) as refused:
        read_answer(data)
    assert refused.value.code in (TrialCode.SIZE, TrialCode.UNREADABLE)


def test_a_message_that_breaks_off_is_reported() -> None:
    length = len(MESSAGE) - 4 - 40
    cut = b"\x30\x82" + length.to_bytes(2, "big") + MESSAGE[4 : 4 + length]
    assert judge(cut).reasons == ("trial_unreadable",)


def test_one_key_has_one_digest() -> None:
    assert key_digest(KEY.public_key) == key_digest(PAIR.signing.public_key) != key_digest(OTHER.public_key)
