"""The recruitment's stages: one table of transitions, one door.

What a person decides is stored; what the clock decides (accepting, closed, service) is derived here and
never stored. Guards read rows, never dates of their own making: `now` is passed in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import exists, func, select

from app import clock
from app.audit import Actor, record
from app.errors import Conflict, Refusal, WrongStage
from app.extensions import db
from app.publication.models import Recruitment
from app.responses.models import Approval
from app.results.models import Objection, SelectionNotice
from app.wording import stage_word
from evaluation.models import (
    CAGroup,
    Candidate,
    Dispute,
    PanelSeat,
    QualificationSheet,
    RankEntry,
    ReportSignature,
    ScoreSheet,
)
from evaluation.objections import OPEN as OPEN_OBJECTIONS
from evaluation.objections import AwardHold, AwardState, award_hold
from evaluation.objections import Standing as ObjectionStanding
from evaluation.workflow import Transition, TransitionRefused, advance
from onboarding.golive import gate
from onboarding.models import Integration

Guard = Callable[["Context"], str | None]


@dataclass(frozen=True)
class Context:
    """What a guard may look at."""

    recruitment: Recruitment
    now: datetime
    reason: str = ""
    cause: str = ""


def stage_now(recruitment: Recruitment, now: datetime) -> str:
    """The stage as people see it: the stored one, or what the clock made of it."""
    if recruitment.stage == "published":
        if recruitment.opens_at and now < recruitment.opens_at:
            return "published"
        if recruitment.closes_at and now < recruitment.closes_at:
            return "accepting"
        return "closed"
    if recruitment.stage == "promotion" and recruitment.programme is not None:
        end = recruitment.programme.promotion_end
        if end is not None and clock.local(now).date() > end:
            return "service"
    return recruitment.stage


def is_accepting(recruitment: Recruitment, now: datetime) -> bool:
    """True while responses can be submitted, replaced and withdrawn."""
    return stage_now(recruitment, now) == "accepting"


def is_opened(recruitment: Recruitment) -> bool:
    """True once the responses may be read by those who review them."""
    return recruitment.opened_at is not None


def _count(statement: Any) -> int:
    return int(db.session.scalar(select(func.count()).select_from(statement.subquery())) or 0)


def approvals(recruitment: Recruitment, step: str) -> list[Approval]:
    """The approvals of a step that needs two persons, as far as they are not used up."""
    return list(
        db.session.scalars(
            select(Approval)
            .where(
                Approval.recruitment_id == recruitment.id, Approval.step == step, Approval.used_at.is_(None)
            )
            .order_by(Approval.id)
        )
    )


def last_approvals(recruitment: Recruitment, step: str) -> list[Approval]:
    """Who gave their yes when a step was taken last, or give it now: for records."""
    rows = list(
        db.session.scalars(
            select(Approval)
            .where(Approval.recruitment_id == recruitment.id, Approval.step == step)
            .order_by(Approval.id)
        )
    )
    latest = max((row.round for row in rows), default=1)
    return [row for row in rows if row.round == latest]


def _two_persons(step: str) -> Guard:
    def guard(context: Context) -> str | None:
        given = approvals(context.recruitment, step)
        roles, people = {row.role for row in given}, {row.user_id for row in given}
        if {"staff", "supervisor"} <= roles and len(people) >= 2:
            return None
        return "two_persons_needed"

    return guard


def _plan_ready(context: Context) -> str | None:
    from app.publication.publishing import blocking_reason

    return blocking_reason(context.recruitment)


def _closing_passed(context: Context) -> str | None:
    if stage_now(context.recruitment, context.now) != "closed":
        return "closing_not_reached"
    if context.recruitment.arrivals_closed_at is None:
        return "arrivals_not_closed"
    return _two_persons("open")(context)


def _panel_complete(context: Context) -> str | None:
    review = context.recruitment.review
    if review is None:
        return "no_review"
    active = _count(
        select(PanelSeat.id).where(
            PanelSeat.review_id == review.id, PanelSeat.seat_no.is_not(None), PanelSeat.stage == "active"
        )
    )
    if active < review.seats:
        return "panel_incomplete"
    if not db.session.scalar(
        select(exists().where(PanelSeat.review_id == review.id, PanelSeat.is_chair.is_(True)))
    ):
        return "chair_missing"
    return None


def _qualification_settled(context: Context) -> str | None:
    review = context.recruitment.review
    assert review is not None
    if (refused := _panel_complete(context)) is not None:
        return refused
    candidates = list(db.session.scalars(select(Candidate).where(Candidate.review_id == review.id)))
    if any(candidate.stage == "under_review" for candidate in candidates):
        return "qualification_not_settled"
    if db.session.scalar(select(exists().where(Dispute.review_id == review.id, Dispute.stage == "open"))):
        return "dispute_open"
    if db.session.scalar(select(exists().where(CAGroup.review_id == review.id, CAGroup.stage == "open"))):
        return "ca_group_open"
    qualified = sum(candidate.stage != "eliminated" for candidate in candidates)
    minimum = int(review.rules.get("ranking", {}).get("minimum_candidates", 3))
    if qualified == 0:
        return "nobody_qualified"
    if qualified < minimum and not review.few_candidates_decision:
        return "few_candidates_undecided"
    return None


def _report_signed(context: Context) -> str | None:
    review = context.recruitment.review
    assert review is not None
    if (refused := _panel_complete(context)) is not None:
        return refused
    open_sheets = _count(
        select(ScoreSheet.id)
        .join(PanelSeat)
        .where(PanelSeat.review_id == review.id, PanelSeat.seat_no.is_not(None), ScoreSheet.stage != "signed")
    )
    if open_sheets or not db.session.scalar(select(exists().where(RankEntry.review_id == review.id))):
        return "sheets_not_signed"
    if review.reported_at is None:
        return "report_not_signed"
    return None


def _dates_set(context: Context) -> str | None:
    if context.recruitment.publicity_starts_at is None or context.recruitment.publicity_ends_at is None:
        return "publicity_dates_missing"
    if context.now < context.recruitment.publicity_starts_at:
        return "publicity_not_begun"
    return None


def _award_ready(context: Context) -> str | None:
    if (obstacle := award_obstacle(context.recruitment, context.now)) is not None:
        return obstacle
    return _two_persons("award")(context)


def award_obstacle(recruitment: Recruitment, now: datetime) -> str | None:
    """What keeps the award from being approved, apart from the two persons: the code of a guard, or None."""
    from app.results.deadlines import objection_period_ends

    if recruitment.publicity_ends_at is None or now <= recruitment.publicity_ends_at:
        return "publicity_running"
    if not recruitment.early_award_decision and now <= objection_period_ends(recruitment):
        return "objection_period_running"
    return {AwardState.HELD: "objection_open", AwardState.RE_REVIEW: "objection_upheld"}.get(
        hold_of(recruitment).state
    )


def hold_of(recruitment: Recruitment) -> AwardHold:
    """What the objections mean for award, notices and contracts; `because` are their public ids.

    One upheld holds until its consequence is drawn (`remedied_at`).
    """
    rows = db.session.execute(
        select(Objection.public_id, Objection.stage, Objection.may_change_result).where(
            Objection.recruitment_id == recruitment.id, Objection.remedied_at.is_(None)
        )
    )
    return award_hold(ObjectionStanding(key, stage, matters) for key, stage, matters in rows)


def open_objections(recruitment: Recruitment) -> list[Objection]:
    """Objections that may change the result and are not answered: they hold notices and contracts."""
    return list(
        db.session.scalars(
            select(Objection)
            .where(
                Objection.recruitment_id == recruitment.id,
                Objection.stage.in_(OPEN_OBJECTIONS),
                Objection.may_change_result.is_(True),
            )
            .order_by(Objection.number)
        )
    )


def _notices_issued(context: Context) -> str | None:
    recruitment = context.recruitment
    selected = _count(
        select(Candidate.id).where(Candidate.review_id == recruitment.review_id, Candidate.stage == "selected")
    )
    issued = _count(
        select(SelectionNotice.id)
        .join(Candidate)
        .where(
            SelectionNotice.recruitment_id == recruitment.id,
            SelectionNotice.kind.in_(("selected", "moved_up")),
            SelectionNotice.revoked_at.is_(None),
            Candidate.stage == "selected",
        )
    )
    return None if selected and issued >= selected else "notices_not_issued"


def _all_accepted(context: Context) -> str | None:
    programme = context.recruitment.programme
    if programme is None:
        return "integration_not_started"
    selected = db.session.scalars(
        select(Candidate.public_id).where(
            Candidate.review_id == context.recruitment.review_id,
            Candidate.stage.in_(("selected", "accepted")),
        )
    )
    stages = db.session.execute(
        select(Integration.candidate_ref, Integration.stage).where(Integration.programme_id == programme.id)
    )
    # Who moved up and has not begun is waited for too.
    opened = gate(selected, dict(stages.all())).is_open
    return None if opened else "integration_not_finished"


def _service_over(context: Context) -> str | None:
    from app.results.deadlines import service_over_on

    over: date | None = service_over_on(context.recruitment)
    if over is None or clock.local(context.now).date() <= over:
        return "service_not_over"
    return _two_persons("archive")(context)


def _consented(context: Context) -> str | None:
    if not context.cause:
        return "cause_required"
    return _two_persons("re-review")(context)


def _step(role: str | tuple[str, ...], guard: Guard | None, event: str, *, reason: bool = False) -> Transition:
    return Transition(role=role, guard=guard, event=event, reason_required=reason)


_STAFF = "staff"
_BOTH = ("staff", "supervisor")

TRANSITIONS: dict[tuple[str, str], Transition] = {
    ("draft", "published"): _step(_STAFF, _plan_ready, "recruitment.published"),
    ("published", "opened"): _step(_BOTH, _closing_passed, "recruitment.opened"),
    ("opened", "qualification"): _step(_STAFF, _panel_complete, "recruitment.qualification_started"),
    ("qualification", "scoring"): _step(_STAFF, _qualification_settled, "recruitment.scoring_started"),
    ("scoring", "reported"): _step(("staff", "expert", "system"), _report_signed, "recruitment.reported"),
    ("reported", "publicity"): _step(_STAFF, _dates_set, "recruitment.publicity_started"),
    ("publicity", "awarded"): _step(_BOTH, _award_ready, "recruitment.awarded"),
    ("awarded", "integration"): _step(_STAFF, _notices_issued, "recruitment.integration_started"),
    ("integration", "promotion"): _step(_STAFF, _all_accepted, "recruitment.promotion_started"),
    ("promotion", "archived"): _step(_BOTH, _service_over, "recruitment.archived"),
}
for _stage in ("publicity", "awarded", "integration", "promotion"):
    TRANSITIONS[_stage, "suspended"] = _step(_BOTH, None, "recruitment.suspended", reason=True)
    TRANSITIONS["suspended", _stage] = _step(_BOTH, None, "recruitment.resumed", reason=True)
for _stage in ("reported", "publicity", "awarded", "suspended"):
    for _back in ("scoring", "qualification"):
        TRANSITIONS[_stage, _back] = _step(_BOTH, _consented, "recruitment.re_review", reason=True)
for _stage in (
    "draft",
    "published",
    "opened",
    "qualification",
    "scoring",
    "reported",
    "publicity",
    "awarded",
    "integration",
    "suspended",
):
    TRANSITIONS[_stage, "terminated"] = _step(
        _BOTH, None if _stage == "draft" else _two_persons("terminate"), "recruitment.terminated", reason=True
    )

def _uses_up(before: str, to: str) -> tuple[str, ...]:
    """The steps whose approvals a transition uses up, because the step can come again.

    A re-review takes the award's with it. An opening, a termination and an archiving happen once.
    """
    if to == "awarded" and before == "publicity":
        return ("award",)
    back = to in ("scoring", "qualification") and before in ("reported", "publicity", "awarded", "suspended")
    return ("re-review", "award") if back else ()


def move(
    recruitment: Recruitment, to: str, *, actor: Actor, reason: str = "", cause: str = "", **facts: Any
) -> None:
    """Move a recruitment to another stage, or raise WrongStage with the sentence that says why not.

    Call inside a unit of work. Side effects: stage, its date, one event.
    """
    now = clock.now()
    before = recruitment.stage
    if before == "suspended" and to == recruitment.stage_before:
        pass
    elif before == "suspended" and to in ("publicity", "awarded", "integration", "promotion"):
        raise refusal(recruitment, to, "resume_elsewhere")

    def write(event: str, details: dict[str, Any]) -> None:
        record(event, actor=actor, recruitment=recruitment, subject=recruitment, **{**details, **facts})

    try:
        advance(
            recruitment,
            to,
            table=TRANSITIONS,
            actor_role=actor.role,
            context=Context(recruitment, now, reason, cause),
            now=now,
            write_event=write,
            reason=reason,
        )
    except TransitionRefused as refused:
        why = refused.facts.get("guard") or getattr(refused.code, "value", refused.code)
        raise refusal(recruitment, to, str(why)) from refused
    recruitment.stage_before = before if to == "suspended" else None
    _keep_clocks(recruitment, before, to, actor=actor, reason=reason)
    for step in _uses_up(before, to):
        use_up(recruitment, step)
    if to in ("terminated", "archived"):
        recruitment.ended_at = now


def _keep_clocks(recruitment: Recruitment, before: str, to: str, *, actor: Actor, reason: str) -> None:
    """The vendors' working days stop with a suspended recruitment, and go on with it."""
    if recruitment.programme_id is None or "suspended" not in (before, to):
        return
    from app.acceptance.deadlines import pause_all, resume_all

    if to == "suspended":
        pause_all(actor=actor, recruitment=recruitment, reason=reason)
    elif to == "integration":
        resume_all(actor=actor, recruitment=recruitment, reason=reason)


