"""The pages after the ranking in a browser: nothing serious for the accessibility check, usable by keyboard."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect

from app.extensions import db
from app.results import actions
from tests import factories
from tests.app.results.house import END, START, House, make_house, owe, to_notices
from tests.harness.browser import assert_accessible

pytestmark = [pytest.mark.e2e, pytest.mark.database("sqlite")]


def enter(page: Page, client: FlaskClient, address: str, user) -> None:
    """Log in with the quick client and give the browser its cookie."""
    factories.login(client, user)
    cookie = client.get_cookie("yinzhao")
    assert cookie is not None
    page.context.add_cookies([{"name": "yinzhao", "value": cookie.value, "url": address}])


def complained(house: House) -> str:
    """A house with an objection, a complaint, a split fee and a proposal; returns the objection's id."""
    owe(house, "100.01")
    actions.split_fees(**house.as_staff())
    row = actions.record_paper(
        **house.as_staff(
            organisation=house.vendors[2],
            subject="result",
            text="第一名的案例不属实",
            received_at=factories.moment(START),
            against=house.candidate(1),
        )
    )
    actions.record_complaint(
        **house.as_staff(complainant="样例投诉人", authority="样例监管局", text="对答复不服", received_on=END)
    )
    actions.terminate(**house.as_supervisor(reason="样例提请"))
    return str(row.public_id)


def test_staff_and_vendor_find_no_barrier_and_a_step_is_confirmed_in_words(
    app: Flask, client: FlaskClient, live_server: str, page: Page, clock
) -> None:
    house = make_house(clock)
    to_notices(house, clock)
    objection = complained(house)
    base = f"{live_server}{house.base}"
    leave = f"candidates/{house.candidate(2).public_id}/leave"
    vendor = house.members[0]
    enter(page, client, live_server, house.people["staff"])
    db.session.rollback()
    for path in (
        "result",
        "award",
        "notices",
        leave,
        "objections",
        f"objections/{objection}",
        "contracts",
        "fees",
        "decisions",
    ):
        page.goto(f"{base}/{path}")
        expect(page.locator("h1")).to_be_visible()
        assert_accessible(page)
    page.get_by_text("不同意", exact=True).click()
    expect(page.get_by_text("提请作废")).to_be_visible()
    page.locator("details[open] textarea").fill("理由不充分")
    page.get_by_role("button", name="确认不同意").click()
    expect(page.locator("#flash")).to_contain_text("没有办理")
    page.context.clear_cookies()
    enter(page, client, live_server, vendor)
    db.session.rollback()
    for path in ("result/mine", "objections/new"):
        page.goto(f"{base}/{path}")
        assert_accessible(page)
