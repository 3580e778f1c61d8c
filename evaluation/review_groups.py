"""Vendors under one certification authority: at most one of them passes (plan, 资质要求 5).

The CA's written answer decides; without one the panel has one ballot over the group (which of them, or
none). First come is no argument. A CA that responds itself stands for itself and is only flagged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from evaluation.models import CAGroup, CAGroupBallot, Candidate, PanelSeat, Review
from evaluation.qualification import QualificationRules
from evaluation.references import with_salts
from evaluation.review import (
    ReviewCode,
    ReviewRefused,
    Sign,
    candidate_ref,
    held_seats,
    keep_version,
    minute,
    payload_head,
    put_signature,
    require_seat,
    touch,
)


def licence_of(candidate: Candidate) -> str:
    """The licence under which the candidate is authorised; empty for a CA that responds itself."""
    return "" if candidate.facts.get("is_ca") else candidate.ca_licence.strip().upper()


def form_groups(session: Session, review: Review, *, now: datetime) -> list[CAGroup]:
    """Pass every settled candidate that stands alone, and make a group of those that share a licence.

    A group is made only when nobody under its licence is still under review: otherwise it could be voted
    on before its members are known. Returns the new groups.
    """
    candidates = list(session.scalars(select(Candidate).where(Candidate.review_id == review.id)))
    one_per_ca = bool(review.rules["qualification"].get("one_per_ca", True))
    open_by_licence: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        if candidate.stage == "under_review":
            licence = licence_of(candidate) if one_per_ca else ""
            open_by_licence.setdefault(licence, []).append(candidate)
    there = {
        group.ca_licence: group
        for group in session.scalars(select(CAGroup).where(CAGroup.review_id == review.id))
    }
    made = []
    for licence, members in open_by_licence.items():
        settled = [member for member in members if member.facts.get("settled")]
        if licence == "":
            for member in settled:
                member.stage = "qualified"
            continue
        if len(settled) < len(members):
            continue
        group = there.get(licence)
        if len(members) == 1 and (group is None or group.stage == "open"):
            members[0].stage = "qualified"
            if group is not None:
                group.stage, group.closed_at, group.chosen_id = "closed", now, members[0].id
            continue
        if group is None:
            group = CAGroup(review_id=review.id, ca_licence=licence)
            session.add(group)
            made.append(group)
            minute(
                session,
                review,
                "ca_group_formed",
                now=now,
                licence=licence,
                candidates=[member.number for member in members],
            )
        elif group.stage == "closed":
            # Decided before a seat changed hands: the decision is taken anew.
            group.stage, group.closed_at, group.decided_by, group.chosen_id = "open", None, None, None
    session.flush()
    return made


def dissolve_groups(session: Session, review: Review, candidates: Iterable[Candidate]) -> None:
    """Reopen the groups of candidates that are under review again, and their peers' elimination by them."""
    licences = {licence_of(candidate) for candidate in candidates} - {""}
    for group in session.scalars(
        select(CAGroup).where(CAGroup.review_id == review.id, CAGroup.ca_licence.in_(licences))
    ):
        group.stage, group.closed_at, group.decided_by, group.chosen_id = "open", None, None, None
    for candidate in session.scalars(select(Candidate).where(Candidate.review_id == review.id)):
        by_group = candidate.elimination and candidate.elimination[0]["by"] == "ca_group"
        if licence_of(candidate) in licences and by_group:
            candidate.stage, candidate.elimination = "under_review", []


def members_of(session: Session, group: CAGroup) -> list[Candidate]:
    """The candidates a group is about: those under its licence that the panel itself did not eliminate."""
    rows = session.scalars(
        select(Candidate).where(Candidate.review_id == group.review_id).order_by(Candidate.number)
    )
    return [
        row
        for row in rows
        if licence_of(row) == group.ca_licence
        and not (row.stage == "eliminated" and row.elimination and row.elimination[0]["by"] != "ca_group")
    ]


