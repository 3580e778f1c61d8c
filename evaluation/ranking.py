"""Ranking by the exact mean, the tie chain, and who is selected.

Plan, 招募方式: by score from high to low, the first ten. Ranks and ties are judged on exact values (sums of
whole ten-thousandths); the two decimals are for show only. The time of submission decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Context, Decimal, Inexact, InvalidOperation, localcontext
from enum import Enum
from fractions import Fraction
from itertools import groupby
from typing import Any

from evaluation.errors import EvaluationError
from evaluation.panel_entropy import lottery_order
from evaluation.scoring import EXACT, ScoringRules

#: Scores are stored with four places; a ranking counts in whole ten-thousandths.
_SCALE = 10_000
_ZERO, _SCALED = Decimal(0), Decimal(_SCALE)
_WIDE = Context(prec=60)
_CHAIN = ("objective_subtotal", "items_by_weight", "lottery")


class RankingCode(Enum):
    """Why a ranking can't be made."""

    PLAN = "ranking_plan"
    DOUBLED = "ranking_doubled"
    KEYS = "ranking_keys"
    SEATS = "ranking_seats"
    SCORE = "ranking_score"
    TIED = "ranking_tied"
    NOT_SELECTED = "ranking_not_selected"


class RankingRefused(EvaluationError):
    """The ranking can't be made from these values; facts name vendor, item, counts."""


@dataclass(frozen=True)
class RankingRules:
    """[evaluation.ranking] of the plan; `reserves` None: everyone ranked below the quota is a reserve."""

    quota: int
    tie_chain: tuple[str, ...]
    minimum_candidates: int
    reserves: int | None = None

    @classmethod
    def from_plan(cls, section: Mapping[str, Any]) -> RankingRules:
        """Read the section; raises RankingRefused(PLAN) with the key that is no rule."""
        chain = section.get("tie_chain", [])
        if not isinstance(chain, list) or len({str(step) for step in chain}) < len(chain):
            raise RankingRefused(RankingCode.PLAN, place="tie_chain")
        # After a lottery nothing is left to compare.
        if any(step not in _CHAIN for step in chain) or "lottery" in chain[:-1]:
            raise RankingRefused(RankingCode.PLAN, place="tie_chain")
        reserves = section.get("reserves")
        return cls(
            _whole(section.get("quota"), "quota", 1),
            tuple(chain),
            _whole(section.get("minimum_candidates", 3), "minimum_candidates", 0),
            None if reserves is None else _whole(reserves, "reserves", 0),
        )


@dataclass(frozen=True)
class Standing:
    """One vendor's signed scores: scoring key → one value per seat. The order of seats is of no matter."""

    key: str
    scores: Mapping[str, Sequence[Decimal]]


@dataclass(frozen=True)
class Ranked:
    """A vendor's place. Vendors that nothing told apart share a rank and are `tied`."""

    key: str
    rank: int
    #: Sum over the seats; the exact mean is total / seats.
    total: Decimal
    seats: int
    #: The mean as it is shown, rounded half up.
    score: Decimal
    #: Sum of the objective items over the seats.
    objective_total: Decimal
    #: One dict per comparison a tie went through: step, value, among, decided, item where there is one.
    tie_steps: list[dict[str, Any]] = field(default_factory=list)
    tied: bool = False

    @property
    def mean(self) -> Fraction:
        return Fraction(self.total) / self.seats


@dataclass(frozen=True)
class _Sums:
    """A vendor's exact sums over all seats, in ten-thousandths."""

    key: str
    total: int
    objective: int
    items: tuple[int, ...]


@dataclass
class _Place:
    sums: _Sums
    steps: list[dict[str, Any]]
    tied: bool


