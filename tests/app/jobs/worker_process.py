"""A worker process of its own, for tests that kill it. Arguments: data folder, database address, pace."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from app import create_app
from app.config import Settings
from app.jobs import registry, worker

DATA, URL, PACE = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])


@registry.handler("test.slow")
def _slow(job: registry.Job) -> None:
    """Says that it began, takes its time, then leaves one line and the mark "done" in one transaction."""
    (DATA / f"began-{job.payload['name']}-{worker_name()}").touch()
    time.sleep(PACE)
    with job.effect(name=job.payload["name"]) as fresh:
        if fresh:
            with open(DATA / "effects", "a", encoding="utf-8") as lines:
                lines.write(f"{job.payload['name']}\n")


def worker_name() -> str:
    return sys.argv[4]


if __name__ == "__main__":
    worker.HEARTBEAT_SECONDS, worker.DEAD_SECONDS, worker.LOOK_SECONDS = 0.3, 2.0, 0.2
    app = create_app(Settings(data=DATA, database_url=URL, secret_key="x" * 40, testing=True, jobs="thread"))
    worker.start_worker(app)
    (DATA / f"up-{worker_name()}").touch()
    time.sleep(300)
