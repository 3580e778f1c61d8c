"""One recruitment walked through by the cast: what every step of it shares, and the way to a stage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from app import clock
from app.accounts.models import Organisation, User
from app.audit import Actor
from app.jobs.inline import run_waiting
from app.planning import section
from app.publication.models import Recruitment
from app.rehearsal import people
from app.rehearsal.cast import Cast, Vendor
from app.responses.models import Response

#: The ways a walk can end early, in order; "promotion" is the whole.
STOPS = ("published", "accepting", "opened", "qualification", "scoring", "publicity", "integration", "promotion")


class Hand:
    """The injected clock: it only goes forward, and never past `latest` where that is given."""

    def __init__(self, start: datetime, latest: datetime | None = None) -> None:
        self.moment = start
        self.latest = latest

    def __call__(self) -> datetime:
        return self.moment

    def to(self, day: date, hour: int, minute: int = 0) -> None:
        """Go to a Shanghai time of a day; a time that has passed already is a minute later than now."""
        self._set(max(clock.at(day, time(hour, minute)), self.moment + timedelta(minutes=1)))

    def pass_time(self, **span: int) -> None:
        """Let some time pass, e.g. `minutes=5`."""
        self._set(self.moment + timedelta(**span))

    def _set(self, moment: datetime) -> None:
        if self.latest is not None and moment > self.latest:
            moment = max(self.moment, self.latest)
        self.moment = moment


@dataclass
class Walk:
    """What the steps of one walk share."""

    cast: Cast
    plan: bytes
    hand: Hand
    say: Callable[[str], None]
    title: str = ""
    sample: bool = False
    offices: dict[str, User] = field(default_factory=dict)
    vendors: dict[str, Vendor] = field(default_factory=dict)
    companies: dict[str, tuple[Organisation, User]] = field(default_factory=dict)
    responses: dict[str, Response] = field(default_factory=dict)
    #: Names of vendors whose late submission was refused.
    refused: list[str] = field(default_factory=list)
    #: Whether the forms of the review, which staff order when they want them, are printed as well.
    prints: bool = False
    _recruitment: Recruitment | None = None

    @property
    def recruitment(self) -> Recruitment:
        assert self._recruitment is not None
        return self._recruitment

    @recruitment.setter
    def recruitment(self, found: Recruitment) -> None:
        self._recruitment = found

    @property
    def schedule(self) -> dict[str, Any]:
        """The plan's dates."""
        found: dict[str, Any] = section(self.recruitment, "publication", "schedule")
        return found

    def office(self, key: str) -> Actor:
        """Somebody of the three offices, acting in the role held in the recruitment."""
        return Actor(self.offices[key], "staff" if key == "staff2" else key, people.ADDRESS)

    def vendor(self, code: str) -> Actor:
        """The vendor's agent."""
        return Actor(self.companies[code][1], "vendor", people.ADDRESS)

    def work(self) -> None:
        """Do the background work that was ordered, at the time of the walk; of a sample the server's worker
        does it, so that a first start need not wait for a hundred documents."""
        if not self.sample:
            run_waiting()


def day_after(day: date, count: int = 1) -> date:
    """`count` calendar days later."""
    return day + timedelta(days=count)
