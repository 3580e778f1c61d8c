"""Permissions of the feature `documents`."""

from __future__ import annotations

from typing import Any

from app.navigation import recruitment_entry
from app.permissions import declare


def _for(*audiences: str) -> Any:
    return lambda document: document is not None and document.audience in audiences


def _not_private(document: Any) -> bool:
    return document is not None and document.audience != "seat"


def _published(recruitment: Any) -> bool:
    return recruitment is not None and recruitment.stage != "draft"


declare(
    "document.read",
    staff=_not_private,
    supervisor=_not_private,
    operator=lambda document: document is not None and document.kind == "acceptance_report",
    seat=_for("panel"),
    owner=_for("owner", "seat"),
    anyone=_for("public"),
)
declare("document.list", staff=None, supervisor=None, anyone=_published)
declare("document.print_all", staff=None, supervisor=None)
declare("document.order", staff=None)

recruitment_entry("documents.listing", "文件", "document.list", 90)
