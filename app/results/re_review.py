"""The re-review: for named causes only, proposed by staff or supervisor, carried out by the other's consent.

Scores are judged again by the original panel for the four lawful reasons, the qualification where it was
judged wrongly, by a new panel for the four causes that touch the panel itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from app import clock
from app.audit import Actor, record
from app.errors import Conflict, Refusal, WrongStage
from app.extensions import action, db
from app.lifecycle import approvals, move
from app.panel.placing import close_panel
from app.publication.models import Recruitment
from app.results import deadlines
from app.results.candidates import RANKED, move_candidate
from app.results.common import decide, lock, needed, page, tell_ranked, tell_roles
from app.results.contracts import suspend_contracts
from app.results.decisions import both_agreed, propose, require_transition
from app.results.models import Complaint, Objection
from app.results.notices import live_notices
from app.review.actions import tell_panel
from app.review.common import review_of
from app.wording import label
from evaluation import review_reopening as reopening
from evaluation.models import Candidate


def upheld(recruitment: Recruitment) -> list[Objection]:
    """Objections that were upheld and whose consequence is still to be drawn."""
    return list(
        db.session.scalars(
            select(Objection)
            .where(
                Objection.recruitment_id == recruitment.id,
                Objection.stage == "upheld",
                Objection.remedied_at.is_(None),
            )
            .order_by(Objection.number)
        )
    )


def ordered_by_authority(recruitment: Recruitment) -> bool:
    """True where a complaint's order asks for a re-review."""
    rows = db.session.scalars(select(Complaint.orders).where(Complaint.recruitment_id == recruitment.id))
    return any(order.get("effect") == "re_review" for orders in rows for order in orders)


@action
def re_review(
    *,
    actor: Actor,
    recruitment: Recruitment,
    cause: str,
    reason: str = "",
    candidates: Iterable[Candidate] = (),
    items: Iterable[str] = (),
) -> bool:
    """Send the recruitment back to the panel. Returns whether both persons have agreed and it is done.

    `cause` decides where to: the four reasons of a score go back to the scoring of the named `candidates`
    and scoring keys `items` (none: all), `qualification_error` to their qualification review, the four causes
    of a new panel to the qualification of everybody. The second person passes the same, or only the cause
    and its reason is taken from the proposal. Raises Refusal for an unknown cause, no vendors, or a
    qualification error that neither an upheld objection nor an order rests on; Conflict where the second
    person agrees to something else.

    Side effects once both agreed: the ranking and its publicity are taken back, notices revoked, contracts
    suspended, sheets reopened or a panel voided, upheld objections remedied, messages to everybody.
    """
    given = approvals(recruitment, "re-review")
    words = reason.strip() if given else needed(reason)
    rows = list(candidates)
    keys = sorted(set(items))
    _require(recruitment, cause, rows)
    facts: dict[str, Any] = {
        "cause": cause,
        "candidates": sorted(row.public_id for row in rows),
        "items": keys,
    }
    if given and given[0].facts != facts:
        names = {row.public_id: row.name for row in _vendors(recruitment)}
        raise Conflict(
            "approval_differs", current=in_words(given[0].facts, names), submitted=in_words(facts, names)
        )
    given = propose(recruitment, "re-review", actor=actor, reason=words, facts=facts)
    if not both_agreed(given):
        return False
    _carry_out(actor, recruitment, cause, given[0].reason, rows, keys)
    return True


def _vendors(recruitment: Recruitment) -> list[Candidate]:
    return list(db.session.scalars(select(Candidate).where(Candidate.review_id == recruitment.review_id)))


def in_words(facts: dict[str, Any], names: dict[str, str]) -> str:
    """What is proposed, as people read it."""
    who = "、".join(names.get(ref, ref) for ref in facts["candidates"]) or "全部服务商"
    items = "、".join(facts["items"]) or "全部"
    return f"事由：{label('cause', facts['cause'])}\n涉及服务商：{who}\n评分项目：{items}"


@action
def consent_re_review(*, actor: Actor, recruitment: Recruitment) -> bool:
    """Agree to what the other person proposed; returns whether the re-review begins."""
    given = approvals(recruitment, "re-review")
    if not given:
        raise Refusal("proposal_missing")
    facts = given[0].facts
    rows = [row for row in _vendors(recruitment) if row.public_id in facts["candidates"]]
    return re_review(
        actor=actor,
        recruitment=recruitment,
        cause=facts["cause"],
        candidates=rows,
        items=facts["items"],
    )


