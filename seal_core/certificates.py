"""Certificates and requests with SM2: reading over the received bytes, building, path validation."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import Protocol

from . import der, names, times
from .algorithms import Value, certificate_holds, check_value
from .errors import Code, CSRRefused, MalformedInput, SealError
from .keys import PublicKey, Signer, pem_blocks, pem_encode, pem_or_der

_KEPT = 8192
_KEY_USAGE, _BASIC, _AKI, _SKI, _EKU = "2.5.29.15", "2.5.29.19", "2.5.29.35", "2.5.29.14", "2.5.29.37"
# Names, distribution points and policies restrict no signature here, so they may be critical.
_KNOWN = {_KEY_USAGE, _BASIC, _AKI, _SKI, _EKU, "2.5.29.17", "2.5.29.31", "2.5.29.32"}


class Profile(StrEnum):
    """What a certificate is for."""

    UNIT_SIGNING = "unit_signing"
    UNIT_ENCRYPTION = "unit_encryption"
    PERSON_SIGNING = "person_signing"
    PERSON_ENCRYPTION = "person_encryption"
    TSA = "tsa"
    OCSP = "ocsp"
    CA = "ca"


class PathReason(StrEnum):
    """Why a path does not hold."""

    CHAIN_INCOMPLETE = "chain_incomplete"
    CHAIN_SIGNATURE = "chain_signature"
    NOT_A_CA = "not_a_ca"
    PATH_LENGTH = "path_length"
    KEY_USAGE = "key_usage"
    CRITICAL_EXTENSION = "critical_extension"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    REVOKED = "revoked"
    STATUS_UNKNOWN = "status_unknown"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A parsed X.509 certificate; ``tbs`` are the received bytes that were signed."""

    der: bytes
    tbs: bytes
    signature: bytes
    algorithm: str
    serial: int
    issuer_der: bytes
    subject_der: bytes
    subject: tuple[tuple[str, str], ...]
    issuer: tuple[tuple[str, str], ...]
    not_before: datetime
    not_after: datetime
    spki: bytes
    extensions: dict[str, tuple[bool, bytes]]

    @classmethod
    def from_der(cls, data: bytes) -> Certificate:
        """MalformedInput where it is none. The last ones read are kept: documents repeat their certificates."""
        return _certificate(bytes(data)) if len(data) <= _KEPT else cls._parse(bytes(data))

    @classmethod
    def _parse(cls, data: bytes) -> Certificate:
        tbs, algorithm, value = der.parse(data, "certificate").items(3, 3)
        parts = tbs.items(6, 10)
        if parts[0].tag == 0xA0:
            parts = parts[1:]
        if len(parts) < 6 or parts[1].raw != algorithm.raw:
            raise MalformedInput("certificate", "tbs")
        start, end = parts[3].items(2, 2)
        ext = next((p.items(1, 1, 0xA3)[0] for p in parts[6:] if p.tag == 0xA3), None)
        return cls(
            data, tbs.raw, value.bit_bytes(), algorithm.items(1, 2)[0].dotted(), parts[0].int(),
            parts[2].raw, parts[4].raw, names.read_name(parts[4]), names.read_name(parts[2]),
            times.read(start)[0], times.read(end)[0], parts[5].raw, names.read_extensions(ext) if ext else {},
        )

    @classmethod
    def from_pem(cls, data: bytes) -> Certificate:
        """The first certificate of PEM, or DER."""
        return cls.from_der(pem_or_der(data))

    def to_pem(self) -> bytes:
        return pem_encode("CERTIFICATE", self.der)

    @property
    def public_key(self) -> PublicKey:
        return PublicKey.from_der(self.spki)

    @property
    def common_name(self) -> str:
        return next((v for k, v in self.subject if k == "CN"), "")

    @property
    def is_trial(self) -> bool:
        """Whether its issuer says 试用: a trial certificate is never taken for a real one."""
        return any(names.TRIAL in v for _, v in self.issuer)

    @property
    def credit_code(self) -> str | None:
        """The unified social credit code in any known extension."""
        for oid in names.CREDIT_CODES:
            if oid in self.extensions:
                value = self.extensions[oid][1]
                try:
                    return names.text(der.parse(value))
                except MalformedInput:
                    return value.decode("ascii", "replace")
        return None

    @property
    def key_usage(self) -> frozenset[str]:
        found = self.extensions.get(_KEY_USAGE)
        return names.read_key_usage(found[1]) if found else frozenset()

    def basic_constraints(self) -> tuple[bool, int | None]:
        """(is a CA, path length)."""
        found = self.extensions.get(_BASIC)
        if not found:
            return False, None
        parts = der.parse(found[1], "basic_constraints").items(0, 2)
        ca = bool(parts) and parts[0].tag == 1 and parts[0].content == b"\xff"
        return ca, parts[1].int() if len(parts) == 2 else None

    def signed_by(self, issuer: Certificate) -> bool:
        return self.issuer_der == issuer.subject_der and certificate_holds(
            issuer.spki, self.algorithm, self.tbs, self.signature)


