"""Every page that somebody reaches by following links: answered, complete, ours alone, accessible, no dead end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask

from app import create_app
from app.extensions import db
from tests.e2e.checks import check_page, problems
from tests.e2e.crawl import Routes, Visit, cookies, crawl
from tests.harness.client import FormClient
from tests.harness.server import serve
from tests.world import PERSONAS, build

pytestmark = [pytest.mark.e2e, pytest.mark.database("sqlite")]

MOST = 120
#: Stage of the world → whose pages are judged by axe there; every page is judged by its HTML in each.
STAGES = {"published": ("publication.", "responses.", "portal."), "scoring": ("review.",), "integration": ("",)}


@dataclass
class House:
    """The application with a built world, and a cookie per persona."""

    app: Flask
    cookies: dict[str, str]


@pytest.fixture
def house(settings: Any, request: pytest.FixtureRequest) -> Iterator[House]:
    """Background work stays undone, so that its pages show it under way."""
    app = create_app(settings.model_copy(update={"jobs": "off"}))
    app.test_client_class = FormClient
    with app.app_context():
        found = cookies(app, build(request.param))
        db.session.remove()
    yield House(app, found)
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def _visits(house: House) -> dict[str, list[Visit]]:
    routes, found = Routes(house.app), {}
    for persona in PERSONAS:
        client = house.app.test_client()
        if persona in house.cookies:
            client.set_cookie("yinzhao", house.cookies[persona])
        found[persona] = list(crawl(client, routes, most=MOST))
    return found


@pytest.mark.parametrize(("house", "judged"), STAGES.items(), indirect=["house"])
def test_every_page_that_somebody_reaches(house: House, judged: tuple[str, ...], browser: Any) -> None:
    routes, wrong = Routes(house.app), []
    visits = _visits(house)
    for persona, found in visits.items():
        assert len(found) > 5, persona
        for visit in found:
            where = f"{persona} {visit.path} (from {visit.came_from or 'the start'})"
            if visit.status != 200:
                wrong.append(f"{where}: {visit.status}")
            elif visit.html is not None:
                wrong += [f"{where}: {one}" for one in problems(visit.html, routes=routes.answers)]
    wrong += _judge(house, visits, judged, browser)
    assert wrong == [], "\n".join(wrong)


def _judge(house: House, visits: dict[str, list[Visit]], judged: tuple[str, ...], browser: Any) -> list[str]:
    """Each route once, in the browser of the first persona who reaches it."""
    done: set[str] = set()
    wrong = []
    with serve(house.app) as address:
        for persona, found in visits.items():
            context = browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai")
            if persona in house.cookies:
                context.add_cookies([{"name": "yinzhao", "value": house.cookies[persona], "url": address}])
            page = context.new_page()
            for visit in found:
                if visit.html is None or visit.status != 200 or visit.endpoint in done:
                    continue
                if not visit.endpoint.startswith(judged):
                    continue
                done.add(visit.endpoint)
                page.goto(address + visit.path)
                try:
                    check_page(page)
                except AssertionError as error:
                    wrong.append(f"{persona}: {error}")
            context.close()
    assert len(done) > 3
    return wrong
