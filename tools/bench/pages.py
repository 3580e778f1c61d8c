"""Pages under load on both databases, as ratios to the login page of the same run; and their statements.

8 clients, 200 vendors, 5 experts, a server process of its own: `yinzhao serve` on SQLite, gunicorn on
PostgreSQL. The statements are counted with 10 and with 1,000 vendors.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from flask import Flask
from sqlalchemy import text

from app import create_app
from app.config import Settings
from app.extensions import db
from tests.harness.postgres import Cluster, PostgresUnavailable
from tests.harness.statements import counted_statements
from tools.bench._cast import Cast, build
from tools.bench.figures import Figure
from tools.bench.start import _free_port

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
CLIENTS, VENDORS, ROUNDS, SECONDS, WARM_UP = 8, 200, 5, 1.2, 0.8
LISTS = {
    "progress of the review": "/recruitments/{r}/review/progress",
    "responses": "/r/{r}/responses",
    "arrivals": "/r/{r}/arrivals",
    "integration board": "/r/{r}/integration/board",
    "dashboard": "/r/{r}/dashboard",
    "reminders": "/r/{r}/reminders",
    "log": "/r/{r}/log",
    "desk of an expert": "/recruitments/{r}/review/desk",
}


def measure() -> Iterator[Figure]:
    """Statements first, then the load on SQLite and on PostgreSQL."""
    with tempfile.TemporaryDirectory() as folder:
        yield from _statements(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        yield from _load("sqlite", Path(folder), "")
    try:
        cluster = Cluster()
    except PostgresUnavailable:
        print("   no PostgreSQL here: its figures are left out")
        return
    cluster.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            yield from _load("postgresql", Path(folder), cluster.create("bench"))
    finally:
        cluster.stop()


def _app(data: Path, url: str) -> Flask:
    from flask_migrate import upgrade

    app = create_app(Settings(data=data, database_url=url, rate_limits=False, jobs="off"))
    with app.app_context():
        upgrade(directory=str(ROOT / "migrations"))
    return app


def _statements(folder: Path) -> Iterator[Figure]:
    counts: dict[str, list[int]] = {name: [] for name in LISTS}
    for vendors in (10, 1000):
        app = _app(folder / str(vendors), "")
        with app.app_context():
            cast = build(app, vendors=vendors)
            db.session.remove()
            engine = db.engine
        for name, pattern in LISTS.items():
            client = app.test_client()
            client.set_cookie("yinzhao", cast.cookies["expert1" if "expert" in name else "staff"])
            with counted_statements(engine) as seen:
                answer = client.get(pattern.format(r=cast.recruitment))
            assert answer.status_code == 200, (name, answer.status_code)
            counts[name].append(len(seen))
        engine.dispose()
    for name, (few, many) in counts.items():
        yield Figure(f"statements: {name}, 1,000 vendors", many)
        yield Figure("    … more than with 10 vendors", many - few, at_most=0)


@contextmanager
def _server(data: Path, url: str) -> Iterator[int]:
    port = _free_port()
    environment = {
        **{key: value for key, value in os.environ.items() if not key.endswith("DATABASE_URL")},
        "YINZHAO_DATA": str(data),
        "PORT": str(port),
        "YINZHAO_RATE_LIMITS": "false",
        "YINZHAO_JOBS": "off",
        # As many threads as clients, in one process or in two.
        **({"DATABASE_URL": url, "WEB_CONCURRENCY": "2", "YINZHAO_THREADS": str(CLIENTS // 2)} if url else {}),
    }
    command = [BIN / "yinzhao", "serve"]
    if url:
        command = [BIN / "gunicorn", "-c", "deploy/gunicorn.conf.py", "app:create_app()"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            _wait(process, port)
            yield port
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/health", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the server did not answer in a minute")


def _run(
    folder: Path,
    port: int,
    clients: list[list[dict[str, Any]]],
    versions: dict[str, str],
    seconds: float = SECONDS,
) -> dict[str, Any]:
    spec = folder / "spec.json"
    facts = {"host": "127.0.0.1", "port": port, "seconds": seconds, "clients": clients, "versions": versions}
    spec.write_text(json.dumps(facts))
    done = subprocess.run(
        [sys.executable, "-m", "tools.bench._clients", spec], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    versions |= found["versions"]
    return found


def _load(kind: str, folder: Path, url: str) -> Iterator[Figure]:
    app = _app(folder, url)
    with app.app_context():
        cast = build(app, vendors=VENDORS)
        forms = _forms(cast)
        db.session.remove()
        db.engine.dispose()
    phases = {
        "login": [[{"path": "/login"}] for _ in range(CLIENTS)],
        "list": _same(cast, f"/r/{cast.recruitment}/responses", "staff"),
        "matrix": _same(cast, f"/recruitments/{cast.recruitment}/review/progress", "staff"),
        "desk": _same(cast, f"/recruitments/{cast.recruitment}/review/desk", "expert"),
        "sheet": [
            [{"path": request["path"], "cookie": request["cookie"]} for request in requests] for requests in forms
        ],
        "save": forms,
    }
    rates: dict[str, list[float]] = {name: [] for name in phases}
    problems: list[str] = []
    versions: dict[str, str] = {}
    with _server(folder, url) as port:
        for clients in phases.values():
            _run(folder, port, clients, versions, WARM_UP)  # templates, plans and pools fill first
        if url:
            # What autovacuum does where it is on: plans made while the tables were empty are made anew.
            with app.app_context(), db.engine.begin() as connection:
                connection.execute(text("ANALYZE"))
        # In turns, so that whatever else this machine does falls on all of them alike.
        for _round in range(ROUNDS):
            for name, clients in phases.items():
                found = _run(folder, port, clients, versions)
                rates[name].append(found["rate"])
                problems += found["problems"]
    for problem in problems[:3]:
        print("  ", problem)
    yield Figure(f"{kind}: login page", median(rates["login"]), "/s")
    for name, words, share in (
        ("list", "list of vendors", 1 / 8),
        ("matrix", "list of vendors with each expert's progress", 1 / 8),
        ("desk", "scoring desk", 1 / 5),
        ("sheet", "scoring desk, one sheet with its documents", None),
        ("save", "saving a sheet of all scores", 1 / 4),
    ):
        yield Figure(f"{kind}: {words}", median(rates[name]), "/s")
        # Each against the login page of its own round: a neighbour's load falls on both.
        shares = [one / login for one, login in zip(rates[name], rates["login"], strict=True)]
        yield Figure("    … of the login page", median(shares), at_least=share)
    yield Figure(f"{kind}: failed requests", len(problems), at_most=0)


def _same(cast: Cast, path: str, who: str) -> list[list[dict[str, Any]]]:
    names = [name for name in cast.cookies if name.startswith(who)]
    return [[{"path": path, "cookie": cast.cookies[names[number % len(names)]]}] for number in range(CLIENTS)]


def _forms(cast: Cast) -> list[list[dict[str, Any]]]:
    """Each client writes on sheets of its own, again and again with other scores."""
    from sqlalchemy import select

    from app.publication.models import Recruitment
    from app.review.forms import score_lines

    row = db.session.scalars(select(Recruitment).where(Recruitment.public_id == cast.recruitment)).one()
    assert row.review is not None
    lines = score_lines(row.review)
    experts = len(cast.sheets)
    clients = []
    for number in range(CLIENTS):
        expert = number % experts
        own = cast.sheets[expert][number // experts :: -(-CLIENTS // experts)]
        requests = []
        for round_ in range(2):
            for sheet in own[:20]:
                requests.append(
                    {
                        "method": "POST",
                        "path": f"/recruitments/{cast.recruitment}/review/score/{sheet}",
                        "cookie": cast.cookies[f"expert{expert + 1}"],
                        "token": cast.token,
                        "form": _filled(lines, full=not round_),
                    }
                )
        clients.append(requests)
    return clients


def _filled(lines: list[dict[str, Any]], *, full: bool) -> dict[str, list[str]]:
    form: dict[str, list[str]] = {"version": ["{version}"]}
    for line in lines:
        key = line["key"]
        if line["rule"] == "elements":
            elements = [element["id"] for element in line["elements"]]
            form[f"element-{key}"] = elements if full else elements[:1]
        elif line["rule"] == "count":
            form[f"cases-{key}"] = ["样例项目甲\n样例项目乙" if full else "样例项目甲"]
        else:
            form[f"value-{key}"] = [str(line["points"]) if full else "0"]
        form[f"remark-{key}"] = ["见服务方案第 3 页"]
    return form
