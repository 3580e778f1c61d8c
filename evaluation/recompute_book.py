"""What a recomputation finds: each difference as a code with facts, and its sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from evaluation.errors import EvaluationError
from seal_core import SealError

#: What can't be read as the part of a package it should be.
MALFORMED = (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError, EvaluationError, SealError)

WORDS = {
    "malformed": "{part}: cannot be read as what it should be ({why})",
    "file_missing": "{file}: listed in the manifest and not there",
    "file_unlisted": "{file}: there and not listed in the manifest",
    "file_changed": "{file}: SM3 is {found}, the manifest says {stated}",
    "manifest_shape": "manifest.json: {what}",
    "manifest_signature": "manifest.json: the signature does not hold",
    "certificate": "certificate of {who}: not valid up to the package's root ({why})",
    "root": "the package's root certificate has SM3 {found}, expected {expected}",
    "revocations": "certificates/revoked.crl: not signed by the issuing authority",
    "plan_digest": "plan/plan.toml: SM3 is {found}, the manifest says {stated}",
    "draw": "draw {draw}: the proof fails ({why})",
    "draw_missing": "draw {draw}: no proof of it in the package",
    "draw_foreign": "draw {draw}: made for {found}",
    "seat_doubled": "seat {seat}: stands twice",
    "seat_not_drawn": "seat {seat}: position {position} of draw {draw} drew another expert",
    "seat_name": "seat {seat}: the name is not the one that the draw's proof opens",
    "seat_stage": "seat {seat}: holds number {number} and is {stage}",
    "seat_count": "{found} seats are held, the plan has {stated}",
    "seat_numbers": "the held seats are numbered {found}",
    "declaration": "seat {seat}: no signed declaration without relation on every vendor",
    "vendor_doubled": "vendor {vendor}: stands twice",
    "vendor_name": "vendor {vendor}: name and credit code are not those of the signed reference",
    "record_order": "signed record {no}: out of order",
    "record_number": "{what}: version {found} where {expected} was to come",
    "record_digest": "{what}: the payload's SM3 is {found}, stated {stated}",
    "record_signature": "{what}: the signature does not hold",
    "record_key": "{what}: signed without a certificate of the package",
    "record_seat": "{what}: the certificate is {found}'s",
    "record_foreign": "{what}: {field} is not this package's",
    "record_vendor": "{what}: vendor {vendor} has another reference",
    "record_in_force": "{what}: version {found} counts, in force is {stated}",
    "record_void": "{what}: the sheet of a seat that is held is marked void",
    "answers_missing": "vendor {vendor}: {found} of {seats} signed qualification sheets",
    "answer": "{what}: item {item} is not as the plan allows ({why})",
    "dispute_missing": "vendor {vendor}, item {item}: the answers differ and no vote is on record",
    "vote": "vendor {vendor}, item {item}: recomputed {found}, stated {stated}",
    "vote_open": "vendor {vendor}, item {item}: the vote is not closed",
    "ballot": "vendor {vendor}, item {item}: a ballot is not allowed ({why})",
    "group": "group {group}: recomputed {found}, stated {stated}",
    "group_missing": "vendors {vendors}: one licence and no decision on record",
    "elimination": "vendor {vendor}: eliminated by {found}, stated {stated}",
    "qualified": "vendor {vendor}: recomputed {found}, stated {stated}",
    "scores_missing": "vendor {vendor}: {found} of {seats} signed score sheets",
    "score": "{what}: item {item} is not as the plan allows ({why})",
    "score_items": "{what}: the items are not those of the plan",
    "score_total": "{what}: the sum is {found}, stated {stated}",
    "objective": "vendor {vendor}, item {item}: objective points differ ({found})",
    "extreme": "vendor {vendor}, item {item}, seat {seat}: {value} is far from the others and was not confirmed",
    "lottery": "the lottery value is not that of a lottery in the package over {found}",
    "lottery_proof": "lottery {draw}: the proof fails ({why})",
    "ranked": "ranked vendors: recomputed {found}, stated {stated}",
    "rank": "vendor {vendor}: {field} recomputed {found}, stated {stated}",
    "ranking_order": "the ranking is not listed by rank",
    "report_missing": "seat {seat}: no signature under the report and no record of its silence",
    "report_ranking": "seat {seat}: signed another ranking",
    "report_record": "seat {seat}: signed over another record of sheets and ballots",
    "report_digest": "seat {seat}: signed another report",
    "report_position": "seat {seat}: position {found}, stated {stated}",
    "selection": "{field}: recomputed {found}, stated {stated}",
    "substitution": "after {removed} left: recomputed {found}, stated {stated}",
    "fee_experts": "expert fees come to {found}, the last split is over {stated}",
    "fee_lines": "fees, round {round}: recomputed {found}, stated {stated}",
    "fee_payers": "fees are owed by {found}, selected are {stated}",
    "ocds": "ocds/releases.json: {place}: recomputed {found}, stated {stated}",
}


@dataclass(frozen=True)
class Difference:
    """One thing that does not agree. `code` is a key of WORDS."""

    code: str
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """The difference in words."""
        return WORDS[self.code].format(**{key: _short(value) for key, value in self.facts.items()})


def code_of(error: Exception) -> str:
    """The code of a refusal as text; "" for an error without one."""
    code = getattr(error, "code", "")
    return str(getattr(code, "value", code))


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 300 else f"{text[:300]}…"


class Book:
    """The differences found so far, in the order of the checks."""

    def __init__(self) -> None:
        self.differences: list[Difference] = []

    def differ(self, code: str, **facts: Any) -> None:
        """Write one difference down."""
        self.differences.append(Difference(code, facts))

    def part(self, name: str, check: Callable[[], None]) -> bool:
        """Run one check; what it can't read is a difference of its own. True where it came to its end."""
        try:
            check()
        except MALFORMED as error:
            why = code_of(error) or f"{type(error).__name__} {str(error)[:80]}"
            facts = getattr(error, "facts", {})
            self.differ("malformed", part=name, why=" ".join([why, *(f"{k}={v}" for k, v in facts.items())]))
            return False
        return True
