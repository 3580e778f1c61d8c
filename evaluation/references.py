"""Salted references: who stands behind a number can be shown later, and can't be guessed before."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from evaluation._sm3 import sm3
from evaluation.panel_entropy import canonical, joined


def vendor_ref(salt: str, *, name: str, credit_code: str) -> str:
    """A salted commitment (SM3, hex) to one vendor's name and credit code.

    Signed sheets and ballots name a vendor by its number and this value, so that they verify where names
    are withheld, and whoever gets salt, name and code can check whose sheet it is.
    """
    return joined("vendor", salt.encode(), canonical({"credit_code": credit_code, "name": name})).hex()


class Vendor(Protocol):
    """What a reference is made of."""

    @property
    def salt(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def credit_code(self) -> str: ...


def ref_of(vendor: Vendor) -> str:
    """The reference under which signed sheets and the ranking name this vendor."""
    return vendor_ref(vendor.salt, name=vendor.name, credit_code=vendor.credit_code)


def ranking_digest(lines: Iterable[tuple[int, str, str, int]]) -> str:
    """SM3 (hex) over a ranking: rank, vendor's reference, sum over the seats as text, seats; first rank first."""
    return sm3(canonical([list(line) for line in lines])).hex()


def record_digest(digests: Iterable[str]) -> str:
    """SM3 (hex) over the digests of everything signed before the report, in whatever order they come.

    Who signs the report signs with it that no sheet, ballot or declaration was left out or exchanged.
    """
    return sm3(canonical(sorted(digests))).hex()
