"""Use cases of the award: the recorded decision not to wait, two approvals, and who is selected."""

from __future__ import annotations

from app import clock, lifecycle
from app.audit import Actor, record
from app.documents.catalogue import order_document
from app.errors import Refusal, WrongStage
from app.extensions import action
from app.lifecycle import award_obstacle, move
from app.publication.models import Recruitment
from app.results.candidates import entries, move_candidate, would_select
from app.results.common import decide, lock, needed, page, tell_roles
from app.results.decisions import both_agreed, propose
from app.wording import label, stage_word
from evaluation.ranking import Selection


def _in_publicity(recruitment: Recruitment) -> None:
    if recruitment.stage != "publicity":
        raise WrongStage("award_wrong_stage", stage=stage_word("recruitment", recruitment.stage))


@action
def decide_early_award(*, actor: Actor, recruitment: Recruitment, reason: str) -> None:
    """Put the organiser's decision on record not to wait for the end of the objection period.

    Only while the result is in publicity, once, with its reason. An open objection still holds the award.
    """
    words = needed(reason)
    _in_publicity(recruitment)
    if recruitment.early_award_decision:
        raise Refusal("award_early_decided")
    recruitment.early_award_decision = words
    decide(recruitment, "early_award", words, actor=actor)
    record(
        "result.early_award_decided", actor=actor, recruitment=recruitment, subject=recruitment, reason=words
    )
    tell_roles(
        recruitment,
        "supervisor",
        kind="result.early_award",
        subject="招募方决定不再等待质疑期满",
        body=f"理由：{words}",
        link=page(recruitment, "award"),
    )


@action
def approve_award(*, actor: Actor, recruitment: Recruitment) -> bool:
    """Give one of the two yeses to the award, once nothing else holds it. Returns whether both are there.

    Raises WrongStage while publicity or objections hold it; `second_person_needed` for a person's second yes.
    """
    _in_publicity(recruitment)
    if (why := award_obstacle(recruitment, clock.now())) is not None:
        raise lifecycle.refusal(recruitment, "awarded", why)
    return both_agreed(propose(recruitment, "award", actor=actor, reason=""))


@action
def award(*, actor: Actor, recruitment: Recruitment) -> Selection:
    """Select the first of the ranking up to the quota; the others wait as reserves or are not selected.

    Raises WrongStage while anything holds it. Side effects: stage, every ranked vendor's stage, a decision
    on record where places stay empty.
    """
    _in_publicity(recruitment)
    lock(recruitment)
    rows = entries(recruitment)
    if not rows:
        raise lifecycle.refusal(recruitment, "awarded", "sheets_not_signed")
    chosen = would_select(recruitment, rows)
    people = {row.candidate.public_id: row.candidate for row in rows}
    move(
        recruitment,
        "awarded",
        actor=actor,
        selected=list(chosen.selected),
        reserve=list(chosen.reserve),
        not_selected=list(chosen.not_selected),
        shortfall=chosen.shortfall,
    )
    recruitment.awarded_at = clock.now()
    for stage in ("selected", "reserve", "not_selected"):
        for key in getattr(chosen, stage):
            move_candidate(people[key], stage, actor=actor, recruitment=recruitment)
    order_document("award_package", recruitment, recruitment=recruitment, actor=actor)
    if chosen.shortfall:
        decide(
            recruitment,
            "shortfall",
            label("decision_text", "shortfall").format(
                selected=len(chosen.selected), shortfall=chosen.shortfall
            ),
            actor=actor,
            selected=len(chosen.selected),
            shortfall=chosen.shortfall,
        )
    return chosen
