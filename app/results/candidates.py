"""The stages of a ranked vendor from the award on, as data. The qualification settles the ones before."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.audit import Actor
from app.extensions import action, db
from app.permissions import recruitment_of
from app.publication.models import Recruitment
from app.results.common import step
from evaluation.models import Candidate, RankEntry
from evaluation.ranking import Ranked, RankingRules, Selection
from evaluation.ranking import select as choose
from evaluation.workflow import Transition

_BOTH = ("staff", "supervisor")
#: Vendors that hold one of the places now.
ACTIVE = ("selected", "accepted")
RANKED = ("qualified", "selected", "reserve", "not_selected", "accepted")


def _by(role: str | tuple[str, ...], event: str, *, reason: bool = False) -> Transition:
    return Transition(role=role, guard=None, event=event, reason_required=reason)


CANDIDATE_TRANSITIONS: dict[tuple[str, str], Transition] = {
    ("qualified", "selected"): _by(_BOTH, "candidate.selected"),
    ("qualified", "reserve"): _by(_BOTH, "candidate.reserve"),
    ("qualified", "not_selected"): _by(_BOTH, "candidate.not_selected"),
    ("reserve", "selected"): _by((*_BOTH, "vendor", "system"), "candidate.moved_up", reason=True),
    ("selected", "accepted"): _by(("staff", "operator", "system"), "candidate.accepted"),
}
for _stage in ACTIVE:
    CANDIDATE_TRANSITIONS[_stage, "withdrew"] = _by(("staff", "vendor"), "candidate.withdrew", reason=True)
    CANDIDATE_TRANSITIONS[_stage, "removed"] = _by(_BOTH, "candidate.removed", reason=True)
for _stage in ("selected", "reserve", "not_selected", "accepted"):
    # A re-review takes the award back: everybody is ranked anew.
    CANDIDATE_TRANSITIONS[_stage, "qualified"] = _by(_BOTH, "candidate.ranked_anew", reason=True)


def move_candidate(
    candidate: Candidate, to: str, *, actor: Actor, recruitment: Recruitment, reason: str = "", **facts: Any
) -> None:
    """Move a vendor to another stage and leave its event, or raise WrongStage. Call inside a unit of work."""
    step(
        candidate,
        to,
        table=CANDIDATE_TRANSITIONS,
        actor=actor,
        recruitment=recruitment,
        reason=reason,
        refusal="candidate_wrong_stage",
        kind="candidate",
        **facts,
    )


@action
def accept_selected(*, actor: Actor, candidate: Candidate) -> None:
    """The vendor's integration is accepted. Raises WrongStage unless it is selected."""
    recruitment = recruitment_of(candidate)
    assert recruitment is not None
    move_candidate(candidate, "accepted", actor=actor, recruitment=recruitment)


def entries(recruitment: Recruitment) -> list[RankEntry]:
    """The frozen ranking with its vendors, the first in rank first; one statement."""
    return list(
        db.session.scalars(
            select(RankEntry)
            .where(RankEntry.review_id == recruitment.review_id)
            .options(joinedload(RankEntry.candidate))
            .order_by(RankEntry.rank)
        )
    )


def ranking_rules(recruitment: Recruitment) -> RankingRules:
    """Quota, tie chain and least number of vendors, of the plan the review was made under."""
    assert recruitment.review is not None
    return RankingRules.from_plan(recruitment.review.rules["ranking"])


def as_ranked(rows: list[RankEntry]) -> list[Ranked]:
    """Frozen rows as the pure rules read them; the key is the vendor's public id."""
    return [
        Ranked(
            key=row.candidate.public_id,
            rank=row.rank,
            total=row.total,
            seats=row.seats,
            score=row.score,
            objective_total=row.objective_total,
            tie_steps=row.tie_steps,
        )
        for row in rows
    ]


def would_select(recruitment: Recruitment, rows: list[RankEntry]) -> Selection:
    """Who an award would select now, by the frozen ranking and the plan's quota."""
    standing = [row for row in rows if row.candidate.stage in RANKED]
    return choose(as_ranked(standing), ranking_rules(recruitment))


def selection_now(recruitment: Recruitment, rows: list[RankEntry]) -> Selection:
    """Who holds a place and who waits in which order, as it stands after the award and substitutions."""
    rules = ranking_rules(recruitment)

    def keys(*stages: str) -> tuple[str, ...]:
        return tuple(row.candidate.public_id for row in rows if row.candidate.stage in stages)

    selected = keys(*ACTIVE)
    return Selection(
        selected=selected,
        reserve=keys("reserve"),
        not_selected=keys("not_selected"),
        shortfall=max(0, rules.quota - len(selected)),
        few=len(rows) < rules.minimum_candidates,
    )
