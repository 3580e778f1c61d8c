"""资格符合性审查表: the panel's form of one vendor, exactly as in the plan, with the experts' own as annexes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from app.audit import Actor
from app.documents import common
from app.documents.models import Document
from app.extensions import db
from evaluation.models import (
    CAGroup,
    CAGroupBallot,
    Candidate,
    Dispute,
    PanelSeat,
    QualificationSheet,
    Review,
)

KIND = "qualification_form"
CHOICES = {"yes": "同意通过", "no": "不同意通过", "abstain": "弃权"}


def sheets_of(candidate: Candidate, seats: list[PanelSeat]) -> dict[int, QualificationSheet]:
    """The held seats' sheets for one vendor, by seat."""
    rows = db.session.scalars(
        select(QualificationSheet)
        .where(
            QualificationSheet.candidate_id == candidate.id,
            QualificationSheet.seat_id.in_([seat.id for seat in seats]),
            QualificationSheet.stage != "void",
        )
        .options(selectinload(QualificationSheet.answers))
    )
    return {row.seat_id: row for row in rows}


def disputes_of(candidate: Candidate) -> list[Dispute]:
    """The vendor's disputed items with their ballots."""
    return list(
        db.session.scalars(
            select(Dispute)
            .where(Dispute.candidate_id == candidate.id)
            .options(selectinload(Dispute.ballots))
            .order_by(Dispute.item)
        )
    )


def group_of(candidate: Candidate) -> CAGroup | None:
    """The closed group of vendors under the same certification authority, if the vendor is in one."""
    if not candidate.ca_licence:
        return None
    return db.session.scalar(
        select(CAGroup)
        .where(CAGroup.review_id == candidate.review_id, CAGroup.ca_licence == candidate.ca_licence)
        .options(selectinload(CAGroup.ballots), joinedload(CAGroup.chosen))
    )


def settled_items(
    form: list[dict[str, Any]],
    sheets: list[QualificationSheet],
    disputes: list[Dispute],
    elimination: list[dict[str, Any]],
) -> dict[str, bool | None]:
    """What the panel settled per item: the vote where there was one, else the answers that agree.

    An item named by the vendor's elimination (e.g. by the CA group) is failed whatever the answers were.
    None where nothing is settled.
    """
    voted = {dispute.item: dispute.passed for dispute in disputes}
    lost = {str(entry.get("item")) for entry in elimination}
    result: dict[str, bool | None] = {}
    for item in form:
        key = str(item["id"])
        answers = {answer.passed for sheet in sheets for answer in sheet.answers if answer.item == key}
        if key in lost:
            result[key] = False
        elif key in voted:
            result[key] = voted[key]
        else:
            result[key] = answers.pop() if len(answers) == 1 else None
    return result


def ballots_in_words(dispute: Dispute, seats: list[PanelSeat], names: str) -> list[dict[str, str]]:
    """The named votes on one item, a line for every seat: absence is shown too."""
    cast = {ballot.seat_id: ballot for ballot in dispute.ballots}
    lines = []
    for seat in seats:
        ballot = cast.get(seat.id)
        cited = ""
        if ballot is not None and ballot.cited_file:
            cited = f"依据：{ballot.cited_file}" + (f" 第 {ballot.cited_page} 页" if ballot.cited_page else "")
        lines.append(
            {
                "who": common.seat_name(seat, names),
                "choice": CHOICES.get(ballot.choice, ballot.choice) if ballot else "未投票",
                "why": "；".join(part for part in (cited, ballot.reason if ballot else "") if part) or "—",
            }
        )
    return lines


def group_in_words(group: CAGroup | None, seats: list[PanelSeat], names: str) -> dict[str, Any] | None:
    """How the vendors under one CA were settled."""
    if group is None or group.stage != "closed":
        return None
    cast: dict[int, CAGroupBallot] = {ballot.seat_id: ballot for ballot in group.ballots}
    ids = {ballot.choice_id for ballot in group.ballots if ballot.choice_id}
    chosen = {row.id: row.name for row in db.session.scalars(select(Candidate).where(Candidate.id.in_(ids)))}
    votes = [
        (
            common.seat_name(seat, names),
            (chosen.get(cast[seat.id].choice_id or 0, "均不通过") if seat.id in cast else "未投票"),
            cast[seat.id].reason if seat.id in cast else "",
        )
        for seat in seats
    ]
    return {
        "licence": group.ca_licence,
        "by": "数字证书认证机构的书面答复" if group.decided_by == "ca_answer" else "评审委员会记名表决",
        "answer": group.answer_text,
        "chosen": group.chosen.name if group.chosen else "均不通过",
        "votes": votes if group.decided_by == "ballot" else [],
    }


def grounds_of(rules: dict[str, Any], refs: list[str]) -> list[str]:
    """The plan's words for reasons of invalidity."""
    words = {str(entry["id"]): str(entry["text"]) for entry in rules.get("invalidity", [])}
    return [words.get(str(ref), str(ref)) for ref in refs if ref]


