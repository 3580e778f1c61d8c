"""A finished review with invented vendors and experts, written as rows: what documents are printed from."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app import clock, planning
from app.accounts.models import Organisation
from app.documents.scores import scoring_keys
from app.extensions import db, unit_of_work
from app.publication.models import Recruitment
from app.responses.models import Response
from evaluation.models import (
    Ballot,
    Candidate,
    Declaration,
    Dispute,
    Expert,
    ItemScore,
    Minute,
    PanelSeat,
    QualificationAnswer,
    QualificationSheet,
    RankEntry,
    ReportSignature,
    Review,
    ScoreSheet,
)
from evaluation.models import Draw as DrawRow
from tests import factories

#: Names with characters that common fonts lack: the documents must be able to write them.
NAMES = ("样例𬭎", "样例𫖯", "样例𠅤", "样例欧阳", "样例李")
DIGEST = "ab" * 32


@dataclass
class Cast:
    """What was made."""

    recruitment: Recruitment
    review: Review
    seats: list[PanelSeat]
    candidates: list[Candidate]
    vendors: list[Organisation]


def reviewed(vendors: int = 4, stage: str = "reported") -> Cast:
    """A recruitment whose panel has finished: the last vendor is eliminated after a vote of 3 to 2."""
    recruitment = factories.make_recruitment(stage, opened_at=clock.now())
    rules = planning.effective_plan(recruitment)["evaluation"]
    with unit_of_work() as session:
        review = Review(
            plan_digest=recruitment.plan_digest or DIGEST,
            rules=_plain(rules),
            seats=5,
            created_at=clock.now(),
            report_digest=DIGEST,
            reported_at=clock.now(),
        )
        session.add(review)
        session.flush()
        recruitment.review_id = review.id
        draw = DrawRow(review_id=review.id, proof={}, proof_digest=DIGEST, drawn_at=clock.now())
        session.add(draw)
        session.flush()
        seats = [_seat(review, draw, number, name) for number, name in enumerate(NAMES, 1)]
    bodies = [factories.make_organisation("vendor") for _ in range(vendors)]
    with unit_of_work() as session:
        candidates = []
        for number, body in enumerate(bodies, 1):
            lost = number == vendors
            candidate = Candidate(
                review_id=review.id,
                number=number,
                name=body.name,
                credit_code=body.credit_code or "",
                stage="eliminated" if lost else "qualified",
                elimination=[
                    {"item": "2", "by": "vote", "grounds": ["3"], "remarks": ["第 9 项未加盖法定代表人印章"]}
                ]
                if lost
                else [],
            )
            session.add(candidate)
            session.flush()
            session.add(
                Response(
                    recruitment_id=recruitment.id,
                    organisation_id=body.id,
                    stage="opened",
                    candidate_id=candidate.id,
                    submitted_at=clock.now(),
                    opened_at=clock.now(),
                )
            )
            candidates.append(candidate)
        for seat in seats:
            for candidate in candidates:
                _qualify(seat, candidate, rules)
        _dispute(review, candidates[-1], seats)
        for candidate in candidates[:-1]:
            _score(review, candidate, seats, rules)
        for seat in seats:
            session.add(
                ReportSignature(
                    review_id=review.id,
                    seat_id=seat.id,
                    position="dissent" if seat is seats[4] else "signed",
                    reason="对第六项的认定有保留意见" if seat is seats[4] else "",
                    report_digest=DIGEST,
                    signed_at=clock.now(),
                    payload_digest=DIGEST,
                )
            )
        session.add(
            Minute(
                review_id=review.id,
                kind="dispute_closed",
                facts={"candidate": vendors, "item": "2"},
                text="组长主持表决",
                seat_id=seats[0].id,
                written_at=clock.now(),
            )
        )
    return Cast(recruitment, review, seats, candidates, bodies)


def _plain(value: Any) -> Any:
    from app.audit import plain

    return plain(value)


def _seat(review: Review, draw: DrawRow, number: int, name: str) -> PanelSeat:
    expert = Expert(code=f"SAMPLE-{review.id}-{number}", name=name, employer="样例研究院", title="高级工程师")
    db.session.add(expert)
    db.session.flush()
    seat = PanelSeat(
        review_id=review.id,
        draw_id=draw.id,
        expert_id=expert.id,
        position=number,
        seat_no=number,
        pseudonym=f"评委{'一二三四五'[number - 1]}",
        stage="active",
        is_chair=number == 1,
        declared_at=clock.now(),
    )
    db.session.add(seat)
    db.session.flush()
    return seat


def _qualify(seat: PanelSeat, candidate: Candidate, rules: dict[str, Any]) -> None:
    lost = candidate.stage == "eliminated" and seat.seat_no in (4, 5)
    sheet = QualificationSheet(
        seat_id=seat.id, candidate_id=candidate.id, stage="signed", signed_at=clock.now(), payload_digest=DIGEST
    )
    for item in rules["qualification"]["form"]:
        failed = lost and str(item["id"]) == "2"
        sheet.answers.append(
            QualificationAnswer(
                item=str(item["id"]),
                passed=not failed,
                ground="3" if failed else "",
                remark="第 9 项未加盖法定代表人印章" if failed else "",
            )
        )
    db.session.add(sheet)
    db.session.add(
        Declaration(seat_id=seat.id, candidate_id=candidate.id, relation="none", declared_at=clock.now())
    )


def _dispute(review: Review, candidate: Candidate, seats: list[PanelSeat]) -> None:
    dispute = Dispute(
        review_id=review.id,
        candidate_id=candidate.id,
        item="2",
        stage="closed",
        opened_at=clock.now(),
        closed_at=clock.now(),
        yes=3,
        seats=5,
        passed=False,
    )
    for seat in seats:
        agreed = (seat.seat_no or 0) <= 3
        dispute.ballots.append(
            Ballot(
                seat_id=seat.id,
                choice="yes" if agreed else "no",
                cited_file="承诺书.pdf" if agreed else "",
                cited_page="2" if agreed else "",
                reason="" if agreed else "未见法定代表人印章",
                signed_at=clock.now(),
            )
        )
    db.session.add(dispute)


def _score(review: Review, candidate: Candidate, seats: list[PanelSeat], rules: dict[str, Any]) -> None:
    keys = scoring_keys(rules["scoring"])
    subjective = {str(item["no"]) for item in rules["scoring"]["items"] if item["kind"] == "subjective"}
    total = objective = Decimal(0)
    for seat in seats:
        sheet = ScoreSheet(
            seat_id=seat.id, candidate_id=candidate.id, stage="signed", signed_at=clock.now(), payload_digest=DIGEST
        )
        for key in keys:
            value = key["points"] - (Decimal(candidate.number) / 2 if key["item"] in subjective else 0)
            value = max(value, Decimal(0))
            remark = "材料齐全" if key["item"] == "7" else ""
            sheet.scores.append(ItemScore(item=key["key"], value=value, remark=remark))
            total += value
            objective += value if key["item"] not in subjective else Decimal(0)
        db.session.add(sheet)
    db.session.add(
        RankEntry(
            review_id=review.id,
            candidate_id=candidate.id,
            rank=candidate.number,
            total=total,
            seats=len(seats),
            score=(total / len(seats)).quantize(Decimal("0.01")),
            objective_total=objective,
        )
    )
