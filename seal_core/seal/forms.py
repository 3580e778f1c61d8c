"""Reading seals and their signatures. What is verified are the received bytes, never a re-encoding.

Vendors deviate: another string or time type, an AlgorithmIdentifier for a bare identifier, a certificate not
wrapped in an OCTET STRING, an untagged extension or timestamp. These are read, and told as deviations.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from .. import der, names, times
from ..certificates import Certificate
from ..errors import MalformedInput
from ..keys import pem_or_der
from ..report import Reason, Remark, remark

CERTIFICATES, DIGESTS = 1, 2
MAX_LIST = 1_000


class Form(StrEnum):
    """The standard that a seal follows."""

    V1 = "GM/T 0031-2014"
    V4 = "GB/T 38540-2020"
    V5 = "GM/T 0031-2025"


@dataclass(frozen=True, slots=True)
class SealInfo:
    """SES_SealInfo. ``certificates`` or ``digests`` (name of the digest, value) say who may sign with the seal."""

    id: str
    version: int
    vendor: str
    type: int
    name: str
    list_type: int
    certificates: tuple[bytes, ...]
    digests: tuple[tuple[str, bytes], ...]
    created: datetime
    valid_from: datetime
    valid_to: datetime
    picture_type: str
    picture: bytes = field(repr=False)
    width_mm: int
    height_mm: int


@dataclass(frozen=True, slots=True)
class Seal:
    """SESeal: ``raw`` as received, ``signed`` the bytes its maker signed, ``timestamp`` over the value (v5)."""

    raw: bytes = field(repr=False)
    form: Form
    info: SealInfo
    maker: Certificate
    algorithm: str
    value: bytes
    signed: bytes = field(repr=False)
    timestamp: bytes | None
    deviations: tuple[Remark, ...]


@dataclass(frozen=True, slots=True)
class SealSignature:
    """SES_Signature. ``signed_at`` is None where only a timestamp token stands in its place (v1)."""

    raw: bytes = field(repr=False)
    form: Form
    seal: Seal
    signed_at: datetime | None
    data_hash: bytes
    property_info: str
    certificate: Certificate
    algorithm: str
    value: bytes
    signed: bytes = field(repr=False)
    timestamp: bytes | None
    deviations: tuple[Remark, ...]


class _Reader:
    """Reads fields with tolerance and remembers what deviated."""

    def __init__(self) -> None:
        self.deviations: list[Remark] = []

    def odd(self, field_name: str) -> None:
        self.deviations.append(remark(Reason.VENDOR_ENCODING, field=field_name))

    def text(self, node: der.Node, tag: int, name: str) -> str:
        if node.tag != tag:
            self.odd(name)
            if node.tag == der.OCTETS:
                return node.content.decode("utf-8", "replace")
        return names.text(node)

    def time(self, node: der.Node, tag: int, name: str) -> datetime:
        moment, standard = times.read(node)
        if node.tag != tag or not standard:
            self.odd(name)
        return moment

    def octets(self, node: der.Node, name: str) -> bytes:
        if node.tag == der.BIT_STRING:
            self.odd(name)
            return node.bit_bytes()
        return node.expect(der.OCTETS).content

    def bits(self, node: der.Node, name: str) -> bytes:
        if node.tag == der.OCTETS:
            self.odd(name)
            return node.content
        return node.bit_bytes()

    def certificate(self, node: der.Node, name: str) -> Certificate:
        if node.tag == der.SEQUENCE:
            self.odd(name)
            return Certificate.from_der(node.raw)
        return Certificate.from_der(self.octets(node, name))

    def algorithm(self, node: der.Node, name: str) -> str:
        if node.tag == der.SEQUENCE:
            self.odd(name)
            return node.items(1, 2)[0].dotted()
        return node.dotted()


def _certificate_list(node: der.Node, list_type: int, reader: _Reader) -> tuple[tuple[bytes, ...],
                                                                                tuple[tuple[str, bytes], ...]]:
    certificates: list[bytes] = []
    digests: list[tuple[str, bytes]] = []
    for item in node.items(0, MAX_LIST):
        if list_type == DIGESTS:
            kind, value = item.items(2, 2)
            digests.append((names.text(kind), reader.octets(value, "certDigestList")))
        elif item.tag == der.SEQUENCE:
            reader.odd("certList")
            certificates.append(item.raw)
        else:
            certificates.append(item.expect(der.OCTETS).content)
    return tuple(certificates), tuple(digests)


def _info(node: der.Node, form: Form, reader: _Reader) -> SealInfo:
    parts = node.items(4, 5)
    kind, version, vendor = parts[0].items(3, 3)
    if reader.text(kind, der.IA5, "header.ID") != "ES":
        raise MalformedInput(kind.place, "not ES")
    prop = parts[2].items(6, 6) if form is Form.V1 else parts[2].items(7, 7)
    if form is Form.V1:
        list_type, rest = CERTIFICATES, prop[2:]
        tag = der.UTC_TIME
    else:
        list_type, rest = prop[2].int(), prop[3:]
        tag = der.GENERALIZED
    if list_type not in (CERTIFICATES, DIGESTS):
        raise MalformedInput(prop[2].place, "certListType")
    certificates, digests = _certificate_list(rest[0], list_type, reader)
    created, start, end = (reader.time(n, tag, f) for n, f in
                           zip(rest[1:], ("createDate", "validStart", "validEnd"), strict=True))
    picture = parts[3].items(4, 4)
    return SealInfo(
        reader.text(parts[1], der.IA5, "esID"), version.int(), reader.text(vendor, der.IA5, "header.Vid"),
        prop[0].int(), reader.text(prop[1], der.UTF8, "name"), list_type, certificates, digests,
        created, start, end, reader.text(picture[0], der.IA5, "picture.type").lower(),
        reader.octets(picture[1], "picture.data"), picture[2].int(8), picture[3].int(8))


def _form_of(node: der.Node, count: int) -> Form:
    if count == 2:
        return Form.V1
    version = node.items(4, 5)[0].items(3, 3)[1].int()
    if count == 5 or version == 5:
        return Form.V5
    return Form.V4


def _timestamp(node: der.Node, reader: _Reader, name: str) -> bytes:
    if node.tag == 0xA0:
        return node.items(1, 1, 0xA0)[0].bit_bytes()
    reader.odd(name)  # seen untagged
    return node.bit_bytes()


def _seal(node: der.Node) -> Seal:
    parts = node.items(2, 5)
    if len(parts) == 3:
        raise MalformedInput(node.place, "3 elements")
    reader = _Reader()
    form = _form_of(parts[0], len(parts))
    info = _info(parts[0], form, reader)
    timestamp = None
    if form is Form.V1:
        maker, algorithm, value = parts[1].items(3, 3)
        signed = der.seq(parts[0].raw, maker.raw, algorithm.raw)
    else:
        maker, algorithm, value = parts[1:4]
        signed = parts[0].raw
        if len(parts) == 5:
            timestamp = _timestamp(parts[4], reader, "timeStamp")
    return Seal(node.raw, form, info, reader.certificate(maker, "cert"), reader.algorithm(algorithm, "signAlgID"),
                reader.bits(value, "signedValue"), signed, timestamp, tuple(reader.deviations))


def read_seal(data: bytes) -> Seal:
    """A seal in DER or PEM; MalformedInput where it is none."""
    return _seal(der.parse(pem_or_der(data), "seal"))


def _signing_time(node: der.Node, reader: _Reader) -> tuple[datetime | None, bytes | None]:
    """timeInfo of v1: the text of a time, or a timestamp token."""
    if node.tag in (der.UTC_TIME, der.GENERALIZED):
        return reader.time(node, der.BIT_STRING, "timeInfo"), None
    content = reader.bits(node, "timeInfo")
    if content[:1] == b"\x30":
        return None, content
    if content[:1] in (b"\x17", b"\x18"):
        return times.read(der.parse(content, node.place))[0], None
    return times.parse_text(content.decode("latin-1"), node.place), None


def read_signature(data: bytes) -> SealSignature:
    """A SES_Signature in DER; MalformedInput where it is none."""
    node = der.parse(pem_or_der(data), "ses_signature")
    parts = node.items(2, 5)
    reader = _Reader()
    tbs = parts[0].items(5, 7)
    tbs[0].int()
    seal = _seal(tbs[1])
    reader.deviations += seal.deviations
    token: bytes | None = None
    moment: datetime | None
    if len(parts) == 2:
        if len(tbs) != 7:
            raise MalformedInput(parts[0].place, f"{len(tbs)} elements")
        moment, token = _signing_time(tbs[2], reader)
        certificate, algorithm = tbs[5], tbs[6]
        value = parts[1]
        form = Form.V1
        if seal.form is not Form.V1:
            reader.odd("eseal")
    else:
        if len(parts) == 3 or len(tbs) == 7:
            raise MalformedInput(node.place, "number of elements")
        moment = reader.time(tbs[2], der.GENERALIZED, "timeInfo")
        certificate, algorithm, value = parts[1:4]
        form = seal.form
        if len(parts) == 5:
            token = _timestamp(parts[4], reader, "timeStamp")
        if len(tbs) == 6 and tbs[5].tag != 0xA0:
            reader.odd("extDatas")
    return SealSignature(
        node.raw, form, seal, moment, reader.bits(tbs[3], "dataHash"),
        reader.text(tbs[4], der.IA5, "propertyInfo"), reader.certificate(certificate, "cert"),
        reader.algorithm(algorithm, "signatureAlgID"), reader.bits(value, "signature"), parts[0].raw, token,
        tuple(reader.deviations))
