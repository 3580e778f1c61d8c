"""The signed record of a package: sheets, ballots, declarations, report; whose they are and whether they hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from evaluation._sm3 import sm3
from evaluation.package_signatures import Keys, instants
from evaluation.panel_entropy import canonical
from evaluation.recompute_book import Book
from evaluation.references import signed_form

SHEETS = ("qualification_sheet", "score_sheet")


@dataclass(frozen=True)
class Entry:
    """One signed version. `about` names what it is a version of, `place` that together with the seat."""

    no: int
    kind: str
    number: int
    payload: dict[str, Any]
    digest: str
    signature: str
    key: str
    in_force: bool
    void: bool
    signed_at: datetime

    @property
    def seat(self) -> str:
        return str(self.payload["seat"])

    @property
    def vendor(self) -> int:
        return int(self.payload["candidate"]["number"])

    @property
    def about(self) -> tuple[Any, ...]:
        """What its version number counts within: a ballot's are counted over all seats."""
        if self.kind in SHEETS:
            return self.kind, self.seat, self.vendor
        if self.kind == "ballot":
            return self.kind, self.vendor, str(self.payload["item"])
        if self.kind == "ca_group_ballot":
            return self.kind, str(self.payload["group"])
        return (self.kind, self.seat) if self.kind == "declaration" else (self.kind,)

    @property
    def place(self) -> tuple[Any, ...]:
        return (*self.about, self.seat)

    @property
    def what(self) -> str:
        """How a difference names it."""
        parts = [self.kind, f"seat {self.seat}"]
        if self.kind in (*SHEETS, "ballot"):
            parts.append(f"vendor {self.vendor}")
        if self.kind == "ballot":
            parts.append(f"item {self.payload['item']}")
        return ", ".join(parts)


def read_entries(data: Any) -> list[Entry]:
    """The entries of review/signed.json; raises what a wrong shape raises."""
    found = []
    for row in data["signed"]:
        # What was written may be there or withheld: judged is what was signed.
        payload = signed_form(row["payload"])
        entry = Entry(
            no=_whole(row["no"]),
            kind=str(row["kind"]),
            number=_whole(row["number"]),
            payload=payload,
            digest=str(row["digest"]),
            signature=str(row["signature"]),
            key=str(row["key"]),
            in_force=_flag(row["in_force"]),
            void=_flag(row["void"]),
            signed_at=datetime.fromisoformat(payload["signed_at"]),
        )
        if entry.signed_at.tzinfo is None:
            raise ValueError("an instant without a zone")
        assert entry.place  # every part of it can be read
        found.append(entry)
    return found


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise TypeError("not a whole number")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("not true or false")
    return value


@dataclass
class Record:
    """The entries by what they are about."""

    entries: list[Entry]
    #: (kind, …, seat) → the version that counts.
    in_force: dict[tuple[Any, ...], Entry] = field(default_factory=dict)

    def sheet(self, kind: str, seat: str, vendor: int) -> Entry | None:
        """The sheet of a seat for a vendor that counts, if it was signed."""
        return self.in_force.get((kind, seat, vendor, seat))


def check_signatures(
    book: Book, entries: list[Entry], keys: Keys, *, review: str, plan: str, seats: set[str], refs: Mapping[int, str]
) -> None:
    """Every payload against its digest, its signature, the seat's certificate, and this review."""
    moments: dict[str, list[datetime]] = {}
    for entry in entries:
        data, payload = canonical(entry.payload), entry.payload
        digest = sm3(data).hex()
        if digest != entry.digest:
            book.differ("record_digest", what=entry.what, found=digest, stated=entry.digest)
        for name, expected in (("kind", entry.kind), ("review", review), ("plan", plan)):
            if payload[name] != expected:
                book.differ("record_foreign", what=entry.what, field=name)
        if entry.seat not in seats:
            book.differ("record_foreign", what=entry.what, field="seat")
        for candidate in _candidates(payload):
            if refs.get(candidate["number"]) != candidate["ref"]:
                book.differ("record_vendor", what=entry.what, vendor=candidate["number"])
        certificate = keys.seats.get(entry.key)
        if certificate is None:
            book.differ("record_key", what=entry.what)
            continue
        # The subject says the seat's pseudonym last, its unit the review.
        subject = dict(certificate.subject)
        if certificate.common_name.split()[-1:] != [entry.seat] or subject.get("OU", "").split()[-1:] != [review]:
            book.differ("record_seat", what=entry.what, found=certificate.common_name)
        moments.setdefault(entry.key, []).append(entry.signed_at)
        if not keys.holds(certificate, data, entry.signature):
            book.differ("record_signature", what=entry.what)
    for serial, when in moments.items():
        certificate = keys.seats[serial]
        for moment in instants(when):
            if why := keys.trusted(certificate, moment):
                book.differ("certificate", who=certificate.common_name, why=why)
                break


def _candidates(payload: dict[str, Any]) -> list[dict[str, Any]]:
    found = [payload[key] for key in ("candidate", "choice") if isinstance(payload.get(key), dict)]
    return found + [row["candidate"] for row in payload.get("relations", [])]


def check_order(book: Book, entries: list[Entry], last_re_review: datetime | None) -> Record:
    """The versions follow each other without a gap, and the one in force is the last.

    A ballot that a re-review dropped has none in force.
    """
    counted: dict[tuple[Any, ...], int] = {}
    last: dict[tuple[Any, ...], Entry] = {}
    record = Record(entries)
    for at, entry in enumerate(entries, 1):
        if entry.no != at:
            book.differ("record_order", no=entry.no)
        expected = counted.get(entry.about, 0) + 1
        if entry.number != expected:
            book.differ("record_number", what=entry.what, found=entry.number, expected=expected)
        counted[entry.about] = expected
        last[entry.place] = entry
    for entry in entries:
        newest = last[entry.place] is entry
        if entry.in_force and not newest:
            book.differ("record_in_force", what=entry.what, found=last[entry.place].number, stated=entry.number)
        elif entry.in_force:
            record.in_force[entry.place] = entry
        elif newest and not _dropped(entry, last_re_review):
            book.differ("record_in_force", what=entry.what, found=entry.number, stated="none")
    return record


def _dropped(entry: Entry, last_re_review: datetime | None) -> bool:
    """A re-review takes votes and report back; sheets stay."""
    if entry.kind in (*SHEETS, "declaration") or last_re_review is None:
        return False
    return entry.signed_at <= last_re_review
