"""The opened files of a review, read one at a time in a process of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from sqlalchemy import select

from app.extensions import db
from app.responses import reader as child
from app.responses.content import on_disk
from app.responses.models import Response, ResponseFile
from app.storage import store
from evaluation.models import Candidate, Review

_CHILD = Path(child.__file__)


@dataclass(frozen=True)
class Opened:
    """One opened file of a vendor."""

    vendor: int
    ref: str
    item: str
    name: str
    sm3: str
    blob: str


@dataclass(frozen=True)
class Read:
    """What a file says about its making, and its pages; `unread` says why it could not be read."""

    facts: dict[str, str]
    pages: list[str]
    unread: str = ""


def opened_files(review: Review) -> list[Opened]:
    """Every file of every opened response, vendor by vendor; one statement."""
    rows = db.session.execute(
        select(
            Candidate.number,
            ResponseFile.public_id,
            ResponseFile.item,
            ResponseFile.name,
            ResponseFile.sm3,
            ResponseFile.blob_key,
        )
        .join(Response, Response.id == ResponseFile.response_id)
        .join(Candidate, Candidate.id == Response.candidate_id)
        .where(Candidate.review_id == review.id, ResponseFile.removed_at.is_(None))
        .order_by(Candidate.number, ResponseFile.id)
    )
    return [Opened(*row) for row in rows]


class Reader:
    """The process that reads. Where a file ends it, the next file gets a new one."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.close()
        except OSError:
            pass
        try:
            process.wait(child.SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-I", str(_CHILD)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                encoding="utf-8",
            )
        return self._process

    def read(self, file: Opened) -> Read:
        """Facts and text of a file; one that can't be read is empty and says why. Raises OSError without bytes."""
        with store().open(file.blob) as handle, on_disk(handle) as path:
            answer = self._ask(path)
        if answer is None:
            return Read({}, [], "ended")
        return Read(answer["facts"], answer["pages"], str(answer.get("unread", "")))

    def _ask(self, path: str) -> dict[str, Any] | None:
        process = self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps({"path": path}) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
            found: dict[str, Any] | None = json.loads(line) if line else None
        except (OSError, ValueError):
            found = None
        if found is None:
            self._end()
        return found
