"""Reading a PDF's signatures and revisions through pyHanko's reader, within bounds."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .. import der, times
from ..algorithms import Bytes, Content
from ..errors import MalformedInput, SealError
from ..limits import MIB, Budget, Limits
from ..report import Reason, Remark, remark
from ..view import View, skipped

_START = re.compile(rb"startxref\s+(\d{1,12})\s+%%EOF\s*\Z")
_RANGE = re.compile(rb"\s*\[\s*0\s+(\d{1,12})\s+(\d{1,12})\s+\d{1,12}\s*\]")
_HEX = re.compile(rb"<[0-9A-Fa-f]+>")
_DATE = re.compile(r"D:(\d{4})(\d{2})?(\d{2})?(\d{2})?(\d{2})?(\d{2})?(Z|[+-]\d{2}'?\d{2}'?)?.*")


def library(module: str) -> Any:
    """A module of pyHanko, loaded when it is first needed; parts of it carry no types."""
    return importlib.import_module(f"pyhanko.{module}")


@contextmanager
def reading(place: str) -> Iterator[None]:
    """Whatever the PDF library stumbles over in a stranger's file becomes MalformedInput with the place."""
    try:
        yield
    except SealError:
        raise
    except Exception as wrong:  # its parsers raise what the bytes happen to provoke, RecursionError included
        raise MalformedInput(place, f"{type(wrong).__name__}: {wrong}"[:160]) from wrong


def at(node: Any, key: str, default: Any = None) -> Any:
    """The value of a dictionary's key, references followed."""
    return node[key] if hasattr(node, "raw_get") and key in node else default


@dataclass(slots=True)
class Signature:
    """One signature field with a value. ``raw``: the Contents without padding; ``revision`` counts from 0."""

    name: str
    filter: str
    subfilter: str
    type: str
    claimed: datetime | None
    content: Content
    raw: bytes
    end: int
    revision: int
    page: int
    rect: tuple[float, float, float, float] | None
    reasons: list[Remark] = field(default_factory=list)
    findings: list[Remark] = field(default_factory=list)


