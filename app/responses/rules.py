"""Permissions of the feature `responses`."""

from __future__ import annotations
