"""Permissions of the feature `results`."""

from __future__ import annotations
