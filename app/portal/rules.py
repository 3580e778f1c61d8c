"""Permissions of the feature `portal`."""

from __future__ import annotations

from typing import Any

from app.navigation import main_entry, recruitment_entry
from app.permissions import declare


def is_public(recruitment: Any) -> bool:
    """True once the recruitment was published; a draft exists for the organiser's staff alone."""
    return recruitment is not None and recruitment.is_published and recruitment.published_at is not None


declare("portal.home", anyone=None)
declare("portal.notices", anyone=None)
declare("portal.recruitment", anyone=is_public, staff=None)

main_entry("portal.home", "首页", "portal.home", 1)
main_entry("portal.notices", "招募公告", "portal.notices", 10)
recruitment_entry("portal.recruitment", "公告", "portal.recruitment", 10)

declare("portal.work", user=None)
declare("portal.dashboard", staff=None, supervisor=None)
declare("portal.reminders", staff=None, supervisor=None)
declare("portal.remind", staff=None)
declare("portal.archive", staff=None, supervisor=None)

main_entry("portal.my_work", "我的工作", "portal.work", 5)
recruitment_entry("portal.dashboard_page", "项目看板", "portal.dashboard", 5)
recruitment_entry("portal.archive_page", "归档", "portal.archive", 94)
