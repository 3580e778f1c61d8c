"""Verification of seals and their signatures, in the order of GM/T 0031-2014 6.1.2 and 6.2.3 and GB/T 38540 7.3."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ..algorithms import Value, check_value, digest_for, digest_name, digest_of
from ..certificates import Certificate
from ..report import Reason, Remark, SealFacts, remark
from ..trust import Court, party
from .forms import DIGESTS, Form, Seal, SealSignature


@dataclass(frozen=True, slots=True)
class SealAnswer:
    """The reasons in the standard's order, the findings, and what the report shows."""

    reasons: tuple[Remark, ...]
    findings: tuple[Remark, ...]
    trial: bool
    signed_at: datetime | None = None
    time_proven: bool = False


def facts_of(seal: Seal) -> SealFacts:
    """What a report shows of a seal."""
    info = seal.info
    return SealFacts(info.id, info.name, info.type, info.vendor, seal.form.value, info.created, info.valid_from,
                     info.valid_to, float(info.width_mm), float(info.height_mm), info.picture_type, info.picture,
                     party(seal.maker))


def _value(spki: bytes, algorithm: str, signed: bytes, value: bytes, court: Court, bad: Reason
           ) -> tuple[list[Remark], list[Remark]]:
    result = check_value(spki, algorithm, (signed,), value, second=court.second)
    reasons = {Value.BAD: [remark(bad)], Value.UNSUPPORTED: [remark(Reason.ALGORITHM_UNSUPPORTED, oid=algorithm)],
               Value.GOOD: []}[result.value]
    findings = [remark(code) for told, code in (
        (result.raw and result.value is Value.GOOD, Reason.RAW_VALUE), (result.weak, Reason.WEAK_ALGORITHM),
        (result.disagree, Reason.BACKENDS_DISAGREE)) if told]
    return reasons, findings


def _maker(seal: Seal, court: Court, when: datetime, pool: Sequence[Certificate]
           ) -> tuple[list[Remark], list[Remark], bool]:
    """S3. Under v5 what happened to the maker after the seal was made is only told."""
    reasons: list[Remark] = []
    findings: list[Remark] = []
    reference = seal.info.created if seal.form is Form.V5 else when
    found = court.standing(seal.maker, reference, pool)
    if not found.chained:
        reasons.append(remark(Reason.SEAL_MAKER_CHAIN, why=found.why))
    if not found.usable:
        reasons.append(remark(Reason.SEAL_MAKER_KEYUSAGE))
    if not found.in_time:
        reasons.append(remark(Reason.SEAL_MAKER_EXPIRED, not_after=seal.maker.not_after))
    elif found.expired_since:
        findings.append(remark(Reason.SEAL_MAKER_EXPIRED_SINCE, not_after=seal.maker.not_after))
    if found.revoked_at is not None:
        if found.revoked_at <= reference:
            reasons.append(remark(Reason.SEAL_MAKER_REVOKED, revoked_at=found.revoked_at))
        elif found.revoked_at <= court.at:
            findings.append(remark(Reason.SEAL_MAKER_REVOKED_SINCE, revoked_at=found.revoked_at))
    if found.trial:
        findings.append(remark(Reason.TRIAL_CHAIN, certificate=seal.maker.common_name))
    return reasons, findings, found.trial


def _check(seal: Seal, court: Court, when: datetime, pool: Sequence[Certificate], *, alone: bool) -> SealAnswer:
    info = seal.info
    reasons, findings = _value(seal.maker.spki, seal.algorithm, seal.signed, seal.value, court,
                               Reason.SEAL_SIGNATURE)
    if seal.form is Form.V5 and info.created > when:
        reasons.append(remark(Reason.SEAL_NOT_YET, created=info.created))
    told, found, trial = _maker(seal, court, when, pool)
    reasons += told
    findings += found
    if alone:
        if when < info.valid_from:
            reasons.append(remark(Reason.SEAL_NOT_YET, valid_from=info.valid_from))
        if when > info.valid_to:
            reasons.append(remark(Reason.SEAL_EXPIRED, valid_to=info.valid_to))
    elif not info.valid_from <= when <= info.valid_to:
        reasons.append(remark(Reason.SIGN_TIME_OUT_OF_SEAL, signed_at=when, valid_from=info.valid_from,
                              valid_to=info.valid_to))
    elif court.at > info.valid_to:
        findings.append(remark(Reason.SEAL_EXPIRED_AFTER_SIGNING, valid_to=info.valid_to))
    proven = False
    if seal.timestamp is not None:
        stamp = court.token(seal.timestamp, seal.value, pool)
        reasons += stamp.reasons
        proven = stamp.time is not None
        trial |= stamp.trial
        if stamp.time is not None and stamp.time < info.created:
            reasons.append(remark(Reason.TIMESTAMP_TIME, time=stamp.time))
    return SealAnswer(tuple(reasons), (*seal.deviations, *findings), trial, info.created, proven)


def check_seal(seal: Seal, court: Court, pool: Sequence[Certificate] = ()) -> SealAnswer:
    """A seal by itself at ``court.at``: S1-S4 (S1, its form, is what ``read_seal`` decides)."""
    return _check(seal, court, court.at, pool, alone=True)


def signer_listed(signed: SealSignature) -> bool:
    """Whether the seal's own list names the signer's certificate (GB/T 38540 7.3)."""
    info, certificate = signed.seal.info, signed.certificate.der
    if info.list_type != DIGESTS:
        return any(hmac.compare_digest(c, certificate) for c in info.certificates)
    for kind, value in info.digests:
        name = digest_name(kind) or {20: "sha1", 32: "sm3"}.get(len(value))
        if name is not None and hmac.compare_digest(digest_of(name, (certificate,)), value):
            return True
    return False


def check_seal_signature(signed: SealSignature, court: Court, digest: Callable[[str], bytes | None],
                         pool: Sequence[Certificate] = ()) -> SealAnswer:
    """D2-D7 over the received bytes. ``digest`` gives the document's digest by hashlib's name, or None."""
    certificate = signed.certificate
    reasons, findings = _value(certificate.spki, signed.algorithm, signed.signed, signed.value, court,
                               Reason.SIG_VALUE)
    proven_at: datetime | None = None
    stamp_reasons: list[Remark] = []
    trial = False
    if signed.timestamp is not None:
        # v1 puts the token where the time would stand; what it covers is not fixed, so its imprint may be the
        # document's digest or a digest of that. v4 and v5 stamp the signature value.
        v1 = signed.form is Form.V1
        stamp = court.token(signed.timestamp, signed.data_hash if v1 else signed.value, pool, free_imprint=v1)
        proven_at, trial = stamp.time, stamp.trial
        stamp_reasons += stamp.reasons
    when = proven_at or signed.signed_at
    told, found, chain_trial = court.signer(certificate, when, pool)
    reasons += told
    findings += found
    name = digest_for(signed.algorithm, len(signed.data_hash))
    expected = digest(name) if name else None
    if expected is None or not hmac.compare_digest(expected, signed.data_hash):
        reasons.append(remark(Reason.DOC_HASH))
    if not signer_listed(signed):
        # 0031-2014 compares the list when a signature is made; only 38540 when it is verified.
        (findings if signed.form is Form.V1 else reasons).append(remark(Reason.SIGNER_NOT_IN_SEAL))
    inner = _check(signed.seal, court, when or court.at, pool, alone=False)
    reasons += inner.reasons
    findings += inner.findings
    reasons += stamp_reasons
    return SealAnswer(tuple(reasons), (*signed.deviations, *findings), trial or chain_trial or inner.trial,
                      when, proven_at is not None)
