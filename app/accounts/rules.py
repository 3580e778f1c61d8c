"""Permissions of the feature `accounts`."""

from __future__ import annotations

from typing import Any

from app.navigation import main_entry, recruitment_entry
from app.permissions import declare


def _colleague(invitation: Any) -> bool:
    return invitation is not None and invitation.purpose == "member"


def _to_panel(invitation: Any) -> bool:
    return invitation is not None and invitation.purpose == "expert"


def _vendor(organisation: Any) -> bool:
    return organisation is not None and organisation.kind == "vendor"


declare("account.login", anyone=None)
declare("account.register", anyone=None)
declare("account.accept", anyone=None)
declare("account.own", user=None)
declare("message.read", self=None)
declare("company.own", vendor=None)
declare("company.read", owner=None, admin=None)
declare("company.manage", owner=_vendor)
declare("invitation.withdraw", owner=_colleague, staff=_to_panel, admin=None)
declare("account.manage", admin=None)
declare("account.settings", admin=None)
declare("log.system", admin=None)
declare("log.read", staff=None, supervisor=None)

main_entry("accounts.my_company", "本单位", "company.own", 60)
main_entry("accounts.people", "账号", "account.manage", 80)
main_entry("accounts.organisations", "单位", "account.manage", 81)
main_entry("accounts.recruitments", "项目角色", "account.manage", 82)
main_entry("accounts.logins", "登录记录", "account.manage", 83)
main_entry("accounts.system_log", "系统日志", "log.system", 84)
main_entry("accounts.settings", "系统设置", "account.settings", 85)
recruitment_entry("accounts.log", "操作日志", "log.read", 95)
