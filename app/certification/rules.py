"""Permissions of the feature `certification`: the administrator's register, and what everybody may ask."""

from __future__ import annotations

from app.navigation import main_entry
from app.permissions import declare

declare("ca.public", anyone=None)
declare("ca.manage", admin=None)

main_entry("certification.register", "试用证书机构", "ca.manage", 86)
