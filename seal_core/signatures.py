"""One report for each signature: seals, their signatures, and SignedData with all its signers."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from datetime import datetime

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


def seal_report(raw: bytes, court: Court) -> SignatureReport:
    """A seal by itself; its signer is its maker."""
    try:
        seal = read_seal(raw)
    except MalformedInput as wrong:
        return conclude("esl", "seal", "", reasons=[remark(Reason.SEAL_FORMAT, place=wrong.place)])
    answer = check_seal(seal, court)
    return conclude("esl", "seal", seal.form.value, reasons=answer.reasons, findings=answer.findings,
                    trial=answer.trial, signer=party(seal.maker), seal=facts_of(seal), signed_at=answer.signed_at,
                    time_proven=answer.time_proven, covers=("seal",))


def ses_report(name: str, raw: bytes, content: Content | None, court: Court, *, extra: Sequence[Remark] = (),
               findings: Sequence[Remark] = (), property_info: str | None = None, covers: Sequence[str] = ("content",),
               stamps: Sequence[Stamp] = (), profile: str = "") -> SignatureReport:
    """A SES_Signature over the document ``content``; ``extra`` are reasons found around it."""
    try:
        signed = read_signature(raw)
    except MalformedInput as wrong:
        return conclude(name, "seal_signature", "", findings=findings, covers=covers, stamps=stamps, profile=profile,
                        reasons=[remark(Reason.SIG_FORMAT, place=wrong.place), *extra])
    if content is None:
        answer = check_seal_signature(signed, court, lambda _: signed.data_hash)
        extra = (remark(Reason.CONTENT_MISSING), *extra)
    else:
        answer = check_seal_signature(signed, court, content.digest)
    found = list(findings)
    if property_info is not None and signed.property_info.strip("/ ") != property_info.strip("/"):
        found.append(remark(Reason.PROPERTY_INFO_DIFFERS, property=signed.property_info))
    return conclude(name, "seal_signature", signed.form.value, reasons=(*answer.reasons, *extra),
                    findings=(*found, *answer.findings), trial=answer.trial, signer=party(signed.certificate),
                    seal=facts_of(signed.seal), signed_at=answer.signed_at, time_proven=answer.time_proven,
                    covers=covers, stamps=stamps, profile=profile)


def _one_signer(name: str, one: SignerResult, certificates: Sequence[Certificate], standard: str, court: Court,
                base: Sequence[Remark], extra: Sequence[Remark], findings: Sequence[Remark], covers: Sequence[str],
                fallback_time: datetime | None, stamps: Sequence[Stamp], profile: str) -> SignatureReport:
    reasons = [*base, *(remark(_CMS[r]) for r in one.reasons)]
    found = [*findings, *(remark(code) for told, code in (
        (one.raw, Reason.RAW_VALUE), (one.weak, Reason.WEAK_ALGORITHM), (one.disagree, Reason.BACKENDS_DISAGREE))
        if told)]
    trial, when, proven = False, one.signed_at or fallback_time, False
    if one.timestamp is not None:
        stamp = court.token(one.timestamp, one.signature, certificates)
        reasons += stamp.reasons
        trial, proven = stamp.trial, stamp.time is not None
        when = stamp.time or when
    if one.certificate is not None:
        # A message without a time is judged as of now; only a document says when it was signed.
        told, more, chain_trial = court.signer(one.certificate, when or court.at, certificates)
        reasons += told
        found += more
        trial |= chain_trial
    return conclude(name, "signed_data", standard, reasons=(*reasons, *extra), findings=found, trial=trial,
                    signer=party(one.certificate) if one.certificate else None, signed_at=when, time_proven=proven,
                    covers=covers, stamps=stamps, profile=profile)


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


def data_reports(name: str, raw: bytes, content: Content | None, court: Court, *,
                 extra: Sequence[Remark] = (), findings: Sequence[Remark] = (), covers: Sequence[str] = ("content",),
                 fallback_time: datetime | None = None, stamps: Sequence[Stamp] = (), profile: str = ""
                 ) -> list[SignatureReport]:
    """Every signer of a SignedData over ``content`` (or over what it carries)."""
    try:
        result = verify_data(raw, content, second=court.second)
    except MalformedInput as wrong:
        return [conclude(name, "signed_data", "", findings=findings, covers=covers, stamps=stamps, profile=profile,
                         reasons=[remark(Reason.SIG_FORMAT, place=wrong.place), *extra])]
    standard = "GB/T 35275" if result.gm else "CMS"
    own = {r for s in result.signers for r in s.reasons}
    base = [remark(_CMS[r]) for r in result.reasons if r not in own]
    if not result.signers:
        return [conclude(name, "signed_data", standard, reasons=[*base, *extra], findings=findings, covers=covers,
                         stamps=stamps, profile=profile)]
    return [_one_signer(name, s, result.certificates, standard, court, base, extra, findings, covers, fallback_time,
                        stamps, profile) for s in result.signers]


def token_report(name: str, raw: bytes, content: Content, court: Court, *, profile: str = "",
                 extra: Sequence[Remark] = (), findings: Sequence[Remark] = (), covers: Sequence[str] = ()
                 ) -> SignatureReport:
    """A timestamp over a whole document; its signer is the timestamp authority."""
    answer = court.token(raw, content)
    wrong = [remark(Reason.SIG_VALUE) if r.code is Reason.TIMESTAMP_VALUE else r for r in answer.reasons]
    return conclude(name, "timestamp", "RFC 3161", reasons=(*wrong, *extra), findings=findings, trial=answer.trial,
                    signer=answer.signer, signed_at=answer.time, time_proven=answer.time is not None, covers=covers,
                    profile=profile)
