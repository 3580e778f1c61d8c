"""Permissions of the feature `jobs`."""

from __future__ import annotations
