"""What the pages of the panel show, in a constant number of statements."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from app.accounts.models import Invitation, User
from app.extensions import db
from app.panel import findings
from app.panel.common import (
    OPEN_STAGES,
    UNFINISHED,
    draw_in_force,
    experts_by_ref,
    names_open,
    panel_closed,
    vacant_numbers,
)
from app.panel.links import open_links
from app.panel.placing import next_in_order
from app.publication.models import Recruitment
from evaluation.models import Draw, Expert, PanelSeat, Review
from evaluation.panel import opens, replay


def pool_counts() -> dict[bool, int]:
    """How many experts are in the pool (True) and how many were taken out (False)."""
    rows = db.session.execute(select(Expert.active, func.count()).group_by(Expert.active))
    return {row[0]: row[1] for row in rows}


def possible_modes(recruitment: Recruitment, review: Review, draws: list[Draw]) -> list[str]:
    """Which kinds of draw can be prepared now; none while one is unfinished."""
    if recruitment.stage not in OPEN_STAGES or any(row.stage in UNFINISHED for row in draws):
        return []
    if not any(row.stage == "drawn" for row in draws):
        return ["first"]
    modes = []
    if vacant_numbers(review) and next_in_order(review) is None and not panel_closed(review):
        modes.append("supplement")
    if recruitment.stage in ("opened", "qualification"):
        modes.append("anew")
    return modes


@dataclass
class HitLine:
    """The hits of one expert."""

    expert: Expert
    rows: list[dict[str, Any]] = field(default_factory=list)

    @property
    def excluded(self) -> bool:
        return any(not row["dismissed"] for row in self.rows)


@dataclass
class DrawView:
    """A draw as staff and supervisor see it."""

    hits: list[HitLine]
    excluded: int
    reveals: dict[str, bool]
    people: dict[str, str]
    replayed: Any = None
    left_out: dict[str, dict[str, str]] = field(default_factory=dict)


def draw_view(draw: Draw, recruitment: Recruitment) -> DrawView:
    """Hits with their experts, reveals checked, and the proof computed again."""
    experts = experts_by_ref({row["expert"] for row in draw.hits})
    lines: dict[str, HitLine] = {}
    for row in draw.hits:
        if row["expert"] in experts:
            line = lines.setdefault(row["expert"], HitLine(experts[row["expert"]]))
            line.rows.append({**row, "reason": findings.reason_of(row)})
    refs = {row["dismissed"]["by"] for row in draw.hits if row["dismissed"]}
    people: dict[str, str] = {}
    if refs:
        named = db.session.execute(select(User.public_id, User.name).where(User.public_id.in_(refs)))
        people = {row[0]: row[1] for row in named}
    return DrawView(
        hits=list(lines.values()),
        excluded=len(findings.excluded(draw)),
        reveals=_reveals(draw, recruitment),
        people=people,
        replayed=replay(draw.proof) if draw.stage == "drawn" and draw.proof else None,
        left_out=draw.proof.get("left_out", {}),
    )


def _reveals(draw: Draw, recruitment: Recruitment) -> dict[str, bool]:
    """Party → whether what it revealed is what it committed to."""
    return {
        party: opens(
            draw.commitments[party]["commitment"],
            recruitment.public_id,
            party,
            bytes.fromhex(draw.fixed_digest),
            bytes.fromhex(row["secret"]),
        )
        for party, row in draw.reveals.items()
    }


@dataclass
class PublicView:
    """A draw as everybody sees it; `order` lists references, with the name where it may be known."""

    draw: Draw
    reveals: dict[str, bool]
    replayed: Any
    order: list[tuple[str, str, str]]
    reserves: int


def public_view(draw: Draw, recruitment: Recruitment) -> PublicView:
    """Digests, parties, result under references; names of who sat only once the results are published."""
    order: list[tuple[str, str, str]] = []
    if draw.stage == "drawn" and draw.proof:
        seats = {
            seat.expert.public_id: seat
            for seat in db.session.scalars(
                select(PanelSeat)
                .where(
                    PanelSeat.draw_id == draw.id,
                    or_(PanelSeat.stage != "drawn", PanelSeat.seat_no.is_not(None)),
                )
                .options(joinedload(PanelSeat.expert))
            )
        }
        named = names_open(recruitment)
        for ref in [*draw.proof["drawn"], *draw.proof["reserves"]]:
            seat = seats.get(draw.openings.get(ref, {}).get("expert", ""))
            if seat is None:
                continue
            sat = seat.stage in ("active", "replaced")
            order.append((ref, seat.pseudonym, seat.expert.name if named and sat else ""))
        if not order:
            order = [(ref, "", "") for ref in draw.proof["drawn"]]
    return PublicView(
        draw=draw,
        reveals=_reveals(draw, recruitment) if draw.stage == "drawn" else {},
        replayed=replay(draw.proof) if draw.stage == "drawn" and draw.proof else None,
        order=order,
        reserves=len(draw.proof.get("reserves", [])),
    )


@dataclass
class SeatsView:
    """The panel as staff see it."""

    held: list[PanelSeat]
    left: list[PanelSeat]
    vacant: list[int]
    reserves: int
    next: PanelSeat | None
    links: dict[int, Invitation]
    accounts: set[int]
    active: int
    uninvited: int
    closed: bool


def seats_view(review: Review) -> SeatsView:
    """Who holds a seat, who left, who is next."""
    rows = list(
        db.session.scalars(
            select(PanelSeat)
            .where(
                PanelSeat.review_id == review.id,
                or_(PanelSeat.seat_no.is_not(None), PanelSeat.stage != "drawn"),
            )
            .options(joinedload(PanelSeat.expert), selectinload(PanelSeat.declarations))
            .order_by(PanelSeat.seat_no, PanelSeat.id)
        )
    )
    held = [row for row in rows if row.seat_no is not None]
    draw = draw_in_force(review)
    reserves = 0
    if draw is not None:
        reserves = (
            db.session.scalar(
                select(func.count()).where(
                    PanelSeat.draw_id == draw.id, PanelSeat.stage == "drawn", PanelSeat.seat_no.is_(None)
                )
            )
            or 0
        )
    accounts = set(
        db.session.scalars(
            select(User.expert_id).where(User.expert_id.in_([row.expert_id for row in held]))
        )
    )
    return SeatsView(
        held=held,
        left=sorted((row for row in rows if row.seat_no is None), key=lambda row: row.id),
        vacant=vacant_numbers(review),
        reserves=reserves,
        next=next_in_order(review),
        links=open_links(held),
        accounts={int(key) for key in accounts if key is not None},
        active=sum(row.stage == "active" for row in held),
        uninvited=sum(row.stage == "drawn" for row in held),
        closed=panel_closed(review),
    )


@dataclass
class MySeat:
    """One of the expert's own seats with its recruitment."""

    seat: PanelSeat
    recruitment: Recruitment


def my_seats(user: User) -> list[MySeat]:
    """Seats to which the person was invited, the newest first."""
    rows = db.session.execute(
        select(PanelSeat, Recruitment)
        .join(Recruitment, Recruitment.review_id == PanelSeat.review_id)
        .where(PanelSeat.expert_id == user.expert_id, PanelSeat.invited_at.is_not(None))
        .order_by(PanelSeat.invited_at.desc(), PanelSeat.id.desc())
    )
    return [MySeat(row[0], row[1]) for row in rows]
