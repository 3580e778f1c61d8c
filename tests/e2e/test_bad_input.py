"""What goes wrong on a vendor's and a clerk's screen: twice, back, late, two tabs, a browser that dies at 90 %."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page, Route, expect
from sqlalchemy import select

from app.extensions import db
from app.responses import counter
from app.responses.models import PaperArrival, ResponseFile, Submission
from tests import factories
from tests.app.responses.hall import Hall, make_hall, pdf
from tests.e2e.checks import check_page
from tests.e2e.theatre import fill, press, told
from tests.harness.browser import assert_accessible

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.database("sqlite"),
    pytest.mark.xdist_group("recruitment"),
]
expect.set_options(timeout=20_000)
CHUNK = 64 * 1024


def enter(page: Page, client: FlaskClient, address: str, user: Any) -> None:
    """Hand the session of the test client to the browser."""
    factories.login(client, user)
    cookie = client.get_cookie("yinzhao")
    assert cookie is not None
    page.context.add_cookies([{"name": "yinzhao", "value": cookie.value, "url": address}])


def submissions(app: Flask) -> list[tuple[int, str]]:
    """What was received, in order."""
    with app.app_context():
        rows = db.session.scalars(select(Submission).order_by(Submission.number)).all()
        found = [(row.number, row.kind) for row in rows]
        db.session.remove()
    return found


@pytest.fixture
def hall(app: Flask, client: FlaskClient, live_server: str, page: Page, clock: Any) -> Hall:
    """A vendor with one file in its package, in front of its browser."""
    with app.app_context():
        found = make_hall()
        found.add()
        found.check = f"{live_server}/responses/{found.response.public_id}/check"  # type: ignore[attr-defined]
        found.base = f"{live_server}/r/{found.recruitment.public_id}"  # type: ignore[attr-defined]
        enter(page, client, live_server, found.user)
        db.session.commit()
        db.session.remove()
    return found


def test_back_and_twice_and_an_old_tab_submit_once(app: Flask, hall: Any, page: Page) -> None:
    old = page.context.new_page()
    old.goto(hall.check)
    page.goto(hall.base + "/response")
    page.goto(hall.check)
    page.get_by_label("确认内容项").check()
    # Both clicks come before the answer: the second is not sent.
    page.get_by_role("button", name="递交", exact=True).dblclick()
    told(page, "服务器收到时间")
    assert submissions(app) == [(1, "submit")]
    page.go_back()
    expect(page.locator("main")).to_contain_text("完全相同，无需重复递交")
    expect(page.get_by_role("button", name="递交", exact=True)).to_have_count(0)
    check_page(page)
    old.get_by_label("确认内容项").check()
    press(old, "递交")
    expect(old.locator("main")).to_contain_text("与已递交的第 1 号完全相同")
    assert_accessible(old)
    assert submissions(app) == [(1, "submit")]


def test_a_page_that_stood_past_the_closing_time_says_so(app: Flask, hall: Any, page: Page, clock: Any) -> None:
    page.goto(hall.check)
    page.get_by_label("确认内容项").check()
    with app.app_context():
        closes = db.session.merge(hall.recruitment).closes_at
        db.session.remove()
    clock.set(closes + timedelta(seconds=1))
    press(page, "递交")
    expect(page.locator("main")).to_contain_text("不在响应文件递交时间内")
    assert_accessible(page)
    assert submissions(app) == []


def test_a_package_that_changed_in_another_tab_is_not_submitted_unseen(app: Flask, hall: Any, page: Page) -> None:
    page.goto(hall.check)
    page.get_by_label("确认内容项").check()
    with app.app_context():
        hall.user, hall.response = db.session.merge(hall.user), db.session.merge(hall.response)
        hall.vendor = factories.actor(hall.user, "vendor")
        hall.add(item="2", name="另一份.pdf")
        db.session.remove()
    press(page, "递交")
    expect(page.locator("main")).to_contain_text("您刚才提交的内容")
    assert_accessible(page)
    assert submissions(app) == []


def test_two_clerks_correct_one_arrival(
    app: Flask, client: FlaskClient, live_server: str, page: Page, clock: Any
) -> None:
    with app.app_context():
        hall = make_hall()
        people = factories.staffed(hall.recruitment)
        row = counter.register_arrival(
            actor=factories.actor(people["staff"], "staff"), recruitment=hall.recruitment,
            organisation=hall.organisation, copies=1, sealed=True, envelope_ok=True,
        )
        address = f"{live_server}/arrivals/{row.public_id}"
        enter(page, client, live_server, people["staff"])
        db.session.commit()
        db.session.remove()
    page.goto(address)
    second = page.context.new_page()
    second.goto(address)
    for tab, copies in ((page, "2"), (second, "3")):
        fill(tab, copies=copies, reason="点数有误")
        press(tab, "保存更正")
    told(page, "登记已更正")
    expect(second.locator("main")).to_contain_text("现在保存的内容")
    expect(second.locator("main")).to_contain_text("您刚才提交的内容")
    assert_accessible(second)
    with app.app_context():
        assert db.session.scalars(select(PaperArrival)).one().copies == 2
        db.session.remove()


def test_an_upload_goes_on_after_the_browser_died_at_90_percent(
    app: Flask, hall: Any, page: Page, tmp_path: Path
) -> None:
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update={"chunk_bytes": CHUNK})
    data = pdf(2, pad=10 * CHUNK)
    source = tmp_path / "服务方案.pdf"
    source.write_bytes(data)
    sent: list[int] = []

    def breaks(route: Route) -> None:
        offset = int(route.request.url.rsplit("=", 1)[-1])
        if offset >= 9 * CHUNK:
            route.abort()
        else:
            sent.append(offset)
            route.continue_()

    dying = page.context.new_page()
    dying.route("**/uploads/*offset=*", breaks)
    dying.goto(hall.base + "/response")
    _choose(dying, source)
    expect(dying.locator("#item-8 [data-list]")).to_contain_text("连接中断，正在重试")
    dying.close(run_before_unload=False)
    assert sent == [number * CHUNK for number in range(9)]
    page.on("request", lambda request: sent.append(request.url) if request.method == "PUT" else None)
    page.goto(hall.base + "/response")
    expect(page.locator("main")).to_contain_text("从断开的地方继续")
    check_page(page)
    sent.clear()
    _choose(page, source)
    expect(page.locator("#item-8 .package-file")).to_have_text("服务方案.pdf")
    assert len(sent) == 2, "only what was missing is sent again"
    with app.app_context():
        file = db.session.scalars(select(ResponseFile).where(ResponseFile.item == "8")).one()
        assert (file.sm3, file.size) == (hashlib.new("sm3", data).hexdigest(), len(data))
        db.session.remove()


def _choose(page: Page, source: Path) -> None:
    form = page.locator("#item-8 form[data-upload]")
    form.locator("input[type=file]").set_input_files(source)
    form.get_by_role("button", name="上传", exact=True).click()
