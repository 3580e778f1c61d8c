"""What the rows of a review come to in an award package: plain data, names only as far as the level tells them.

The levels: "real" opens the experts' names too, "pseudonymous" names vendors and leaves experts to their seats,
"none" names nobody. The signed payloads are the same in all of them: they hold pseudonyms and references.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.audit import Event, plain
from app.errors import Refusal
from app.extensions import db
from app.panel.proofs import named_proof
from app.publication.models import PlanVersion, Recruitment
from app.results.candidates import ACTIVE, entries, would_select
from app.results.fees import expert_fees, shares_of
from app.results.models import Publicity
from app.review.lots import lotteries_of
from app.review.signed import SignedRecord, signed_rows
from evaluation.models import (
    CAGroup,
    Candidate,
    Dispute,
    Draw,
    ExpertFee,
    Minute,
    PanelSeat,
    ReportSignature,
    Review,
)
from evaluation.recompute_result import number as exact
from evaluation.references import ref_of
from evaluation.review_groups import licence_of

LEVELS = ("real", "pseudonymous", "none")
AWARDED = ("awarded", "integration", "promotion", "archived")


def vendor_word(candidate: Candidate, level: str) -> str:
    """How a vendor is called at a level of names."""
    return f"{candidate.number}号响应服务商" if level == "none" else candidate.name


@dataclass
class Material:
    """Everything of one review that goes into its package."""

    recruitment: Recruitment
    review: Review
    level: str
    candidates: list[Candidate]
    seats: list[PanelSeat]
    draws: list[Draw]
    signed: list[SignedRecord]
    minutes: list[Minute]

    @property
    def numbers(self) -> dict[int, int]:
        """Candidate's id → number."""
        return {row.id: row.number for row in self.candidates}

    @property
    def by_public_id(self) -> dict[str, int]:
        return {row.public_id: row.number for row in self.candidates}

    @property
    def pseudonyms(self) -> dict[int, str]:
        return {row.id: row.pseudonym for row in self.seats}

    @property
    def licences(self) -> dict[str, str]:
        """Licence number → a name for it that tells nothing, by the first vendor under it."""
        found: dict[str, str] = {}
        for row in self.candidates:
            if licence := licence_of(row):
                found.setdefault(licence, f"licence-{len(found) + 1}")
        return found


def gather(recruitment: Recruitment, level: str) -> Material:
    """Read a review with everything that was signed in it; a constant number of statements.

    Raises Refusal `award_not_ranked` before there is a ranking.
    """
    review = recruitment.review
    if level not in LEVELS:
        raise Refusal("award_names_level")
    if review is None or not entries(recruitment):
        raise Refusal("award_not_ranked")
    by = {"review_id": review.id}
    return Material(
        recruitment=recruitment,
        review=review,
        level=level,
        candidates=list(db.session.scalars(select(Candidate).filter_by(**by).order_by(Candidate.number))),
        seats=list(
            db.session.scalars(
                select(PanelSeat).filter_by(**by).options(joinedload(PanelSeat.expert)).order_by(PanelSeat.id)
            )
        ),
        draws=list(
            db.session.scalars(select(Draw).filter_by(**by, stage="drawn").order_by(Draw.number))
        ),
        signed=list(signed_rows(review)),
        minutes=list(db.session.scalars(select(Minute).filter_by(**by).order_by(Minute.id))),
    )


def draws(found: Material) -> dict[int, Any]:
    """Number of a draw → its proof; with names at the level that tells them."""
    return {
        row.number: named_proof(row, found.recruitment, everybody=False) if found.level == "real" else row.proof
        for row in found.draws
    }


def lotteries(found: Material) -> dict[int, Any]:
    """Number of a lottery over a tie → its proof."""
    rows = lotteries_of(found.review)
    return {row.number: row.proof for row in rows if row.stage == "drawn"}


def seats(found: Material) -> dict[str, Any]:
    """Who was drawn, called and seated, under pseudonyms."""
    proofs = draws(found)
    numbers = {row.id: row.number for row in found.draws}
    refs = {
        (row.id, opening["expert"]): ref for row in found.draws for ref, opening in row.openings.items()
    }
    rows = []
    for seat in found.seats:
        ref = refs.get((seat.draw_id, seat.expert.public_id), "")
        row = {
            "seat": seat.pseudonym,
            "number": seat.seat_no,
            "stage": seat.stage,
            "chair": seat.is_chair,
            "draw": numbers.get(seat.draw_id, 0),
            "position": seat.position,
            "ref": ref,
            "replaces": found.pseudonyms.get(seat.replaces_id or 0),
        }
        if opening := proofs.get(numbers.get(seat.draw_id, 0), {}).get("names", {}).get(ref):
            row["expert"] = " ".join(text for text in (opening["name"], opening["employer"]) if text)
        rows.append(row)
    return {"seats": rows}


