"""Near-identical text among 16, 160 and 1,000 vendors of 12,000 characters each: the cost per vendor stays."""

from __future__ import annotations

import random
import resource
import time
from collections.abc import Iterator

from evaluation.similarity import Index, Occurrence, common_from, fold, passages, shingles
from tools.bench.figures import Figure

FIELDS, CHARACTERS, COPIED = (16, 160, 1000), 12_000, 2_500
LETTERS = [chr(code) for code in range(0x4E00, 0x4E00 + 900)]


def measure() -> Iterator[Figure]:
    """Seconds and compared passages per vendor; the two who copied are found, and nobody else."""
    seconds: dict[int, float] = {}
    compared: dict[int, float] = {}
    for vendors in FIELDS:
        started = time.perf_counter()
        found, index = _field(vendors)
        seconds[vendors] = (time.perf_counter() - started) / vendors
        compared[vendors] = index.compared / vendors
        assert [(row.one, row.other) for row in found] == [(3, 11)], found
        yield Figure(f"{vendors} vendors, per vendor", 1000 * seconds[vendors], "ms")
    yield Figure("    … 1,000 to 16", seconds[1000] / seconds[16], "times", at_most=3)
    yield Figure("    … passages compared, 1,000 vendors, per vendor", compared[1000], at_most=5)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield Figure("    … most memory of the process", peak, "MB")


def _text(vendor: int, copied: str) -> str:
    """What one vendor wrote; made anew each time, as a file is read anew."""
    own = "".join(random.Random(vendor).choices(LETTERS, k=CHARACTERS))
    if vendor in (3, 11):
        return own[: 700 * vendor] + copied + own[700 * vendor :]
    return own


def _field(vendors: int) -> tuple[list, Index]:  # type: ignore[type-arg]
    copied = "".join(random.Random(0).choices(LETTERS, k=COPIED))
    occurrence, index, common = Occurrence(), Index(), common_from(vendors)
    for vendor in range(1, vendors + 1):
        occurrence.add(vendor, shingles(fold(_text(vendor, copied))))
    for vendor in range(1, vendors + 1):
        numbers = shingles(fold(_text(vendor, copied)))
        index.add(vendor, vendor, passages(numbers, lambda number: occurrence(number) >= common))
    return index.shared(vendors), index
