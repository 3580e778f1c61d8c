"""Sessions and response headers: who is logged in, and what a browser may do with our pages."""

from __future__ import annotations

import hmac

from flask import Flask, Response, request, session

from app.accounts.models import User
from app.extensions import login
from app.permissions import find_person

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)


def load_user(identity: str) -> User | None:
    """The person of a session cookie, if the account still is what it was when the session began."""
    public_id, _, token = identity.partition(":")
    user = find_person(public_id)
    if user is None or user.is_disabled or not hmac.compare_digest(user.session_token, token):
        return None
    return user


def register_security(app: Flask) -> None:
    """Session loading, and strict headers on every answer."""
    login.user_loader(load_user)
    login.login_view = "accounts.login"

    @app.before_request
    def _keep_session() -> None:
        session.permanent = True

    @app.after_request
    def _headers(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("X-Frame-Options", "SAMEORIGIN")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        if not request.path.startswith("/static/"):
            headers.setdefault("Cache-Control", "no-store")
        return response
