"""One report for each signature: seals, their signatures, and SignedData with all its signers."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from .algorithms import Content
from .certificates import Certificate
from .cms import CMSReason, SignerResult, verify_data
from .errors import MalformedInput
from .report import Reason, Remark, SignatureReport, Stamp, conclude, remark
from .seal.check import check_seal, check_seal_signature, facts_of
from .seal.forms import read_seal, read_signature
from .trust import Court, party

_CMS = {
    CMSReason.NO_SIGNER: Reason.SIG_FORMAT, CMSReason.NO_CONTENT: Reason.CONTENT_MISSING,
    CMSReason.CONTENT_DIFFERS: Reason.DOC_HASH, CMSReason.ALGORITHM: Reason.ALGORITHM_UNSUPPORTED,
    CMSReason.SIGNER_CERTIFICATE_MISSING: Reason.SIGNER_CERTIFICATE_MISSING, CMSReason.DIGEST: Reason.DOC_HASH,
    CMSReason.SIGNATURE: Reason.SIG_VALUE,
}


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a signature stands, and what was found around it before its value was looked at.

    ``property_info`` is what a seal's signature should call the document; ``claimed`` the time that the document
    gives where the signature itself has none.
    """

    name: str
    reasons: tuple[Remark, ...] = ()
    findings: tuple[Remark, ...] = ()
    covers: tuple[str, ...] = ("content",)
    stamps: tuple[Stamp, ...] = ()
    profile: str = ""
    property_info: str | None = None
    claimed: datetime | None = None

    def with_reasons(self, *more: Remark) -> Setting:
        return replace(self, reasons=(*self.reasons, *more))

    def with_findings(self, *more: Remark) -> Setting:
        return replace(self, findings=(*self.findings, *more))

    def report(self, kind: str, standard: str, *, reasons: Iterable[Remark] = (), findings: Iterable[Remark] = (),
               **answers: Any) -> SignatureReport:
        """The report of the signature here: its own reasons first, then those around it."""
        return conclude(self.name, kind, standard, reasons=(*reasons, *self.reasons),
                        findings=(*self.findings, *findings), covers=self.covers, stamps=self.stamps,
                        profile=self.profile, **answers)


def seal_report(raw: bytes, court: Court) -> SignatureReport:
    """A seal by itself; its signer is its maker."""
    place = Setting("esl", covers=("seal",))
    try:
        seal = read_seal(raw)
    except MalformedInput as wrong:
        return place.report("seal", "", reasons=[remark(Reason.SEAL_FORMAT, place=wrong.place)])
    answer = check_seal(seal, court)
    return place.report("seal", seal.form.value, reasons=answer.reasons, findings=answer.findings,
                        trial=answer.trial, signer=party(seal.maker), seal=facts_of(seal),
                        signed_at=answer.signed_at, time_proven=answer.time_proven)


def ses_report(raw: bytes, content: Content | None, court: Court, place: Setting) -> SignatureReport:
    """A SES_Signature over the document ``content``."""
    try:
        signed = read_signature(raw)
    except MalformedInput as wrong:
        return place.report("seal_signature", "", reasons=[remark(Reason.SIG_FORMAT, place=wrong.place)])
    if content is None:
        answer = check_seal_signature(signed, court, lambda _: signed.data_hash)
        place = place.with_reasons(remark(Reason.CONTENT_MISSING))
    else:
        answer = check_seal_signature(signed, court, content.digest)
    if place.property_info is not None and signed.property_info.strip("/ ") != place.property_info.strip("/"):
        place = place.with_findings(remark(Reason.PROPERTY_INFO_DIFFERS, property=signed.property_info))
    return place.report("seal_signature", signed.form.value, reasons=answer.reasons, findings=answer.findings,
                        trial=answer.trial, signer=party(signed.certificate), seal=facts_of(signed.seal),
                        signed_at=answer.signed_at, time_proven=answer.time_proven)


