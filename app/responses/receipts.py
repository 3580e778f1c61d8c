"""Receipts (回执): what was received, when, with which digests, signed. Issued in the background."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app import clock
from app.audit import Actor
from app.documents import common
from app.documents.engine import render_placed
from app.documents.issue import PDF, issue_file
from app.documents.models import Document
from app.documents.sealing import seal_pdf
from app.extensions import db, unit_of_work
from app.planning import section
from app.responses.models import Response, ResponseFile, Submission
from app.signing import sign_payload
from app.wording import label


def payload_of(submission: Submission) -> dict[str, Any]:
    """What the receipt's signature covers: who handed in what, when, under which plan."""
    response = submission.response
    return {
        "kind": "receipt",
        "act": submission.kind,
        "number": str(submission.number),
        "submission": submission.public_id,
        "response": response.public_id,
        "recruitment": response.recruitment.public_id,
        "credit_code": response.organisation.credit_code or "",
        "received_at": submission.received_at.isoformat(),
        "plan": submission.plan_digest,
        "manifest_sm3": submission.manifest_sm3,
    }


def receipt_context(submission: Submission) -> dict[str, Any]:
    """What the printed receipt shows."""
    response: Response = submission.response
    titles = {
        str(entry["no"]): str(entry.get("title", ""))
        for entry in section(response.recruitment, "responses", "items") or []
    }
    return {
        "submission": submission,
        "response": response,
        "act": label("submission", submission.kind),
        "files": submission.manifest.get("files", []),
        "titles": titles,
        "total": sum(int(file["size"]) for file in submission.manifest.get("files", [])),
        "closes_at": response.recruitment.closes_at,
    }


def listed_keys(submission: Submission) -> list[str]:
    """Storage keys of the files that a submission lists."""
    listed = [str(file["id"]) for file in submission.manifest.get("files", [])]
    return list(db.session.scalars(select(ResponseFile.blob_key).where(ResponseFile.public_id.in_(listed))))


def issue_receipt(submission: Submission, *, actor: Actor) -> Document:
    """Issue the receipt of one submission for its vendor; a repeated call gives the same receipt.

    Side effects: a document, `receipt_document_id`, one event. Call outside a unit of work: typesetting
    takes a while.
    """
    if submission.receipt_document_id is not None:
        return db.session.get_one(Document, submission.receipt_document_id)
    recruitment, owner = submission.response.recruitment, submission.response.organisation.public_id
    signed = sign_payload(payload_of(submission))
    title = f"响应文件{label('submission', submission.kind)}回执"
    context = common.frame(recruitment, title=title, signed=signed, **receipt_context(submission))
    data, spot = render_placed("receipt", context)
    data, seal = seal_pdf(recruitment, data, spot)
    moment = f"{clock.local(submission.received_at):%Y%m%d-%H%M%S}"
    name = f"{common.project_of(recruitment)}-{title}-第{submission.number}号-{moment}.pdf"
    with unit_of_work() as session:
        session.refresh(submission, with_for_update=True)
        if submission.receipt_document_id is not None:
            return db.session.get_one(Document, submission.receipt_document_id)
        document = issue_file(
            "receipt",
            recruitment=submission.response.recruitment,
            data=data,
            media_type=PDF,
            title=f"{title}（第{submission.number}号）",
            file_name=name,
            subject=submission,
            audience="owner",
            owner_ref=owner,
            actor=actor,
            facts={
                "plan": submission.plan_digest,
                "manifest_sm3": submission.manifest_sm3,
                "signed": signed.digest,
                "signature": signed.signature,
                "seal": seal,
            },
        )
        submission.receipt_document_id = document.id
    return document