@functools.lru_cache(maxsize=256)
def _certificate(data: bytes) -> Certificate:
    return Certificate._parse(data)


def load_certificates(data: bytes) -> list[Certificate]:
    """Every certificate of a PEM file."""
    return [Certificate.from_der(b) for label, b in pem_blocks(data) if label == "CERTIFICATE"]


@dataclass(frozen=True, slots=True)
class CSR:
    """A request whose proof of possession holds."""

    der: bytes
    subject: tuple[tuple[str, str], ...]
    subject_der: bytes
    public_key: PublicKey


def build_csr(signer: Signer, subject: dict[str, str]) -> bytes:
    """PKCS#10 with SM2-with-SM3, in DER."""
    info = der.seq(der.integer(0), names.build_name(subject), signer.public_key.to_der(), der.tlv(0xA0, b""))
    return der.seq(info, names.ALGORITHM, der.bits(signer.sign(info)))


def parse_csr(data: bytes) -> CSR:
    """A PEM or DER request; CSRRefused with the reason as its ``code``."""
    try:
        info, algorithm, value = der.parse(pem_or_der(data), "csr").items(3, 3)
        parts = info.items(3, 4)
        subject = names.read_name(parts[1])
        signature, kind = value.bit_bytes(), algorithm.items(1, 2)[0].dotted()
    except MalformedInput as wrong:
        raise CSRRefused(Code.MALFORMED, place=wrong.place) from wrong
    if kind not in names.SIGNATURE_OIDS:
        raise CSRRefused(Code.CSR_ALGORITHM, algorithm=kind)
    try:
        key = PublicKey.from_der(parts[2].raw)
    except SealError as wrong:
        raise CSRRefused(Code.CSR_KEY) from wrong
    if not any(k == "CN" and v.strip() for k, v in subject):
        raise CSRRefused(Code.CSR_SUBJECT)
    if not key.verify(info.raw, signature):
        raise CSRRefused(Code.CSR_NO_POSSESSION)
    return CSR(pem_or_der(data), subject, parts[1].raw, key)


@dataclass(frozen=True, slots=True)
class RevocationList:
    """A CRL whose signature was not checked yet."""

    tbs: bytes
    signature: bytes
    algorithm: str
    issuer_der: bytes
    this_update: datetime
    next_update: datetime | None
    revoked: dict[int, datetime]

    @classmethod
    def from_der(cls, data: bytes) -> RevocationList:
        tbs, algorithm, value = der.parse(pem_or_der(data), "crl").items(3, 3)
        parts = tbs.items(3, 7)
        if parts[0].tag == der.INTEGER:
            parts = parts[1:]
        times = [p for p in parts[2:4] if p.tag in (der.UTC_TIME, der.GENERALIZED)]
        if not times:
            raise MalformedInput("crl", "no update time")
        rest = parts[2 + len(times) :]
        entries = [e.items(2, 3) for e in rest[0].children()] if rest and rest[0].tag == der.SEQUENCE else []
        return cls(tbs.raw, value.bit_bytes(), algorithm.items(1, 2)[0].dotted(), parts[1].raw,
                   times[0].time(), times[1].time() if len(times) > 1 else None,
                   {e[0].int(): e[1].time() for e in entries})

    def holds_for(self, issuer: Certificate) -> bool:
        return (self.issuer_der == issuer.subject_der
                and (not issuer.key_usage or "cRLSign" in issuer.key_usage)
                and check_value(issuer.spki, self.algorithm, (self.tbs,), self.signature).value is Value.GOOD)