@dataclass(slots=True)
class Pdf:
    """An open PDF."""

    data: Bytes
    reader: Any
    limits: Limits
    budget: Budget
    gaps: list[tuple[int, int]]
    states: dict[int, Any] = field(default_factory=dict)  # what ``changes`` read of each revision

    @classmethod
    def open(cls, data: Bytes, limits: Limits, budget: Budget) -> Pdf:
        """MalformedInput where it cannot be read, is encrypted by a password, or has too many revisions."""
        with reading("pdf"):
            decoding = library("pdf_utils.decode_limits")
            bounds = decoding.DecodeLimits(
                per_stream=decoding.StreamDecodeLimits(max_ratio=200, ratio_floor=MIB, max_output_size=32 * MIB),
                document_budget=decoding.DocumentDecodeBudget(limits.inflated_floor, limits.inflated_ratio))
            gaps = _gaps(data)
            view = View(data, budget, gaps)
            reader = library("pdf_utils.reader").PdfFileReader(view, strict=False, decode_limits=bounds)
            if reader.encrypted:
                if reader.decrypt(b"").status == library("pdf_utils.crypt").AuthStatus.FAILED:
                    raise MalformedInput("pdf", "encrypted by a password")
            if reader.total_revisions > limits.revisions:
                raise MalformedInput("pdf", "too many revisions")
        return cls(data, reader, limits, budget, gaps)

    def pages(self, root: Any) -> list[Any]:
        """The page dictionaries (as references where they are) of a catalog, in order."""
        found: list[Any] = []
        seen: set[Any] = set()
        stack = [root.raw_get("/Pages")]
        while stack:
            raw = stack.pop()
            self.budget.check("pdf.pages")
            key = getattr(raw, "reference", None) or id(raw)
            if key in seen or len(seen) > 100_000:
                continue
            seen.add(key)
            node = raw.get_object()
            kids = at(node, "/Kids") if hasattr(node, "raw_get") else None
            if kids is not None and at(node, "/Type", "/Pages") != "/Page":
                stack.extend(reversed([kids.raw_get(i) for i in range(len(kids))]))
            elif hasattr(node, "raw_get"):
                found.append(raw)
        return found

    def fields(self, root: Any) -> list[tuple[str, Any]]:
        """Every terminal field: its full name and the field (a reference where it is one)."""
        form = at(root, "/AcroForm")
        listed = at(form, "/Fields") if form is not None and hasattr(form, "raw_get") else None
        found: list[tuple[str, Any]] = []
        seen: set[Any] = set()
        stack = [("", listed.raw_get(i)) for i in reversed(range(len(listed)))] if listed is not None else []
        while stack:
            prefix, raw = stack.pop()
            key = getattr(raw, "reference", None) or id(raw)
            if key in seen:
                continue
            seen.add(key)
            if len(seen) > self.limits.fields:
                raise MalformedInput("pdf.fields", "too many fields")
            node = raw.get_object()
            if not hasattr(node, "raw_get"):
                continue
            part = at(node, "/T")
            name = f"{prefix}.{part}" if prefix and part else prefix or str(part or "")
            kids = at(node, "/Kids")
            named = [] if kids is None else [kids.raw_get(i) for i in range(len(kids))
                                             if "/T" in kids.raw_get(i).get_object()]
            if named:
                stack.extend((name, k) for k in reversed(named))
            else:
                found.append((name, raw))
        return found

    def signatures(self) -> tuple[list[Signature], list[Remark]]:
        """The signatures in the order of their revisions, and what is odd about the file."""
        found: list[Signature] = []
        with reading("pdf.signatures"):
            fields = [(n, r) for n, r in self.fields(self.reader.root) if is_signature(r.get_object())]
            if len(fields) > self.limits.signatures:
                raise MalformedInput("pdf.signatures", "too many signatures", count=len(fields))
            pages = {getattr(p, "reference", None): i for i, p in enumerate(self.pages(self.reader.root), start=1)}
            for name, raw in fields:
                self.budget.check("pdf.signatures")
                found.append(self._signature(name, raw.get_object(), pages))
            found.sort(key=lambda s: (s.end, s.revision))
            return found, self._removed({n for n, _ in fields})

    def _removed(self, present: set[str]) -> list[Remark]:
        """Signatures of earlier revisions that the last one no longer shows."""
        gone: set[str] = set()
        for revision in range(self.reader.total_revisions - 1):
            self.budget.check("pdf.revisions")
            try:
                root = self.reader.get_historical_root(revision)
                gone |= {n for n, r in self.fields(root) if is_signature(r.get_object())} - present
            except MalformedInput:
                raise
            except Exception:  # noqa: S112 (a linearised file's first section is no whole revision)
                continue
        return [remark(Reason.SIGNATURE_REMOVED, field=n) for n in sorted(gone)]

    def _signature(self, name: str, node: Any, pages: dict[Any, int]) -> Signature:
        raw_value = node.raw_get("/V")
        value = raw_value.get_object()
        reasons: list[Remark] = []
        findings: list[Remark] = []
        span, content = self._range(value, reasons)
        place, held = self._contents(value)
        raw = _element(held, findings)
        reference = getattr(raw_value, "reference", None)
        last = self.reader.total_revisions - 1
        revision = self.reader.xrefs.get_last_change(reference) if reference is not None else last
        end = span[2] + span[3] if span else 0
        if span is not None:
            if not self._hole_is(span, place, held):
                reasons.append(remark(Reason.BYTE_RANGE, why="the gap is not the signature's own Contents"))
            elif not self._whole_revision(end, revision):
                findings.append(remark(Reason.NOT_WHOLE_FILE, end=end, size=len(self.data)))
        rect = number_box(at(node, "/Rect"))
        page = pages.get(getattr(node.raw_get("/P"), "reference", None), 0) if "/P" in node else 0
        return Signature(
            name, str(at(value, "/Filter", "")).lstrip("/"), str(at(value, "/SubFilter", "")).lstrip("/"),
            str(at(value, "/Type", "/Sig")).lstrip("/"), _date(at(value, "/M")), content, raw, end, revision,
            page, rect, reasons, findings)

    def _range(self, value: Any, reasons: list[Remark]) -> tuple[tuple[int, ...] | None, Content]:
        listed = at(value, "/ByteRange")
        try:
            span = tuple(int(n) for n in listed) if listed is not None and len(listed) == 4 else ()
        except (TypeError, ValueError):
            span = ()
        size = len(self.data)
        good = (len(span) == 4 and span[0] == 0 and 0 < span[1] < span[2] and span[3] > 0
                and span[2] + span[3] <= size)
        if not good:
            reasons.append(remark(Reason.BYTE_RANGE, why="not two ranges around one gap", range=list(span)))
            return None, Content(b"")
        view = memoryview(self.data)
        return span, Content(view[: span[1]], view[span[2] : span[2] + span[3]])

    def _contents(self, value: Any) -> tuple[int | None, bytes]:
        """The Contents of a signature, and where they stand in the file if that is known."""
        raw = library("pdf_utils.generic").EncryptedObjAccess.RAW
        held = _string(value.raw_get("/Contents", decrypt=raw)) if "/Contents" in value else b""
        gap = skipped(held, self.gaps)
        if gap is None:
            return None, held
        return gap[0], _unhex(bytes(self.data[gap[0] : gap[1]]))

    def _hole_is(self, span: tuple[int, ...], place: int | None, held: bytes) -> bool:
        """Whether the gap of the ranges is exactly the hexadecimal string of the Contents."""
        if place is not None:
            return place == span[1] and (span[1], span[2]) in self.gaps
        hole = bytes(self.data[span[1] : span[2]])
        return hole[:1] == b"<" and hole[-1:] == b">" and _unhex(hole) == held and bool(held)

    def _whole_revision(self, end: int, revision: int) -> bool:
        """Whether the signed bytes end where the revision that holds the signature ends."""
        if not bytes(self.data[end : end + 4096]).strip() and end + 4096 >= len(self.data):
            return True
        found = _START.search(bytes(self.data[max(0, end - 128) : end]))
        if found is None or revision >= self.reader.total_revisions - 1:
            return False
        return bool(int(found[1]) == self.reader.xrefs.get_startxref_for_revision(revision))


