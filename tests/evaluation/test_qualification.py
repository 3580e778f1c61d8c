"""√ and ×, the named vote with its fixed denominator, the veto, and vendors under one CA."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.qualification import (
    CANDIDATE_TRANSITIONS,
    DISPUTE_TRANSITIONS,
    Ballot,
    CandidateContext,
    Claim,
    Conclusion,
    DisputeContext,
    ItemOutcome,
    LicenceGroup,
    QualificationCode,
    QualificationRefused,
    QualificationRules,
    self_and_authorised,
    settle_by_answer,
)

SECTION: dict[str, Any] = {
    "form": [{"id": str(n)} for n in range(1, 5)],
    "invalidity": [{"id": str(n)} for n in range(1, 7)],
    "vote_numerator": 2,
    "vote_denominator": 3,
    "one_per_ca": True,
}
RULES = QualificationRules.from_plan(SECTION)
SEATS = ("s1", "s2", "s3", "s4", "s5")
GROUP = LicenceGroup("CA1", ("a", "b", "c"))


def refused(code: QualificationCode) -> Any:
    return pytest.raises(QualificationRefused, match=code.value)


def yes(seat: str) -> Ballot:
    return Ballot(seat, "yes", "licence.pdf", "3")


def no(seat: str) -> Ballot:
    return Ballot(seat, "no", reason="not stamped")


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        ([True] * 5, ItemOutcome.PASSED),
        ([False] * 5, ItemOutcome.FAILED),
        ([True] * 4 + [False], ItemOutcome.DISPUTED),
        ([True] * 4 + [None], ItemOutcome.INCOMPLETE),
        ([True] * 4, ItemOutcome.INCOMPLETE),
        ([], ItemOutcome.INCOMPLETE),
    ],
)
def test_the_answers_of_all_seats_make_the_outcome(answers: list[bool | None], outcome: ItemOutcome) -> None:
    assert RULES.item_outcome(answers, 5) is outcome


def test_more_answers_than_seats_are_refused() -> None:
    with refused(QualificationCode.COUNT):
        RULES.item_outcome([True] * 6, 5)


@pytest.mark.parametrize(("yes_votes", "passed"), [(5, True), (4, True), (3, False), (0, False)])
def test_more_than_two_thirds_of_five_are_four(yes_votes: int, passed: bool) -> None:
    assert RULES.vote_passed(yes_votes, 5) is passed


def test_exactly_two_thirds_are_not_more_than_two_thirds() -> None:
    assert not RULES.vote_passed(2, 3)
    assert not RULES.vote_passed(6, 9)
    assert RULES.vote_passed(7, 9)


@given(st.integers(1, 200), st.data())
def test_absence_never_helps(seats: int, data: st.DataObject) -> None:
    votes = data.draw(st.integers(0, seats))
    ballots = [yes(str(n)) for n in range(votes)]
    held = [str(n) for n in range(seats)]
    silent = RULES.count_vote(ballots, held)
    spoken = RULES.count_vote(ballots + [no(str(n)) for n in range(votes, seats)], held)
    assert silent.passed == spoken.passed == (3 * votes > 2 * seats)
    assert (silent.absent, spoken.absent) == (seats - votes, 0)


@given(st.permutations([yes("s1"), yes("s2"), no("s3"), Ballot("s4", "abstain")]))
def test_the_order_of_ballots_makes_no_difference(ballots: list[Ballot]) -> None:
    result = RULES.count_vote(ballots, SEATS)
    assert (result.yes, result.no, result.abstain, result.absent, result.passed) == (2, 1, 1, 1, False)


@pytest.mark.parametrize(
    ("ballots", "code"),
    [
        ([Ballot("s1", "yes", "a.pdf")], QualificationCode.CITATION_MISSING),
        ([Ballot("s1", "yes", "", "3")], QualificationCode.CITATION_MISSING),
        ([Ballot("s1", "no", reason=" ")], QualificationCode.REASON_MISSING),
        ([Ballot("s1", "maybe")], QualificationCode.CHOICE_UNKNOWN),
        ([yes("s1"), no("s1")], QualificationCode.VOTED_TWICE),
        ([yes("replaced")], QualificationCode.NOT_A_SEAT),
    ],
)
def test_a_ballot_without_its_ground_or_seat_is_refused(ballots: list[Ballot], code: QualificationCode) -> None:
    with refused(code):
        RULES.count_vote(ballots, SEATS)


@pytest.mark.parametrize(
    ("item", "ground", "remark", "code"),
    [
        ("9", "1", "x", QualificationCode.ITEM_UNKNOWN),
        ("1", "", "x", QualificationCode.GROUND_MISSING),
        ("1", "7", "x", QualificationCode.GROUND_UNKNOWN),
        ("1", "1", "  ", QualificationCode.REMARK_MISSING),
    ],
)
def test_a_cross_needs_a_ground_of_the_plan_and_a_remark(
    item: str, ground: str, remark: str, code: QualificationCode
) -> None:
    with refused(code):
        RULES.check_answer(item, False, ground, remark)


def test_a_tick_needs_nothing_more() -> None:
    RULES.check_answer("1", True)
    RULES.check_answer("1", None)
    RULES.check_answer("1", False, "3", "not stamped")


@given(st.fixed_dictionaries({str(n): st.sampled_from([True, False, None]) for n in range(1, 5)}))
def test_one_cross_eliminates_once_all_is_settled(settled: dict[str, bool | None]) -> None:
    expected = Conclusion.QUALIFIED
    if None in settled.values():
        expected = Conclusion.PENDING
    elif False in settled.values():
        expected = Conclusion.ELIMINATED
    assert RULES.conclude(settled) is expected


def test_a_missing_item_is_not_settled_and_a_foreign_one_is_refused() -> None:
    assert RULES.conclude({"1": True}) is Conclusion.PENDING
    with refused(QualificationCode.ITEM_UNKNOWN):
        RULES.conclude({"5": True})


CLAIMS = [
    Claim("a", "ECP 001"), Claim("b", "ｅｃｐ001"), Claim("c", "ECP002"), Claim("ca", "ECP001", is_ca=True),
    Claim("d", ""), Claim("e", " "),
]


@given(st.permutations(CLAIMS))
def test_vendors_of_one_licence_are_found_however_it_is_written(claims: list[Claim]) -> None:
    assert RULES.groups(claims) == [LicenceGroup("ECP001", ("a", "b"))]
    assert self_and_authorised(claims) == ["ECP001"]
    free = QualificationRules.from_plan(SECTION | {"one_per_ca": False})
    assert free.groups(claims) == []


def test_the_answer_of_the_authority_decides() -> None:
    result = settle_by_answer(GROUP, "b")
    assert (result.passed, result.eliminated, result.decided_by) == ("b", ("a", "c"), "ca_answer")
    assert settle_by_answer(GROUP, None).eliminated == ("a", "b", "c")
    with refused(QualificationCode.NOT_IN_GROUP):
        settle_by_answer(GROUP, "z")


@given(st.lists(st.sampled_from(["a", "b", "c", None]), max_size=5))
def test_at_most_one_vendor_of_a_group_passes_a_ballot(choices: list[str | None]) -> None:
    result = RULES.settle_by_ballot(GROUP, zip(SEATS, choices, strict=False), SEATS)
    winners = [vendor for vendor in "abc" if 3 * choices.count(vendor) > 2 * 5]
    assert result.passed == (winners[0] if winners else None)
    assert len(result.eliminated) == 3 - len(winners)
    assert len(winners) <= 1


def test_a_group_ballot_counts_each_seat_once_and_only_members() -> None:
    with refused(QualificationCode.VOTED_TWICE):
        RULES.settle_by_ballot(GROUP, [("s1", "a"), ("s1", "a")], SEATS)
    with refused(QualificationCode.NOT_A_SEAT):
        RULES.settle_by_ballot(GROUP, [("old", "a")], SEATS)
    with refused(QualificationCode.NOT_IN_GROUP):
        RULES.settle_by_ballot(GROUP, [("s1", "z")], SEATS)


@pytest.mark.parametrize(
    "change",
    [
        {"form": []}, {"form": [{"id": "1"}, {"id": "1"}]}, {"invalidity": [{}]}, {"invalidity": None},
        {"vote_numerator": 1, "vote_denominator": 3}, {"vote_numerator": 3}, {"vote_denominator": 0},
        {"vote_numerator": "2"}, {"one_per_ca": "yes"},
    ],
)
def test_a_section_that_is_no_rule_is_refused(change: dict[str, Any]) -> None:
    with refused(QualificationCode.PLAN):
        QualificationRules.from_plan(SECTION | change)


def test_the_tables_hold_what_must_come_first() -> None:
    def why(start: str, to: str, **facts: Any) -> str | None:
        guard = CANDIDATE_TRANSITIONS[start, to].guard
        assert guard is not None
        return guard(CandidateContext(**facts))

    assert why("under_review", "qualified") == "qualification_not_settled"
    assert why("under_review", "qualified", conclusion=Conclusion.QUALIFIED, group_open=True) == "ca_group_open"
    assert why("under_review", "qualified", conclusion=Conclusion.QUALIFIED) is None
    assert why("under_review", "eliminated", conclusion=Conclusion.ELIMINATED) is None
    assert why("under_review", "eliminated", conclusion=Conclusion.QUALIFIED) == "qualification_not_settled"
    assert why("qualified", "selected", rank=10, quota=10) is None
    assert why("qualified", "selected", rank=11, quota=10) == "not_within_quota"
    assert why("qualified", "reserve", rank=11, quota=10) is None
    assert why("qualified", "not_selected", rank=10, quota=10) == "within_quota"
    assert why("reserve", "selected") == "not_next_in_rank"
    assert why("reserve", "selected", next_in_rank=True) is None
    assert why("selected", "accepted") == "requirements_open"
    assert why("selected", "accepted", all_requirements_accepted=True) is None
    assert ("eliminated", "selected") not in CANDIDATE_TRANSITIONS
    vote_over = DISPUTE_TRANSITIONS["open", "closed"].guard
    assert vote_over is not None
    assert vote_over(DisputeContext(4, 5, False)) == "vote_running"
    assert vote_over(DisputeContext(5, 5, False)) is None
    assert vote_over(DisputeContext(0, 5, True)) is None
