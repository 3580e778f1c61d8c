from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from seal_core import (
    Certificate,
    Code,
    CSRRefused,
    PrivateKey,
    SealError,
    SoftToken,
    TrialCA,
    build_csr,
    decrypt_data,
    der,
    encrypt_data,
    parse_csr,
    sign_data,
    validate_path,
    verify_data,
)
from seal_core.certificates import PathReason, RevocationList
from seal_core.cli import main
from seal_core.cms import CMSReason

NOW = datetime(2026, 6, 1, tzinfo=UTC)
CODE = "91460000MA5T000000"
CA = TrialCA.create("海南", now=NOW)
KEY = PrivateKey.generate()
REQUEST = build_csr(KEY, {"C": "CN", "O": "单位", "CN": "测试"})
PAIR = CA.issue_pair(REQUEST, now=NOW, credit_code=CODE)


@pytest.fixture
def interop() -> Path:
    where = os.environ.get("SEAL_INTEROP_DIR")
    if not where:
        pytest.skip("SEAL_INTEROP_DIR is not set")
    return Path(where)


@pytest.mark.parametrize("cipher", ["sm4", "aes"])
def test_a_key_opens_only_by_its_password(cipher: str) -> None:
    pem = KEY.to_pem(b"right", cipher=cipher)
    assert PrivateKey.from_pem(pem, b"right") == KEY
    with pytest.raises(SealError) as refused:
        PrivateKey.from_pem(pem, b"wrong")
    assert refused.value.code is Code.PASSWORD_WRONG


def test_a_token_locks_for_good() -> None:
    token = SoftToken(KEY, "246810", retries=2)
    token.login("246810")
    assert KEY.verify(b"x", token.sign(b"x"))
    for _ in range(2):
        with pytest.raises(SealError):
            token.login("000000")
    with pytest.raises(SealError) as refused:
        token.login("246810")
    assert refused.value.code is Code.TOKEN_LOCKED
    with pytest.raises(SealError):
        token.sign(b"x")


def test_the_pair_is_trial_trusted_and_opens() -> None:
    assert PAIR.signing.is_trial and PAIR.signing.credit_code == CODE
    assert PAIR.open_key(KEY).public_key == PAIR.encryption.public_key
    path = validate_path(PAIR.signing, trust=[CA.root], pool=[CA.certificate], at=NOW,
                         required_usage=["digitalSignature"])
    assert path.trusted and path.time_valid and len(path.chain) == 3
    late = validate_path(PAIR.signing, trust=[CA.root], pool=[CA.certificate], at=NOW + timedelta(days=400))
    assert late.trusted and not late.time_valid and late.reasons == (PathReason.EXPIRED,)
    assert not validate_path(PAIR.signing, trust=[CA.root], at=NOW).trusted
    changed = Certificate.from_der(PAIR.signing.der[:-1] + bytes([PAIR.signing.der[-1] ^ 1]))
    assert not validate_path(changed, trust=[CA.root], pool=[CA.certificate], at=NOW).trusted


def test_a_request_without_the_key_is_refused() -> None:
    assert parse_csr(REQUEST).public_key == KEY.public_key
    with pytest.raises(CSRRefused) as refused:
        parse_csr(REQUEST.replace("测试".encode(), "测词".encode()))
    assert refused.value.code is Code.CSR_NO_POSSESSION


def test_revocation_reaches_the_path_and_survives_storage() -> None:
    ca = TrialCA.from_pem(CA.to_pem(b"pw"), b"pw")
    ca.revoke(PAIR.signing.serial, now=NOW + timedelta(days=1), reason=1)
    crl = RevocationList.from_der(TrialCA.from_pem(ca.to_pem(b"pw"), b"pw").crl(now=NOW + timedelta(days=2)))
    ask = {"trust": [CA.root], "pool": [CA.certificate], "crls": [crl]}
    assert validate_path(PAIR.signing, at=NOW, **ask).trusted  # type: ignore[arg-type]
    after = validate_path(PAIR.signing, at=NOW + timedelta(days=3), **ask)  # type: ignore[arg-type]
    assert after.reasons == (PathReason.REVOKED,) and after.revoked_at == NOW + timedelta(days=1)


