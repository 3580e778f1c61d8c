"""The service as it runs on PostgreSQL: several processes that answer and work through the outbox."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from app import create_app
from app.accounts.notify import send_mail
from app.config import Settings
from app.extensions import db, unit_of_work

ROOT = Path(__file__).resolve().parents[2]
GUNICORN = Path(sys.executable).with_name("gunicorn")


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextmanager
def _running(environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [GUNICORN, "-c", "deploy/gunicorn.conf.py", "app:create_app()"],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _health(process: subprocess.Popen[bytes], port: int) -> dict[str, str]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            assert process.stdout is not None
            pytest.fail(process.stdout.read().decode())
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/health", timeout=5) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return json.load(error)
        except OSError:
            time.sleep(0.1)
    pytest.fail("no answer in a minute")


def _executors(database_url: str) -> int:
    """How many processes have announced themselves as workers."""
    with psycopg.connect(database_url.replace("+psycopg", "")) as connection:
        row = connection.execute("SELECT count(*) FROM job_executor").fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.database("postgresql")
def test_the_processes_answer_and_do_what_was_ordered(settings: Settings, database_url: str) -> None:
    app = create_app(settings.model_copy(update={"jobs": "off"}))
    with app.app_context():
        with unit_of_work():
            send_mail("someone@example.invalid", "样例人员", subject="样例", body="样例")
        db.session.remove()
        db.engine.dispose()
    port = _free_port()
    environment = {
        "DATABASE_URL": database_url,
        "YINZHAO_DATA": str(settings.data),
        "PORT": str(port),
        "WEB_CONCURRENCY": "2",
        "YINZHAO_THREADS": "4",
    }
    with _running(environment) as process:
        assert _health(process, port)["status"] == "ok"
        deadline = time.monotonic() + 40
        while not (mails := list((settings.data / "mail").glob("*.eml"))) and time.monotonic() < deadline:
            time.sleep(0.2)
        # The other process may still be starting when the first has done the work.
        while _executors(database_url) < 2 and time.monotonic() < deadline:
            time.sleep(0.2)
    assert len(mails) == 1 and process.returncode == 0
    with psycopg.connect(database_url.replace("+psycopg", "")) as connection:
        schemas = {row[0] for row in connection.execute("SELECT schema_name FROM information_schema.schemata")}
    assert _executors(database_url) == 2
    # What docs/operations.md names for a restore.
    assert "dbos" in schemas


def test_sqlite_is_refused(tmp_path: Path) -> None:
    environment = {"DATABASE_URL": f"sqlite:///{tmp_path}/x.sqlite", "PORT": str(_free_port())}
    with _running(environment) as process:
        assert process.wait(30) != 0
        assert process.stdout is not None and "yinzhao serve" in process.stdout.read().decode()


@pytest.mark.parametrize("name", ["yinzhao.service", "yinzhao-postgresql.service"])
def test_the_units_start_what_there_is(name: str) -> None:
    text = (ROOT / "deploy" / name).read_text(encoding="utf-8")
    start = next(line for line in text.splitlines() if line.startswith("ExecStart="))
    program = start.removeprefix("ExecStart=/opt/yinzhao/.venv/bin/").split()[0]
    assert Path(sys.executable).with_name(program).exists()
    if "-c " in start:
        assert (ROOT / start.split("-c ")[1].split()[0]).exists()


def test_the_proxy_lets_the_largest_file_through() -> None:
    import re

    text = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    allowed = re.search(r"client_max_body_size (\d+)m;", text)
    assert allowed is not None
    assert int(allowed[1]) * 1024**2 >= Settings.model_fields["max_file_bytes"].default + 1024**2
