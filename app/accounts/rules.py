"""Permissions of the feature `accounts`."""

from __future__ import annotations
