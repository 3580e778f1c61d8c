"""What other software asks of us and gives us."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from seal_core import (
    Code,
    MalformedInput,
    OCSPAnswer,
    PrivateKey,
    SealError,
    TrialCA,
    build_csr,
    ocsp_request,
    validate_path,
    verify_data,
)
from seal_core.certificates import PathReason
from seal_core.cms import CMSReason
from seal_core.pkcs12 import load_pkcs12

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def test_openssl_reads_the_ocsp_answers(tmp_path: Path) -> None:
    ca, key = TrialCA.create("海南", now=NOW), PrivateKey.generate()
    leaf = ca.issue_signing(build_csr(key, {"CN": "甲"}), now=NOW)
    (tmp_path / "ca.pem").write_bytes(ca.certificate.to_pem())
    (tmp_path / "leaf.pem").write_bytes(leaf.to_pem())

    def run(*words: str) -> str:
        done = subprocess.run(["openssl", "ocsp", *words], cwd=tmp_path, capture_output=True, text=True)
        return done.stdout + done.stderr

    run("-issuer", "ca.pem", "-cert", "leaf.pem", "-reqout", "ask.der")
    request = (tmp_path / "ask.der").read_bytes()
    for status in ("good", "revoked"):
        (tmp_path / "answer.der").write_bytes(ca.ocsp_respond(request, now=NOW))
        assert f"Cert Status: {status}" in run("-respin", "answer.der", "-resp_text", "-noverify")
        ca.revoke(leaf.serial, now=NOW, reason=1)
    stranger = TrialCA.create("别处", now=NOW)
    (tmp_path / "answer.der").write_bytes(stranger.ocsp_respond(request, now=NOW))
    assert "Cert Status: unknown" in run("-respin", "answer.der", "-resp_text", "-noverify")


@pytest.mark.parametrize("name", ["USER", "SealBuilder", "sg"])
def test_pkcs12_of_other_software(name: str) -> None:
    where = os.environ.get("SEAL_INTEROP_DIR")
    if not where:
        pytest.skip("SEAL_INTEROP_DIR is not set")
    data = (Path(where) / "pki" / f"{name}.p12").read_bytes()
    key, certificates = load_pkcs12(data, "777777")
    assert key.verify(b"x", key.sign(b"x"))
    assert all(c.public_key == key.public_key for c in certificates[:1])
    with pytest.raises(SealError) as refused:
        load_pkcs12(data, "777778")
    assert refused.value.code is Code.PASSWORD_WRONG


def test_an_ocsp_answer_tells_the_status_in_a_path() -> None:
    ca, key = TrialCA.create("海南", now=NOW), PrivateKey.generate()
    leaf = ca.issue_signing(build_csr(key, {"CN": "甲"}), now=NOW)
    request = ocsp_request(leaf, ca.certificate, nonce=b"12345678")

    def path(answer: OCSPAnswer):  # type: ignore[no-untyped-def]
        return validate_path(leaf, trust=[ca.certificate], at=NOW, answers=[answer], require_status=True)

    good = ca.ocsp_respond(request, now=NOW)
    assert path(OCSPAnswer.from_der(good)).trusted
    forged = bytearray(good)
    forged[forged.index(b"\x80\x00\x18")] = 0x82  # good becomes unknown, and the signature breaks
    assert path(OCSPAnswer.from_der(bytes(forged))).reasons == (PathReason.STATUS_UNKNOWN,)
    stranger = TrialCA.create("别处", now=NOW)
    assert path(OCSPAnswer.from_der(stranger.ocsp_respond(request, now=NOW))).reasons == (PathReason.STATUS_UNKNOWN,)
    ca.revoke(leaf.serial, now=NOW, reason=1)
    revoked = path(OCSPAnswer.from_der(ca.ocsp_respond(request, now=NOW)))
    assert revoked.reasons == (PathReason.REVOKED,) and revoked.revoked_at == NOW
    with pytest.raises(MalformedInput):
        OCSPAnswer.from_der(ca.ocsp_respond(b"0\0", now=NOW))


@pytest.mark.parametrize("digest", ["sha256", "sha384"])
def test_rsa_messages_of_openssl(tmp_path: Path, digest: str) -> None:
    def run(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=tmp_path, check=True, capture_output=True)

    (tmp_path / "doc").write_bytes(b"doc")
    run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "k", "-out", "c", "-subj", "/CN=x", "-sha256")
    run("cms", "-sign", "-in", "doc", "-binary", "-signer", "c", "-inkey", "k", "-md", digest, "-outform", "DER",
        "-out", "s.p7")
    made = (tmp_path / "s.p7").read_bytes()
    good = verify_data(made, b"doc")
    assert good.intact and not good.gm and good.certificate is not None
    assert validate_path(good.certificate, trust=[good.certificate], at=good.certificate.not_before).trusted
    assert not verify_data(made, b"dog").intact
    assert verify_data(made[:-1] + bytes([made[-1] ^ 1]), b"doc").reasons == (CMSReason.SIGNATURE,)
    run("cms", "-sign", "-in", "doc", "-binary", "-signer", "c", "-inkey", "k", "-keyopt", "rsa_padding_mode:pss",
        "-outform", "DER", "-out", "pss.p7")
    assert verify_data((tmp_path / "pss.p7").read_bytes(), b"doc").reasons == (CMSReason.ALGORITHM,)