@dataclass(frozen=True, slots=True)
class PathResult:
    """Trust and time apart: ``chain`` from leaf to anchor; ``revoked_at`` when the leaf or a CA was revoked."""

    trusted: bool
    time_valid: bool
    reasons: tuple[PathReason, ...]
    chain: tuple[Certificate, ...]
    revoked_at: datetime | None = None


class StatusAnswer(Protocol):
    """What can tell a certificate's status, such as an ``OCSPAnswer``."""

    def status(self, certificate: Certificate, issuer: Certificate, at: datetime) -> tuple[bool, datetime | None]:
        """(known, revoked since)."""


def _status(cert: Certificate, issuer: Certificate, crls: Sequence[RevocationList],
            answers: Sequence[StatusAnswer], at: datetime) -> tuple[bool, datetime | None]:
    """(known, revoked since)."""
    known = False
    for answer in answers:
        told, since = answer.status(cert, issuer, at)
        if since is not None:
            return True, since
        known |= told
    for crl in crls:
        if crl.holds_for(issuer):
            if cert.serial in crl.revoked:
                return True, crl.revoked[cert.serial]
            known |= crl.next_update is None or at <= crl.next_update
    return known, None


def validate_path(cert: Certificate, *, trust: Iterable[Certificate], at: datetime,
                  pool: Iterable[Certificate] = (), crls: Sequence[RevocationList] = (),
                  answers: Sequence[StatusAnswer] = (), required_usage: Iterable[str] = (),
                  require_status: bool = False) -> PathResult:
    """Signatures, validity at ``at``, basic constraints, key usage, CRL and OCSP status.

    A revocation later than ``at`` is told in ``revoked_at`` and does not break trust.
    """
    anchors = {c.der: c for c in trust}
    reasons: list[PathReason] = []
    chain = [cert]
    candidates = [*anchors.values(), *pool]
    while chain[-1].der not in anchors:
        current = chain[-1]
        if len(chain) > 8:
            reasons.append(PathReason.CHAIN_INCOMPLETE)
            break
        named = [c for c in candidates if c.subject_der == current.issuer_der and c not in chain]
        issuer = next((c for c in named if current.signed_by(c)), None)
        if issuer is None:
            reasons.append(PathReason.CHAIN_SIGNATURE if named else PathReason.CHAIN_INCOMPLETE)
            break
        ca, length = issuer.basic_constraints()
        if not ca:
            reasons.append(PathReason.NOT_A_CA)
        if length is not None and len(chain) - 1 > length:
            reasons.append(PathReason.PATH_LENGTH)
        if issuer.key_usage and "keyCertSign" not in issuer.key_usage:
            reasons.append(PathReason.KEY_USAGE)
        chain.append(issuer)
    if cert.key_usage and not set(required_usage) <= cert.key_usage:
        reasons.append(PathReason.KEY_USAGE)
    if any(critical and oid not in _KNOWN for c in chain for oid, (critical, _) in c.extensions.items()):
        reasons.append(PathReason.CRITICAL_EXTENSION)
    revoked_at: datetime | None = None
    for child, issuer in pairwise(chain):
        known, since = _status(child, issuer, crls, answers, at)
        if since is not None:
            revoked_at = min(since, revoked_at) if revoked_at else since
        elif not known and require_status:
            reasons.append(PathReason.STATUS_UNKNOWN)
    if revoked_at is not None and revoked_at <= at:
        reasons.append(PathReason.REVOKED)
    trusted = not reasons
    early, late = any(at < c.not_before for c in chain), any(at > c.not_after for c in chain)
    reasons += [PathReason.NOT_YET_VALID] * early + [PathReason.EXPIRED] * late
    return PathResult(trusted, not (early or late), tuple(dict.fromkeys(reasons)), tuple(chain), revoked_at)
