"""What a person did wrong, as errors; and how errors become pages or problem+json.

A `Refusal` carries a code of `app.wording.REFUSALS` and facts for its sentence. Lower packages raise
their own errors with an enum code; the handlers word those too.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, current_app, jsonify, make_response, render_template, request
from flask_limiter.errors import RateLimitExceeded
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from evaluation.errors import EvaluationError
from onboarding.errors import OnboardingError


class Refusal(Exception):
    """An action that the rules or the state of things don't allow. `status` is the HTTP status."""

    status = 422

    def __init__(self, code: str, *, field: str = "", **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.field = field
        self.facts = facts


class NotFound(Refusal):
    """No such object, or none that this person may know of."""

    status = 404


class Denied(Refusal):
    """The person's role doesn't allow it."""

    status = 403


class Conflict(Refusal):
    """Somebody else wrote in between. `current` and `submitted` are shown side by side."""

    status = 409

    def __init__(self, code: str = "stale_row", *, current: Any = None, submitted: Any = None, **facts: Any) -> None:
        super().__init__(code, **facts)
        self.current = current
        self.submitted = submitted


class TooLarge(Refusal):
    """More bytes than are taken at once."""

    status = 413


class WrongStage(Refusal):
    """Not at this stage, or not at this time."""

    status = 409


def wants_json() -> bool:
    """True for API calls and scripts that asked for JSON."""
    if request.path.startswith("/api/"):
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json", "application/problem+json"])
    return best != "text/html" and bool(request.accept_mimetypes)


def problem(status: int, code: str, sentence: str, **extra: Any) -> Response:
    """An error answer in the shape the client asked for: a page, an htmx fragment, or RFC 9457 JSON."""
    if wants_json():
        response = jsonify({"type": "about:blank", "status": status, "code": code, "detail": sentence, **extra})
        response.status_code = status
        response.content_type = "application/problem+json"
        return response
    page = "errors/fragment.html" if request.headers.get("HX-Request") else "errors/page.html"
    response = make_response(render_template(page, status=status, code=code, sentence=sentence, **extra), status)
    if request.headers.get("HX-Request"):
        response.headers["HX-Retarget"] = "#flash"
        response.headers["HX-Reswap"] = "innerHTML"
    return response


def register_error_handlers(app: Flask) -> None:
    """Install one handler per family of errors; nothing reaches a person as a stack trace."""
    from app.wording import sentence_for

    @app.errorhandler(Refusal)
    def _refusal(error: Refusal) -> Response:
        extra: dict[str, Any] = {}
        if isinstance(error, Conflict):
            extra = {"current": error.current, "submitted": error.submitted}
        if error.field:
            extra["field"] = error.field
        return problem(error.status, error.code, sentence_for(error), **extra)

    @app.errorhandler(EvaluationError)
    @app.errorhandler(OnboardingError)
    def _domain(error: EvaluationError | OnboardingError) -> Response:
        return problem(422, str(getattr(error.code, "value", error.code)), sentence_for(error))

    @app.errorhandler(StaleDataError)
    def _stale(error: StaleDataError) -> Response:
        return problem(409, "stale_row", sentence_for(Conflict("stale_row")))

    @app.errorhandler(OperationalError)
    def _busy(error: OperationalError) -> Response:
        current_app.logger.exception("database busy or unreachable")
        return problem(503, "busy", sentence_for(Refusal("busy")))

    @app.errorhandler(CSRFError)
    def _csrf(error: CSRFError) -> Response:
        return problem(400, "form_expired", sentence_for(Refusal("form_expired")))

    @app.errorhandler(RateLimitExceeded)
    def _too_many(error: RateLimitExceeded) -> Response:
        return problem(429, "too_many_requests", sentence_for(Refusal("too_many_requests")))

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Response:
        status = error.code or 500
        return problem(status, f"http_{status}", sentence_for(Refusal(f"http_{status}")))

    @app.errorhandler(Exception)
    def _unexpected(error: Exception) -> Response:
        current_app.logger.exception("unexpected error")
        if current_app.config.get("PROPAGATE_UNEXPECTED"):
            raise error
        return problem(500, "http_500", sentence_for(Refusal("http_500")))
