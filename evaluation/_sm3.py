"""SM3 (GB/T 32905-2016) for a Python whose OpenSSL was built without it: replay needs nothing else."""

from __future__ import annotations

import hashlib
import struct

_MASK = 0xFFFFFFFF
_IV = (
    0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600,
    0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E,
)


def _turn(word: int, by: int) -> int:
    by %= 32
    return ((word << by) | (word >> (32 - by))) & _MASK


def _p0(word: int) -> int:
    return word ^ _turn(word, 9) ^ _turn(word, 17)


def _p1(word: int) -> int:
    return word ^ _turn(word, 15) ^ _turn(word, 23)


def _compress(state: tuple[int, ...], block: bytes) -> tuple[int, ...]:
    words = list(struct.unpack(">16I", block))
    for j in range(16, 68):
        mixed = _p1(words[j - 16] ^ words[j - 9] ^ _turn(words[j - 3], 15))
        words.append(mixed ^ _turn(words[j - 13], 7) ^ words[j - 6])
    a, b, c, d, e, f, g, h = state
    for j in range(64):
        constant = 0x79CC4519 if j < 16 else 0x7A879D8A
        ss1 = _turn((_turn(a, 12) + e + _turn(constant, j)) & _MASK, 7)
        ss2 = ss1 ^ _turn(a, 12)
        if j < 16:
            ff, gg = a ^ b ^ c, e ^ f ^ g
        else:
            ff, gg = (a & b) | (a & c) | (b & c), (e & f) | (~e & _MASK & g)
        tt1 = (ff + d + ss2 + (words[j] ^ words[j + 4])) & _MASK
        tt2 = (gg + h + ss1 + words[j]) & _MASK
        d, c, b, a = c, _turn(b, 9), a, tt1
        h, g, f, e = g, _turn(f, 19), e, _p0(tt2)
    return tuple(old ^ new for old, new in zip(state, (a, b, c, d, e, f, g, h), strict=True))


def sm3_plain(data: bytes) -> bytes:
    """The SM3 digest (32 bytes) by arithmetic alone."""
    padding = b"\x80" + b"\x00" * ((55 - len(data)) % 64)
    message = data + padding + struct.pack(">Q", len(data) * 8)
    state: tuple[int, ...] = _IV
    for start in range(0, len(message), 64):
        state = _compress(state, message[start : start + 64])
    return struct.pack(">8I", *state)


def sm3(data: bytes) -> bytes:
    """The SM3 digest (32 bytes), by OpenSSL where it knows SM3."""
    try:
        return hashlib.new("sm3", data).digest()
    except ValueError:
        return sm3_plain(data)
