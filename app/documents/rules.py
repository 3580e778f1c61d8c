"""Permissions of the feature `documents`."""

from __future__ import annotations
