"""What a hostile upload really is: told from its bytes, never from its name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from app.errors import Refusal
from app.responses.probe import DOCX, SECONDS
from app.storage import PIECE

_PROBE = Path(__file__).with_name("probe.py")
#: Beginnings of what can be a response file: PDF, ZIP (also OFD and DOCX), PNG, JPEG.
_HEADS = (b"%PDF-", b"PK\x03\x04", b"PK\x05\x06", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")


def clean_name(given: str) -> str:
    """The last part of a file name without control characters, at most 255 bytes of UTF-8."""
    name = given.replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(char for char in name if unicodedata.category(char)[0] != "C").strip(" .")
    stem, dot, suffix = name.rpartition(".")
    if not dot or len(suffix.encode()) > 16:
        stem, dot, suffix = name, "", ""
    room = 255 - len((dot + suffix).encode())
    return (stem.encode()[:room].decode(errors="ignore") + dot + suffix) or "未命名文件"


@contextmanager
def on_disk(handle: IO[bytes]) -> Iterator[str]:
    """The path of an open file; what has none is copied for the while, a piece at a time."""
    name = getattr(handle, "name", None)
    if isinstance(name, str) and os.path.isfile(name):
        yield name
        return
    with tempfile.NamedTemporaryFile(prefix="probe-") as copy:
        while piece := handle.read(PIECE):
            copy.write(piece)
        copy.flush()
        yield copy.name


def examine(handle: IO[bytes]) -> tuple[str, int | None, dict[str, Any]]:
    """Media type, pages and findings of a seekable file. Raises Refusal for what can't be taken."""
    head = handle.read(16)
    handle.seek(0)
    if not head:
        raise Refusal("response_file_empty")
    if not head.startswith(_HEADS):
        raise Refusal("response_file_unknown")
    with on_disk(handle) as path:
        try:
            done = subprocess.run(
                [sys.executable, "-I", str(_PROBE), path],
                capture_output=True,
                timeout=2 * SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise Refusal("response_file_damaged") from error
    if done.returncode:
        raise Refusal("response_file_damaged")
    said: dict[str, Any] = json.loads(done.stdout)
    if code := said.get("refused"):
        raise Refusal(code)
    return said["media_type"], said["pages"], said["findings"]


__all__ = ["DOCX", "clean_name", "examine", "on_disk"]
