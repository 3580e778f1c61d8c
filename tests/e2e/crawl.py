"""Following the links of a person's pages, breadth first, one page per route and shape of query."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from sqlalchemy import select
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from app.accounts.models import User
from app.extensions import db
from tests.e2e.checks import read
from tests.world import PERSONAS, World

STARTS = ("/", "/work", "/messages")


@dataclass(frozen=True)
class Visit:
    """One answer on the way; `html` is None for what is no page."""

    path: str
    endpoint: str
    status: int
    html: str | None
    came_from: str


def cookies(app: Flask, world: World) -> dict[str, str]:
    """A logged-in cookie per persona."""
    serializer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert serializer is not None
    found = {}
    for persona in PERSONAS[1:]:
        user = db.session.scalars(select(User).where(User.public_id == world.own.people[persona])).one()
        found[persona] = serializer.dumps({"_user_id": user.get_id(), "_fresh": True, "_permanent": True})
    return found


class Routes:
    """The application's addresses."""

    def __init__(self, app: Flask) -> None:
        self._adapter = app.url_map.bind("localhost")

    def answers(self, method: str, path: str) -> bool:
        """True where a route takes this method at this path."""
        try:
            self._adapter.match(path, method=method)
        except RequestRedirect:
            return True
        except HTTPException:
            return False
        return True

    def endpoint(self, path: str) -> str:
        """The endpoint of a path, "" for none."""
        try:
            return str(self._adapter.match(path, method="GET")[0])
        except (HTTPException, RequestRedirect):
            return ""


def crawl(client: Any, routes: Routes, *, most: int, each: int = 1) -> Iterator[Visit]:
    """Visit at most `most` pages, of one route with one set of query names at most `each`."""
    waiting = deque((start, "") for start in STARTS)
    seen: set[str] = set()
    shapes: dict[tuple[str, tuple[str, ...]], int] = {}
    visited = 0
    while waiting and visited < most:
        path, came_from = waiting.popleft()
        parts = urlsplit(path)
        endpoint = routes.endpoint(parts.path)
        names = tuple(sorted(piece.split("=")[0] for piece in parts.query.split("&") if piece))
        shape = (endpoint or parts.path, names)
        if path in seen or shapes.get(shape, 0) >= each or endpoint == "static":
            continue
        seen.add(path)
        shapes[shape] = shapes.get(shape, 0) + 1
        visited += 1
        answer = client.get(path, follow_redirects=True)
        is_page = answer.mimetype == "text/html"
        html = answer.get_data(as_text=True) if is_page else None
        landed = routes.endpoint(answer.request.path) or endpoint
        yield Visit(path, landed, answer.status_code, html, came_from)
        if html is not None:
            base = answer.request.full_path.rstrip("?")
            waiting.extend((_joined(base, link), path) for link in read(html).links if not link.startswith("#"))


def _joined(base: str, link: str) -> str:
    return urljoin(base, link).split("#")[0]
