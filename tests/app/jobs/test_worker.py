"""A worker that is killed in mid-task: another one finishes its work, and the effect happens once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from app.config import Settings
from app.extensions import db, unit_of_work
from app.jobs.models import JobExecutor, OutboxItem
from app.jobs.registry import order

PROCESS = Path(__file__).with_name("worker_process.py")
ROOT = Path(__file__).resolve().parents[3]


def start(settings: Settings, name: str, pace: float) -> subprocess.Popen[bytes]:
    with open(settings.data / f"log-{name}", "wb") as log:
        return subprocess.Popen(
            [sys.executable, str(PROCESS), str(settings.data), settings.database_url, str(pace), name],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])},
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def wait_for(what: Callable[[], bool], settings: Settings, seconds: float = 60) -> None:
    for _ in range(int(seconds * 10)):
        if what():
            return
        time.sleep(0.1)
    logs = "\n".join(path.read_text() for path in settings.data.glob("log-*"))
    raise AssertionError(f"did not happen within {seconds} s\n{logs[-4000:]}")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"jobs": "off"})


@pytest.mark.slow
@pytest.mark.network
def test_another_worker_finishes_what_a_killed_one_began(app: Flask, settings: Settings) -> None:
    with app.app_context(), unit_of_work():
        reference = order("test.slow", {"name": "report"}).public_id
    first = start(settings, "first", 120)
    try:
        wait_for(lambda: (settings.data / "began-report-first").exists(), settings)
        os.kill(first.pid, signal.SIGKILL)
    finally:
        first.kill()
        first.wait(10)
    second = start(settings, "second", 0.2)

    def stage() -> str | None:
        with app.app_context():
            db.session.remove()
            return db.session.scalar(select(OutboxItem.stage).where(OutboxItem.public_id == reference))

    try:
        wait_for(lambda: stage() == "done", settings)
        time.sleep(1)
    finally:
        second.kill()
        second.wait(10)
    assert (settings.data / "effects").read_text() == "report\n"
    assert (settings.data / "began-report-second").exists()
    with app.app_context():
        item = db.session.scalar(select(OutboxItem).where(OutboxItem.public_id == reference))
        assert item is not None
        assert (item.stage, item.result, item.tries) == ("done", {"name": "report"}, 2)
        # The dead one's heartbeat is gone once its work was taken over.
        assert len(list(db.session.scalars(select(JobExecutor)))) == 1
