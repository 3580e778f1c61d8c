from __future__ import annotations

from datetime import UTC, datetime

from seal_core import PrivateKey, Profile, TrialCA, build_csr
from seal_core.timestamp import stamp, verify_stamp

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def test_a_stamp_holds_for_its_data_alone() -> None:
    ca, key = TrialCA.create("海南", now=NOW), PrivateKey.generate()
    request = build_csr(key, {"CN": "时间戳"})
    certificate = ca.issue_signing(request, now=NOW, profile=Profile.TSA)
    token = stamp(b"value", key, certificate, now=NOW)
    good = verify_stamp(token, b"value")
    assert good.intact and good.purpose and good.time == NOW
    assert not verify_stamp(token, b"other").intact
    assert not verify_stamp(token[:-1] + bytes([token[-1] ^ 1]), b"value").intact
    plain = ca.issue_signing(request, now=NOW)
    assert not verify_stamp(stamp(b"value", key, plain, now=NOW), b"value").purpose
