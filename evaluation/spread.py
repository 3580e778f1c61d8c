"""How far signed scores lie apart: per item, and per expert with severity and leniency.

Nothing here decides anything and nothing is corrected by it: the plan drops no score. It shows the panel's
own record to those who watch over it, after all have signed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from evaluation.ranking import shown

#: Vendor → scoring key → seat → points.
Table = Mapping[int, Mapping[str, Mapping[int, Decimal]]]
#: Deviations are shown in points with so many decimals, half up.
PLACES = 2


@dataclass(frozen=True)
class ItemSpread:
    """One scoring key over all vendors; every figure in points."""

    key: str
    mean: Decimal
    lowest: Decimal
    highest: Decimal
    #: Mean over the vendors of (highest - lowest among the seats).
    mean_range: Decimal
    #: The widest of those ranges, and the vendor it belongs to (None: the seats agree everywhere).
    widest: Decimal
    widest_vendor: int | None


@dataclass(frozen=True)
class SeatSpread:
    """One expert against the panel; every figure in points of a vendor's total.

    `deviation` is the mean over the vendors of (own total - mean of all seats' totals): below zero severe,
    above zero lenient. `distance` is the mean of the same differences without their sign.
    """

    seat: int
    mean: Decimal
    deviation: Decimal
    distance: Decimal
    #: Deviation per scoring key, by the same formula over that key's points.
    by_key: dict[str, Decimal]


def mean_of(values: Iterable[Decimal]) -> Fraction:
    """The exact mean; raises ValueError without values."""
    listed = [Fraction(value) for value in values]
    if not listed:
        raise ValueError("no values")
    return sum(listed, Fraction(0)) / len(listed)


def totals(table: Table) -> dict[int, dict[int, Decimal]]:
    """Vendor → seat → sum over the scoring keys."""
    found: dict[int, dict[int, Decimal]] = {}
    for vendor, by_key in table.items():
        row = found.setdefault(vendor, {})
        for values in by_key.values():
            for seat, value in values.items():
                row[seat] = row.get(seat, Decimal(0)) + value
    return found


def item_spreads(table: Table, keys: Sequence[str]) -> list[ItemSpread]:
    """The spread of each key in the order given; a key that nobody scored is left out."""
    found = []
    for key in keys:
        rows = {vendor: by_key[key] for vendor, by_key in table.items() if by_key.get(key)}
        if not rows:
            continue
        every = [value for row in rows.values() for value in row.values()]
        ranges = {vendor: max(row.values()) - min(row.values()) for vendor, row in rows.items()}
        widest = max(ranges.values())
        found.append(
            ItemSpread(
                key=key,
                mean=shown(mean_of(every), PLACES),
                lowest=min(every),
                highest=max(every),
                mean_range=shown(mean_of(ranges.values()), PLACES),
                widest=widest,
                # Of equal ranges the first vendor by number, whatever order the rows came in.
                widest_vendor=min(v for v, value in ranges.items() if value == widest) if widest else None,
            )
        )
    return found


def seat_spreads(table: Table, seats: Sequence[int], keys: Sequence[str]) -> list[SeatSpread]:
    """Severity and leniency of each seat in the order given; a seat without scores is left out."""
    sums = totals(table)
    of_key = {key: {vendor: dict(row.get(key, {})) for vendor, row in table.items()} for key in keys}
    found = []
    for seat in seats:
        own = _differences(sums, seat)
        if not own:
            continue
        found.append(
            SeatSpread(
                seat=seat,
                mean=shown(mean_of(row[seat] for row in sums.values() if seat in row), PLACES),
                deviation=_signed(own),
                distance=shown(sum(map(abs, own), Fraction(0)) / len(own), PLACES),
                by_key={
                    key: _signed(apart) for key, rows in of_key.items() if (apart := _differences(rows, seat))
                },
            )
        )
    return found


def _differences(rows: Mapping[int, Mapping[int, Decimal]], seat: int) -> list[Fraction]:
    return [Fraction(row[seat]) - mean_of(row.values()) for row in rows.values() if seat in row]


def _signed(differences: Sequence[Fraction]) -> Decimal:
    mean = sum(differences, Fraction(0)) / len(differences)
    # Half up by the amount, so that what one expert is above another is below alike.
    return shown(mean, PLACES) if mean >= 0 else -shown(-mean, PLACES) + Decimal(0)
