"""Permissions of the feature `review`."""

from __future__ import annotations
