"""Background work done at once, by whoever ordered it: tests, the rehearsal, the command line."""

from __future__ import annotations

import threading

from flask import Flask, current_app

from app.extensions import AFTER_COMMIT, db
from app.jobs.registry import ORDERED, run_item, waiting

_running = threading.local()
#: Wakes the worker thread of this process, so that ordered work need not wait for its next look.
wake = threading.Event()


def run_waiting(app: Flask | None = None) -> int:
    """Do all waiting work now, oldest first, also what that work orders; returns how many items."""
    if app is not None:
        with app.app_context():
            return run_waiting()
    if getattr(_running, "now", False):
        return 0  # the loop further out goes on with what was ordered meanwhile
    _running.now = True
    count = 0
    try:
        while references := waiting():
            for reference in references:
                run_item(reference)
                count += 1
    finally:
        _running.now = False
        db.session.rollback()
    return count


def _ordered() -> None:
    mode = current_app.config["SETTINGS"].jobs
    if mode == "inline":
        run_waiting()
    elif mode == "thread":
        wake.set()


AFTER_COMMIT[ORDERED] = _ordered
