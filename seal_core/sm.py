"""SM2, SM3 and SM4: bytes in, bytes out, every check in this module (GB/T 32918, 32905, 32907)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from typing import Any

from . import der
from .backends import Point, get
from .errors import Code, MalformedInput, SealError

P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A = P - 3
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
GX = 0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7
GY = 0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0
DEFAULT_ID = b"1234567812345678"
_CURVE = b"".join(v.to_bytes(32, "big") for v in (A, B, GX, GY))


def sm3(data: bytes) -> bytes:
    """The SM3 digest, 32 bytes (GB/T 32905)."""
    return hashlib.new("sm3", data).digest()


def hmac_sm3(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, "sm3")


def check_point(public: Point) -> Point:
    """``public`` if it lies on the curve and is not infinity; else MalformedInput."""
    x, y = public
    if not (0 <= x < P and 0 <= y < P) or (y * y - (x * x * x + A * x + B)) % P:
        raise MalformedInput("sm2.point", "not on the curve")
    return public


def point_from_bytes(data: bytes) -> Point:
    """An uncompressed point (04‖X‖Y, or X‖Y), on the curve."""
    if len(data) == 65 and data[0] == 4:
        data = data[1:]
    if len(data) != 64:
        raise MalformedInput("sm2.point", "length or form")
    return check_point((int.from_bytes(data[:32], "big"), int.from_bytes(data[32:], "big")))


def point_to_bytes(public: Point) -> bytes:
    return b"\4" + public[0].to_bytes(32, "big") + public[1].to_bytes(32, "big")


def generate() -> tuple[int, Point]:
    """A new private number in 1..n-2 and its public point."""
    d = secrets.randbelow(N - 2) + 1
    return d, get().public_of(d)


def public_of(d: int, *, backend: str | None = None) -> Point:
    if not 1 <= d <= N - 2:
        raise SealError(Code.KEY_INVALID)
    return check_point(get(backend).public_of(d))


def digest(public: Point, data: bytes, *, user_id: bytes = DEFAULT_ID) -> bytes:
    """e = SM3(Z_A ‖ data) of GB/T 32918.2, with the user id explicit."""
    return digest_parts(public, (data,), user_id=user_id)


def digest_parts(public: Point, parts: Iterable[bytes | bytearray | memoryview], *,
                 user_id: bytes = DEFAULT_ID) -> bytes:
    """The same over ``parts`` one after the other, so that nothing large is copied."""
    if len(user_id) >= 8192:
        raise SealError(Code.ARGUMENT, user_id=len(user_id))
    head = (len(user_id) * 8).to_bytes(2, "big") + user_id + _CURVE
    running = hashlib.new("sm3", sm3(head + point_to_bytes(public)[1:]))
    for part in parts:
        running.update(part)
    return running.digest()


def der_to_raw(signature: bytes) -> bytes:
    """Strict DER SEQUENCE{r, s} → r‖s; refuses anything out of 1..n-1."""
    r, s = (v.int(33) for v in der.parse(signature, "sm2.signature").items(2, 2))
    if not (1 <= r < N and 1 <= s < N):
        raise MalformedInput("sm2.signature", "out of range")
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def raw_to_der(signature: bytes) -> bytes:
    if len(signature) != 64:
        raise MalformedInput("sm2.signature", "length")
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if not (1 <= r < N and 1 <= s < N):
        raise MalformedInput("sm2.signature", "out of range")
    return der.seq(der.integer(r), der.integer(s))


def sign(d: int, data: bytes, *, public: Point | None = None, user_id: bytes = DEFAULT_ID,
         raw: bool = False, backend: str | None = None, keep: dict[str, object] | None = None) -> bytes:
    """Sign ``data``; DER SEQUENCE{r, s}, or r‖s when ``raw``. ``keep`` spares loading the same key again."""
    if not 1 <= d <= N - 2:
        raise SealError(Code.KEY_INVALID)
    engine = get(backend)
    public = check_point(public) if public else engine.public_of(d)
    r, s = engine.sign(d, public, digest(public, data, user_id=user_id), keep)
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return signature if raw else raw_to_der(signature)


def verify(public: Point, data: bytes, signature: bytes, *, user_id: bytes = DEFAULT_ID,
           raw: bool = False, backend: str | None = None) -> bool:
    """Whether the signature holds. A malformed signature or point is simply False."""
    try:
        e = digest(check_point(public), data, user_id=user_id)
    except MalformedInput:
        return False
    return verify_digest(public, e, signature, raw=raw, backend=backend)


def verify_digest(public: Point, e: bytes, signature: bytes, *, raw: bool = False,
                  backend: str | None = None) -> bool:
    """The same for e of ``digest``."""
    try:
        check_point(public)
        pair = der_to_raw(raw_to_der(signature) if raw else signature)
    except MalformedInput:
        return False
    r, s = int.from_bytes(pair[:32], "big"), int.from_bytes(pair[32:], "big")
    if (r + s) % N == 0:
        return False
    return get(backend).verify(public, e, r, s)


FORMS = ("der", "c1c3c2", "c1c2c3")


def pack_cipher(c1: Point, c2: bytes, c3: bytes, form: str = "der") -> bytes:
    if form == "der":
        return der.seq(der.integer(c1[0]), der.integer(c1[1]), der.octets(c3), der.octets(c2))
    if form not in FORMS:
        raise SealError(Code.ARGUMENT, form=form)
    return point_to_bytes(c1) + (c3 + c2 if form == "c1c3c2" else c2 + c3)


def unpack_cipher(data: bytes, form: str = "der") -> tuple[Point, bytes, bytes]:
    """C1 (on the curve), C2, C3 of a cipher in one of ``FORMS``."""
    if form == "der":
        x, y, h, c = der.parse(data, "sm2.cipher").items(4, 4)
        c1, c2, c3 = (x.int(33), y.int(33)), c.expect(der.OCTETS).content, h.expect(der.OCTETS).content
    elif form in FORMS:
        if len(data) < 98 or data[0] != 4:
            raise MalformedInput("sm2.cipher", "length or form")
        c1 = point_from_bytes(data[:65])
        rest = data[65:]
        c3, c2 = (rest[:32], rest[32:]) if form == "c1c3c2" else (rest[-32:], rest[:-32])
    else:
        raise SealError(Code.ARGUMENT, form=form)
    if len(c3) != 32 or not c2:
        raise MalformedInput("sm2.cipher", "C3 or C2 length")
    return check_point(c1), c2, c3


def encrypt(public: Point, data: bytes, *, form: str = "der", backend: str | None = None) -> bytes:
    """SM2 encryption (GB/T 32918.4) of at least one byte."""
    if not data:
        raise SealError(Code.ARGUMENT, data="empty")
    c1, c2, c3 = get(backend).encrypt(check_point(public), data)
    return pack_cipher(c1, c2, c3, form)


def decrypt(d: int, data: bytes, *, form: str = "der", backend: str | None = None) -> bytes:
    """The plain bytes; SealError DECRYPT_FAILED when C3 does not hold."""
    c1, c2, c3 = unpack_cipher(data, form)
    plain = get(backend).decrypt(d, c1, c2, c3)
    if plain is None:
        raise SealError(Code.DECRYPT_FAILED)
    return plain


def sm4(mode: str, key: bytes, data: bytes, *, iv: bytes = b"", encrypting: bool) -> bytes:
    """SM4 in ``ecb`` | ``cbc`` (PKCS#7 padding on cbc) | ``ctr`` | ``gcm`` (16-byte tag at the end)."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives import padding
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    if len(key) != 16:
        raise SealError(Code.ARGUMENT, key=len(key))
    algorithm = algorithms.SM4(key)
    try:
        if mode == "gcm":
            if encrypting:
                worker = Cipher(algorithm, modes.GCM(iv)).encryptor()
                return worker.update(data) + worker.finalize() + worker.tag
            opener = Cipher(algorithm, modes.GCM(iv, data[-16:])).decryptor()
            return opener.update(data[:-16]) + opener.finalize()
        chosen: modes.Mode
        if mode == "ecb":
            chosen = modes.ECB()  # noqa: S305 (one block of key under a fresh key: GB/T 35276)
        elif mode == "cbc":
            chosen = modes.CBC(iv)
        elif mode == "ctr":
            chosen = modes.CTR(iv)
        else:
            raise SealError(Code.ARGUMENT, mode=mode)
        cipher: Cipher[Any] = Cipher(algorithm, chosen)
        if encrypting:
            padder = padding.PKCS7(128).padder()
            padded = padder.update(data) + padder.finalize() if mode == "cbc" else data
            plain = cipher.encryptor()
            return plain.update(padded) + plain.finalize()
        turn = cipher.decryptor()
        out = turn.update(data) + turn.finalize()
        if mode != "cbc":
            return out
        unpadder = padding.PKCS7(128).unpadder()
        return unpadder.update(out) + unpadder.finalize()
    except (ValueError, InvalidTag) as wrong:
        raise SealError(Code.DECRYPT_FAILED if not encrypting else Code.ARGUMENT) from wrong
