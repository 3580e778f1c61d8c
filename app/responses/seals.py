"""Electronic seals in uploaded files: looked at in the background, told as a hint, as secret as the file.

The order for the work names neither recruitment nor vendor, its result and its errors say nothing: lists of
background work and logs tell nobody that and what a vendor has uploaded.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

from sqlalchemy import delete, select
from sqlalchemy.orm import undefer

from app import clock
from app.audit import Actor, record
from app.errors import Refusal, WrongStage
from app.extensions import action, db, unit_of_work
from app.jobs.registry import order
from app.responses.models import ResponseFile, SealCheck
from app.storage import PIECE, store
from app.verification.examine import examine

log = logging.getLogger(__name__)

PDF, OFD = "application/pdf", "application/ofd"
JOB = "seal_check"
#: Background work may wait for its place.
PATIENCE = 600.0
STALE = timedelta(hours=1)


def begin(file: ResponseFile) -> SealCheck | None:
    """Order the check of a PDF or OFD, inside a unit of work; a picture or a package carries no seals.

    A PDF that the probe of the upload has found without a signature field and without a byte range has its
    answer at once: a signature of any profile needs both.
    """
    if file.media_type not in (PDF, OFD):
        return None
    now = clock.now()
    row = SealCheck(file_id=file.id, ordered_at=now)
    if file.media_type == PDF and file.findings.get("signed") is False:
        row.stage, row.verdict, row.checked_at, row.report = "done", "UNSIGNED", now, _unsigned(file)
    else:
        order(JOB, {"file": file.public_id})
    db.session.add(row)
    db.session.flush()
    return row


def _unsigned(file: ResponseFile) -> dict[str, Any]:
    """The report on a PDF without signatures."""
    return {
        "file": file.name, "size": file.size, "sm3": file.sm3, "format": "pdf", "verdict": "UNSIGNED",
        "trial": False, "at": clock.now().isoformat(), "signatures": [], "findings": [], "pictures": [],
    }


def drop(file: ResponseFile) -> None:
    """Forget what was found in a file that leaves the package, inside a unit of work."""
    db.session.execute(delete(SealCheck).where(SealCheck.file_id == file.id))
    db.session.expire(file, ["seal_check"])


def check(reference: str) -> None:
    """Look at one file and keep the result; a file that is gone or done is passed over.

    Whatever goes wrong is kept with the file as a code, never raised: an error's text would stand in lists.
    """
    file = _waiting(reference)
    if file is None:
        return
    key, name = file.blob_key, file.name
    db.session.rollback()  # no transaction is held while the process works
    report: dict[str, Any] = {}
    refusal = ""
    try:
        with _on_disk(key) as path:
            report = examine(path, name, clock.now(), patience=PATIENCE)
    except Refusal as error:
        refusal = error.code
    except Exception as error:
        log.error("a response file could not be checked for seals: %s", type(error).__name__)
        refusal = "verify_unavailable"
    with unit_of_work():
        file = _waiting(reference)
        if file is None or file.seal_check is None:
            return
        row = file.seal_check
        row.checked_at, row.refusal, row.report = clock.now(), refusal, report
        row.stage = "failed" if refusal else "done"
        row.verdict = str(report.get("verdict", ""))
        row.signatures = len(report.get("signatures", []))


def _waiting(reference: str) -> ResponseFile | None:
    return db.session.scalar(
        select(ResponseFile)
        .join(SealCheck)
        .where(
            ResponseFile.public_id == reference,
            ResponseFile.removed_at.is_(None),
            SealCheck.stage == "waiting",
        )
    )


@contextmanager
def _on_disk(key: str) -> Iterator[Path]:
    """The path of stored bytes; what lies in a bucket is copied for the while."""
    with store().open(key) as handle:
        name = getattr(handle, "name", None)
        if isinstance(name, str) and os.path.isfile(name):
            yield Path(name)
            return
        with tempfile.NamedTemporaryFile(prefix="seals-") as copy:
            _copy(handle, copy)
            yield Path(copy.name)


def _copy(source: IO[bytes], target: Any) -> None:
    while piece := source.read(PIECE):
        target.write(piece)
    target.flush()


def may_be_repeated(file: ResponseFile) -> bool:
    """True where a check failed, was never made, or has waited so long that nobody seems to make it."""
    row = file.seal_check
    if row is None:
        return file.media_type in (PDF, OFD)
    return row.stage == "failed" or (row.stage == "waiting" and clock.now() - row.ordered_at > STALE)


@action
def check_again(*, actor: Actor, file: ResponseFile) -> None:
    """Order the check anew where it failed or was never made.

    Raises WrongStage `seal_check_not_failed` for one that is under way or done, and for what carries no seals.
    """
    if file.removed_at is not None or not may_be_repeated(file):
        raise WrongStage("seal_check_not_failed")
    drop(file)
    if begin(file) is None:
        raise WrongStage("seal_check_not_failed")
    record("response.seals_rechecked", actor=actor, recruitment=file.response.recruitment, subject=file.response)


def report_of(file: ResponseFile) -> dict[str, Any]:
    """The kept report, or an empty one where there is none yet."""
    row = db.session.scalar(
        select(SealCheck)
        .where(SealCheck.file_id == file.id)
        .options(undefer(SealCheck.report))
        .execution_options(populate_existing=True)
    )
    return row.report if row is not None and row.stage == "done" else {}
