"""Every document by its kind: what it is about, at which stage it belongs, who issues it; in the background
where it takes long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from app.audit import Actor, record
from app.documents import acceptance, publication, qualification, report, results, scores, workbooks
from app.documents.models import Document
from app.errors import Refusal
from app.extensions import action, db
from app.jobs.models import OutboxItem
from app.jobs.registry import Job, order
from app.publication.models import Amendment, Recruitment
from app.results.models import Objection, Publicity, SelectionNotice
from app.wording import label
from evaluation.models import Candidate, PanelSeat, Review
from onboarding.models import Integration, Programme


@dataclass(frozen=True)
class Kind:
    """One kind of document. `subjects` lists what it can be issued for in a recruitment."""

    issue: Callable[..., Document]
    model: Any
    stage: str
    subjects: Callable[[Recruitment], list[Any]]


def _itself(recruitment: Recruitment) -> list[Any]:
    return [recruitment]


def _amendments(recruitment: Recruitment) -> list[Any]:
    return list(
        db.session.scalars(
            select(Amendment)
            .where(Amendment.recruitment_id == recruitment.id, Amendment.stage == "published")
            .order_by(Amendment.number)
        )
    )


def _review(recruitment: Recruitment) -> list[Any]:
    return [recruitment.review] if recruitment.review is not None else []


def _settled(recruitment: Recruitment) -> list[Any]:
    return list(
        db.session.scalars(
            select(Candidate)
            .where(Candidate.review_id == recruitment.review_id, Candidate.stage != "under_review")
            .order_by(Candidate.number)
        )
    )


def _seats(recruitment: Recruitment) -> list[Any]:
    return list(
        db.session.scalars(
            select(PanelSeat)
            .where(PanelSeat.review_id == recruitment.review_id, PanelSeat.seat_no.is_not(None))
            .order_by(PanelSeat.seat_no)
        )
    )


def _notices(recruitment: Recruitment) -> list[Any]:
    return list(
        db.session.scalars(
            select(SelectionNotice)
            .where(SelectionNotice.recruitment_id == recruitment.id)
            .order_by(SelectionNotice.id)
        )
    )


def _supplements(recruitment: Recruitment) -> list[Any]:
    return list(
        db.session.scalars(
            select(Publicity)
            .where(Publicity.recruitment_id == recruitment.id, Publicity.kind == "supplementary")
            .order_by(Publicity.number)
        )
    )


def _answered(recruitment: Recruitment) -> list[Any]:
    return list(
        db.session.scalars(
            select(Objection)
            .where(
                Objection.recruitment_id == recruitment.id,
                Objection.stage.in_(("refused", "upheld", "rejected")),
            )
            .order_by(Objection.number)
        )
    )


def _integrations(recruitment: Recruitment) -> list[Any]:
    return list(
        db.session.scalars(
            select(Integration)
            .join(Programme)
            .where(Programme.id == recruitment.programme_id, Integration.stage == "accepted")
            .order_by(Integration.id)
        )
    )


def _award_package(recruitment: Recruitment, *, actor: Actor) -> Document:
    # At the first use: the package is made of every room's rows.
    from app.award.actions import publish

    return publish(recruitment, actor=actor)


KINDS: dict[str, Kind] = {
    "notice": Kind(publication.issue_notice, Recruitment, "published", _itself),
    "plan": Kind(publication.issue_plan_pdf, Recruitment, "published", _itself),
    "amendment": Kind(publication.issue_amendment, Amendment, "published", _amendments),
    "opening_record": Kind(publication.issue_opening_record, Recruitment, "opened", _itself),
    "response_register": Kind(workbooks.issue_response_register, Recruitment, "opened", _itself),
    "qualification_form": Kind(
        qualification.issue_qualification_form, Candidate, "qualification", _settled
    ),
    "score_sheet": Kind(scores.issue_score_sheet, PanelSeat, "scoring", _seats),
    "score_summary": Kind(scores.issue_score_summary, Review, "scoring", _review),
    "score_matrix": Kind(workbooks.issue_score_matrix, Review, "scoring", _review),
    "review_report": Kind(report.issue_review_report, Review, "reported", _review),
    "result_notice": Kind(results.issue_result_notice, Recruitment, "publicity", _itself),
    "award_package": Kind(_award_package, Recruitment, "publicity", _itself),
    "answer": Kind(results.issue_objection_answer, Objection, "publicity", _answered),
    "selection_notice": Kind(results.issue_selection_notice, SelectionNotice, "awarded", _notices),
    "supplementary_notice": Kind(results.issue_supplementary_notice, Publicity, "awarded", _supplements),
    "fees_list": Kind(results.issue_fees_list, Recruitment, "awarded", _itself),
    "acceptance_report": Kind(acceptance.issue_acceptance_report, Integration, "integration", _integrations),
}
#: Documents that other rooms issue, by the stage they are printed with.
OTHER_STAGES = {"receipt": "published", "own_forms": "scoring"}

#: The stages that print, in the order of a recruitment.
STAGES = (
    "published",
    "opened",
    "qualification",
    "scoring",
    "reported",
    "publicity",
    "awarded",
    "integration",
)


def has_reached(recruitment: Recruitment, kind: str) -> bool:
    """True where the recruitment has come to the stage that a kind of document belongs to."""
    from app.publication.models import STAGES as ALL

    stage = recruitment.stage_before if recruitment.stage == "suspended" else recruitment.stage
    if stage is None or stage == "terminated":
        stage = "published"  # an ended recruitment still shows what it was about, nothing more
    return ALL.index(stage) >= ALL.index(KINDS[kind].stage)


def stage_of(kind: str) -> str:
    """The stage a kind of document is printed with; "" for a kind of none."""
    return KINDS[kind].stage if kind in KINDS else OTHER_STAGES.get(kind, "")


def kinds_of(stage: str) -> list[str]:
    """All kinds that are printed with a stage."""
    return [kind for kind in (*KINDS, *OTHER_STAGES) if stage_of(kind) == stage]


def order_document(kind: str, subject: Any, *, recruitment: Recruitment, actor: Actor) -> OutboxItem:
    """Order one document in the background, inside the caller's unit of work; returns the job."""
    if kind not in KINDS:
        raise Refusal("not_found")
    payload = {"kind": kind, "ref": subject.public_id, "title": label("document", kind)}
    return order("document", payload, recruitment, actor)


