"""Bytes from a visitor on their way to a verification: bounded, on the disk for as long as it takes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from flask import current_app, request

from app import clock
from app.errors import Refusal, TooLarge
from app.responses.content import clean_name
from app.storage import PIECE
from app.templating import show_size
from app.verification.examine import examine

#: What a form or a multipart request holds beside its files.
SLACK = 64 * 1024


def most() -> int:
    """The most bytes of one file."""
    return int(current_app.config["SETTINGS"].verify_max_bytes)


def bound_request() -> None:
    """Let this request hold two files of the largest size and no more. Call before its form is read."""
    request.max_content_length = 2 * most() + SLACK
    if request.content_length is not None and request.content_length > request.max_content_length:
        raise TooLarge("verify_too_big", most=show_size(most()))


@contextmanager
def _on_disk(source: IO[bytes]) -> Iterator[Path]:
    """The bytes under a path of their own, gone afterwards."""
    limit, size = most(), 0
    with tempfile.NamedTemporaryFile(prefix="verify-") as copy:
        while piece := source.read(PIECE):
            size += len(piece)
            if size > limit:
                raise TooLarge("verify_too_big", most=show_size(limit))
            copy.write(piece)
        copy.flush()
        yield Path(copy.name)


def report_on(source: IO[bytes], name: str, content: IO[bytes] | None = None) -> dict[str, Any]:
    """The report on a visitor's file; nothing of the file stays. Refuses as `examine` does."""
    shown = clean_name(name)
    with _on_disk(source) as path:
        if content is None:
            return examine(path, shown, clock.now(), most=most())
        with _on_disk(content) as beside:
            return examine(path, shown, clock.now(), content=beside, most=most())


def missing(field: Any) -> bool:
    """True where no file was chosen."""
    return field is None or not getattr(field, "filename", "")


def must_be_given(field: Any) -> None:
    """Raise Refusal `verify_none` where no file was chosen."""
    if missing(field):
        raise Refusal("verify_none")
