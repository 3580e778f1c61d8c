"""The qualification review as rules: √ and ×, the named vote, the one-vote veto, vendors under one CA.

Plan, 评审程序 1-4 and 资质要求 5. Values in, values out; who may do what and when is decided elsewhere.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from evaluation.errors import EvaluationError
from evaluation.workflow import Transition


class QualificationCode(Enum):
    """Why the qualification review refuses something."""

    PLAN = "qualification_plan"
    ITEM_UNKNOWN = "qualification_item_unknown"
    GROUND_MISSING = "qualification_ground_missing"
    GROUND_UNKNOWN = "qualification_ground_unknown"
    REMARK_MISSING = "qualification_remark_missing"
    CHOICE_UNKNOWN = "qualification_choice_unknown"
    CITATION_MISSING = "qualification_citation_missing"
    REASON_MISSING = "qualification_reason_missing"
    VOTED_TWICE = "qualification_voted_twice"
    NOT_A_SEAT = "qualification_not_a_seat"
    COUNT = "qualification_count"
    NOT_IN_GROUP = "qualification_not_in_group"


class QualificationRefused(EvaluationError):
    """A rule of the qualification review refuses it; facts name item, seat, limits."""


class ItemOutcome(Enum):
    """What the panel's answers to one item come to."""

    PASSED = "passed"
    FAILED = "failed"
    DISPUTED = "disputed"
    INCOMPLETE = "incomplete"


class Conclusion(Enum):
    """结论 of the form: 合格, 不合格, or not yet."""

    QUALIFIED = "qualified"
    ELIMINATED = "eliminated"
    PENDING = "pending"


@dataclass(frozen=True)
class Ballot:
    """One seat's named vote. A yes rests on a file and page, a no on its reason."""

    seat: str
    choice: str
    cited_file: str = ""
    cited_page: str = ""
    reason: str = ""


@dataclass(frozen=True)
class VoteResult:
    """A counted vote. `absent` seats count in the denominator as everyone else does."""

    yes: int
    no: int
    abstain: int
    absent: int
    seats: int
    passed: bool


@dataclass(frozen=True)
class Claim:
    """Under which CA licence a vendor responds; `is_ca` when it is the authority itself."""

    vendor: str
    licence: str
    is_ca: bool = False


@dataclass(frozen=True)
class LicenceGroup:
    """Vendors authorised under one licence, in the order of their keys: at most one of them passes."""

    licence: str
    vendors: tuple[str, ...]


