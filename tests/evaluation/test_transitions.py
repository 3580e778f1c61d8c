"""Every step of a sheet from every stage: the tables alone, and the use cases over rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from evaluation.models import Base, Dispute, PanelSeat, QualificationSheet, Review, ScoreSheet
from evaluation.qualification import (
    CANDIDATE_TRANSITIONS,
    DISPUTE_TRANSITIONS,
    CandidateContext,
    Conclusion,
    DisputeContext,
)
from evaluation.review import ReviewRefused, StaleSheet, held_seats, seat_replaced, versions_of
from evaluation.review_qualification import (
    cast_ballot,
    close_dispute,
    close_due,
    open_qualification,
    save_answers,
    sign_sheets,
)
from evaluation.review_reopening import reopen_qualification, reopen_scores
from evaluation.review_report import freeze_ranking
from evaluation.review_scoring import Entry, bind_scan, save_scores, sign_score_sheets
from evaluation.review_settling import amend_score
from evaluation.scoring import CAUSES, SHEET_TRANSITIONS, SheetContext
from evaluation.workflow import Table, TransitionRefused, WorkflowCode, advance
from tests.evaluation.review_room import (
    NOW,
    hours,
    judge,
    make_review,
    points,
    qualified_review,
    score_all,
    sheet,
    sign,
    yes,
)

ROLES = ("staff", "supervisor", "expert", "vendor", "operator", "platform", "admin", "system", "")


@pytest.fixture
def session(bare_database_url: str) -> Iterator[Session]:
    engine = create_engine(bare_database_url)
    Base.metadata.create_all(engine)
    with Session(engine, autoflush=True) as opened:
        yield opened
    engine.dispose()


@pytest.mark.parametrize(
    ("table", "context"),
    [
        pytest.param(SHEET_TRANSITIONS, SheetContext(cause="sum_error"), id="sheet"),
        pytest.param(
            CANDIDATE_TRANSITIONS,
            CandidateContext(conclusion=Conclusion.QUALIFIED, rank=1, quota=1, next_in_rank=True,
                             all_requirements_accepted=True),
            id="candidate",
        ),
        pytest.param(DISPUTE_TRANSITIONS, DisputeContext(5, 5, False), id="dispute"),
    ],
)
def test_only_what_the_table_says_moves_a_stage(table: Table, context: Any) -> None:
    """All pairs of stages × all roles × with and without a reason; a refused step changes and logs nothing."""
    stages = sorted({stage for pair in table for stage in pair})
    taken = set()
    for start in stages:
        for to in [*stages, "elsewhere"]:
            for role in ROLES:
                for reason in ("", "sample reason"):
                    thing, log = SimpleNamespace(stage=start), []
                    way = table.get((start, to))
                    allowed = (
                        way is not None
                        and role in way.roles
                        and (bool(reason) or not way.reason_required)
                        and (way.guard is None or way.guard(context) is None)
                    )

                    def step(
                        thing: Any = thing, to: str = to, role: str = role, reason: str = reason, log: Any = log
                    ) -> None:
                        advance(
                            thing, to, table=table, actor_role=role, context=context, now=NOW, reason=reason,
                            write_event=lambda event, facts: log.append(event),
                        )

                    if allowed:
                        step()
                        taken.add((start, to))
                        assert way is not None
                        assert (thing.stage, log) == (to, [way.event])
                    else:
                        with pytest.raises(TransitionRefused):
                            step()
                        assert (thing.stage, log) == (start, [])
    # Every way of the table was gone, but those that this context holds back.
    held = {pair for pair, way in table.items() if way.guard is not None and way.guard(context) is not None}
    assert taken == set(table) - held


@pytest.mark.parametrize("cause", [*CAUSES, "", "taste", "composition"])
def test_a_sheet_opens_again_for_the_four_lawful_causes_only(cause: str) -> None:
    thing = SimpleNamespace(stage="signed")

    def reopen() -> None:
        advance(
            thing, "reopened", table=SHEET_TRANSITIONS, actor_role="expert", context=SheetContext(cause=cause),
            now=NOW, reason="sample", write_event=lambda *_: None,
        )

    if cause in CAUSES:
        reopen()
    else:
        with pytest.raises(TransitionRefused, match=WorkflowCode.GUARD.value):
            reopen()
    assert thing.stage == ("reopened" if cause in CAUSES else "signed")


#: Stage → step → None where it is allowed, else the code of the refusal.
SCORE_STEPS: dict[str, dict[str, str | None]] = {
    "open": {"save": None, "sign": None, "amend": "review_not_all_signed", "scan": "review_sheet_incomplete"},
    "signed": {
        "save": "review_sheet_locked", "sign": "review_nothing_to_sign", "amend": "review_not_opened", "scan": None,
    },
    "reopened": {"save": None, "sign": None, "amend": "review_not_all_signed", "scan": "review_sheet_incomplete"},
    "void": {
        "save": "review_sheet_void", "sign": "review_nothing_to_sign", "amend": "review_sheet_void",
        "scan": "review_sheet_void",
    },
    "ranked": {
        "save": "review_sheet_locked", "sign": "review_nothing_to_sign", "amend": "review_ranked_already",
        "scan": None,
    },
}


def _score_sheet_in(session: Session, stage: str) -> tuple[Review, PanelSeat, ScoreSheet]:
    """The sheet of seat 2 for vendor 1, complete, in a stage."""
    review = qualified_review(session, 1)
    two = held_seats(session, review)[1]
    own: ScoreSheet = sheet(session, ScoreSheet, two, review.candidates[0])
    if stage == "open":
        save_scores(session, review, own, two, points(), version=own.version)
        return review, two, own
    score_all(session, review)
    if stage == "reopened":
        reopen_scores(
            session, review, [review.candidates[0]], ["1"], cause="sum_error", reason="sample", now=NOW
        )
    elif stage == "void":
        new = session.scalars(select(PanelSeat).where(PanelSeat.stage == "drawn")).one()
        two.stage, two.seat_no = "replaced", None
        session.flush()
        new.stage, new.seat_no = "active", 2
        session.flush()
        seat_replaced(session, two, new, now=NOW)
    elif stage == "ranked":
        freeze_ranking(session, review, now=NOW)
    session.refresh(own)
    return review, two, own


def _score_step(session: Session, review: Review, seat: PanelSeat, own: ScoreSheet, step: str) -> Callable[[], Any]:
    entry = Entry(Decimal(0 if step == "amend" else 40))
    return {
        "save": lambda: save_scores(session, review, own, seat, {"1": entry}, version=own.version),
        "sign": lambda: sign_score_sheets(session, review, [own], seat, sign=sign, now=NOW),
        "amend": lambda: amend_score(
            session, review, own, seat, "1", entry, reason="sample", version=own.version, sign=sign, now=NOW
        ),
        "scan": lambda: bind_scan(own, seat, blob="ff", name="scan.pdf"),
    }[step]


@pytest.mark.parametrize("stage", list(SCORE_STEPS))
def test_every_step_of_a_score_sheet_from_every_stage(session: Session, stage: str) -> None:
    review, seat, own = _score_sheet_in(session, stage)
    chair = held_seats(session, review)[0]
    before = (own.stage, own.version, own.payload_digest, len(versions_of(session, "score_sheet", own.id)))
    for step, code in SCORE_STEPS[stage].items():
        take = _score_step(session, review, seat, own, step)
        if code is not None:
            with pytest.raises(ReviewRefused, match=f"^{code}"):
                take()
        # Another seat never takes any step on it, whatever its stage.
        if own.stage != "void":
            with pytest.raises(ReviewRefused):
                _score_step(session, review, chair, own, step)()
    after = (own.stage, own.version, own.payload_digest, len(versions_of(session, "score_sheet", own.id)))
    assert after == before
    for step in ("save", "scan", "sign"):
        if SCORE_STEPS[stage][step] is None:
            _score_step(session, review, seat, own, step)()
    assert own.stage == ("signed" if stage in ("open", "reopened") else before[0])
    signed = versions_of(session, "score_sheet", own.id)
    assert len(signed) == {"open": 1, "reopened": 2}.get(stage, before[3])
    if stage == "reopened":
        assert signed[1].cause == "sum_error"


QUALIFICATION_STEPS: dict[str, dict[str, str | None]] = {
    "open": {"save": None, "sign": None},
    "signed": {"save": "review_sheet_locked", "sign": "review_sheet_locked"},
    "reopened": {"save": None, "sign": None},
    "void": {"save": "review_sheet_void", "sign": "review_sheet_void"},
}


@pytest.mark.parametrize("stage", list(QUALIFICATION_STEPS))
def test_every_step_of_a_qualification_sheet_from_every_stage(session: Session, stage: str) -> None:
    review = make_review(session, 1)
    open_qualification(session, review)
    two = held_seats(session, review)[1]
    own: QualificationSheet = sheet(session, QualificationSheet, two, review.candidates[0])
    if stage == "open":
        save_answers(session, review, own, two, yes(review), version=own.version)
    else:
        judge(session, review, review.candidates[0])
    if stage == "reopened":
        reopen_qualification(
            session, review, [review.candidates[0]], cause="qualification_error", reason="sample", now=NOW
        )
    elif stage == "void":
        new = session.scalars(select(PanelSeat).where(PanelSeat.stage == "drawn")).one()
        two.stage, two.seat_no = "replaced", None
        session.flush()
        new.stage, new.seat_no = "active", 2
        session.flush()
        seat_replaced(session, two, new, now=NOW)
    assert own.stage == stage
    steps = {
        "save": lambda: save_answers(session, review, own, two, yes(review), version=own.version),
        "sign": lambda: sign_sheets(session, review, [own], two, sign=sign, now=NOW),
    }
    for step, code in QUALIFICATION_STEPS[stage].items():
        if code is None:
            steps[step]()
        else:
            with pytest.raises(ReviewRefused, match=f"^{code}"):
                steps[step]()
    assert own.stage == ("void" if stage == "void" else "signed")


def _voting(session: Session) -> tuple[Review, Dispute, list[PanelSeat]]:
    review = make_review(session, 1)
    open_qualification(session, review)
    judge(session, review, review.candidates[0], against={3: "2"})
    return review, session.scalars(select(Dispute)).one(), held_seats(session, review)


def _vote(session: Session, review: Review, dispute: Dispute, seat: PanelSeat, now: Any = NOW) -> None:
    cast_ballot(
        session, review, dispute, seat, choice="yes", cited_file="a.pdf", cited_page="1", sign=sign, now=now
    )


@pytest.mark.parametrize("stage", ["replaced", "excluded", "declined", "drawn", "invited", "accepted"])
def test_a_ballot_of_whoever_holds_no_seat_is_refused_and_one_cast_before_counts_nowhere(
    session: Session, stage: str
) -> None:
    review, dispute, seats = _voting(session)
    _vote(session, review, dispute, seats[4])
    with pytest.raises(ReviewRefused, match="review_already_voted"):
        _vote(session, review, dispute, seats[4])
    gone = seats[4]
    gone.stage, gone.seat_no = stage, None
    session.flush()
    with pytest.raises(ReviewRefused, match="review_not_on_panel"):
        _vote(session, review, dispute, gone)
    # While the seat is vacant nobody goes on; then the newcomer votes, and only five ballots count.
    with pytest.raises(ReviewRefused, match="review_panel_incomplete"):
        _vote(session, review, dispute, seats[0])
    new = session.scalars(select(PanelSeat).where(PanelSeat.position == 6)).one()
    new.stage, new.seat_no = "active", 5
    session.flush()
    for seat in seats[:4]:
        _vote(session, review, dispute, seat)
    assert dispute.stage == "open"
    _vote(session, review, dispute, new)
    assert (dispute.stage, dispute.yes, dispute.seats) == ("closed", 5, 5)


def test_a_clock_that_jumps_closes_no_vote_twice_and_loses_nothing(session: Session) -> None:
    review, dispute, seats = _voting(session)
    _vote(session, review, dispute, seats[0], NOW + hours(1))
    _vote(session, review, dispute, seats[1], NOW - timedelta(days=400))
    late = NOW + timedelta(days=30)
    with pytest.raises(ReviewRefused, match="review_dispute_expired"):
        _vote(session, review, dispute, seats[2], late)
    # Back again it is as open as before, with both ballots.
    assert len(dispute.ballots) == 2
    with pytest.raises(ReviewRefused, match="review_dispute_running"):
        close_dispute(session, review, dispute, now=NOW - timedelta(days=400))
    _vote(session, review, dispute, seats[2], NOW + hours(2))
    assert close_due(session, review, now=late) == [dispute]
    assert (dispute.yes, dispute.passed) == (3, False)
    for moment in (NOW, late):
        with pytest.raises(ReviewRefused, match="review_dispute_closed"):
            _vote(session, review, dispute, seats[3], moment)
        assert close_due(session, review, now=moment) == []
    assert (dispute.yes, dispute.seats, dispute.passed) == (3, 5, False)


def test_two_browsers_at_once_lose_neither_what_was_saved_nor_what_was_sent(session: Session) -> None:
    review, two, own = _score_sheet_in(session, "open")
    version = own.version
    save_scores(session, review, own, two, {"2.1": Entry(Decimal(12))}, version=version)
    with pytest.raises(StaleSheet) as stale:
        save_scores(session, review, own, two, {"2.1": Entry(Decimal(18))}, version=version)
    assert stale.value.current["2.1"]["value"] == "12"
    assert stale.value.submitted["2.1"]["value"] == "18"
    assert next(row.value for row in own.scores if row.item == "2.1") == 12


@pytest.mark.parametrize("given", ["0", "30"])
def test_what_a_replaced_expert_gave_never_influences_the_ranking(session: Session, given: str) -> None:
    review = qualified_review(session, 3)
    score_all(session, review, {(5, 3): points(second=given)})
    old = held_seats(session, review)[4]
    new = session.scalars(select(PanelSeat).where(PanelSeat.stage == "drawn")).one()
    old.stage, old.seat_no = "replaced", None
    session.flush()
    new.stage, new.seat_no = "active", 5
    session.flush()
    seat_replaced(session, old, new, now=NOW)
    own = []
    for candidate in review.candidates:
        row = sheet(session, ScoreSheet, new, candidate)
        save_scores(session, review, row, new, points(second=str(15 + candidate.number)), version=row.version)
        own.append(row)
    sign_score_sheets(session, review, own, new, sign=sign, now=NOW)
    rows = freeze_ranking(session, review, now=NOW)
    assert [(row.candidate_id, row.total) for row in rows] == [
        (candidate.id, 5 * Decimal(40 + 15 + candidate.number + 10 + 6)) for candidate in reversed(review.candidates)
    ]
