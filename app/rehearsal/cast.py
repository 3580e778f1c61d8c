"""Who plays in a rehearsal, and what each vendor's response is worth: data and pure choices, no database.

Every name is invented and says that it is a sample (样例). The same seed gives the same cast.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import product

from evaluation import credit
from evaluation.scoring import ScoringRules

#: Vendors that end before the ranking: two of one CA share one place, one is incomplete, one loses its vote.
LATE, CA_NAMED, CA_OTHER, INCOMPLETE, VOTED_IN, VOTED_OUT = (
    "late", "ca_named", "ca_other", "incomplete", "voted_in", "voted_out",
)
PLAIN, OVERDUE = "plain", "overdue"
#: How many of the highest totals nobody reaches.
HEADROOM = 4
#: What the special parts need beside the quota: a reserve to move up, one late, three eliminated.
SPARE = 5

_PLACES = (
    "琼海", "椰林", "五指山", "南渡", "博鳌", "海棠", "文昌", "洋浦", "东坡", "天涯", "万泉", "尖峰", "火山", "木棉",
)
_WORDS = ("云签", "信印", "安证", "数印", "智签", "金钥", "通证", "恒印", "晨签", "博证", "远印", "正签")
_FAMILY = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"
_GIVEN = (
    "一鸣", "雨桐", "思远", "嘉禾", "明轩", "静怡", "子墨", "海澜", "若溪", "志恒", "欣然", "文博", "晓峰", "佳宁",
)


@dataclass(frozen=True)
class Pattern:
    """Points by scoring key that all sheets share, and the number of proved cases of each seat.

    `total` is the sum over the seats, `objective` the objective part of one sheet.
    """

    elements: Mapping[str, int]
    values: Mapping[str, Decimal]
    cases: Mapping[str, tuple[int, ...]]
    total: Decimal
    objective: Decimal


@dataclass(frozen=True)
class Vendor:
    """One vendor of the cast. `strength` 1 is the best; only those that are scored have one."""

    number: int
    name: str
    credit_code: str
    legal_representative: str
    agent: str
    part: str
    ca_name: str
    ca_licence: str
    strength: int | None


@dataclass(frozen=True)
class Cast:
    """Everybody of one rehearsal."""

    vendors: tuple[Vendor, ...]
    experts: tuple[str, ...]
    #: Position in the panel's order (0 first) of the expert who must withdraw after the invitation.
    recused: int = 1
    people: Mapping[str, str] = field(
        default_factory=lambda: {
            "staff": "样例经办 林知夏",
            "staff2": "样例复核 周予安",
            "supervisor": "样例监督 郑守正",
            "operator": "样例平台 何联通",
        }
    )


def _names(count: int, chance: random.Random) -> list[str]:
    pairs = [f"样例{place}{word}" for place, word in product(_PLACES, _WORDS)]
    chance.shuffle(pairs)
    names = [f"{pair}科技有限公司" for pair in pairs[:count]]
    return names + [f"样例{number}号签章服务有限公司" for number in range(len(names) + 1, count + 1)]


def _person(chance: random.Random) -> str:
    return f"样例{chance.choice(_FAMILY)}{chance.choice(_GIVEN)}"


def _parts(count: int, quota: int) -> list[str]:
    """The parts in the order of the vendors' numbers; special ones only where enough vendors are there."""
    special = [CA_NAMED, CA_OTHER, INCOMPLETE, VOTED_IN, VOTED_OUT, LATE] if count >= quota + 6 else []
    return [PLAIN] * (count - len(special)) + special


