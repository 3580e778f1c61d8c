"""What other software asks of us and gives us."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from seal_core import Code, PrivateKey, SealError, TrialCA, build_csr
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
