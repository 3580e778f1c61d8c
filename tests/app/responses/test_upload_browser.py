"""The workspace in a real browser: pieces with progress, a connection that breaks, and axe on every page."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page, Route, expect
from sqlalchemy import select

from app.extensions import db
from app.responses import counter
from app.responses.models import ResponseFile, Upload
from tests import factories
from tests.app.responses.hall import make_hall, pdf
from tests.harness.browser import assert_accessible
from tests.harness.pages import outside_addresses

pytestmark = [pytest.mark.e2e, pytest.mark.database("sqlite")]
CHUNK = 64 * 1024


def enter(page: Page, client: FlaskClient, address: str, user: Any) -> None:
    """Hand the session of the test client to the browser."""
    factories.login(client, user)
    cookie = client.get_cookie("yinzhao")
    assert cookie is not None
    page.context.add_cookies([{"name": "yinzhao", "value": cookie.value, "url": address}])


def test_an_upload_survives_a_broken_connection(
    app: Flask, client: FlaskClient, live_server: str, page: Page, clock: Any, tmp_path: Path
) -> None:
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update={"chunk_bytes": CHUNK})
    with app.app_context():
        hall = make_hall()
        base, response = f"/r/{hall.recruitment.public_id}/response", hall.response.public_id
        enter(page, client, live_server, hall.user)
        db.session.remove()
    data = pdf(3, pad=9 * CHUNK)
    source = tmp_path / "服务方案.pdf"
    source.write_bytes(data)
    broken: list[str] = []

    def breaks(route: Route) -> None:
        # The ninth piece arrives, but its answer is lost; then the line is down once more.
        if f"offset={8 * CHUNK}" in route.request.url and len(broken) < 2:
            broken.append(route.request.url)
            if len(broken) == 1:
                route.fetch()
            route.abort()
            return
        route.continue_()

    page.route("**/uploads/*offset=*", breaks)
    page.goto(live_server + base)
    assert_accessible(page)
    assert outside_addresses(page.content(), own_host=live_server.removeprefix("http://")) == []
    expect(page.locator("[data-left]")).to_contain_text("还有 12 天 08:")
    form = page.locator("#item-8 form[data-upload]")
    form.locator("input[type=file]").set_input_files(source)
    form.get_by_role("button", name="上传").click()
    expect(page.locator("#item-8 .package-file")).to_have_text("服务方案.pdf", timeout=30_000)
    assert len(broken) == 2
    with app.app_context():
        (file,) = db.session.scalars(select(ResponseFile))
        (upload,) = db.session.scalars(select(Upload))
        assert (file.sm3, file.size) == (hashlib.new("sm3", data).hexdigest(), len(data))
        assert upload.stage == "finished"
        db.session.remove()
    # A file that can't be taken says so beside its name, and the page stays.
    bad = tmp_path / "改名.pdf"
    bad.write_bytes(b"MZ not a pdf")
    form = page.locator("#item-1 form[data-upload]")
    form.locator("input[type=file]").set_input_files(bad)
    form.get_by_role("button", name="上传").click()
    expect(page.locator("#item-1 .upload-bad")).to_contain_text("只改文件名不起作用")
    page.goto(f"{live_server}/responses/{response}/check")
    assert_accessible(page)
    page.get_by_label("确认内容项").check()
    page.get_by_role("button", name="递交", exact=True).click()
    expect(page.get_by_text("回执（PDF）")).to_be_visible()
    assert_accessible(page)
    page.goto(f"{live_server}/responses/{response}/details")
    assert_accessible(page)


def test_the_organisers_pages_are_accessible(
    app: Flask, client: FlaskClient, live_server: str, page: Page, clock: Any
) -> None:
    with app.app_context():
        hall = make_hall()
        hall.add()
        hall.submit()
        people = factories.staffed(hall.recruitment)
        row = counter.register_arrival(
            actor=factories.actor(people["staff"], "staff"), recruitment=hall.recruitment,
            organisation=hall.organisation, copies=1, sealed=True, envelope_ok=False,
        )
        base, arrival = f"{live_server}/r/{hall.recruitment.public_id}", row.public_id
        enter(page, client, live_server, people["staff"])
        db.session.remove()
    for path in (f"{base}/responses", f"{base}/arrivals", f"{base}/opening", f"{base}/differences"):
        assert page.goto(path).ok  # type: ignore[union-attr]
        assert_accessible(page)
    page.goto(f"{live_server}/arrivals/{arrival}")
    assert_accessible(page)
