"""What the public page of one recruitment shows, and to whom it says what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select

from app import clock, planning
from app import plan as plans
from app.accounts.models import User
from app.documents.models import Document
from app.extensions import db
from app.lifecycle import stage_now
from app.permissions import organisations_of, relations, role_in
from app.portal.links import link
from app.portal.timeline import picture
from app.publication.models import Amendment, PlanVersion, Question, Recruitment
from app.responses.models import Response
from app.responses.package import needs_confirmation
from app.results.deadlines import objection_window
from app.results.queries import public_ranking
from app.results.rules import result_is_public
from app.templating import show_date, show_time
from app.wording import LABELS

#: Where documents can be verified by anybody.
VERIFICATION = ("verification.upload",)
#: Where a role works: at a stage, or ("") at any other.
WORK = {
    ("staff", ""): ("进入项目看板", "portal.dashboard_page"),
    ("supervisor", ""): ("进入项目看板", "portal.dashboard_page"),
    ("staff", "draft"): ("编辑招募方案", "publication.plan"),
    ("vendor", "published"): ("进入响应工作区", "responses.workspace"),
    ("vendor", "accepting"): ("进入响应工作区", "responses.workspace"),
    ("vendor", "closed"): ("查看已递交的响应文件", "responses.workspace"),
    ("vendor", "publicity"): ("查看本单位结果", "results.mine"),
    ("vendor", "awarded"): ("查看本单位结果", "results.mine"),
    ("vendor", "integration"): ("进入对接工作区", "acceptance.mine"),
    ("vendor", "promotion"): ("进入对接工作区", "acceptance.mine"),
    ("expert", ""): ("进入评审桌面", "review.desk"),
    ("operator", ""): ("进入对接看板", "acceptance.board"),
}
#: Pages of other features that a visitor may want, in the order of preference.
OBJECTION = ("results.object_form",)
RESULT = ("results.publicity",)
DRAW = ("panel.public_draws",)

#: The way of a recruitment as a visitor follows it: stages in order, several under one step.
WAY = (
    ("公告", ("published",)),
    ("接收响应", ("accepting", "closed")),
    ("启封", ("opened",)),
    ("资格审查", ("qualification",)),
    ("综合评分", ("scoring", "reported")),
    ("结果公示", ("publicity",)),
    ("确定入选", ("awarded",)),
    ("对接验收", ("integration",)),
    ("免费推广", ("promotion",)),
    ("正式服务", ("service", "archived")),
)


def way(stage: str, before: str | None) -> list[tuple[str, str]]:
    """Each step of the way with its state: "done", "now" or "ahead"."""
    reached = stage if stage not in ("suspended", "terminated") else (before or "")
    at = next((index for index, (_word, stages) in enumerate(WAY) if reached in stages), -1)
    return [
        (word, "done" if index < at else "now" if index == at and stage == reached else "ahead")
        for index, (word, _stages) in enumerate(WAY)
    ]


def results(recruitment: Recruitment) -> list[dict[str, Any]]:
    """The published ranking with what became of each vendor, or nothing before the publicity."""
    if not result_is_public(recruitment) or recruitment.review_id is None:
        return []
    return public_ranking(recruitment)


def _word(group: str, role: str, *keys: str) -> str:
    words = LABELS[group]
    for key in keys:
        for who in (role, "anyone"):
            if found := words.get(f"{who}.{key}"):
                return found
    return ""


def _response_state(recruitment: Recruitment, user: User) -> str:
    own = organisations_of(user)
    row = db.session.scalar(
        select(Response).where(
            Response.recruitment_id == recruitment.id, Response.organisation_id.in_(own)
        )
    )
    if row is None:
        return "none"
    if row.stage == "submitted" and needs_confirmation(row):
        return "stale"
    return row.stage


def work_page(role: str, stage: str, recruitment: Recruitment) -> tuple[str, str] | None:
    """Words and address of the page where a role does its work at a stage, if the person may open it."""
    found = WORK.get((role, stage)) or WORK.get((role, ""))
    address = link((found[1],), recruitment) if found is not None else ""
    return (found[0], address) if found is not None and address else None


def standing(recruitment: Recruitment, user: Any, now: datetime) -> dict[str, Any]:
    """What this person can do now, what comes next, and until when."""
    stage = stage_now(recruitment, now)
    role, detail = "anyone", ""
    if isinstance(user, User) and user.is_active:
        role = role_in(user, recruitment) or (
            "vendor" if "vendor" in relations(user, recruitment) else "anyone"
        )
        if role == "vendor":
            detail = _response_state(recruitment, user)
    programme = recruitment.programme
    due = {
        "published": recruitment.opens_at,
        "accepting": recruitment.closes_at,
        "publicity": recruitment.publicity_ends_at,
        "promotion": clock.end_of(programme.promotion_end) if programme and programme.promotion_end else None,
    }.get(stage)
    return {
        "stage": stage,
        "role": role,
        "now": _word("portal_now", role, f"{stage}.{detail}", stage),
        "next": _word("portal_next", role, f"{stage}.{detail}", stage),
        "due": due,
        "work": work_page(role, stage, recruitment),
    }


def _documents(recruitment: Recruitment) -> list[Document]:
    query = (
        select(Document)
        .where(
            Document.recruitment_id == recruitment.id,
            Document.audience == "public",
            Document.superseded_at.is_(None),
        )
        .order_by(Document.id)
    )
    return list(db.session.scalars(query))


def dates(recruitment: Recruitment, schedule: dict[str, Any], now: datetime) -> list[dict[str, str]]:
    """The dates to know, each with its state: "past", "now" or "next"."""
    today = clock.local(now).date()
    found = []
    if recruitment.opens_at is not None and recruitment.closes_at is not None:
        state = "past" if now >= recruitment.closes_at else "next" if now < recruitment.opens_at else "now"
        span = f"{show_date(recruitment.opens_at)} 至 {show_time(recruitment.closes_at)}"
        found.append({"text": "递交响应文件", "value": span, "state": state})
    elif schedule.get("responses_open") and schedule.get("responses_close"):
        span = f"{show_date(schedule['responses_open'])} 至 {show_date(schedule['responses_close'])}"
        found.append({"text": "递交响应文件（拟）", "value": span, "state": "next"})
    for text, start, end in (
        ("评审", schedule.get("review_start"), schedule.get("review_end")),
        ("评审结果公示", *_publicity(recruitment, schedule)),
    ):
        if start and end:
            state = "past" if today > end else "next" if today < start else "now"
            found.append({"text": text, "value": f"{show_date(start)} 至 {show_date(end)}", "state": state})
    period = objection_window(recruitment, "result").period if result_is_public(recruitment) else None
    if period is not None:
        state = "past" if now > period.ends_at else "now"
        mark = "（暂定）" if period.provisional else ""
        found.append({"text": "对结果提出质疑，至", "value": f"{show_time(period.ends_at)}{mark}", "state": state})
    return found


def _publicity(recruitment: Recruitment, schedule: dict[str, Any]) -> tuple[Any, Any]:
    # The dates set with the result prevail over those the plan foresaw.
    if recruitment.publicity_starts_at is not None and recruitment.publicity_ends_at is not None:
        return (
            clock.local(recruitment.publicity_starts_at).date(),
            clock.local(recruitment.publicity_ends_at).date(),
        )
    return schedule.get("publicity_start"), schedule.get("publicity_end")


def _dates_in_force(recruitment: Recruitment, schedule: dict[str, Any]) -> dict[str, Any]:
    start, end = _publicity(recruitment, schedule)
    return {**schedule, "publicity_start": start, "publicity_end": end}


def notice(recruitment: Recruitment, user: Any, now: datetime) -> dict[str, Any]:
    """Everything the page of one recruitment shows."""
    plan = planning.effective_plan(recruitment)
    publication = plan.get("publication", {})
    schedule = publication.get("schedule", {})
    objections = plan.get("evaluation", {}).get("objections", {})
    stage = stage_now(recruitment, now)
    answered = select(Question).where(
        Question.recruitment_id == recruitment.id, Question.stage == "published"
    )
    return {
        "recruitment": recruitment,
        "plan": plan,
        "publication": publication,
        "schedule": schedule,
        "quota": plan.get("evaluation", {}).get("ranking", {}).get("quota"),
        "picture": picture(_dates_in_force(recruitment, schedule), clock.local(now).date()),
        "way": way(stage, recruitment.stage_before),
        "standing": standing(recruitment, user, now),
        "sections": plans.plan_sections_for_print(plan),
        "supplements": [entry for entry in plan.get("supplements", []) if entry.get("text")],
        "documents": _documents(recruitment),
        "amendments": list(
            db.session.scalars(
                select(Amendment)
                .where(Amendment.recruitment_id == recruitment.id, Amendment.stage == "published")
                .order_by(Amendment.number.desc())
            )
        ),
        "questions": list(db.session.scalars(answered.order_by(Question.published_at.desc()).limit(5))),
        "question_count": db.session.scalar(select(func.count()).select_from(answered.subquery())) or 0,
        "results": results(recruitment),
        "objections": bool(objections.get("days_after_publicity")),
        "objection_days": objections.get("days_after_publicity"),
        "answer_days": objections.get("answer_days"),
        "dates": dates(recruitment, schedule, now),
        "objection": link(OBJECTION, recruitment),
        "result_page": link(RESULT, recruitment),
        "draw_page": link(DRAW, recruitment),
        "version": _version_in_force(recruitment),
        "rounds": _other_rounds(recruitment),
        "moment": now,
    }


def _version_in_force(recruitment: Recruitment) -> int | None:
    query = select(func.max(PlanVersion.number)).where(PlanVersion.recruitment_id == recruitment.id)
    return db.session.scalar(query)


def _other_rounds(recruitment: Recruitment) -> list[tuple[str, Recruitment]]:
    """The published round before this one, and those that followed it."""
    linked = or_(Recruitment.id == recruitment.previous_id, Recruitment.previous_id == recruitment.id)
    query = select(Recruitment).where(linked, Recruitment.stage != "draft", Recruitment.published_at.is_not(None))
    return [
        ("上一轮招募" if row.id == recruitment.previous_id else "再次招募", row)
        for row in db.session.scalars(query.order_by(Recruitment.id))
    ]

