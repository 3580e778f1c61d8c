"""The portal and the reports on uploaded files in a real browser, judged by axe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect

from app.extensions import db
from tests import factories
from tests.app.responses.hall import make_hall, pdf
from tests.app.verification.papers import changed, papers
from tests.e2e.checks import check_page

pytestmark = [pytest.mark.e2e, pytest.mark.database("sqlite")]


def test_a_visitor_and_a_vendor_read_reports(
    app: Flask, client: FlaskClient, live_server: str, page: Page, clock: Any, tmp_path: Path
) -> None:
    with app.app_context():
        hall = make_hall()
        made = papers(clock.now)
        ofd = made.ofd()
        twin = changed(ofd, lambda files: files.update({"added.xml": b"<a/>", "OFD.xml": files["OFD.xml"] + b" "}))
        hall.add("1", ofd, "承诺书.ofd")
        hall.add("2", twin, "改动.ofd")
        hall.add("2", pdf(), "执照扫描件.pdf")
        workspace = f"{live_server}/r/{hall.recruitment.public_id}/response"
        check = f"{live_server}/responses/{hall.response.public_id}/check"
        factories.login(client, hall.user)
        db.session.remove()
    (tmp_path / "承诺书.ofd").write_bytes(ofd)
    (tmp_path / "改动.ofd").write_bytes(twin)
    (tmp_path / "notes.txt").write_text("hello")

    page.goto(live_server)
    page.get_by_role("navigation", name="主导航").get_by_role("link", name="验真").click()
    check_page(page)
    for name, word in (("notes.txt", "文件不是 OFD"), ("改动.ofd", "无效"), ("承诺书.ofd", "试用有效")):
        page.goto(f"{live_server}/verify")
        page.get_by_label("要验证的文件").set_input_files(tmp_path / name)
        page.get_by_role("main").get_by_role("button", name="验证", exact=True).click()
        expect(page.get_by_text(word).first).to_be_visible()
        check_page(page)
    stamp = page.get_by_role("img", name="印章图案")
    assert stamp.evaluate("image => image.complete && image.naturalWidth > 0")
    with page.expect_download() as download:
        page.get_by_role("link", name="下载报告（PDF）").click()
    assert download.value.suggested_filename.endswith(".pdf")

    cookie = client.get_cookie("yinzhao")
    assert cookie is not None
    page.context.add_cookies([{"name": "yinzhao", "value": cookie.value, "url": live_server}])
    page.goto(check)
    check_page(page)
    page.goto(workspace)
    check_page(page)
    for link, word in (
        ("有电子签章（试用有效）", "样例制章单位"),
        ("有电子签章（无效）", "受保护的文件"),
        ("没有电子签章", "没有找到电子签章"),
    ):
        page.goto(workspace)
        page.get_by_role("link", name=link).first.click()
        expect(page.get_by_text(word).first).to_be_visible()
        check_page(page)
