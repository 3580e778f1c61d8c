"""The election of the chair (组长) by the panel itself.

Every active seat has one vote in a round; the most votes elect. A tie is voted on again among the tied. When
the panel changes in between, the round begins anew. Nobody outside the panel has a say.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from app import clock
from app.audit import Actor, record
from app.errors import Refusal, WrongStage
from app.extensions import action, db
from app.panel.actions import as_expert
from app.panel.common import review_with
from evaluation.models import ChairVote, PanelSeat, Review
from evaluation.panel_stages import elect
from evaluation.review import held_seats, minute


@dataclass(frozen=True)
class Ballot:
    """The round that is open: its number, who can be chosen, who has voted, and the last tied round's counts."""

    round: int
    seats: list[PanelSeat]
    choices: list[PanelSeat]
    votes: dict[int, int]
    tied: dict[int, int]


def _rounds(review: Review) -> dict[int, dict[int, int]]:
    rows = db.session.scalars(
        select(ChairVote)
        .join(PanelSeat, PanelSeat.id == ChairVote.seat_id)
        .where(PanelSeat.review_id == review.id)
        .order_by(ChairVote.round)
    )
    found: dict[int, dict[int, int]] = {}
    for row in rows:
        found.setdefault(row.round, {})[row.seat_id] = row.choice_id
    return found


def ballot(review: Review) -> Ballot:
    """The open round as the votes so far give it."""
    seats = held_seats(db.session(), review)
    held = {seat.id for seat in seats}
    rounds = _rounds(review)
    last = max(rounds, default=0)
    votes = rounds.get(last, {})
    if last and _stands(votes, held):
        if len(votes) < len(held):
            return Ballot(last, seats, _tied(rounds.get(last - 1, {}), held, seats), votes, {})
        result = elect(votes)
        choices = [seat for seat in seats if seat.id in result.tied]
        return Ballot(last + 1, seats, choices or seats, {}, dict(result.counts) if choices else {})
    return Ballot(last + 1, seats, seats, {}, {})


def _stands(votes: dict[int, int], held: set[int]) -> bool:
    """A round counts while everybody who voted, and whom they chose, still sits."""
    return set(votes) <= held and set(votes.values()) <= held


def _tied(before: dict[int, int], held: set[int], seats: list[PanelSeat]) -> list[PanelSeat]:
    if len(before) == len(held) and _stands(before, held) and (tied := elect(before).tied):
        return [seat for seat in seats if seat.id in tied]
    return seats


@action
def vote_chair(*, actor: Actor, seat: PanelSeat, choice: PanelSeat) -> PanelSeat | None:
    """Cast the seat's vote; returns the chair when this vote elects one, None while the round runs or is tied.

    Raises WrongStage `chair_incomplete` below the full panel, Refusal `chair_elected`, `chair_voted`,
    `chair_choice`. One event without the vote; the result goes into the minutes.
    """
    recruitment, review = review_with(seat)
    expert = as_expert(actor, seat)
    current = ballot(review)
    if seat.id not in {row.id for row in current.seats}:
        raise WrongStage("review_not_on_panel")
    if any(row.is_chair for row in current.seats):
        raise Refusal("chair_elected")
    if len(current.seats) < review.seats:
        raise WrongStage("chair_incomplete", active=len(current.seats), seats=review.seats)
    if seat.id in current.votes:
        raise Refusal("chair_voted")
    if choice.id not in {row.id for row in current.choices}:
        raise Refusal("chair_choice", field="choice")
    now = clock.now()
    db.session.add(ChairVote(seat_id=seat.id, round=current.round, choice_id=choice.id, cast_at=now))
    db.session.flush()
    record("chair.voted", actor=expert, recruitment=recruitment, subject=seat, round=current.round)
    votes = {**current.votes, seat.id: choice.id}
    if len(votes) < review.seats:
        return None
    result = elect(votes)
    by_id = {row.id: row for row in current.seats}
    counts = {by_id[key].pseudonym: count for key, count in result.counts.items()}
    if result.elected is None:
        minute(db.session(), review, "chair_tied", now=now, round=current.round, votes=counts)
        record("chair.tied", actor=expert, recruitment=recruitment, subject=review, round=current.round)
        return None
    chair = by_id[result.elected]
    chair.is_chair = True
    minute(db.session(), review, "chair_elected", now=now, by=chair, round=current.round, votes=counts)
    record(
        "chair.elected",
        actor=expert,
        recruitment=recruitment,
        subject=chair,
        round=current.round,
        seat=chair.pseudonym,
    )
    return chair
