"""In tests every statement is watched, so that no request writes outside a unit of work by statement either."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session


def watch_stray_statements() -> None:
    """Refuse INSERT, UPDATE and DELETE in a request outside a unit of work."""
    from app.extensions import only_reads

    @event.listens_for(Session, "do_orm_execute")
    def _refuse(state: Any) -> None:
        if (state.is_insert or state.is_update or state.is_delete) and only_reads():
            raise AssertionError("a request writes inside a unit of work only")
