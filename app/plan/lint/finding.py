"""What the linter says: a stable code, a place, whether it blocks, and what closes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from app.plan.lint.subject import Subject
from app.publication.places import place_word
from app.wording.plan_findings import FINDINGS

#: Codes that block publication while they are open; every other code warns.
BLOCKING = frozenset({
    "annex_missing",
    "closing_time_missing",
    "combination_missing",
    "copies_contradict",
    "dates_order",
    "fee_undefined",
    "key_doubled",
    "key_missing",
    "numbers_differ",
    "objection_period_missing",
    "points_sum",
    "points_unallocated",
    "reference_dangling",
    "scale_missing",
    "section_unreadable",
    "start_event_missing",
    "step_missing",
    "supplement_unusable",
    "template_incomplete",
    "text_contradicts",
    "tie_rule_missing",
    "value_wrong",
    "vote_scope_missing",
})


@dataclass(frozen=True)
class Found:
    """A check's raw result: code, place, and the facts that its sentence needs."""

    code: str
    place: str
    facts: dict[str, Any] = field(default_factory=dict, compare=False)

    @property
    def key(self) -> tuple[str, str]:
        return self.code, self.place

    @property
    def severity(self) -> str:
        return "block" if self.code in BLOCKING else "warn"


@dataclass(frozen=True)
class Finding:
    """One finding as people read it. `closed_by` is the id of the confirmed supplement that closes it;
    `draft` that of an unconfirmed one which would."""

    code: str
    place: str
    severity: str
    text: str
    suggestion: str
    closed_by: str | None = None
    draft: str | None = None

    @property
    def is_open(self) -> bool:
        return self.closed_by is None

    @property
    def blocks(self) -> bool:
        """True while it keeps the plan from being published."""
        return self.is_open and self.severity == "block"

    def as_json(self) -> dict[str, Any]:
        """The finding as `plan check --json` prints it."""
        return {
            "code": self.code,
            "place": self.place,
            "severity": self.severity,
            "text": self.text,
            "suggestion": self.suggestion,
            "closed_by": self.closed_by,
        }


#: Facts that are places, written as people read them.
_PLACES = ("other", "path", "at", "places")

Check = Callable[[Subject], Iterator[Found]]


def worded(found: Found) -> Finding:
    """The finding with its Chinese sentences."""
    words = FINDINGS[found.code]
    facts = {
        key: "、".join(place_word(place) for place in value.split("、")) if key in _PLACES else value
        for key, value in found.facts.items()
    }
    return Finding(
        code=found.code,
        place=found.place,
        severity=found.severity,
        text=words["text"].format(**facts),
        suggestion=words["suggestion"].format(**facts),
    )


def closed(finding: Finding, supplement: str) -> Finding:
    """The finding as closed by a confirmed supplement."""
    return replace(finding, closed_by=supplement)
