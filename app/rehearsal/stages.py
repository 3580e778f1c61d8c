"""The steps of a walk in their order, and how far to go."""

from __future__ import annotations

from collections.abc import Callable

from app.rehearsal import after, front, panel, review
from app.rehearsal.cast import patterns
from app.rehearsal.review import Panel
from app.rehearsal.walk import STOPS, Walk, day_after
from app.review import actions, scoring
from evaluation.ranking import RankingRules
from evaluation.scoring import ScoringRules


def _qualify(walk: Walk) -> Panel:
    sitting = panel.seat_panel(walk)
    walk.hand.to(day_after(walk.schedule["review_start"]), 14)
    actions.start_qualification(actor=walk.office("staff"), recruitment=walk.recruitment)
    return sitting


def _settle(walk: Walk, sitting: Panel) -> None:
    """Sheets, the CA's answer and the votes."""
    review.fill_qualification(sitting, walk.vendors)
    walk.work()
    walk.hand.to(day_after(walk.schedule["review_start"], 2), 10)
    votes = review.vote(sitting, walk.vendors)
    groups = review.ca_answers(sitting, walk.office("staff"), walk.vendors)
    passed = sum(row.stage == "qualified" for row in sitting.review.candidates)
    walk.say(f"资格审查：{votes} 项争议表决，{groups} 组同一认证机构，{passed} 家合格")


def _score(walk: Walk, sitting: Panel, *, signing: int | None) -> None:
    walk.hand.to(day_after(walk.schedule["review_start"], 2), 14)
    scoring.start_scoring(actor=walk.office("staff"), recruitment=walk.recruitment)
    rules = ScoringRules.from_plan(sitting.review.rules["scoring"])
    quota = RankingRules.from_plan(sitting.review.rules["ranking"]).quota
    qualified = [row for row in sitting.review.candidates if row.stage == "qualified"]
    order = sorted(qualified, key=lambda row: walk.vendors[row.credit_code].strength or len(qualified))
    strengths = {row.credit_code: place for place, row in enumerate(order, 1)}
    chosen = patterns(rules, count=len(order), seats=sitting.review.seats, quota=quota)
    walk.hand.to(day_after(walk.schedule["review_start"], 3), 9)
    review.fill_scores(sitting, strengths, chosen, signing=signing)
    walk.work()


def walk_to(walk: Walk, stop: str, *, submitted: int | None = None, signing: int | None = None) -> None:
    """Walk from the plan to a stage, inclusive.

    `submitted` is how many vendors have handed in where the walk stops while accepting; `signing` how many
    experts have signed where it stops in the scoring.
    """
    steps: list[tuple[str, Callable[[], None]]] = [
        ("published", lambda: front.publish(walk)),
        ("published", lambda: front.register(walk)),
        ("published", lambda: front.ask(walk)),
        ("accepting", lambda: front.respond(walk, count=submitted if stop == "accepting" else None)),
        ("opened", lambda: front.open_all(walk)),
        ("opened", lambda: panel.fill_pool(walk.cast, walk.offices["admin"])),
        ("opened", lambda: panel.draw(walk)),
    ]
    for stage, step in steps:
        if STOPS.index(stage) <= STOPS.index(stop):
            step()
            walk.work()
    if stop in ("published", "accepting", "opened"):
        return
    sitting = _qualify(walk)
    if stop == "qualification":
        return
    _settle(walk, sitting)
    _score(walk, sitting, signing=signing if stop == "scoring" else None)
    if stop == "scoring":
        return
    after.report(walk, sitting)
    after.publicity(walk, sitting)
    if stop == "publicity":
        return
    after.award(walk)
    after.integrate(walk, whole=stop == "promotion")
    if stop == "integration":
        return
    after.go_live(walk)