@action
def order_kind(*, actor: Actor, recruitment: Recruitment, kind: str) -> list[OutboxItem]:
    """Order a kind of document for everything in the recruitment it can be about.

    Raises Refusal `document_not_ready` where there is nothing yet. Side effects: one job each, one event.
    """
    if kind not in KINDS:
        raise Refusal("not_found")
    subjects = KINDS[kind].subjects(recruitment) if has_reached(recruitment, kind) else []
    if not subjects:
        raise Refusal("document_not_ready", title=label("document", kind), hint="还没有到这一步，或还没有内容。")
    jobs = [order_document(kind, subject, recruitment=recruitment, actor=actor) for subject in subjects]
    record(
        "document.ordered",
        actor=actor,
        recruitment=recruitment,
        subject=recruitment,
        document=kind,
        count=len(jobs),
    )
    return jobs


def issue_ordered(job: Job) -> dict[str, Any]:
    """Issue what a job names. Repeating it supersedes the copy of the earlier run with an equal one."""
    kind = KINDS[job.payload["kind"]]
    subject = db.session.scalar(select(kind.model).where(kind.model.public_id == job.payload["ref"]))
    if subject is None:
        raise Refusal("not_found")
    actor = job.actor
    job.progress(20)
    subject = db.session.scalar(select(kind.model).where(kind.model.public_id == job.payload["ref"]))
    document = kind.issue(subject, actor=actor)
    return {"document": document.public_id}
