"""Use cases of the qualification review: sheets, settling, disputes with their named vote, CA groups.

Plan, 评审程序 1-4: four items √ or ×, one × among the settled items is 不合格, a disputed item goes to a
named vote and needs more than two thirds of the seats.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from evaluation.models import (
    Ballot,
    Candidate,
    Dispute,
    PanelSeat,
    QualificationAnswer,
    QualificationSheet,
    Review,
)
from evaluation.qualification import ItemOutcome, QualificationRules
from evaluation.references import with_salts
from evaluation.review import (
    ReviewCode,
    ReviewRefused,
    Sign,
    StaleSheet,
    candidate_ref,
    held_seats,
    keep_version,
    make_sheets,
    minute,
    payload_head,
    put_signature,
    require_own,
    require_seat,
    touch,
)

#: How long a named vote stays open when nobody sets another time.
VOTE_SPAN = timedelta(hours=24)


@dataclass(frozen=True)
class Answer:
    """One line of the form as an expert fills it: √ (True), × (False) or not yet (None)."""

    passed: bool | None
    ground: str = ""
    remark: str = ""

    def plain(self) -> dict[str, Any]:
        return {"passed": self.passed, "ground": self.ground, "remark": self.remark}


def form_items(review: Review) -> list[dict[str, Any]]:
    """The lines of the plan's 资格符合性审查表: id, title, text."""
    return list(review.rules["qualification"]["form"])


def grounds(review: Review) -> list[dict[str, Any]]:
    """The plan's reasons of invalidity: id, text."""
    return list(review.rules["qualification"]["invalidity"])


def open_qualification(session: Session, review: Review) -> int:
    """Blank sheets for every active seat and candidate; returns how many were made."""
    under_review = [row for row in review.candidates if row.stage == "under_review"]
    return make_sheets(session, QualificationSheet, held_seats(session, review), under_review)


def answers_of(sheet: QualificationSheet) -> dict[str, Answer]:
    """What stands on a sheet now, per item."""
    return {row.item: Answer(row.passed, row.ground, row.remark) for row in sheet.answers}


def save_answers(
    session: Session,
    review: Review,
    sheet: QualificationSheet,
    seat: PanelSeat,
    answers: Mapping[str, Answer],
    *,
    version: int,
) -> int:
    """Save the lines sent; those not sent stay. Returns the new version.

    A half-filled × can be saved (its ground is asked for at the signing), an unknown item or ground can't.
    Raises StaleSheet when the sheet was saved elsewhere since `version`.
    """
    require_own(sheet, seat)
    if sheet.stage not in ("open", "reopened"):
        raise ReviewRefused(ReviewCode.SHEET_LOCKED, vendor=sheet.candidate.name)
    items = {str(item["id"]) for item in form_items(review)}
    known = {str(ground["id"]) for ground in grounds(review)}
    for item, answer in answers.items():
        if item not in items:
            raise ReviewRefused(ReviewCode.UNKNOWN_ITEM, item=item)
        if answer.ground and answer.ground not in known:
            raise ReviewRefused(ReviewCode.GROUND_UNKNOWN, item=item, ground=answer.ground)
        if answer.passed is False and not answer.ground:
            raise ReviewRefused(ReviewCode.GROUND_MISSING, item=item)
    if version != sheet.version:
        raise StaleSheet(
            current={item: answer.plain() for item, answer in answers_of(sheet).items()},
            submitted={item: answer.plain() for item, answer in answers.items()},
            version=sheet.version,
        )
    rows = {row.item: row for row in sheet.answers}
    for item, answer in answers.items():
        row = rows.get(item)
        if row is None:
            row = QualificationAnswer(item=item)
            sheet.answers.append(row)
        refused = answer.passed is False
        row.passed = answer.passed
        row.ground, row.remark = (answer.ground if refused else ""), answer.remark
    touch(sheet)
    session.flush()
    return sheet.version


def missing_lines(review: Review, sheet: QualificationSheet) -> list[str]:
    """Items that still keep the sheet from being signed: no answer, or × without ground or remark."""
    there = answers_of(sheet)
    left = []
    for item in (str(entry["id"]) for entry in form_items(review)):
        answer = there.get(item)
        if (
            answer is None
            or answer.passed is None
            or (answer.passed is False and not (answer.ground and answer.remark.strip()))
        ):
            left.append(item)
    return left


def sheet_payload(review: Review, sheet: QualificationSheet, now: datetime) -> dict[str, Any]:
    """The canonical content of a qualification sheet."""
    there = answers_of(sheet)
    payload = {
        **payload_head("qualification_sheet", review, sheet.seat, now),
        "candidate": candidate_ref(sheet.candidate),
        "answers": [
            {"item": str(entry["id"]), **there[str(entry["id"])].plain()} for entry in form_items(review)
        ],
        "conclusion": all(answer.passed for answer in there.values()),
    }
    return with_salts(payload, review.secret)


