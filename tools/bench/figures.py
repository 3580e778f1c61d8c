"""One measured figure and what was promised about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value with its unit and its bound; a figure without a bound is told, not judged."""

    name: str
    value: float
    unit: str = ""
    at_least: float | None = None
    at_most: float | None = None

    @property
    def kept(self) -> bool:
        """Whether the promise holds."""
        return (self.at_least is None or self.value >= self.at_least) and (
            self.at_most is None or self.value <= self.at_most
        )

    def line(self) -> str:
        """The figure as one line of the report."""
        bound = ""
        if self.at_least is not None:
            bound = f"at least {self.at_least:g}"
        if self.at_most is not None:
            bound = f"at most {self.at_most:g}"
        verdict = "" if not bound else ("kept" if self.kept else "MISSED")
        return f"{self.name:<58} {self.value:>12.3f} {self.unit:<8} {bound:<18} {verdict}".rstrip()