def is_signature(node: Any) -> bool:
    """Whether a field is a signature field that is signed."""
    if not hasattr(node, "raw_get") or "/V" not in node:
        return False
    kind = at(node, "/FT")
    parent, depth = node, 0
    while kind is None and "/Parent" in parent and depth < 32:
        parent, depth = parent["/Parent"], depth + 1
        kind = at(parent, "/FT")
    value = at(node, "/V")
    return kind == "/Sig" and hasattr(value, "raw_get")


def media_box(page: Any) -> tuple[float, float, float, float]:
    """A page's own or inherited MediaBox in points; A4 where there is none."""
    node, depth = page, 0
    while depth < 32:
        box = number_box(at(node, "/MediaBox"))
        if box is not None:
            return box
        if "/Parent" not in node:
            break
        node, depth = node["/Parent"], depth + 1
    return 0.0, 0.0, 595.0, 842.0


def number_box(value: Any) -> tuple[float, float, float, float] | None:
    """Four numbers of an array, or None."""
    try:
        a, b, c, d = (float(n) for n in value)
    except (TypeError, ValueError):
        return None
    return a, b, c, d


def _string(value: Any) -> bytes:
    return bytes(getattr(value, "original_bytes", b""))


def _element(held: bytes, findings: list[Remark]) -> bytes:
    """The Contents without the padding of their reserved space."""
    try:
        element, rest = der.first(held, "Contents")
    except MalformedInput:
        return held
    if rest.strip(b"\0"):
        findings.append(remark(Reason.FOREIGN_BYTES, where="Contents"))
    return element


def _unhex(text: bytes) -> bytes:
    """The bytes of ``<hex>``; empty where it is anything else."""
    try:
        return bytes.fromhex(text[1:-1].decode("ascii"))
    except ValueError:
        return b""


def _gaps(data: Bytes) -> list[tuple[int, int]]:
    """Spans of long hexadecimal strings that a ByteRange in the file leaves out."""
    under: Any = data.obj if isinstance(data, memoryview) else data
    whole: Any = under if len(under) == len(data) else data
    found: set[tuple[int, int]] = set()
    place = 0
    for _ in range(1000):
        place = whole.find(b"/ByteRange", place) if hasattr(whole, "find") else -1
        if place < 0:
            break
        place += 10
        match = _RANGE.match(bytes(data[place : place + 200]))
        if match:
            start, end = int(match[1]), int(match[2])
            if end - start > 512 and end <= len(data) and _HEX.fullmatch(bytes(data[start:end])):
                found.add((start, end))
    chosen: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if not chosen or start >= chosen[-1][1]:
            chosen.append((start, end))
    return chosen


def _date(value: Any) -> datetime | None:
    found = _DATE.fullmatch(str(value)) if value is not None else None
    if found is None:
        return None
    parts = [found[i] or d for i, d in zip(range(1, 7), ("", "01", "01", "00", "00", "00"), strict=True)]
    zone = (found[7] or "").replace("'", "")
    try:
        return times.parse_text("".join(parts) + zone)
    except MalformedInput:
        return None
