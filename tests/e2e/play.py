"""What the acts of a recruitment share: the people's browsers, the stage behind them, and where the play is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from app.rehearsal.walk import Hand
from tests.e2e.backstage import Backstage
from tests.e2e.theatre import Theatre

if TYPE_CHECKING:
    from playwright.sync_api import Page

#: The Hainan plan, moved to open on this day.
OPENS = date(2023, 8, 7)


@dataclass
class Play:
    """What the acts share."""

    theatre: Theatre
    back: Backstage
    base: str = ""
    schedule: dict[str, date] = field(default_factory=dict)

    @property
    def hand(self) -> Hand:
        return self.back.hand

    @property
    def review(self) -> str:
        """Where the review's pages begin."""
        return f"/recruitments/{self.base.rsplit('/', 1)[-1]}/review"

    def look(self, key: str, path: str) -> Page:
        """A page of the recruitment."""
        return self.theatre.look(key, self.base + path)

    def see(self, key: str) -> None:
        self.theatre.see(key)