def make_cast(*, vendors: int, experts: int, seed: int, quota: int) -> Cast:
    """The cast of a rehearsal: `vendors` companies with valid sample codes, `experts` names of the pool."""
    chance = random.Random(seed)
    parts = _parts(vendors, quota)
    scored = [number for number, part in enumerate(parts, 1) if part in (PLAIN, CA_NAMED, VOTED_IN)]
    order = scored[:]
    chance.shuffle(order)
    strength = {number: place for place, number in enumerate(order, 1)}
    rows = []
    for number, (name, part) in enumerate(zip(_names(vendors, chance), parts, strict=True), 1):
        # The two under one CA share its licence; every other vendor has one of its own.
        licence = parts.index(CA_NAMED) + 1 if part == CA_OTHER else number
        rows.append(
            Vendor(
                number=number,
                name=name,
                credit_code=credit.make_sample(f"91460000{chance.randrange(10**9):09d}"),
                legal_representative=_person(chance),
                agent=_person(chance),
                part=part,
                ca_name=f"样例数字证书认证中心{licence}",
                ca_licence=f"样例ECP{licence:06d}",
                strength=strength.get(number),
            )
        )
    pool: list[str] = []
    while len(pool) < experts:
        name = _person(chance)
        if name not in pool:
            pool.append(name)
    return Cast(tuple(rows), tuple(pool))


def _cases(total: int, seats: int) -> tuple[int, ...]:
    """`total` proved cases spread over the seats so that no two differ by more than one."""
    low, more = divmod(total, seats)
    return tuple(low + (1 if seat < more else 0) for seat in range(seats))


def _options(rules: ScoringRules, seats: int) -> Iterator[Pattern]:
    """Every pattern the rehearsal may choose from: whole elements, full or nothing, shared or spread cases."""
    levels: list[list[tuple[str, str, object, Decimal]]] = []
    for line in rules.lines:
        if line.rule == "elements":
            whole = len(line.elements)
            # Losing at most two elements of an item keeps the field close together.
            levels.append(
                [(line.key, "elements", n, line.listed[n] * seats) for n in range(whole, max(whole - 3, -1), -1)]
            )
        elif line.rule == "count":
            most = int(line.points / line.per)
            spread = [_cases(total, seats) for total in range(most * seats, most * seats // 2, -1)]
            levels.append([(line.key, "cases", c, line.per * sum(c)) for c in spread])
        elif line.rule == "full_or_zero":
            levels.append([(line.key, "value", line.points, line.points * seats)])
        else:
            steps = [line.points - line.step * n for n in range(4) if line.points >= line.step * n]
            levels.append([(line.key, "value", value, value * seats) for value in steps])
    for chosen in product(*levels):
        yield Pattern(
            elements={key: int(str(value)) for key, kind, value, _ in chosen if kind == "elements"},
            values={key: Decimal(str(value)) for key, kind, value, _ in chosen if kind == "value"},
            cases={key: value for key, kind, value, _ in chosen if isinstance(value, tuple)},
            total=sum((points for *_, points in chosen), Decimal(0)),
            objective=sum((points for key, _, _, points in chosen if rules.is_objective(key)), Decimal(0)) / seats,
        )


def patterns(rules: ScoringRules, *, count: int, seats: int, quota: int) -> list[Pattern]:
    """One pattern for each place of the ranking, best first.

    Totals fall strictly but for the places `quota` and `quota + 1`, which tie on the total and differ in the
    objective subtotal, so that the tie chain decides. Raises ValueError where the plan has no room.
    """
    by_total: dict[Decimal, dict[Decimal, Pattern]] = {}
    for pattern in _options(rules, seats):
        by_total.setdefault(pattern.total, {}).setdefault(pattern.objective, pattern)
    totals = sorted(by_total, reverse=True)
    if len(totals) < count:
        raise ValueError(f"the scoring table tells only {len(totals)} totals apart")
    # Nobody is perfect where the table has room.
    totals = totals[min(HEADROOM, (len(totals) - count) // 2) :]
    best, middle = totals[: quota - 1], totals[quota - 1 :]
    chosen = [_by_objective(by_total[total])[-1] for total in best[:count]]
    if count > quota:
        # Where the table allows no tie without running out of totals, the places are told apart by points.
        spare = len(middle) - (count - quota)
        tied = next((at for at, total in enumerate(middle[:spare]) if len(by_total[total]) > 1), None)
        if tied is not None:
            chosen += _by_objective(by_total[middle[tied]])[:2]
            middle = middle[tied + 1 :]
    chosen += [_by_objective(by_total[total])[-1] for total in middle]
    return chosen[:count]


def _by_objective(choices: Mapping[Decimal, Pattern]) -> list[Pattern]:
    """Patterns of one total, the highest objective subtotal first."""
    return [choices[objective] for objective in sorted(choices, reverse=True)]