def refusal(recruitment: Recruitment, to: str, why: str) -> WrongStage:
    """The refusal of a step, with the sentence of the guard that holds it."""
    from app.wording import REFUSALS

    stage = stage_word("recruitment", stage_now(recruitment, clock.now()))
    hint = REFUSALS.get(f"guard.{why}", "请先完成前面的步骤。")
    return WrongStage("wrong_stage", stage=stage, step=stage_word("recruitment", to), hint=hint, guard=why)


def approve(
    recruitment: Recruitment,
    step: str,
    *,
    actor: Actor,
    reason: str = "",
    facts: dict[str, Any] | None = None,
) -> Approval:
    """Give one person's yes to a step that needs staff and supervisor. Twice by one person is refused.

    `facts` say what exactly is agreed to; the second person agrees to the same, or gets a Conflict.
    """
    if actor.role not in ("staff", "supervisor") or actor.user is None:
        raise Refusal("second_person_needed")
    given = approvals(recruitment, step)
    if any(row.user_id == actor.user.id for row in given):
        raise Refusal("second_person_needed")
    same_role = any(row.role == actor.role for row in given)
    if same_role:
        raise Refusal("already_approved", role=actor.role)
    if given and given[0].facts != (facts or {}):
        raise Conflict("approval_differs", current=given[0].facts, submitted=facts or {})
    row = Approval(
        recruitment_id=recruitment.id,
        step=step,
        round=given[0].round if given else new_round(recruitment, step),
        role=actor.role,
        user_id=actor.user.id,
        reason=reason,
        facts=facts or {},
        given_at=clock.now(),
    )
    db.session.add(row)
    record("recruitment.approved", actor=actor, recruitment=recruitment, subject=recruitment, step=step, reason=reason)
    db.session.flush()
    return row


def new_round(recruitment: Recruitment, step: str) -> int:
    """The number of a fresh round of approvals, e.g. for a second re-review."""
    last = db.session.scalar(
        select(func.max(Approval.round)).where(
            Approval.recruitment_id == recruitment.id, Approval.step == step
        )
    )
    return (last or 0) + 1


def use_up(recruitment: Recruitment, step: str) -> None:
    """The step was taken or its proposal withdrawn: what was approved counts for no other one."""
    for row in approvals(recruitment, step):
        row.used_at = clock.now()
    db.session.flush()


__all__ = [
    "TRANSITIONS",
    "Context",
    "QualificationSheet",
    "ReportSignature",
    "approvals",
    "approve",
    "award_obstacle",
    "hold_of",
    "is_accepting",
    "is_opened",
    "last_approvals",
    "move",
    "open_objections",
    "refusal",
    "stage_now",
    "use_up",
]
