"""Background work of the house itself: issuing documents that take long."""

from __future__ import annotations

from typing import Any

from app.jobs.registry import Job, handler


@handler("document")
def issue_document(job: Job) -> dict[str, Any] | None:
    """Issue one document of `app.documents.catalogue`, named by the payload's `kind` and `ref`."""
    from app.documents.catalogue import issue_ordered

    return issue_ordered(job)
