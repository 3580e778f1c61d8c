"""Reads opened response files in a process of its own: what they say about their making, and their text.

Run as `python -I reader.py`; one JSON line with a path comes in, one JSON line with the facts and the pages
goes out. A hostile file costs this process at most: memory, time and sizes are limited, an alarm ends a file
that takes too long, and whoever started it goes on behind that file with a new one.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
import zipfile
from typing import Any
from xml.parsers import expat

SECONDS = 30
MEMORY = 3 * 1024**3
#: Characters of text taken from one file, and bytes of one member of an archive.
MAX_TEXT = 400_000
MAX_MEMBER = 24 * 1024**2
MAX_PAGES = 2_000
MAX_PIXELS = 100_000_000
MAX_VALUE = 300
#: EXIF: maker, model, program, artist, serial number of the device.
_EXIF = {0x010F: "maker", 0x0110: "model", 0x0131: "tool", 0x013B: "author"}
_EXIF_SERIAL = 0xA431


class Text:
    """Pages of text up to the limit."""

    def __init__(self) -> None:
        self.pages: list[str] = []
        self.left = MAX_TEXT

    def add(self, page: str) -> bool:
        """Take a page in; False when no more is wanted."""
        # A lone surrogate can't be written out.
        page = page[: self.left].encode("utf-8", "replace").decode("utf-8")
        self.pages.append(page)
        self.left -= len(page)
        return self.left > 0 and len(self.pages) < MAX_PAGES


def read(path: str) -> dict[str, Any]:
    """Facts and pages of the file at a path; what can't be read is empty."""
    with open(path, "rb") as handle:
        head = handle.read(8)
    if head.startswith(b"%PDF-"):
        return _pdf(path)
    if head.startswith(b"PK"):
        return _archive(path)
    if head.startswith((b"\x89PNG", b"\xff\xd8\xff")):
        return _picture(path)
    return {"facts": {}, "pages": []}


def _pdf(path: str) -> dict[str, Any]:
    import ctypes

    import pypdfium2

    document = pypdfium2.PdfDocument(path)
    said = document.get_metadata_dict()
    facts = {
        "author": said.get("Author", ""),
        "tool": " / ".join(part for part in (said.get("Creator", ""), said.get("Producer", "")) if part),
        "created": said.get("CreationDate", ""),
    }
    room = ctypes.create_string_buffer(256)
    size = int(pypdfium2.raw.FPDF_GetFileIdentifier(document.raw, pypdfium2.raw.FILEIDTYPE_PERMANENT, room, 256))
    if 8 < size <= 256:
        facts["document"] = room.raw[: size - 1].hex()
    text = Text()
    for number in range(min(len(document), MAX_PAGES)):
        page = document[number]
        part = page.get_textpage()
        more = text.add(part.get_text_range() if part.count_chars() else "")
        part.close()
        page.close()
        if not more:
            break
    return {"facts": facts, "pages": text.pages}


def _picture(path: str) -> dict[str, Any]:
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    with Image.open(path, formats=("PNG", "JPEG")) as image:
        exif = image.getexif()
        facts = {name: str(exif.get(tag, "")) for tag, name in _EXIF.items()}
        serial = str(exif.get_ifd(0x8769).get(_EXIF_SERIAL, ""))
    if serial.strip():
        facts["device"] = f"{facts['maker']} {facts['model']} {serial}"
    return {"facts": facts, "pages": []}


def _archive(path: str) -> dict[str, Any]:
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if "OFD.xml" in names:
            return _ofd(archive, names)
        if "word/document.xml" in names:
            return _docx(archive, names)
    return {"facts": {}, "pages": []}


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as handle:
        return handle.read(MAX_MEMBER)


def _docx(archive: zipfile.ZipFile, names: list[str]) -> dict[str, Any]:
    facts: dict[str, str] = {}
    if "docProps/core.xml" in names:
        found = _elements(_member(archive, "docProps/core.xml"), {"creator", "lastModifiedBy", "created"})
        facts |= {"author": found.get("creator", ""), "editor": found.get("lastModifiedBy", "")}
        facts["created"] = found.get("created", "")
    if "docProps/app.xml" in names:
        found = _elements(_member(archive, "docProps/app.xml"), {"Application", "AppVersion", "Company"})
        facts["tool"] = " ".join(filter(None, (found.get("Application"), found.get("AppVersion"))))
        facts["company"] = found.get("Company", "")
    text = Text()
    text.add(_words(_member(archive, "word/document.xml"), "t", "p"))
    return {"facts": facts, "pages": text.pages}


