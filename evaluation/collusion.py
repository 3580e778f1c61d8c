"""Signs that vendors may not have worked apart: the same thing in the files or the data of two of them.

Rules sheet, Vendors and responses: a flag for the panel to judge, never an exclusion. What most of the vendors
share says nothing about any two of them and is left out; one group per value, so nothing grows with the pairs.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Container, Iterable
from dataclasses import dataclass

from evaluation.similarity import common_from

#: Kind of a sign → how much it says. Strong: chance hardly explains it; weak: only beside others.
KINDS = {
    "same_file": "strong",
    "same_document": "strong",
    "same_device": "strong",
    "same_phone": "strong",
    "same_email": "strong",
    "same_address": "strong",
    "same_person": "strong",
    "same_text": "strong",
    "same_author": "weak",
    "same_company": "weak",
    "same_tool": "weak",
}
#: Kinds whose value should name somebody.
NAMES = ("same_author", "same_company")


@dataclass(frozen=True)
class Trait:
    """One thing of one vendor: its kind, the value, where it was seen (a file's reference, or "")."""

    vendor: int
    kind: str
    value: str
    source: str = ""


@dataclass(frozen=True)
class Sign:
    """The same value with several vendors: their numbers, and where each was seen."""

    kind: str
    value: str
    vendors: tuple[int, ...]
    sources: tuple[tuple[int, str], ...]

    @property
    def strength(self) -> str:
        return KINDS[self.kind]


def fold(kind: str, value: str) -> str:
    """A value as it is compared: phones by their digits, everything else without blanks, width and case."""
    plain = "".join(unicodedata.normalize("NFKC", value).casefold().split())
    if kind == "same_phone":
        digits = "".join(sign for sign in plain if sign.isdecimal())
        digits = digits[2:] if digits.startswith("86") and len(digits) == 13 else digits
        return digits if len(digits) >= 7 else ""
    return plain


def signs(traits: Iterable[Trait], vendors: int, *, nobody: Container[str] = ()) -> list[Sign]:
    """Values that two vendors or more have in common, but not most of them; in a fixed order.

    `vendors` is how many there are in all; `nobody` holds, folded, what programs write where a name belongs.
    """
    seen: dict[tuple[str, str], dict[int, Trait]] = defaultdict(dict)
    for trait in traits:
        folded = fold(trait.kind, trait.value)
        if folded and not (trait.kind in NAMES and folded in nobody):
            seen[trait.kind, folded].setdefault(trait.vendor, trait)
    found = [
        Sign(
            kind,
            min(of_vendor.items())[1].value.strip(),
            tuple(sorted(of_vendor)),
            tuple((vendor, trait.source) for vendor, trait in sorted(of_vendor.items())),
        )
        for (kind, _), of_vendor in seen.items()
        if 2 <= len(of_vendor) < common_from(vendors)
    ]
    order = list(KINDS)
    return sorted(found, key=lambda sign: (order.index(sign.kind), sign.vendors, sign.value))
