"""The answer of a verification: frozen, with one enum for every reason and every finding.

A *reason* says why a signature is not simply valid; a *finding* is told and does not break the signature by
itself. Both are ``Remark``: the code with the facts (a file's name, an instant). Wording is the caller's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Verdict(StrEnum):
    """VALID: intact, trusted, in time. INVALID: something is proven wrong. INDETERMINATE: something is missing."""

    VALID = "VALID"
    INVALID = "INVALID"
    INDETERMINATE = "INDETERMINATE"
    UNSIGNED = "UNSIGNED"


class Reason(StrEnum):
    """Every reason and finding there is; the clause is that of GM/T 0031-2014 unless named."""

    # The signature (6.2.3, D1-D5)
    SIG_FORMAT = "SIG_FORMAT"
    SIG_BARE_VALUE = "SIG_BARE_VALUE"  # a bare SM2 value without certificate, a withdrawn form of OFD signatures
    SIG_VALUE = "SIG_VALUE"
    SIGNER_CERTIFICATE_MISSING = "SIGNER_CERTIFICATE_MISSING"
    ALGORITHM_UNSUPPORTED = "ALGORITHM_UNSUPPORTED"
    SIGNER_CHAIN = "SIGNER_CHAIN"
    SIGNER_KEYUSAGE = "SIGNER_KEYUSAGE"
    SIGNER_STATUS_UNKNOWN = "SIGNER_STATUS_UNKNOWN"
    SIGN_TIME_MISSING = "SIGN_TIME_MISSING"
    SIGN_TIME_IN_FUTURE = "SIGN_TIME_IN_FUTURE"
    SIGN_TIME_OUT_OF_CERT = "SIGN_TIME_OUT_OF_CERT"
    SIGNER_REVOKED_BEFORE_SIGN = "SIGNER_REVOKED_BEFORE_SIGN"
    DOC_HASH = "DOC_HASH"
    FILE_DIGEST = "FILE_DIGEST"  # a protected file of a package differs from its digest
    FILE_MISSING = "FILE_MISSING"
    CONTENT_MISSING = "CONTENT_MISSING"  # a detached signature without what it signs
    BYTE_RANGE = "BYTE_RANGE"  # a PDF's ByteRange does not leave out exactly its own Contents
    CHANGED_AFTER_SIGNING = "CHANGED_AFTER_SIGNING"  # a later revision of a PDF changes what is seen
    # The seal (6.1.2, S1-S4; D6)
    SEAL_FORMAT = "SEAL_FORMAT"
    SEAL_SIGNATURE = "SEAL_SIGNATURE"
    SEAL_MAKER_CHAIN = "SEAL_MAKER_CHAIN"
    SEAL_MAKER_KEYUSAGE = "SEAL_MAKER_KEYUSAGE"
    SEAL_MAKER_EXPIRED = "SEAL_MAKER_EXPIRED"
    SEAL_MAKER_REVOKED = "SEAL_MAKER_REVOKED"
    SEAL_NOT_YET = "SEAL_NOT_YET"
    SEAL_EXPIRED = "SEAL_EXPIRED"
    SIGN_TIME_OUT_OF_SEAL = "SIGN_TIME_OUT_OF_SEAL"
    SIGNER_NOT_IN_SEAL = "SIGNER_NOT_IN_SEAL"  # GB/T 38540 7.3; a finding only under GM/T 0031-2014
    # Timestamps
    TIMESTAMP_FORMAT = "TIMESTAMP_FORMAT"
    TIMESTAMP_VALUE = "TIMESTAMP_VALUE"
    TIMESTAMP_CHAIN = "TIMESTAMP_CHAIN"
    TIMESTAMP_TIME = "TIMESTAMP_TIME"  # a seal's timestamp is earlier than its creation
    # Findings
    UNCOVERED_FILE = "UNCOVERED_FILE"
    OFD_XML_UNCOVERED = "OFD_XML_UNCOVERED"
    HIDDEN_ENTRY = "HIDDEN_ENTRY"  # an entry that the package's directory does not list
    DUPLICATE_NAME = "DUPLICATE_NAME"
    PATH_OUTSIDE = "PATH_OUTSIDE"
    PATH_TOLERATED = "PATH_TOLERATED"
    SEAL_FILE_DIFFERS = "SEAL_FILE_DIFFERS"
    SIGNATURES_UNLINKED = "SIGNATURES_UNLINKED"
    SIGNATURE_LISTED_TWICE = "SIGNATURE_LISTED_TWICE"
    ADDED_AFTER_SIGNING = "ADDED_AFTER_SIGNING"
    RAW_VALUE = "RAW_VALUE"
    CONTENT_TYPE_DIFFERS = "CONTENT_TYPE_DIFFERS"  # PKCS#9 contentType: "data" of PKCS#7 beside that of GB/T 35275
    VENDOR_ENCODING = "VENDOR_ENCODING"
    WRONG_CHECK_METHOD = "WRONG_CHECK_METHOD"
    WEAK_ALGORITHM = "WEAK_ALGORITHM"
    TYPE_DIFFERS = "TYPE_DIFFERS"
    PROPERTY_INFO_DIFFERS = "PROPERTY_INFO_DIFFERS"
    NAMESPACE = "NAMESPACE"
    EXPIRED_AFTER_SIGNING = "EXPIRED_AFTER_SIGNING"
    REVOKED_AFTER_SIGNING = "REVOKED_AFTER_SIGNING"
    SEAL_EXPIRED_AFTER_SIGNING = "SEAL_EXPIRED_AFTER_SIGNING"
    SEAL_MAKER_EXPIRED_SINCE = "SEAL_MAKER_EXPIRED_SINCE"
    SEAL_MAKER_REVOKED_SINCE = "SEAL_MAKER_REVOKED_SINCE"
    TRIAL_CHAIN = "TRIAL_CHAIN"
    BACKENDS_DISAGREE = "BACKENDS_DISAGREE"
    SIGNED_LATER = "SIGNED_LATER"
    FORM_FILLED = "FORM_FILLED"
    STAMPED_LATER = "STAMPED_LATER"  # a stamp annotation that a later signature covers
    ANNOTATION_CHANGED = "ANNOTATION_CHANGED"
    PAGE_CHANGED = "PAGE_CHANGED"
    OBJECTS_CHANGED = "OBJECTS_CHANGED"
    CHANGES_UNREADABLE = "CHANGES_UNREADABLE"  # later revisions that cannot be compared with the signed one
    REVISION_ADDED = "REVISION_ADDED"
    NOT_WHOLE_FILE = "NOT_WHOLE_FILE"
    SIGNATURE_REMOVED = "SIGNATURE_REMOVED"
    FOREIGN_BYTES = "FOREIGN_BYTES"


R = Reason
# Integrity itself is broken.
BREAKS = frozenset({
    R.SIG_FORMAT, R.SIG_BARE_VALUE, R.SIG_VALUE, R.SIGNER_CERTIFICATE_MISSING, R.DOC_HASH, R.FILE_DIGEST,
    R.FILE_MISSING, R.BYTE_RANGE, R.SEAL_FORMAT, R.SEAL_SIGNATURE,
})
# Proven wrong whatever trust store is given.
FATAL = frozenset({
    R.SIGNER_KEYUSAGE, R.SEAL_MAKER_KEYUSAGE, R.SIGNER_NOT_IN_SEAL, R.TIMESTAMP_VALUE, R.TIMESTAMP_TIME,
    R.CHANGED_AFTER_SIGNING,
})
# Wrong once the chains are trusted; the dates of an untrusted certificate prove nothing.
DATED = frozenset({
    R.SIGN_TIME_OUT_OF_CERT, R.SIGNER_REVOKED_BEFORE_SIGN, R.SEAL_MAKER_EXPIRED, R.SEAL_MAKER_REVOKED,
    R.SEAL_NOT_YET, R.SEAL_EXPIRED, R.SIGN_TIME_OUT_OF_SEAL,
})
# Integrity could not be decided.
UNDECIDED = frozenset({R.CONTENT_MISSING, R.ALGORITHM_UNSUPPORTED})
CHAINS = frozenset({R.SIGNER_CHAIN, R.SEAL_MAKER_CHAIN})
_UNTRUSTED = CHAINS | {
    R.SIGNER_KEYUSAGE, R.SEAL_MAKER_KEYUSAGE, R.SIGNER_REVOKED_BEFORE_SIGN, R.SEAL_MAKER_REVOKED,
    R.SIGNER_STATUS_UNKNOWN, R.SIGNER_NOT_IN_SEAL,
}
_UNTIMELY = frozenset({
    R.SIGN_TIME_OUT_OF_CERT, R.SEAL_MAKER_EXPIRED, R.SEAL_NOT_YET, R.SEAL_EXPIRED, R.SIGN_TIME_OUT_OF_SEAL,
    R.SIGN_TIME_MISSING, R.SIGN_TIME_IN_FUTURE, R.TIMESTAMP_TIME,
})
# Findings that never leave a plain VALID: what is shown may not be what was signed.
BLOCKING = frozenset({
    R.UNCOVERED_FILE, R.OFD_XML_UNCOVERED, R.HIDDEN_ENTRY, R.DUPLICATE_NAME, R.PATH_OUTSIDE, R.SEAL_FILE_DIFFERS,
    R.WEAK_ALGORITHM, R.BACKENDS_DISAGREE, R.ANNOTATION_CHANGED, R.NOT_WHOLE_FILE, R.SIGNATURE_REMOVED,
    R.CHANGES_UNREADABLE,
})


MOST_OF_A_CODE = 200


@dataclass(frozen=True, slots=True)
class Remark:
    """A reason or finding with its facts, such as ``(("file", "/Doc_0/Res/a.xml"),)``."""

    code: Reason
    facts: tuple[tuple[str, str], ...] = ()

    def to_json(self) -> dict[str, str]:
        return {"code": self.code.value, **dict(self.facts)}


def remark(code: Reason, **facts: object) -> Remark:
    return Remark(code, tuple((k, v.isoformat() if isinstance(v, datetime) else str(v)) for k, v in facts.items()))


@dataclass(frozen=True, slots=True)
class Party:
    """Whose certificate it is."""

    name: str
    organisation: str
    credit_code: str | None
    serial: str
    issuer: str
    not_before: datetime
    not_after: datetime
    trial: bool

    def to_json(self) -> dict[str, object]:
        return {"name": self.name, "organisation": self.organisation, "credit_code": self.credit_code,
                "serial": self.serial, "issuer": self.issuer, "not_before": self.not_before.isoformat(),
                "not_after": self.not_after.isoformat(), "trial": self.trial}


@dataclass(frozen=True, slots=True)
class SealFacts:
    """What a seal says of itself; ``picture`` are the received bytes, of whatever type it names."""

    id: str
    name: str
    type: int
    vendor: str
    standard: str
    created: datetime | None
    valid_from: datetime | None
    valid_to: datetime | None
    width_mm: float
    height_mm: float
    picture_type: str
    picture: bytes = field(repr=False)
    maker: Party | None

    def to_json(self) -> dict[str, object]:
        times = {k: v.isoformat() if v else None for k, v in (
            ("created", self.created), ("valid_from", self.valid_from), ("valid_to", self.valid_to))}
        return {"id": self.id, "name": self.name, "type": self.type, "vendor": self.vendor,
                "standard": self.standard, **times, "width_mm": self.width_mm, "height_mm": self.height_mm,
                "picture_type": self.picture_type, "picture_bytes": len(self.picture),
                "maker": self.maker.to_json() if self.maker else None}


@dataclass(frozen=True, slots=True)
class Stamp:
    """Where a seal is shown: page counted from 1, mm from the page's top left corner; ``clip`` within the stamp."""

    page: int
    x: float
    y: float
    width: float
    height: float
    clip: tuple[float, float, float, float] | None = None

    def to_json(self) -> dict[str, object]:
        return {"page": self.page, "x": self.x, "y": self.y, "width": self.width, "height": self.height,
                "clip": list(self.clip) if self.clip else None}