def _ofd(archive: zipfile.ZipFile, names: list[str]) -> dict[str, Any]:
    found = _elements(
        _member(archive, "OFD.xml"), {"DocID", "Author", "Creator", "CreatorVersion", "CreationDate"}
    )
    facts = {
        "document": found.get("DocID", ""),
        "author": found.get("Author", ""),
        "tool": " ".join(filter(None, (found.get("Creator"), found.get("CreatorVersion")))),
        "created": found.get("CreationDate", ""),
    }
    text = Text()
    for name in sorted((name for name in names if name.endswith("Content.xml")), key=_in_order):
        if not text.add(_words(_member(archive, name), "TextCode", "TextObject")):
            break
    return {"facts": facts, "pages": text.pages}


def _in_order(name: str) -> tuple[int, str]:
    """Page_2 before Page_10."""
    return len(name), name


class _Parser:
    """An XML parser that knows no document type: nothing can be expanded or fetched."""

    def __init__(self) -> None:
        self.expat = expat.ParserCreate()
        self.expat.StartDoctypeDeclHandler = self._refuse
        self.expat.StartElementHandler = self.begin
        self.expat.EndElementHandler = self.end
        self.expat.CharacterDataHandler = self.data

    def _refuse(self, *_args: Any) -> None:
        raise ValueError("a document type is not read")

    def begin(self, name: str, _attributes: Any) -> None: ...

    def end(self, name: str) -> None: ...

    def data(self, text: str) -> None: ...

    def parse(self, source: bytes) -> None:
        """Read as far as the source is well formed."""
        try:
            self.expat.Parse(source, True)
        except expat.ExpatError:
            return


class _Elements(_Parser):
    def __init__(self, wanted: set[str]) -> None:
        super().__init__()
        self.wanted, self.open, self.found = wanted, "", {}  # type: ignore[var-annotated]

    def begin(self, name: str, _attributes: Any) -> None:
        local = name.rsplit(":", 1)[-1]
        self.open = local if local in self.wanted else ""

    def end(self, name: str) -> None:
        self.open = ""

    def data(self, text: str) -> None:
        if self.open:
            self.found[self.open] = (self.found.get(self.open, "") + text)[:MAX_VALUE]


def _elements(source: bytes, wanted: set[str]) -> dict[str, str]:
    parser = _Elements(wanted)
    parser.parse(source)
    return parser.found


class _Words(_Parser):
    def __init__(self, word: str, line: str) -> None:
        super().__init__()
        self.word, self.line, self.inside, self.left = word, line, False, MAX_TEXT
        self.parts: list[str] = []

    def begin(self, name: str, _attributes: Any) -> None:
        self.inside = name.rsplit(":", 1)[-1] == self.word

    def end(self, name: str) -> None:
        self.inside = False
        if name.rsplit(":", 1)[-1] == self.line:
            self.parts.append("\n")

    def data(self, text: str) -> None:
        if self.inside and self.left > 0:
            self.parts.append(text[: self.left])
            self.left -= len(text)


def _words(source: bytes, word: str, line: str) -> str:
    parser = _Words(word, line)
    parser.parse(source)
    return "".join(parser.parts)


def _answer(path: str) -> dict[str, Any]:
    used = int(sum(resource.getrusage(resource.RUSAGE_SELF)[:2]))
    resource.setrlimit(resource.RLIMIT_CPU, (used + SECONDS, resource.RLIM_INFINITY))
    signal.alarm(SECONDS)
    try:
        found = read(path)
    except Exception as error:
        found = {"facts": {}, "pages": [], "unread": type(error).__name__}
    finally:
        signal.alarm(0)
    found["facts"] = {
        key: value.encode("utf-8", "replace").decode("utf-8").replace("\x00", "").strip()[:MAX_VALUE]
        for key, value in found["facts"].items()
        if value.strip("\x00 \t\r\n")
    }
    return found


def main() -> None:
    """Answer one line per path until nothing more comes."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_answer(json.loads(line)["path"])) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
