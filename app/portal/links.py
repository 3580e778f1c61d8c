"""Links to pages of other features: only to what this installation has and this person may open."""

from __future__ import annotations

from typing import Any

from flask import current_app, url_for
from flask_login import current_user
from werkzeug.routing import BuildError

from app.permissions import may, relations


def link(names: tuple[str, ...], subject: Any = None, *, held: set[str] | None = None, **params: str) -> str:
    """Address of the first of some pages that exists and may be opened; "" for none.

    `subject` is what the page's action is about; a recruitment stands in the address by itself. `held` are
    the person's relations to it where they are known already.
    """
    if getattr(subject, "__tablename__", "") == "recruitment":
        params.setdefault("recruitment", subject.public_id)
    for name in names:
        view = current_app.view_functions.get(name)
        action = getattr(view, "permitted_action", None)
        if action is None:
            continue
        known = held if held is not None else relations(current_user, subject)
        if not may(current_user, action, subject, held=known):
            continue
        try:
            return url_for(name, **params)
        except BuildError:
            continue
    return ""
