"""What the pages of the responses show; each list in a constant number of statements."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, load_only

from app.accounts.models import Organisation, User
from app.documents.models import Document
from app.extensions import db
from app.publication.models import Recruitment
from app.responses.models import PaperArrival, PaperDifference, Response, Submission
from app.templating import Page, paginate
from evaluation.models import Candidate


def response_of(recruitment: Recruitment, organisation: Organisation) -> Response | None:
    """The vendor's response to the recruitment, if it has begun one."""
    return db.session.scalar(
        select(Response).where(
            Response.recruitment_id == recruitment.id, Response.organisation_id == organisation.id
        )
    )


def receipts(rows: Iterable[Submission]) -> dict[int, Document]:
    """The issued receipts, by the submission's id."""
    wanted = {row.receipt_document_id: row.id for row in rows if row.receipt_document_id is not None}
    if not wanted:
        return {}
    found = db.session.scalars(select(Document).where(Document.id.in_(wanted)))
    return {wanted[document.id]: document for document in found}


def arrivals_of(response: Response) -> list[PaperArrival]:
    """The vendor's own paper packages at the counter."""
    return list(
        db.session.scalars(
            select(PaperArrival)
            .where(
                PaperArrival.recruitment_id == response.recruitment_id,
                PaperArrival.organisation_id == response.organisation_id,
            )
            .order_by(PaperArrival.number)
        )
    )


@dataclass(frozen=True)
class OpenedRow:
    """One opened response on the staff's list."""

    response: Response
    candidate: Candidate
    files: int
    missing: list[str]
    paper: str


def opened(recruitment: Recruitment) -> tuple[Page, list[OpenedRow]]:
    """A page of the opened responses in the order of their numbers."""
    page = paginate(
        select(Response)
        .join(Candidate, Candidate.id == Response.candidate_id)
        .where(Response.recruitment_id == recruitment.id, Response.stage == "opened")
        # A list shows little of each row, and rows are wide.
        .options(
            load_only(Response.organisation_id, Response.submitted_at, Response.ca_name, Response.ca_licence),
            joinedload(Response.organisation).load_only(Organisation.name, Organisation.credit_code),
            joinedload(Response.candidate).load_only(Candidate.number, Candidate.facts),
            joinedload(Response.submission).load_only(Submission.manifest, Submission.missing),
        )
        .order_by(Candidate.number)
    )
    paper = _paper_words(recruitment, [row.organisation_id for row in page.items])
    rows = []
    for response in page.items:
        listed = response.submission.manifest.get("files", []) if response.submission else []
        rows.append(
            OpenedRow(
                response,
                response.candidate,
                len(listed),
                response.submission.missing if response.submission else [],
                paper.get(response.organisation_id, "没有签收"),
            )
        )
    return page, rows


def _paper_words(recruitment: Recruitment, organisations: list[int]) -> dict[int, str]:
    words: dict[int, str] = {}
    for row in db.session.execute(
        select(PaperArrival.organisation_id, PaperArrival.number, PaperArrival.late, PaperArrival.copies)
        .where(
            PaperArrival.recruitment_id == recruitment.id,
            PaperArrival.organisation_id.in_(organisations),
        )
        .order_by(PaperArrival.late.desc(), PaperArrival.number)
    ):
        words[row.organisation_id] = f"第 {row.number} 号逾期" if row.late else f"第 {row.number} 号，{row.copies} 份"
    return words


@dataclass(frozen=True)
class Counter:
    """The arrival register in figures."""

    total: int
    late: int


def counter(recruitment: Recruitment) -> Counter:
    """How many packages arrived, how many of them late."""
    total, late = db.session.execute(
        select(func.count(), func.count().filter(PaperArrival.late.is_(True)))
        .select_from(PaperArrival)
        .where(PaperArrival.recruitment_id == recruitment.id)
    ).one()
    return Counter(int(total), int(late))


def paper_only(recruitment: Recruitment) -> list[str]:
    """Names on packages in time whose vendor has no opened electronic response. Ask after the opening."""
    opened_ids = select(Response.organisation_id).where(
        Response.recruitment_id == recruitment.id, Response.stage == "opened"
    )
    return list(
        db.session.scalars(
            select(PaperArrival.vendor_name)
            .where(
                PaperArrival.recruitment_id == recruitment.id,
                PaperArrival.late.is_(False),
                PaperArrival.organisation_id.is_(None) | PaperArrival.organisation_id.not_in(opened_ids),
            )
            .order_by(PaperArrival.number)
        )
    )


def arrivals_page(recruitment: Recruitment) -> Page:
    """A page of the register, the newest first."""
    return paginate(
        select(PaperArrival)
        .where(PaperArrival.recruitment_id == recruitment.id)
        .options(joinedload(PaperArrival.organisation))
        .order_by(PaperArrival.number.desc())
    )


def people(ids: Iterable[int | None]) -> dict[int, str]:
    """Names of accounts by id."""
    wanted = {key for key in ids if key is not None}
    return {row[0]: row[1] for row in db.session.execute(select(User.id, User.name).where(User.id.in_(wanted)))}


def differences_page(recruitment: Recruitment) -> Page:
    """A page of the differences between paper and electronic files, the newest first."""
    return paginate(
        select(PaperDifference)
        .join(Response)
        .where(Response.recruitment_id == recruitment.id)
        .options(
            joinedload(PaperDifference.response).joinedload(Response.candidate),
            joinedload(PaperDifference.response).joinedload(Response.organisation),
        )
        .order_by(PaperDifference.id.desc())
    )


def opened_choices(recruitment: Recruitment) -> list[tuple[str, str]]:
    """Opened responses for a select field: public id, number and name."""
    query: Any = (
        select(Response.public_id, Candidate.number, Candidate.name)
        .join(Candidate, Candidate.id == Response.candidate_id)
        .where(Response.recruitment_id == recruitment.id)
        .order_by(Candidate.number)
    )
    return [(row[0], f"{row[1]:02d} {row[2]}") for row in db.session.execute(query)]
