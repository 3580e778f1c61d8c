"""The shape of what the integration's pages send; the rules decide about its content."""

from __future__ import annotations

from datetime import date
from typing import IO

from flask import request
from werkzeug.datastructures import FileStorage

from app.errors import Refusal
from onboarding import trial


def read_text(name: str, most: int = 8000) -> str:
    """A text field, cut to what the column takes."""
    return request.form.get(name, "")[:most]


def read_day(name: str) -> date | None:
    """A date field; unreadable is None."""
    try:
        return date.fromisoformat(request.form.get(name, "").strip())
    except ValueError:
        return None


def read_days(name: str, *, default: int | None = None) -> int:
    """A whole number of working days."""
    text = request.form.get(name, "").strip()
    if not text and default is not None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 4:
        raise Refusal("acceptance_days_number", field=name)
    return int(text)


def read_upload(name: str = "file") -> tuple[IO[bytes] | None, str]:
    """An uploaded file and its name; None where the field was left empty."""
    found: FileStorage | None = request.files.get(name)
    if found is None or not found.filename:
        return None, ""
    return found.stream, found.filename


def read_small(name: str) -> bytes:
    """Bytes of a request or a signature: the uploaded file, or what was pasted into the text field."""
    stream, _file_name = read_upload(f"{name}_file")
    if stream is not None:
        return stream.read(trial.MAX_BYTES + 1)
    return request.form.get(name, "")[: trial.MAX_BYTES + 1].encode("utf-8", "replace")
