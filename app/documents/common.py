"""What every document's context needs: the organiser, the plan's digest, seats by name or pseudonym."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from app import clock
from app.audit import Actor
from app.documents.issue import issue_pdf
from app.documents.models import Document
from app.errors import Refusal
from app.extensions import db
from app.planning import section
from app.publication.models import Recruitment
from app.responses.models import Response
from evaluation.models import Candidate, PanelSeat, Review, SeatKey
from onboarding.models import Programme

#: Stages in which the result is published: the experts' names are no longer confidential.
NAMES_OPEN = ("publicity", "awarded", "integration", "promotion", "archived")


def not_ready(title: str, hint: str) -> Refusal:
    """The refusal of a document whose facts aren't there yet."""
    return Refusal("document_not_ready", title=title, hint=hint)


def recruitment_of_review(review: Review) -> Recruitment:
    """The recruitment a review belongs to."""
    found = db.session.scalar(select(Recruitment).where(Recruitment.review_id == review.id))
    if found is None:
        raise Refusal("not_found")
    return found


def recruitment_of_programme(programme: Programme) -> Recruitment:
    """The recruitment an integration programme belongs to."""
    found = db.session.scalar(select(Recruitment).where(Recruitment.programme_id == programme.id))
    if found is None:
        raise Refusal("not_found")
    return found


def owner_of(candidate_ref: str) -> str:
    """Public id of the organisation behind a candidate's public id, or ""."""
    from app.accounts.models import Organisation

    found = db.session.scalar(
        select(Organisation.public_id)
        .join(Response, Response.organisation_id == Organisation.id)
        .join(Candidate, Candidate.id == Response.candidate_id)
        .where(Candidate.public_id == candidate_ref)
    )
    return found or ""


def names_in_force(recruitment: Recruitment, names: str | None) -> str:
    """"pseudonym" until the results are published, "real" after; an explicit wish is kept."""
    if names is not None:
        if names not in ("pseudonym", "real"):
            raise ValueError(f"unknown kind of names {names!r}")
        return names
    stage = recruitment.stage if recruitment.stage != "suspended" else recruitment.stage_before
    return "real" if stage in NAMES_OPEN else "pseudonym"


def seat_name(seat: PanelSeat | None, names: str) -> str:
    """How a seat is written on a document."""
    if seat is None:
        return ""
    return seat.expert.name if names == "real" else seat.pseudonym


def held_seats(review: Review) -> list[PanelSeat]:
    """The seats that count, in the order of their numbers, with their experts loaded."""
    from sqlalchemy.orm import joinedload

    return list(
        db.session.scalars(
            select(PanelSeat)
            .where(PanelSeat.review_id == review.id, PanelSeat.seat_no.is_not(None))
            .options(joinedload(PanelSeat.expert))
            .order_by(PanelSeat.seat_no)
        )
    )


def serials_of(seats: Iterable[PanelSeat]) -> dict[int | None, str]:
    """Key id → serial number of its certificate, for every key that the seats had."""
    rows = db.session.execute(
        select(SeatKey.id, SeatKey.serial).where(SeatKey.seat_id.in_([seat.id for seat in seats]))
    )
    return {row.id: row.serial for row in rows}


def project_of(recruitment: Recruitment) -> str:
    """The recruitment's name as the plan writes it on envelopes and forms."""
    from app.planning import effective_plan

    plan = effective_plan(recruitment)
    return str(plan.get("name") or plan.get("title") or recruitment.title)


def frame(recruitment: Recruitment, **context: Any) -> dict[str, Any]:
    """The context that `documents/base.html` needs, plus the document's own."""
    publication = section(recruitment, "publication") or {}
    return {
        "organiser": publication.get("organiser", ""),
        "project": project_of(recruitment),
        "recruitment": recruitment,
        "today": clock.today(),
        "mark": f"方案 SM3 {recruitment.plan_digest or ''}",
        "sample": recruitment.is_sample,
        **context,
    }


def issue(
    kind: str,
    recruitment: Recruitment,
    *,
    template: str,
    context: dict[str, Any],
    title: str,
    subject: Any,
    audience: str,
    actor: Actor,
    detail: str = "",
    owner_ref: str = "",
    facts: dict[str, Any] | None = None,
) -> Document:
    """Issue a PDF under the usual file name: project, kind of document, detail, day."""
    parts = [project_of(recruitment), title if not detail else f"{title}-{detail}", f"{clock.today():%Y%m%d}"]
    return issue_pdf(
        kind,
        recruitment=recruitment,
        template=template,
        context=frame(recruitment, **context),
        title=title if not detail else f"{title}（{detail}）",
        file_name="-".join(parts) + ".pdf",
        subject=subject,
        audience=audience,
        owner_ref=owner_ref,
        actor=actor,
        facts={"plan": recruitment.plan_digest or "", **(facts or {})},
    )


__all__ = [
    "frame",
    "held_seats",
    "issue",
    "names_in_force",
    "not_ready",
    "owner_of",
    "project_of",
    "recruitment_of_programme",
    "recruitment_of_review",
    "seat_name",
    "serials_of",
]
