"""What waits for experts and for vendors."""

from __future__ import annotations

from sqlalchemy import func, null, select
from sqlalchemy.orm import joinedload

from app.extensions import db
from app.lifecycle import stage_now
from app.permissions import organisations_of
from app.portal.tasks import ENDED, Finder
from app.publication.models import Recruitment
from app.responses.models import Response
from app.results.models import Contract, SelectionNotice
from app.review.key_loss import given_up
from evaluation.models import (
    Ballot,
    CAGroup,
    CAGroupBallot,
    Clarification,
    Dispute,
    PanelSeat,
    QualificationSheet,
    ReportSignature,
    Review,
    ScoreSheet,
)
from onboarding.models import Integration, RequirementState


def expert(finder: Finder) -> None:
    """Invitations, declarations, sheets, votes and the report of the seats a person holds."""
    if finder.user.expert_id is None:
        return
    rows = db.session.execute(
        select(PanelSeat, Recruitment)
        .join(Review, Review.id == PanelSeat.review_id)
        .join(Recruitment, Recruitment.review_id == Review.id)
        .where(PanelSeat.expert_id == finder.user.expert_id, Recruitment.stage.not_in(ENDED))
        .options(joinedload(PanelSeat.review))
    ).all()
    seats = {seat.id: (seat, recruitment) for seat, recruitment in rows}
    for seat, recruitment in seats.values():
        if seat.stage == "invited":
            finder.add(recruitment, "答复评审邀请", ("panel.mine",))
        elif seat.stage == "accepted" and seat.declared_at is None:
            finder.add(recruitment, "填写回避声明", ("panel.mine",))
    for seat, key in db.session.execute(given_up(PanelSeat.id.in_(seats))):
        if key.renewal_allowed_at is not None:
            finder.add(seats[seat.id][1], "重新设置签名口令", ("panel.mine",))
    held = [key for key, (seat, _recruitment) in seats.items() if seat.stage == "active"]
    if not held:
        return
    for model, text in ((QualificationSheet, "填写并签署资格符合性审查表"), (ScoreSheet, "填写并签署综合评分表")):
        query = (
            select(model.seat_id, func.count())
            .where(model.seat_id.in_(held), model.stage.in_(("open", "reopened")))
            .group_by(model.seat_id)
        )
        for key, number in db.session.execute(query):
            seat, recruitment = seats[key]
            if recruitment.stage == ("qualification" if model is QualificationSheet else "scoring"):
                finder.add(recruitment, text, ("review.desk",), count=number)
    _votes(finder, held, seats)


def _votes(finder: Finder, held: list[int], seats: dict[int, tuple[PanelSeat, Recruitment]]) -> None:
    for subject, ballot, key, text in (
        (Dispute, Ballot, Ballot.dispute_id, "争议项记名表决"),
        (CAGroup, CAGroupBallot, CAGroupBallot.group_id, "就同一认证机构的服务商投票"),
    ):
        due_at = func.min(Dispute.due_at) if subject is Dispute else null()
        query = (
            select(PanelSeat.id, func.count(), due_at)
            .join(subject, subject.review_id == PanelSeat.review_id)
            .where(
                PanelSeat.id.in_(held),
                subject.stage == "open",
                ~select(ballot.seat_id).where(key == subject.id, ballot.seat_id == PanelSeat.id).exists(),
            )
            .group_by(PanelSeat.id)
        )
        for seat_id, number, when in db.session.execute(query):
            finder.add(seats[seat_id][1], text, ("review.desk",), count=number, when=when)
    signed = set(db.session.scalars(select(ReportSignature.seat_id).where(ReportSignature.seat_id.in_(held))))
    for key in held:
        seat, recruitment = seats[key]
        review = seat.review
        if review.report_digest and review.reported_at is None and key not in signed:
            finder.add(recruitment, "签署评审报告", ("review.report",), when=review.report_due_at)


def vendor(finder: Finder) -> bool:
    """Responses, answers, notices, contracts and acceptance items of the own company; False without one."""
    own = organisations_of(finder.user)
    if not own:
        return False
    query = (
        select(Response)
        .where(Response.organisation_id.in_(own))
        .options(
            joinedload(Response.recruitment).joinedload(Recruitment.programme), joinedload(Response.candidate)
        )
    )
    responses = [row for row in db.session.scalars(query) if row.recruitment.stage not in ENDED]
    by_candidate = {row.candidate_id: row.recruitment for row in responses if row.candidate_id is not None}
    for row in responses:
        if stage_now(row.recruitment, finder.now) != "accepting":
            continue
        workspace = ("responses.workspace",)
        when = row.recruitment.closes_at
        if row.stage in ("draft", "withdrawn"):
            finder.add(row.recruitment, "完成并提交响应文件", workspace, when=when, note="截止后系统不再接收。")
        elif row.plan_digest != row.recruitment.plan_digest:
            finder.add(
                row.recruitment, "公告已补充或更正，请确认或替换响应文件", workspace, when=when
            )
    if by_candidate:
        _vendor_after(finder, by_candidate)
    refs = {row.candidate.public_id: row.recruitment for row in responses if row.candidate is not None}
    if refs:
        _vendor_integration(finder, refs)
    return True


def _vendor_after(finder: Finder, mine: dict[int, Recruitment]) -> None:
    keys = list(mine)
    for query, text, names in (
        (
            select(Clarification.candidate_id, func.count(), func.min(Clarification.due_at))
            .where(Clarification.candidate_id.in_(keys), Clarification.stage == "asked")
            .group_by(Clarification.candidate_id),
            "书面答复澄清",
            ("review.questions",),
        ),
        (
            select(SelectionNotice.candidate_id, func.count(), null())
            .where(
                SelectionNotice.candidate_id.in_(keys),
                SelectionNotice.acknowledged_at.is_(None),
                SelectionNotice.revoked_at.is_(None),
            )
            .group_by(SelectionNotice.candidate_id),
            "签收通知书",
            ("results.mine",),
        ),
        (
            select(Contract.candidate_id, func.count(), func.min(Contract.due_on))
            .where(Contract.candidate_id.in_(keys), Contract.stage == "due")
            .group_by(Contract.candidate_id),
            "签订合同与入选协议",
            ("results.mine",),
        ),
    ):
        for key, number, when in db.session.execute(query):
            finder.add(mine[key], text, names, count=number if number > 1 else 0, when=when)


def _vendor_integration(finder: Finder, mine: dict[str, Recruitment]) -> None:
    query = (
        select(Integration, RequirementState.stage, func.count(RequirementState.id))
        .join(RequirementState, RequirementState.integration_id == Integration.id, isouter=True)
        .where(
            Integration.candidate_ref.in_(list(mine)), Integration.stage.in_(("running", "extended", "overdue"))
        )
        .group_by(Integration.id, RequirementState.stage)
    )
    found: dict[int, tuple[Integration, dict[str, int]]] = {}
    for integration, stage, number in db.session.execute(query):
        found.setdefault(integration.id, (integration, {}))[1][stage or "open"] = number
    for integration, stages in found.values():
        todo = stages.get("open", 0) + stages.get("returned", 0)
        if not todo:
            continue
        note = f"其中 {stages['returned']} 项被退回。" if stages.get("returned") else ""
        recruitment = mine[integration.candidate_ref]
        finder.add(
            recruitment, "提交对接验收项", ("acceptance.mine",), count=todo, when=integration.deadline_on, note=note
        )
