"""Permissions of the feature `documents`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import exists, select

from app.accounts.models import Organisation
from app.documents.models import Document
from app.extensions import db
from app.navigation import recruitment_entry
from app.permissions import declare
from app.responses.models import Response


def _for(*audiences: str) -> Any:
    return lambda document: document is not None and document.audience in audiences


def _not_private(document: Any) -> bool:
    return document is not None and document.audience != "seat" and not is_sealed(document)


def unsealed(recruitment_id: int) -> Any:
    """The condition for documents that tell nothing of a response which was never opened.

    A receipt lists file names: before the opening it is its vendor's alone, and it stays so where the
    response was withdrawn.
    """
    owners = (
        select(Organisation.public_id)
        .join(Response, Response.organisation_id == Organisation.id)
        .where(Response.recruitment_id == recruitment_id, Response.stage == "opened")
    )
    return (Document.kind != "receipt") | Document.owner_ref.in_(owners)


def is_sealed(document: Document) -> bool:
    """True for a document that only its vendor may read yet."""
    if document.kind != "receipt" or document.recruitment_id is None:
        return False
    return not db.session.scalar(
        select(exists().where(Document.id == document.id, unsealed(document.recruitment_id)))
    )


def _published(recruitment: Any) -> bool:
    return recruitment is not None and recruitment.is_published


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
