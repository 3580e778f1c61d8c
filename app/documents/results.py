"""What is published and sent after the review: result notice, notices to vendors, attendance and fees."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import select

from app import clock
from app.audit import Actor
from app.documents import common, report
from app.documents.models import Document
from app.extensions import db, unit_of_work
from app.planning import section
from app.publication.models import Recruitment
from app.results.models import FeeShare, Objection, Publicity, SelectionNotice
from app.wording import label
from evaluation.models import Candidate, ExpertFee, PanelSeat, RankEntry

NOTICES = {
    "selected": "入选通知书",
    "moved_up": "入选通知书（递补）",
    "not_selected": "结果通知书",
    "removed": "取消入选通知书",
}


def _review(recruitment: Recruitment, title: str) -> Any:
    if recruitment.review is None:
        raise common.not_ready(title, "评审尚未开始。")
    return recruitment.review


def issue_result_notice(recruitment: Recruitment, *, actor: Actor) -> Document:
    """Issue 评审结果公示 for everybody; Refusal `document_not_ready` before the ranking stands."""
    title = "评审结果公示"
    review = _review(recruitment, title)
    ranking = report.ranking_rows(review)
    if not ranking:
        raise common.not_ready(title, "排名尚未形成。")
    eliminated = db.session.scalars(
        select(Candidate)
        .where(Candidate.review_id == review.id, Candidate.stage == "eliminated")
        .order_by(Candidate.number)
    )
    objections = section(recruitment, "evaluation", "objections") or {}
    correction = db.session.scalar(
        select(Publicity).where(
            Publicity.recruitment_id == recruitment.id,
            Publicity.kind == "corrected",
            Publicity.withdrawn_at.is_(None),
        )
    )
    if correction is not None:
        title += "（更正）"
    return common.issue(
        "result_notice",
        recruitment,
        template="result_notice",
        context={
            "ranking": ranking,
            "quota": review.rules.get("ranking", {}).get("quota", 10),
            "eliminated": list(eliminated),
            "starts": recruitment.publicity_starts_at,
            "ends": recruitment.publicity_ends_at,
            "objection_days": objections.get("days_after_publicity", 7),
            "answer_days": objections.get("answer_days", 7),
            "contact": section(recruitment, "publication", "contact") or {},
            "seats": [common.seat_name(seat, "real") for seat in common.held_seats(review)],
            "corrected": correction is not None,
        },
        title=title,
        subject=recruitment,
        audience="public",
        actor=actor,
    )


def issue_selection_notice(notice: SelectionNotice, *, actor: Actor) -> Document:
    """Issue the notice to one vendor and bind it to the notice's row (`document_id`)."""
    key = notice.id
    recruitment = db.session.get(Recruitment, notice.recruitment_id)
    assert recruitment is not None
    candidate = notice.candidate
    entry = db.session.scalar(select(RankEntry).where(RankEntry.candidate_id == candidate.id))
    workdays = section(recruitment, "onboarding", "workdays") or {}
    golive = section(recruitment, "onboarding", "golive") or {}
    document = common.issue(
        "selection_notice",
        recruitment,
        template="selection_notice",
        context={
            "notice": notice,
            "heading": NOTICES[notice.kind],
            "candidate": candidate,
            "entry": entry,
            "quota": section(recruitment, "evaluation", "ranking", "quota"),
            "integration_days": workdays.get("integration_days", 30),
            "promotion_months": golive.get("promotion_months", 3),
            "service_period": section(recruitment, "publication", "service_period") or "",
            "contact": section(recruitment, "publication", "contact") or {},
            "elimination": report.candidate_row(
                candidate,
                {
                    str(item["id"]): item["title"]
                    for item in section(recruitment, "evaluation", "qualification", "form") or []
                },
                candidate.review.rules,
            )["why"],
        },
        title=NOTICES[notice.kind],
        detail=candidate.name,
        subject=notice,
        audience="owner",
        owner_ref=common.owner_of(candidate.public_id),
        actor=actor,
        facts={"number": notice.number},
    )
    with unit_of_work():
        db.session.get_one(SelectionNotice, key).document_id = document.id
    return document


