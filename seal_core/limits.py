"""What a stranger's bytes may cost. Each limit is a setting; the defaults suit a public portal."""

from __future__ import annotations

import time
from dataclasses import dataclass

from .errors import MalformedInput

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one verification. Times are processor seconds of the calling thread, so a busy machine lies not."""

    size: int = 1024 * MIB
    entries: int = 10_000
    name: int = 1024
    inflated_floor: int = 64 * MIB  # a package may always inflate to this …
    inflated_ratio: int = 20  # … and beyond it only by this ratio
    xml_bytes: int = 4 * MIB
    xml_nodes: int = 100_000
    xml_depth: int = 64
    signatures: int = 100
    references: int = 20_000
    seal_bytes: int = 8 * MIB
    revisions: int = 100
    fields: int = 5_000
    seconds: float = 1.5
    seconds_per_mib: float = 0.03


DEFAULT = Limits()


class OverBudget(MalformedInput):
    """The input took longer than its budget; nothing is said about it."""


class Budget:
    """The time one input may take: a base and a share for its size."""

    def __init__(self, limits: Limits, size: int) -> None:
        self._end = time.thread_time() + limits.seconds + limits.seconds_per_mib * size / MIB

    def check(self, place: str) -> None:
        if time.thread_time() > self._end:
            raise OverBudget(place, "takes too long")
