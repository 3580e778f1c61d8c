"""Minutes of visitors side by side: nothing fails, and memory stands still. `make soak`, SOAK_SECONDS."""

from __future__ import annotations

import http.client
import os
import threading
import time
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import pytest

CLIENTS = 8
MEGABYTE = 1024 * 1024


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _open_pages(app) -> list[str]:
    """Every page that is reached without knowing an id."""
    return sorted(
        str(rule)
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.arguments and rule.endpoint != "static"
    )


def _visit(address: str, pages: list[str], until: float, answers: Counter, problems: list[str]) -> None:
    host = urlsplit(address).netloc
    connection = http.client.HTTPConnection(host, timeout=60)
    while time.monotonic() < until:
        for page in pages:
            try:
                connection.request("GET", page)
                response = connection.getresponse()
                response.read()
            except (OSError, http.client.HTTPException) as error:
                problems.append(f"{page}: {error!r}")
                connection.close()
                continue
            answers[response.status] += 1
            if response.status >= 500:
                problems.append(f"{page}: {response.status}")
    connection.close()


def _crowd(address: str, pages: list[str], seconds: float) -> tuple[Counter, list[str]]:
    answers: Counter = Counter()
    problems: list[str] = []
    until = time.monotonic() + seconds
    crowd = [
        threading.Thread(target=_visit, args=(address, pages, until, answers, problems))
        for _ in range(CLIENTS)
    ]
    for visitor in crowd:
        visitor.start()
    for visitor in crowd:
        visitor.join()
    return answers, problems


@pytest.mark.soak
def test_visitors_side_by_side_lose_nothing_and_memory_stands_still(app, live_server: str) -> None:
    seconds = float(os.environ.get("SOAK_SECONDS", "120"))
    pages = _open_pages(app)
    assert pages
    # Templates, pools and caches fill first.
    _crowd(live_server, pages, min(10.0, seconds / 4))
    before = _resident_bytes()
    answers, problems = _crowd(live_server, pages, seconds)
    grown = _resident_bytes() - before
    print(f"{sum(answers.values())} answers {dict(answers)}, memory grew by {grown / MEGABYTE:.1f} MB")
    assert problems == []
    assert grown < 64 * MEGABYTE
