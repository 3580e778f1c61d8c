"""What every use case of the panel begins with: the review, the parties, who is called, who sits."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app import clock
from app.accounts.models import Membership, User
from app.accounts.notify import notify
from app.audit import Actor, record
from app.calendar import calendar
from app.documents.common import names_in_force
from app.errors import Refusal, WrongStage
from app.extensions import db
from app.permissions import recruitment_of
from app.planning import section
from app.publication.models import Recruitment
from app.review.common import review_of
from app.wording import LABELS, REFUSALS, label, stage_word
from evaluation.models import Draw, Expert, PanelSeat, Review
from evaluation.models_lottery import Lottery
from evaluation.panel import PanelRules
from evaluation.panel_stages import DRAW_TRANSITIONS, SEAT_TRANSITIONS, DrawContext, SeatContext
from evaluation.workflow import Table, TransitionRefused, advance

#: Stages in which a panel can be formed or completed.
OPEN_STAGES = ("opened", "qualification", "scoring")
#: Role → the party of the draw it stands for.
PARTIES = {"staff": "organiser", "supervisor": "supervisor"}
UNFINISHED = ("prepared", "fixed", "committed")


def panel_review(recruitment: Recruitment, *, lock: bool = False) -> Review:
    """The review of a recruitment whose panel can still be formed; the draw follows the opening."""
    if recruitment.stage not in OPEN_STAGES:
        raise WrongStage(
            "panel_wrong_stage",
            stage=stage_word("recruitment", recruitment.stage),
            wanted="、".join(stage_word("recruitment", stage) for stage in OPEN_STAGES),
        )
    return review_of(recruitment, lock=lock)


def review_with(subject: Draw | PanelSeat) -> tuple[Recruitment, Review]:
    """Recruitment and locked review of a draw or a seat, which is read again under the lock."""
    recruitment = recruitment_of(subject)
    if recruitment is None:
        raise Refusal("not_found")
    review = panel_review(recruitment, lock=True)
    db.session.refresh(subject)
    return recruitment, review


def rules_of(review: Review) -> PanelRules:
    """[evaluation.panel] of the review's frozen plan."""
    return PanelRules.from_plan(review.rules["panel"])


def party_of(actor: Actor) -> str:
    """The party an actor stands for in a draw; raises Refusal for anybody else."""
    if actor.role not in PARTIES or actor.user is None:
        raise Refusal("draw_not_a_party")
    return PARTIES[actor.role]


def move_draw(
    draw: Draw | Lottery,
    to: str,
    *,
    actor: Actor,
    recruitment: Recruitment,
    context: DrawContext,
    table: Table = DRAW_TRANSITIONS,
    **facts: Any,
) -> None:
    """One step of a draw, or of the lottery by its `table`, with its event, or WrongStage that says why not."""

    def write(event: str, details: dict[str, Any]) -> None:
        record(event, actor=actor, recruitment=recruitment, subject=draw, **{**details, **facts})

    now = clock.now()
    try:
        advance(
            draw,
            to,
            table=table,
            actor_role=actor.role,
            context=context,
            now=now,
            write_event=write,
            reason=str(facts.get("reason", "")),
        )
    except TransitionRefused as refused:
        raise _refused("draw", draw.stage, to, refused) from refused


def move_seat(
    seat: PanelSeat,
    to: str,
    *,
    actor: Actor,
    recruitment: Recruitment,
    context: SeatContext | None = None,
    reason: str = "",
    **facts: Any,
) -> None:
    """One step of a seat with its event, or WrongStage with the sentence that says why not."""

    def write(event: str, details: dict[str, Any]) -> None:
        record(event, actor=actor, recruitment=recruitment, subject=seat, **{**details, **facts})

    try:
        advance(
            seat,
            to,
            table=SEAT_TRANSITIONS,
            actor_role=actor.role,
            context=context or SeatContext(),
            now=clock.now(),
            write_event=write,
            reason=reason,
        )
    except TransitionRefused as refused:
        raise _refused("seat", seat.stage, to, refused) from refused


