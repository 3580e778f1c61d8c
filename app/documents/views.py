"""Routes of the feature `documents`: the list, one document, everything of a stage at once."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import Select, and_, false, func, or_, select

from app.accounts.models import Organisation, User
from app.documents.catalogue import KINDS, STAGES, has_reached, kinds_of, order_kind
from app.documents.models import Document
from app.documents.printing import stage_archive
from app.documents.rules import unsealed
from app.extensions import db
from app.files import disposition, send_blob
from app.permissions import may, organisations_of, relations, seat_of
from app.publication.models import Recruitment
from app.routing import current_actor, permit
from app.templating import paginate
from app.wording import label
from evaluation.models import PanelSeat

bp = Blueprint("documents", __name__)


def readable(recruitment: Recruitment) -> Select[Any]:
    """The documents of a recruitment that this person may read: `document.read` as one statement."""
    query = select(Document).where(Document.recruitment_id == recruitment.id)
    user = current_user._get_current_object() if current_user.is_authenticated else None
    if not isinstance(user, User):
        return query.where(Document.audience == "public")
    held = relations(user, recruitment)
    if held & {"staff", "supervisor"}:
        return query.where(Document.audience != "seat", unsealed(recruitment.id))
    own = organisations_of(user)
    refs = list(db.session.scalars(select(Organisation.public_id).where(Organisation.id.in_(own)))) if own else []
    allowed = [
        Document.audience == "public",
        and_(Document.audience == "owner", Document.owner_ref.in_(refs)) if refs else false(),
    ]
    if "operator" in held:
        allowed.append(Document.kind == "acceptance_report")
    if "seat" in held:
        seat: PanelSeat | None = seat_of(user, recruitment.review)
        allowed.append(Document.audience == "panel")
        if seat is not None:
            allowed.append(and_(Document.audience == "seat", Document.owner_ref == seat.public_id))
    return query.where(or_(*allowed))


@bp.get("/r/<recruitment>/documents")
@permit("document.list")
def listing(recruitment: Recruitment) -> str:
    """All documents this person may read, the newest first, superseded ones on request."""
    query = readable(recruitment)
    if request.args.get("all") != "1":
        query = query.where(Document.superseded_at.is_(None))
    counts = {
        row[0]: row[1]
        for row in db.session.execute(
            query.with_only_columns(Document.kind, func.count()).group_by(Document.kind).order_by(None)
        )
    }
    if (kind := request.args.get("kind")) in counts:
        query = query.where(Document.kind == kind)
    page = paginate(query.order_by(Document.id.desc()))
    return render_template(
        "documents/list.html",
        recruitment=recruitment,
        page=page,
        counts=counts,
        stages=[(stage, kinds_of(stage)) for stage in STAGES],
        orderable=KINDS,
        reached=[entry.stage for kind, entry in KINDS.items() if has_reached(recruitment, kind)],
    )


@bp.get("/documents/<document>")
@permit("document.read")
def show(document: Document) -> Response:
    """The document itself: PDFs open in the browser, others are downloaded."""
    return send_blob(
        document.blob_key,
        name=document.file_name,
        media_type=document.media_type,
        inline=request.args.get("download") != "1",
    )


@bp.get("/r/<recruitment>/documents/print/<stage>")
@permit("document.print_all")
def print_all(recruitment: Recruitment, stage: str) -> Response:
    """Everything of a stage as one ZIP, with a list of names and digests."""
    name, data = stage_archive(recruitment, stage, readable(recruitment), actor=current_actor(recruitment))
    response = Response(data, mimetype="application/zip")
    response.headers["Content-Disposition"] = disposition(name, inline=False)
    return response


@bp.post("/r/<recruitment>/documents/order")
@permit("document.order")
def order(recruitment: Recruitment) -> Any:
    """Order a kind of document for everything it can be about; done in the background."""
    kind = request.form.get("kind", "")
    jobs = order_kind(actor=current_actor(recruitment), recruitment=recruitment, kind=kind)
    flash(f"已开始生成“{label('document', kind)}”，共 {len(jobs)} 份。完成后出现在文件清单中。", "success")
    if may(current_user, "job.list", recruitment):
        return redirect(url_for("jobs.listing", recruitment=recruitment.public_id), code=303)
    return redirect(url_for("documents.listing", recruitment=recruitment.public_id), code=303)