@dataclass(frozen=True, slots=True)
class SignatureReport:
    """One signature's answer. ``intact`` is None where it could not be decided.

    ``kind``: seal (a seal file by itself), seal_signature, signed_data, sm2_value. ``reasons`` stand in the
    order of the standard, so the first is the one it would give. ``signed_at`` is the signer's own claim
    unless ``time_proven``. ``covers`` names the files, bytes or content signed.
    """

    name: str
    kind: str
    standard: str
    intact: bool | None
    trusted: bool
    time_valid: bool
    trial: bool
    verdict: Verdict
    reasons: tuple[Remark, ...] = ()
    findings: tuple[Remark, ...] = ()
    signer: Party | None = None
    seal: SealFacts | None = None
    signed_at: datetime | None = None
    time_proven: bool = False
    covers: tuple[str, ...] = ()
    stamps: tuple[Stamp, ...] = ()
    profile: str = ""  # of a PDF: Filter/SubFilter

    def to_json(self) -> dict[str, object]:
        return {
            "name": self.name, "kind": self.kind, "standard": self.standard, "intact": self.intact,
            "trusted": self.trusted, "time_valid": self.time_valid, "trial": self.trial,
            "verdict": self.verdict.value, "reasons": [r.code.value for r in self.reasons],
            "details": [r.to_json() for r in self.reasons], "findings": [f.to_json() for f in self.findings],
            "signer": self.signer.to_json() if self.signer else None,
            "seal": self.seal.to_json() if self.seal else None,
            "signed_at": self.signed_at.isoformat() if self.signed_at else None,
            "time_proven": self.time_proven, "covers": list(self.covers), "profile": self.profile,
            "stamps": [s.to_json() for s in self.stamps],
        }


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """The whole answer. ``trial``: it rests on a trial authority, so it is never a production VALID."""

    format: str
    verdict: Verdict
    trial: bool
    at: datetime
    signatures: tuple[SignatureReport, ...] = ()
    findings: tuple[Remark, ...] = ()
    pages: tuple[tuple[float, float], ...] = ()

    @property
    def codes(self) -> frozenset[Reason]:
        """Every code in the report."""
        found = [*self.findings, *(r for s in self.signatures for r in (*s.reasons, *s.findings))]
        return frozenset(r.code for r in found)

    def to_json(self, file: str | None = None) -> dict[str, object]:
        return {"file": file, "format": self.format, "verdict": self.verdict.value, "trial": self.trial,
                "at": self.at.isoformat(), "signatures": [s.to_json() for s in self.signatures],
                "findings": [f.to_json() for f in self.findings]}


