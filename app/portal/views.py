"""Routes of the feature `portal`: what everybody can read without a login."""

from __future__ import annotations

import importlib
import importlib.util

from flask import Blueprint, render_template, request
from flask_login import current_user

from app import clock
from app.portal import pages, queries
from app.portal.links import link
from app.publication.models import Recruitment
from app.routing import permit
from app.templating import paginate

bp = Blueprint("portal", __name__)


@bp.get("/")
@permit("portal.home")
def home() -> str:
    """What this is, what is open now, how to take part, and a person's own recruitments."""
    now = clock.now()
    return render_template(
        "portal/home.html",
        running=queries.running(),
        mine=queries.held_roles(current_user),
        verification=link(pages.VERIFICATION),
        moment=now,
    )


@bp.get("/notices")
@permit("portal.notices")
def notices() -> str:
    """All published recruitments, the newest first, by state."""
    state = request.args.get("state", "")
    words = request.args.get("q", "").strip()[:100]
    page = paginate(queries.published(state, words, clock.now()), size=20)
    return render_template("portal/notices.html", page=page, state=state, words=words)


@bp.get("/r/<recruitment>")
@permit("portal.recruitment")
def recruitment(recruitment: Recruitment) -> str:
    """The notice of one recruitment and everything published about it."""
    return render_template("portal/recruitment.html", **pages.notice(recruitment, current_user, clock.now()))


if importlib.util.find_spec("app.portal.dashboard_views") is not None:
    importlib.import_module("app.portal.dashboard_views")
