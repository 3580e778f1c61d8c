"""Permissions of the feature `jobs`, and what follows the commit of ordered work."""

from __future__ import annotations

from typing import Any

from app.jobs import inline as _inline  # registers itself to follow a commit
from app.navigation import main_entry, recruitment_entry
from app.permissions import declare

assert _inline is not None



def _of_no_recruitment(job: Any) -> bool:
    return job is not None and job.recruitment_id is None


declare("job.list", staff=None, supervisor=None)
declare("job.read", staff=None, supervisor=None, self=None, admin=None)
declare("job.retry", staff=None, admin=_of_no_recruitment)
declare("job.all", admin=None)

recruitment_entry("jobs.listing", "后台任务", "job.list", 92)
main_entry("jobs.all_jobs", "后台任务", "job.all", 95)