@dataclass(frozen=True)
class GroupResult:
    """Which vendor of a group passes (None: none of them), by whose word, and the votes."""

    passed: str | None
    eliminated: tuple[str, ...]
    decided_by: str
    votes: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class QualificationRules:
    """[evaluation.qualification] of the plan."""

    items: tuple[str, ...]
    grounds: tuple[str, ...]
    numerator: int
    denominator: int
    one_per_ca: bool

    @classmethod
    def from_plan(cls, section: Mapping[str, Any]) -> QualificationRules:
        """Read the section; raises QualificationRefused(PLAN) with `place` where it can't be a rule.

        A majority below one half is refused: two vendors of one CA could then both pass a ballot.
        """
        items = _ids(section, "form")
        grounds = _ids(section, "invalidity")
        numerator = _whole(section, "vote_numerator", 2)
        denominator = _whole(section, "vote_denominator", 3)
        if not 0 < denominator <= 2 * numerator < 2 * denominator:
            raise QualificationRefused(QualificationCode.PLAN, place="vote_numerator")
        one_per_ca = section.get("one_per_ca", True)
        if not isinstance(one_per_ca, bool):
            raise QualificationRefused(QualificationCode.PLAN, place="one_per_ca")
        return cls(items, grounds, numerator, denominator, one_per_ca)

    def check_answer(self, item: str, passed: bool | None, ground: str = "", remark: str = "") -> None:
        """Refuse an answer that can't be signed: × without one of the plan's grounds and a remark."""
        if item not in self.items:
            raise QualificationRefused(QualificationCode.ITEM_UNKNOWN, item=item)
        if passed is not False:
            return
        if not ground:
            raise QualificationRefused(QualificationCode.GROUND_MISSING, item=item)
        if ground not in self.grounds:
            raise QualificationRefused(QualificationCode.GROUND_UNKNOWN, item=item, ground=ground)
        if not remark.strip():
            raise QualificationRefused(QualificationCode.REMARK_MISSING, item=item)

    def item_outcome(self, answers: Sequence[bool | None], seats: int) -> ItemOutcome:
        """All seats agree: that is the result; they differ: disputed; one is missing: incomplete."""
        if seats < 1 or len(answers) > seats:
            raise QualificationRefused(QualificationCode.COUNT, given=len(answers), seats=seats)
        if len(answers) < seats or any(answer is None for answer in answers):
            return ItemOutcome.INCOMPLETE
        if len(set(answers)) > 1:
            return ItemOutcome.DISPUTED
        return ItemOutcome.PASSED if answers[0] else ItemOutcome.FAILED

    def vote_passed(self, yes: int, seats: int) -> bool:
        """More than the plan's share of all seats (5 seats and 2/3: four). Absence shrinks nothing."""
        if seats < 1 or not 0 <= yes <= seats:
            raise QualificationRefused(QualificationCode.COUNT, given=yes, seats=seats)
        return self.denominator * yes > self.numerator * seats

    def count_vote(self, ballots: Iterable[Ballot], seats: Iterable[str]) -> VoteResult:
        """Count the ballots of the seats that are held now.

        Refuses two ballots of one seat and a ballot of somebody who holds none (a replaced expert).
        """
        held = set(seats)
        seen: set[str] = set()
        choices: Counter[str] = Counter()
        for ballot in ballots:
            check_ballot(ballot)
            _once(ballot.seat, seen, held)
            choices[ballot.choice] += 1
        return VoteResult(
            yes=choices["yes"],
            no=choices["no"],
            abstain=choices["abstain"],
            absent=len(held) - len(seen),
            seats=len(held),
            passed=self.vote_passed(choices["yes"], len(held)),
        )

    def conclude(self, settled: Mapping[str, bool | None]) -> Conclusion:
        """One × among the settled items eliminates (一项否决), once every item of the form is settled."""
        for item in settled:
            if item not in self.items:
                raise QualificationRefused(QualificationCode.ITEM_UNKNOWN, item=item)
        results = [settled.get(item) for item in self.items]
        if any(result is None for result in results):
            return Conclusion.PENDING
        return Conclusion.QUALIFIED if all(results) else Conclusion.ELIMINATED

    def groups(self, claims: Iterable[Claim]) -> list[LicenceGroup]:
        """Vendors authorised under one licence, where there are several; none when the plan allows it.

        A CA that responds itself is nobody's competitor here; `self_and_authorised` flags it.
        """
        if not self.one_per_ca:
            return []
        by_licence: dict[str, list[str]] = {}
        for claim in claims:
            licence = normal_licence(claim.licence)
            if licence and not claim.is_ca:
                by_licence.setdefault(licence, []).append(claim.vendor)
        return [
            LicenceGroup(licence, tuple(sorted(vendors)))
            for licence, vendors in sorted(by_licence.items())
            if len(vendors) > 1
        ]

    def settle_by_ballot(
        self, group: LicenceGroup, choices: Iterable[tuple[str, str | None]], seats: Iterable[str]
    ) -> GroupResult:
        """The group's ballot: each seat names one vendor or none; the majority of every vote is needed."""
        held = set(seats)
        seen: set[str] = set()
        votes: Counter[str] = Counter()
        for seat, choice in choices:
            _once(seat, seen, held)
            if choice is not None:
                _member(group, choice)
                votes[choice] += 1
        passed = [vendor for vendor in group.vendors if self.vote_passed(votes[vendor], len(held))]
        chosen = passed[0] if passed else None
        return _group_result(group, chosen, "ballot", tuple((v, votes[v]) for v in group.vendors))


def settle_by_answer(group: LicenceGroup, chosen: str | None) -> GroupResult:
    """The CA's written answer names the vendor it authorises, or none: that decides the group."""
    if chosen is not None:
        _member(group, chosen)
    return _group_result(group, chosen, "ca_answer", ())


def self_and_authorised(claims: Iterable[Claim]) -> list[str]:
    """Licences under which the CA responds itself and also authorises another vendor: a flag for the panel."""
    own: set[str] = set()
    others: set[str] = set()
    for claim in claims:
        (own if claim.is_ca else others).add(normal_licence(claim.licence))
    return sorted((own & others) - {""})


def normal_licence(text: str) -> str:
    """A licence number as it is compared: full-width forms, case and blanks make no difference."""
    return "".join(unicodedata.normalize("NFKC", text).split()).upper()


def check_ballot(ballot: Ballot) -> None:
    """Refuse a ballot without its ground: what is not in the package can't be voted in."""
    if ballot.choice not in ("yes", "no", "abstain"):
        raise QualificationRefused(QualificationCode.CHOICE_UNKNOWN, seat=ballot.seat)
    if ballot.choice == "yes" and not (ballot.cited_file.strip() and ballot.cited_page.strip()):
        raise QualificationRefused(QualificationCode.CITATION_MISSING, seat=ballot.seat)
    if ballot.choice == "no" and not ballot.reason.strip():
        raise QualificationRefused(QualificationCode.REASON_MISSING, seat=ballot.seat)


