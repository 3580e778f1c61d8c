"""The desk in a real browser: autosave with its visible state, two tabs, the keyboard, and axe."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect

from app.accounts.models import User
from app.extensions import db
from app.review import actions, scoring
from evaluation.models import QualificationSheet, ScoreSheet
from tests import factories
from tests.app.review.room import Room, judge_all, make_room
from tests.harness.browser import assert_accessible

pytestmark = pytest.mark.database("sqlite")
# The browser starts its PDF viewer beside the form: on a busy machine that takes its time.
expect.set_options(timeout=20_000)


def enter(page: Page, client: FlaskClient, address: str, user: User) -> None:
    """Hand the session of the test client to the browser."""
    factories.login(client, user)
    cookie = client.get_cookie("yinzhao")
    assert cookie is not None
    page.context.add_cookies([{"name": "yinzhao", "value": cookie.value, "url": address}])


def begun(vendors: int = 3, *, scores: bool = False) -> Room:
    room = make_room(vendors)
    actions.start_qualification(actor=room.staff(), recruitment=room.recruitment)
    if scores:
        judge_all(room)
        scoring.start_scoring(actor=room.staff(), recruitment=room.recruitment)
    return room


def test_the_sheet_saves_itself_and_says_what_is_left(
    app: Flask, client: FlaskClient, live_server: str, page: Page
) -> None:
    with app.app_context():
        room = begun()
        sheet = room.sheet(QualificationSheet, 1, 2)
        address = f"{live_server}{room.base}/qualification/{sheet.public_id}"
        enter(page, client, live_server, room.experts[0])
        db.session.remove()
    page.goto(f"{live_server}{room.base}/desk")
    assert_accessible(page)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(address)
    page.check("input[name=passed-1][value=yes]")
    expect(page.locator("#save-state")).to_contain_text("已保存")
    page.check("input[name=passed-2][value=no]")
    expect(page.locator("#save-state")).to_contain_text("请选择不通过的理由")
    page.select_option("#ground-2", "3")
    expect(page.locator("#save-state")).to_contain_text("已保存")
    expect(page.locator("#left-list")).to_contain_text("还差 3 项")
    page.fill("#remark-2", "第 9 项没有盖章")
    page.locator("#remark-2").blur()
    expect(page.locator("#left-list")).to_contain_text("还差 2 项")
    assert_accessible(page)
    page.reload()
    expect(page.locator("#remark-2")).to_have_value("第 9 项没有盖章")


def test_a_second_tab_is_told_what_the_first_one_saved(
    app: Flask, client: FlaskClient, live_server: str, page: Page
) -> None:
    with app.app_context():
        room = begun(scores=True)
        sheet = room.sheet(ScoreSheet, 2, 1)
        address = f"{live_server}{room.base}/score/{sheet.public_id}"
        enter(page, client, live_server, room.experts[1])
        db.session.remove()
    page.goto(address)
    second = page.context.new_page()
    second.goto(address)
    remark = "input[name^=remark-] >> nth=0"
    page.fill(remark, "甲")
    page.locator(remark).blur()
    expect(page.locator("#save-state")).to_contain_text("已保存")
    second.fill(remark, "乙")
    second.locator(remark).blur()
    expect(second.locator("#flash")).to_contain_text("您刚才提交的内容")
    expect(second.locator("#save-state")).to_contain_text("未保存")
    assert_accessible(page)
