"""What other software made, with the right answer for each (README of the samples)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from seal_core.report import Reason, Verdict, VerifyReport
from seal_core.trust import TrustStore
from seal_core.verify import verify

AT = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.fixture
def samples() -> Path:
    where = os.environ.get("SEAL_INTEROP_DIR")
    if not where:
        pytest.skip("SEAL_INTEROP_DIR is not set")
    return Path(where)


@dataclass(frozen=True)
class Right:
    """How many signatures, the verdict with and without the samples' authority trusted, and the standard."""

    count: int
    trusted: Verdict
    standard: str = ""
    untrusted: Verdict = Verdict.INDETERMINATE


OPEN, VALID, INVALID = Verdict.INDETERMINATE, Verdict.VALID, Verdict.INVALID
V1, V4, V5, GM, CMS = "GM/T 0031-2014", "GB/T 38540-2020", "GM/T 0031-2025", "GB/T 35275", "CMS"
INTACT = {
    "ofd/SESV4SignDoc.ofd": Right(1, OPEN, V4), "ofd/independent_v4.ofd": Right(1, OPEN, V4),
    "ofd/independent_h2_v4.ofd": Right(1, VALID, V4), "ofd/independent_v1.ofd": Right(1, OPEN, V1),
    "ofd/independent_v5.ofd": Right(1, OPEN, V5), "ofd/independent_v4v4.ofd": Right(2, OPEN, V4),
    "ofd/independent_ds.ofd": Right(1, OPEN, GM), "ofd/allprotected.ofd": Right(1, OPEN, V4),
    "ofd/V4RideRight.ofd": Right(1, OPEN, V4), "ofd/neg_added.ofd": Right(1, OPEN, V4),
    "pdf/independent_cms.pdf": Right(1, VALID, CMS), "pdf/independent_gmdigest.pdf": Right(1, VALID, GM),
    "pdf/independent_gmp9.pdf": Right(1, VALID, GM), "pdf/independent_seal.pdf": Right(1, VALID, V4),
    "seal/UserV1.esl": Right(1, OPEN, V1), "seal/UserV4.esl": Right(1, OPEN, V4),
    "seal/UserV5.esl": Right(1, OPEN, V5), "seal/UserV5_ts.esl": Right(1, OPEN, V5),
    "pki/cms-attached.p7": Right(1, VALID, CMS), "pki/cms-detached.p7": Right(1, VALID, CMS),
}
BROKEN = {
    "ofd/neg_page.ofd": {Reason.FILE_DIGEST}, "ofd/neg_sigxml.ofd": {Reason.DOC_HASH},
    "ofd/neg_value.ofd": {Reason.SIG_VALUE, Reason.SIG_FORMAT}, "ofd/DigitalSign.ofd": {Reason.SIG_BARE_VALUE},
}


def ask(samples: Path, name: str, *, trusting: bool = True, data: bytes | None = None) -> VerifyReport:
    trust = TrustStore.load([samples / "pki" / "ca.pem"] if trusting else [])
    content = (samples / "pki" / "cms-content.txt").read_bytes() if "detached" in name else None
    return verify((samples / name).read_bytes() if data is None else data, trust, AT, content=content)


@pytest.mark.parametrize("name", INTACT)
def test_what_is_intact_is_told_so(samples: Path, name: str) -> None:
    right = INTACT[name]
    for trusting, verdict in ((True, right.trusted), (False, right.untrusted)):
        report = ask(samples, name, trusting=trusting)
        assert report.verdict is verdict and not report.trial
        assert len(report.signatures) == right.count
        assert all(s.intact and s.standard == right.standard for s in report.signatures)
        assert all(s.trusted is (verdict is VALID or (name == "ofd/neg_added.ofd" and trusting))
                   for s in report.signatures)


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_told_why(samples: Path, name: str) -> None:
    report = ask(samples, name)
    assert report.verdict is INVALID and len(report.signatures) == 1
    assert report.signatures[0].intact is False
    assert {r.code for r in report.signatures[0].reasons} & BROKEN[name]


@pytest.mark.parametrize("name", ["helloworld", "namespace_no_std", "path_unstd"])
def test_what_is_unsigned_is_told_so(samples: Path, name: str) -> None:
    assert ask(samples, f"ofd/{name}.ofd").verdict is Verdict.UNSIGNED


def test_an_added_file_is_named_and_never_plainly_valid(samples: Path) -> None:
    report = ask(samples, "ofd/neg_added.ofd")
    named = [dict(f.facts)["file"] for f in report.findings if f.code is Reason.UNCOVERED_FILE]
    assert named == ["/Doc_0/Res/evil.xml"]
    assert report.signatures[0].reasons == () and report.signatures[0].verdict is OPEN


def test_a_riding_seal_shows_its_strips(samples: Path) -> None:
    (one,) = ask(samples, "ofd/V4RideRight.ofd").signatures
    assert [s.page for s in one.stamps] == [1, 2, 3, 4, 5]
    assert one.stamps[1].clip == (8.0, 0.0, 8.0, 40.0) and one.stamps[1].x == 194.0


@pytest.mark.parametrize("name", [n for n in INTACT if n.startswith("pdf/")])
def test_a_changed_byte_of_a_pdf_is_found(samples: Path, name: str) -> None:
    data = bytearray((samples / name).read_bytes())
    place = data.index(b"MuPDF")
    data[place] ^= 1
    report = ask(samples, name, data=bytes(data))
    assert report.verdict is INVALID and Reason.DOC_HASH in report.codes
