"""Distinguished names and extensions of certificates, in DER."""

from __future__ import annotations

from . import der
from .errors import Code, MalformedInput, SealError

# What the names of trial certificates carry: data of the certificates, not wording of an interface.
TRIAL, TRIAL_ROOT, TRIAL_ISSUING = "试用", "根证书", "签发证书"
SM2_SM3 = "1.2.156.10197.1.501"
SIGNATURE_OIDS = (SM2_SM3, "1.2.156.10197.1.301.1")
ALGORITHM = der.seq(der.oid(SM2_SM3))
ATTRIBUTES = {"C": "2.5.4.6", "ST": "2.5.4.8", "L": "2.5.4.7", "O": "2.5.4.10", "OU": "2.5.4.11",
              "CN": "2.5.4.3", "serialNumber": "2.5.4.5"}
_SHORT = {v: k for k, v in ATTRIBUTES.items()}
CREDIT_CODE = "1.2.156.10260.4.1.4"
CREDIT_CODES = (CREDIT_CODE, "1.2.156.10260.4.4", "1.2.86.11.7.3")
KEY_USAGES = ("digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement",
              "keyCertSign", "cRLSign", "encipherOnly", "decipherOnly")
_TEXTS = {0x0C: "utf-8", 0x13: "ascii", 0x16: "ascii", 0x14: "latin-1", 0x1E: "utf-16-be", 0x1C: "utf-32-be"}


def text(node: der.Node) -> str:
    """The text of one of the string types."""
    coding = _TEXTS.get(node.tag)
    if coding is None:
        raise MalformedInput(node.place, "text")
    try:
        return node.content.decode(coding)
    except UnicodeDecodeError:  # seen in vendors' files: national text under another tag
        return node.content.decode("gb18030", "replace")


def build_name(subject: dict[str, str]) -> bytes:
    """An RDNSequence from ``{"C": …, "O": …, "CN": …}`` in the order given."""
    parts = []
    for short, value in subject.items():
        if short not in ATTRIBUTES or not value or len(value) > 128:
            raise SealError(Code.ARGUMENT, attribute=short)
        tag = der.PRINTABLE if short in ("C", "serialNumber") and value.isascii() else der.UTF8
        value_der = der.tlv(tag, value.encode())
        parts.append(der.tlv(der.SET, der.seq(der.oid(ATTRIBUTES[short]), value_der)))
    return der.seq(*parts)


def read_name(node: der.Node) -> tuple[tuple[str, str], ...]:
    found = []
    for rdn in node.items(0, 64):
        for pair in rdn.items(1, 8, der.SET):
            kind, value = pair.items(2, 2)
            found.append((_SHORT.get(kind.dotted(), kind.dotted()), text(value)))
    return tuple(found)


def extension(oid: str, value: bytes, *, critical: bool = False) -> bytes:
    parts = [der.oid(oid), *([der.boolean(True)] if critical else []), der.octets(value)]
    return der.seq(*parts)


def read_extensions(node: der.Node) -> dict[str, tuple[bool, bytes]]:
    """oid → (critical, value); a repeated extension is refused."""
    found: dict[str, tuple[bool, bytes]] = {}
    for item in node.items(0, 100):
        parts = item.items(2, 3)
        name = parts[0].dotted()
        if name in found:
            raise MalformedInput(item.place, "extension twice")
        critical = len(parts) == 3 and parts[1].expect(1).content != b"\0"
        found[name] = (critical, parts[-1].expect(der.OCTETS).content)
    return found


def key_usage(names: tuple[str, ...]) -> bytes:
    value = 0
    last = max(KEY_USAGES.index(n) for n in names)
    for name in names:
        value |= 1 << (15 - KEY_USAGES.index(name))
    raw = value.to_bytes(2, "big")[: last // 8 + 1]
    return der.tlv(der.BIT_STRING, bytes([7 - last % 8]) + raw)


def read_key_usage(value: bytes) -> frozenset[str]:
    content = der.parse(value, "key_usage").expect(der.BIT_STRING).content
    raw = int.from_bytes(content[1:3].ljust(2, b"\0"), "big")
    return frozenset(n for i, n in enumerate(KEY_USAGES) if raw >> (15 - i) & 1)
