"""综合评分表 of each expert, and the summary of all scores."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.audit import Actor
from app.documents import common
from app.documents.models import Document
from app.extensions import db
from evaluation.models import Candidate, ItemScore, PanelSeat, RankEntry, Review, ScoreSheet

KINDS = {"objective": "客观分", "subjective": "主观分"}


def scoring_keys(rules: dict[str, Any]) -> list[dict[str, Any]]:
    """The plan's scoring keys in order: sub-items where an item has them, else the item itself."""
    keys = []
    for item in rules.get("items", []):
        parts = item.get("subitems") or []
        for part in parts or [item]:
            keys.append(
                {
                    "key": str(part["id"] if parts else item["no"]),
                    "item": str(item["no"]),
                    "name": item["name"],
                    "points": Decimal(str(part["points"])),
                }
            )
    return keys


def rubric(rules: dict[str, Any]) -> list[dict[str, Any]]:
    """The plan's scoring table as it is printed: item, kind, standard, evidence, points, sub-items."""
    rows = []
    for item in rules.get("items", []):
        rows.append(
            {
                "no": item["no"],
                "name": item["name"],
                "kind": KINDS.get(item["kind"], item["kind"]),
                "standard": item.get("standard", ""),
                "evidence": item.get("evidence", ""),
                "points": Decimal(str(item["points"])),
                "subitems": [
                    {
                        "id": part["id"],
                        "text": part["text"],
                        "evidence": part.get("evidence", ""),
                        "points": Decimal(str(part["points"])) if part.get("points") is not None else None,
                    }
                    for part in item.get("subitems") or []
                ],
            }
        )
    return rows


def ranked_candidates(review: Review) -> list[Candidate]:
    """The vendors that were scored, in the order of their numbers."""
    return list(
        db.session.scalars(
            select(Candidate)
            .where(Candidate.review_id == review.id, Candidate.stage.not_in(("under_review", "eliminated")))
            .order_by(Candidate.number)
        )
    )


def sheets_by_seat(review: Review, seats: Iterable[PanelSeat]) -> dict[tuple[int, int], ScoreSheet]:
    """All valid score sheets by seat and candidate, with their scores."""
    rows = db.session.scalars(
        select(ScoreSheet)
        .where(ScoreSheet.seat_id.in_([seat.id for seat in seats]), ScoreSheet.stage != "void")
        .options(selectinload(ScoreSheet.scores))
    )
    return {(row.seat_id, row.candidate_id): row for row in rows}


def all_signed(review: Review, seats: list[PanelSeat] | None = None) -> bool:
    """True where every held seat has signed a sheet for every scored vendor."""
    seats = seats if seats is not None else common.held_seats(review)
    sheets = sheets_by_seat(review, seats)
    candidates = ranked_candidates(review)
    return bool(seats and candidates) and all(
        (sheet := sheets.get((seat.id, candidate.id))) is not None and sheet.stage == "signed"
        for seat in seats
        for candidate in candidates
    )


def total_of(values: Iterable[Decimal | None]) -> Decimal:
    """The sum of what is there."""
    return sum((value for value in values if value is not None), Decimal(0))


def plain_number(value: Decimal | None) -> str:
    """A score without needless zeros, as experts write it."""
    if value is None:
        return "—"
    text = format(value.normalize(), "f")
    return "0" if text in ("-0", "0") else text


def _because(entry: ItemScore) -> str:
    facts = entry.facts or {}
    parts = []
    if facts.get("elements"):
        parts.append("已证明要素：" + "、".join(str(element) for element in facts["elements"]))
    if facts.get("cases"):
        parts.append("认可案例：" + "、".join(str(case) for case in facts["cases"]))
    if entry.remark:
        parts.append(entry.remark)
    return "；".join(parts)