def unique(remarks: Iterable[Remark]) -> tuple[Remark, ...]:
    """Each remark once, and of one code no more than a reader can look through."""
    count: Counter[Reason] = Counter()
    kept = []
    for one in dict.fromkeys(remarks):
        count[one.code] += 1
        if count[one.code] <= MOST_OF_A_CODE:
            kept.append(one)
    return tuple(kept)


def conclude(name: str, kind: str, standard: str, *, reasons: Iterable[Remark], findings: Iterable[Remark] = (),
             trial: bool = False, signer: Party | None = None, seal: SealFacts | None = None,
             signed_at: datetime | None = None, time_proven: bool = False, covers: Iterable[str] = (),
             stamps: Iterable[Stamp] = (), profile: str = "") -> SignatureReport:
    """The report of one signature: the three answers and the verdict follow from its reasons alone."""
    told, found = unique(reasons), unique(findings)
    codes = {r.code for r in told}
    intact = False if codes & BREAKS else None if codes & UNDECIDED else True
    chained = not codes & CHAINS
    if intact is False or codes & FATAL or (chained and codes & DATED):
        verdict = Verdict.INVALID
    elif codes or any(f.code in BLOCKING for f in found):
        verdict = Verdict.INDETERMINATE
    else:
        verdict = Verdict.VALID
    # Where nothing was read there is nobody to trust.
    known = signer is not None
    return SignatureReport(
        name, kind, standard, intact, known and not codes & _UNTRUSTED, known and not codes & _UNTIMELY,
        trial, verdict, told, found, signer, seal, signed_at, time_proven, tuple(covers), tuple(stamps),
        profile)


