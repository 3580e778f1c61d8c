"""The forms that one expert signed, as one PDF that carries the signature of the seat's own certificate.

The sheets themselves are signed over their data; this is their printed form, made when its expert asks for it,
since nobody else can open the key. It bears the seat's pseudonym, whatever is known of the names by then.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app import clock
from app.audit import Actor
from app.documents import common, scores
from app.documents.engine import render_pdf
from app.documents.issue import PDF, issue_file
from app.documents.models import Document
from app.documents.qualification import own_form
from app.extensions import db
from app.publication.models import Recruitment
from app.review.keys import seat_signer
from evaluation.models import Candidate, PanelSeat, QualificationSheet, ScoreSheet
from seal_core import Certificate, PdfProfile, sign_pdf

KIND, TITLE = "own_forms", "评审专家签署表"


def can_sign_forms(seat: PanelSeat) -> bool:
    """True where the seat has signed sheets and nothing of it is open."""
    stages = {
        stage
        for model in (QualificationSheet, ScoreSheet)
        for stage in db.session.scalars(select(model.stage).where(model.seat_id == seat.id).distinct())
    } - {"void"}
    return stages == {"signed"}


def _context(seat: PanelSeat) -> dict[str, Any]:
    rules = seat.review.rules.get("qualification", {})
    judged = db.session.scalars(
        select(Candidate)
        .join(QualificationSheet, QualificationSheet.candidate_id == Candidate.id)
        .where(QualificationSheet.seat_id == seat.id, QualificationSheet.stage == "signed")
        .order_by(Candidate.number)
    )
    scored = db.session.scalar(select(ScoreSheet.id).where(ScoreSheet.seat_id == seat.id).limit(1))
    return {
        "form_title": rules.get("form_title") or "资格符合性审查表",
        "notes": rules.get("form_notes", []),
        "sheets": [(candidate, own_form(candidate, seat)) for candidate in judged],
        **(scores.sheet_context(seat, "pseudonym") if scored is not None else {"rows": []}),
    }


def sign_forms(*, actor: Actor, recruitment: Recruitment, seat: PanelSeat) -> Document:
    """Print what the own seat has signed and sign the PDF with the seat's key (CMS, SM2 with SM3).

    Call it outside of an action: the printing takes seconds. Readable by this seat alone until the whole panel
    has signed its scores. Raises Refusal `document_not_ready` while a sheet is open, and what `seat_signer` raises.
    """
    if not can_sign_forms(seat):
        raise common.not_ready(TITLE, "您还有表没有签署，或还没有表。")
    held, key = seat_signer(actor, seat)
    context = common.frame(recruitment, title=TITLE, **_context(seat))
    signed = sign_pdf(
        render_pdf("own_forms", context),
        signer=held.private,
        certificate=Certificate.from_der(key.certificate),
        now=clock.now(),
        profile=PdfProfile.STANDARD,
    )
    everybody = scores.all_signed(seat.review)
    return issue_file(
        KIND,
        recruitment=recruitment,
        data=signed,
        media_type=PDF,
        title=f"{TITLE}（{seat.pseudonym}）",
        file_name=f"{common.project_of(recruitment)}-{TITLE}-{seat.pseudonym}-{clock.today():%Y%m%d}.pdf",
        subject=seat,
        audience="panel" if everybody else "seat",
        owner_ref="" if everybody else seat.public_id,
        actor=actor,
        facts={"plan": recruitment.plan_digest or "", "names": "pseudonym", "serial": key.serial},
    )


def own_copy(seat: PanelSeat) -> Document | None:
    """The newest copy of the seat's signed forms."""
    return db.session.scalar(
        select(Document)
        .where(Document.kind == KIND, Document.subject_ref == seat.public_id, Document.superseded_at.is_(None))
        .order_by(Document.id.desc())
        .limit(1)
    )