def _refused(kind: str, stage: str, to: str, refused: TransitionRefused) -> Refusal:
    why = str(refused.facts.get("guard") or getattr(refused.code, "value", refused.code))
    if why == "reason_required":
        return Refusal("reason_required", field="reason")
    hint = REFUSALS.get(f"guard.{why}", "请刷新页面查看最新状态。")
    return WrongStage(
        "wrong_stage", stage=stage_word(kind, stage), step=stage_word(kind, to), hint=hint, guard=why
    )


def draws_of(review: Review) -> list[Draw]:
    """All draws, the first one first."""
    return list(db.session.scalars(select(Draw).where(Draw.review_id == review.id).order_by(Draw.number)))


def draw_in_force(review: Review) -> Draw | None:
    """The latest draw that was made: its order of reserves counts."""
    return db.session.scalar(
        select(Draw)
        .where(Draw.review_id == review.id, Draw.stage == "drawn")
        .order_by(Draw.number.desc())
        .limit(1)
    )


def panel_closed(review: Review) -> bool:
    """True when the panel of the draw in force was dissolved as a whole: its reserves step in no more."""
    draw = draw_in_force(review)
    if draw is None:
        return False
    query = select(PanelSeat.id).where(
        PanelSeat.draw_id == draw.id, PanelSeat.cause.in_(LABELS["redraw_cause"])
    )
    return db.session.scalar(query.limit(1)) is not None


def holders(review: Review) -> list[PanelSeat]:
    """Whoever holds a seat number now, invited or active, by number."""
    return list(
        db.session.scalars(
            select(PanelSeat)
            .where(PanelSeat.review_id == review.id, PanelSeat.seat_no.is_not(None))
            .order_by(PanelSeat.seat_no)
        )
    )


def vacant_numbers(review: Review) -> list[int]:
    """The seat numbers that nobody holds."""
    held = {seat.seat_no for seat in holders(review)}
    return [number for number in range(1, review.seats + 1) if number not in held]


def names_open(recruitment: Recruitment) -> bool:
    """True once the experts' names are public: from the publication of the results on."""
    return names_in_force(recruitment, None) == "real"


def review_day(recruitment: Recruitment) -> Any:
    """The first day of the review by the plan, or None."""
    schedule = section(recruitment, "publication", "schedule") or {}
    return schedule.get("review_start")


def days_before_review(recruitment: Recruitment, moment: datetime) -> int | None:
    """Working days from a moment's day to the review's first day; None where the plan names none."""
    day = review_day(recruitment)
    if day is None:
        return None
    return calendar().count(clock.local(moment).date(), day).days


def people_of(recruitment: Recruitment, *roles: str) -> list[User]:
    """Everybody with one of the roles in the recruitment now."""
    return list(
        db.session.scalars(
            select(User)
            .join(Membership, Membership.user_id == User.id)
            .where(
                Membership.recruitment_id == recruitment.id,
                Membership.role.in_(roles),
                Membership.ended_at.is_(None),
                User.is_disabled.is_(False),
            )
        )
    )


def tell(people: Iterable[User], recruitment: Recruitment, *, kind: str, body: str, page: str) -> None:
    """The same message to several people; the subject is the word of the kind."""
    for user in people:
        notify(
            user,
            kind=kind,
            subject=label("panel_message", kind),
            body=body,
            link=f"/r/{recruitment.public_id}/{page}",
            recruitment=recruitment,
        )


def expert_user(expert_id: int) -> User | None:
    """The account of a person of the pool, if there is one."""
    return db.session.scalar(select(User).where(User.expert_id == expert_id))


def experts_by_ref(refs: Iterable[str]) -> dict[str, Expert]:
    """Experts by public id; in pieces, a pool can be long."""
    wanted = list(refs)
    found: dict[str, Expert] = {}
    for start in range(0, len(wanted), 500):
        query = select(Expert).where(Expert.public_id.in_(wanted[start : start + 500]))
        found |= {expert.public_id: expert for expert in db.session.scalars(query)}
    return found
