"""The ZIP package of an OFD: bounded reading, and paths as vendors write them."""

from __future__ import annotations

import posixpath
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..algorithms import Bytes, digest_of
from ..errors import MalformedInput
from ..limits import DEFAULT, Budget, Limits
from ..report import Reason, Remark, remark
from ..view import View

_END, _ENTRY = b"PK\x05\x06", b"PK\x03\x04"
_DESCRIPTOR = 24  # what may follow an entry's bytes: its sizes and checksum once more
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Found:
    """A file of the package: its exact name, and how the path had to be read (empty where it was right)."""

    name: str
    tolerated: str = ""


@dataclass(slots=True)
class Package:
    """The files of a package by their names without leading slash."""

    data: Bytes
    archive: zipfile.ZipFile
    entries: dict[str, list[zipfile.ZipInfo]]
    limits: Limits
    budget: Budget
    findings: list[Remark] = field(default_factory=list)
    _folded: dict[str, str] = field(default_factory=dict)
    _digests: dict[tuple[str, str], tuple[bytes, ...]] = field(default_factory=dict)

    @classmethod
    def open(cls, data: Bytes, limits: Limits = DEFAULT, budget: Budget | None = None) -> Package:
        """MalformedInput where it is no ZIP, or more than the limits allow."""
        _count(data, limits)
        try:
            archive = zipfile.ZipFile(View(data))
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, struct.error, IndexError,
                OverflowError, UnicodeDecodeError, EOFError) as wrong:
            raise MalformedInput("zip", str(wrong)[:80]) from wrong
        package = cls(data, archive, {}, limits, budget or Budget(limits, len(data)))
        package._index(data)
        return package

    def _index(self, data: Bytes) -> None:
        infos = self.archive.infolist()
        if len(infos) > self.limits.entries:
            raise MalformedInput("zip", "too many entries")
        total = sum(i.file_size for i in infos)
        room = max(self.limits.inflated_floor, self.limits.inflated_ratio * len(data))
        if total > room:
            raise MalformedInput("zip", "inflates too much", size=total)
        for info in infos:
            written = _written_name(info)
            name = written.replace("\\", "/")
            if name != info.orig_filename or name.startswith("/"):
                self.findings.append(remark(Reason.PATH_TOLERATED, file=written, how="entry name"))
            name = name.lstrip("/")
            if not name or name.endswith("/"):
                continue
            if len(name) > self.limits.name or "\0" in name or info.flag_bits & 1:
                raise MalformedInput("zip", "entry name or encryption", file=name[:80])
            if name != posixpath.normpath(name) or ".." in name.split("/"):
                self.findings.append(remark(Reason.PATH_OUTSIDE, file=name))
            self.entries.setdefault(name, []).append(info)
            self._folded.setdefault(name.lower(), name)
        self.findings += [remark(Reason.DUPLICATE_NAME, file="/" + n) for n, i in self.entries.items() if len(i) > 1]
        self._tiling(data, infos)
        end = bytes(data[-22:])
        if not (end.startswith(_END) and end.endswith(b"\0\0")):
            self.findings.append(remark(Reason.FOREIGN_BYTES, where="after the package"))

    def _tiling(self, data: Bytes, infos: list[zipfile.ZipInfo]) -> None:
        """Entries lie one after the other: readers that go by them see what the directory lists, and nothing else."""
        place = 0
        for info in sorted(infos, key=lambda i: i.header_offset):
            start = info.header_offset
            if start < place:
                raise MalformedInput("/" + info.orig_filename, "entries overlap")
            self._gap(bytes(data[place:start]))
            head = bytes(data[start : start + 30])
            if len(head) < 30 or not head.startswith(_ENTRY):
                raise MalformedInput("/" + info.orig_filename, "no local header")
            place = start + 30 + sum(struct.unpack("<HH", head[26:30])) + info.compress_size
        self._gap(bytes(data[place : self.archive.start_dir]))

    def _gap(self, between: bytes) -> None:
        if _ENTRY in between:
            self.findings.append(remark(Reason.HIDDEN_ENTRY))
        elif len(between) > _DESCRIPTOR:
            self.findings.append(remark(Reason.FOREIGN_BYTES, where="between entries"))

    def names(self) -> list[str]:
        return list(self.entries)

    def _open(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        """The inflated bytes of an entry; MalformedInput where name, size or checksum are not as declared."""
        place = "/" + _written_name(info)
        start = info.header_offset
        head = bytes(self.data[start : start + 30])
        if len(head) < 30 or not head.startswith(b"PK\x03\x04"):
            raise MalformedInput(place, "no local header")
        name_size, extra_size = struct.unpack("<HH", head[26:30])
        name = bytes(self.data[start + 30 : start + 30 + name_size])
        if name != _raw_name(info):
            raise MalformedInput(place, "another name in the local header")
        begin = start + 30 + name_size + extra_size
        packed = memoryview(self.data)[begin : begin + info.compress_size]
        checksum = size = 0
        for part in self._inflated(packed, info, place):
            self.budget.check(place)
            checksum, size = zlib.crc32(part, checksum), size + len(part)
            if size > info.file_size:
                break
            yield part
        if size != info.file_size or checksum != info.CRC:
            raise MalformedInput(place, "size or checksum differ")

    def _inflated(self, packed: memoryview, info: zipfile.ZipInfo, place: str) -> Iterator[bytes]:
        if info.compress_type == zipfile.ZIP_STORED:
            yield from (bytes(packed[i : i + _CHUNK]) for i in range(0, len(packed), _CHUNK))
            return
        if info.compress_type != zipfile.ZIP_DEFLATED:
            raise MalformedInput(place, "compression not supported", method=info.compress_type)
        engine = zlib.decompressobj(-15)
        try:
            for i in range(0, max(1, len(packed)), _CHUNK):
                rest: bytes | memoryview = packed[i : i + _CHUNK]
                while True:
                    yield engine.decompress(rest, _CHUNK)
                    rest = engine.unconsumed_tail
                    if not rest:
                        break
            yield engine.flush()
        except zlib.error as wrong:
            raise MalformedInput(place, "cannot be inflated") from wrong

    def read(self, name: str, most: int | None = None) -> bytes:
        """The bytes of a file (its last copy), at most ``most`` of them; MalformedInput beyond."""
        info = self.entries[name][-1]
        if info.file_size > (most if most is not None else self.limits.inflated_floor):
            raise MalformedInput("/" + name, "too large", size=info.file_size)
        return b"".join(self._open(info))

    def digests(self, name: str, algorithm: str) -> tuple[bytes, ...]:
        """The digest of every copy of a file; kept, so that many references cost one reading."""
        key = (name, algorithm)
        if key not in self._digests:
            self._digests[key] = tuple(digest_of(algorithm, self._open(i)) for i in self.entries[name])
        return self._digests[key]

    def resolve(self, base: str, path: str) -> Found | None:
        """The file that ``path``, written in the file ``base``, means; None where there is none.

        The rule: a leading slash is the root, else relative to the folder of ``base``. Vendors also leave out the
        slash, write another case or a backslash; such a reading is told in ``tolerated``.
        """
        if path[:1] == "/" and path[1:] in self.entries and "/." not in path:
            return Found(path[1:])
        written = path.strip()
        clean = written.replace("\\", "/")
        how = ["backslash"] if clean != written else []
        tries: list[tuple[str, list[str]]] = []
        if clean.startswith("/"):
            tries.append((clean, []))
        else:
            tries += [(posixpath.join("/" + posixpath.dirname(base), clean), []), ("/" + clean, ["missing slash"])]
        names = [(posixpath.normpath(t).lstrip("/"), told) for t, told in tries if not _escapes(t)]
        if _escapes(tries[0][0]):
            self.findings.append(remark(Reason.PATH_OUTSIDE, file=path, within="/" + base))
        for name, told in names:
            if name in self.entries:
                return Found(name, ", ".join([*how, *told]))
        for name, told in names:
            if name.lower() in self._folded:
                return Found(self._folded[name.lower()], ", ".join([*how, *told, "case"]))
        return None


def _raw_name(info: zipfile.ZipInfo) -> bytes:
    return info.orig_filename.encode("utf-8" if info.flag_bits & 0x800 else "cp437", "replace")


def _written_name(info: zipfile.ZipInfo) -> str:
    """The name; where no flag says UTF-8, what vendors mean by such bytes: UTF-8 all the same, or GB 18030."""
    if info.flag_bits & 0x800 or info.orig_filename.isascii():
        return info.orig_filename
    raw = _raw_name(info)
    for coding in ("utf-8", "gb18030"):
        try:
            return raw.decode(coding)
        except UnicodeDecodeError:
            continue
    return info.orig_filename


def _escapes(path: str) -> bool:
    """Whether a path steps above the root on its way."""
    depth = 0
    for part in path.split("/"):
        if part == "..":
            depth -= 1
        elif part not in ("", "."):
            depth += 1
        if depth < 0:
            return True
    return False


def _count(data: Bytes, limits: Limits) -> None:
    """Refuse a directory of too many entries before anything is built from it; the declared count may lie."""
    size = len(data)
    tail = bytes(data[max(0, size - 66_000):])
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < 22:
        raise MalformedInput("zip", "no end of directory")
    directory, offset = struct.unpack("<II", tail[at + 12 : at + 20])
    if directory == 0xFFFFFFFF or offset == 0xFFFFFFFF:
        start = 0
    else:
        start = max(0, max(0, size - 66_000) + at - directory)
    found, place = 0, start
    view = data if isinstance(data, bytes | bytearray) else bytes(data[start:])
    place = start if isinstance(data, bytes | bytearray) else 0
    while (place := view.find(b"PK\x01\x02", place)) >= 0:
        found += 1
        place += 4
        if found > limits.entries:
            raise MalformedInput("zip", "too many entries")
