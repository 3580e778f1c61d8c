"""Permissions of the feature `api`."""

from __future__ import annotations
