"""The screens in a real browser: usable, accessible, nothing fetched from elsewhere."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from app.accounts.invitations import invite
from app.accounts.models import Organisation, User
from app.accounts.notify import remind
from app.audit import SYSTEM
from app.extensions import db
from app.publication.models import Recruitment
from tests import factories
from tests.factories import PASSWORD
from tests.harness.browser import assert_accessible
from tests.harness.pages import outside_addresses
from tests.world import build

pytestmark = [pytest.mark.e2e, pytest.mark.database("sqlite")]


def _login(page: Any, base: str, login: str) -> None:
    page.goto(f"{base}/login")
    page.get_by_label("登录名").fill(login)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url(lambda url: not url.endswith("/login"))


def _look(page: Any, base: str, *paths: str) -> None:
    for path in paths:
        answer = page.goto(base + path)
        assert answer.status == 200, path
        assert_accessible(page)
        assert outside_addresses(page.content(), own_host=base.removeprefix("http://")) == [], path


@pytest.fixture
def people(app: Any) -> dict[str, str]:
    """Logins by persona, and the ids that the addresses need."""
    with app.app_context():
        world = build("publicity")
        found = {"world": world}
        for persona in ("admin", "staff", "vendor"):
            ref = world.own.people[persona]
            found[persona] = db.session.scalars(select(User).where(User.public_id == ref)).one()
        query = select(Recruitment).where(Recruitment.public_id == world.own.ids["recruitment"])
        recruitment = db.session.scalars(query).one()
        remind(
            [found["vendor"]],
            kind="sample",
            subject="请补充材料",
            body="第 8 项尚未上传。",
            link="/account",
            recruitment=recruitment,
            actor=factories.actor(found["staff"], "staff"),
        )
        query = select(Organisation).where(Organisation.public_id == world.own.ids["organisation"])
        _, link = invite(
            purpose="member",
            email="",
            name="样例同事",
            organisation=db.session.scalars(query).one(),
            actor=SYSTEM,
        )
        return {
            "admin": found["admin"].login,
            "staff": found["staff"].login,
            "vendor": found["vendor"].login,
            "person": world.own.people["staff"],
            "recruitment": world.own.ids["recruitment"],
            "organisation": world.own.ids["organisation"],
            "link": link[link.index("/invitations/") :],
        }


def test_a_vendor_registers_and_runs_its_house(page: Any, live_server: str, people: dict[str, str]) -> None:
    _look(page, live_server, "/login", "/register", people["link"])
    page.goto(f"{live_server}/register")
    page.get_by_label("单位名称").fill("样例新公司")
    page.get_by_label("统一社会信用代码").fill("123")
    page.locator("main form").evaluate("form => { form.noValidate = true }")
    page.get_by_role("button", name="注册").click()
    expect(page.locator(".invalid-feedback").first).to_be_visible()
    assert page.get_by_label("单位名称").input_value() == "样例新公司"
    assert page.locator(".invalid-feedback").count() > 3
    assert_accessible(page)
    _login(page, live_server, people["vendor"])
    _look(
        page, live_server, f"/company/{people['organisation']}", "/account", "/account/password", "/messages"
    )
    expect(page.get_by_text("请补充材料")).to_be_visible()
    page.get_by_role("button", name="去办理").click()
    page.wait_for_url("**/account")
    page.goto(f"{live_server}/company/{people['organisation']}")
    invite_form = page.locator("form[action$='/invitations']")
    invite_form.get_by_label("姓名").fill("样例第二人")
    invite_form.get_by_label("电子邮箱").fill("second@example.invalid")
    invite_form.get_by_role("button", name="发出邀请").click()
    assert "/invitations/" in page.get_by_label("一次性链接").input_value()
    assert_accessible(page)


def test_staff_read_the_log(page: Any, live_server: str, people: dict[str, str]) -> None:
    _login(page, live_server, people["staff"])
    log = f"/r/{people['recruitment']}/log"
    _look(page, live_server, log, f"{log}?check=1")
    page.get_by_label("事项").select_option(label="发出催办")
    page.get_by_role("button", name="查询").click()
    expect(page.locator("tbody tr")).to_have_count(1)


def test_the_administrators_screens(page: Any, live_server: str, people: dict[str, str]) -> None:
    _login(page, live_server, people["admin"])
    pages = ("accounts", "invitations", "organisations", "recruitments", "logins", "settings", "log")
    _look(page, live_server, *(f"/admin/{name}" for name in pages))
    _look(page, live_server, f"/admin/recruitments/{people['recruitment']}/roles")
    _look(page, live_server, f"/admin/accounts/{people['person']}")
    page.locator("summary", has_text="停用账号").click()
    assert_accessible(page)
    page.get_by_label("停用理由").fill("离岗")
    page.get_by_role("button", name="确认停用账号").click()
    expect(page.get_by_role("status").get_by_text("账号已停用")).to_be_visible()
