"""评审报告: the panel's report from its composition to the ranking, with signatures and dissent."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app import clock
from app.audit import Actor
from app.documents import common, qualification, scores
from app.documents.models import Document
from app.extensions import db
from app.planning import section
from app.publication.models import Recruitment
from app.results.models import StageDecision
from app.wording import LABELS, label
from evaluation.models import (
    CAGroup,
    Candidate,
    Clarification,
    Dispute,
    Draw,
    Minute,
    PanelSeat,
    RankEntry,
    ReportSignature,
    Review,
)

POSITIONS = {"signed": "签字同意", "dissent": "有异议", "deemed": "逾期未签字且未说明理由，视为同意"}


def report_context(review: Review, recruitment: Recruitment, names: str) -> dict[str, Any]:
    """Everything the report says, in a constant number of statements per disputed vendor."""
    seats = common.held_seats(review)
    rules = review.rules
    form = rules.get("qualification", {}).get("form", [])
    titles = {str(item["id"]): item["title"] for item in form}
    candidates = list(
        db.session.scalars(select(Candidate).where(Candidate.review_id == review.id).order_by(Candidate.number))
    )
    disputes = list(
        db.session.scalars(
            select(Dispute)
            .where(Dispute.review_id == review.id)
            .options(joinedload(Dispute.candidate), joinedload(Dispute.ballots))
            .order_by(Dispute.candidate_id, Dispute.item)
        ).unique()
    )
    groups = list(db.session.scalars(select(CAGroup).where(CAGroup.review_id == review.id)))
    return {
        "opening": recruitment.opened_at,
        "schedule": section(recruitment, "publication", "schedule") or {},
        "seats": [
            {
                "who": common.seat_name(seat, names),
                "chair": seat.is_chair,
                "no": seat.seat_no,
                "employer": seat.expert.employer if names == "real" else "",
                "title": seat.expert.title if names == "real" else "",
                "declared_at": seat.declared_at,
            }
            for seat in seats
        ],
        "changes": _changes(review, names),
        "draws": list(
            db.session.scalars(select(Draw).where(Draw.review_id == review.id).order_by(Draw.number))
        ),
        "candidates": [candidate_row(candidate, titles, rules) for candidate in candidates],
        "qualified": sum(candidate.stage not in ("eliminated", "under_review") for candidate in candidates),
        "disputes": [
            {
                "candidate": dispute.candidate,
                "item": f"{dispute.item}. {titles.get(dispute.item, '')}",
                "ballots": qualification.ballots_in_words(dispute, seats, names),
                "yes": dispute.yes,
                "seats": dispute.seats,
                "passed": dispute.passed,
            }
            for dispute in disputes
        ],
        "threshold": f"{rules.get('qualification', {}).get('vote_numerator', 2)}/"
        f"{rules.get('qualification', {}).get('vote_denominator', 3)}",
        "groups": [found for group in groups if (found := qualification.group_in_words(group, seats, names))],
        "clarifications": list(
            db.session.scalars(
                select(Clarification)
                .where(Clarification.review_id == review.id)
                .options(joinedload(Clarification.candidate))
                .order_by(Clarification.id)
            )
        ),
        "rubric": scores.rubric(rules.get("scoring", {})),
        "summary": scores.summary_context(review, names),
        "quota": rules.get("ranking", {}).get("quota", 10),
        "ranking": ranking_rows(review),
        "minutes": _minutes(review, seats, names),
        "decisions": list(
            db.session.scalars(select(StageDecision).where(StageDecision.recruitment_id == recruitment.id))
        ),
        "few_decision": review.few_candidates_decision,
        "signatures": _signatures(review, seats, names),
        "report_digest": review.report_digest,
    }


def candidate_row(candidate: Candidate, titles: dict[str, str], rules: dict[str, Any]) -> dict[str, Any]:
    """One vendor of the qualification: conclusion and, where it failed, the reasons in the plan's words."""
    reasons = []
    for entry in candidate.elimination:
        grounds = qualification.grounds_of(
            rules.get("qualification", {}), [str(ref) for ref in entry.get("grounds", [])]
        )
        said = [str(remark) for remark in entry.get("remarks", []) if remark]
        words = titles.get(str(entry.get("item")), "") or str(entry.get("item", ""))
        reasons.append(f"{words}：{'；'.join([*grounds, *said])}")
    word = "不合格" if candidate.stage == "eliminated" else "合格"
    if candidate.stage == "under_review":
        word = "未审查完毕"
    return {"candidate": candidate, "conclusion": word, "why": "\n".join(reasons)}