def _written(digest: bytes) -> tuple[bytes, ...]:
    """A digest as messages carry it: itself, base64 text, or hexadecimal text."""
    return digest, base64.b64encode(digest), digest.hex().encode()


def signed_content(value: bytes, content: Content) -> tuple[Content | None, list[Remark]]:
    """What a SignedData signs of a document: the document itself, or its digest in one of the forms seen.

    None stands for what the message carries; that it is the document's digest has then been checked here.
    """
    digest = content.digest("sm3")
    try:
        result = verify_data(value, content)
        carried = result.content
        if carried is not None:
            if result.intact:
                return None, []  # the whole document is carried
            if len(carried) == 20:
                return None, [remark(Reason.ALGORITHM_UNSUPPORTED, method="SHA-1 digest of the document")]
            bare = carried if len(carried) == 32 else carried.strip()
            same = any(hmac.compare_digest(bare, f) for name in ("sm3", "sha256") if len(bare) in (32, 44, 64)
                       for f in _written(content.digest(name)))
            return None, [] if same else [remark(Reason.DOC_HASH)]
        # Seen where a device was given the digest to sign as if it were the message.
        if not result.intact and verify_data(value, digest).intact:
            return Content(digest), []
    except MalformedInput:
        pass  # data_reports tells the place
    return content, []


def data_reports(raw: bytes, content: Content | None, court: Court, place: Setting) -> list[SignatureReport]:
    """Every signer of a SignedData over ``content`` (or over what it carries)."""
    try:
        result = verify_data(raw, content, second=court.second)
    except MalformedInput as wrong:
        return [place.report("signed_data", "", reasons=[remark(Reason.SIG_FORMAT, place=wrong.place)])]
    standard = "GB/T 35275" if result.gm else "CMS"
    own = {r for s in result.signers for r in s.reasons}
    base = [remark(_CMS[r]) for r in result.reasons if r not in own]
    if not result.signers:
        return [place.report("signed_data", standard, reasons=base)]
    return [_one_signer(s, base, result.certificates, standard, court, place) for s in result.signers]


def _one_signer(one: SignerResult, base: Sequence[Remark], pool: Sequence[Certificate], standard: str, court: Court,
                place: Setting) -> SignatureReport:
    reasons = [*base, *(remark(_CMS[r]) for r in one.reasons)]
    findings = [remark(code) for told, code in (
        (one.raw, Reason.RAW_VALUE), (one.weak, Reason.WEAK_ALGORITHM), (one.disagree, Reason.BACKENDS_DISAGREE),
        (one.other_type, Reason.CONTENT_TYPE_DIFFERS)) if told]
    trial, when, proven = False, one.signed_at or place.claimed, False
    if one.timestamp is not None:
        stamp = court.token(one.timestamp, one.signature, pool)
        reasons += stamp.reasons
        trial, proven = stamp.trial, stamp.time is not None
        when = stamp.time or when
    if one.certificate is not None:
        # A message without a time is judged as of now; only a document says when it was signed.
        told, more, chain_trial = court.signer(one.certificate, when or court.at, pool)
        reasons += told
        findings += more
        trial |= chain_trial
    return place.report("signed_data", standard, reasons=reasons, findings=findings, trial=trial,
                        signer=party(one.certificate) if one.certificate else None, signed_at=when,
                        time_proven=proven)


def token_report(raw: bytes, content: Content, court: Court, place: Setting) -> SignatureReport:
    """A timestamp over a whole document; its signer is the timestamp authority."""
    answer = court.token(raw, content)
    wrong = [remark(Reason.SIG_VALUE) if r.code is Reason.TIMESTAMP_VALUE else r for r in answer.reasons]
    return place.report("timestamp", "RFC 3161", reasons=wrong, trial=answer.trial, signer=answer.signer,
                        signed_at=answer.time, time_proven=answer.time is not None)
