"""GB/T 35275 SignedData and EnvelopedData, and the same with the standard CMS identifiers."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from . import der, names, sm, times
from .algorithms import WEAK, Bytes, Content, Value, ValueResult, check_value, digest_name
from .certificates import Certificate
from .errors import Code, MalformedInput, SealError
from .keys import PrivateKey, Signer, pem_or_der

GM = "1.2.156.10197.6.1.4.2."
STANDARD = "1.2.840.113549.1.7."
SM3_OID = "1.2.156.10197.1.401"
SM4_CBC, SM2_ENCRYPT = "1.2.156.10197.1.104.2", "1.2.156.10197.1.301.3"
_TOKEN, _CERTIFICATE = "1.2.840.113549.1.9.16.2.14", "1.2.840.113549.1.9.16.2.47"
_TYPE, _DIGEST, _TIME = (f"1.2.840.113549.1.9.{n}" for n in (3, 4, 5))
MAX_SIGNERS, MAX_CERTIFICATES = 100, 200


class CMSReason(StrEnum):
    """Why a SignedData is not intact."""

    NO_SIGNER = "no_signer"
    NO_CONTENT = "no_content"
    CONTENT_DIFFERS = "content_differs"
    SIGNER_CERTIFICATE_MISSING = "signer_certificate_missing"
    ALGORITHM = "algorithm"
    DIGEST = "digest"
    SIGNATURE = "signature"


@dataclass(frozen=True, slots=True)
class SignerResult:
    """One signer: ``intact`` says only that digest and value hold; trust is ``validate_path``'s answer."""

    intact: bool
    reasons: tuple[CMSReason, ...]
    certificate: Certificate | None
    signed_at: datetime | None
    signature: bytes
    timestamp: bytes | None = None
    raw: bool = False
    weak: bool = False
    disagree: bool = False
    #: The attribute names the type "data" by the other standard's identifier than the message does.
    other_type: bool = False


@dataclass(frozen=True, slots=True)
class SignedResult:
    """Every signer's answer; ``intact`` when there is one and all hold."""

    intact: bool
    reasons: tuple[CMSReason, ...]
    signers: tuple[SignerResult, ...]
    certificates: tuple[Certificate, ...]
    content: bytes | None
    content_type: str
    gm: bool = True

    @property
    def certificate(self) -> Certificate | None:
        """The first signer's certificate."""
        return self.signers[0].certificate if self.signers else None


def _attribute(oid: str, value: bytes) -> bytes:
    return der.seq(der.oid(oid), der.tlv(der.SET, value))


def sign_data(content: bytes, signer: Signer, certificate: Certificate, *, detached: bool = False,
              signed_at: datetime | None = None, attributes: bool = False, standard_oids: bool = False,
              chain: Sequence[Certificate] = (), content_type: str | None = None, digest: bytes | None = None,
              name_certificate: bool = False, stamper: Callable[[bytes], bytes] | None = None) -> bytes:
    """SignedData in DER; ``signed_at`` implies the PKCS#9 attributes.

    ``digest`` is SM3 of a detached content that is not at hand (with attributes only). ``stamper`` gives a
    timestamp token over the signature value, kept among the unsigned attributes. ``name_certificate`` binds the
    signer's certificate by its digest among the signed attributes (ESSCertIDv2), as RFC 3161 demands of tokens.
    """
    if digest is not None and not (detached and (attributes or signed_at is not None)):
        raise SealError(Code.ARGUMENT, why="a digest alone needs a detached signature with attributes")
    if signer.public_key != certificate.public_key:
        raise SealError(Code.ARGUMENT, why="the certificate is not the signer's")
    root = STANDARD if standard_oids else GM
    kind = content_type or root + "1"
    algorithm = der.seq(der.oid(SM3_OID))
    attribute_field = b""
    to_sign = content
    if attributes or signed_at is not None:
        found = [_attribute(_TYPE, der.oid(kind)), _attribute(_DIGEST, der.octets(digest or sm.sm3(content)))]
        if signed_at is not None:
            found.append(_attribute(_TIME, der.utc_time(signed_at)))
        if name_certificate:
            named = der.seq(algorithm, der.octets(sm.sm3(certificate.der)))
            found.append(_attribute(_CERTIFICATE, der.seq(der.seq(named))))
        to_sign = der.set_of(found)
        attribute_field = der.tlv(0xA0, der.parse(to_sign).content)
    name = der.seq(certificate.issuer_der, der.integer(certificate.serial))
    value = signer.sign(to_sign)
    token = der.tlv(0xA1, _attribute(_TOKEN, stamper(value))) if stamper else b""
    info = der.seq(der.integer(1), name, algorithm, attribute_field,
                   der.seq(der.oid(names.SM2_SM3)), der.octets(value), token)
    inner = der.oid(kind) + (b"" if detached else der.tlv(0xA0, der.octets(content)))
    certificates = der.tlv(0xA0, b"".join(c.der for c in (certificate, *chain)))
    body = der.seq(der.integer(1), der.tlv(der.SET, algorithm), der.seq(inner), certificates,
                   der.tlv(der.SET, info))
    return der.seq(der.oid(root + "2"), der.tlv(0xA0, body))