def sign_sheets(
    session: Session,
    review: Review,
    sheets: Iterable[QualificationSheet],
    seat: PanelSeat,
    *,
    sign: Sign,
    now: datetime,
) -> list[QualificationSheet]:
    """Sign complete sheets of one seat; signing locks them. An incomplete one refuses the whole step.

    Candidates whose sheets are all signed are settled at once.
    """
    from evaluation.review_scoring import cause_of

    signed = list(sheets)
    if not signed:
        raise ReviewRefused(ReviewCode.NOTHING_TO_SIGN)
    for sheet in signed:
        require_own(sheet, seat)
        if sheet.stage not in ("open", "reopened"):
            raise ReviewRefused(ReviewCode.SHEET_LOCKED, vendor=sheet.candidate.name)
        if left := missing_lines(review, sheet):
            raise ReviewRefused(
                ReviewCode.SHEET_INCOMPLETE, vendor=sheet.candidate.name, items=left, listed=_listed(left)
            )
    for sheet in signed:
        cause, reason = cause_of(session, review, sheet)
        payload = sheet_payload(review, sheet, now)
        proof = sign(payload)
        sheet.stage = "signed"
        put_signature(sheet, proof, now)
        keep_version(
            session,
            "qualification_sheet",
            sheet.id,
            payload,
            proof,
            seat=seat,
            now=now,
            cause=cause,
            reason=reason,
        )
    session.flush()
    settle(session, review, [sheet.candidate for sheet in signed], now=now)
    return signed


def _listed(items: Iterable[str]) -> str:
    return "、".join(items)


def signed_answers(
    session: Session, review: Review, candidates: Iterable[Candidate]
) -> dict[int, dict[int, dict[str, Answer]]]:
    """Signed answers of the held seats: candidate id → seat id → item → answer. Two statements."""
    seats = [seat.id for seat in held_seats(session, review)]
    rows = session.scalars(
        select(QualificationSheet)
        .where(
            QualificationSheet.seat_id.in_(seats),
            QualificationSheet.candidate_id.in_([candidate.id for candidate in candidates]),
            QualificationSheet.stage == "signed",
        )
        .options(selectinload(QualificationSheet.answers))
    )
    found: dict[int, dict[int, dict[str, Answer]]] = {}
    for sheet in rows:
        found.setdefault(sheet.candidate_id, {})[sheet.seat_id] = answers_of(sheet)
    return found


def settle(session: Session, review: Review, candidates: Iterable[Candidate], *, now: datetime) -> None:
    """Open disputes where the answers differ, and conclude every candidate that can be concluded.

    A candidate with an unsigned sheet is left alone. CA groups are formed by `review_groups` afterwards.
    """
    from evaluation.review_groups import form_groups

    rules = QualificationRules.from_plan(review.rules["qualification"])
    waiting = [candidate for candidate in candidates if candidate.stage == "under_review"]
    answers = signed_answers(session, review, waiting)
    disputes = _disputes_of(session, waiting)
    for candidate in waiting:
        given = answers.get(candidate.id, {})
        if len(given) < review.seats:
            continue
        failed: list[dict[str, Any]] = []
        pending = False
        for entry in form_items(review):
            item = str(entry["id"])
            lines = [answer[item] for answer in given.values()]
            outcome = rules.item_outcome([line.passed for line in lines], review.seats)
            dispute = disputes.get((candidate.id, item))
            if outcome is ItemOutcome.DISPUTED:
                if dispute is None:
                    dispute = Dispute(
                        review_id=review.id,
                        candidate_id=candidate.id,
                        item=item,
                        opened_at=now,
                        due_at=now + VOTE_SPAN,
                    )
                    session.add(dispute)
                elif dispute.stage == "open" and dispute.due_at is None:
                    dispute.due_at = now + VOTE_SPAN
                if dispute.stage != "closed":
                    pending = True
                elif not dispute.passed:
                    failed.append(_failure(item, "vote", lines))
            else:
                if dispute is not None and dispute.stage != "closed":
                    # The newcomer's answer ended the difference: nothing is left to vote on.
                    dispute.stage, dispute.closed_at, dispute.passed = "closed", now, lines[0].passed
                if not lines[0].passed:
                    failed.append(_failure(item, "panel", lines))
        if pending:
            continue
        if failed:
            candidate.stage, candidate.elimination = "eliminated", failed
            minute(
                session, review, "candidate_eliminated", now=now, candidate=candidate.number, grounds=failed
            )
        else:
            candidate.elimination = []
            candidate.facts = {**candidate.facts, "settled": True}
    session.flush()
    form_groups(session, review, now=now)


def _failure(item: str, by: str, lines: list[Answer]) -> dict[str, Any]:
    against = [line for line in lines if line.passed is False]
    return {
        "item": item,
        "by": by,
        "grounds": sorted({line.ground for line in against}),
        "remarks": [line.remark for line in against if line.remark],
    }


def _disputes_of(session: Session, candidates: list[Candidate]) -> dict[tuple[int, str], Dispute]:
    rows = session.scalars(select(Dispute).where(Dispute.candidate_id.in_([row.id for row in candidates])))
    return {(row.candidate_id, row.item): row for row in rows}


