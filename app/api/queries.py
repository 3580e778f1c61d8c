"""What the public interface answers: only what is public at this moment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import load_only

from app import clock, planning
from app import plan as plans
from app.award.actions import published
from app.award.explain import root_digest
from app.documents.models import Document
from app.extensions import db
from app.lifecycle import stage_now
from app.portal import pages
from app.publication.models import Amendment, PlanVersion, Question, Recruitment
from app.templating import show_score
from app.wording import stage_word

SCHEDULE = (
    "responses_open",
    "responses_close",
    "closing_time",
    "review_start",
    "review_end",
    "publicity_start",
    "publicity_end",
)


def instant(moment: datetime | None) -> str | None:
    """An instant in Shanghai with its offset."""
    return clock.local(moment).isoformat(timespec="seconds") if moment is not None else None


def address(path: str) -> str:
    """A path of ours as a full address."""
    return f"{current_app.config['SETTINGS'].public_base}{path}"


def summary(recruitment: Recruitment) -> dict[str, Any]:
    """A recruitment as the list shows it."""
    stage = stage_now(recruitment, clock.now())
    return {
        "id": recruitment.public_id,
        "title": recruitment.title,
        "organiser": recruitment.organiser.name,
        "sample": recruitment.is_sample,
        "stage": stage,
        "stage_name": stage_word("recruitment", stage),
        "published_at": instant(recruitment.published_at),
        "opens_at": instant(recruitment.opens_at),
        "closes_at": instant(recruitment.closes_at),
        "page": address(f"/r/{recruitment.public_id}"),
    }


def detail(recruitment: Recruitment) -> dict[str, Any]:
    """Everything public about one recruitment."""
    plan = planning.effective_plan(recruitment)
    schedule = plan.get("publication", {}).get("schedule", {})
    return {
        **summary(recruitment),
        "schedule": {key: _day(schedule[key]) for key in SCHEDULE if schedule.get(key)},
        "plan": _plan(recruitment, plan),
        "amendments": _amendments(recruitment),
        "questions": _questions(recruitment),
        "documents": _documents(recruitment),
        "result": _result(recruitment, plan),
    }


def _day(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _plan(recruitment: Recruitment, plan: Mapping[str, Any]) -> dict[str, Any]:
    versions = db.session.scalars(
        select(PlanVersion)
        .options(load_only(PlanVersion.number, PlanVersion.digest, PlanVersion.published_at))
        .where(PlanVersion.recruitment_id == recruitment.id)
        .order_by(PlanVersion.number)
    )
    return {
        "sm3": recruitment.plan_digest,
        "versions": [
            {"number": row.number, "sm3": row.digest, "published_at": instant(row.published_at)} for row in versions
        ],
        "sections": [_section(entry) for entry in plans.plan_sections_for_print(plan)],
        "supplements": [
            {"title": str(entry.get("title") or entry.get("place") or ""), "text": str(entry["text"])}
            for entry in plan.get("supplements", [])
            if entry.get("text")
        ],
    }


def _section(entry: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "level": int(entry.get("level", 1)),
        "number": str(entry.get("number", "")),
        "title": str(entry.get("title", "")),
        "text": str(entry.get("text", "")),
    }
    if entry.get("table"):
        found["table"] = [[str(cell) for cell in row] for row in entry["table"]]
    return found


def _amendments(recruitment: Recruitment) -> list[dict[str, Any]]:
    rows = db.session.scalars(
        select(Amendment)
        .where(Amendment.recruitment_id == recruitment.id, Amendment.stage == "published")
        .order_by(Amendment.number)
    )
    return [
        {
            "number": row.number,
            "title": row.title,
            "text": row.text,
            "published_at": instant(row.published_at),
            "new_closes_at": instant(row.new_closes_at),
            "touches_responses": row.touches_responses,
        }
        for row in rows
    ]


def _questions(recruitment: Recruitment) -> list[dict[str, Any]]:
    rows = db.session.scalars(
        select(Question)
        .where(Question.recruitment_id == recruitment.id, Question.stage == "published")
        .order_by(Question.published_at, Question.id)
    )
    return [
        {
            "place": row.place,
            "question": row.text,
            "answer": row.answer,
            "published_at": instant(row.published_at),
        }
        for row in rows
    ]


def _documents(recruitment: Recruitment) -> list[dict[str, Any]]:
    rows = db.session.scalars(
        select(Document)
        .where(
            Document.recruitment_id == recruitment.id,
            Document.audience == "public",
            Document.superseded_at.is_(None),
        )
        .order_by(Document.id)
    )
    return [
        {
            "kind": row.kind,
            "title": row.title,
            "media_type": row.media_type,
            "size": row.size,
            "sm3": row.sm3,
            "issued_at": instant(row.issued_at),
            "url": address(f"/documents/{row.public_id}"),
        }
        for row in rows
    ]


def _result(recruitment: Recruitment, plan: Mapping[str, Any]) -> dict[str, Any] | None:
    if not pages.result_is_public(recruitment):
        return None
    return {
        "publicity_starts_at": instant(recruitment.publicity_starts_at),
        "publicity_ends_at": instant(recruitment.publicity_ends_at),
        "quota": plan.get("evaluation", {}).get("ranking", {}).get("quota"),
        "ranking": [
            {
                "rank": row["entry"].rank,
                "vendor": row["entry"].candidate.name,
                "score": show_score(row["entry"].score),
                "outcome": row["word"],
            }
            for row in pages.results(recruitment)
        ],
        "explanation": address(f"/r/{recruitment.public_id}/result/how"),
        "package": _package(recruitment),
    }


def _package(recruitment: Recruitment) -> dict[str, Any] | None:
    document = published(recruitment)
    if document is None:
        return None
    return {
        "names": document.facts["names"],
        "size": document.size,
        "sm3": document.sm3,
        "root_sm3": root_digest(),
        "issued_at": instant(document.issued_at),
        "url": address(f"/documents/{document.public_id}"),
    }
