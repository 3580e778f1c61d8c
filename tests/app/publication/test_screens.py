"""The publication in a real browser: two of the staff, a vendor, a visitor on a phone."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests import factories
from tests.app.accounts.kept import keep
from tests.harness.browser import assert_accessible
from tests.harness.pages import outside_addresses

pytestmark = [pytest.mark.e2e, pytest.mark.database("sqlite")]


@pytest.fixture
def people(app: Any, clock: Any) -> dict[str, Any]:
    """Two of an organiser's office and a vendor; documents are ordered, not made."""
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update={"jobs": "off"})
    with app.app_context():
        organiser = factories.make_organisation("organiser", "样例数据产品超市")
        found = {"first": factories.make_user("样例编制人"), "second": factories.make_user("样例复核人")}
        for user in found.values():
            factories.join(user, organiser)
        _, found["vendor"] = factories.make_vendor()
        keep(organiser, *found.values())
    return {**found, "organiser": organiser}


def _come_in(context: Any, base: str, user: Any) -> Any:
    page = context.new_page()
    page.goto(f"{base}/login")
    page.get_by_label("登录名").fill(user.login)
    page.get_by_label("密码").fill(factories.PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url(lambda url: not url.endswith("/login"))
    return page


def _look(page: Any, address: str = "") -> None:
    if address:
        assert page.goto(address).status == 200, address
    assert_accessible(page)
    assert outside_addresses(page.content(), own_host=page.url.split("/")[2]) == [], page.url
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page.url


def test_a_recruitment_is_published_asked_about_and_amended(
    app: Any, browser: Any, live_server: str, people: dict[str, Any]
) -> None:
    from app.extensions import db
    from app.publication.models import Recruitment

    contexts = [browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai") for _ in range(3)]
    first, second, vendor = (
        _come_in(context, live_server, people[name])
        for context, name in zip(contexts, ("first", "second", "vendor"), strict=True)
    )
    # The first of the staff makes the draft from the shipped plan.
    _look(first, f"{live_server}/recruitments")
    first.get_by_role("link", name="建立招募项目").first.click()
    _look(first)
    first.get_by_label("项目名称").fill("样例浏览器招募")
    first.get_by_role("button", name="建立").click()
    first.wait_for_url("**/plan")
    _look(first)
    base = first.url.removesuffix("/plan")
    with app.app_context():
        row = db.session.query(Recruitment).one()
        user = db.session.get(type(people["second"]), people["second"].id)
        factories.enrol(user, row, "staff", row.organiser)
    # A field is changed beside what was found about it.
    first.get_by_role("navigation", name="方案各节").get_by_role("link", name="时间安排").click()
    expect(first.get_by_text("没有写明截止的时刻")).to_be_visible()
    _look(first)
    first.get_by_label("截止时刻").first.fill("17:00")
    first.get_by_role("button", name="保存本节").click()
    expect(first.get_by_text("已保存 1 处修改")).to_be_visible()
    assert first.get_by_text("没有写明截止的时刻").count() == 0
    # The supplement is of no use any more and goes; the others are confirmed at once.
    first.get_by_role("navigation", name="方案各节").get_by_role("link", name="补充说明").click()
    gone = first.locator("#s-s01")
    gone.locator("summary", has_text="删除").click()
    gone.get_by_role("button", name="确认删除").click()
    expect(first.locator("#s-s01")).to_have_count(0)
    _look(first)
    first.locator("summary", has_text="全部确认").click()
    first.get_by_role("button", name="确认全部确认").click()
    expect(first.get_by_text("补充说明已确认")).to_be_visible()
    first.goto(f"{base}/plan")
    first.locator("summary", has_text="提请发布").click()
    first.get_by_role("button", name="确认提请发布").click()
    expect(first.get_by_text("您不能复核自己的提请")).to_be_visible()
    # The second one reads and publishes.
    _look(second, f"{base}/plan")
    second.locator("summary", has_text="复核并发布").click()
    second.get_by_role("button", name="确认复核并发布").click()
    expect(second.get_by_text("招募公告已发布").first).to_be_visible()
    _look(second)
    # A vendor asks, staff answer, everybody reads.
    _look(vendor, f"{base}/questions")
    vendor.get_by_label("问题", exact=True).fill("样例：承诺书模板在哪里？")
    vendor.get_by_role("button", name="提交提问").click()
    expect(vendor.get_by_text("尚未答复")).to_be_visible()
    _look(first, f"{base}/questions")
    first.get_by_label("答复内容").fill("见附件1。")
    first.get_by_role("button", name="公布答复").click()
    expect(first.get_by_text("答：见附件1。")).to_be_visible()
    # An amendment moves the closing time.
    first.goto(f"{base}/amendments")
    first.get_by_role("link", name="起草补充公告").click()
    _look(first)
    first.get_by_label("公告标题").fill("样例更正")
    first.get_by_label("公告正文").fill("联系电话更正，截止时间顺延。")
    first.get_by_label("新的递交截止时间").fill("2023-07-10T17:30")
    first.get_by_role("button", name="保存草稿").click()
    first.get_by_role("link", name="概况与公告").click()
    _look(first)
    first.get_by_label("联系电话").fill("0898-00000000")
    first.get_by_role("button", name="记入补充公告").click()
    expect(first.get_by_text("0898-00000000")).to_be_visible()
    _look(first)
    # The linter sees that the review would begin on the day when the responses close.
    expect(first.get_by_text("时间先后不对")).to_be_visible()
    first.get_by_label("新的递交截止时间").fill("2023-07-08T17:30")
    first.get_by_role("button", name="保存草稿").click()
    first.locator("summary", has_text="发布补充公告").click()
    first.get_by_role("button", name="确认发布补充公告").click()
    _look(first, f"{base}/amendments")
    for page in (f"{base}/channels", f"{base}/plan"):
        _look(first, page)
    phone = browser.new_context(locale="zh-CN", viewport={"width": 390, "height": 800}).new_page()
    for path in (live_server, f"{live_server}/notices", base, f"{base}/questions", f"{base}/amendments"):
        _look(phone, path)
    phone.goto(base)
    expect(phone.get_by_text("2023年7月8日 17:30").first).to_be_visible()
    expect(phone.get_by_text("见附件1。")).to_be_visible()
    expect(phone.get_by_text("样例更正").first).to_be_visible()
