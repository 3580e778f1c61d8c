"""Routes of everybody's home, of the staff's dashboard, of reminders and of the archive."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from app import clock
from app.accounts.models import User
from app.documents.views import readable
from app.errors import Refusal
from app.permissions import may, relations
from app.portal import archive, dashboard, reminders, spans, steps, work
from app.portal.links import link
from app.portal.views import bp
from app.publication.models import Recruitment
from app.routing import current_actor, permit

Answer = Any


@bp.get("/work")
@permit("portal.work")
def my_work() -> str:
    """What waits for me, in which recruitment, until when."""
    return render_template("portal/work.html", desk=work.desk(current_user._get_current_object()))


@bp.get("/r/<recruitment>/dashboard")
@permit("portal.dashboard")
def dashboard_page(recruitment: Recruitment) -> str:
    """Stage, next step and what holds it, dates, figures."""
    return render_template(
        "portal/dashboard.html",
        recruitment=recruitment,
        stage=dashboard.heading(recruitment),
        step=steps.forward(recruitment, current_user, clock.now()),
        asides=steps.aside(recruitment, current_user),
        dates=dashboard.due_dates(recruitment, current_user),
        figures=dashboard.figures(recruitment, current_user),
        picture=spans.picture(spans.spans(recruitment)),
        today=clock.today(),
    )


@bp.get("/r/<recruitment>/reminders")
@permit("portal.reminders")
def reminders_page(recruitment: Recruitment) -> str:
    """Who is late with what."""
    return render_template(
        "portal/reminders.html",
        recruitment=recruitment,
        rows=reminders.late(recruitment),
        sends=may(current_user, "portal.remind", recruitment),
    )


@bp.post("/r/<recruitment>/reminders")
@permit("portal.remind")
def send_reminders(recruitment: Recruitment) -> Response:
    """Remind the chosen, or all."""
    everybody = request.form.get("all") == "1"
    chosen = request.form.getlist("line")[:2000]
    if not everybody and not chosen:
        raise Refusal("reminder_choose")
    sent, left = reminders.send(
        actor=current_actor(recruitment),
        recruitment=recruitment,
        keys=None if everybody else chosen,
        address=lambda row, user: _address(row, user, recruitment),
    )
    flash(
        f"已催办 {sent} 项，站内消息已发出，有邮箱的同时发送邮件。"
        + (f"另有 {left} 项今天已催办过，没有重复发送。" if left else ""),
        "success",
    )
    return redirect(url_for("portal.reminders_page", recruitment=recruitment.public_id), code=303)


def _address(row: reminders.Late, user: User, recruitment: Recruitment) -> str:
    """The page where that person does what is late; the own home where there is none."""
    return link(row.link, recruitment, held=relations(user, recruitment)) or url_for("portal.my_work")


@bp.get("/r/<recruitment>/archive")
@permit("portal.archive")
def archive_page(recruitment: Recruitment) -> str:
    """Everything of the recruitment in order."""
    return render_template(
        "portal/archive.html",
        recruitment=recruitment,
        way=archive.way(recruitment),
        shelves=archive.shelves(readable(recruitment)),
        versions=archive.versions(recruitment),
        amendments=archive.amendments(recruitment),
        decisions=archive.decisions(recruitment),
        head=archive.head(recruitment),
        step=steps.forward(recruitment, current_user, clock.now()) if recruitment.stage == "promotion" else None,
    )


