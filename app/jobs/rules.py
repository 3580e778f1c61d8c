"""Permissions of the feature `jobs`, and what follows the commit of ordered work."""

from __future__ import annotations

from app.jobs import inline as _inline  # registers itself to follow a commit
from app.navigation import main_entry, recruitment_entry
from app.permissions import declare

assert _inline is not None

declare("job.list", staff=None, supervisor=None)
declare("job.read", staff=None, supervisor=None, self=None)
declare("job.retry", staff=None)
declare("job.all", admin=None)

recruitment_entry("jobs.listing", "后台任务", "job.list", 92)
main_entry("jobs.all_jobs", "后台任务", "job.all", 95)
