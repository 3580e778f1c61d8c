"""The integration in a real browser: the vendor's workspace, the operator's decision, axe on every screen."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect

from app.acceptance import actions
from app.accounts.models import User
from app.extensions import db
from seal_core import PrivateKey, build_csr
from tests import factories
from tests.app.acceptance.hall import accept_all, make_hall
from tests.app.responses.test_content import pdf
from tests.harness.browser import assert_accessible
from tests.harness.clock import HandClock

pytestmark = [pytest.mark.e2e, pytest.mark.database("sqlite")]


def session_of(client: FlaskClient, user: User) -> str:
    """The cookie of a person who logged in."""
    factories.login(client, user)
    cookie = client.get_cookie("yinzhao")
    assert cookie is not None
    return cookie.value


def enter(page: Page, address: str, session: str) -> None:
    """Go on as the person of a session."""
    page.context.clear_cookies()
    page.context.add_cookies([{"name": "yinzhao", "value": session, "url": address}])


def test_a_vendor_proves_and_the_operator_accepts(
    app: Flask, client: FlaskClient, live_server: str, page: Page, tmp_path: Path, clock: HandClock
) -> None:
    key = PrivateKey.generate()
    (tmp_path / "证书.pdf").write_bytes(pdf())
    (tmp_path / "request.p10").write_bytes(build_csr(key, {"CN": "样例"}))
    with app.app_context():
        hall = make_hall()
        base = f"{live_server}{hall.base}"
        vendor, operator = (session_of(client, user) for user in (hall.vendors[0][1], hall.people["operator"]))
        db.session.remove()
    enter(page, live_server, vendor)
    page.goto(f"{base}/mine")
    expect(page.locator(".countdown")).to_contain_text("30")
    assert_accessible(page)
    page.get_by_role("link", name="密码标准与产品认证").click()
    page.get_by_label("说明").fill("证书见附件")
    page.set_input_files("input[name=file]", tmp_path / "证书.pdf")
    page.get_by_role("button", name="保存并提交验收").click()
    expect(page.locator("#flash")).to_contain_text("已提交验收")
    assert_accessible(page)
    item = page.url
    page.goto(f"{base}/my-certificates")
    page.set_input_files("input[name=csr_file]", tmp_path / "request.p10")
    page.get_by_role("button", name="提交并签发").click()
    expect(page.locator("#flash")).to_contain_text("已签发")
    with page.expect_download() as download:
        page.get_by_role("link", name="挑战文件").click()
    page.locator("textarea[name=signature]").fill(key.sign(Path(download.value.path()).read_bytes()).hex())
    page.get_by_role("button", name="验证签名").click()
    expect(page.locator("#flash")).to_contain_text("签名验证通过")
    assert_accessible(page)
    enter(page, live_server, operator)
    page.goto(item)
    page.get_by_role("button", name="通过", exact=True).click()
    expect(page.locator("#flash")).to_contain_text("验收项已通过")
    assert_accessible(page)
    page.goto(f"{base}/board")
    expect(page.locator("table")).to_contain_text("1 / 4")
    assert_accessible(page)


def test_no_screen_has_a_serious_fault(
    app: Flask, client: FlaskClient, live_server: str, page: Page, clock: HandClock
) -> None:
    with app.app_context():
        hall = make_hall()
        accept_all(hall, 2)
        actions.ask_extension(actor=hall.vendor(1), integration=hall.integration(1), days=5, reason="设备未到")
        actions.add_remark(actor=hall.vendor(1), state=hall.state(1, "std.1"), text="地址？")
        clock.set_local(2023, 9, 5, 9)
        base, one = f"{live_server}{hall.base}", hall.integration(1).public_id
        people = {name: session_of(client, hall.people[name]) for name in ("staff", "supervisor")}
        db.session.remove()
    enter(page, live_server, people["staff"])
    for path in ("board", "progress", "golive", "requirements", f"vendors/{one}", f"vendors/{one}/duties"):
        page.goto(f"{base}/{path}")
        expect(page.locator("h1")).to_be_visible()
        assert_accessible(page)
    enter(page, live_server, people["supervisor"])
    page.goto(f"{base}/vendors/{one}")
    page.get_by_text("决定", exact=True).click()
    page.get_by_role("button", name="同意", exact=True).click()
    expect(page.locator("#flash")).to_contain_text("已同意，截止日已重新计算")
    assert_accessible(page)
