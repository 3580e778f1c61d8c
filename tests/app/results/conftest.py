"""The application without background work: what is ordered stays ordered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask


@pytest.fixture
def app(settings: Any) -> Iterator[Flask]:
    """As the common one, but documents and mail are only ordered."""
    from app import create_app
    from app.extensions import db
    from tests.harness.client import FormClient

    flask_app = create_app(settings.model_copy(update={"jobs": "off"}))
    flask_app.test_client_class = FormClient
    with flask_app.app_context():
        yield flask_app
        db.session.remove()
        db.engine.dispose()
