"""One recruitment in the browser, from the plan file to go-live: staff, three vendors, five experts, the supervisor.

Every kind of step is taken on the screen of who takes it; its repetitions are left to `backstage`. Every screen on
the way is judged: complete, ours alone, accessible, no console error, no request to another host.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser

from app import clock
from app.config import Settings
from app.rehearsal.walk import Hand
from tests.e2e import acts_after, acts_front, acts_review
from tests.e2e.backstage import Backstage, make_people
from tests.e2e.play import OPENS, Play
from tests.e2e.theatre import Theatre

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.database("sqlite"),
    pytest.mark.slow,
    pytest.mark.xdist_group("recruitment"),
    pytest.mark.timeout(600),
]

ACTS: list[Callable[[Play], None]] = [
    acts_front.plan_and_publication,
    acts_front.questions,
    acts_front.responses,
    acts_front.counter_and_opening,
    acts_review.pool_and_draw,
    acts_review.panel_sits,
    acts_review.qualification,
    acts_review.dispute,
    acts_review.scoring,
    acts_review.report,
    acts_after.publicity,
    acts_after.award,
    acts_after.integration,
    acts_after.go_live,
]


@pytest.fixture
def hand() -> Iterator[Hand]:
    """The clock of all; the server's threads read it too."""
    found = Hand(clock.at(OPENS - timedelta(days=4)) + timedelta(hours=9))
    with clock.use(found, process_wide=True):
        yield found


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Documents are printed when somebody looks at them: all of them would take minutes."""
    return settings.model_copy(update={"jobs": "off"})


@pytest.fixture
def play(app: Flask, live_server: str, browser: Browser, hand: Hand, tmp_path: Path) -> Play:
    """The offices have their accounts, nothing else is there."""
    back = Backstage(app, make_people(), hand)
    back.open_offices()
    return Play(Theatre(browser, live_server, tmp_path), back)


def test_a_recruitment_from_the_plan_to_go_live(play: Play) -> None:
    for act in ACTS:
        begun = time.monotonic()
        try:
            act(play)
        except Exception:
            print(play.theatre.describe())
            raise
        print(f"{act.__name__}: {time.monotonic() - begun:.1f} s")
    play.theatre.close()
