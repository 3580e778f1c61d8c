"""Permissions of the feature `api`."""

from __future__ import annotations

from app.permissions import declare

declare("api.read", anyone=None)
