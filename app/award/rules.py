"""Permissions of the feature `award`."""

from __future__ import annotations

from typing import Any

from app.navigation import recruitment_entry
from app.permissions import declare
from app.results.rules import result_is_public


def _opened(recruitment: Any) -> bool:
    return recruitment is not None and recruitment.opened_at is not None


declare("award.explain", anyone=result_is_public)
declare("award.check", staff=_opened, supervisor=_opened)
declare("award.export", staff=_opened, supervisor=_opened)
declare("award.publish", staff=_opened)

recruitment_entry("award.explain", "排名是怎样算出来的", "award.explain", 51)
recruitment_entry("award.check", "评审核验", "award.check", 47)
