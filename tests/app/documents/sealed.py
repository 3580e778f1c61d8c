"""What is asked of every document that the organiser seals."""

from __future__ import annotations

from datetime import datetime

from app import clock
from app.acceptance.authority import revocation_list, trial_authority
from app.documents.models import Document
from app.storage import read_all
from seal_core import Certificate, TrustStore, Verdict, VerifyReport, verify
from seal_core.certificates import RevocationList


def trust(at: datetime) -> TrustStore:
    """The trial authority of the application, with what it has revoked."""
    held = trial_authority()
    return TrustStore((held.root,), (held.certificate,), (RevocationList.from_der(revocation_list(at)),))


def check(data: bytes, store: TrustStore, at: datetime) -> VerifyReport:
    """A sealed PDF is valid on trial: one seal signature over all of it, made by a GB/T 38540 seal."""
    report = verify(data, store, at)
    assert report.verdict is Verdict.VALID and report.trial, report.to_json()
    (found,) = report.signatures
    assert found.kind == "seal" or "38540" in str(found.standard), found
    return report


def assert_sealed(document: Document) -> VerifyReport:
    """An issued document carries the recruitment's trial seal, and its digest is that of the sealed bytes."""
    data, now = read_all(document.blob_key), clock.now()
    report = check(data, trust(now), now)
    assert document.facts["seal"]["name"].endswith("（试用）")
    assert Certificate.from_der(trial_authority().certificate.der).is_trial
    changed = data.replace(b"/Type /Page", b"/Type /PagE", 1)
    if changed != data:
        assert verify(changed, trust(now), now).verdict is not Verdict.VALID
    return report
