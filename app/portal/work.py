"""What waits for one person, over all recruitments: a constant number of statements for however many."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, null, select

from app import clock
from app.accounts.models import User
from app.calendar import calendar
from app.extensions import db
from app.jobs.models import OutboxItem
from app.lifecycle import OPEN_OBJECTIONS
from app.panel.common import PARTIES
from app.portal.links import link
from app.portal.steps import forward, waiting_approvals
from app.portal.tasks import Finder, Task
from app.portal.tasks_guests import expert, vendor
from app.publication.models import Question, Recruitment
from app.results.models import Objection
from app.review.key_loss import given_up
from app.wording import label
from evaluation.models import Draw, PanelSeat, SeatKey
from onboarding.models import DeadlineChange, Integration, RequirementState

#: The guards of the next step are asked for no more recruitments than this on one page.
GUARDED = 8

@dataclass
class Desk:
    """A person's home: what waits, and the recruitments with the role held in each."""

    tasks: list[Task] = field(default_factory=list)
    roles: list[tuple[Recruitment, str, str]] = field(default_factory=list)
    vendor: bool = False


def _staff(finder: Finder) -> None:
    mine = finder.of("staff")
    keys = list(mine)
    finder.grouped(
        mine,
        select(Question.recruitment_id, func.count(), func.min(Recruitment.closes_at))
        .join(Recruitment, Recruitment.id == Question.recruitment_id)
        .where(Question.recruitment_id.in_(keys), Question.stage == "received")
        .group_by(Question.recruitment_id),
        "答复提问",
        ("publication.questions",),
    )
    finder.grouped(
        mine,
        select(Objection.recruitment_id, func.count(), func.min(Objection.answer_due_on))
        .where(Objection.recruitment_id.in_(keys), Objection.stage.in_(OPEN_OBJECTIONS))
        .group_by(Objection.recruitment_id),
        "办理质疑",
        ("results.objections",),
    )
    finder.grouped(
        mine,
        select(OutboxItem.recruitment_id, func.count(), null())
        .where(OutboxItem.recruitment_id.in_(keys), OutboxItem.stage == "failed")
        .group_by(OutboxItem.recruitment_id),
        "后台任务未完成，可重新排队",
        ("jobs.listing",),
    )
    finder.grouped(
        mine,
        select(Recruitment.id, func.count(), func.min(Integration.deadline_on))
        .join(Integration, Integration.programme_id == Recruitment.programme_id)
        .where(Recruitment.id.in_(keys), Integration.stage == "overdue")
        .group_by(Recruitment.id),
        "决定逾期的对接：延期或取消入选",
        ("acceptance.board",),
    )
    for recruitment in list(mine.values())[:GUARDED]:
        _step(finder, recruitment)


def _step(finder: Finder, recruitment: Recruitment) -> None:
    step = forward(recruitment, finder.user, finder.now)
    if step is None or not step.mine:
        return
    if step.to == "published" and recruitment.publish_asked_by_id == finder.user.id:
        return  # another person confirms what this one asked for
    if not step.refusal:
        finder.add(recruitment, f"可以进入“{step.word}”", ("portal.dashboard_page",), note="条件已具备。")
    elif label("role", "staff") in step.mender:
        finder.tasks.append(
            Task(
                recruitment,
                f"为进入“{step.word}”准备",
                step.mend_url or step.url or link(("portal.dashboard_page",), recruitment),
                note=step.sentence,
            )
        )


def _approvers(finder: Finder) -> None:
    mine = finder.of("staff", "supervisor")
    if not mine:
        return
    roles = {row.recruitment_id: row.role for row in finder.memberships}
    for row in waiting_approvals(mine):
        if row.role == roles[row.recruitment_id] or row.user_id == finder.user.id:
            continue
        finder.add(
            mine[row.recruitment_id],
            f"确认：{label('code', row.step)}",
            APPROVAL_PAGES.get(row.step, ("results.decisions", "portal.dashboard_page")),
            note=f"{label('role', row.role)}已确认，等您确认。",
        )


