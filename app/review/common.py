"""What every use case of the review begins with: the stage, the lock, the seat."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.audit import Actor
from app.errors import Conflict, Denied, Refusal, WrongStage
from app.extensions import db
from app.permissions import seat_of
from app.publication.models import Recruitment
from app.wording import stage_word
from evaluation.models import PanelSeat, Review
from evaluation.review import StaleSheet


def review_of(recruitment: Recruitment, *stages: str, lock: bool = False) -> Review:
    """The recruitment's review in one of the stages, or WrongStage.

    `lock` makes those who may finish something together (the last two signatures) wait for each other.
    """
    if stages and recruitment.stage not in stages:
        raise WrongStage(
            "review_wrong_stage",
            stage=stage_word("recruitment", recruitment.stage),
            wanted="、".join(stage_word("recruitment", stage) for stage in stages),
        )
    if recruitment.review_id is None:
        raise WrongStage("review_not_begun")
    return db.session.get_one(
        Review, recruitment.review_id, with_for_update=True if lock else None, populate_existing=lock
    )


def seat_for(actor: Actor, review: Review) -> PanelSeat:
    """The seat the person holds in this review."""
    seat = seat_of(actor.user, review) if actor.user is not None else None
    if seat is None:
        raise Denied("review_not_on_panel")
    return seat


def as_conflict(stale: StaleSheet, *, current: str, submitted: str) -> Conflict:
    """A stale write as a 409 that shows both values."""
    return Conflict("stale_row", current=current, submitted=submitted, version=stale.version)


def parse_version(value: Any) -> int:
    """The version a form was made on; an unreadable one is stale."""
    try:
        return int(value)
    except (TypeError, ValueError):
        return -1


def later(value: datetime | None, now: datetime) -> datetime:
    """A deadline set by a person: it must lie ahead."""
    if value is None or value <= now:
        raise Refusal("review_due_past", field="due_at")
    return value
