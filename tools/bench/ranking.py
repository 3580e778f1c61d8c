"""The ranking of ten thousand vendors by five experts over ten items, ties among them."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from decimal import Decimal

from evaluation.ranking import RankingRules, Standing, rank
from evaluation.scoring import ScoringRules
from tools.bench.figures import Figure

VENDORS, SEATS, ITEMS = 10_000, 5, 10


def _rules() -> ScoringRules:
    items = [
        {"no": number, "name": f"第 {number} 项", "kind": "objective" if number < 5 else "subjective",
         "points": "10", "step": "0.5"}
        for number in range(1, ITEMS + 1)
    ]
    return ScoringRules.from_plan({"total": "100", "step": "0.5", "items": items})


def measure() -> Iterator[Figure]:
    """One ranking, as the staff's button asks for it."""
    chance = random.Random(20230710)
    rules = _rules()
    halves = [Decimal(number) / 2 for number in range(21)]
    standings = [
        Standing(f"{number:05d}", {key: [chance.choice(halves) for _ in range(SEATS)] for key in rules.keys})
        for number in range(VENDORS)
    ]
    ranking = RankingRules(10, ("objective_subtotal", "items_by_weight", "lottery"), 3)
    started = time.perf_counter()
    ranked = rank(standings, scoring=rules, rules=ranking, lottery="20230710")
    seconds = time.perf_counter() - started
    assert len(ranked) == VENDORS and not any(row.tied for row in ranked)
    yield Figure(f"ranking: {VENDORS} vendors × {SEATS} experts × {ITEMS} items", seconds, "s", at_most=1)