APPROVAL_PAGES = {
    "open": ("responses.opening", "portal.dashboard_page"),
    "award": ("results.award", "portal.dashboard_page"),
}


def _draws(finder: Finder) -> None:
    mine = finder.of("staff", "supervisor")
    roles = {row.recruitment_id: row.role for row in finder.memberships}
    query = (
        select(Recruitment.id, Draw)
        .join(Draw, Draw.review_id == Recruitment.review_id)
        .where(Recruitment.id.in_(list(mine)), Draw.stage.in_(("prepared", "fixed", "committed")))
    )
    for key, draw in db.session.execute(query):
        role = roles[key]
        party = PARTIES[role]
        known = draw.public_at is not None and finder.now >= draw.public_at
        text = ""
        if draw.stage == "prepared" and role == "staff":
            text = "固定专家抽取的名单与规则"
        elif draw.stage == "fixed" and party not in draw.commitments:
            text = "为专家抽取作出承诺"
        elif draw.stage == "committed" and known:
            text = "录入公开随机值，抽取专家"
        elif draw.stage == "committed" and party not in draw.reveals:
            text = "公开专家抽取的秘密值"
        if text:
            finder.add(mine[key], text, ("panel.draws",), when=None if known else draw.public_at)


def _supervisor(finder: Finder) -> None:
    mine = finder.of("supervisor")
    finder.grouped(
        mine,
        select(Recruitment.id, func.count(), func.min(DeadlineChange.old_deadline_on))
        .join(Integration, Integration.programme_id == Recruitment.programme_id)
        .join(DeadlineChange, DeadlineChange.integration_id == Integration.id)
        .where(Recruitment.id.in_(list(mine)), DeadlineChange.stage == "asked")
        .group_by(Recruitment.id),
        "对接延期申请待同意",
        ("acceptance.board",),
    )
    by_review = {recruitment.review_id: recruitment for recruitment in mine.values()}
    rows = db.session.execute(
        given_up(PanelSeat.review_id.in_(by_review.keys() - {None}), SeatKey.renewal_allowed_at.is_(None))
    )
    for seat, _key in rows:
        text = f"核实{seat.pseudonym}更换签名密钥"
        finder.add(by_review[seat.review_id], text, ("panel.seats",), note="请当面或电话核实本人后准许。")


def _operator(finder: Finder) -> None:
    mine = finder.of("operator")
    finder.grouped(
        mine,
        select(Recruitment.id, func.count(), func.min(Integration.deadline_on))
        .join(Integration, Integration.programme_id == Recruitment.programme_id)
        .join(RequirementState, RequirementState.integration_id == Integration.id)
        .where(
            Recruitment.id.in_(list(mine)), RequirementState.stage == "proved", Integration.stage != "removed"
        )
        .group_by(Recruitment.id),
        "验收服务商提交的验收项",
        ("acceptance.board",),
    )


def _admin(finder: Finder) -> None:
    failed = db.session.scalar(
        select(func.count()).where(OutboxItem.stage == "failed", OutboxItem.recruitment_id.is_(None))
    )
    if failed:
        finder.add(None, "后台任务未完成，可重新排队", ("jobs.all_jobs",), count=failed)
    known = max(calendar().known)
    if (known - clock.today()).days < 120:
        finder.add(
            None,
            f"节假日数据只到 {known.year} 年",
            ("accounts.settings",),
            note="国务院办公厅公布下一年安排后，请补入节假日文件；此前跨年的工作日期限标为“暂定”。",
        )


def desk(user: User) -> Desk:
    """Everything that waits for the person, what is late first, and where the person takes part."""
    finder = Finder(user)
    steps: list[Callable[[Finder], Any]] = [_staff, _approvers, _draws, _supervisor, _operator, expert]
    for step in steps:
        step(finder)
    is_vendor = vendor(finder)
    if user.is_admin:
        _admin(finder)
    roles = []
    for row in finder.memberships:
        names = ("portal.dashboard_page", "review.desk", "acceptance.board", "portal.recruitment")
        roles.append((row.recruitment, row.role, link(names, row.recruitment)))
    return Desk(sorted(finder.tasks, key=lambda task: task.order), roles, is_vendor)

