"""Whether the rules can read their sections: what none of the other checks explains is told here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from app.plan.lint.finding import Found
from evaluation import plan_paths as paths
from evaluation.errors import EvaluationError
from evaluation.objections import ObjectionRules
from evaluation.panel import PanelRules
from evaluation.qualification import QualificationRules
from evaluation.ranking import RankingRules
from evaluation.scoring import ScoringRules
from onboarding.errors import OnboardingError
from onboarding.golive import GoLiveRules
from onboarding.requirements import Requirements, duties_from_plan
from onboarding.workdays import WorkdayRules

_READERS: dict[str, Callable[[Any], object]] = {
    "evaluation.panel": PanelRules.from_plan,
    "evaluation.qualification": QualificationRules.from_plan,
    "evaluation.scoring": ScoringRules.from_plan,
    "evaluation.ranking": RankingRules.from_plan,
    "evaluation.objections": ObjectionRules.from_plan,
    "onboarding.workdays": WorkdayRules.from_plan,
    "onboarding.golive": GoLiveRules.from_plan,
    "onboarding.requirements": Requirements.from_plan,
    "onboarding.duties": duties_from_plan,
}


def check_sections(plan: Mapping[str, Any], blocked: tuple[str, ...]) -> Iterator[Found]:
    """Sections that their module refuses, unless a place in them is known to be wrong already."""
    for root, reader in _READERS.items():
        if any(place == root or place.startswith(f"{root}.") or root.startswith(f"{place}.") for place in blocked):
            continue
        section = paths.get(plan, root, [] if root == "onboarding.duties" else {})
        try:
            reader(section)
        except (EvaluationError, OnboardingError) as error:
            inner, name = str(error.facts.get("place", "")), root.rsplit(".", 1)[-1]
            # The duties name their list, every other section begins inside itself.
            inner = inner.removeprefix(f"{name}.")
            code = str(getattr(error.code, "value", error.code))
            yield Found("section_unreadable", f"{root}.{inner}" if inner else root, {"why": code})
        except (TypeError, ValueError, AttributeError, KeyError) as error:
            yield Found("section_unreadable", root, {"why": type(error).__name__})
