"""Clients side by side, in a process of their own: `python -m tools.bench._clients SPEC.json`.

The specification: host, port, seconds, versions by path, and per client the requests it makes in turn:
method, path, cookie, form. `{version}` in a form is the version that the last answer for this path gave.
Prints the rate, what went wrong, and the versions for the next run.
"""

from __future__ import annotations

import http.client
import json
import re
import sys
import threading
import time
import urllib.parse
from typing import Any

VERSION = re.compile(rb'id="sheet-version" value="(\d+)"')


class Client(threading.Thread):
    """One browser with a connection of its own."""

    def __init__(self, spec: dict[str, Any], requests: list[dict[str, Any]], until: float) -> None:
        super().__init__()
        self.spec, self.requests, self.until = spec, requests, until
        self.done = 0
        self.problems: list[str] = []
        self.versions: dict[str, str] = dict(spec.get("versions", {}))

    def touched(self, path: str) -> bool:
        """True where this client writes to the path: no other one does."""
        return any(request["path"] == path for request in self.requests)

    def run(self) -> None:
        connection = http.client.HTTPConnection(self.spec["host"], self.spec["port"], timeout=60)
        number = 0
        while time.monotonic() < self.until:
            request = self.requests[number % len(self.requests)]
            number += 1
            try:
                self._ask(connection, request)
            except (OSError, http.client.HTTPException) as error:
                self.problems.append(f"{request['path']}: {error!r}")
                connection.close()
        connection.close()

    def _ask(self, connection: http.client.HTTPConnection, request: dict[str, Any]) -> None:
        path, headers, body = request["path"], {}, None
        if request.get("cookie"):
            headers["Cookie"] = f"yinzhao={request['cookie']}"
        if request.get("form"):
            version = self.versions.get(path, "1")
            form = {
                key: [one.replace("{version}", version) for one in values]
                for key, values in request["form"].items()
            }
            body = urllib.parse.urlencode(form, doseq=True)
            headers |= {
                "Content-Type": "application/x-www-form-urlencoded",
                "HX-Request": "true",
                "X-CSRFToken": request["token"],
            }
        connection.request(request.get("method", "GET"), path, body=body, headers=headers)
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            self.problems.append(f"{path}: {answer.status} {content[:200]!r}")
            return
        if found := VERSION.search(content):
            self.versions[path] = found[1].decode()
        self.done += 1


def main(path: str) -> None:
    """Run what the file specifies."""
    with open(path, encoding="utf-8") as handle:
        spec = json.load(handle)
    until = time.monotonic() + spec["seconds"]
    clients = [Client(spec, requests, until) for requests in spec["clients"]]
    started = time.monotonic()
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    seconds = time.monotonic() - started
    problems = [problem for client in clients for problem in client.problems]
    versions: dict[str, str] = {}
    for client in clients:
        versions |= {path: version for path, version in client.versions.items() if client.touched(path)}
    rate = sum(client.done for client in clients) / seconds
    print(json.dumps({"rate": rate, "problems": problems, "versions": versions}))


if __name__ == "__main__":
    main(sys.argv[1])
