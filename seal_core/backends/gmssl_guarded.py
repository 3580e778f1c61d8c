"""gmssl as portable fallback and second opinion, never called bare.

It is not constant time: trial keys only. Nonces come from ``secrets``; C3 is compared here, because the
package does not.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Any

from ..errors import Code, SealError
from . import Point

_N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123


def _kdf(seed: bytes, length: int) -> bytes:
    rounds = range(1, -(-length // 32) + 1)
    return b"".join(hashlib.new("sm3", seed + c.to_bytes(4, "big")).digest() for c in rounds)[:length]


def _hex(point: Point) -> str:
    return f"{point[0]:064x}{point[1]:064x}"


class GmsslBackend:
    """Pure Python SM2; a fresh object per call keeps it thread-safe."""

    name = "gmssl"

    def __init__(self) -> None:
        try:
            from gmssl import sm2
        except ImportError as missing:
            raise SealError(Code.BACKEND_UNAVAILABLE, backend=self.name) from missing
        self._sm2: Any = sm2

    def _engine(self, d: int | None = None, public: Point | None = None) -> Any:
        engine = self._sm2.CryptSM2(private_key="", public_key="", asn1=False)
        engine.private_key = "" if d is None else f"{d:064x}"
        # Assigned after construction: the constructor strips leading 0 and 4 off the key.
        engine.public_key = "" if public is None else _hex(public)
        return engine

    def _times(self, k: int, point: Point | None = None) -> Point:
        engine = self._engine()
        found = engine._kg(k, _hex(point) if point else engine.ecc_table["g"])
        return int(found[:64], 16), int(found[64:128], 16)

    def public_of(self, d: int) -> Point:
        return self._times(d)

    def sign(self, d: int, public: Point, e: bytes, keep: dict[str, object] | None = None) -> tuple[int, int]:
        while True:
            nonce = secrets.randbelow(_N - 1) + 1
            out = self._engine(d, public).sign(e, f"{nonce:064x}")
            if out:
                return int(out[:64], 16), int(out[64:], 16)

    def verify(self, public: Point, e: bytes, r: int, s: int) -> bool:
        if (r + s) % _N == 0:
            return False
        try:
            return bool(self._engine(None, public).verify(f"{r:064x}{s:064x}", e))
        except (TypeError, ValueError):
            return False  # the sum is the point at infinity, which the package cannot print

    def encrypt(self, public: Point, data: bytes) -> tuple[Point, bytes, bytes]:
        while True:
            k = secrets.randbelow(_N - 1) + 1
            c1 = self._times(k)
            x, y = (v.to_bytes(32, "big") for v in self._times(k, public))
            stream = _kdf(x + y, len(data))
            if any(stream):
                break
        c2 = bytes(a ^ b for a, b in zip(data, stream, strict=True))
        return c1, c2, hashlib.new("sm3", x + data + y).digest()

    def decrypt(self, d: int, c1: Point, c2: bytes, c3: bytes) -> bytes | None:
        x, y = (v.to_bytes(32, "big") for v in self._times(d, c1))
        stream = _kdf(x + y, len(c2))
        data = bytes(a ^ b for a, b in zip(c2, stream, strict=True))
        good = any(stream) and hmac.compare_digest(hashlib.new("sm3", x + data + y).digest(), c3)
        return data if good else None
