"""The clock stands at the notices' day; background work (reports, mails) is done where a test asks for it."""

from __future__ import annotations

import pytest

from app.config import Settings
from tests.harness.clock import HandClock


@pytest.fixture(autouse=True)
def _notices_day(clock: HandClock) -> None:
    clock.set_local(2023, 7, 24, 10)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"jobs": "off"})
