"""Routes of the public interface, version 1: without a login, what the pages show as well, and verifications."""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import Any

from flask import Blueprint, Response, current_app, request
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app import clock
from app.api import openapi, queries
from app.errors import NotFound, Refusal
from app.extensions import csrf, db
from app.portal.queries import published
from app.portal.rules import is_public
from app.publication.models import Recruitment
from app.routing import permit
from app.storage import store
from app.templating import paginate
from app.verification.taking import bound_request, missing, must_be_given, report_on
from app.verification.views import rate

bp = Blueprint("api", __name__, url_prefix="/api/v1")

STATES = ("open", "running", "ended")
PAGE = 50


class BadQuery(Refusal):
    """A parameter of the address can't be read."""

    status = 400


def _json(data: Any, status: int = 200) -> Response:
    # Chinese stays readable for whoever looks at an answer.
    return Response(json.dumps(data, ensure_ascii=False), status, mimetype="application/json")


@bp.get("/openapi.json")
@permit("api.read")
def description() -> Response:
    """The interface's own description."""
    return _json(openapi.document())


@bp.get("/recruitments")
@permit("api.read")
def listing() -> Response:
    """Published recruitments, the newest first."""
    state = request.args.get("state", "")
    if state and state not in STATES:
        raise BadQuery("api_state_unknown")
    number = request.args.get("page", "1")
    if not number.isdecimal() or not 1 <= int(number[:7]) <= 100_000:
        raise BadQuery("api_page_unknown")
    page = paginate(published(state, "", clock.now()), size=PAGE)
    return _json(
        {
            "items": [queries.summary(row) for row in page.items],
            "page": page.number,
            "pages": page.count,
            "total": page.total,
        }
    )


@bp.get("/recruitments/<recruitment>")
@permit("api.read")
def detail(recruitment: Recruitment) -> Response:
    """One recruitment; a draft is answered like one that doesn't exist."""
    if not is_public(recruitment):
        raise NotFound("not_found")
    return _json(queries.detail(recruitment))


@bp.post("/verifications")
@csrf.exempt  # nobody is logged in here, and nothing is kept
@rate
@permit("verification.ask")
def verification() -> Response:
    """The report on the file of a form (`file`, `content`), or on the body itself; neither is kept."""
    bound_request()
    if request.mimetype == "multipart/form-data":
        given = request.files
        must_be_given(given.get("file"))
        content = None if missing(given.get("content")) else given["content"].stream
        return _json(report_on(given["file"].stream, given["file"].filename or "", content))
    return _json(report_on(request.stream, request.args.get("name", "")))


@bp.get("/health")
@permit("api.read")
def health() -> Response:
    """Whether database and storage answer; 503 when one of them doesn't."""
    found = {"database": _works(_ask_database), "storage": _works(lambda: store().check())}
    fine = set(found.values()) == {"ok"}
    facts = {
        "status": "ok" if fine else "failed",
        "version": version("yinzhao"),
        **found,
        "time": queries.instant(clock.now()),
    }
    return _json(facts, 200 if fine else 503)


def _ask_database() -> None:
    db.session.execute(text("SELECT 1 FROM recruitment LIMIT 1"))


def _works(ask: Any) -> str:
    try:
        ask()
    except SQLAlchemyError:
        db.session.rollback()
        current_app.logger.exception("the database does not answer")
        return "failed"
    except Exception:
        current_app.logger.exception("the storage does not answer")
        return "failed"
    return "ok"
