"""PKCS#12 files with SM2 keys: read, never written. The MAC is checked before anything is opened."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from . import der
from .certificates import Certificate
from .errors import Code, MalformedInput, SealError
from .keys import PBES2, PrivateKey, _open

_DATA, _ENCRYPTED = "1.2.840.113549.1.7.1", "1.2.840.113549.1.7.6"
_KEY_BAG, _SHROUDED, _CERT_BAG = (f"1.2.840.113549.1.12.10.1.{n}" for n in (1, 2, 3))
_TRIPLE_DES = "1.2.840.113549.1.12.1.3"
_MAC = {"1.3.14.3.2.26": "sha1", "2.16.840.1.101.3.4.2.1": "sha256", "1.2.156.10197.1.401": "sm3"}
MAX_ROUNDS = 500_000


def _derive(name: str, password: str, salt: bytes, rounds: int, purpose: int, size: int) -> bytes:
    """The key derivation of RFC 7292 appendix B."""
    v = 64
    secret = password.encode("utf-16-be") + b"\0\0"
    block = b"".join((x * (v // len(x) + 1))[: v] if len(x) <= v else (x * 2)[: -(-len(x) // v) * v]
                     for x in (salt, secret) if x)
    out = b""
    while len(out) < size:
        a = bytes([purpose]) * v + block
        for _ in range(rounds):
            a = hashlib.new(name, a).digest()
        out += a
        b = int.from_bytes((a * (v // len(a) + 1))[:v], "big") + 1
        block = b"".join(((int.from_bytes(block[i : i + v], "big") + b) % (1 << 8 * v)).to_bytes(v, "big")
                         for i in range(0, len(block), v))
    return out[:size]


def _rounds(node: der.Node) -> int:
    count = node.int(8)
    if not 1 <= count <= MAX_ROUNDS:
        raise MalformedInput(node.place, "iterations")
    return count


def _decrypt(algorithm: der.Node, data: bytes, password: str) -> bytes | None:
    """The plain bytes, or None for a cipher that is not supported (RC2-40 of old files)."""
    from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
    from cryptography.hazmat.primitives import padding
    from cryptography.hazmat.primitives.ciphers import Cipher, modes

    name, parameters = algorithm.items(2, 2)
    if name.dotted() == PBES2:
        return _open(der.seq(algorithm.raw, der.octets(data)), password.encode())
    if name.dotted() != _TRIPLE_DES:
        return None
    salt, count = parameters.items(2, 2)
    rounds = _rounds(count)
    key, iv = (_derive("sha1", password, salt.content, rounds, p, n) for p, n in ((1, 24), (2, 8)))
    cipher: Cipher[Any] = Cipher(TripleDES(key), modes.CBC(iv))
    worker, unpadder = cipher.decryptor(), padding.PKCS7(64).unpadder()
    try:
        return unpadder.update(worker.update(data) + worker.finalize()) + unpadder.finalize()
    except ValueError as wrong:
        raise SealError(Code.DECRYPT_FAILED) from wrong


def load_pkcs12(data: bytes, password: str) -> tuple[PrivateKey, tuple[Certificate, ...]]:
    """The SM2 key and the certificates that could be opened; PASSWORD_WRONG where the MAC does not hold."""
    _, safe, mac = der.parse(der.definite(data, "pkcs12"), "pkcs12").items(3, 3)
    content = safe.items(2, 2)[1].items(1, 1, 0xA0)[0].expect(der.OCTETS).content
    parts = mac.items(2, 3)
    kind, value = parts[0].items(2, 2)
    name = _MAC.get(kind.items(1, 2)[0].dotted())
    if name is None:
        raise MalformedInput("pkcs12", "MAC algorithm")
    rounds = _rounds(parts[2]) if len(parts) == 3 else 1
    size = hashlib.new(name).digest_size
    key = _derive(name, password, parts[1].content, rounds, 3, size)
    if not hmac.compare_digest(hmac.digest(key, content, name), value.content):
        raise SealError(Code.PASSWORD_WRONG)
    keys: list[PrivateKey] = []
    certificates: list[Certificate] = []
    for info in der.parse(der.definite(content), "pkcs12.safe").items(1, 10):
        form, body = info.items(2, 2)
        inner = body.items(1, 1, 0xA0)[0]
        opened: bytes | None = None
        if form.dotted() == _DATA:
            opened = inner.expect(der.OCTETS).content
        elif form.dotted() == _ENCRYPTED:
            sealed = inner.items(2, 3)[1].items(3, 3)
            opened = _decrypt(sealed[1], sealed[2].content, password)
        if opened is None:
            continue
        for bag in der.parse(der.definite(opened), "pkcs12.bags").items(0, 50):
            bag_parts = bag.items(2, 3)
            held, what = bag_parts[1].items(1, 1, 0xA0)[0], bag_parts[0].dotted()
            if what == _KEY_BAG:
                keys.append(PrivateKey.from_der(held.raw))
            elif what == _SHROUDED:
                algorithm, secret = held.items(2, 2)
                plain = _decrypt(algorithm, secret.content, password)
                if plain is None:
                    raise SealError(Code.KEY_INVALID, why="protection not supported")
                keys.append(PrivateKey.from_der(plain))
            elif what == _CERT_BAG:
                held_value = held.items(2, 2)[1].items(1, 1, 0xA0)[0].expect(der.OCTETS)
                certificates.append(Certificate.from_der(held_value.content))
    if len(keys) != 1:
        raise MalformedInput("pkcs12", f"{len(keys)} keys")
    return keys[0], tuple(certificates)
