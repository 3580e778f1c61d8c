"""Recomputing an award of 1,000 vendors by five experts over ten items: with all signatures, and the sums alone."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from decimal import Decimal

import numpy as np

from evaluation.ranking import RankingRules, Standing, rank
from evaluation.recompute import recompute
from evaluation.scoring import ScoringRules
from tools.bench._package import Maker
from tools.bench.figures import Figure

VENDORS, ITEMS = 1_000, 10


def _medians(works: list[Callable[[], object]], times: int = 15) -> list[float]:
    """Processor seconds of each, in turns, so that what else the machine does falls on all alike."""
    seconds: list[list[float]] = [[] for _ in works]
    for _ in range(times):
        for at, work in enumerate(works):
            started = time.process_time()
            work()
            seconds[at].append(time.process_time() - started)
    return [statistics.median(row) for row in seconds]


def measure() -> Iterator[Figure]:
    """The whole package once; then the ranking of its table beside numpy on the same table."""
    maker = Maker(vendors=VENDORS, items=ITEMS, quota=10, eventful=False)
    package = maker.sealed()
    started = time.perf_counter()
    outcome = recompute(package)
    seconds = time.perf_counter() - started
    assert outcome.ok, [row.sentence for row in outcome.differences[:5]]
    checks = float(outcome.facts["signature_seconds"])
    size = f"{VENDORS} vendors × 5 experts × {ITEMS} items"
    yield Figure(f"recompute: {size}, {outcome.facts['signatures']} signatures", seconds, "s")
    yield Figure("recompute: share of the signature checks", 100 * checks / seconds, "%")
    yield Figure("recompute: everything but the signature checks", seconds - checks, "s")

    # The same table, Decimals as they are read from the sheets: numpy's exact sum over objects and a sort of
    # the sums, beside the ranking, which checks every value against the plan and settles ties on top.
    scoring = ScoringRules.from_plan(maker.rules["scoring"])
    rules = RankingRules.from_plan(maker.rules["ranking"])
    table = [
        Standing(str(vendor), {key: list(values.values()) for key, values in by_key.items()})
        for vendor, by_key in maker.scores.items()
    ]
    rows = [[value for values in row.scores.values() for value in values] for row in table]

    def plain() -> object:
        sums = np.array(rows, dtype=object).sum(axis=1)
        return np.argsort(-sums, kind="stable")

    def floats() -> object:
        sums = np.array(rows, dtype=float).sum(axis=1)
        return np.argsort(-sums, kind="stable")

    assert isinstance(rows[0][0], Decimal)
    ranking, exact, quick = _medians(
        [lambda: rank(table, scoring=scoring, rules=rules, lottery="30571"), plain, floats]
    )
    yield Figure("ranking of the table, ties and range checks included", 1000 * ranking, "ms")
    yield Figure("numpy sum and sort of the same Decimals", 1000 * exact, "ms")
    yield Figure("ranking against that", ranking / exact, "times", at_most=5)
    yield Figure("numpy sum and sort, read as floats", 1000 * quick, "ms")
    yield Figure("ranking against that (floats are not exact: told, not judged)", ranking / quick, "times")
