"""Use cases when a selected vendor withdraws or is removed: the next in rank moves up.

The integration follows in the same unit of work: it ends for who leaves, and begins for who moves up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from app import clock
from app.audit import Actor, record
from app.documents.catalogue import order_document
from app.errors import Denied, WrongStage
from app.extensions import action
from app.permissions import recruitment_of
from app.publication.models import Recruitment
from app.results import deadlines
from app.results.candidates import ACTIVE, entries, move_candidate, selection_now
from app.results.common import decide, lock, needed, own_candidate, page, require_free, tell
from app.results.contracts import contract_of, end_contract, make_due
from app.results.fees import as_lines, expert_fees, payers, resplit_fees, shares_of, total_of
from app.results.notices import add_notice, live_notices
from app.results.publicity import add_publicity
from app.templating import show_date
from app.wording import label, stage_word
from evaluation.fees import FeeLine, resplit
from evaluation.models import Candidate, RankEntry
from evaluation.objections import Period
from evaluation.ranking import substitute


@dataclass(frozen=True)
class Preview:
    """What would happen if a vendor left now. `waiting` are the reserves in the order they would move up."""

    moved_up: RankEntry | None
    waiting: list[RankEntry]
    publicity_starts_on: date
    publicity_ends_on: date
    objections_until: Period
    contract_due: date
    integration_due: Period
    fee_lines: list[tuple[Candidate, FeeLine]]


def _moves_up(recruitment: Recruitment) -> bool:
    """After the go-live nobody moves up: the integration of all is over."""
    return recruitment.stage in ("awarded", "integration")


def preview(recruitment: Recruitment, candidate: Candidate) -> Preview | None:
    """The next ranks and their new deadlines, if this vendor left today; None for one without a place."""
    if candidate.stage not in ACTIVE:
        return None
    rows = entries(recruitment)
    today = clock.today()
    waiting = [row for row in rows if row.candidate.stage == "reserve"]
    moved_up = waiting[0] if waiting and _moves_up(recruitment) else None
    ends_on = deadlines.publicity_end(recruitment, today)
    return Preview(
        moved_up=moved_up,
        waiting=waiting,
        publicity_starts_on=today,
        publicity_ends_on=ends_on,
        objections_until=deadlines.objections_until(recruitment, ends_on),
        contract_due=deadlines.contract_due(recruitment, today),
        integration_due=deadlines.integration_due(recruitment, today),
        fee_lines=_fee_preview(recruitment, candidate, moved_up),
    )


def _fee_preview(
    recruitment: Recruitment, candidate: Candidate, moved_up: RankEntry | None
) -> list[tuple[Candidate, FeeLine]]:
    before = shares_of(recruitment)
    after = [row for row in payers(recruitment) if row.id != candidate.id]
    if moved_up is not None:
        after.append(moved_up.candidate)
    if not before or not after or not expert_fees(recruitment):
        return []
    people = {row.candidate.public_id: row.candidate for row in before}
    people |= {row.public_id: row for row in after}
    lines = resplit(as_lines(before), total_of(recruitment), [row.public_id for row in after])
    return [(people[line.vendor], line) for line in lines]


@action
def withdraw_selected(*, actor: Actor, candidate: Candidate, reason: str) -> Candidate | None:
    """A selected vendor gives its place up, by itself or by a written statement that staff enter.

    Returns the vendor that moves up, or None. Raises WrongStage before the award, for a vendor without a
    place, or while an objection holds the award. Side effects: see `remove_selected`.
    """
    if actor.role not in ("staff", "supervisor"):
        recruitment = recruitment_of(candidate)
        assert recruitment is not None
        own = own_candidate(actor.user, recruitment)[1]
        if own is None or own.id != candidate.id:
            raise Denied("substitution_not_own")
    return _leave(candidate, "withdrew", actor=actor, reason=reason)


@action
def remove_selected(*, actor: Actor, candidate: Candidate, reason: str) -> Candidate | None:
    """A selected vendor loses its place. Returns the vendor that moves up, or None without a reserve.

    Side effects: stages of both, contract ended, and where notices are out a notice to each and a contract
    due; supplementary publicity, expert fees reversed and invoiced anew, a decision on record, messages.
    """
    return _leave(candidate, "removed", actor=actor, reason=reason)


def _leave(candidate: Candidate, to: str, *, actor: Actor, reason: str) -> Candidate | None:
    words = needed(reason)
    recruitment = recruitment_of(candidate)
    assert recruitment is not None
    if recruitment.stage not in ("awarded", "integration", "promotion"):
        raise WrongStage("substitution_wrong_stage", stage=stage_word("recruitment", recruitment.stage))
    require_free(recruitment, "substitution")
    lock(recruitment)
    rows = entries(recruitment)
    before = selection_now(recruitment, rows)
    move_candidate(candidate, to, actor=actor, recruitment=recruitment, reason=words)
    end_contract(contract_of(candidate), actor=actor, recruitment=recruitment)
    key = substitute(before, candidate.public_id).moved_up if _moves_up(recruitment) else None
    moved_up = next((row.candidate for row in rows if row.candidate.public_id == key), None)
    if moved_up is not None:
        move_candidate(moved_up, "selected", actor=actor, recruitment=recruitment, reason=words)
    _tell_both(recruitment, candidate, moved_up, to, actor=actor, reason=words)
    _publish(recruitment, candidate, moved_up, actor=actor, reason=words)
    if shares_of(recruitment):
        resplit_fees(actor, recruitment, total_of(recruitment))
    decide(
        recruitment,
        "withdraw" if to == "withdrew" else "remove",
        words,
        actor=actor,
        candidate=candidate.public_id,
        moved_up=key,
    )
    record(
        "result.substituted",
        actor=actor,
        recruitment=recruitment,
        subject=candidate,
        left=to,
        moved_up=key,
        reason=words,
        shortfall=max(0, selection_now(recruitment, rows).shortfall),
    )
    # At the first use: the integration needs this package's models.
    from app.acceptance.selection import follow_selection

    follow_selection(actor=actor, recruitment=recruitment, reason=words)
    return moved_up


def _tell_both(
    recruitment: Recruitment,
    candidate: Candidate,
    moved_up: Candidate | None,
    to: str,
    *,
    actor: Actor,
    reason: str,
) -> None:
    if live_notices(recruitment):
        today = clock.today()
        add_notice(
            candidate, "removed", actor=actor, recruitment=recruitment, issued_on=today, reason=reason
        )
        if moved_up is not None:
            add_notice(moved_up, "moved_up", actor=actor, recruitment=recruitment, issued_on=today)
            make_due(moved_up, actor=actor, recruitment=recruitment, issued_on=today)
        return
    tell(
        [candidate],
        recruitment,
        kind="result.left",
        subject=f"贵单位{stage_word('candidate', to)}",
        body=f"理由：{reason}",
        link=page(recruitment, "result/mine"),
    )


def _publish(
    recruitment: Recruitment,
    candidate: Candidate,
    moved_up: Candidate | None,
    *,
    actor: Actor,
    reason: str,
) -> None:
    today = clock.today()
    row = add_publicity(
        recruitment,
        "supplementary",
        actor=actor,
        starts_on=today,
        ends_on=deadlines.publicity_end(recruitment, today),
        reason=reason,
        removed=candidate,
        moved_up=moved_up,
    )
    order_document("supplementary_notice", row, recruitment=recruitment, actor=actor)
    order_document("award_package", recruitment, recruitment=recruitment, actor=actor)
    if moved_up is not None:
        tell(
            [moved_up],
            recruitment,
            kind="result.moved_up",
            subject="贵单位已依次递补入选",
            body=f"递补结果自{show_date(row.starts_on)}至{show_date(row.ends_on)}补充公示。"
            f"{label('notice', 'moved_up')}见“本单位结果”。",
            link=page(recruitment, "result/mine"),
        )
