"""Clients that each ask once in every interval, whatever the answers take: `python -m tools.bench._paced SPEC.json`.

The specification: host, port, seconds, interval, and per client its cookie, token and requests in turn (path,
form; `{turn}` in a form is the number of the request, `{version}` the sheet's version as the last answer gave
it). A latency counts from the moment the request was due, so that waiting behind a slow one is not hidden.
Prints latencies in milliseconds, per path how many were acknowledged and which turn was the last, and problems.
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
import urllib.parse
from typing import Any

from tools.bench._clients import VERSION


class Paced(threading.Thread):
    """One person at one browser."""

    def __init__(self, spec: dict[str, Any], own: dict[str, Any], start: float) -> None:
        super().__init__()
        self.spec, self.own, self.start_at = spec, own, start
        self.latencies: list[float] = []
        self.acknowledged: dict[str, list[int]] = {}
        self.problems: list[str] = []
        self.versions: dict[str, str] = {}

    def run(self) -> None:
        interval, turn = self.spec["interval"], 0
        connection = http.client.HTTPConnection(self.spec["host"], self.spec["port"], timeout=60)
        while (due := self.start_at + turn * interval) < self.start_at + self.spec["seconds"]:
            time.sleep(max(0.0, due - time.monotonic()))
            request = self.own["requests"][turn % len(self.own["requests"])]
            try:
                self._ask(connection, request, turn)
            except (OSError, http.client.HTTPException) as error:
                self.problems.append(f"{request['path']}: {error!r}")
                connection.close()
            self.latencies.append(1000 * (time.monotonic() - due))
            turn += 1
        connection.close()

    def _ask(self, connection: http.client.HTTPConnection, request: dict[str, Any], turn: int) -> None:
        path = request["path"]
        version = self.versions.get(path, "1")
        form = {
            key: [one.replace("{turn}", str(turn)).replace("{version}", version) for one in values]
            for key, values in request["form"].items()
        }
        headers = {
            "Cookie": f"yinzhao={self.own['cookie']}",
            "Content-Type": "application/x-www-form-urlencoded",
            "HX-Request": "true",
            "X-CSRFToken": self.own["token"],
        }
        connection.request("POST", path, body=urllib.parse.urlencode(form, doseq=True), headers=headers)
        answer = connection.getresponse()
        content = answer.read()
        if answer.status not in (200, 303):
            self.problems.append(f"{path}: {answer.status} {content[:200]!r}")
            return
        if found := VERSION.search(content):
            self.versions[path] = found[1].decode()
        count, _ = self.acknowledged.get(path, [0, 0])
        self.acknowledged[path] = [count + 1, turn]


def main(path: str) -> None:
    """Run what the file specifies."""
    with open(path, encoding="utf-8") as handle:
        spec = json.load(handle)
    start = time.monotonic() + 0.5
    share = spec["interval"] / max(1, len(spec["clients"]))
    # Spread over the interval, as people are.
    clients = [Paced(spec, own, start + number * share) for number, own in enumerate(spec["clients"])]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    print(
        json.dumps(
            {
                "latencies": sorted(value for client in clients for value in client.latencies),
                "acknowledged": {key: value for client in clients for key, value in client.acknowledged.items()},
                "problems": [problem for client in clients for problem in client.problems],
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1])
