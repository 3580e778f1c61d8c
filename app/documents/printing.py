"""Everything of a stage at once: one ZIP with readable names and a list of digests."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from app import clock
from app.audit import Actor, record
from app.documents.catalogue import STAGES, kinds_of
from app.documents.common import project_of
from app.documents.issue import safe_name
from app.documents.models import Document
from app.errors import NotFound, Refusal
from app.extensions import db, unit_of_work
from app.publication.models import Recruitment
from app.storage import read_all
from app.wording import label, stage_word


def stage_archive(
    recruitment: Recruitment, stage: str, readable: Any, *, actor: Actor
) -> tuple[str, bytes]:
    """File name and bytes of the ZIP of a stage's valid documents.

    `readable` is the select of what the person may read. Raises NotFound for an unknown stage, Refusal
    `document_none_in_stage` for one without documents. Side effect: one event.
    """
    if stage not in STAGES:
        raise NotFound("not_found")
    word = stage_word("recruitment", stage)
    found = list(
        db.session.scalars(
            readable.where(Document.kind.in_(kinds_of(stage)), Document.superseded_at.is_(None)).order_by(
                Document.kind, Document.id
            )
        )
    )
    if not found:
        raise Refusal("document_none_in_stage", stage=word)
    target = io.BytesIO()
    taken: set[str] = set()
    lines = ["文件\tSM3 摘要\t生成时间"]
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for document in found:
            name = _unused(f"{label('document', document.kind)}/{safe_name(document.file_name)}", taken)
            archive.writestr(name, read_all(document.blob_key))
            lines.append(f"{name}\t{document.sm3}\t{clock.local(document.issued_at):%Y-%m-%d %H:%M:%S}")
        archive.writestr("文件清单.txt", "\ufeff" + "\r\n".join(lines) + "\r\n")
    # The log's transaction is opened only now: packing may take seconds, and others want to write.
    title = safe_name(f"{project_of(recruitment)}-{word}-全部文件-{clock.today():%Y%m%d}.zip")
    with unit_of_work():
        record(
            "document.printed_all",
            actor=actor,
            recruitment=recruitment,
            subject=recruitment,
            stage=stage,
            count=len(found),
        )
    return title, target.getvalue()


def _unused(name: str, taken: set[str]) -> str:
    stem, dot, ending = name.rpartition(".")
    number, candidate = 2, name
    while candidate in taken:
        candidate, number = f"{stem}({number}){dot}{ending}", number + 1
    taken.add(candidate)
    return candidate
