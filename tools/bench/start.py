"""How long a prepared service takes from the command to its first answer."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tools.bench.figures import Figure

YINZHAO = Path(sys.executable).with_name("yinzhao")


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _until_answer(process: subprocess.Popen[bytes], address: str, patience: float) -> None:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode} before it answered")
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{address} answered {error.code}") from error
        except OSError:
            time.sleep(0.02)
    raise RuntimeError(f"no answer from {address} in {patience:g} s")


def measure() -> Iterator[Figure]:
    """Start on a prepared, empty database; the promise is that of a second `make run`."""
    with tempfile.TemporaryDirectory() as folder:
        port = _free_port()
        environment = {
            **{key: value for key, value in os.environ.items() if key != "DATABASE_URL"},
            "YINZHAO_DATA": folder,
            "PORT": str(port),
        }
        subprocess.run([YINZHAO, "db", "upgrade"], env=environment, check=True, capture_output=True)
        started = time.monotonic()
        with subprocess.Popen(
            [YINZHAO, "serve"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            try:
                _until_answer(process, f"http://127.0.0.1:{port}/", 30)
                yield Figure("start: command to first answer", time.monotonic() - started, "s", at_most=5)
            finally:
                process.terminate()
