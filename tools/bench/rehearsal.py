"""The rehearsal with 16 and with 160 vendors: its time grows no worse than their number."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from app.rehearsal.run import rehearse
from tools.bench.figures import Figure

FEW, MANY = 16, 160


def _seconds(vendors: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        begun = time.process_time()
        rehearse(Path(folder), vendors=vendors)
        return time.process_time() - begun


def measure() -> Iterator[Figure]:
    """Seconds of the processor for both, and their ratio against the ratio of the vendors."""
    few = _seconds(FEW)
    yield Figure(f"rehearsal, {FEW} vendors", few, "s")
    many = _seconds(MANY)
    yield Figure(f"rehearsal, {MANY} vendors", many, "s")
    yield Figure(f"time of {MANY} vendors against {FEW}", many / few, "times", at_most=MANY / FEW)
