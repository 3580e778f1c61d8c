"""How the ranking came about, step by step, with the figures of this recruitment."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import func, select

from app.award.actions import policy, published
from app.award.collect import vendor_word
from app.documents.report import tie_in_words
from app.extensions import db
from app.publication.models import Recruitment
from app.results.candidates import ACTIVE, entries
from app.results.models import Publicity
from evaluation.models import Candidate, Dispute, Draw, ItemScore, PanelSeat, RankEntry, Review, ScoreSheet
from evaluation.package_signatures import ROOT
from evaluation.ranking import RankingRules
from evaluation.recompute_result import number as exact
from evaluation.references import ref_of
from evaluation.scoring import ScoringRules

PAGE = 50


@dataclass(frozen=True)
class Line:
    """One vendor's way from its sheets to its rank; `tie` tells how a tie was settled."""

    entry: RankEntry
    name: str
    sums: list[str]
    total: str
    mean: str
    rounded: bool
    selected: bool
    tie: str


def explanation(recruitment: Recruitment, page: int = 1) -> dict[str, Any]:
    """What the page shows: the panel, the qualification's counts, sums, means, ties, selection."""
    review = recruitment.review
    assert review is not None
    rows, level = entries(recruitment), policy(recruitment)
    rules, scoring = RankingRules.from_plan(review.rules["ranking"]), ScoringRules.from_plan(review.rules["scoring"])
    pages = max(1, -(-len(rows) // PAGE))
    page = min(max(1, page), pages)
    shown = rows[(page - 1) * PAGE : page * PAGE]
    seats = list(
        db.session.scalars(
            select(PanelSeat)
            .where(PanelSeat.review_id == review.id, PanelSeat.seat_no.is_not(None), PanelSeat.stage == "active")
            .order_by(PanelSeat.seat_no)
        )
    )
    sums = _sums(review, [seat.id for seat in seats], [row.candidate_id for row in shown])
    items = {str(item["no"]): item["name"] for item in review.rules["scoring"]["items"]}
    names = {ref_of(row.candidate): vendor_word(row.candidate, level) for row in rows if row.tie_steps}
    lines = [
        Line(
            entry=row,
            name=vendor_word(row.candidate, level),
            sums=[exact(sums.get((row.candidate_id, seat.id), Decimal(0))) for seat in seats],
            total=exact(row.total),
            mean=_mean(row),
            rounded=Fraction(row.score) != Fraction(row.total) / row.seats,
            selected=row.rank <= rules.quota,
            tie=_tie(row, items, names),
        )
        for row in shown
    ]
    counted = select(func.count()).where(Candidate.review_id == review.id)
    return {
        "recruitment": recruitment,
        "seats": seats,
        "lines": lines,
        "page": page,
        "pages": pages,
        "ranked": len(rows),
        "eliminated": _count(counted.where(Candidate.stage == "eliminated")),
        "candidates": _count(counted),
        "disputes": _count(select(func.count()).where(Dispute.review_id == review.id, Dispute.yes.is_not(None))),
        "draws": _count(select(func.count()).where(Draw.review_id == review.id, Draw.stage == "drawn")),
        "rules": rules,
        "scoring": scoring,
        "full": exact(scoring.total),
        "votes": _votes(review),
        "chain": rules.tie_chain,
        "tied": any(row.tie_steps for row in rows),
        "changes": _changes(recruitment, level),
        "holders": sum(row.candidate.stage in ACTIVE for row in rows),
        "level": level,
        "package": published(recruitment),
        "root": root_digest(),
        "root_file": ROOT,
    }


def root_digest() -> str:
    """SM3 (hex) of the trial root certificate: what whoever recomputes compares with."""
    from app.acceptance.authority import trial_authority
    from seal_core import sm3

    return sm3(trial_authority().root.der).hex()


def _sums(review: Review, seats: list[int], vendors: list[int]) -> dict[tuple[int, int], Decimal]:
    total = func.sum(ItemScore.value, type_=ItemScore.value.type)
    rows = db.session.execute(
        select(ScoreSheet.candidate_id, ScoreSheet.seat_id, total)
        .join(ItemScore, ItemScore.sheet_id == ScoreSheet.id)
        .where(ScoreSheet.seat_id.in_(seats), ScoreSheet.candidate_id.in_(vendors), ScoreSheet.stage == "signed")
        .group_by(ScoreSheet.candidate_id, ScoreSheet.seat_id)
    )
    return {(vendor, seat): value for vendor, seat, value in rows}


def _mean(row: RankEntry) -> str:
    """The mean with all its decimals, or with six and an ellipsis where it does not end."""
    mean = Fraction(row.total) / row.seats
    for places in range(2, 7):
        scaled = mean * 10**places
        if scaled.denominator == 1:
            return f"{Decimal(int(scaled)).scaleb(-places):f}"
    return f"{Decimal(int(mean * 10**6)).scaleb(-6):f}…"


def _tie(row: RankEntry, items: dict[str, str], names: dict[str, str]) -> str:
    """How a vendor was told apart from those with the same score, as a sentence; "" without a tie."""
    if not row.tie_steps:
        return ""
    own = ref_of(row.candidate)
    others = "、".join(sorted(names.get(ref, "") for ref in row.tie_steps[0]["among"] if ref != own))
    same = "、".join(tie_in_words(step, items) for step in row.tie_steps if not step["decided"])
    told = "、".join(tie_in_words(step, items) for step in row.tie_steps if step["decided"])
    return f"与{others}相同的有：{same}；由此分出先后：{told or '没有'}。"


def _votes(review: Review) -> dict[str, int]:
    rules = review.rules["qualification"]
    numerator, denominator = int(rules.get("vote_numerator", 2)), int(rules.get("vote_denominator", 3))
    return {
        "numerator": numerator,
        "denominator": denominator,
        "least": numerator * review.seats // denominator + 1,
        "items": len(rules["form"]),
    }


def _changes(recruitment: Recruitment, level: str) -> list[tuple[str, str]]:
    rows = db.session.scalars(
        select(Publicity)
        .where(
            Publicity.recruitment_id == recruitment.id,
            Publicity.kind == "supplementary",
            Publicity.withdrawn_at.is_(None),
        )
        .order_by(Publicity.number)
    )
    return [
        (
            vendor_word(row.removed, level) if row.removed else "",
            vendor_word(row.moved_up, level) if row.moved_up else "",
        )
        for row in rows
    ]


def _count(query: Any) -> int:
    return int(db.session.scalar(query) or 0)
