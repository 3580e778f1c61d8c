"""What a file's seals and signatures are worth, asked of a process that a hostile file may break."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import current_app

from app.acceptance.authority import revocation_list, trial_authority
from app.config import Settings
from app.errors import Refusal, TooLarge
from app.templating import show_size

PROBE = Path(__file__).with_name("probe.py")
MIB = 1 << 20
#: What seal_core reads at most, however the limits of the portal are set.
MOST = 1024 * MIB
#: How long a visitor waits for a place, in seconds; background work waits longer.
PATIENCE = 15.0

_making = threading.Lock()


class Busy(Refusal):
    """Not now: too many are verifying, or the installation's trust can't be read."""

    status = 503


def examine(
    source: Path | bytes, name: str, at: datetime, *, content: Path | None = None, most: int = MOST,
    patience: float = PATIENCE,
) -> dict[str, Any]:
    """The report of seal_core on a file as seen at `at`, as JSON, with `pictures` of the stamps.

    The verdict is VALID, TRIAL_VALID, INVALID, INDETERMINATE or UNSIGNED: what rests on the trial authority
    is never plainly VALID. `content` is what a detached signature signs. The file is told by its bytes,
    `name` is only shown. Raises Refusal `verify_empty`, `verify_not_document`, `malformed`,
    `verify_too_costly`; TooLarge `verify_too_big` beyond `most` bytes; Busy `verify_busy`,
    `verify_unavailable`. Call outside a unit of work: it takes seconds.
    """
    if isinstance(source, bytes):
        with tempfile.NamedTemporaryFile(prefix="verify-") as copy:
            copy.write(source)
            copy.flush()
            return examine(Path(copy.name), name, at, content=content, most=most, patience=patience)
    size = source.stat().st_size
    if size == 0:
        raise Refusal("verify_empty")
    if size > most:
        raise TooLarge("verify_too_big", most=show_size(most))
    settings: Settings = current_app.config["SETTINGS"]
    share = size // (20 * MIB)
    order = {
        "path": str(source),
        "content": str(content) if content is not None else "",
        "name": name,
        "at": at.isoformat(),
        "most": most,
        "memory": settings.verify_memory_bytes + 2 * size,
        "seconds": settings.verify_cpu_seconds + share,
        **_trust(settings, at),
    }
    with _place(settings, patience):
        told = _ask(order, settings.verify_wall_seconds + 2 * share)
    return _answer(told)


def _trust(settings: Settings, at: datetime) -> dict[str, Any]:
    """The trial authority with what it has revoked, and the folder of production anchors."""
    held = trial_authority()

    def text(data: bytes) -> str:
        return base64.b64encode(data).decode()

    return {
        "anchors": [text(held.root.der)],
        "pool": [text(held.certificate.der)],
        "crls": [text(revocation_list(at))],
        "folder": str(settings.trust_folder.resolve()) if settings.trust_folder is not None else "",
    }


@contextmanager
def _place(settings: Settings, patience: float) -> Iterator[None]:
    with _making:
        places: threading.BoundedSemaphore = current_app.extensions.setdefault(
            "verification_places", threading.BoundedSemaphore(settings.verify_at_once)
        )
    if not places.acquire(timeout=patience):
        raise Busy("verify_busy")
    try:
        yield
    finally:
        places.release()


def _ask(order: dict[str, Any], seconds: float) -> list[dict[str, Any]]:
    """The lines that the process told before it ended, however it ended."""
    # Nothing of this process's surroundings: no address of a database, no secret.
    kept = {name: os.environ[name] for name in ("PATH", "SEAL_CORE_BACKEND", "LD_LIBRARY_PATH") if name in os.environ}
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(PROBE)],
            input=json.dumps(order).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
            cwd="/",
            env={**kept, "LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "2", "OMP_NUM_THREADS": "1"},
        )
        said = done.stdout
    except subprocess.TimeoutExpired as error:
        said = error.stdout or b""
    lines = []
    for line in said.splitlines():
        try:
            lines.append(json.loads(line))
        except ValueError:  # cut in the middle
            break
    return [line for line in lines if isinstance(line, dict)]


def _answer(told: list[dict[str, Any]]) -> dict[str, Any]:
    first = told[0] if told else {"refused": "verify_too_costly"}
    if why := first.get("broken"):
        current_app.logger.error("the folder of trusted certificates can't be read: %s", why)
        raise Busy("verify_unavailable")
    if code := first.get("refused"):
        raise Refusal(code, place=first.get("place", ""))
    report: dict[str, Any] = first["report"]
    report["pictures"] = [line["picture"] for line in told[1:] if "picture" in line]
    return report
