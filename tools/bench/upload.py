"""Uploading half a gigabyte in pieces through the real server, against copying and hashing the same file."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

from app.config import Settings
from tools.bench.figures import Figure
from tools.bench.start import YINZHAO, _free_port, _until_answer

SIZE = 500 * 1024 * 1024
PIECE = 1024 * 1024
ROUNDS = 3
CHUNK = int(Settings.model_fields["chunk_bytes"].default)

#: Prepares an installation with a recruitment that takes responses, and a vendor; prints what a client needs.
SEED = """
import json, sys
from flask_migrate import upgrade
from app import clock, create_app
from app.responses.actions import begin
from tests import factories
app = create_app()
with app.app_context():
    upgrade(directory=sys.argv[1])
    recruitment = factories.make_recruitment(opens=clock.today())
    organisation, user = factories.make_vendor()
    response = begin(actor=factories.actor(user, "vendor"), recruitment=recruitment, organisation=organisation)
    print(json.dumps({"login": user.login, "password": factories.PASSWORD, "response": response.public_id}))
"""


def write_pdf(path: Path, size: int) -> None:
    """A readable PDF of one page that carries random bytes up to about the wanted size."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
    ]
    places = []
    with open(path, "wb") as target:
        target.write(b"%PDF-1.7\n")
        for number, body in enumerate(objects, 1):
            places.append(target.tell())
            target.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
        places.append(target.tell())
        target.write(b"4 0 obj\n<< /Length %d >>\nstream\n" % size)
        left = size
        while left > 0:
            left -= target.write(os.urandom(min(PIECE, left)))
        target.write(b"\nendstream\nendobj\n")
        start = target.tell()
        target.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1))
        for place in places:
            target.write(b"%010d 00000 n \n" % place)
        target.write(b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(places) + 1, start))


def copy_and_hash(source: Path, target: Path) -> tuple[float, str]:
    """Seconds for a plain copy plus an SM3 of the file, and the digest."""
    started = time.perf_counter()
    shutil.copyfile(source, target)
    digest = hashlib.new("sm3")
    with open(source, "rb") as handle:
        while piece := handle.read(PIECE):
            digest.update(piece)
    seconds = time.perf_counter() - started
    target.unlink()
    return seconds, digest.hexdigest()


class Client:
    """A browser's share of an upload: one kept connection, its cookies, its form token."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.cookies: dict[str, str] = {}
        self.token = ""

    def ask(self, method: str, path: str, body: bytes = b"", kind: str = "") -> tuple[int, bytes]:
        """One request; returns status and body."""
        headers = {"Accept": "application/json" if kind != "page" else "text/html", "X-CSRFToken": self.token}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if kind and kind != "page":
            headers["Content-Type"] = kind
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        for header in answer.headers.get_all("Set-Cookie") or []:
            for name, morsel in SimpleCookie(header).items():
                self.cookies[name] = morsel.value
        return answer.status, answer.read()

    def take_token(self, path: str) -> None:
        """Read the form token of a page."""
        _, page = self.ask("GET", path, kind="page")
        found = re.search(rb'name="csrf-token" content="([^"]+)"', page)
        assert found, path
        self.token = found.group(1).decode()

    def form(self, path: str, **fields: str) -> tuple[int, bytes]:
        """Post a form."""
        return self.ask("POST", path, urlencode(fields).encode(), "application/x-www-form-urlencoded")


def upload(client: Client, response: str, source: Path, chunk: int, mark: str) -> tuple[float, str]:
    """Seconds for the whole upload with its check, and the digest that the server took."""
    started = time.perf_counter()
    status, body = client.form(
        f"/responses/{response}/uploads",
        item="1", name=source.name, size=str(source.stat().st_size), fingerprint=mark,
    )
    assert status == 201, body
    path = "/uploads/" + json.loads(body)["upload"]
    at = 0
    with open(source, "rb") as handle:
        while piece := handle.read(chunk):
            status, body = client.ask("PUT", f"{path}?offset={at}", piece, "application/octet-stream")
            assert status == 200, body
            at = json.loads(body)["received"]
    status, body = client.ask("POST", f"{path}/finish")
    assert status == 200, body
    return time.perf_counter() - started, json.loads(body)["sm3"]


def memory(process: int, field: str) -> int:
    """A figure of the process's memory in bytes: VmRSS or VmHWM."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(re.search(rf"{field}:\s+(\d+)", status).group(1)) * 1024  # type: ignore[union-attr]


@contextmanager
def _serving(folder: Path) -> Iterator[tuple[int, int, dict[str, str]]]:
    """Port, process and people of a server on a fresh installation."""
    root, port = Path(__file__).resolve().parents[2], _free_port()
    environment = {
        **{key: value for key, value in os.environ.items() if key != "DATABASE_URL"},
        "YINZHAO_DATA": str(folder / "data"),
        "YINZHAO_JOBS": "off",
        "PORT": str(port),
    }
    seeded = subprocess.run(
        [sys.executable, "-c", SEED, str(root / "migrations")],
        env=environment, cwd=root, check=True, capture_output=True, text=True,
    )
    with subprocess.Popen(
        [YINZHAO, "serve"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            _until_answer(process, f"http://127.0.0.1:{port}/", 60)
            yield port, process.pid, json.loads(seeded.stdout.splitlines()[-1])
        finally:
            process.terminate()


def measure() -> Iterator[Figure]:
    """The best of three rounds each, so that a neighbour's load does not decide."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "sample.pdf"
        write_pdf(source, SIZE)
        with _serving(folder) as (port, process, people):
            client = Client(port)
            client.take_token("/login")
            status, _ = client.form("/login", login=people["login"], password=people["password"])
            assert status in (302, 303), status
            client.take_token("/account")
            # Logging in takes much memory by intent; the peak counts from here on.
            Path(f"/proc/{process}/clear_refs").write_text("5")
            before = memory(process, "VmRSS")
            plain, sent, digests = [], [], set()
            for number in range(ROUNDS):
                seconds, digest = copy_and_hash(source, folder / "copy.pdf")
                plain.append(seconds)
                digests.add(digest)
                seconds, digest = upload(client, people["response"], source, CHUNK, f"r{number}")
                sent.append(seconds)
                digests.add(digest)
            assert len(digests) == 1, "the server's digest differs"
            grown = memory(process, "VmHWM") - before
        megabytes = SIZE / 1024 / 1024
        yield Figure("upload: copy and SM3 of 500 MB", megabytes / min(plain), "MB/s")
        yield Figure("upload: 500 MB in pieces through the server", megabytes / min(sent), "MB/s")
        yield Figure("upload: share of copy and SM3", min(plain) / min(sent), at_least=0.5)
        yield Figure("upload: growth of the server's memory", grown / 1024 / 1024, "MB", at_most=64)
