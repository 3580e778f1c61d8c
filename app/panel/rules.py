"""Permissions of the feature `panel`."""

from __future__ import annotations