def rank(
    standings: Iterable[Standing], *, scoring: ScoringRules, rules: RankingRules, lottery: str = ""
) -> list[Ranked]:
    """Rank vendors by their exact means; ties go down the chain, each comparison is recorded.

    `lottery` is the public value witnessed by the supervisor; without it a tie that only a lottery can end
    stays, marked `tied`. The order of the input never matters. Raises RankingRefused when the sheets are
    not complete or of different numbers of seats.
    """
    rows = list(standings)
    if len({row.key for row in rows}) < len(rows):
        raise RankingRefused(RankingCode.DOUBLED)
    if not rows:
        return []
    seats = _seats(rows[0])
    # Highest weight first, then the plan's own order of numbers.
    order = sorted(range(len(scoring.items)), key=lambda index: (-scoring.items[index].points, index))
    # Sums are exact or they fail, whatever the context of whoever calls.
    with localcontext(EXACT):
        table = [
            (item.objective, [(key, scoring.line(key).points) for key in item.keys]) for item in scoring.items
        ]
        wanted = set(scoring.keys)
        sums = sorted((_sums(row, table, wanted, seats) for row in rows), key=lambda row: (-row.total, row.key))
    chain = _Chain(scoring, rules, lottery.strip(), seats, order)
    ranked: list[Ranked] = []
    for _, together in groupby(sums, key=lambda row: row.total):
        group = list(together)
        places = chain.split(group) if len(group) > 1 else [_Place(group[0], [], False)]
        first_of_tie = len(ranked) + 1
        last_steps: list[dict[str, Any]] | None = None
        for place in places:
            number = len(ranked) + 1
            # Vendors left together by the chain share the number of their first.
            if not place.tied or place.steps is not last_steps:
                first_of_tie = number
            last_steps = place.steps if place.tied else None
            ranked.append(_ranked(place, first_of_tie, seats, scoring.shown_places))
    return ranked


class _Chain:
    """The tie chain over groups of equal totals."""

    def __init__(
        self, scoring: ScoringRules, rules: RankingRules, lottery: str, seats: int, order: Sequence[int]
    ) -> None:
        self.lottery, self.seats, self.scoring = lottery, seats, scoring
        self.steps: list[tuple[str, int | None]] = []
        for step in rules.tie_chain:
            if step == "items_by_weight":
                self.steps += [(step, index) for index in order]
            else:
                self.steps.append((step, None))

    def split(self, group: list[_Sums]) -> list[_Place]:
        """The group in order; whoever can't be told apart stays together, marked tied."""
        names = sorted(row.key for row in group)
        start = {"step": "score", "value": _mean_text(group[0].total, self.seats), "among": names, "decided": False}
        return self._split(group, 0, [start])

    def _split(self, group: list[_Sums], at: int, trail: list[dict[str, Any]]) -> list[_Place]:
        if len(group) == 1:
            return [_Place(group[0], trail, False)]
        names = sorted(row.key for row in group)
        while at < len(self.steps):
            step, index = self.steps[at]
            at += 1
            if step == "lottery":
                return self._lots(group, names, trail)
            values = {row.key: row.objective if index is None else row.items[index] for row in group}
            decided = len(set(values.values())) > 1
            if not decided:
                trail = [*trail, self._note(step, index, values[names[0]], names, decided=False)]
                continue
            places: list[_Place] = []
            ordered = sorted(group, key=lambda row: (-values[row.key], row.key))
            for value, together in groupby(ordered, key=lambda row: values[row.key]):
                note = self._note(step, index, value, names, decided=True)
                places += self._split(list(together), at, [*trail, note])
            return places
        return [_Place(row, trail, True) for row in sorted(group, key=lambda row: row.key)]

    def _note(
        self, step: str, index: int | None, value: int, names: list[str], *, decided: bool
    ) -> dict[str, Any]:
        note: dict[str, Any] = {
            "step": step, "value": _mean_text(value, self.seats), "among": names, "decided": decided,
        }
        if index is not None:
            note["item"] = self.scoring.items[index].no
        return note

    def _lots(self, group: list[_Sums], names: list[str], trail: list[dict[str, Any]]) -> list[_Place]:
        if not self.lottery:
            return [_Place(row, trail, True) for row in sorted(group, key=lambda row: row.key)]
        drawn = lottery_order(names, self.lottery, "ranking")
        by_key = {row.key: row for row in group}
        note = {"step": "lottery", "value": self.lottery, "among": names, "decided": True, "drawn": drawn}
        return [_Place(by_key[key], [*trail, note], False) for key in drawn]


def _seats(row: Standing) -> int:
    counts = {len(values) for values in row.scores.values()}
    if len(counts) != 1 or 0 in counts:
        raise RankingRefused(RankingCode.SEATS, vendor=row.key)
    return counts.pop()


#: Per item: whether it is objective, and its keys with the most each can get.
_Table = list[tuple[bool, list[tuple[str, Decimal]]]]


