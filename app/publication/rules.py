"""Permissions of the feature `publication`."""

from __future__ import annotations
