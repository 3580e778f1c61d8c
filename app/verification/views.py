"""Routes of the verification portal: upload, report, and the report as PDF and JSON. No login, no scripts."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, current_app, redirect, render_template, url_for

from app import clock
from app.documents.engine import render_pdf
from app.errors import Refusal
from app.extensions import csrf, limiter
from app.files import disposition
from app.routing import permit
from app.verification.actions import gone_at, keep_report, must_be_kept
from app.verification.forms import VerifyForm
from app.verification.models import Verification
from app.verification.present import view
from app.verification.taking import bound_request, missing, most, must_be_given, report_on
from app.wording import sentence_for

bp = Blueprint("verification", __name__)

#: Of one address, over the portal and the interface together.
RATE = "20 per minute; 200 per hour"
rate = limiter.shared_limit(RATE, scope="verification")


def _upload_page(form: VerifyForm, refusal: Refusal | None = None) -> Any:
    page = render_template(
        "verification/upload.html",
        form=form,
        refusal=sentence_for(refusal) if refusal is not None else "",
        most=most(),
        hours=current_app.config["SETTINGS"].verify_keep_hours,
    )
    return page, refusal.status if refusal is not None else 200


@bp.get("/verify")
@permit("verification.ask")
def upload() -> Any:
    """What can be verified, and the form."""
    return _upload_page(VerifyForm(formdata=None))


@bp.post("/verify")
@csrf.exempt  # asked for below, once the size of the request is bound: the form is read for it
@rate
@permit("verification.ask")
def verify() -> Any:
    """Verify a file at once and lead to its report."""
    try:
        bound_request()
        csrf.protect()
        form = VerifyForm()
        must_be_given(form.file.data)
        content = None if missing(form.content.data) else form.content.data.stream
        name = form.file.data.filename
        report = report_on(form.file.data.stream, name, content)
    except Refusal as refusal:
        return _upload_page(VerifyForm(formdata=None), refusal)
    row = keep_report(report["file"], report)
    return redirect(url_for("verification.report", verification=row.public_id), 303)


@bp.get("/verify/<verification>")
@permit("verification.read")
def report(verification: Verification) -> str:
    """The report as a page."""
    must_be_kept(verification)
    return render_template(
        "verification/report.html", row=verification, view=view(verification.report), until=gone_at(verification)
    )


@bp.get("/verify/<verification>/report.pdf")
@rate
@permit("verification.read")
def report_pdf(verification: Verification) -> Response:
    """The report as a document."""
    must_be_kept(verification)
    return pdf_of(verification.report)


@bp.get("/verify/<verification>/report.json")
@permit("verification.read")
def report_json(verification: Verification) -> Response:
    """The report as data."""
    must_be_kept(verification)
    return json_of(verification.report)


def pdf_of(report: dict[str, Any]) -> Response:
    """A report as a PDF to keep."""
    shown = view(report)
    data = render_pdf("verification", {"title": "电子印章验真报告", "view": shown, "made": clock.now()})
    answer = Response(data, mimetype="application/pdf")
    answer.headers["Content-Disposition"] = disposition(f"验真报告-{report['file']}.pdf", inline=False)
    return answer


def json_of(report: dict[str, Any]) -> Response:
    """A report as a JSON file."""
    answer = Response(json.dumps(report, ensure_ascii=False, indent=1), mimetype="application/json")
    answer.headers["Content-Disposition"] = disposition(f"验真报告-{report['file']}.json", inline=False)
    return answer
