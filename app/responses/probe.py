"""Opens one uploaded file in a process of its own and tells what it holds, as one line of JSON.

Run as `python -I probe.py PATH`. Decoders of PDF, pictures and archives are where hostile files bite, so
memory and time are limited here, and a crash costs nothing but this process.
"""

from __future__ import annotations

import json
import mmap
import resource
import sys
import zipfile
from typing import Any

SECONDS = 60
MEMORY = 3 * 1024**3
MAX_PIXELS = 100_000_000
MAX_MEMBERS = 10_000
MAX_RATIO = 200
MAX_UNPACKED = 8 * 1024**3
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
#: A PDF ends with its mark; what follows it in practice is a few bytes of transport.
TAIL = 4096


class Refused(Exception):
    """The file can't be taken; the argument is the code of the refusal."""


def look(path: str) -> tuple[str, int | None, dict[str, Any]]:
    """Media type, pages and findings of the file at a path. Raises Refused."""
    with open(path, "rb") as handle:
        head = handle.read(16)
    if head.startswith(b"%PDF-"):
        return _pdf(path)
    if head.startswith(b"PK"):
        return _archive(path)
    return _picture(path)


def _pdf(path: str) -> tuple[str, int | None, dict[str, Any]]:
    import pypdfium2

    with open(path, "rb") as handle:
        end = handle.seek(0, 2)
        handle.seek(max(0, end - TAIL))
        # The reader mends a cut file silently and shows fewer pages.
        if b"%%EOF" not in handle.read():
            raise Refused("response_file_damaged")
    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        locked = "password" in str(error).lower()
        raise Refused("response_file_encrypted" if locked else "response_file_damaged") from error
    pages = len(document)
    if not pages:
        raise Refused("response_file_damaged")
    said = document.get_metadata_dict()
    signatures = max(0, int(pypdfium2.raw.FPDF_GetSignatureCount(document.raw)))
    findings = {
        "author": said.get("Author", "")[:200],
        "producer": said.get("Producer", "")[:200],
        "signatures": signatures,
        "signed": signatures > 0 or _holds(path, b"/ByteRange"),
    }
    return "application/pdf", pages, findings


def _holds(path: str, mark: bytes) -> bool:
    """True where the raw file holds the mark; no signature of any revision can do without its byte range."""
    with open(path, "rb") as handle, mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return data.find(mark) >= 0


def _picture(path: str) -> tuple[str, int | None, dict[str, Any]]:
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    try:
        with Image.open(path, formats=("PNG", "JPEG")) as image:
            kind, (width, height) = str(image.format), image.size
            if width * height > MAX_PIXELS:
                raise Refused("response_file_bomb")
            image.load()
    except Image.DecompressionBombError as error:
        raise Refused("response_file_bomb") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise Refused("response_file_damaged") from error
    return f"image/{kind.lower()}", 1, {"width": width, "height": height}


def _archive(path: str) -> tuple[str, int | None, dict[str, Any]]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            first = next((row for row in members if row.filename in ("OFD.xml", "word/document.xml")), None)
            if first is not None and not first.flag_bits & 1:
                # A damaged member shows at its first bytes; the rest is the reader's business.
                with archive.open(first) as handle:
                    handle.read(64)
    except MemoryError as error:
        raise Refused("response_file_bomb") from error
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError) as error:
        raise Refused("response_file_damaged") from error
    unpacked = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    if len(members) > MAX_MEMBERS or unpacked > MAX_UNPACKED or unpacked > max(packed, 1024) * MAX_RATIO:
        raise Refused("response_file_bomb")
    names = {member.filename for member in members}
    if any(name.startswith("/") or ".." in name.replace("\\", "/").split("/") for name in names):
        raise Refused("response_file_traversal")
    if any(member.flag_bits & 1 for member in members) or any(
        name.endswith("Encryptions.xml") for name in names
    ):
        raise Refused("response_file_encrypted")
    if "OFD.xml" in names:
        signed = sum(name.endswith("Signature.xml") for name in names)
        return "application/ofd", None, {"members": len(members), "signatures": signed}
    if not any(not member.is_dir() for member in members):
        raise Refused("response_file_empty")
    if "word/document.xml" in names:
        return DOCX, None, {"members": len(members)}
    return "application/zip", None, {"members": len(members)}


def main(path: str) -> None:
    """Print what the file holds, or the code of the refusal."""
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        media_type, pages, findings = look(path)
        said: dict[str, Any] = {"media_type": media_type, "pages": pages, "findings": findings}
    except Refused as refused:
        said = {"refused": str(refused)}
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    main(sys.argv[1])
