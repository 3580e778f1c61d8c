"""The stages of a draw and of a seat, who may step in next, and who is elected chair."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from evaluation.workflow import Transition


@dataclass(frozen=True)
class DrawContext:
    """What a step of a draw may look at.

    `value_due`: the moment named for the public value has come; `value_agreed`: both parties read the same.
    """

    commitments: int = 0
    parties: int = 2
    value_due: bool = False
    value_agreed: bool = False


def _all_committed(context: DrawContext) -> str | None:
    return None if context.commitments >= context.parties else "commitments_missing"


def _value_known(context: DrawContext) -> str | None:
    if not context.value_due:
        return "value_not_due"
    return None if context.value_agreed else "value_not_agreed"


def _result_open(context: DrawContext) -> str | None:
    # Once the value can be known so can the result: giving up then would be a choice among results.
    return "result_determined" if context.value_due else None


_PARTIES = ("staff", "supervisor")

DRAW_TRANSITIONS: dict[tuple[str, str], Transition] = {
    ("prepared", "fixed"): Transition("staff", None, "draw.fixed"),
    ("fixed", "committed"): Transition(_PARTIES, _all_committed, "draw.committed"),
    ("committed", "drawn"): Transition(_PARTIES, _value_known, "draw.performed"),
    ("prepared", "abandoned"): Transition(_PARTIES, None, "draw.abandoned", reason_required=True),
    ("fixed", "abandoned"): Transition(_PARTIES, None, "draw.abandoned", reason_required=True),
    ("committed", "abandoned"): Transition(_PARTIES, _result_open, "draw.abandoned", reason_required=True),
}


@dataclass(frozen=True)
class SeatContext:
    """What a step of a seat may look at: vendors to declare on, declarations made, relations found."""

    vendors: int = 0
    declared: int = 0
    relations: int = 0


def _may_sit(context: SeatContext) -> str | None:
    if context.relations:
        return "relation_declared"
    return None if context.declared >= context.vendors > 0 else "declarations_missing"


_STAFF = ("staff", "system")
_OUT = Transition(("expert", "staff", "supervisor", "system"), None, "seat.excluded", reason_required=True)
_DECLINED = Transition(("expert", "staff"), None, "seat.declined", reason_required=True)

SEAT_TRANSITIONS: dict[tuple[str, str], Transition] = {
    ("drawn", "invited"): Transition(_STAFF, None, "seat.invited"),
    ("drawn", "excluded"): _OUT,
    ("invited", "accepted"): Transition("expert", None, "seat.accepted"),
    ("invited", "declined"): _DECLINED,
    ("invited", "excluded"): _OUT,
    ("accepted", "active"): Transition("expert", _may_sit, "seat.active"),
    ("accepted", "declined"): _DECLINED,
    ("accepted", "excluded"): _OUT,
    ("active", "replaced"): Transition(("staff", "supervisor"), None, "seat.replaced", reason_required=True),
}


@dataclass(frozen=True)
class Minimum:
    """At least `least` of the panel come from `members` (references)."""

    least: int
    members: frozenset[str]


def next_reserve(
    order: Sequence[str],
    called: Collection[str],
    *,
    minimums: Sequence[Minimum] = (),
    seated: Collection[str] = (),
    vacant: int = 1,
) -> str | None:
    """The reserve next in the drawn order who was not called yet; None: the panel can't be completed.

    Where the plan asks for minimums, whoever would leave one that the seats still vacant can't meet is
    passed over. `seated` are those who hold a seat now, `vacant` counts the seats to fill, this one included.
    """
    for ref in order:
        if ref in called:
            continue
        with_it = {*seated, ref}
        unmet = sum(max(0, minimum.least - len(minimum.members & with_it)) for minimum in minimums)
        if unmet <= vacant - 1:
            return ref
    return None


@dataclass(frozen=True)
class Election:
    """Votes of one round, choice → count, and who is elected; nobody where the most are tied."""

    counts: Mapping[int, int]
    elected: int | None
    tied: tuple[int, ...]


def elect(votes: Mapping[int, int]) -> Election:
    """Count the votes of all seats (voter → choice): the most votes elect, a tie elects nobody."""
    counts = Counter(votes.values())
    most = max(counts.values(), default=0)
    first = tuple(sorted(choice for choice, count in counts.items() if count == most))
    return Election(dict(counts), first[0] if len(first) == 1 else None, first if len(first) > 1 else ())
