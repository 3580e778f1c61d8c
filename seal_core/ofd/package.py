"""The ZIP package of an OFD: bounded reading, and paths as vendors write them."""

from __future__ import annotations

import posixpath
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..algorithms import Bytes
from ..errors import MalformedInput
from ..limits import DEFAULT, Budget, Limits
from ..report import Reason, Remark, remark
from ..view import View

_END = b"PK\x05\x06"
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Found:
    """A file of the package: its exact name, and how the path had to be read (empty where it was right)."""

    name: str
    tolerated: str = ""


@dataclass(slots=True)
class Package:
    """The files of a package by their names without leading slash."""

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
        package = cls(archive, {}, limits, budget or Budget(limits, len(data)))
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
            name = info.orig_filename.replace("\\", "/")
            if "\\" in info.orig_filename or name.startswith("/"):
                self.findings.append(remark(Reason.PATH_TOLERATED, file=info.orig_filename, how="entry name"))
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
        first = min((i.header_offset for i in infos), default=0)
        end = bytes(data[-22:])
        if first != 0 or not (end.startswith(_END) and end.endswith(b"\0\0")):
            self.findings.append(remark(Reason.FOREIGN_BYTES))

    def names(self) -> list[str]:
        return list(self.entries)

    def _open(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        place = "/" + info.orig_filename
        try:
            with self.archive.open(info) as source:
                while chunk := source.read(_CHUNK):
                    self.budget.check(place)
                    yield chunk
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError,
                struct.error, UnicodeDecodeError) as wrong:
            raise MalformedInput(place, "cannot be inflated") from wrong

    def read(self, name: str, most: int | None = None) -> bytes:
        """The bytes of a file (its last copy), at most ``most`` of them; MalformedInput beyond."""
        info = self.entries[name][-1]
        if info.file_size > (most if most is not None else self.limits.inflated_floor):
            raise MalformedInput("/" + name, "too large", size=info.file_size)
        return b"".join(self._open(info))

    def digests(self, name: str, algorithm: str) -> tuple[bytes, ...]:
        """The digest of every copy of a file; kept, so that many references cost one reading."""
        from ..algorithms import digest_of

        key = (name, algorithm)
        if key not in self._digests:
            self._digests[key] = tuple(digest_of(algorithm, self._open(i)) for i in self.entries[name])
        return self._digests[key]

    def resolve(self, base: str, path: str) -> Found | None:
        """The file that ``path``, written in the file ``base``, means; None where there is none.

        The rule: a leading slash is the root, else relative to the folder of ``base``. Vendors also leave out the
        slash, write another case or a backslash; such a reading is told in ``tolerated``.
        """
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
