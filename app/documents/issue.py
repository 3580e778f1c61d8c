"""Issuing a document: its bytes are stored, a row says what it is, about what, and for whom.

An issued document never changes; issuing the same kind about the same subject again supersedes the
earlier one, which stays readable.
"""

from __future__ import annotations

import io
from typing import Any

from sqlalchemy import update

from app import clock
from app.audit import Actor, record
from app.documents.engine import render_placed
from app.documents.models import Document
from app.documents.sealing import SEALED, seal_pdf
from app.extensions import db, unit_of_work
from app.publication.models import Recruitment
from app.storage import keep

PDF = "application/pdf"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
AUDIENCES = ("public", "owner", "panel", "seat", "staff")
MAX_NAME_BYTES = 240


def safe_name(name: str) -> str:
    """A file name that every system takes: no separators or control characters, not too long."""
    cleaned = "".join("_" if char in '/\\:*?"<>|' or ord(char) < 32 else char for char in name).strip(" .")
    stem, dot, ending = cleaned.rpartition(".")
    if not dot:
        stem, ending = cleaned, ""
    while len((stem + dot + ending).encode()) > MAX_NAME_BYTES:
        stem = stem[:-1]
    return stem + dot + ending


def issue_file(
    kind: str,
    *,
    recruitment: Recruitment | None,
    data: bytes,
    media_type: str,
    title: str,
    file_name: str,
    subject: Any,
    audience: str,
    owner_ref: str = "",
    actor: Actor,
    facts: dict[str, Any] | None = None,
) -> Document:
    """Store bytes as an issued document and return its row.

    Joins the caller's unit of work, or makes its own. `subject` is any row with a `public_id`;
    `audience` is "public", "owner" (members of the vendor whose organisation has the public id
    `owner_ref`), "panel" (members of the panel), "seat" (the seat with the public id `owner_ref` alone,
    not even staff) or "staff". Side effects: one blob, one event; the
    earlier document of this kind about the subject for the same owner is marked superseded.
    """
    if audience not in AUDIENCES:
        raise ValueError(f"unknown audience {audience!r}")
    with unit_of_work() as session:
        blob = keep(io.BytesIO(data))
        now = clock.now()
        reference = getattr(subject, "public_id", "") or ""
        document = Document(
            recruitment_id=recruitment.id if recruitment is not None else None,
            kind=kind,
            title=title[:200],
            file_name=safe_name(file_name),
            media_type=media_type,
            blob_key=blob.key,
            size=blob.size,
            sm3=blob.sm3,
            subject_kind=type(subject).__name__ if subject is not None else "",
            subject_ref=reference,
            audience=audience,
            owner_ref=owner_ref,
            facts=facts or {},
            issued_at=now,
        )
        session.execute(
            update(Document)
            .where(
                Document.kind == kind,
                Document.subject_ref == reference,
                Document.owner_ref == owner_ref,
                Document.media_type == media_type,
                Document.recruitment_id == document.recruitment_id,
                Document.superseded_at.is_(None),
            )
            .values(superseded_at=now)
        )
        session.add(document)
        session.flush()
        record(
            "document.issued",
            actor=actor,
            recruitment=recruitment,
            subject=document,
            document=kind,
            about=reference,
            audience=audience,
            sm3=blob.sm3,
        )
    return document


def issue_pdf(
    kind: str,
    *,
    recruitment: Recruitment | None,
    template: str,
    context: dict[str, Any],
    title: str,
    file_name: str,
    subject: Any,
    audience: str,
    owner_ref: str = "",
    actor: Actor,
    facts: dict[str, Any] | None = None,
) -> Document:
    """Render `templates/documents/<template>.html`, seal what the organiser seals, and issue it as a PDF (see
    `issue_file`); the digest is that of the sealed bytes.

    The rendering comes before the write transaction when the caller holds none, so that seconds of
    typesetting don't keep others from writing.
    """
    data, spot = render_placed(template, {"title": title, **context})
    noted = dict(facts or {})
    if recruitment is not None:
        db.session.flush()
        if kind in SEALED:
            data, noted["seal"] = seal_pdf(recruitment, data, spot)
    return issue_file(
        kind,
        recruitment=recruitment,
        data=data,
        media_type=PDF,
        title=title,
        file_name=file_name,
        subject=subject,
        audience=audience,
        owner_ref=owner_ref,
        actor=actor,
        facts=noted,
    )