def vendors(found: Material) -> dict[str, Any]:
    """Who stood under review, what became of each and why."""
    rows = []
    for candidate in found.candidates:
        row: dict[str, Any] = {
            "number": candidate.number,
            "ref": ref_of(candidate),
            "label": vendor_word(candidate, found.level),
            "licence": found.licences.get(licence_of(candidate), ""),
            "is_ca": bool(candidate.facts.get("is_ca")),
            "stage": candidate.stage,
            "elimination": [
                {"item": str(row["item"]), "by": row["by"], "grounds": [str(ground) for ground in row["grounds"]]}
                for row in (candidate.elimination if candidate.stage == "eliminated" else [])
            ],
        }
        if found.level != "none":
            row |= {"name": candidate.name, "credit_code": candidate.credit_code, "salt": candidate.salt}
        rows.append(row)
    return {"vendors": rows}


def signed(found: Material) -> dict[str, Any]:
    """Every signed version in the order of signing, with what counts now."""
    return {
        "signed": [
            {
                "no": at,
                "kind": row.kind,
                "number": row.version.number,
                "payload": plain(row.payload),
                "digest": row.digest,
                "signature": row.signature_hex,
                "key": row.certificate_serial,
                "cause": row.version.cause,
                "reason": row.version.reason,
                "in_force": row.current,
                "void": getattr(row.row, "stage", "") == "void",
            }
            for at, row in enumerate(found.signed, 1)
        ]
    }


def votes(found: Material) -> dict[str, Any]:
    """The named votes as they were counted."""
    rows = db.session.scalars(
        select(Dispute).where(Dispute.review_id == found.review.id).order_by(Dispute.candidate_id, Dispute.item)
    )
    numbers = found.numbers
    return {
        "disputes": [
            {
                "vendor": numbers[row.candidate_id],
                "item": row.item,
                "stage": row.stage,
                "yes": row.yes,
                "seats": row.seats,
                "passed": row.passed,
            }
            for row in rows
        ]
    }


def groups(found: Material) -> dict[str, Any]:
    """Vendors under one licence and what decided between them."""
    rows = db.session.scalars(select(CAGroup).where(CAGroup.review_id == found.review.id).order_by(CAGroup.id))
    return {
        "groups": [
            {
                "group": row.public_id,
                "licence": found.licences.get(row.ca_licence, ""),
                "stage": row.stage,
                "decided_by": row.decided_by,
                "chosen": found.numbers.get(row.chosen_id or 0),
                "answer": bool(row.answer_text),
            }
            for row in rows
        ]
    }


def minutes(found: Material) -> dict[str, Any]:
    """The minutes; seats by pseudonym, licences by their names in this package, no remarks of eliminations."""
    rows = []
    for row in found.minutes:
        facts = dict(row.facts)
        if row.kind.startswith("extreme_"):
            facts["seat"] = found.pseudonyms.get(facts["seat"], "")
        if "licence" in facts:
            facts["licence"] = found.licences.get(facts["licence"], "")
        facts.pop("grounds", None)
        rows.append(
            {
                "kind": row.kind,
                "at": row.written_at.isoformat(),
                "seat": found.pseudonyms.get(row.seat_id or 0),
                "text": row.text,
                "facts": plain(facts),
            }
        )
    return {"minutes": rows}


def ranking(found: Material) -> dict[str, Any]:
    """The frozen ranking, and the witnessed public value if lots were drawn."""
    lottery = next((str(row.facts.get("lottery", "")) for row in reversed(found.minutes) if row.kind == "ranked"), "")
    return {
        "lottery": lottery.strip(),
        "ranking": [
            {
                "rank": row.rank,
                "vendor": row.candidate.number,
                "ref": ref_of(row.candidate),
                "total": exact(row.total),
                "seats": row.seats,
                "score": format(row.score, "f"),
                "objective_total": exact(row.objective_total),
                "tie_steps": plain(row.tie_steps),
            }
            for row in entries(found.recruitment)
        ],
    }


def report(found: Material) -> dict[str, Any]:
    """The report's digest and where each seat stands to it."""
    rows = db.session.scalars(
        select(ReportSignature).where(ReportSignature.review_id == found.review.id).order_by(ReportSignature.seat_id)
    )
    return {
        "sm3": found.review.report_digest,
        "positions": [{"seat": found.pseudonyms[row.seat_id], "position": row.position} for row in rows],
    }


