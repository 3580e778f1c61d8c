"""The review's use cases: what they do, and what they refuse."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from evaluation.errors import EvaluationError
from evaluation.models import (
    Base,
    CAGroup,
    Dispute,
    Minute,
    PanelSeat,
    QualificationSheet,
    Review,
    ScoreSheet,
    SheetVersion,
)
from evaluation.review import ReviewCode, ReviewRefused, StaleSheet, held_seats, seat_replaced, versions_of
from evaluation.review_groups import cast_group_ballot, record_answer
from evaluation.review_qualification import (
    Answer,
    cast_ballot,
    close_dispute,
    close_due,
    open_qualification,
    save_answers,
    sign_sheets,
)
from evaluation.review_report import answer_report, deem_silent, freeze_ranking, lay_report
from evaluation.review_scoring import Entry, bind_scan, open_scoring, save_scores, sign_score_sheets
from evaluation.review_settling import (
    amend_score,
    confirm_extreme,
    differences,
    extremes,
    open_difference,
    put_extreme,
)
from tests.evaluation.review_room import (
    NOW,
    hours,
    judge,
    make_review,
    no,
    points,
    qualified_review,
    score_all,
    sheet,
    sign,
    yes,
)


@pytest.fixture
def session(bare_database_url: str) -> Iterator[Session]:
    engine = create_engine(bare_database_url)
    Base.metadata.create_all(engine)
    with Session(engine, autoflush=True) as opened:
        yield opened
    engine.dispose()


def refused(code: ReviewCode) -> Any:
    return pytest.raises(ReviewRefused, match=code.value)


def seat(session: Session, review: Review, number: int) -> PanelSeat:
    return held_seats(session, review)[number - 1]


def test_five_equal_answers_settle_a_vendor_at_once(session: Session) -> None:
    review = make_review(session)
    assert open_qualification(session, review) == 15
    assert open_qualification(session, review) == 0
    first, second, third = review.candidates
    judge(session, review, first)
    judge(session, review, second, against=dict.fromkeys(range(1, 6), "3"))
    assert (first.stage, second.stage, third.stage) == ("qualified", "eliminated", "under_review")
    assert second.elimination[0]["item"] == "3"
    assert second.elimination[0]["by"] == "panel"
    assert session.scalar(select(Dispute)) is None


def test_a_sheet_is_saved_by_its_seat_on_its_version_and_not_after_signing(session: Session) -> None:
    review = make_review(session)
    open_qualification(session, review)
    one, two = seat(session, review, 1), seat(session, review, 2)
    own = sheet(session, QualificationSheet, one, review.candidates[0])
    before = own.version
    after = save_answers(session, review, own, one, yes(review), version=before)
    assert after > before
    with pytest.raises(StaleSheet) as stale:
        save_answers(session, review, own, one, no("2"), version=before)
    assert stale.value.current["2"]["passed"] is True
    assert stale.value.submitted["2"]["passed"] is False
    with refused(ReviewCode.FOREIGN_SHEET):
        save_answers(session, review, own, two, yes(review), version=after)
    with refused(ReviewCode.UNKNOWN_ITEM):
        save_answers(session, review, own, one, {"9": Answer(True)}, version=after)
    with refused(ReviewCode.GROUND_MISSING):
        save_answers(session, review, own, one, {"1": Answer(False)}, version=after)
    with refused(ReviewCode.GROUND_UNKNOWN):
        save_answers(session, review, own, one, {"1": Answer(False, "7", "x")}, version=after)
    sign_sheets(session, review, [own], one, sign=sign, now=NOW)
    with refused(ReviewCode.SHEET_LOCKED):
        save_answers(session, review, own, one, yes(review), version=own.version)
    with refused(ReviewCode.SHEET_LOCKED):
        sign_sheets(session, review, [own], one, sign=sign, now=NOW)


def test_a_cross_without_remark_keeps_the_sheet_from_being_signed(session: Session) -> None:
    review = make_review(session)
    open_qualification(session, review)
    one = seat(session, review, 1)
    own = sheet(session, QualificationSheet, one, review.candidates[0])
    save_answers(session, review, own, one, yes(review) | {"4": Answer(False, "6", " ")}, version=own.version)
    with refused(ReviewCode.SHEET_INCOMPLETE) as error:
        sign_sheets(session, review, [own], one, sign=sign, now=NOW)
    assert error.value.facts["items"] == ["4"]
    assert own.stage == "open"


@pytest.mark.parametrize(("against", "passed"), [(1, True), (2, False)])
def test_a_disputed_item_passes_with_more_than_two_thirds_of_the_seats(
    session: Session, against: int, passed: bool
) -> None:
    review = make_review(session)
    open_qualification(session, review)
    candidate = review.candidates[0]
    judge(session, review, candidate, against={1: "2"})
    dispute = session.scalars(select(Dispute)).one()
    assert candidate.stage == "under_review"
    assert dispute.item == "2"
    for number, voter in enumerate(held_seats(session, review), 1):
        if number <= against:
            cast_ballot(
                session, review, dispute, voter, choice="no", reason="nothing there", sign=sign, now=NOW
            )
        else:
            cast_ballot(
                session,
                review,
                dispute,
                voter,
                choice="yes",
                cited_file="a.pdf",
                cited_page="3",
                sign=sign,
                now=NOW,
            )
    assert (dispute.stage, dispute.passed, dispute.yes, dispute.seats) == ("closed", passed, 5 - against, 5)
    assert candidate.stage == ("qualified" if passed else "eliminated")
    if not passed:
        assert candidate.elimination[0]["by"] == "vote"
    assert len(versions_of(session, "ballot", dispute.id)) == 5


def test_ballots_need_their_ground_and_are_cast_once(session: Session) -> None:
    review = make_review(session)
    open_qualification(session, review)
    judge(session, review, review.candidates[0], against={5: "1"})
    dispute = session.scalars(select(Dispute)).one()
    voter = seat(session, review, 2)

    def vote(choice: str, **facts: Any) -> None:
        cast_ballot(
            session, review, dispute, voter, choice=choice, sign=sign, now=facts.pop("now", NOW), **facts
        )

    with refused(ReviewCode.CITATION_MISSING):
        vote("yes", cited_file="a.pdf")
    with refused(ReviewCode.REASON_MISSING):
        vote("no", reason=" ")
    with refused(ReviewCode.CHOICE_UNKNOWN):
        vote("maybe")
    with refused(ReviewCode.DISPUTE_EXPIRED):
        vote("abstain", now=NOW + hours(25))
    vote("abstain")
    with refused(ReviewCode.ALREADY_VOTED):
        vote("abstain")
    with refused(ReviewCode.DISPUTE_RUNNING):
        close_dispute(session, review, dispute, now=NOW)


def test_absence_never_shrinks_the_denominator(session: Session) -> None:
    review = make_review(session)
    open_qualification(session, review)
    candidate = review.candidates[0]
    judge(session, review, candidate, against={5: "1"})
    dispute = session.scalars(select(Dispute)).one()
    for voter in held_seats(session, review)[:3]:
        cast_ballot(
            session,
            review,
            dispute,
            voter,
            choice="yes",
            cited_file="a.pdf",
            cited_page="1",
            sign=sign,
            now=NOW,
        )
    assert close_due(session, review, now=NOW + hours(25)) == [dispute]
    assert (dispute.yes, dispute.seats, dispute.passed) == (3, 5, False)
    assert candidate.stage == "eliminated"
    with refused(ReviewCode.DISPUTE_CLOSED):
        close_dispute(session, review, dispute, now=NOW + hours(26))


def _group(session: Session) -> tuple[Review, CAGroup]:
    review = make_review(session, licences={1: "SAME", 2: "SAME"})
    open_qualification(session, review)
    for candidate in review.candidates:
        judge(session, review, candidate)
    return review, session.scalars(select(CAGroup)).one()


def test_the_answer_of_the_authority_decides_its_group(session: Session) -> None:
    review, group = _group(session)
    first, second, third = review.candidates
    assert [row.stage for row in review.candidates] == ["under_review", "under_review", "qualified"]
    with refused(ReviewCode.NOT_IN_GROUP):
        record_answer(session, review, group, chosen=third, text="it", blob=None, file_name="", now=NOW)
    record_answer(session, review, group, chosen=second, text="the second", blob=None, file_name="", now=NOW)
    assert (first.stage, second.stage) == ("eliminated", "qualified")
    assert first.elimination[0]["by"] == "ca_group"
    with refused(ReviewCode.GROUP_CLOSED):
        record_answer(
            session, review, group, chosen=first, text="no, the first", blob=None, file_name="", now=NOW
        )


@pytest.mark.parametrize(
    ("votes", "stages"), [(4, ["qualified", "eliminated"]), (3, ["eliminated", "eliminated"])]
)
def test_without_an_answer_the_panel_votes_over_the_group(
    session: Session, votes: int, stages: list[str]
) -> None:
    review, group = _group(session)
    for number, voter in enumerate(held_seats(session, review), 1):
        cast_group_ballot(
            session,
            review,
            group,
            voter,
            choice=review.candidates[0] if number <= votes else None,
            reason="by the documents",
            sign=sign,
            now=NOW,
        )
    assert [row.stage for row in review.candidates[:2]] == stages
    assert group.decided_by == "ballot"


def test_an_eliminated_peer_leaves_the_other_alone(session: Session) -> None:
    review = make_review(session, licences={1: "SAME", 2: "SAME"})
    open_qualification(session, review)
    judge(session, review, review.candidates[1])
    assert review.candidates[1].stage == "under_review"
    judge(session, review, review.candidates[0], against=dict.fromkeys(range(1, 6), "1"))
    assert [row.stage for row in review.candidates[:2]] == ["eliminated", "qualified"]
    assert session.scalar(select(CAGroup)) is None


def _replace(session: Session, review: Review, number: int) -> tuple[PanelSeat, PanelSeat]:
    old = seat(session, review, number)
    new = session.scalars(select(PanelSeat).where(PanelSeat.stage == "drawn")).one()
    old.stage, old.seat_no = "replaced", None
    session.flush()
    new.stage, new.seat_no = "active", number
    session.flush()
    return old, new


def test_a_replaced_experts_opinions_count_nowhere(session: Session) -> None:
    review = make_review(session)
    open_qualification(session, review)
    candidate = review.candidates[0]
    judge(session, review, candidate, against={3: "2"})
    dispute = session.scalars(select(Dispute)).one()
    old, new = _replace(session, review, 3)
    counts = seat_replaced(session, old, new, now=NOW)
    assert counts["void"] == 3
    assert counts["made"] == 3
    own = sheet(session, QualificationSheet, old, candidate)
    with refused(ReviewCode.SHEET_VOID):
        save_answers(session, review, own, old, yes(review), version=own.version)
    with refused(ReviewCode.NOT_ON_PANEL):
        cast_ballot(session, review, dispute, old, choice="abstain", sign=sign, now=NOW)
    # The newcomer agrees with the other four: no difference is left.
    judge(session, review, candidate)
    assert candidate.stage == "qualified"
    assert (dispute.stage, dispute.passed) == ("closed", True)
    assert len(versions_of(session, "qualification_sheet", own.id)) == 1


def test_a_settled_vendor_waits_for_the_newcomer(session: Session) -> None:
    review = make_review(session)
    open_qualification(session, review)
    candidate = review.candidates[0]
    judge(session, review, candidate)
    assert candidate.stage == "qualified"
    seat_replaced(session, *_replace(session, review, 2), now=NOW)
    assert candidate.stage == "under_review"
    judge(session, review, candidate, against={2: "1"})
    assert candidate.stage == "under_review"
    assert session.scalars(select(Dispute)).one().stage == "open"


def test_scores_are_saved_whole_or_not_at_all(session: Session) -> None:
    review = qualified_review(session)
    one = seat(session, review, 1)
    own = sheet(session, ScoreSheet, one, review.candidates[0])
    version = save_scores(session, review, own, one, points(), version=own.version).version
    for bad in ("NaN", "31", "-1", "1e9", "Infinity"):
        with pytest.raises(EvaluationError):
            save_scores(session, review, own, one, points() | {"2.1": Entry(Decimal(bad))}, version=version)
    with refused(ReviewCode.UNKNOWN_ITEM):
        save_scores(session, review, own, one, {"9": Entry(Decimal(1))}, version=version)
    with pytest.raises(StaleSheet):
        save_scores(session, review, own, one, points(), version=version - 1)
    with refused(ReviewCode.FOREIGN_SHEET):
        save_scores(session, review, own, seat(session, review, 2), points(), version=version)
    session.expire(own)
    assert {row.item: row.value for row in own.scores}["2.1"] == Decimal(20)


def test_all_score_sheets_are_signed_together_and_once(session: Session) -> None:
    review = qualified_review(session)
    one = seat(session, review, 1)
    own = [sheet(session, ScoreSheet, one, candidate) for candidate in review.candidates]
    for row in own[:2]:
        save_scores(session, review, row, one, points(), version=row.version)
    with refused(ReviewCode.SHEET_INCOMPLETE):
        sign_score_sheets(session, review, own, one, sign=sign, now=NOW)
    assert {row.stage for row in own} == {"open"}
    save_scores(session, review, own[2], one, points(), version=own[2].version)
    sign_score_sheets(session, review, own, one, sign=sign, now=NOW)
    with refused(ReviewCode.NOTHING_TO_SIGN):
        sign_score_sheets(session, review, own, one, sign=sign, now=NOW)
    with refused(ReviewCode.SHEET_LOCKED):
        save_scores(session, review, own[0], one, points(), version=own[0].version)
    payload = versions_of(session, "score_sheet", own[0].id)[0].payload
    assert payload["seat"] == "P1"
    assert payload["total"] == "76"
    assert {line["item"]: line["value"] for line in payload["scores"]}["2.1"] == "20"
    # Others have not signed: no difference is shown to anyone.
    assert differences(session, review) == []
    with refused(ReviewCode.NOT_ALL_SIGNED):
        freeze_ranking(session, review, now=NOW)


def test_unequal_objective_scores_block_until_amended_by_their_experts(session: Session) -> None:
    review = qualified_review(session)
    score_all(session, review, {(2, 1): points(first="0", second="16")})
    chair, two = seat(session, review, 1), seat(session, review, 2)
    candidate = review.candidates[0]
    assert [(row.candidate.number, row.key) for row in differences(session, review)] == [(1, "1")]
    with refused(ReviewCode.DIFFERENCES_LEFT):
        freeze_ranking(session, review, now=NOW)
    own = sheet(session, ScoreSheet, two, candidate)

    def amend(value: str, reason: str = "read again", key: str = "1", who: PanelSeat = two) -> None:
        amend_score(
            session,
            review,
            own,
            who,
            key,
            Entry(Decimal(value)),
            reason=reason,
            version=own.version,
            sign=sign,
            now=NOW,
        )

    with refused(ReviewCode.NOT_OPENED):
        amend("40")
    with refused(ReviewCode.NOT_CHAIR):
        open_difference(session, review, two, candidate, "1", now=NOW)
    with refused(ReviewCode.NO_DIFFERENCE):
        open_difference(session, review, chair, review.candidates[1], "1", now=NOW)
    open_difference(session, review, chair, candidate, "1", now=NOW)
    with refused(ReviewCode.REASON_MISSING):
        amend("40", reason=" ")
    with refused(ReviewCode.FOREIGN_SHEET):
        amend("40", who=chair)
    with refused(ReviewCode.UNCHANGED):
        amend("0")
    amend("40")
    assert differences(session, review) == []
    versions = versions_of(session, "score_sheet", own.id)
    assert [row.cause for row in versions] == ["", "objective_unequal"]
    assert versions[1].reason == "read again"
    assert own.payload_digest == versions[1].payload_digest
    ranking = freeze_ranking(session, review, now=NOW)
    assert [row.rank for row in ranking] == [1, 2, 3]
    with refused(ReviewCode.RANKED_ALREADY):
        freeze_ranking(session, review, now=NOW)


def test_an_extreme_score_is_put_by_the_chair_and_confirmed_or_amended(session: Session) -> None:
    review = qualified_review(session)
    score_all(session, review, {(4, 2): points(second="2"), (5, 3): points(second="30")})
    chair, four, five = (seat(session, review, number) for number in (1, 4, 5))
    second, third = review.candidates[1], review.candidates[2]
    assert {(row.candidate.number, row.key, row.seat_id) for row in extremes(session, review)} == {
        (2, "2.1", four.id),
        (3, "2.1", five.id),
    }
    with refused(ReviewCode.EXTREMES_LEFT):
        freeze_ranking(session, review, now=NOW)
    with refused(ReviewCode.NOT_OPENED):
        confirm_extreme(session, review, four, second, "2.1", reason="weak", now=NOW)
    put_extreme(session, review, chair, second, "2.1", four, now=NOW)
    put_extreme(session, review, chair, third, "2.1", five, now=NOW)
    with refused(ReviewCode.NO_EXTREME):
        confirm_extreme(session, review, chair, second, "2.1", reason="not mine", now=NOW)
    confirm_extreme(session, review, four, second, "2.1", reason="weak plan", now=NOW)
    own = sheet(session, ScoreSheet, five, third)
    amend_score(
        session,
        review,
        own,
        five,
        "2.1",
        Entry(Decimal("19")),
        reason="misread",
        version=own.version,
        sign=sign,
        now=NOW,
    )
    assert [row.state for row in extremes(session, review)] == ["confirmed"]
    assert session.scalars(
        select(Minute.kind).where(Minute.kind.like("extreme%")).order_by(Minute.id)
    ).all() == [
        "extreme_put",
        "extreme_put",
        "extreme_confirmed",
    ]
    assert len(freeze_ranking(session, review, now=NOW)) == 3


def test_a_replacement_during_the_scoring_starts_blank(session: Session) -> None:
    review = qualified_review(session)
    score_all(session, review)
    counts = seat_replaced(session, *_replace(session, review, 5), now=NOW)
    assert counts["made"] == 3
    with refused(ReviewCode.NOT_ALL_SIGNED):
        freeze_ranking(session, review, now=NOW)
    assert [row.stage for row in review.candidates] == ["qualified"] * 3
    assert open_scoring(session, review) == 0


def test_a_scan_is_bound_to_what_was_signed(session: Session) -> None:
    review = qualified_review(session)
    one = seat(session, review, 1)
    own = sheet(session, ScoreSheet, one, review.candidates[0])
    with refused(ReviewCode.SHEET_INCOMPLETE):
        bind_scan(own, one, blob="ff", name="scan.pdf")
    score_all(session, review)
    bind_scan(own, one, blob="ff", name="scan.pdf")
    assert own.scan_digest == own.payload_digest


def test_the_report_is_signed_dissented_from_or_deemed(session: Session) -> None:
    review = qualified_review(session)
    score_all(session, review)
    one, two, three = (seat(session, review, number) for number in (1, 2, 3))
    with refused(ReviewCode.NOT_RANKED):
        lay_report(session, review, digest="d" * 64, due_at=NOW + hours(24))
    freeze_ranking(session, review, now=NOW)
    with refused(ReviewCode.REPORT_MISSING):
        answer_report(session, review, one, dissent=False, sign=sign, now=NOW)
    lay_report(session, review, digest="d" * 64, due_at=NOW + hours(24))
    answer_report(session, review, one, dissent=False, sign=sign, now=NOW)
    with refused(ReviewCode.REPORT_ANSWERED):
        answer_report(session, review, one, dissent=False, sign=sign, now=NOW)
    with refused(ReviewCode.REASON_MISSING):
        answer_report(session, review, two, dissent=True, sign=sign, now=NOW)
    answer_report(session, review, two, dissent=True, reason="item 3", sign=sign, now=NOW)
    answer_report(session, review, three, dissent=False, sign=sign, now=NOW)
    assert deem_silent(session, review, now=NOW + hours(23)) == []
    assert review.reported_at is None
    assert [row.seat_no for row in deem_silent(session, review, now=NOW + hours(25))] == [4, 5]
    assert review.reported_at == NOW + hours(25)
    with refused(ReviewCode.REPORT_DONE):
        answer_report(
            session, review, seat(session, review, 4), dissent=False, sign=sign, now=NOW + hours(26)
        )
    assert session.scalars(select(SheetVersion.number).where(SheetVersion.kind == "report")).all() == [
        1,
        2,
        3,
    ]
