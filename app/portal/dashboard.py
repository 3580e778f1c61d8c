"""The dashboard of one recruitment: figures, due dates and the picture of its spans, each by few statements."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select

from app import clock, planning
from app.extensions import db
from app.lifecycle import OPEN_OBJECTIONS, is_opened, stage_now
from app.permissions import relations
from app.portal.due import Due, as_when, due, soonest
from app.portal.links import link
from app.portal.spans import objection_end
from app.publication.models import Question, Recruitment
from app.responses.models import Response
from app.results.models import Contract, Objection, SelectionNotice
from app.wording import stage_word
from evaluation.models import (
    CAGroup,
    Candidate,
    Clarification,
    Dispute,
    PanelSeat,
    QualificationSheet,
    ScoreSheet,
)
from onboarding.models import Integration, RequirementState

#: Integrations whose days still run.
RUNNING = ("running", "extended", "overdue")


def counts(column: Any, *conditions: Any) -> dict[str, int]:
    """How many rows there are of each value of a column; one statement."""
    query = select(column, func.count()).where(*conditions).group_by(column)
    return {str(value): int(number) for value, number in db.session.execute(query)}


@dataclass(frozen=True)
class Figure:
    """One number of the dashboard with what it counts; `of` where it is a part of something."""

    text: str
    value: str
    of: str = ""
    url: str = ""
    warn: bool = False


def _part(text: str, done: int, total: int, url: str, *, warn: bool = False) -> Figure:
    return Figure(text, str(done), str(total), url, warn)


def figures(recruitment: Recruitment, user: Any) -> list[Figure]:
    """The numbers that matter at this stage. Before the opening nobody learns how many responded."""
    held = relations(user, recruitment)

    def to(*names: str) -> str:
        return link(names, recruitment, held=held)

    found = [_responses(recruitment, to("responses.overview", "responses.arrivals"))]
    questions = counts(Question.stage, Question.recruitment_id == recruitment.id)
    if questions:
        found.append(
            _part(
                "提问已答复",
                sum(questions.values()) - questions.get("received", 0),
                sum(questions.values()),
                to("publication.questions"),
                warn=bool(questions.get("received")),
            )
        )
    if recruitment.review_id is not None:
        found += _review_figures(recruitment, to)
    found += _result_figures(recruitment, to)
    if recruitment.programme_id is not None:
        found += _integration_figures(recruitment, to)
    return found


def _responses(recruitment: Recruitment, url: str) -> Figure:
    if not is_opened(recruitment):
        return Figure("响应", "启封后显示", url=url)
    opened = db.session.scalar(
        select(func.count()).where(Response.recruitment_id == recruitment.id, Response.stage == "opened")
    )
    return Figure("响应", str(opened or 0), url=url)


def _review_figures(recruitment: Recruitment, to: Any) -> list[Figure]:
    review = recruitment.review
    assert review is not None
    seats = counts(PanelSeat.stage, PanelSeat.review_id == review.id, PanelSeat.seat_no.is_not(None))
    candidates = counts(Candidate.stage, Candidate.review_id == review.id)
    progress = to("review.progress")
    found = [
        _part("评审席位到位", seats.get("active", 0), review.seats, to("panel.seats")),
    ]
    if recruitment.stage not in ("opened", "qualification"):
        passed = sum(candidates.values()) - candidates.get("eliminated", 0) - candidates.get("under_review", 0)
        found.append(_part("通过资格符合性审查", passed, sum(candidates.values()), progress))
    for text, model in (("资格符合性审查表已签署", QualificationSheet), ("综合评分表已签署", ScoreSheet)):
        sheets = counts(
            model.stage,
            model.seat_id.in_(
                select(PanelSeat.id).where(PanelSeat.review_id == review.id, PanelSeat.seat_no.is_not(None))
            ),
            model.stage != "void",
        )
        if sheets:
            found.append(_part(text, sheets.get("signed", 0), sum(sheets.values()), progress))
    disputes = counts(Dispute.stage, Dispute.review_id == review.id)
    if disputes:
        found.append(_part("争议项已表决", disputes.get("closed", 0), sum(disputes.values()), progress,
                           warn=bool(disputes.get("open"))))
    groups = counts(CAGroup.stage, CAGroup.review_id == review.id)
    if groups:
        found.append(_part("同一认证机构已处理", groups.get("closed", 0), sum(groups.values()), progress,
                           warn=bool(groups.get("open"))))
    asked = counts(Clarification.stage, Clarification.review_id == review.id)
    if asked:
        found.append(_part("澄清已答复", asked.get("answered", 0), sum(asked.values()),
                           to("review.clarifications"), warn=bool(asked.get("asked"))))
    return found


def _result_figures(recruitment: Recruitment, to: Any) -> list[Figure]:
    found = []
    objections = counts(Objection.stage, Objection.recruitment_id == recruitment.id)
    if objections:
        still = sum(objections.get(stage, 0) for stage in OPEN_OBJECTIONS)
        total = sum(objections.values())
        found.append(_part("质疑已答复", total - still, total, to("results.objections"), warn=bool(still)))
    issued, read = db.session.execute(
        select(func.count(), func.count(SelectionNotice.acknowledged_at)).where(
            SelectionNotice.recruitment_id == recruitment.id, SelectionNotice.revoked_at.is_(None)
        )
    ).one()
    if issued:
        found.append(_part("通知书已签收", read, issued, to("results.notices")))
    contracts = counts(Contract.stage, Contract.recruitment_id == recruitment.id)
    if contracts:
        found.append(_part("合同已签订", contracts.get("signed", 0), sum(contracts.values()), to("results.contracts")))
    return found


def _integration_figures(recruitment: Recruitment, to: Any) -> list[Figure]:
    mine = Integration.programme_id == recruitment.programme_id
    stages = counts(Integration.stage, mine)
    board = to("acceptance.board")
    active = sum(stages.values()) - stages.get("removed", 0)
    items = counts(
        RequirementState.stage,
        RequirementState.integration_id.in_(select(Integration.id).where(mine, Integration.stage != "removed")),
    )
    found = [_part("对接验收通过", stages.get("accepted", 0), active, board, warn=bool(stages.get("overdue")))]
    if items:
        found.append(_part("验收项已通过", items.get("accepted", 0), sum(items.values()), board))
        if items.get("proved"):
            found.append(Figure("待验收项", str(items["proved"]), url=board, warn=True))
    return found


def due_dates(recruitment: Recruitment, user: Any) -> list[Due]:
    """Everything with a date that is still open, the soonest first."""
    held = relations(user, recruitment)
    now = clock.now()

    def to(*names: str) -> str:
        return link(names, recruitment, held=held)

    found: list[Due] = []
    schedule = planning.section(recruitment, "publication", "schedule") or {}
    stage = recruitment.stage
    if stage == "published" and recruitment.opens_at and now < recruitment.opens_at:
        found.append(due("响应文件递交开始", recruitment.opens_at))
    if stage == "published" and recruitment.closes_at:
        note = "到时自动截止，逾期的响应由系统拒收。" if now < recruitment.closes_at else "已截止，待启封。"
        found.append(due("响应文件递交截止", recruitment.closes_at, note=note))
    if stage in ("published", "opened", "qualification", "scoring") and (
        day := as_when(schedule.get("review_end"))
    ):
        found.append(due("评审结束（方案日期）", day, url=to("review.progress")))
    if stage in ("scoring", "reported", "publicity") and recruitment.publicity_ends_at:
        if stage != "publicity" and recruitment.publicity_starts_at:
            found.append(due("结果公示开始（方案日期）", recruitment.publicity_starts_at))
        found.append(due("结果公示结束", recruitment.publicity_ends_at))
    if stage == "publicity" and (ends := objection_end(recruitment)) is not None:
        found.append(due("质疑期结束", ends, url=to("results.objections")))
    if recruitment.review is not None and recruitment.stage in ("opened", "qualification", "scoring"):
        found += _review_dates(recruitment, to)
    found += _result_dates(recruitment, to)
    if recruitment.programme is not None:
        found += _integration_dates(recruitment, to)
    return soonest(found)


def _review_dates(recruitment: Recruitment, to: Any) -> list[Due]:
    review = recruitment.review
    assert review is not None
    found = [
        due(f"澄清答复：{name}", moment, url=to("review.clarifications"))
        for name, moment in db.session.execute(
            select(Candidate.name, Clarification.due_at)
            .join(Candidate, Candidate.id == Clarification.candidate_id)
            .where(Clarification.review_id == review.id, Clarification.stage == "asked")
            .order_by(Clarification.due_at)
            .limit(20)
        )
    ]
    found += [
        due(f"记名表决：{name}", moment, url=to("review.progress"))
        for name, moment in db.session.execute(
            select(Candidate.name, Dispute.due_at)
            .join(Candidate, Candidate.id == Dispute.candidate_id)
            .where(Dispute.review_id == review.id, Dispute.stage == "open", Dispute.due_at.is_not(None))
            .order_by(Dispute.due_at)
            .limit(20)
        )
    ]
    if review.report_due_at is not None and review.reported_at is None:
        found.append(due("评审报告签署", review.report_due_at, url=to("review.report"),
                         note="逾期未签署也未写明意见的，视为同意。"))
    return found


def _result_dates(recruitment: Recruitment, to: Any) -> list[Due]:
    found = [
        due(f"答复第 {number} 号质疑", day, url=to("results.objections"), provisional=provisional)
        for number, day, provisional in db.session.execute(
            select(Objection.number, Objection.answer_due_on, Objection.provisional)
            .where(Objection.recruitment_id == recruitment.id, Objection.stage.in_(OPEN_OBJECTIONS))
            .order_by(Objection.answer_due_on)
            .limit(20)
        )
    ]
    rows = db.session.execute(
        select(Contract.due_on, func.count())
        .where(Contract.recruitment_id == recruitment.id, Contract.stage == "due")
        .group_by(Contract.due_on)
        .order_by(Contract.due_on)
        .limit(20)
    )
    return found + [due(f"签订合同：{number} 家", day, url=to("results.contracts")) for day, number in rows]


def _integration_dates(recruitment: Recruitment, to: Any) -> list[Due]:
    programme = recruitment.programme
    assert programme is not None
    board = to("acceptance.board")
    grouped: dict[date, tuple[list[str], bool]] = {}
    for day, name, provisional in db.session.execute(
        select(Integration.deadline_on, Integration.vendor_name, Integration.provisional)
        .where(Integration.programme_id == programme.id, Integration.stage.in_(RUNNING))
        .order_by(Integration.deadline_on, Integration.id)
        .limit(200)
    ):
        names, sure = grouped.get(day, ([], False))
        grouped[day] = ([*names, name], sure or provisional)
    found = [
        due(f"对接期限：{_listed(names)}", day, url=board, provisional=provisional)
        for day, (names, provisional) in grouped.items()
    ]
    if recruitment.stage == "promotion" and programme.promotion_end is not None:
        found.append(due("免费推广结束", programme.promotion_end))
    return found


def _listed(names: list[str]) -> str:
    return "、".join(names[:2]) + (f"等 {len(names)} 家" if len(names) > 2 else "")


def heading(recruitment: Recruitment) -> str:
    """The stage in words; a suspended recruitment says where it came from."""
    word = stage_word("recruitment", stage_now(recruitment, clock.now()))
    if recruitment.stage == "suspended" and recruitment.stage_before:
        return f"{word}（自“{stage_word('recruitment', recruitment.stage_before)}”）"
    return word