def selection(found: Material) -> dict[str, Any]:
    """Who was selected by the award, who left and moved up since, and who holds a place now.

    Before the award: whom it would select.
    """
    recruitment, numbers = found.recruitment, found.by_public_id
    rows = entries(recruitment)
    stage = recruitment.stage_before if recruitment.stage == "suspended" else recruitment.stage
    awarded = stage in AWARDED
    if not awarded:
        foreseen = would_select(recruitment, rows)
        lists = {name: getattr(foreseen, name) for name in ("selected", "reserve", "not_selected")}
        shortfall = foreseen.shortfall
    else:
        lists, shortfall = _by_award(recruitment)
    few = len(rows) < int(found.review.rules["ranking"].get("minimum_candidates", 3))
    told = {name: [numbers[key] for key in keys] for name, keys in lists.items()}
    holders = [row.candidate.number for row in rows if row.candidate.stage in ACTIVE]
    return {
        "awarded": awarded,
        **told,
        "shortfall": shortfall,
        "few": few,
        "changes": _changes(found) if awarded else [],
        "now": holders if awarded else told["selected"],
    }


def _by_award(recruitment: Recruitment) -> tuple[dict[str, list[str]], int]:
    event = db.session.scalar(
        select(Event)
        .where(Event.scope == recruitment.public_id, Event.kind == "recruitment.awarded")
        .order_by(Event.seq.desc())
        .limit(1)
    )
    if event is None:
        raise Refusal("award_no_record")
    facts = event.facts
    lists = {name: list(facts[name]) for name in ("selected", "reserve", "not_selected")}
    return lists, int(facts["shortfall"])


def _changes(found: Material) -> list[dict[str, Any]]:
    programme = found.recruitment.programme
    golive = programme.promotion_start if programme is not None else None
    rows = [
        row
        for row in publicity_rows(found.recruitment)
        if row.kind == "supplementary" and row.withdrawn_at is None
    ]
    return [
        {
            "removed": found.numbers[row.removed_id],
            "moved_up": found.numbers.get(row.moved_up_id or 0),
            "after_golive": golive is not None and row.starts_on >= golive,
        }
        for row in rows
        if row.removed_id is not None
    ]


def fees(found: Material) -> dict[str, Any]:
    """What the experts are owed, and every round of the split over the selected vendors."""
    owed: dict[int, ExpertFee] = expert_fees(found.recruitment)
    rounds: dict[int, dict[str, Any]] = {}
    for row in shares_of(found.recruitment):
        line = {
            "vendor": row.candidate.number,
            "kind": row.kind,
            "amount": format(row.amount, ".2f"),
        }
        entry = rounds.setdefault(row.round, {"round": row.round, "total": format(row.total, ".2f"), "lines": []})
        entry["lines"].append(line)
    return {
        "experts": [
            {"seat": found.pseudonyms[seat], "amount": format(row.amount, ".2f")} for seat, row in sorted(owed.items())
        ],
        "rounds": [rounds[number] for number in sorted(rounds)],
    }


def publicity_rows(recruitment: Recruitment) -> list[Publicity]:
    """Every publicity, the first one first."""
    query = select(Publicity).where(Publicity.recruitment_id == recruitment.id)
    return list(db.session.scalars(query.order_by(Publicity.number)))


def publicity(found: Material) -> dict[str, Any]:
    """The publicities with their periods."""
    return {
        "publicities": [
            {
                "number": row.number,
                "kind": row.kind,
                "starts_on": row.starts_on.isoformat(),
                "ends_on": row.ends_on.isoformat(),
                "objections_until": row.objections_until.isoformat(),
                "withdrawn_at": row.withdrawn_at.isoformat() if row.withdrawn_at else None,
            }
            for row in publicity_rows(found.recruitment)
        ]
    }


def plans(found: Material) -> dict[str, bytes]:
    """The frozen plan that the review was made under, and every version before it, as published."""
    rows = list(
        db.session.scalars(
            select(PlanVersion)
            .where(PlanVersion.recruitment_id == found.recruitment.id)
            .order_by(PlanVersion.number)
        )
    )
    files = {f"plan/version-{row.number}.toml": row.plan_bytes for row in rows}
    files["plan/plan.toml"] = next(
        (row.plan_bytes for row in rows if row.digest == found.review.plan_digest), found.recruitment.plan_bytes
    )
    return files

