"""Use cases of the notices (入选通知书, 结果通知书): issued all at once, received by their vendors."""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from app import clock
from app.audit import Actor, record
from app.documents.catalogue import order_document
from app.errors import Refusal, WrongStage
from app.extensions import action, db
from app.publication.models import Recruitment
from app.results import deadlines
from app.results.candidates import ACTIVE
from app.results.common import lock, page, require_free, tell
from app.results.contracts import contracts_of, end_contract, make_due
from app.results.models import SelectionNotice
from app.templating import show_date
from app.wording import label, stage_word
from evaluation.models import Candidate, RankEntry

#: Notices that begin a vendor's 30 working days.
SELECTING = ("selected", "moved_up")


def live_notices(recruitment: Recruitment) -> list[SelectionNotice]:
    """The notices in force with their vendors, in the order of their issue."""
    return list(
        db.session.scalars(
            select(SelectionNotice)
            .where(SelectionNotice.recruitment_id == recruitment.id, SelectionNotice.revoked_at.is_(None))
            .options(joinedload(SelectionNotice.candidate))
            .order_by(SelectionNotice.id)
        )
    )


def selected_candidates(recruitment: Recruitment) -> list[tuple[Candidate, SelectionNotice]]:
    """Every vendor that holds a place and has its notice, with the notice, the first in rank first."""
    rows = db.session.execute(
        select(Candidate, SelectionNotice)
        .join(SelectionNotice, SelectionNotice.candidate_id == Candidate.id)
        .join(RankEntry, RankEntry.candidate_id == Candidate.id)
        .where(
            SelectionNotice.recruitment_id == recruitment.id,
            SelectionNotice.revoked_at.is_(None),
            SelectionNotice.kind.in_(SELECTING),
            Candidate.stage.in_(ACTIVE),
        )
        .order_by(RankEntry.rank)
    )
    return [(candidate, notice) for candidate, notice in rows]


def current_round(recruitment: Recruitment) -> int:
    """The number of the award whose notices are issued now: 1, and one more after every re-review."""
    revoked = db.session.scalar(
        select(func.max(SelectionNotice.round)).where(
            SelectionNotice.recruitment_id == recruitment.id, SelectionNotice.revoked_at.is_not(None)
        )
    )
    return (revoked or 0) + 1


def add_notice(
    candidate: Candidate,
    kind: str,
    *,
    actor: Actor,
    recruitment: Recruitment,
    issued_on: date,
    reason: str = "",
) -> SelectionNotice:
    """Write one notice with its number, order its PDF, tell the vendor. Inside a unit of work."""
    assert actor.user is not None
    count = db.session.scalar(
        select(func.count()).select_from(SelectionNotice).where(
            SelectionNotice.recruitment_id == recruitment.id
        )
    )
    row = SelectionNotice(
        recruitment_id=recruitment.id,
        candidate_id=candidate.id,
        kind=kind,
        round=current_round(recruitment),
        reason=reason,
        number=label("number", "notice").format(
            year=issued_on.year, recruitment=recruitment.id, number=(count or 0) + 1
        ),
        issued_on=issued_on,
        issued_at=clock.now(),
        issued_by_id=actor.user.id,
    )
    db.session.add(row)
    db.session.flush()
    order_document("selection_notice", row, recruitment=recruitment, actor=actor)
    tell(
        [candidate],
        recruitment,
        kind="result.notice",
        subject=f"{label('notice', kind)}（{row.number}）",
        body=_body(recruitment, kind, issued_on, reason),
        link=page(recruitment, "result/mine"),
    )
    return row


def _body(recruitment: Recruitment, kind: str, issued_on: date, reason: str) -> str:
    if kind in SELECTING:
        due = deadlines.integration_due(recruitment, issued_on)
        contract_due = deadlines.contract_due(recruitment, issued_on)
        return (
            f"贵单位已确定入选。请在{show_date(contract_due)}前签订合同和服务商入选协议，"
            f"在{show_date(due.last_day)}{'（暂定）' if due.provisional else ''}前完成对接。请登录签收通知书。"
        )
    if kind == "removed":
        return f"贵单位不再是入选服务商。{reason}"
    return "贵单位本次未入选。得分、名次和理由见“本单位结果”。"


@action
def issue_notices(
    *, actor: Actor, recruitment: Recruitment, issued_on: date | None = None
) -> list[SelectionNotice]:
    """Issue the notices of selection and of non-selection to every vendor of the review, all at once.

    `issued_on` is the day the periods are counted from; today unless the notices went out on paper before.
    Raises WrongStage before the award or while an objection holds it, Refusal `notices_issued` the second
    time. Side effects: rows, contracts that are due, PDFs ordered, messages, one event.
    """
    if recruitment.stage != "awarded":
        raise WrongStage("notices_wrong_stage", stage=stage_word("recruitment", recruitment.stage))
    require_free(recruitment, "notices")
    lock(recruitment)
    if live_notices(recruitment):
        raise Refusal("notices_issued")
    day = issued_on or clock.today()
    awarded_on = clock.local(recruitment.awarded_at).date() if recruitment.awarded_at is not None else day
    if not awarded_on <= day <= clock.today():
        raise Refusal("notices_day", field="issued_on", awarded=show_date(awarded_on))
    rows = db.session.scalars(
        select(Candidate)
        .outerjoin(RankEntry, RankEntry.candidate_id == Candidate.id)
        .where(
            Candidate.review_id == recruitment.review_id,
            Candidate.stage.in_((*ACTIVE, "reserve", "not_selected", "eliminated")),
        )
        .order_by(RankEntry.rank.is_(None), RankEntry.rank, Candidate.number)
    )
    made = []
    for candidate in list(rows):
        selected = candidate.stage in ACTIVE
        made.append(
            add_notice(
                candidate,
                "selected" if selected else "not_selected",
                actor=actor,
                recruitment=recruitment,
                issued_on=day,
            )
        )
        if selected:
            make_due(candidate, actor=actor, recruitment=recruitment, issued_on=day)
    _end_left_contracts(actor, recruitment)
    record(
        "result.notices_issued",
        actor=actor,
        recruitment=recruitment,
        subject=recruitment,
        issued_on=day,
        selected=[row.number for row in made if row.kind == "selected"],
        not_selected=[row.number for row in made if row.kind == "not_selected"],
    )
    return made


def _end_left_contracts(actor: Actor, recruitment: Recruitment) -> None:
    """After a re-review: whoever is not selected again has no contract any more."""
    for row in contracts_of(recruitment):
        if row.stage == "suspended" and row.candidate.stage not in ACTIVE:
            end_contract(row, actor=actor, recruitment=recruitment)


@action
def acknowledge_notice(*, actor: Actor, notice: SelectionNotice) -> None:
    """The vendor confirms that it has the notice. Repeating it changes nothing."""
    if notice.revoked_at is not None:
        raise WrongStage("notice_revoked")
    if notice.acknowledged_at is not None:
        return
    notice.acknowledged_at = clock.now()
    recruitment = db.session.get(Recruitment, notice.recruitment_id)
    record(
        "result.notice_acknowledged",
        actor=actor,
        recruitment=recruitment,
        subject=notice,
        number=notice.number,
    )
