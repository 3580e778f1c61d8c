"""The clock stands at the notices' day."""

from __future__ import annotations

import pytest

from tests.harness.clock import HandClock


@pytest.fixture(autouse=True)
def _notices_day(clock: HandClock) -> None:
    clock.set_local(2023, 7, 24, 10)
