"""Conflicts between an expert of the pool and a recruitment, found from data before anybody is invited.

Pure functions over plain values. A hit excludes from the draw until somebody sets it aside with a reason;
a firm hit can't be set aside.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

#: Kinds of a hit; the words stand in `app.wording.panel`.
KINDS = (
    "own_organisation",
    "other_role",
    "drawn_before",
    "same_employer",
    "declared",
    "contact",
    "past_panel",
)
#: Separation of duties, and whoever was drawn already: no reason sets these aside.
FIRM = frozenset({"other_role", "drawn_before"})

_FORMS = ("股份有限公司", "有限责任公司", "有限公司", "集团公司", "集团", "公司")
_LEAST_NAME = 4
_LEAST_PHONE = 7


@dataclass(frozen=True)
class Contact:
    """A person of a vendor: its legal representative, contact or member."""

    name: str = ""
    phone: str = ""
    email: str = ""


@dataclass(frozen=True)
class Vendor:
    """A responding vendor by its number on the forms."""

    number: int
    name: str
    credit_code: str
    people: tuple[Contact, ...] = ()


@dataclass(frozen=True)
class Person:
    """An expert of the pool. `relations` as declared in the pool; `past` credit code → earlier panels."""

    ref: str
    name: str
    employer: str = ""
    phone: str = ""
    email: str = ""
    relations: Sequence[Mapping[str, str]] = ()
    past: Mapping[str, str] = field(default_factory=dict)
    roles: tuple[str, ...] = ()
    #: Drawn in an earlier draw of this review.
    drawn: bool = False


@dataclass(frozen=True)
class Hit:
    """One conflict: which expert, what kind, with which vendor (its number; None: with the organiser)."""

    ref: str
    kind: str
    number: int | None
    detail: str

    @property
    def key(self) -> tuple[str, str, int | None, str]:
        return (self.ref, self.kind, self.number, self.detail)


def fold(text: str) -> str:
    """A name without what people write differently: width, blanks, punctuation, case."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", text).casefold() if sign.isalnum())


def same_body(one: str, other: str) -> bool:
    """True when two names are one organisation's, or one contains the other without its legal form."""
    first, second = fold(one), fold(other)
    if not first or not second:
        return False
    if first == second:
        return True
    return any(
        len(core) >= _LEAST_NAME and core in whole
        for core, whole in ((_core(first), second), (_core(second), first))
    )


def _core(name: str) -> str:
    for form in _FORMS:
        if name.endswith(form):
            return name[: -len(form)]
    return name


def digits(phone: str) -> str:
    """The digits of a telephone number, without the country code."""
    found = "".join(sign for sign in unicodedata.normalize("NFKC", phone) if sign.isdecimal())
    return found[2:] if found.startswith("86") and len(found) == 13 else found


def find(people: Iterable[Person], vendors: Sequence[Vendor], organisers: Sequence[str]) -> list[Hit]:
    """Every hit, expert by expert; `organisers` are the names under which the organiser appears."""
    return [hit for person in people for hit in _of(person, vendors, organisers)]


def _of(person: Person, vendors: Sequence[Vendor], organisers: Sequence[str]) -> Iterator[Hit]:
    own = next((name for name in organisers if same_body(person.employer, name)), None)
    if own is not None:
        yield Hit(person.ref, "own_organisation", None, f"工作单位“{person.employer}”与招募方“{own}”")
    for role in person.roles:
        yield Hit(person.ref, "other_role", None, role)
    if person.drawn:
        yield Hit(person.ref, "drawn_before", None, "")
    for vendor in vendors:
        if same_body(person.employer, vendor.name):
            yield Hit(
                person.ref,
                "same_employer",
                vendor.number,
                f"工作单位“{person.employer}”与“{vendor.name}”",
            )
        for relation in person.relations:
            if relation.get("credit_code") == vendor.credit_code or same_body(
                relation.get("name", ""), vendor.name
            ):
                yield Hit(person.ref, "declared", vendor.number, relation.get("relation", ""))
        if shared := sorted(set(_shared(person, vendor))):
            yield Hit(person.ref, "contact", vendor.number, "、".join(shared))
        if title := person.past.get(vendor.credit_code):
            yield Hit(person.ref, "past_panel", vendor.number, title)


def _shared(person: Person, vendor: Vendor) -> Iterator[str]:
    phone, email, name = digits(person.phone), person.email.strip().casefold(), fold(person.name)
    for contact in vendor.people:
        if name and fold(contact.name) == name:
            yield "姓名相同"
        if len(phone) >= _LEAST_PHONE and digits(contact.phone) == phone:
            yield "联系电话相同"
        if email and contact.email.strip().casefold() == email:
            yield "电子邮箱相同"
