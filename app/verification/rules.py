"""Permissions of the feature `verification`: anybody may ask, and read the report whose address they hold."""

from __future__ import annotations

from app.navigation import main_entry
from app.permissions import declare

declare("verification.ask", anyone=None)
declare("verification.read", anyone=None)

main_entry("verification.upload", "验真", "verification.ask", 20)