def _once(seat: str, seen: set[str], held: set[str]) -> None:
    if seat not in held:
        raise QualificationRefused(QualificationCode.NOT_A_SEAT, seat=seat)
    if seat in seen:
        raise QualificationRefused(QualificationCode.VOTED_TWICE, seat=seat)
    seen.add(seat)


def _member(group: LicenceGroup, vendor: str) -> None:
    if vendor not in group.vendors:
        raise QualificationRefused(QualificationCode.NOT_IN_GROUP, vendor=vendor, licence=group.licence)


def _group_result(
    group: LicenceGroup, chosen: str | None, by: str, votes: tuple[tuple[str, int], ...]
) -> GroupResult:
    return GroupResult(chosen, tuple(vendor for vendor in group.vendors if vendor != chosen), by, votes)


def _ids(section: Mapping[str, Any], key: str) -> tuple[str, ...]:
    entries = section.get(key)
    if not isinstance(entries, list) or not entries:
        raise QualificationRefused(QualificationCode.PLAN, place=key)
    ids = []
    for entry in entries:
        if not isinstance(entry, Mapping) or not str(entry.get("id", "")).strip():
            raise QualificationRefused(QualificationCode.PLAN, place=key)
        ids.append(str(entry["id"]))
    if len(set(ids)) < len(ids):
        raise QualificationRefused(QualificationCode.PLAN, place=key)
    return tuple(ids)


def _whole(section: Mapping[str, Any], key: str, default: int) -> int:
    value = section.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool):
        raise QualificationRefused(QualificationCode.PLAN, place=key)
    return value


@dataclass(frozen=True)
class CandidateContext:
    """What a step of a vendor under review may look at."""

    conclusion: Conclusion = Conclusion.PENDING
    group_open: bool = False
    rank: int | None = None
    quota: int = 0
    next_in_rank: bool = False
    all_requirements_accepted: bool = False


def _may_qualify(context: CandidateContext) -> str | None:
    if context.conclusion is not Conclusion.QUALIFIED:
        return "qualification_not_settled"
    return "ca_group_open" if context.group_open else None


def _may_eliminate(context: CandidateContext) -> str | None:
    return None if context.conclusion is Conclusion.ELIMINATED else "qualification_not_settled"


def _within_quota(context: CandidateContext) -> str | None:
    return None if context.rank is not None and context.rank <= context.quota else "not_within_quota"


def _beyond_quota(context: CandidateContext) -> str | None:
    return None if context.rank is not None and context.rank > context.quota else "within_quota"


def _may_move_up(context: CandidateContext) -> str | None:
    return None if context.next_in_rank else "not_next_in_rank"


def _may_accept(context: CandidateContext) -> str | None:
    return None if context.all_requirements_accepted else "requirements_open"


_PANEL = ("expert", "staff", "system")
_AWARD = ("staff", "system")

CANDIDATE_TRANSITIONS: dict[tuple[str, str], Transition] = {
    ("under_review", "qualified"): Transition(_PANEL, _may_qualify, "candidate.qualified"),
    ("under_review", "eliminated"): Transition(_PANEL, _may_eliminate, "candidate.eliminated"),
    # A seat changed hands or a re-review was ordered: the settling rests on opinions that are void.
    ("qualified", "under_review"): Transition(_PANEL, None, "candidate.unsettled", reason_required=True),
    ("eliminated", "under_review"): Transition(_PANEL, None, "candidate.unsettled", reason_required=True),
    ("qualified", "selected"): Transition(_AWARD, _within_quota, "candidate.selected"),
    ("qualified", "reserve"): Transition(_AWARD, _beyond_quota, "candidate.reserve"),
    ("qualified", "not_selected"): Transition(_AWARD, _beyond_quota, "candidate.not_selected"),
    ("reserve", "selected"): Transition(_AWARD, _may_move_up, "candidate.moved_up", reason_required=True),
    ("selected", "accepted"): Transition(("platform", "system"), _may_accept, "candidate.accepted"),
    ("selected", "withdrew"): Transition(("vendor", "staff"), None, "candidate.withdrew", reason_required=True),
    ("selected", "removed"): Transition(
        ("staff", "supervisor"), None, "candidate.removed", reason_required=True, second_person=True
    ),
}


@dataclass(frozen=True)
class DisputeContext:
    """How far a named vote has come."""

    voted: int
    seats: int
    time_over: bool


def _vote_over(context: DisputeContext) -> str | None:
    return None if context.voted >= context.seats or context.time_over else "vote_running"


DISPUTE_TRANSITIONS: dict[tuple[str, str], Transition] = {
    ("open", "closed"): Transition(_PANEL, _vote_over, "dispute.closed"),
    # The newcomer to a seat has not voted: the vote waits for that ballot.
    ("closed", "open"): Transition(_AWARD, None, "dispute.reopened", reason_required=True),
}
