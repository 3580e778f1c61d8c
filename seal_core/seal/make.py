"""Making seals and signing with them: v4 of GB/T 38540-2020, and v5 of GM/T 0031-2025."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from .. import der, names
from ..certificates import Certificate
from ..errors import Code, SealError
from ..keys import Signer
from .forms import Form, Seal, SealSignature, read_seal, read_signature

UNIT, PERSON = 1, 2
PICTURES = ("GIF", "BMP", "JPG", "PNG", "SVG", "OFD")
Stamper = Callable[[bytes], bytes]


def _fit(certificate: Certificate, signer: Signer, when: datetime, what: str) -> None:
    usage = certificate.key_usage
    if signer.public_key != certificate.public_key:
        raise SealError(Code.ARGUMENT, why=f"the certificate is not the {what}'s")
    if usage and not usage & {"digitalSignature", "nonRepudiation"}:
        raise SealError(Code.ARGUMENT, why=f"the {what}'s certificate is not for signing")
    if not certificate.not_before <= when <= certificate.not_after:
        raise SealError(Code.ARGUMENT, why=f"the {what}'s certificate is not in force", at=when.isoformat())


def make_seal(*, id: str, name: str, picture: bytes, picture_type: str, width_mm: int, height_mm: int,
              holders: Sequence[Certificate], maker: Signer, maker_certificate: Certificate, created: datetime,
              valid_from: datetime, valid_to: datetime, type: int = UNIT, vendor: str = "yinzhao",
              form: Form = Form.V4, stamper: Stamper | None = None) -> Seal:
    """A seal for the signing certificates ``holders``, made and signed by ``maker`` at ``created``.

    The maker's certificate is checked before anything is made. ``stamper`` (v5) gives a timestamp token over the
    seal's signature value. Sizes are whole millimetres, as the standard writes them.
    """
    kind = picture_type.upper()
    if form is Form.V1 or kind not in PICTURES or not picture or not holders or not id.isascii() or not id:
        raise SealError(Code.ARGUMENT, why="form, picture, holders or id")
    if not (0 < width_mm <= 500 and 0 < height_mm <= 500) or not valid_from < valid_to or not name:
        raise SealError(Code.ARGUMENT, why="size, validity or name")
    if stamper is not None and form is not Form.V5:
        raise SealError(Code.ARGUMENT, why="only a v5 seal carries a timestamp")
    _fit(maker_certificate, maker, created, "maker")
    info = der.seq(
        der.seq(der.tlv(der.IA5, b"ES"), der.integer(4 if form is Form.V4 else 5),
                der.tlv(der.IA5, vendor.encode("ascii"))),
        der.tlv(der.IA5, id.encode("ascii")),
        der.seq(der.integer(type), der.tlv(der.UTF8, name.encode()), der.integer(1),
                der.seq(*(der.octets(c.der) for c in holders)),
                der.generalized(created), der.generalized(valid_from), der.generalized(valid_to)),
        der.seq(der.tlv(der.IA5, kind.encode()), der.octets(picture), der.integer(width_mm),
                der.integer(height_mm)))
    value = maker.sign(info)
    token = der.tlv(0xA0, der.bits(stamper(value))) if stamper else b""
    return read_seal(der.seq(info, der.octets(maker_certificate.der), der.oid(names.SM2_SM3), der.bits(value),
                             token))


def sign_with_seal(seal: Seal, data_hash: bytes, property_info: str, signer: Signer, certificate: Certificate, *,
                   now: datetime, stamper: Stamper | None = None) -> SealSignature:
    """SES_Signature over ``data_hash`` (32 bytes of SM3) in the seal's own form.

    Refused (ARGUMENT) where the seal does not name the certificate, or seal or certificate are not in force.
    """
    if seal.form is Form.V1 or len(data_hash) != 32 or not property_info.isascii():
        raise SealError(Code.ARGUMENT, why="form, digest or property")
    _fit(certificate, signer, now, "signer")
    if certificate.der not in seal.info.certificates:
        raise SealError(Code.ARGUMENT, why="the seal does not name this certificate")
    if not seal.info.valid_from <= now <= seal.info.valid_to:
        raise SealError(Code.ARGUMENT, why="the seal is not in force", at=now.isoformat())
    tbs = der.seq(der.integer(4 if seal.form is Form.V4 else 5), seal.raw, der.generalized(now),
                  der.bits(data_hash), der.tlv(der.IA5, property_info.encode("ascii")))
    value = signer.sign(tbs)
    token = der.tlv(0xA0, der.bits(stamper(value))) if stamper else b""
    return read_signature(der.seq(tbs, der.octets(certificate.der), der.oid(names.SM2_SM3), der.bits(value),
                                  token))
