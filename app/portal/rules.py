"""Permissions of the feature `portal`."""

from __future__ import annotations
