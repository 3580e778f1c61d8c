"""Impressions of seals (印模): drawn from text, or found in a scan of a stamped form; true size, clear ground."""

from __future__ import annotations

from .draw import RED, Impression, draw_name, draw_oval, draw_round
from .fonts import find_font
from .scan import extract_impression

__all__ = ["RED", "Impression", "draw_name", "draw_oval", "draw_round", "extract_impression", "find_font"]