def issue_supplementary_notice(publicity: Publicity, *, actor: Actor) -> Document:
    """Issue 补充公示: who left, who moves up, until when it can be objected to."""
    recruitment = publicity.recruitment
    moved_up = publicity.moved_up
    entry = None
    if moved_up is not None:
        entry = db.session.scalar(select(RankEntry).where(RankEntry.candidate_id == moved_up.id))
    objections = section(recruitment, "evaluation", "objections") or {}
    return common.issue(
        "supplementary_notice",
        recruitment,
        template="supplementary_notice",
        context={
            "publicity": publicity,
            "removed": publicity.removed,
            "moved_up": moved_up,
            "entry": entry,
            "withdrew": publicity.removed is not None and publicity.removed.stage == "withdrew",
            "answer_days": objections.get("answer_days", 7),
            "contact": section(recruitment, "publication", "contact") or {},
        },
        title="评审结果补充公示",
        detail=f"第{publicity.number}号",
        subject=publicity,
        audience="public",
        actor=actor,
    )


def issue_objection_answer(objection: Objection, *, actor: Actor) -> Document:
    """Issue the written answer to an objection; Refusal `document_not_ready` before it is decided."""
    title = "质疑答复书"
    if objection.stage not in ("refused", "upheld", "rejected"):
        raise common.not_ready(title, "质疑尚未答复。")
    recruitment = objection.recruitment
    return common.issue(
        "answer",
        recruitment,
        template="objection_answer",
        context={
            "objection": objection,
            "subject": label("objection_subject", objection.subject),
            "outcome": label("objection_outcome", objection.stage),
            "against": objection.against.name if objection.against is not None else "",
            "contact": section(recruitment, "publication", "contact") or {},
        },
        title=title,
        detail=f"第{objection.number}号",
        subject=objection,
        audience="owner",
        owner_ref=objection.organisation.public_id,
        actor=actor,
        facts={"number": objection.number, "outcome": objection.stage},
    )


def fees_context(recruitment: Recruitment, names: str) -> dict[str, Any]:
    """Attendance and fees of the experts, and the selected vendors' shares."""
    review = recruitment.review
    assert review is not None
    fees = {
        row.seat_id: row
        for row in db.session.scalars(select(ExpertFee).where(ExpertFee.review_id == review.id))
    }
    seats = {seat.id: seat for seat in review.panel if seat.id in fees or seat.seat_no is not None}
    shares = list(
        db.session.scalars(
            select(FeeShare).where(FeeShare.recruitment_id == recruitment.id).order_by(FeeShare.id)
        )
    )
    return {
        "experts": [
            (
                common.seat_name(seat, names),
                seat.expert.employer if names == "real" else "—",
                fees[key].attended_on if key in fees else None,
                fees[key].amount if key in fees else None,
                fees[key].note if key in fees else "",
            )
            for key, seat in sorted(seats.items(), key=lambda pair: _order(pair[1]))
        ],
        "total": sum((fee.amount for fee in fees.values()), Decimal(0)),
        "shares": shares,
        "shares_total": sum((share.amount for share in shares), Decimal(0)),
    }


def _order(seat: PanelSeat) -> tuple[int, int]:
    return (seat.seat_no or 999, seat.position)


def issue_fees_list(recruitment: Recruitment, names: str | None = None, *, actor: Actor) -> Document:
    """Issue the list of attendance and fees; Refusal `document_not_ready` before there is a review."""
    title = "专家签到与评审费清单"
    _review(recruitment, title)
    chosen = common.names_in_force(recruitment, names)
    return common.issue(
        "fees_list",
        recruitment,
        template="fees_list",
        context={**fees_context(recruitment, chosen), "printed_at": clock.now()},
        title=title,
        subject=recruitment,
        audience="staff",
        actor=actor,
        facts={"names": chosen},
    )
