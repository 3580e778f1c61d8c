"""Hands ordered work on to whoever does it."""

from __future__ import annotations
