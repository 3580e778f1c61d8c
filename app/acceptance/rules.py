"""Permissions of the feature `acceptance`."""

from __future__ import annotations