def _require(recruitment: Recruitment, cause: str, rows: list[Candidate]) -> None:
    if cause not in reopening.CAUSES:
        raise Refusal("re_review_cause", field="cause")
    require_transition(recruitment, reopening.stage_for(cause))
    if recruitment.review_id is None:
        raise WrongStage("review_not_begun")
    if any(row.review_id != recruitment.review_id for row in rows):
        raise Refusal("not_found")
    if cause in reopening.PANEL_CAUSES:
        return
    if not rows:
        raise Refusal("re_review_nobody", field="candidates")
    scores = cause in reopening.SCORE_CAUSES
    for row in rows:
        if row.stage not in (RANKED if scores else (*RANKED, "eliminated")):
            raise Refusal("re_review_vendor", field="candidates", vendor=row.name)
    if cause in reopening.QUALIFICATION_CAUSES and not (upheld(recruitment) or ordered_by_authority(recruitment)):
        raise Refusal("re_review_no_ground", field="cause")


def _carry_out(
    actor: Actor, recruitment: Recruitment, cause: str, reason: str, rows: list[Candidate], items: list[str]
) -> None:
    lock(recruitment)
    review = review_of(recruitment, lock=True)
    move(recruitment, reopening.stage_for(cause), actor=actor, reason=reason, cause=cause)
    for candidate in _vendors(recruitment):
        if candidate.stage in RANKED and candidate.stage != "qualified":
            move_candidate(candidate, "qualified", actor=actor, recruitment=recruitment, reason=reason)
    _take_back(actor, recruitment)
    session, now = db.session(), clock.now()
    if cause in reopening.PANEL_CAUSES:
        close_panel(review, cause=cause, reason=reason, actor=actor, recruitment=recruitment)
        reopening.restart(session, review, cause=cause, reason=reason, now=now)
    elif cause in reopening.QUALIFICATION_CAUSES:
        reopening.reopen_qualification(session, review, rows, cause=cause, reason=reason, now=now)
    else:
        reopening.reopen_scores(session, review, rows, items, cause=cause, reason=reason, now=now)
    remedied = upheld(recruitment)
    for objection in remedied:
        objection.remedied_at = now
    decide(
        recruitment,
        "re_review",
        reason,
        actor=actor,
        cause=cause,
        candidates=[row.public_id for row in rows],
        items=items,
        objections=[row.number for row in remedied],
    )
    _tell(recruitment, cause, reason)


def _take_back(actor: Actor, recruitment: Recruitment) -> None:
    """Publicity, notices and contracts rested on the ranking: they rest with it."""
    now = clock.now()
    for publicity in deadlines.publicities(recruitment):
        publicity.withdrawn_at = now
    notices = live_notices(recruitment)
    for notice in notices:
        notice.revoked_at = now
    suspend_contracts(recruitment, actor=actor)
    recruitment.awarded_at = recruitment.early_award_decision = None
    if notices:
        record(
            "result.notices_revoked",
            actor=actor,
            recruitment=recruitment,
            subject=recruitment,
            notices=[notice.number for notice in notices],
        )


def _tell(recruitment: Recruitment, cause: str, reason: str) -> None:
    words = label("cause", cause)
    tell_ranked(
        recruitment,
        kind="recruitment.re_review",
        subject="评审结果撤回，重新评审",
        body=f"事由：{words}。{reason} 原公示和通知书不再有效，重新评审后另行公示。",
        link=page(recruitment, "result/mine"),
    )
    if cause not in reopening.PANEL_CAUSES:
        tell_panel(
            recruitment,
            kind="recruitment.re_review",
            subject="请重新评审",
            body=f"事由：{words}。{reason} 请在评审桌面更正并重新签署。",
            link=f"/recruitments/{recruitment.public_id}/review/desk",
        )
    tell_roles(
        recruitment,
        "staff",
        "supervisor",
        kind="recruitment.re_review",
        subject=f"重新评审已开始：{words}",
        body=reason,
        link=page(recruitment, "decisions"),
    )
