"""Use cases about the whole recruitment: suspend, resume, terminate, archive, and the proposals for them."""

from __future__ import annotations

from sqlalchemy import select

from app import clock, lifecycle
from app.audit import Actor, record
from app.errors import Refusal, WrongStage
from app.extensions import action, db
from app.lifecycle import TRANSITIONS, approvals, hold_of, move
from app.publication.models import Recruitment
from app.responses.models import Approval, Response
from app.results.candidates import ACTIVE
from app.results.common import decide, needed, page, tell, tell_organisation, tell_roles
from app.results.contracts import contracts_of, end_contract, resume_contracts, suspend_contracts
from app.wording import label
from evaluation.models import Candidate
from evaluation.objections import AwardState

#: Steps that one person proposes and another, of the other role, carries out by agreeing.
PROPOSALS = ("terminate", "re-review", "archive", "award")


def other_role(actor: Actor) -> str:
    """The role whose consent is still missing."""
    return "supervisor" if actor.role == "staff" else "staff"


def both_agreed(given: list[Approval]) -> bool:
    """True when staff and supervisor, two people, have given their yes."""
    return {"staff", "supervisor"} <= {row.role for row in given} and len({row.user_id for row in given}) >= 2


def _selected(recruitment: Recruitment) -> list[Candidate]:
    return list(
        db.session.scalars(
            select(Candidate).where(
                Candidate.review_id == recruitment.review_id, Candidate.stage.in_(ACTIVE)
            )
        )
    )


@action
def suspend(*, actor: Actor, recruitment: Recruitment, reason: str, cause: str = "") -> None:
    """Suspend the recruitment: no notice, no contract, no integration goes on until it is resumed.

    Raises WrongStage outside publicity, award, integration and promotion. Side effects: contracts
    suspended, a decision on record, messages to the selected vendors and the other role.
    """
    words = needed(reason)
    move(recruitment, "suspended", actor=actor, reason=words, cause=cause)
    suspend_contracts(recruitment, actor=actor)
    decide(recruitment, "suspend", words, actor=actor, cause=cause)
    body = f"项目自即日起暂停，通知书、合同和对接均不再推进，恢复时另行通知。理由：{words}"
    tell(
        _selected(recruitment),
        recruitment,
        kind="recruitment.suspended",
        subject="招募项目已暂停",
        body=body,
        link=page(recruitment, "result/mine"),
    )
    tell_roles(
        recruitment,
        other_role(actor),
        kind="recruitment.suspended",
        subject="招募项目已暂停",
        body=body,
        link=page(recruitment, "decisions"),
    )


@action
def resume(*, actor: Actor, recruitment: Recruitment, reason: str) -> None:
    """Return to the stage before the suspension.

    Raises WrongStage while an objection was upheld that may change the result: then only a re-review
    leads on. Side effects: contracts go on with their due days moved, decision, messages.
    """
    words = needed(reason)
    if recruitment.stage != "suspended" or recruitment.stage_before is None:
        raise WrongStage("resume_not_suspended")
    if hold_of(recruitment).state is AwardState.RE_REVIEW:
        raise WrongStage("resume_needs_re_review")
    move(recruitment, recruitment.stage_before, actor=actor, reason=words)
    resume_contracts(recruitment, actor=actor)
    decide(recruitment, "resume", words, actor=actor)
    tell(
        _selected(recruitment),
        recruitment,
        kind="recruitment.resumed",
        subject="招募项目已恢复",
        body=f"项目自即日起恢复，合同签订期限按暂停的天数顺延。说明：{words}",
        link=page(recruitment, "result/mine"),
    )


def require_transition(recruitment: Recruitment, to: str) -> None:
    """Refuse a proposal for a step that the present stage doesn't have."""
    if (recruitment.stage, to) not in TRANSITIONS:
        raise lifecycle.refusal(recruitment, to, "not_a_transition")


def propose(
    recruitment: Recruitment, step: str, *, actor: Actor, reason: str, facts: dict[str, object] | None = None
) -> list[Approval]:
    """Give the actor's yes to a step of two persons, and ask the other one; returns what is given now."""
    lifecycle.approve(recruitment, step, actor=actor, reason=reason, facts=facts)
    given = approvals(recruitment, step)
    if not both_agreed(given):
        tell_roles(
            recruitment,
            other_role(actor),
            kind="recruitment.proposed",
            subject=f"请您确认：{label('proposal', step)}",
            body=reason or "另一人已确认，等待您确认后生效。",
            link=page(recruitment, "decisions"),
        )
    return given


@action
def withdraw_proposal(*, actor: Actor, recruitment: Recruitment, step: str, reason: str) -> None:
    """Take back a proposal, or decline the other's: nothing happens, and a new one needs both again."""
    words = needed(reason)
    if step not in PROPOSALS or not approvals(recruitment, step):
        raise Refusal("proposal_missing")
    lifecycle.use_up(recruitment, step)
    record(
        "recruitment.proposal_withdrawn",
        actor=actor,
        recruitment=recruitment,
        subject=recruitment,
        step=step,
        reason=words,
    )
    tell_roles(
        recruitment,
        other_role(actor),
        kind="recruitment.proposal_withdrawn",
        subject=f"提请已撤回或未获同意：{label('proposal', step)}",
        body=words,
        link=page(recruitment, "decisions"),
    )


@action
def terminate(*, actor: Actor, recruitment: Recruitment, reason: str = "") -> bool:
    """End the recruitment for good. A draft ends at once; otherwise the first call proposes it with its
    reason and the second, by the other role, carries it out. Returns whether it has ended.

    Side effects at the end: contracts that are not signed end, decision, messages to all who responded.
    """
    require_transition(recruitment, "terminated")
    if recruitment.stage == "draft":
        words = needed(reason)
        move(recruitment, "terminated", actor=actor, reason=words)
        decide(recruitment, "terminate", words, actor=actor)
        return True
    given = approvals(recruitment, "terminate")
    words = reason.strip() if given else needed(reason)
    given = propose(recruitment, "terminate", actor=actor, reason=words)
    if not both_agreed(given):
        return False
    cause = given[0].reason
    for contract in contracts_of(recruitment):
        if contract.signed_on is None:
            end_contract(contract, actor=actor, recruitment=recruitment)
    move(recruitment, "terminated", actor=actor, reason=cause)
    decide(recruitment, "terminate", cause, actor=actor)
    bodies = db.session.scalars(
        select(Response.organisation_id).where(Response.recruitment_id == recruitment.id)
    )
    for body in list(bodies):
        tell_organisation(
            body,
            recruitment,
            kind="recruitment.terminated",
            subject="招募项目已终止",
            body=f"理由：{cause}",
            link=page(recruitment),
        )
    return True


def archive_obstacle(recruitment: Recruitment) -> str | None:
    """What keeps the recruitment from being archived, apart from the two persons."""
    context = lifecycle.Context(recruitment, clock.now())
    guard = TRANSITIONS["promotion", "archived"].guard
    why = guard(context) if guard is not None else None
    return None if why == "two_persons_needed" else why


@action
def archive(*, actor: Actor, recruitment: Recruitment) -> bool:
    """Close the file after the last service is over: two persons. Returns whether it is archived."""
    require_transition(recruitment, "archived")
    if (why := archive_obstacle(recruitment)) is not None:
        raise lifecycle.refusal(recruitment, "archived", why)
    if not both_agreed(propose(recruitment, "archive", actor=actor, reason="")):
        return False
    move(recruitment, "archived", actor=actor)
    decide(recruitment, "archive", label("decision", "archive"), actor=actor)
    return True