def unsettle(session: Session, review: Review, candidates: Iterable[Candidate]) -> int:
    """Put candidates under review again after a seat changed hands; returns how many.

    Closed disputes of theirs open again without a count: the newcomer has not voted.
    """
    rows = list(candidates)
    changed = 0
    for candidate in rows:
        if candidate.stage in ("qualified", "eliminated") or candidate.facts.get("settled"):
            candidate.stage, candidate.elimination = "under_review", []
            candidate.facts = {key: value for key, value in candidate.facts.items() if key != "settled"}
            changed += 1
    for dispute in _disputes_of(session, rows).values():
        dispute.stage, dispute.closed_at, dispute.due_at = "open", None, None
        dispute.yes = dispute.seats = dispute.passed = None
    from evaluation.review_groups import dissolve_groups

    dissolve_groups(session, review, rows)
    session.flush()
    return changed


def ballot_payload(
    review: Review, dispute: Dispute, seat: PanelSeat, ballot: Ballot, now: datetime
) -> dict[str, Any]:
    """The canonical content of a named vote."""
    payload = {
        **payload_head("ballot", review, seat, now),
        "candidate": candidate_ref(dispute.candidate),
        "item": dispute.item,
        "choice": ballot.choice,
        "cited_file": ballot.cited_file,
        "cited_page": ballot.cited_page,
        "reason": ballot.reason,
    }
    return with_salts(payload, review.secret)


def cast_ballot(
    session: Session,
    review: Review,
    dispute: Dispute,
    seat: PanelSeat,
    *,
    choice: str,
    cited_file: str = "",
    cited_page: str = "",
    reason: str = "",
    sign: Sign,
    now: datetime,
) -> Ballot:
    """One named vote on a disputed item. yes cites file and page, no gives its reason; signed at once.

    The last of the seats' ballots closes the vote.
    """
    require_seat(seat)
    if dispute.stage != "open":
        raise ReviewRefused(ReviewCode.DISPUTE_CLOSED)
    if dispute.due_at is not None and now > dispute.due_at:
        raise ReviewRefused(ReviewCode.DISPUTE_EXPIRED)
    if any(ballot.seat_id == seat.id for ballot in dispute.ballots):
        raise ReviewRefused(ReviewCode.ALREADY_VOTED)
    if choice not in ("yes", "no", "abstain"):
        raise ReviewRefused(ReviewCode.CHOICE_UNKNOWN)
    if choice == "yes" and not (cited_file.strip() and cited_page.strip()):
        raise ReviewRefused(ReviewCode.CITATION_MISSING)
    if choice == "no" and not reason.strip():
        raise ReviewRefused(ReviewCode.REASON_MISSING)
    ballot = Ballot(
        seat_id=seat.id,
        choice=choice,
        cited_file=cited_file.strip(),
        cited_page=cited_page.strip(),
        reason=reason.strip(),
    )
    payload = ballot_payload(review, dispute, seat, ballot, now)
    proof = sign(payload)
    put_signature(ballot, proof, now)
    dispute.ballots.append(ballot)
    touch(dispute)
    session.flush()
    keep_version(session, "ballot", dispute.id, payload, proof, seat=seat, now=now)
    held = {row.id for row in held_seats(session, review)}
    if len(held & {row.seat_id for row in dispute.ballots}) >= review.seats:
        close_dispute(session, review, dispute, now=now)
    return ballot


def close_dispute(session: Session, review: Review, dispute: Dispute, *, now: datetime) -> None:
    """Count the vote: once all have voted or the time is over. Absence never shrinks the denominator."""
    if dispute.stage != "open":
        raise ReviewRefused(ReviewCode.DISPUTE_CLOSED)
    held = {row.id for row in held_seats(session, review)}
    counted = [ballot for ballot in dispute.ballots if ballot.seat_id in held]
    if len(counted) < review.seats and (dispute.due_at is None or now <= dispute.due_at):
        raise ReviewRefused(ReviewCode.DISPUTE_RUNNING)
    rules = QualificationRules.from_plan(review.rules["qualification"])
    dispute.yes, dispute.seats = sum(ballot.choice == "yes" for ballot in counted), review.seats
    dispute.passed = rules.vote_passed(dispute.yes, review.seats)
    dispute.stage, dispute.closed_at = "closed", now
    minute(
        session,
        review,
        "dispute_closed",
        now=now,
        candidate=dispute.candidate.number,
        item=dispute.item,
        yes=dispute.yes,
        seats=dispute.seats,
        passed=dispute.passed,
    )
    settle(session, review, [dispute.candidate], now=now)


def close_due(session: Session, review: Review, *, now: datetime) -> list[Dispute]:
    """Close every vote whose time is over; returns them."""
    rows = list(
        session.scalars(
            select(Dispute).where(
                Dispute.review_id == review.id, Dispute.stage == "open", Dispute.due_at < now
            )
        )
    )
    for dispute in rows:
        close_dispute(session, review, dispute, now=now)
    return rows
