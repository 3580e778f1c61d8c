"""One trial authority and its seals for the tests of seal_core; invented holders, marked 样例."""

from __future__ import annotations

import functools
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from seal_core import Certificate, PrivateKey, Profile, TrialCA, build_csr, der, names
from seal_core.seal import Form, Seal, make_seal
from seal_core.timestamp import stamp
from seal_core.trust import TrustStore

NOW = datetime(2026, 6, 1, 2, 30, tzinfo=UTC)
LATER = NOW + timedelta(days=30)
CREDIT_CODE = "91460000MA5T00000F"


def png(width: int = 4, height: int = 4) -> bytes:
    """A small red PNG with a transparent ground, made without any library."""
    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    rows = b"".join(b"\0" + b"\xd0\x10\x10\xff" * width for _ in range(height))
    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x06\0\0\0"
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@dataclass(frozen=True)
class Holder:
    key: PrivateKey
    certificate: Certificate


@dataclass(frozen=True)
class World:
    """An authority, a seal maker, two units, a timestamp authority, and a store that trusts the authority."""

    ca: TrialCA
    maker: Holder
    unit: Holder
    other: Holder
    tsa: Holder

    @property
    def trust(self) -> TrustStore:
        return TrustStore((self.ca.root, self.ca.certificate))

    def seal(self, form: Form = Form.V4, *, holder: Holder | None = None, picture: bytes | None = None,
             valid: timedelta = timedelta(days=300), stamped: bool = False) -> Seal:
        holder = holder or self.unit
        return make_seal(
            id="46010000000001", name="样例数据有限公司", picture=picture or png(), picture_type="PNG", width_mm=40,
            height_mm=40, holders=[holder.certificate], maker=self.maker.key,
            maker_certificate=self.maker.certificate, created=NOW, valid_from=NOW, valid_to=NOW + valid, form=form,
            stamper=self.stamper(NOW) if stamped else None)

    def stamper(self, now: datetime):  # type: ignore[no-untyped-def]
        return lambda value: stamp(value, self.tsa.key, self.tsa.certificate, now=now)


def holder(ca: TrialCA, name: str, *, profile: Profile = Profile.UNIT_SIGNING, days: int = 365,
           now: datetime = NOW) -> Holder:
    key = PrivateKey.generate()
    csr = build_csr(key, {"C": "CN", "O": name, "CN": name})
    return Holder(key, ca.issue_signing(csr, now=now, days=days, profile=profile, credit_code=CREDIT_CODE))


@functools.cache
def world() -> World:
    ca = TrialCA.create("样例", now=NOW)
    return World(ca, holder(ca, "样例制章单位"), holder(ca, "样例数据有限公司"), holder(ca, "样例另一公司"),
                 holder(ca, "样例时间戳", profile=Profile.TSA))


def old_seal(w: World, *, over_info_alone: bool = False) -> bytes:
    """A seal of GM/T 0031-2014, which the library reads and never writes."""
    cert, algorithm = der.octets(w.maker.certificate.der), der.oid(names.SM2_SM3)
    info = der.seq(
        der.seq(der.tlv(der.IA5, b"ES"), der.integer(1), der.tlv(der.IA5, b"SAMPLE")),
        der.tlv(der.IA5, b"46010000000002"),
        der.seq(der.integer(1), der.tlv(der.UTF8, "样例旧章".encode()), der.seq(der.octets(w.unit.certificate.der)),
                der.utc_time(NOW), der.utc_time(NOW), der.utc_time(NOW + timedelta(days=300))),
        der.seq(der.tlv(der.IA5, b"PNG"), der.octets(png()), der.integer(40), der.integer(40)))
    signed = info if over_info_alone else der.seq(info, cert, algorithm)
    return der.seq(info, der.seq(cert, algorithm, der.bits(w.maker.key.sign(signed))))


def old_signature(w: World, digest: bytes, *, moment: bytes = b"2026-06-01 10:30:00", signer: Holder | None = None,
                  seal: bytes | None = None) -> bytes:
    """A SES_Signature of GM/T 0031-2014; its time is a text."""
    signer = signer or w.unit
    tbs = der.seq(der.integer(1), seal or old_seal(w), der.bits(moment), der.bits(digest),
                  der.tlv(der.IA5, b"/Doc_0/Signs/Sign_0/Signature.xml"), der.octets(signer.certificate.der),
                  der.oid(names.SM2_SM3))
    return der.seq(tbs, der.bits(signer.key.sign(tbs)))


def flip(data: bytes, place: int = -1) -> bytes:
    """The same bytes with one bit changed."""
    changed = bytearray(data)
    changed[place] ^= 1
    return bytes(changed)
