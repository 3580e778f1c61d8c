"""What the conflict check looks at, gathered from the rows of a recruitment, and the hits of a draw."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from app.accounts.models import Membership, Organisation, OrganisationMember, User
from app.extensions import db
from app.panel.conflicts import Contact, Hit, Person, Vendor, find
from app.planning import section
from app.publication.models import Recruitment
from app.responses.models import Response
from app.wording import label
from evaluation.models import Candidate, Draw, Expert, PanelSeat, Review


def pool() -> list[Expert]:
    """Everybody of the pool who can be drawn, by code."""
    return list(db.session.scalars(select(Expert).where(Expert.active.is_(True)).order_by(Expert.code)))


def find_hits(recruitment: Recruitment, review: Review, experts: list[Expert]) -> list[Hit]:
    """Every conflict of these experts with the recruitment; a constant number of statements."""
    vendors = _vendors(review)
    past = _past(review, {vendor.credit_code for vendor in vendors})
    roles = _roles(recruitment)
    drawn = set(
        db.session.scalars(
            select(PanelSeat.expert_id).where(
                PanelSeat.review_id == review.id,
                or_(PanelSeat.stage != "drawn", PanelSeat.seat_no.is_not(None)),
            )
        )
    )
    people = [
        Person(
            ref=expert.public_id,
            name=expert.name,
            employer=expert.employer,
            phone=expert.phone,
            email=expert.email,
            relations=expert.relations,
            past=past.get(expert.id, {}),
            roles=tuple(roles.get(expert.id, ())),
            drawn=expert.id in drawn,
        )
        for expert in experts
    ]
    return find(people, vendors, _organisers(recruitment))


def _organisers(recruitment: Recruitment) -> list[str]:
    names = [recruitment.organiser.name, str(section(recruitment, "publication", "organiser") or "")]
    return [name for name in dict.fromkeys(names) if name]


def _vendors(review: Review) -> list[Vendor]:
    people: dict[int, list[Contact]] = defaultdict(list)
    responses = db.session.scalars(
        select(Response)
        .join(Candidate, Candidate.id == Response.candidate_id)
        .where(Candidate.review_id == review.id)
        .options(joinedload(Response.organisation))
    )
    candidate_of: dict[int, int] = {}
    for response in responses:
        assert response.candidate_id is not None
        candidate_of[response.organisation_id] = response.candidate_id
        people[response.candidate_id] += [
            Contact(response.contact_name, response.contact_phone),
            Contact(response.organisation.legal_representative),
        ]
    members = db.session.execute(
        select(OrganisationMember.organisation_id, User.name, User.phone, User.email)
        .join(User, User.id == OrganisationMember.user_id)
        .where(OrganisationMember.organisation_id.in_(candidate_of), OrganisationMember.left_at.is_(None))
    )
    for organisation_id, name, phone, email in members:
        people[candidate_of[organisation_id]].append(Contact(name, phone, email))
    return [
        Vendor(row.number, row.name, row.credit_code, tuple(people[row.id]))
        for row in db.session.scalars(
            select(Candidate).where(Candidate.review_id == review.id).order_by(Candidate.number)
        )
    ]


def _past(review: Review, codes: set[str]) -> dict[int, dict[str, str]]:
    """Expert id → credit code → title of an earlier recruitment whose panel judged that vendor."""
    rows = db.session.execute(
        select(PanelSeat.expert_id, Candidate.credit_code, Recruitment.title)
        .join(Candidate, Candidate.review_id == PanelSeat.review_id)
        .join(Recruitment, Recruitment.review_id == PanelSeat.review_id)
        .where(
            PanelSeat.review_id != review.id,
            PanelSeat.stage.in_(("active", "replaced")),
            Candidate.credit_code.in_(codes),
        )
        .order_by(PanelSeat.review_id)
    )
    found: dict[int, dict[str, str]] = defaultdict(dict)
    for expert_id, code, title in rows:
        found[expert_id][code] = title
    return found


def _roles(recruitment: Recruitment) -> dict[int, list[str]]:
    """Expert id → duties that exclude a seat: another role here, membership of the organiser or a vendor."""
    found: dict[int, list[str]] = defaultdict(list)
    held = db.session.execute(
        select(User.expert_id, Membership.role)
        .join(Membership, Membership.user_id == User.id)
        .where(
            User.expert_id.is_not(None),
            Membership.recruitment_id == recruitment.id,
            Membership.role != "expert",
        )
    )
    for expert_id, role in held:
        found[expert_id].append(label("role", role))
    bodies = db.session.execute(
        select(User.expert_id, Organisation.name)
        .join(OrganisationMember, OrganisationMember.user_id == User.id)
        .join(Organisation, Organisation.id == OrganisationMember.organisation_id)
        .where(
            User.expert_id.is_not(None),
            OrganisationMember.left_at.is_(None),
            or_(Organisation.kind == "vendor", Organisation.id == recruitment.organiser_id),
        )
    )
    for expert_id, name in bodies:
        found[expert_id].append(name)
    return found


def as_rows(hits: list[Hit], before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The hits as a draw keeps them; what was set aside before stays set aside."""
    dismissed = {_key(row): row["dismissed"] for row in before if row.get("dismissed")}
    rows = []
    for number, hit in enumerate(hits, 1):
        row: dict[str, Any] = {
            "id": number,
            "expert": hit.ref,
            "kind": hit.kind,
            "number": hit.number,
            "detail": hit.detail,
            "dismissed": None,
        }
        row["dismissed"] = dismissed.get(_key(row))
        rows.append(row)
    return rows


def _key(row: dict[str, Any]) -> tuple[Any, ...]:
    return (row["expert"], row["kind"], row["number"], row["detail"])


def differ(stored: list[dict[str, Any]], found: list[Hit]) -> bool:
    """True when the pool or the vendors' data changed what was found since the hits were stored."""
    return {_key(row) for row in stored} != {hit.key for hit in found}


def reason_of(row: dict[str, Any]) -> str:
    """Why somebody is left out of the draw, without naming anybody: it is published with the proof."""
    word = label("conflict", row["kind"])
    return f"{word}（{row['number']} 号响应服务商）" if row["number"] is not None else word


def excluded(draw: Draw) -> dict[str, list[str]]:
    """Expert (public id) → reasons, for those with a hit that was not set aside."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in draw.hits:
        if not row["dismissed"] and (reason := reason_of(row)) not in found[row["expert"]]:
            found[row["expert"]].append(reason)
    return dict(found)