def sheet_context(seat: PanelSeat, names: str) -> dict[str, Any]:
    """One expert's sheet over all scored vendors: the rubric, the scores, the reasons."""
    review = seat.review
    rules = review.rules.get("scoring", {})
    keys = scoring_keys(rules)
    sheets = sheets_by_seat(review, [seat])
    rows, reasons, digests, moments = [], [], [], []
    serials = common.serials_of([seat])
    for candidate in ranked_candidates(review):
        sheet = sheets.get((seat.id, candidate.id))
        scores = {entry.item: entry for entry in sheet.scores} if sheet else {}
        values = [scores[key["key"]].value if key["key"] in scores else None for key in keys]
        label = f"{candidate.number:02d} {candidate.name}"
        rows.append([label, *(plain_number(value) for value in values), plain_number(total_of(values))])
        for key in keys:
            entry = scores.get(key["key"])
            if entry is not None and (why := _because(entry)):
                reasons.append((label, f"{key['key']} {key['name']}", plain_number(entry.value), why))
        if sheet is not None and sheet.payload_digest:
            digests.append((label, sheet.payload_digest, serials.get(sheet.seat_key_id, "")))
            moments.append(sheet.signed_at)
    return {
        "who": common.seat_name(seat, names),
        "chair": seat.is_chair,
        "rubric": rubric(rules),
        "full": rules.get("total", "100"),
        "keys": keys,
        "rows": rows,
        "reasons": reasons,
        "digests": digests,
        "signed_at": max((moment for moment in moments if moment), default=None),
    }


def issue_score_sheet(seat: PanelSeat, names: str | None = None, *, actor: Actor) -> Document:
    """Issue one expert's sheet over all scored vendors.

    Once the whole panel has signed it is readable by panel, staff and supervisor; before that by this
    seat alone, since nobody may see another's scores. Raises Refusal `document_not_ready` while the
    seat's own sheets are unsigned.
    """
    title = "综合评分表"
    recruitment = common.recruitment_of_review(seat.review)
    if not all_signed(seat.review, [seat]):
        raise common.not_ready(title, "该评委还有评分表未签署。")
    chosen = common.names_in_force(recruitment, names)
    open_to_all = all_signed(seat.review)
    return common.issue(
        "score_sheet",
        recruitment,
        template="score_sheet",
        context=sheet_context(seat, chosen),
        title=title,
        detail=common.seat_name(seat, chosen),
        subject=seat,
        audience="panel" if open_to_all else "seat",
        owner_ref="" if open_to_all else seat.public_id,
        actor=actor,
        facts={"names": chosen},
    )


def summary_context(review: Review, names: str) -> dict[str, Any]:
    """All scores: per vendor the experts' totals and the mean, per item every expert's score."""
    seats = common.held_seats(review)
    rules = review.rules.get("scoring", {})
    keys = scoring_keys(rules)
    sheets = sheets_by_seat(review, seats)
    entries = {
        row.candidate_id: row
        for row in db.session.scalars(select(RankEntry).where(RankEntry.review_id == review.id))
    }
    rows = []
    for candidate in ranked_candidates(review):
        by_seat = {}
        for seat in seats:
            sheet = sheets.get((seat.id, candidate.id))
            by_seat[seat.id] = {entry.item: entry.value for entry in sheet.scores} if sheet else {}
        totals = [total_of(by_seat[seat.id].get(key["key"]) for key in keys) for seat in seats]
        entry = entries.get(candidate.id)
        rows.append(
            {
                "candidate": candidate,
                "totals": [plain_number(value) for value in totals],
                "sum": plain_number(total_of(totals)),
                "score": entry.score if entry else total_of(totals) / len(seats) if seats else None,
                "rank": entry.rank if entry else None,
                "items": [
                    (
                        key,
                        [plain_number(by_seat[seat.id].get(key["key"])) for seat in seats],
                    )
                    for key in keys
                ],
            }
        )
    rows.sort(key=lambda row: (row["rank"] is None, row["rank"] or 0, row["candidate"].number))
    return {
        "seats": [common.seat_name(seat, names) for seat in seats],
        "chair": next((common.seat_name(seat, names) for seat in seats if seat.is_chair), ""),
        "keys": keys,
        "rows": rows,
        "places": int(rules.get("shown_places", 2)),
    }


def issue_score_summary(review: Review, names: str | None = None, *, actor: Actor) -> Document:
    """Issue the summary of all scores; Refusal `document_not_ready` before all sheets are signed."""
    title = "评分汇总表"
    recruitment = common.recruitment_of_review(review)
    if not all_signed(review):
        raise common.not_ready(title, "还有评委的评分表未签署。")
    chosen = common.names_in_force(recruitment, names)
    return common.issue(
        "score_summary",
        recruitment,
        template="score_summary",
        context=summary_context(review, chosen),
        title=title,
        subject=review,
        audience="panel",
        actor=actor,
        facts={"names": chosen},
    )