def with_findings(report: SignatureReport, more: Iterable[Remark]) -> SignatureReport:
    """The same signature with more findings; its verdict follows."""
    return conclude(
        report.name, report.kind, report.standard, reasons=report.reasons, findings=(*report.findings, *more),
        trial=report.trial, signer=report.signer, seal=report.seal, signed_at=report.signed_at,
        time_proven=report.time_proven, covers=report.covers, stamps=report.stamps,
        profile=report.profile)


def summarise(format_name: str, at: datetime, signatures: Iterable[SignatureReport],
              findings: Iterable[Remark] = (), pages: Iterable[tuple[float, float]] = ()) -> VerifyReport:
    """The document's answer: its worst signature's. What blocks the document blocks each of its signatures."""
    found = unique(findings)
    blocking = [f for f in found if f.code in BLOCKING]
    all_of = tuple(with_findings(s, blocking) if blocking else s for s in signatures)
    verdicts = {s.verdict for s in all_of}
    if not all_of:
        verdict = Verdict.UNSIGNED
    elif Verdict.INVALID in verdicts:
        verdict = Verdict.INVALID
    elif Verdict.INDETERMINATE in verdicts:
        verdict = Verdict.INDETERMINATE
    else:
        verdict = Verdict.VALID
    return VerifyReport(format_name, verdict, any(s.trial for s in all_of), at, all_of, found, tuple(pages))