def form_context(candidate: Candidate, names: str) -> dict[str, Any]:
    """The whole form of one vendor: settled items, votes, conclusion, the experts' own."""
    review: Review = candidate.review
    rules = review.rules.get("qualification", {})
    form = rules.get("form", [])
    seats = common.held_seats(review)
    sheets = sheets_of(candidate, seats)
    disputes = disputes_of(candidate)
    settled = settled_items(form, list(sheets.values()), disputes, candidate.elimination)
    titles = {str(item["id"]): item["title"] for item in form}
    serials = common.serials_of(seats)
    annexes = [
        _annex(candidate, seat, sheets.get(seat.id), number, names, serials)
        for number, seat in enumerate(seats, 1)
    ]
    return {
        "form_title": rules.get("form_title") or "资格符合性审查表",
        "notes": rules.get("form_notes", []),
        "candidate": candidate,
        "rows": [
            {"no": number, "title": item["title"], "text": item["text"], "passed": settled[str(item["id"])]}
            for number, item in enumerate(form, 1)
        ],
        "conclusion": "不合格" if candidate.stage == "eliminated" else "合格",
        "disputes": [
            {
                "title": f"{dispute.item}. {titles.get(dispute.item, '')}",
                "ballots": ballots_in_words(dispute, seats, names),
                "yes": dispute.yes,
                "seats": dispute.seats,
                "passed": dispute.passed,
                "closed_at": dispute.closed_at,
            }
            for dispute in disputes
        ],
        "threshold": f"{rules.get('vote_numerator', 2)}/{rules.get('vote_denominator', 3)}",
        "group": group_in_words(group_of(candidate), seats, names),
        "elimination": [
            {
                "item": titles.get(str(entry.get("item")), str(entry.get("item", ""))),
                "grounds": grounds_of(rules, [str(ref) for ref in entry.get("grounds", [])]),
                "remarks": [str(remark) for remark in entry.get("remarks", []) if remark],
            }
            for entry in candidate.elimination
        ],
        "annexes": annexes,
    }


def _annex(
    candidate: Candidate,
    seat: PanelSeat,
    sheet: QualificationSheet | None,
    number: int,
    names: str,
    serials: dict[int | None, str],
) -> dict[str, Any]:
    """One expert's own form for one vendor."""
    rules = candidate.review.rules.get("qualification", {})
    answers = {answer.item: answer for answer in sheet.answers} if sheet else {}
    rows = []
    for position, item in enumerate(rules.get("form", []), 1):
        answer = answers.get(str(item["id"]))
        rows.append(
            {
                "no": position,
                "title": item["title"],
                "text": item["text"],
                "passed": answer.passed if answer else None,
                "ground": "；".join(grounds_of(rules, [answer.ground] if answer else [])),
                "remark": answer.remark if answer else "",
            }
        )
    complete = bool(rows) and all(row["passed"] is not None for row in rows)
    return {
        "number": number,
        "who": common.seat_name(seat, names),
        "chair": seat.is_chair,
        "rows": rows,
        "conclusion": ("合格" if all(row["passed"] for row in rows) else "不合格") if complete else "",
        "signed_at": sheet.signed_at if sheet else None,
        "digest": sheet.payload_digest if sheet else None,
        "serial": serials.get(sheet.seat_key_id, "") if sheet else "",
        "relation": _declared(seat, candidate),
    }


def own_form(candidate: Candidate, seat: PanelSeat) -> dict[str, Any]:
    """One expert's own form for one vendor, under the seat's pseudonym."""
    sheet = sheets_of(candidate, [seat]).get(seat.id)
    return _annex(candidate, seat, sheet, 1, "pseudonym", common.serials_of([seat]))


def _declared(seat: PanelSeat, candidate: Candidate) -> str:
    words = {"none": "与该服务商无利害关系", "employment": "任职关系", "control": "控股或管理关系"}
    words.update(kinship="亲属关系", other="其他关系")
    for declaration in seat.declarations:
        if declaration.candidate_id == candidate.id:
            return words[declaration.relation] + (f"（{declaration.detail}）" if declaration.detail else "")
    return "未声明"


def issue_qualification_form(candidate: Candidate, names: str | None = None, *, actor: Actor) -> Document:
    """Issue the form of one vendor with its annexes; readable by the panel, staff and supervisor.

    Raises Refusal `document_not_ready` while the vendor is under review.
    """
    recruitment = common.recruitment_of_review(candidate.review)
    title = "资格符合性审查表"
    if candidate.stage == "under_review":
        raise common.not_ready(title, "该服务商的审查结论尚未形成。")
    chosen = common.names_in_force(recruitment, names)
    return common.issue(
        KIND,
        recruitment,
        template="qualification_form",
        context=form_context(candidate, chosen),
        title=title,
        detail=f"{candidate.number:02d}-{candidate.name}",
        subject=candidate,
        audience="panel",
        actor=actor,
        facts={"names": chosen, "conclusion": candidate.stage != "eliminated"},
    )
