"""Errors of the review: an enum code and facts, never a sentence."""

from __future__ import annotations

from enum import Enum
from typing import Any


class EvaluationError(Exception):
    """A rule of the review refuses something. `code` names the rule, `facts` fill its sentence."""

    def __init__(self, code: Enum | str, **facts: Any) -> None:
        super().__init__(str(getattr(code, "value", code)))
        self.code = code
        self.facts = facts
