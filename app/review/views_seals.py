"""Routes of what the software found of electronic seals in opened files: a hint beside the document."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, url_for
from flask_login import current_user

from app.permissions import may
from app.portal.links import link
from app.publication.models import Recruitment
from app.responses.models import ResponseFile
from app.responses.seals import check_again
from app.responses.views import seals_document, seals_page
from app.review.views import bp, must_be_open
from app.routing import current_actor, permit


@bp.get("/documents/<file>/seals")
@permit("review.document")
def seals_of_document(recruitment: Recruitment, file: ResponseFile) -> Any:
    """The report on an opened file, or how far its check is."""
    must_be_open(recruitment, file)
    names = {"recruitment": recruitment.public_id, "file": file.public_id}
    return seals_page(
        file,
        recruitment=recruitment,
        back=("评审", link(("review.desk", "review.progress"), recruitment)),
        again=url_for("review.check_seals", **names) if may(current_user, "review.check_seals", file) else "",
        pdf=url_for("review.seals_pdf", **names),
    )


@bp.get("/documents/<file>/seals.pdf")
@permit("review.document")
def seals_pdf(recruitment: Recruitment, file: ResponseFile) -> Any:
    """The same report as a document."""
    must_be_open(recruitment, file)
    return seals_document(file)


@bp.post("/documents/<file>/seals")
@permit("review.check_seals")
def check_seals(recruitment: Recruitment, file: ResponseFile) -> Any:
    """Check an opened file's seals anew where the check failed."""
    must_be_open(recruitment, file)
    check_again(actor=current_actor(recruitment), file=file)
    flash("已重新安排检查，稍后刷新页面查看结果。", "success")
    names = {"recruitment": recruitment.public_id, "file": file.public_id}
    return redirect(url_for("review.seals_of_document", **names), 303)
