"""Routes of attendance and expert fees."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_login import current_user

from app import clock
from app.documents.common import project_of
from app.documents.issue import safe_name
from app.errors import NotFound
from app.panel import fees as rules
from app.panel.common import names_open
from app.panel.forms import read_day
from app.panel.views import XLSX, bp, download
from app.permissions import role_in
from app.publication.models import Recruitment
from app.routing import current_actor, permit
from evaluation.models import PanelSeat

Answer = Any


def _named(recruitment: Recruitment) -> bool:
    return role_in(current_user, recruitment) == "staff" or names_open(recruitment)


@bp.get("/r/<recruitment>/panel/fees")
@permit("fee.read")
def fees(recruitment: Recruitment) -> Answer:
    """Who attended and what each expert is owed."""
    if recruitment.review is None:
        return render_template("panel/waiting.html", recruitment=recruitment, title="签到与评审费")
    return render_template(
        "panel/fees.html",
        recruitment=recruitment,
        seats=rules.served(recruitment.review),
        fees=rules.fees_of(recruitment.review),
        default=rules.default_amount(recruitment),
        named=_named(recruitment),
        is_staff=role_in(current_user, recruitment) == "staff",
        today=clock.today(),
    )


@bp.post("/r/<recruitment>/panel/fees/<seat>")
@permit("fee.record")
def record_fee(recruitment: Recruitment, seat: PanelSeat) -> Answer:
    """Enter or correct one expert's attendance and fee."""
    rules.record_fee(
        actor=current_actor(recruitment),
        seat=seat,
        amount=rules.read_amount(request.form.get("amount", "")),
        attended_on=read_day(request.form.get("attended_on", "")),
        note=request.form.get("note", ""),
        version=request.form.get("version") or None,
    )
    flash("签到与评审费已登记。", "success")
    return redirect(url_for("panel.fees", recruitment=recruitment.public_id), 303)


@bp.get("/r/<recruitment>/panel/fees.xlsx")
@permit("fee.read")
def fees_workbook(recruitment: Recruitment) -> Response:
    """Attendance and fees as a workbook."""
    if recruitment.review is None:
        raise NotFound("not_found")
    data = rules.workbook(recruitment.review, names=_named(recruitment))
    name = safe_name(f"{project_of(recruitment)}-专家签到与评审费-{clock.today():%Y%m%d}.xlsx")
    return download(data, name, XLSX)
