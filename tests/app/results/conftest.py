"""The application without background work: what is ordered stays ordered.

The tests hold one application context, to look at rows between the requests of several people.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, g

from tests.harness.client import FormClient


class Browser(FormClient):
    """A request remembers nothing of the one before, though they share the test's context."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        for name in list(g):
            g.pop(name)
        return super().open(*args, **kwargs)


@pytest.fixture
def app(settings: Any) -> Iterator[Flask]:
    """As the common one, but documents and mail are only ordered."""
    from app import create_app
    from app.extensions import db

    flask_app = create_app(settings.model_copy(update={"jobs": "off"}))
    flask_app.test_client_class = Browser
    with flask_app.app_context():
        yield flask_app
        db.session.remove()
        db.engine.dispose()
