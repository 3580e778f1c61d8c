"""Strict DER, small: writing, and reading with bounds on size, depth and count."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from datetime import UTC, datetime

from .errors import MalformedInput

MAX_DEPTH = 48
MAX_CHILDREN = 20_000

INTEGER, BIT_STRING, OCTETS, NULL, OID, UTF8 = 0x02, 0x03, 0x04, 0x05, 0x06, 0x0C
SEQUENCE, SET, PRINTABLE, IA5, UTC_TIME, GENERALIZED = 0x30, 0x31, 0x13, 0x16, 0x17, 0x18


def tlv(tag: int, content: bytes) -> bytes:
    """One element with a definite, minimal length."""
    n = len(content)
    if n < 0x80:
        return bytes((tag, n)) + content
    size = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(size))) + size + content


def seq(*parts: bytes) -> bytes:
    return tlv(SEQUENCE, b"".join(parts))


def set_of(parts: Iterable[bytes]) -> bytes:
    return tlv(SET, b"".join(sorted(parts)))


def integer(value: int) -> bytes:
    return tlv(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def octets(value: bytes) -> bytes:
    return tlv(OCTETS, value)


def bits(value: bytes) -> bytes:
    return tlv(BIT_STRING, b"\0" + value)


def null() -> bytes:
    return b"\x05\x00"


def boolean(value: bool) -> bytes:
    return b"\x01\x01\xff" if value else b"\x01\x01\x00"


def oid(dotted: str) -> bytes:
    arcs = [int(a) for a in dotted.split(".")]
    out = bytearray()
    for arc in [arcs[0] * 40 + arcs[1], *arcs[2:]]:
        chunk = [arc & 0x7F]
        while arc := arc >> 7:
            chunk.append(0x80 | arc & 0x7F)
        out += bytes(reversed(chunk))
    return tlv(OID, bytes(out))


def generalized(moment: datetime) -> bytes:
    return tlv(GENERALIZED, moment.astimezone(UTC).strftime("%Y%m%d%H%M%SZ").encode())


def utc_time(moment: datetime) -> bytes:
    return tlv(UTC_TIME, moment.astimezone(UTC).strftime("%y%m%d%H%M%SZ").encode())


class Node:
    """One element inside received bytes; ``raw`` is what was received, never a re-encoding.

    Not to be changed once made. Its ``place`` is put together only where an error names it.
    """

    __slots__ = ("_head", "_index", "_up", "depth", "raw", "tag")

    def __init__(self, tag: int, raw: bytes, head: int, up: Node | str, index: int, depth: int) -> None:
        self.tag, self.raw, self._head = tag, raw, head
        self._up, self._index, self.depth = up, index, depth

    @property
    def content(self) -> bytes:
        return self.raw[self._head :]

    @property
    def place(self) -> str:
        return self._up if isinstance(self._up, str) else f"{self._up.place}/{self._index}"

    def children(self) -> list[Node]:
        if not self.tag & 0x20:
            raise MalformedInput(self.place, "not constructed")
        out: list[Node] = []
        pos, raw, depth = self._head, self.raw, self.depth + 1
        end = len(raw)
        while pos < end:
            if len(out) >= MAX_CHILDREN:
                raise MalformedInput(self.place, "too many elements")
            node, pos = _read(raw, pos, self, len(out), depth)
            out.append(node)
        return out

    def expect(self, tag: int) -> Node:
        if self.tag != tag:
            raise MalformedInput(self.place, f"tag {self.tag:#x}, not {tag:#x}")
        return self

    def items(self, least: int, most: int | None = None, tag: int = SEQUENCE) -> list[Node]:
        """The children of a SEQUENCE (or ``tag``), their number within bounds."""
        found = self.expect(tag).children()
        if len(found) < least or (most is not None and len(found) > most):
            raise MalformedInput(self.place, f"{len(found)} elements")
        return found

    def int(self, max_bytes: int = 64) -> int:
        data = self.expect(INTEGER).content
        if not data or len(data) > max_bytes:
            raise MalformedInput(self.place, "integer length")
        if len(data) > 1 and ((data[0] == 0 and data[1] < 0x80) or (data[0] == 0xFF and data[1] >= 0x80)):
            raise MalformedInput(self.place, "integer not minimal")
        return int.from_bytes(data, "big", signed=True)

    def bit_bytes(self) -> bytes:
        data = self.expect(BIT_STRING).content
        if not data or data[0] != 0:
            raise MalformedInput(self.place, "bit string with unused bits")
        return data[1:]

    def dotted(self) -> str:
        try:
            return _dotted(self.expect(OID).content)
        except ValueError as wrong:
            raise MalformedInput(self.place, "object identifier") from wrong

    def time(self) -> datetime:
        text = self.content
        size = {UTC_TIME: 13, GENERALIZED: 15}.get(self.tag)
        if size is None:
            raise MalformedInput(self.place, "not a time")
        digits = text[:-1]
        if len(text) != size or text[-1:] != b"Z" or not digits.isdigit():
            raise MalformedInput(self.place, "time")
        year, rest = int(digits[:-10]), digits[-10:]
        if size == 13:
            year += 2000 if year < 50 else 1900
        month, day, hour, minute, second = (int(rest[i : i + 2]) for i in (0, 2, 4, 6, 8))
        try:
            return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        except ValueError as wrong:
            raise MalformedInput(self.place, "time") from wrong


@functools.lru_cache(maxsize=512)
def _dotted(data: bytes) -> str:
    if not data or data[-1] & 0x80 or len(data) > 64:
        raise ValueError
    arcs: list[int] = []
    value = 0
    for byte in data:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            arcs.append(value)
            value = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(str(a) for a in [first, arcs[0] - 40 * first, *arcs[1:]])


def _read(data: bytes, pos: int, up: Node | str, index: int, depth: int) -> tuple[Node, int]:
    def wrong(why: str) -> MalformedInput:
        return MalformedInput(up if isinstance(up, str) else f"{up.place}/{index}", why)

    if depth > MAX_DEPTH:
        raise wrong("too deep")
    start, room = pos, len(data)
    if pos + 2 > room:
        raise wrong("truncated")
    tag, length = data[pos], data[pos + 1]
    pos += 2
    if tag & 0x1F == 0x1F:
        raise wrong("long tag")
    if length & 0x80:
        count = length & 0x7F
        if not 1 <= count <= 4 or pos + count > room:
            raise wrong("length")
        length = int.from_bytes(data[pos : pos + count], "big")
        if length < 0x80 or length >> (8 * (count - 1)) == 0:
            raise wrong("length not minimal")
        pos += count
    end = pos + length
    if end > room:
        raise wrong("length beyond the end")
    return Node(tag, data[start:end], pos - start, up, index, depth), end


def parse(data: bytes, place: str = "der") -> Node:
    """The single element of ``data``; trailing bytes are refused."""
    node, end = _read(bytes(data), 0, place, 0, 0)
    if end != len(data):
        raise MalformedInput(place, "trailing bytes")
    return node


def first(data: bytes, place: str = "ber") -> tuple[bytes, bytes]:
    """The first element as definite DER, and what follows it (the padding of a reserved space)."""
    if len(data) > 1 and data[1] == 0x80:
        made, end = _definite(data, 0, place, 0)
        return made, data[end:]
    node, end = _read(data, 0, place, 0, 0)
    return node.raw, data[end:]


def definite(data: bytes, place: str = "ber") -> bytes:
    """BER with indefinite lengths (as streams of other products) as definite; definite parts stay verbatim."""
    if len(data) > 1 and not _has_indefinite(data):
        return data
    out, end = _definite(data, 0, place, 0)
    if end != len(data):
        raise MalformedInput(place, "trailing bytes")
    return out


def _has_indefinite(data: bytes) -> bool:
    return data[1] == 0x80


def _definite(data: bytes, pos: int, place: str, depth: int) -> tuple[bytes, int]:
    if depth > MAX_DEPTH:
        raise MalformedInput(place, "too deep")
    if pos + 2 > len(data):
        raise MalformedInput(place, "truncated")
    if data[pos + 1] != 0x80:
        node, end = _read(data, pos, place, 0, depth)
        return node.raw, end
    tag = data[pos]
    if not tag & 0x20:
        raise MalformedInput(place, "indefinite primitive")
    pos += 2
    parts: list[bytes] = []
    while data[pos : pos + 2] != b"\0\0":
        if len(parts) >= MAX_CHILDREN:
            raise MalformedInput(place, "too many elements")
        part, pos = _definite(data, pos, place, depth + 1)
        parts.append(part)
    if tag == 0x24:  # an octet string in pieces becomes one
        return octets(b"".join(parse(p, place).expect(OCTETS).content for p in parts)), pos + 2
    return tlv(tag, b"".join(parts)), pos + 2