def _sums(row: Standing, table: _Table, wanted: set[str], seats: int) -> _Sums:
    if row.scores.keys() != wanted:
        raise RankingRefused(RankingCode.KEYS, vendor=row.key)
    scores = row.scores
    items: list[int] = []
    total = objective = 0
    for is_objective, keys in table:
        of_item = 0
        for key, most in keys:
            values = scores[key]
            if len(values) != seats:
                raise RankingRefused(RankingCode.SEATS, vendor=row.key)
            try:
                # A NaN compares as an error, an infinity is above every number of points.
                if min(values) < _ZERO or max(values) > most:
                    raise RankingRefused(RankingCode.SCORE, vendor=row.key, item=key)
                exact = sum(values, _ZERO) * _SCALED
                scaled = int(exact)
            except (Inexact, InvalidOperation):
                raise RankingRefused(RankingCode.SCORE, vendor=row.key, item=key) from None
            if scaled != exact:
                raise RankingRefused(RankingCode.SCORE, vendor=row.key, item=key)
            of_item += scaled
        items.append(of_item)
        total += of_item
        if is_objective:
            objective += of_item
    return _Sums(row.key, total, objective, tuple(items))


def _ranked(place: _Place, number: int, seats: int, places: int) -> Ranked:
    return Ranked(
        key=place.sums.key,
        rank=number,
        total=_decimal(place.sums.total),
        seats=seats,
        score=shown(Fraction(place.sums.total, _SCALE * seats), places),
        objective_total=_decimal(place.sums.objective),
        tie_steps=place.steps,
        tied=place.tied,
    )


def _decimal(scaled: int) -> Decimal:
    return Decimal(scaled).scaleb(-4)


def shown(mean: Fraction, places: int = 2) -> Decimal:
    """An exact mean with so many decimals, rounded half up: for show, never for a comparison."""
    scale: int = 10**places
    doubled = 2 * mean.numerator * scale + mean.denominator
    return Decimal(doubled // (2 * mean.denominator)).scaleb(-places)


def _mean_text(scaled: int, seats: int) -> str:
    """An exact mean as text where it ends, with six decimals where it does not."""
    mean = Fraction(scaled, _SCALE * seats)
    number = _WIDE.divide(Decimal(mean.numerator), Decimal(mean.denominator))
    if Fraction(number) != mean:
        number = shown(mean, 6)
    return format(number, "f")


@dataclass(frozen=True)
class Selection:
    """Who is selected, who waits in which order, how many places stay empty.

    `few`: fewer were ranked than the plan's least number, so a recorded decision is required first.
    """

    selected: tuple[str, ...]
    reserve: tuple[str, ...]
    not_selected: tuple[str, ...]
    shortfall: int
    few: bool


def select(ranked: Sequence[Ranked], rules: RankingRules) -> Selection:
    """The first of the ranking up to the quota; raises RankingRefused(TIED) while a tie is open."""
    order = sorted(ranked, key=lambda row: (row.rank, row.key))
    if open_ties := [row.key for row in order if row.tied]:
        raise RankingRefused(RankingCode.TIED, vendors=open_ties)
    keys = [row.key for row in order]
    rest = keys[rules.quota :]
    waiting = len(rest) if rules.reserves is None else rules.reserves
    return Selection(
        selected=tuple(keys[: rules.quota]),
        reserve=tuple(rest[:waiting]),
        not_selected=tuple(rest[waiting:]),
        shortfall=max(0, rules.quota - len(keys)),
        few=len(keys) < rules.minimum_candidates,
    )


@dataclass(frozen=True)
class Substitution:
    """Who left, who moved up (None: nobody is left in reserve), and the selection after it."""

    removed: str
    moved_up: str | None
    after: Selection


def substitute(before: Selection, removed: str) -> Substitution:
    """A selected vendor withdrew or was removed: the next in rank moves up, the order of the others stays.

    Raises RankingRefused(NOT_SELECTED) when it is not among the selected.
    """
    if removed not in before.selected:
        raise RankingRefused(RankingCode.NOT_SELECTED, vendor=removed)
    moved_up = before.reserve[0] if before.reserve else None
    selected = tuple(key for key in before.selected if key != removed)
    after = Selection(
        selected=selected + ((moved_up,) if moved_up is not None else ()),
        reserve=before.reserve[1:],
        not_selected=before.not_selected,
        shortfall=before.shortfall + (moved_up is None),
        few=before.few,
    )
    return Substitution(removed, moved_up, after)


def _whole(value: object, place: str, least: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise RankingRefused(RankingCode.PLAN, place=place)
    return value