def record_answer(
    session: Session,
    review: Review,
    group: CAGroup,
    *,
    chosen: Candidate | None,
    text: str,
    blob: str | None,
    file_name: str,
    now: datetime,
) -> None:
    """The CA's written answer names the vendor it authorises (or none): that decides the group."""
    _require_open(group)
    if not text.strip():
        raise ReviewRefused(ReviewCode.REASON_MISSING)
    _require_member(session, group, chosen)
    group.answer_text, group.answer_blob, group.answer_name = text.strip(), blob, file_name
    _decide(session, review, group, chosen, by="ca_answer", now=now)


def group_ballot_payload(
    review: Review,
    group: CAGroup,
    seat: PanelSeat,
    ballot: CAGroupBallot,
    choice: Candidate | None,
    now: datetime,
) -> dict[str, Any]:
    """The canonical content of a ballot over a CA group; `choice` is the vendor of its `choice_id`."""
    payload = {
        **payload_head("ca_group_ballot", review, seat, now),
        "group": group.public_id,
        "choice": candidate_ref(choice) if choice is not None else None,
        "reason": ballot.reason,
    }
    return with_salts(payload, review.secret)


def cast_group_ballot(
    session: Session,
    review: Review,
    group: CAGroup,
    seat: PanelSeat,
    *,
    choice: Candidate | None,
    reason: str,
    sign: Sign,
    now: datetime,
) -> CAGroupBallot:
    """One seat's choice over the group, signed at once; the last ballot decides.

    One of them passes with more than two thirds of the seats, the same majority as of every vote;
    otherwise none of them does.
    """
    require_seat(seat)
    _require_open(group)
    if any(ballot.seat_id == seat.id for ballot in group.ballots):
        raise ReviewRefused(ReviewCode.ALREADY_VOTED)
    if not reason.strip():
        raise ReviewRefused(ReviewCode.REASON_MISSING)
    _require_member(session, group, choice)
    ballot = CAGroupBallot(
        seat_id=seat.id, choice_id=choice.id if choice is not None else None, reason=reason.strip()
    )
    payload = group_ballot_payload(review, group, seat, ballot, choice, now)
    proof = sign(payload)
    put_signature(ballot, proof, now)
    group.ballots.append(ballot)
    touch(group)
    session.flush()
    keep_version(session, "ca_group_ballot", group.id, payload, proof, seat=seat, now=now)
    held = {row.id for row in held_seats(session, review)}
    counted = [row for row in group.ballots if row.seat_id in held]
    if len(counted) >= review.seats:
        rules = QualificationRules.from_plan(review.rules["qualification"])
        by_id = {member.id: member for member in members_of(session, group)}
        votes = Counter(row.choice_id for row in counted if row.choice_id is not None)
        chosen = next(
            (by_id[key] for key, yes in votes.items() if rules.vote_passed(yes, review.seats)), None
        )
        _decide(session, review, group, chosen, by="ballot", now=now)
    return ballot


def _require_open(group: CAGroup) -> None:
    if group.stage != "open":
        raise ReviewRefused(ReviewCode.GROUP_CLOSED)


def _require_member(session: Session, group: CAGroup, chosen: Candidate | None) -> None:
    if chosen is not None and chosen.id not in {member.id for member in members_of(session, group)}:
        raise ReviewRefused(ReviewCode.NOT_IN_GROUP)


def _decide(
    session: Session, review: Review, group: CAGroup, chosen: Candidate | None, *, by: str, now: datetime
) -> None:
    group.decided_by, group.stage, group.closed_at = by, "closed", now
    group.chosen_id = chosen.id if chosen is not None else None
    for member in members_of(session, group):
        if chosen is not None and member.id == chosen.id:
            member.stage, member.elimination = "qualified", []
        else:
            member.stage = "eliminated"
            member.elimination = [
                {"item": "1", "by": "ca_group", "grounds": ["1"], "remarks": [], "decided_by": by}
            ]
    minute(
        session,
        review,
        "ca_group_decided",
        now=now,
        licence=group.ca_licence,
        chosen=chosen.number if chosen is not None else None,
        decided_by=by,
    )
    session.flush()
