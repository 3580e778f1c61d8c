"""The panel in a real browser: both parties draw, an expert answers and declares, all pages pass axe."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from app.extensions import db
from evaluation.models import Draw
from tests.app.panel.hall import PASSPHRASE, add_expert, cookie, make_hall
from tests.harness.browser import assert_accessible

pytestmark = [pytest.mark.database("sqlite"), pytest.mark.e2e]
expect.set_options(timeout=20_000)


def test_a_panel_is_drawn_and_sits(app: Flask, live_server: str, clock: Any, browser: Browser) -> None:
    with app.app_context():
        hall = make_hall(experts=6, vendors=2)
        add_expert(20, employer=hall.vendors[0][0].name)
        path = f"{live_server}/r/{hall.recruitment.public_id}"
        cookies = {role: cookie(app, hall.people[role]) for role in ("staff", "supervisor")}
        db.session.commit()
        db.session.remove()

    def enter(value: str) -> Page:
        context = browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai")
        context.add_cookies([{"name": "yinzhao", "value": value, "url": live_server}])
        return context.new_page()

    staff, supervisor = enter(cookies["staff"]), enter(cookies["supervisor"])
    staff.goto(f"{path}/draw")
    staff.get_by_label("公开随机值").fill("样例彩票第 1 期")
    staff.get_by_label("位数").fill("5")
    staff.get_by_label("可知时间（北京时间）").fill("2023-06-25T21:00")
    assert_accessible(staff)
    staff.get_by_role("button", name="检查回避情形并准备抽取").click()
    expect(staff.get_by_text("工作单位与响应服务商相同（1 号响应服务商）")).to_be_visible()
    assert_accessible(staff)
    staff.locator("summary", has_text="固定名单与规则").click()
    staff.get_by_role("button", name="确认固定名单与规则").click()
    secrets = {}
    for name, page in (("staff", staff), ("supervisor", supervisor)):
        page.goto(f"{path}/draw")
        page.get_by_role("button", name="生成秘密值并承诺").click()
        secrets[name] = page.get_by_label("秘密值", exact=True).first.input_value()
        assert len(secrets[name]) == 64
        assert_accessible(page)
    for name, page in (("staff", staff), ("supervisor", supervisor)):
        page.goto(f"{path}/draw")
        page.get_by_label("秘密值", exact=True).fill(secrets[name])
        page.get_by_role("button", name="公开秘密值").click()
        expect(page.get_by_text("秘密值与承诺相符，已公开。")).to_be_visible()
    clock.advance(hours=13)
    staff.goto(f"{path}/draw")
    staff.get_by_label("样例彩票第 1 期（5 位数字）").fill("30571")
    staff.get_by_label("查询出处").fill("样例公告")
    assert_accessible(staff)
    staff.get_by_role("button", name="录入").click()
    supervisor.goto(f"{path}/draw")
    supervisor.get_by_label("样例彩票第 1 期（5 位数字）").fill("30571")
    supervisor.get_by_role("button", name="核对一致，抽取").click()
    expect(supervisor.get_by_text("重新计算一致")).to_be_visible()
    assert_accessible(supervisor)
    public = browser.new_context(locale="zh-CN").new_page()
    public.goto(f"{path}/draw/public")
    expect(public.get_by_text("重新计算一致")).to_be_visible()
    assert_accessible(public)
    staff.goto(f"{path}/panel")
    staff.get_by_role("button", name="邀请 5 席").click()
    expect(staff.get_by_text("链接只显示这一次")).to_be_visible()
    assert_accessible(staff)
    with app.app_context():
        hall.again()
        draw = db.session.query(Draw).one()
        seats = {seat.position: seat for seat in hall.seats("invited")}
        assert len(seats) == 5 and draw.stage == "drawn"
        login = cookie(app, hall.user_of(seats[1]))
        db.session.remove()
    expert = enter(login)
    expert.goto(f"{live_server}/my/invitations")
    assert_accessible(expert)
    expert.get_by_role("link", name="答复邀请").click()
    assert_accessible(expert)
    expert.get_by_role("button", name="接受邀请").click()
    expect(expert.get_by_text("回避声明（2 家响应服务商）")).to_be_visible()
    assert_accessible(expert)
    expect(expert.get_by_role("button", name="提交并签署声明")).to_be_disabled()
    expert.get_by_label("设置签名口令").fill(PASSPHRASE)
    expert.get_by_label("再输入一次").fill(PASSPHRASE)
    expert.get_by_role("button", name="设置口令并签发证书").click()
    expect(expert.get_by_text("签名密钥已打开，还有 20 分钟，提交即以席位证书签名")).to_be_visible()
    assert_accessible(expert)
    for row in expert.locator(".declaration tbody tr").all():
        row.get_by_label("无", exact=True).check()
    expert.get_by_role("button", name="提交并签署声明").click()
    expect(expert.get_by_text("您已成为评审委员会成员")).to_be_visible()
    assert_accessible(expert)
    expert.get_by_role("link", name="推选组长").first.click()
    expect(expert.get_by_text("现有 1 人，须 5 人到齐后投票")).to_be_visible()
    assert_accessible(expert)
    staff.goto(f"{path}/panel/fees")
    assert_accessible(staff)
    staff.goto(f"{live_server}/experts")
    assert_accessible(staff)
