"""What the pages of the responses show; each list in a constant number of statements."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import joinedload

from app.accounts.models import Organisation, User
from app.documents.models import Document
from app.extensions import db
from app.publication.models import Recruitment
from app.responses.models import PaperArrival, PaperDifference, Response, Submission
from app.templating import Page, page_number, paginate
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


#: So many opened responses are on a page of the staff's list.
OPENED_PAGE = 50


@dataclass(frozen=True)
class OpenedRow:
    """One opened response on the staff's list."""

    number: int
    name: str
    credit_code: str
    submitted_at: datetime | None
    ca_name: str
    ca_licence: str
    files: int
    missing: list[str]
    plan_confirmed: bool
    paper: str


_IS_OPENED = (Response.recruitment_id == bindparam("recruitment"), Response.stage == "opened")
_OPENED_COUNT = select(func.count()).select_from(Response).where(*_IS_OPENED)
#: Columns and not objects: a list shows little of each row, and rows are wide.
_OPENED = (
    select(
        Candidate.number,
        Candidate.facts,
        Organisation.id,
        Organisation.name,
        Organisation.credit_code,
        Response.submitted_at,
        Response.ca_name,
        Response.ca_licence,
        Submission.manifest,
        Submission.missing,
    )
    .select_from(Response)
    .join(Candidate, Candidate.id == Response.candidate_id)
    .join(Organisation, Organisation.id == Response.organisation_id)
    .outerjoin(Response.submission)
    .where(*_IS_OPENED)
    .order_by(Candidate.number)
    .limit(OPENED_PAGE)
    .offset(bindparam("skipped"))
)


def opened(recruitment: Recruitment) -> tuple[Page, list[OpenedRow]]:
    """A page of the opened responses in the order of their numbers."""
    number, known = page_number(), {"recruitment": recruitment.id}
    total = db.session.scalar(_OPENED_COUNT, known) or 0
    found = db.session.execute(_OPENED, known | {"skipped": (number - 1) * OPENED_PAGE}).all()
    paper = _paper_words(recruitment, [row.id for row in found])
    rows = [
        OpenedRow(
            row.number,
            row.name,
            row.credit_code,
            row.submitted_at,
            row.ca_name,
            row.ca_licence,
            len((row.manifest or {}).get("files", [])),
            row.missing or [],
            bool((row.facts or {}).get("plan_confirmed", True)),
            paper.get(row.id, "没有签收"),
        )
        for row in found
    ]
    return Page(rows, number, OPENED_PAGE, total), rows


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
