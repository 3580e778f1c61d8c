"""Expert fees: paid by the selected vendors (plan, 招募费用), split to the cent, through the organiser."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, InvalidOperation
from enum import Enum

from evaluation.errors import EvaluationError

_CENT = Decimal("0.01")
_EXACT = Context(prec=60, traps=[Inexact, InvalidOperation])


class FeeCode(Enum):
    """Why fees can't be split."""

    AMOUNT = "fee_amount"
    NOBODY = "fee_nobody"
    DOUBLED = "fee_doubled"


class FeeRefused(EvaluationError):
    """The fees can't be split; facts name the amount or vendor."""


@dataclass(frozen=True)
class FeeLine:
    """One line to a vendor, in yuan. kind "invoice", or "reversal" with a negative amount."""

    vendor: str
    kind: str
    amount: Decimal


def split(total: Decimal, by_rank: Sequence[str]) -> list[FeeLine]:
    """Equal shares to the cent; the odd cents go one each to the first in rank. The shares sum to `total`."""
    cents = _cents(total)
    if not by_rank:
        raise FeeRefused(FeeCode.NOBODY)
    if len(set(by_rank)) < len(by_rank):
        raise FeeRefused(FeeCode.DOUBLED)
    share, odd = divmod(cents, len(by_rank))
    return [
        FeeLine(vendor, "invoice", _yuan(share + (place < odd))) for place, vendor in enumerate(by_rank)
    ]


def balance(lines: Iterable[FeeLine]) -> dict[str, Decimal]:
    """Vendor → what its lines come to; nobody with nothing left."""
    cents: dict[str, int] = {}
    for line in lines:
        cents[line.vendor] = cents.get(line.vendor, 0) + _signed_cents(line.amount)
    return {vendor: _yuan(amount) for vendor, amount in cents.items() if amount}


def resplit(before: Iterable[FeeLine], total: Decimal, by_rank: Sequence[str]) -> list[FeeLine]:
    """The lines a substitution adds: whoever owed something else is reversed and, if still in, invoiced anew.

    `before` are all lines so far and stay as they are; with the returned lines they come to `total`.
    """
    owed = balance(before)
    due = {line.vendor: line.amount for line in split(total, by_rank)}
    reversals = [
        FeeLine(vendor, "reversal", -amount) for vendor, amount in owed.items() if due.get(vendor) != amount
    ]
    invoices = [
        FeeLine(vendor, "invoice", due[vendor])
        for vendor in by_rank
        if due[vendor] and owed.get(vendor) != due[vendor]
    ]
    return reversals + invoices


def _signed_cents(amount: Decimal) -> int:
    if not isinstance(amount, Decimal) or not amount.is_finite() or abs(amount) > Decimal(10) ** 12:
        raise FeeRefused(FeeCode.AMOUNT, amount=str(amount)[:40])
    try:
        return int(amount.quantize(_CENT, context=_EXACT).scaleb(2, context=_EXACT))
    except (Inexact, InvalidOperation):
        raise FeeRefused(FeeCode.AMOUNT, amount=str(amount)[:40]) from None


def _cents(total: Decimal) -> int:
    cents = _signed_cents(total)
    if cents < 0:
        raise FeeRefused(FeeCode.AMOUNT, amount=str(total))
    return cents


def _yuan(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2, context=_EXACT)