def _body(data: bytes, last: str, place: str) -> tuple[der.Node, bool]:
    """The body, and whether its type is named by GB/T 35275."""
    outer = der.parse(der.definite(pem_or_der(data), place), place).items(2, 2)
    named = outer[0].dotted()
    if named not in (GM + last, STANDARD + last):
        raise MalformedInput(place, "content type")
    return outer[1].items(1, 1, 0xA0)[0], named == GM + last


def verify_data(data: bytes, content: bytes | Content | None = None, *, backend: str | None = None,
                second: str | None = None) -> SignedResult:
    """Verify SignedData (DER, BER or PEM), over ``content`` where it is detached.

    A bad signature is reported; MalformedInput only where the bytes cannot be read. Values may be DER or raw
    r‖s; ``second`` names a backend asked for a second opinion.
    """
    body, gm = _body(data, "2", "signed_data")
    parts = body.items(4, 6)
    parts[0].int()
    inner = parts[2].items(1, 2)
    kind = inner[0].dotted()
    carried: bytes | None = None
    if len(inner) == 2:
        value = inner[1].items(1, 1, 0xA0)[0]
        carried = value.content if value.tag == der.OCTETS else value.raw
    held = [c for p in parts[3:-1] if p.tag == 0xA0 for c in p.children()]
    if len(held) > MAX_CERTIFICATES:
        raise MalformedInput("signed_data", f"{len(held)} certificates")
    certificates = tuple(Certificate.from_der(c.raw) for c in held if c.tag == der.SEQUENCE)
    infos = parts[-1].items(0, MAX_SIGNERS, der.SET)
    reasons: list[CMSReason] = []
    given = Content(content) if isinstance(content, bytes) else content
    own = None if carried is None else Content(carried)
    if own is not None and given is not None and not hmac.compare_digest(own.digest("sm3"), given.digest("sm3")):
        reasons.append(CMSReason.CONTENT_DIFFERS)
    subject = given if given is not None else own
    if subject is None:
        reasons.append(CMSReason.NO_CONTENT)
    signers = tuple(_verify_signer(i, subject, kind, certificates, backend, second) for i in infos)
    if not signers:
        reasons.append(CMSReason.NO_SIGNER)
    reasons += [r for s in signers for r in s.reasons]
    return SignedResult(not reasons, tuple(dict.fromkeys(reasons)), signers, certificates, carried, kind,
                        gm)


