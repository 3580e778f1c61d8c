"""A test client that sends what a form of our pages would send, so that forgery protection stays on."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

WRITING = {"POST", "PUT", "PATCH", "DELETE"}


class FormClient(FlaskClient):
    """Keeps cookies and adds the token of its session to every writing request.

    `sends_token = False` makes it a forger, for tests of the refusal.
    """

    sends_token = True

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """As FlaskClient; requests that werkzeug builds itself, e.g. redirects, pass untouched."""
        written = args and isinstance(args[0], str) and kwargs.get("method", "GET").upper() in WRITING
        if written and self.sends_token:
            kwargs["headers"] = [*_pairs(kwargs.get("headers")), ("X-CSRFToken", self._token())]
        return super().open(*args, **kwargs)

    def _token(self) -> str:
        with self.session_transaction() as session:
            raw = session.setdefault("csrf_token", hashlib.sha1(secrets.token_bytes(64)).hexdigest())
        signer = URLSafeTimedSerializer(self.application.secret_key, salt="wtf-csrf-token")
        return str(signer.dumps(raw))


def _pairs(headers: Any) -> list[tuple[str, str]]:
    if headers is None:
        return []
    return list(headers.items()) if hasattr(headers, "items") else list(headers)
