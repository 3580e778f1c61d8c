"""OCSP (RFC 6960): asking for the status of a certificate, and reading the answer over its received bytes."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime

from . import der, times
from .algorithms import Value, check_value, digest_name, digest_of
from .certificates import Certificate
from .errors import MalformedInput
from .names import extension

BASIC, NONCE, SIGNING = "1.3.6.1.5.5.7.48.1.1", "1.3.6.1.5.5.7.48.1.2", "1.3.6.1.5.5.7.3.9"
_SM3 = "1.2.156.10197.1.401"
MAX_ANSWERS = 1_000


def _key_bytes(issuer: Certificate) -> bytes:
    return der.parse(issuer.spki, "spki").items(2, 2)[1].bit_bytes()


def ocsp_request(certificate: Certificate, issuer: Certificate, *, nonce: bytes | None = None) -> bytes:
    """A request for one certificate, its issuer named by SM3."""
    name = der.seq(der.seq(der.oid(_SM3), der.null()), der.octets(digest_of("sm3", (issuer.subject_der,))),
                   der.octets(digest_of("sm3", (_key_bytes(issuer),))), der.integer(certificate.serial))
    ext = b"" if nonce is None else der.tlv(0xA2, der.seq(extension(NONCE, der.octets(nonce))))
    return der.seq(der.seq(der.seq(der.seq(name)), ext))


@dataclass(frozen=True, slots=True)
class _Single:
    digest: str
    issuer_name: bytes
    issuer_key: bytes
    serial: int
    known: bool
    revoked_at: datetime | None
    this_update: datetime
    next_update: datetime | None


@dataclass(frozen=True, slots=True)
class OCSPAnswer:
    """A response whose signature was not checked yet; ``status`` checks it."""

    tbs: bytes
    algorithm: str
    signature: bytes
    certificates: tuple[Certificate, ...]
    singles: tuple[_Single, ...]

    @classmethod
    def from_der(cls, data: bytes) -> OCSPAnswer:
        """MalformedInput where it is none, or tells an error instead of an answer."""
        outer = der.parse(data, "ocsp").items(1, 2)
        if len(outer) != 2 or outer[0].expect(0x0A).content != b"\0":
            raise MalformedInput("ocsp", "no successful answer")
        kind, body = outer[1].items(1, 1, 0xA0)[0].items(2, 2)
        if kind.dotted() != BASIC:
            raise MalformedInput("ocsp", "kind of response")
        parts = der.parse(body.expect(der.OCTETS).content, "ocsp").items(3, 4)
        inner = parts[0].items(3, 5)
        listed = next((p for p in inner if p.tag == der.SEQUENCE), None)
        if listed is None:
            raise MalformedInput("ocsp", "no answers")
        held = parts[3].items(1, 1, 0xA0)[0].items(0, 20) if len(parts) == 4 else []
        return cls(parts[0].raw, parts[1].items(1, 2)[0].dotted(), parts[2].bit_bytes(),
                   tuple(Certificate.from_der(c.raw) for c in held),
                   tuple(_single(n) for n in listed.items(0, MAX_ANSWERS)))

    def status(self, certificate: Certificate, issuer: Certificate, at: datetime) -> tuple[bool, datetime | None]:
        """(known, revoked since) at ``at``; (False, None) where the answer is not the issuer's, or too old."""
        if not self._holds_for(issuer, at):
            return False, None
        for one in self.singles:
            name = digest_name(one.digest)
            if (name is not None and one.serial == certificate.serial
                    and hmac.compare_digest(one.issuer_name, digest_of(name, (issuer.subject_der,)))
                    and hmac.compare_digest(one.issuer_key, digest_of(name, (_key_bytes(issuer),)))):
                if one.revoked_at is not None:
                    return True, one.revoked_at
                return one.known and (one.next_update is None or at <= one.next_update), None
        return False, None

    def _holds_for(self, issuer: Certificate, at: datetime) -> bool:
        """Signed by the issuer itself, or by one whom it named for this and who is in force."""
        signers = [issuer, *(c for c in self.certificates if _may_answer(c) and c.signed_by(issuer)
                             and c.not_before <= at <= c.not_after)]
        return any(check_value(c.spki, self.algorithm, (self.tbs,), self.signature).value is Value.GOOD
                   for c in signers)


def _may_answer(certificate: Certificate) -> bool:
    usage = certificate.extensions.get("2.5.29.37")
    try:
        return usage is not None and SIGNING in [n.dotted() for n in der.parse(usage[1], "eku").items(1, 50)]
    except MalformedInput:
        return False


def _single(node: der.Node) -> _Single:
    parts = node.items(3, 5)
    algorithm, name, key, serial = parts[0].items(4, 4)
    revoked = times.read(parts[1].items(1, 2, 0xA1)[0])[0] if parts[1].tag == 0xA1 else None
    following = next((times.read(p.items(1, 1, 0xA0)[0])[0] for p in parts[3:] if p.tag == 0xA0), None)
    return _Single(algorithm.items(1, 2)[0].dotted(), name.expect(der.OCTETS).content,
                   key.expect(der.OCTETS).content, serial.int(), parts[1].tag == 0x80, revoked,
                   times.read(parts[2])[0], following)
