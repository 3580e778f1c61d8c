"""What a hostile upload really is: told from its bytes, never from its name."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import unicodedata
import zipfile
from typing import IO, Any

from PIL import Image

from app.errors import Refusal
from app.storage import PIECE

MAX_PIXELS = 100_000_000
MAX_MEMBERS = 10_000
MAX_RATIO = 200
MAX_UNPACKED = 8 * 1024**3
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_PDF = (
    "import json,sys,pypdfium2;d=pypdfium2.PdfDocument(sys.argv[1]);m=d.get_metadata_dict();"
    "print(json.dumps({'pages':len(d),'author':m.get('Author','')[:200],'producer':m.get('Producer','')[:200]}))"
)


def clean_name(given: str) -> str:
    """The last part of a file name without control characters, at most 255 bytes of UTF-8."""
    name = given.replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(char for char in name if unicodedata.category(char)[0] != "C").strip(" .")
    stem, dot, suffix = name.rpartition(".")
    if not dot or len(suffix.encode()) > 16:
        stem, dot, suffix = name, "", ""
    room = 255 - len((dot + suffix).encode())
    return (stem.encode()[:room].decode(errors="ignore") + dot + suffix) or "未命名文件"


def examine(handle: IO[bytes]) -> tuple[str, int | None, dict[str, Any]]:
    """Media type, pages and findings of a seekable file. Raises Refusal for what can't be read."""
    head = handle.read(16)
    handle.seek(0)
    if not head:
        raise Refusal("response_file_empty")
    if head.startswith(b"%PDF-"):
        return _pdf(handle)
    if head.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")):
        return _image(handle)
    if head.startswith(b"PK"):
        return _zip(handle)
    raise Refusal("response_file_unknown")


def _limits() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (30, 30))
    resource.setrlimit(resource.RLIMIT_AS, (4 * 1024**3, 4 * 1024**3))


def _pdf(handle: IO[bytes]) -> tuple[str, int | None, dict[str, Any]]:
    with tempfile.NamedTemporaryFile(suffix=".pdf") as copy:
        while piece := handle.read(PIECE):
            copy.write(piece)
        copy.flush()
        try:
            done = subprocess.run(
                [sys.executable, "-I", "-c", _PDF, copy.name],
                capture_output=True, timeout=60, check=False, preexec_fn=_limits,
            )
        except subprocess.TimeoutExpired as error:
            raise Refusal("response_file_damaged") from error
    if done.returncode:
        # Only the last line is the reason; the lines above quote source code that names passwords too.
        reason = done.stderr.strip().rsplit(b"\n", 1)[-1]
        raise Refusal("response_file_encrypted" if b"Incorrect password" in reason else "response_file_damaged")
    facts: dict[str, Any] = json.loads(done.stdout)
    if not facts["pages"]:
        raise Refusal("response_file_damaged")
    return "application/pdf", int(facts["pages"]), facts


def _image(handle: IO[bytes]) -> tuple[str, int | None, dict[str, Any]]:
    try:
        with Image.open(handle, formats=("PNG", "JPEG")) as image:
            kind, (width, height) = image.format, image.size
            if width * height > MAX_PIXELS:
                raise Refusal("response_file_bomb")
            image.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise Refusal("response_file_damaged") from error
    return f"image/{str(kind).lower()}", 1, {"width": width, "height": height}


def _zip(handle: IO[bytes]) -> tuple[str, int | None, dict[str, Any]]:
    try:
        with zipfile.ZipFile(handle) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise Refusal("response_file_damaged") from error
    unpacked = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    if len(members) > MAX_MEMBERS or unpacked > MAX_UNPACKED or unpacked > max(packed, 1024) * MAX_RATIO:
        raise Refusal("response_file_bomb")
    names = {member.filename for member in members}
    if any(name.startswith("/") or ".." in name.replace("\\", "/").split("/") for name in names):
        raise Refusal("response_file_traversal")
    if "OFD.xml" in names:
        return "application/ofd", None, {"members": len(members)}
    if "word/document.xml" in names:
        return DOCX, None, {"members": len(members)}
    return "application/zip", None, {"members": len(members)}