def ranking_rows(review: Review) -> list[dict[str, Any]]:
    """The frozen ranking with the tie steps in words."""
    entries = db.session.scalars(
        select(RankEntry)
        .where(RankEntry.review_id == review.id)
        .options(joinedload(RankEntry.candidate))
        .order_by(RankEntry.rank)
    )
    quota = int(review.rules.get("ranking", {}).get("quota", 10))
    items = {str(item["no"]): item["name"] for item in review.rules.get("scoring", {}).get("items", [])}
    return [
        {
            "entry": entry,
            "selected": entry.rank <= quota,
            "ties": [tie_in_words(step, items) for step in entry.tie_steps],
        }
        for entry in entries
    ]


def tie_in_words(step: dict[str, Any], items: dict[str, str]) -> str:
    """One step of the tie chain as a sentence."""
    name = str(step.get("step") or step.get("rule") or "")
    value = step.get("value", step.get("values", ""))
    shown = "、".join(str(part) for part in value) if isinstance(value, list) else str(value)
    words = label("tie_step", name)
    if item := step.get("item"):
        words += f"（{items.get(str(item), item)}）"
    return f"{words}：{shown}" if shown else words


def _changes(review: Review, names: str) -> list[str]:
    left = db.session.scalars(
        select(PanelSeat)
        .where(PanelSeat.review_id == review.id, PanelSeat.stage.in_(("excluded", "replaced", "declined")))
        .options(joinedload(PanelSeat.expert))
        .order_by(PanelSeat.position)
    )
    words = {"excluded": "回避", "replaced": "更换", "declined": "谢绝"}
    return [
        f"抽取顺序第 {seat.position} 位（{common.seat_name(seat, names)}）{words[seat.stage]}"
        + (f"，原因：{seat.reason}" if seat.reason else "")
        + "，由候补专家依次递补。"
        for seat in left
    ]


def _minutes(review: Review, seats: list[PanelSeat], names: str) -> list[dict[str, Any]]:
    known = {seat.id: common.seat_name(seat, names) for seat in seats}
    found = []
    for row in db.session.scalars(select(Minute).where(Minute.review_id == review.id).order_by(Minute.id)):
        facts = "；".join(
            f"{label('minute_fact', key)}：{value}"
            for key, value in row.facts.items()
            if key in LABELS["minute_fact"] and isinstance(value, str | int) and value != ""
        )
        found.append(
            {
                "at": row.written_at,
                "kind": label("minute", row.kind),
                "who": known.get(row.seat_id or 0, ""),
                "text": "；".join(part for part in (row.text, facts) if part),
            }
        )
    return found


def _signatures(review: Review, seats: list[PanelSeat], names: str) -> list[dict[str, Any]]:
    given = {
        row.seat_id: row
        for row in db.session.scalars(select(ReportSignature).where(ReportSignature.review_id == review.id))
    }
    lines, serials = [], common.serials_of(seats)
    for seat in seats:
        row = given.get(seat.id)
        lines.append(
            {
                "who": common.seat_name(seat, names),
                "chair": seat.is_chair,
                "position": POSITIONS[row.position] if row else "",
                "reason": row.reason if row else "",
                "signed_at": row.signed_at if row else None,
                "digest": row.payload_digest if row else None,
                "serial": serials.get(row.seat_key_id, "") if row else "",
            }
        )
    return lines


def issue_review_report(review: Review, names: str | None = None, *, actor: Actor) -> Document:
    """Issue the report; readable by panel, staff and supervisor.

    Raises Refusal `document_not_ready` before all score sheets are signed and the ranking stands. Takes
    seconds: order it in the background where a person waits.
    """
    title = "评审报告"
    recruitment = common.recruitment_of_review(review)
    if not scores.all_signed(review):
        raise common.not_ready(title, "还有评委的评分表未签署。")
    if db.session.scalar(select(RankEntry.rank).where(RankEntry.review_id == review.id).limit(1)) is None:
        raise common.not_ready(title, "排名尚未形成。")
    chosen = common.names_in_force(recruitment, names)
    return common.issue(
        "review_report",
        recruitment,
        template="review_report",
        context={**report_context(review, recruitment, chosen), "printed_at": clock.now()},
        title=title,
        subject=review,
        audience="panel",
        actor=actor,
        facts={"names": chosen, "report": review.report_digest or ""},
    )
