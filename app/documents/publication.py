"""What is published at the start, and the record of the opening: notice, plan, opening record."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app import clock, planning
from app import plan as plans
from app.audit import Actor
from app.documents import common
from app.documents.models import Document
from app.extensions import db
from app.lifecycle import approvals
from app.publication.models import Amendment, PlanVersion, Recruitment
from app.responses.models import PaperArrival, Response

#: Positions of the timeline picture in its own units; the template draws 1000 × 150.
WIDTH, MARGIN = 1000, 70
STEPS = (
    ("responses_open", "responses_close", "响应文件递交"),
    ("review_start", "review_end", "评审"),
    ("publicity_start", "publicity_end", "结果公示"),
)


def timeline(schedule: dict[str, Any]) -> list[dict[str, Any]]:
    """Bars of the timeline: x, width, label, days; in proportion to the calendar."""
    spans = [
        (schedule[start], schedule[end], text)
        for start, end, text in STEPS
        if schedule.get(start) and schedule.get(end)
    ]
    if not spans:
        return []
    first, last = spans[0][0], spans[-1][1]
    unit = (WIDTH - 2 * MARGIN) / max(1, (last - first).days + 1)
    return [
        {
            "x": round(MARGIN + (start - first).days * unit, 1),
            "width": round(((end - start).days + 1) * unit, 1),
            "text": text,
            "start": f"{start.month}月{start.day}日",
            "end": f"{end.month}月{end.day}日",
        }
        for start, end, text in spans
    ]


def _published(recruitment: Recruitment, title: str) -> None:
    if not recruitment.is_published:
        raise common.not_ready(title, "方案尚未发布。")


def issue_notice(recruitment: Recruitment, *, actor: Actor) -> Document:
    """Issue 招募公告 with the timeline picture, for everybody."""
    title = "招募公告"
    _published(recruitment, title)
    plan = planning.effective_plan(recruitment)
    publication = plan.get("publication", {})
    return common.issue(
        "notice",
        recruitment,
        template="notice",
        context={
            "plan": plan,
            "publication": publication,
            "schedule": publication.get("schedule", {}),
            "bars": timeline(publication.get("schedule", {})),
            "requirements": plan.get("evaluation", {}).get("qualification", {}).get("requirements", []),
            "quota": plan.get("evaluation", {}).get("ranking", {}).get("quota"),
            "closes_at": recruitment.closes_at,
            "published_at": recruitment.published_at or clock.now(),
        },
        title=title,
        subject=recruitment,
        audience="public",
        actor=actor,
    )


def issue_plan_pdf(recruitment: Recruitment, *, actor: Actor) -> Document:
    """Issue the plan in force, numbered as published, with its supplements, for everybody."""
    title = "招募方案"
    _published(recruitment, title)
    plan = planning.effective_plan(recruitment)
    return common.issue(
        "plan",
        recruitment,
        template="plan",
        context={
            "plan": plan,
            "sections": plans.plan_sections_for_print(plan),
            "supplements": [entry for entry in plan.get("supplements", []) if entry.get("text")],
        },
        title=title,
        subject=recruitment,
        audience="public",
        actor=actor,
    )


def issue_amendment(amendment: Amendment, *, actor: Actor) -> Document:
    """Issue a published 补充（更正）公告 for everybody, with the digest of the plan as amended."""
    from app.publication.places import place_word, value_word

    recruitment = amendment.recruitment
    title = "补充（更正）公告"
    if amendment.stage != "published":
        raise common.not_ready(title, "补充公告尚未发布。")
    return common.issue(
        "amendment",
        recruitment,
        template="amendment",
        context={
            "amendment": amendment,
            "changes": [
                {"place": place_word(row.path), "old": value_word(row.old), "new": value_word(row.new)}
                for row in changed_places(amendment)
            ],
            "contact": planning.section(recruitment, "publication", "contact") or {},
        },
        title=title,
        detail=f"第{amendment.number}号",
        subject=amendment,
        audience="public",
        actor=actor,
        facts={"plan_after": amendment.digest or ""},
    )


def changed_places(amendment: Amendment) -> list[plans.Change]:
    """What the amendment changed in the plan in force, from the two frozen versions around it."""
    version = db.session.scalar(
        select(PlanVersion).where(
            PlanVersion.recruitment_id == amendment.recruitment_id, PlanVersion.digest == amendment.digest
        )
    )
    if version is None:
        return []
    before = db.session.scalar(
        select(PlanVersion).where(
            PlanVersion.recruitment_id == amendment.recruitment_id, PlanVersion.number == version.number - 1
        )
    )
    if before is None:
        return []
    own = [{**side, "supplements": []} for side in (before.effective, version.effective)]
    return plans.diff(*own)


def opening_context(recruitment: Recruitment) -> dict[str, Any]:
    """Who opened, when, which responses and which paper packages were there."""
    responses = list(
        db.session.scalars(
            select(Response)
            .where(Response.recruitment_id == recruitment.id, Response.stage == "opened")
            .options(
                joinedload(Response.organisation),
                joinedload(Response.candidate),
                joinedload(Response.submission),
            )
        ).unique()
    )
    responses.sort(key=lambda row: row.candidate.number if row.candidate else 0)
    arrivals = list(
        db.session.scalars(
            select(PaperArrival)
            .where(PaperArrival.recruitment_id == recruitment.id)
            .order_by(PaperArrival.number)
        )
    )
    paper = {arrival.organisation_id: arrival for arrival in arrivals if arrival.organisation_id}
    return {
        "rows": [
            {
                "response": row,
                "files": len((row.submission.manifest or {}).get("files", [])) if row.submission else 0,
                "paper": paper.get(row.organisation_id),
            }
            for row in responses
        ],
        "arrivals": arrivals,
        "approvals": approvals(recruitment, "open"),
        "opened_at": recruitment.opened_at,
        "closes_at": recruitment.closes_at,
    }


def issue_opening_record(recruitment: Recruitment, *, actor: Actor) -> Document:
    """Issue the record of the opening; Refusal `document_not_ready` before it."""
    title = "响应文件启封记录"
    if recruitment.opened_at is None:
        raise common.not_ready(title, "响应文件尚未启封。")
    return common.issue(
        "opening_record",
        recruitment,
        template="opening_record",
        context=opening_context(recruitment),
        title=title,
        subject=recruitment,
        audience="panel",
        actor=actor,
    )
