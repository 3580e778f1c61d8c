"""50 experts who each save a sheet of scores every second, on SQLite and on PostgreSQL: none lost, none doubled.

Beside it, at the same pace in the same run, an authenticated request that commits one trivial row (a message
marked as read). EXPERTS_SECONDS shortens the minute; the trivial requests run half as long.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, text

from app import clock
from app.accounts.models import Message, User
from app.audit import Event
from app.extensions import db, unit_of_work
from app.publication.models import Recruitment
from app.review.forms import score_lines
from evaluation.models import ItemScore, ScoreSheet
from tests.harness.postgres import Cluster, PostgresUnavailable
from tools.bench._cast import Cast, build
from tools.bench.figures import Figure
from tools.bench.pages import ROOT, _app, _filled, _server

EXPERTS, VENDORS, INTERVAL = 50, 8, 1.0
#: The aim: within three times the trivial request.
TIMES = 3.0


def measure() -> Iterator[Figure]:
    """A minute of experts on each database, then half of trivial requests."""
    seconds = float(os.environ.get("EXPERTS_SECONDS", "60"))
    with tempfile.TemporaryDirectory() as folder:
        yield from _experts("sqlite", Path(folder), "", seconds)
    try:
        cluster = Cluster()
    except PostgresUnavailable:
        print("   no PostgreSQL here: its figures are left out")
        return
    cluster.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            yield from _experts("postgresql", Path(folder), cluster.create("bench"), seconds)
    finally:
        cluster.stop()


def _experts(kind: str, folder: Path, url: str, seconds: float) -> Iterator[Figure]:
    app = _app(folder, url)
    with app.app_context():
        cast = build(app, vendors=VENDORS, experts=EXPERTS)
        saves = [_saves(cast, number) for number in range(EXPERTS)]
        trivial = _trivial(cast, round(seconds / 2 / INTERVAL) + 2)
        if url:
            with db.engine.begin() as connection:
                connection.execute(text("ANALYZE"))
        db.session.remove()
        db.engine.dispose()
    with _server(folder, url) as port:
        _run(folder, port, [{**one, "requests": one["requests"][:1]} for one in trivial], 2)  # pools fill first
        saved = _run(folder, port, saves, seconds)
        plain = _run(folder, port, [{**one, "requests": one["requests"][1:]} for one in trivial], seconds / 2)
    with app.app_context():
        lost, doubled = _compare(saved["acknowledged"])
        db.session.remove()
        db.engine.dispose()
    problems = saved["problems"] + plain["problems"]
    for problem in problems[:3]:
        print("  ", problem)
    yield Figure(f"{kind}: {EXPERTS} experts, saves", len(saved["latencies"]), f"in {seconds:g} s")
    yield Figure("    … acknowledged and not stored", lost, at_most=0)
    yield Figure("    … stored more often than acknowledged", doubled, at_most=0)
    yield Figure("    … refused or without an answer", len(problems), at_most=0)
    for share in (50, 99):
        yield Figure(f"    … {share} of 100 within", _within(saved["latencies"], share), "ms")
        yield Figure("    … one trivial row, the same share within", _within(plain["latencies"], share), "ms")
    times = _within(saved["latencies"], 99) / _within(plain["latencies"], 99)
    yield Figure("    … 99 of 100: saves to trivial rows", times, "times", at_most=TIMES)


def _within(latencies: list[float], share: int) -> float:
    return latencies[min(len(latencies) - 1, len(latencies) * share // 100)]


def _saves(cast: Cast, number: int) -> dict[str, Any]:
    row = db.session.scalars(select(Recruitment).where(Recruitment.public_id == cast.recruitment)).one()
    assert row.review is not None
    lines = score_lines(row.review)
    requests = []
    for place, sheet in enumerate(cast.sheets[number]):
        form = _filled(lines, full=not place % 2)
        form[f"remark-{lines[0]['key']}"] = ["样例第 {turn} 次"]
        path = f"/recruitments/{cast.recruitment}/review/score/{sheet}"
        requests.append({"path": path, "form": form})
    return {"cookie": cast.cookies[f"expert{number + 1}"], "token": cast.token, "requests": requests}


def _trivial(cast: Cast, turns: int) -> list[dict[str, Any]]:
    """For each expert as many unread messages as it will be asked to mark."""
    clients = []
    for number in range(1, EXPERTS + 1):
        user = db.session.scalars(select(User).where(User.login == f"bench-expert{number}")).one()
        with unit_of_work() as session:
            rows = [
                Message(user_id=user.id, kind="sample", subject="样例消息", sent_at=clock.now())
                for _ in range(turns)
            ]
            session.add_all(rows)
        requests = [{"path": f"/messages/{row.public_id}", "form": {}} for row in rows]
        clients.append({"cookie": cast.cookies[f"expert{number}"], "token": cast.token, "requests": requests})
    return clients


def _run(folder: Path, port: int, clients: list[dict[str, Any]], seconds: float) -> dict[str, Any]:
    spec = folder / "paced.json"
    spec.write_text(
        json.dumps(
            {"host": "127.0.0.1", "port": port, "seconds": seconds, "interval": INTERVAL, "clients": clients}
        )
    )
    command = [sys.executable, "-m", "tools.bench._paced", spec]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _compare(acknowledged: dict[str, list[int]]) -> tuple[int, int]:
    """How many acknowledged saves the database does not show, and how many it shows beyond them.

    A sheet's version rises by one with each save, the log has an event for each, and the remark tells which
    was the last.
    """
    sheets = {
        row.public_id: row
        for row in db.session.scalars(select(ScoreSheet).where(ScoreSheet.version > 1))
    }
    events: dict[str, int] = dict(
        db.session.execute(
            select(Event.subject_ref, func.count()).where(Event.kind == "score.saved").group_by(Event.subject_ref)
        ).all()
    )
    remarks: dict[int, set[str]] = {}
    for sheet_id, remark in db.session.execute(select(ItemScore.sheet_id, ItemScore.remark)):
        remarks.setdefault(sheet_id, set()).add(remark)
    lost = doubled = 0
    for path, (count, turn) in acknowledged.items():
        ref = path.rsplit("/", 1)[1]
        sheet = sheets.pop(ref, None)
        stored = sheet.version - 1 if sheet is not None else 0
        logged = events.get(ref, 0)
        lost += max(0, count - stored) + max(0, count - logged)
        doubled += max(0, stored - count) + max(0, logged - count)
        if sheet is not None and f"样例第 {turn} 次" not in remarks[sheet.id]:
            lost += 1
    return lost, doubled + len(sheets)


if __name__ == "__main__":
    for figure in measure():
        print(figure.line())