def _verify_signer(info: der.Node, content: Content | None, kind: str,
                   certificates: tuple[Certificate, ...], backend: str | None, second: str | None) -> SignerResult:
    parts = info.items(5, 7)
    certificate = _find(parts[1], certificates)
    digest_oid = parts[2].items(1, 2)[0].dotted()
    attributes = parts[3] if parts[3].tag == 0xA0 else None
    rest = parts[4:] if attributes else parts[3:]
    if len(rest) < 2:
        raise MalformedInput(info.place, "signer info")
    algorithm, signature = rest[0].items(1, 2)[0].dotted(), rest[1].expect(der.OCTETS).content
    reasons: list[CMSReason] = []
    signed_at: datetime | None = None
    other_type = False
    to_sign: Sequence[Bytes] | None = None if content is None else content.parts
    digest_algorithm = digest_name(digest_oid)
    if digest_algorithm is None:
        reasons.append(CMSReason.ALGORITHM)
    if attributes is not None:
        found: dict[str, der.Node] = {}
        for item in attributes.children():
            name, values = item.items(2, 2)
            if name.dotted() in found:
                raise MalformedInput(item.place, "attribute twice")
            found[name.dotted()] = values.items(1, 1, der.SET)[0]
        if _TIME in found:
            signed_at = times.read(found[_TIME])[0]
        digest = found.get(_DIGEST)
        # Without the content its digest can't be wrong; the caller tells that the content is missing.
        expected = b"" if digest_algorithm is None or content is None else content.digest(digest_algorithm)
        differs = content is not None and digest is not None and not hmac.compare_digest(digest.content, expected)
        named = found[_TYPE].dotted() if _TYPE in found else kind
        # Products in the field (tax invoices among them) mix the two names of the same type.
        other_type = named != kind and {named, kind} == {GM + "1", STANDARD + "1"}
        if digest is None or differs or (named != kind and not other_type):
            reasons.append(CMSReason.DIGEST)
        to_sign = (der.tlv(der.SET, attributes.content),)
    checked: ValueResult | None = None
    if certificate is None:
        reasons.append(CMSReason.SIGNER_CERTIFICATE_MISSING)
    elif to_sign is not None and not reasons:
        checked = check_value(certificate.spki, algorithm, to_sign, signature, backend=backend, second=second,
                              rsa_digest=digest_algorithm)
        if checked.value is Value.UNSUPPORTED:
            reasons.append(CMSReason.ALGORITHM)
        elif checked.value is Value.BAD:
            reasons.append(CMSReason.SIGNATURE)
    intact = not reasons and content is not None
    token = _unsigned(rest[2]) if len(rest) > 2 else None
    return SignerResult(intact, tuple(reasons), certificate, signed_at, signature, token,
                        bool(checked and checked.raw), bool(checked and checked.weak) or digest_algorithm in WEAK,
                        bool(checked and checked.disagree), other_type)


def _unsigned(node: der.Node) -> bytes | None:
    """The timestamp token among the unsigned attributes."""
    if node.tag != 0xA1:
        return None
    for item in node.children():
        name, values = item.items(2, 2)
        if name.dotted() == _TOKEN:
            return values.items(1, 1, der.SET)[0].raw
    return None


def _find(name: der.Node, certificates: tuple[Certificate, ...]) -> Certificate | None:
    if name.tag == 0x80:
        wanted = [c for c in certificates if c.extensions.get("2.5.29.14", (False, b""))[1][2:] == name.content]
        return wanted[0] if wanted else None
    issuer, serial = name.items(2, 2)
    number = serial.int()
    return next((c for c in certificates if c.serial == number and c.issuer_der == issuer.raw), None)


def encrypt_data(content: bytes, recipient: Certificate, *, standard_oids: bool = False) -> bytes:
    """EnvelopedData: SM4-CBC content, its key by SM2 to ``recipient``."""
    root = STANDARD if standard_oids else GM
    key, iv = secrets.token_bytes(16), secrets.token_bytes(16)
    name = der.seq(recipient.issuer_der, der.integer(recipient.serial))
    info = der.seq(der.integer(1), name, der.seq(der.oid(SM2_ENCRYPT)),
                   der.octets(recipient.public_key.encrypt(key)))
    body = sm.sm4("cbc", key, content, iv=iv, encrypting=True)
    sealed = der.seq(der.oid(root + "1"), der.seq(der.oid(SM4_CBC), der.octets(iv)), der.tlv(0x80, body))
    return der.seq(der.oid(root + "3"), der.tlv(0xA0, der.seq(der.integer(1), der.tlv(der.SET, info), sealed)))


def decrypt_data(data: bytes, key: PrivateKey, certificate: Certificate) -> bytes:
    """The content for the holder of ``certificate``'s key; DECRYPT_FAILED where it is not for it."""
    _, infos, sealed = _body(data, "3", "enveloped_data")[0].items(3, 4)[:3]
    for info in infos.items(1, MAX_SIGNERS, der.SET):
        parts = info.items(4, 4)
        issuer, serial = parts[1].items(2, 2)
        if serial.int() == certificate.serial and issuer.raw == certificate.issuer_der:
            session = key.decrypt(parts[3].expect(der.OCTETS).content)
            _, algorithm, body = sealed.items(3, 3)
            name, iv = algorithm.items(2, 2)
            if name.dotted() not in (SM4_CBC, "1.2.156.10197.1.104"):
                raise SealError(Code.DECRYPT_FAILED, algorithm=name.dotted())
            return sm.sm4("cbc", session, body.content, iv=iv.content, encrypting=False)
    raise SealError(Code.DECRYPT_FAILED, why="not for this certificate")