@pytest.mark.parametrize("detached", [True, False])
@pytest.mark.parametrize("attributes", [True, False])
@pytest.mark.parametrize("standard", [True, False])
def test_signed_data_and_its_tamper_twins(detached: bool, attributes: bool, standard: bool) -> None:
    made = sign_data(b"doc", KEY, PAIR.signing, detached=detached, attributes=attributes, standard_oids=standard)
    assert verify_data(made, b"doc").intact
    assert not verify_data(made, b"dog").intact
    broken = verify_data(made[:-1] + bytes([made[-1] ^ 1]), b"doc")
    assert broken.reasons == (CMSReason.SIGNATURE,)
    # What is not there is missing, not wrong.
    alone = verify_data(made)
    assert alone.reasons == ((CMSReason.NO_CONTENT,) if detached else ()) and alone.intact is not detached


@pytest.mark.parametrize(("kind", "holds"), [("1.2.840.113549.1.7.1", True), ("1.2.840.113549.1.7.2", False)])
def test_the_type_of_the_content_may_go_by_its_other_name(kind: str, holds: bool) -> None:
    made = sign_data(b"doc", KEY, PAIR.signing, detached=True, attributes=True)
    outer, wrapped = der.parse(made).items(2, 2)
    version, digests, _inner, *rest = wrapped.items(1, 1, 0xA0)[0].items(4, 6)
    body = der.seq(version.raw, digests.raw, der.seq(der.oid(kind)), *(part.raw for part in rest))
    result = verify_data(der.seq(outer.raw, der.tlv(0xA0, body)), b"doc")
    assert (result.intact, result.signers[0].other_type) == (holds, holds)
    assert not verify_data(der.seq(outer.raw, der.tlv(0xA0, body)), b"dog").intact


def test_an_envelope_opens_for_its_recipient_alone() -> None:
    sealed = encrypt_data(b"secret", PAIR.encryption)
    assert decrypt_data(sealed, PAIR.open_key(KEY), PAIR.encryption) == b"secret"
    with pytest.raises(SealError):
        decrypt_data(sealed, KEY, PAIR.encryption)


def test_openssl_agrees(tmp_path: Path) -> None:
    for name, data in (("root.pem", CA.root.to_pem()), ("ca.pem", CA.certificate.to_pem()),
                       ("leaf.pem", PAIR.signing.to_pem())):
        (tmp_path / name).write_bytes(data)
    for trusted, one in (("root.pem", "ca.pem"), ("ca.pem", "leaf.pem")):
        done = subprocess.run(["openssl", "verify", "-no_check_time", "-vfyopt", "distid:1234567812345678",
                               "-partial_chain", "-trusted", trusted, one], cwd=tmp_path, capture_output=True)
        assert done.returncode == 0, done.stderr


def test_messages_of_other_software(interop: Path) -> None:
    pki = interop / "pki"
    content = (pki / "cms-content.txt").read_bytes()
    assert verify_data((pki / "cms-attached.p7").read_bytes()).content == content
    assert verify_data((pki / "cms-detached.p7").read_bytes(), content).intact
    assert not verify_data((pki / "cms-detached.p7").read_bytes(), content + b"x").intact
    root = Certificate.from_pem((pki / "ca.pem").read_bytes())
    assert Certificate.from_pem((pki / "sg.pem").read_bytes()).signed_by(root)


def test_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                          capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PW", "secret")
    Path("doc").write_bytes(b"doc")
    guard = ["--ca", "ca.bin", "--password-env", "PW"]
    for line in (["key", "new", "--out", "k"], ["csr", "--key", "k", "--subject", "/C=CN/CN=甲", "--out", "r"],
                 ["ca", "init", "--name", "海南", "--out", "root.pem", *guard],
                 ["ca", "issue", "--csr", "r", "--out", "c.pem", *guard],
                 ["sign", "cms", "--key", "k", "--cert", "c.pem", "--in", "doc", "--detached", "--out", "s.p7"]):
        assert main(line) == 0
    check = ["verify", "s.p7", "--content", "doc"]
    assert main([*check, "--trust", "root.pem"]) == 0
    assert main(check) == 2
    capsys.readouterr()
    assert main(["sm2", "sign", "--key", "k", "--in", "doc"]) == 0
    signature = capsys.readouterr().out.strip()
    bare = ["sm2", "verify", "--key", "k", "--in", "doc", "--sig", signature]
    assert main(bare) == 0
    Path("doc").write_bytes(b"dog")
    assert main(bare) == 1
    assert main([*check, "--trust", "root.pem"]) == 1
