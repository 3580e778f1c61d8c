"""Alembic's environment: the application's engine, the whole house's metadata."""

from __future__ import annotations

from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import types

import app.models
from app.extensions import db
from evaluation.columns import ScaledDecimal, UTCDateTime


def render_item(kind: str, item: Any, autogen_context: Any) -> str | bool:
    """Write our column types as what the database sees, so that a migration never changes with the code."""
    if kind != "type":
        return False
    if isinstance(item, ScaledDecimal):
        return "sa.BigInteger()"
    if isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def same_type(_context: Any, _inspected: Any, _column: Any, inspected: Any, declared: Any) -> bool | None:
    """SQLite reports what it was told; only a real difference counts."""
    if isinstance(declared, ScaledDecimal):
        return not isinstance(inspected, types.BigInteger)
    if isinstance(declared, UTCDateTime):
        return not isinstance(inspected, types.DateTime)
    return None


def run_migrations() -> None:
    """Run on the application's own database, one transaction per migration."""
    with db.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=app.models.metadata,
            render_item=render_item,
            compare_type=same_type,
            render_as_batch=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    raise SystemExit("offline migrations are not supported: run them against a database")
current_app.logger.debug("migrating %s", db.engine.url.render_as_string(hide_password=True))
run_migrations()
