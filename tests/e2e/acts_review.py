"""From the pool of experts to the signed report."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app import clock
from app.extensions import db
from app.rehearsal.cast import Pattern
from app.rehearsal.people import PASSPHRASE
from app.rehearsal.walk import day_after
from evaluation.models import Dispute, QualificationSheet, ScoreSheet
from evaluation.scoring import ScoringRules
from tests.e2e.play import Play
from tests.e2e.theatre import PASSWORD, confirm, fill, press, told

LOTTERY, NUMBER = "样例彩票第 23210 期开奖号码", "30571"
#: What the keyboard is on, and whether that can be seen.
FOCUS = """() => {
    const one = document.activeElement, style = getComputedStyle(one);
    return {name: one.name || "", type: one.type || "", none: one.hasAttribute("data-none"),
            seen: style.outlineStyle !== "none" || style.boxShadow !== "none"};
}"""


def pool_and_draw(play: Play) -> None:
    """The pool comes from a workbook; both parties commit and reveal; the panel is drawn."""
    theatre = play.theatre
    admin = theatre.look("admin", "/experts")
    with admin.expect_download() as download:
        admin.get_by_role("link", name="下载模板").click()
    book = _pool_book(Path(download.value.path()), play.back.cast.experts)
    workbook = theatre.folder / "专家库.xlsx"
    book.save(workbook)
    admin.set_input_files("main [name=file]", workbook)
    press(admin, "导入")
    told(admin, "导入完成：新增 9 位")
    theatre.see("admin")
    staff, supervisor = play.look("staff", "/draw"), theatre.pages["supervisor"]
    evening = f"{play.schedule['review_start']}T21:30"
    fill(staff, public_name=LOTTERY, public_digits=str(len(NUMBER)), public_at=evening)
    press(staff, "检查回避情形并准备抽取")
    theatre.see("staff")
    confirm(staff, "固定名单与规则")
    secrets = {}
    for key in ("staff", "supervisor"):
        page = play.look(key, "/draw")
        press(page, "生成秘密值并承诺")
        secrets[key] = page.get_by_label("秘密值", exact=True).first.input_value()
        theatre.see(key)
    for key, secret in secrets.items():
        page = play.look(key, "/draw")
        page.get_by_label("秘密值", exact=True).fill(secret)
        press(page, "公开秘密值")
        told(page, "秘密值与承诺相符，已公开")
    play.hand.to(day_after(play.schedule["review_start"]), 8, 30)
    staff = play.look("staff", "/draw")
    fill(staff, value=NUMBER, source="样例开奖公告")
    press(staff, "录入")
    supervisor = play.look("supervisor", "/draw")
    fill(supervisor, value=NUMBER)
    press(supervisor, "核对一致，抽取")
    expect(supervisor.get_by_text("重新计算一致")).to_be_visible()
    theatre.see("supervisor")
    play.look("anyone", "/draw/public")


def _pool_book(path: Path, names: tuple[str, ...]) -> Any:
    book = load_workbook(io.BytesIO(path.read_bytes()))
    sheet = book.worksheets[0]
    columns = {str(cell.value).rstrip("*＊ "): cell.column for cell in sheet[1]}
    for row in range(2, sheet.max_row + 1):
        for cell in sheet[row]:
            cell.value = None
    for number, name in enumerate(names, 1):
        values = {"编号": f"样例{number:03d}", "姓名": name, "工作单位": f"样例大学第 {number} 学院", "专业": "密码"}
        for heading, value in values.items():
            sheet.cell(number + 1, columns[heading]).value = value
    return book


def panel_sits(play: Play) -> None:
    """Five experts follow their links, accept, declare, and elect a chair."""
    theatre = play.theatre
    staff = play.look("staff", "/panel")
    press(staff, "邀请 5 席")
    theatre.see("staff")
    links = [field.input_value() for field in staff.locator(".links input").all()]
    assert len(links) == 5
    for number, link in enumerate(links, 1):
        key = f"expert{number}"
        page = theatre.person(key)
        theatre.look(key, "/" + link.split("/", 3)[-1])
        fill(
            page, email=f"{key}@example.invalid", phone="089800000000", login=key, password=PASSWORD, again=PASSWORD
        )
        press(page, "建立账号并接受邀请")
        theatre.look(key, "/my/invitations")
        page.get_by_role("link", name="答复邀请").click()
        press(page, "接受邀请")
        theatre.see(key)
        fill(page, new_passphrase=PASSPHRASE, repeat=PASSPHRASE)
        press(page, "设置口令并签发证书")
        told(page, "席位证书已签发")
        if number == 1:
            # The second half of the walk signs with the passphrase typed, as after a break.
            page.get_by_role("button", name="立即锁上").first.click()
            told(page, "签名密钥已锁上")
        unlock(page)
        for row in page.locator(".declaration tbody tr").all():
            row.get_by_label("无", exact=True).check()
        press(page, "提交并签署声明")
        told(page, "您已成为评审委员会成员")
        theatre.see(key)
    for number in range(1, 6):
        page = play.look(f"expert{number}", "/panel/chair")
        page.locator("main [name=choice]").first.check()
        press(page, "投票")
    theatre.see("expert5")
    expect(play.look("staff", "/panel").locator(".page-header")).to_contain_text("组长已选出")


def unlock(page: Page) -> None:
    """Type the signing passphrase where the form asks for it: the seat's key is not open in this browser."""
    field = page.locator("main [name=passphrase]:visible")
    if field.count():
        field.last.fill(PASSPHRASE)


def qualification(play: Play) -> None:
    """The first expert fills two sheets on the desk and asks a vendor; the rest is signed behind the stage."""
    theatre = play.theatre
    play.hand.to(day_after(play.schedule["review_start"]), 14)
    staff = theatre.look("staff", f"{play.review}/progress")
    confirm(staff, "开始资格符合性审查")
    told(staff, "共分发 15 张审查表")
    theatre.see("staff")
    expert = theatre.look("expert1", f"{play.review}/desk")
    for vendor in play.back.cast.vendors[:2]:
        theatre.look("expert1", f"{play.review}/desk")
        expert.get_by_role("link", name=vendor.name).click()
        theatre.see("expert1")
        for mark in expert.locator("input[type=radio][value=yes]").all():
            mark.check()
        if vendor.number == 2:
            expert.check("input[name=passed-2][value=no]")
            expert.select_option("#ground-2", "3")
            expert.fill("#remark-2", "承诺书的法人签章不清晰。")
        expect(expert.locator("#left-list")).to_contain_text("已填完，可以签署")
        expect(expert.locator("#save-state")).to_contain_text("已保存")
        unlock(expert)
        press(expert, "签署并锁定")
        told(expert, "已签署并锁定")
        theatre.see("expert1")
    with play.back.walk() as walk:
        candidate = play.back.candidate(play.back.cast.vendors[2]).public_id
        signed = db.session.scalars(select(QualificationSheet).where(QualificationSheet.stage == "signed")).all()
        assert len(signed) == 2 and {row.seat.seat_no for row in signed} == {1}
        due = clock.local(play.hand() + timedelta(hours=20)).strftime("%Y-%m-%dT%H:%M")
        assert walk.recruitment.stage == "qualification"
    theatre.look("expert1", f"{play.review}/clarifications?candidate={candidate}")
    fill(expert, question="本地办公场所的证明是否为租赁合同？", due_at=due)
    press(expert, "发出澄清")
    told(expert, "澄清已发给服务商")
    vendor_page = theatre.look("vendor3", f"{play.review}/questions")
    fill(vendor_page, answer="是租赁合同。")
    press(vendor_page, "提交答复")
    told(vendor_page, "答复已提交给评审委员会")
    play.back.judge()


def dispute(play: Play) -> None:
    """One item is disputed: the named vote passes it 4 to 1."""
    theatre = play.theatre
    play.hand.to(day_after(play.schedule["review_start"], 2), 9)
    expert = theatre.look("expert1", f"{play.review}/desk")
    expert.get_by_role("link", name="记名表决").first.click()
    theatre.see("expert1")
    expert.locator("main [name=choice][value=no]").check()
    fill(expert, reason="签章无法辨认。")
    unlock(expert)
    press(expert, "投票并签署")
    told(expert, "您的投票已签署并记录")
    play.back.vote()
    theatre.look("expert1", expert.url.removeprefix(theatre.address))
    with play.back.walk():
        (found,) = db.session.scalars(select(Dispute))
        assert (found.stage, found.yes, found.seats, found.passed) == ("closed", 4, 5, True)


def scoring(play: Play) -> None:
    """The first expert scores a vendor with the keyboard, sees it saved, and a second tab is told."""
    theatre = play.theatre
    play.hand.to(day_after(play.schedule["review_start"], 2), 14)
    staff = theatre.look("staff", f"{play.review}/progress")
    confirm(staff, "公布审查结果并开始综合评分")
    told(staff, "共分发 15 张评分表")
    expert = theatre.look("expert1", f"{play.review}/desk")
    expert.keyboard.press("Enter")
    expert.wait_for_url("**/score/*")
    theatre.see("expert1")
    with play.back.walk() as walk:
        rules, chosen = play.back.patterns(walk)
    second = expert.context.new_page()
    second.goto(expert.url)
    # The first seat is the last in the order that the other sheets are filled in.
    _score_by_keyboard(expert, rules, chosen[0], 4)
    expect(expert.locator("#left-list")).to_contain_text("已填完，可以签署")
    expect(expert.locator("#save-state")).to_contain_text("已保存")
    theatre.expects(409)
    second.locator("input[name^=remark-]").first.fill("第二个窗口")
    second.locator("input[name^=remark-]").first.blur()
    expect(second.locator("#flash")).to_contain_text("您刚才提交的内容")
    second.close(run_before_unload=False)
    theatre.expects()
    theatre.see("expert1")
    play.back.score()
    expert = theatre.look("expert1", f"{play.review}/desk")
    expert.locator("summary", has_text="签署全部评分表").click()
    unlock(expert)
    press(expert, "确认签署全部评分表")
    told(expert, "已签署 3 张综合评分表")
    theatre.see("expert1")
    with play.back.walk():
        sheets = db.session.scalars(select(ScoreSheet)).all()
        assert {row.stage for row in sheets} == {"signed"} and len(sheets) == 15


def _score_by_keyboard(page: Page, rules: ScoringRules, pattern: Pattern, seat: int) -> None:
    """One vendor's sheet with Tab, Space and digits alone; the focus stays visible all the way."""
    page.locator("fieldset.line input, fieldset.line textarea").first.focus()
    proved, left = dict(pattern.elements), {line.key for line in rules.lines}
    for _ in range(40 * len(rules.lines)):
        at = page.evaluate(FOCUS)
        kind, _, key = at["name"].partition("-")
        if key in left:
            assert at["seen"], f"the focus cannot be seen on {at['name']}"
        if kind == "element" and proved[key] and not at["none"]:
            page.keyboard.press("Space")
            proved[key] -= 1
        elif kind == "value" and at["type"] == "radio":
            page.keyboard.press("Space")
        elif kind == "value":
            page.keyboard.type(format(pattern.values[key], "f"))
        elif kind == "cases":
            page.keyboard.type("\n".join(f"样例案例{number}" for number in range(1, pattern.cases[key][seat] + 1)))
        elif kind == "remark":
            left.discard(key)
        page.keyboard.press("Tab")
        if not left:
            return
    raise AssertionError(f"not reached by the keyboard: {sorted(left)}")


def report(play: Play) -> None:
    """The ranking is formed, the report issued and signed by all five."""
    theatre = play.theatre
    play.hand.to(play.schedule["review_end"], 15)
    staff = theatre.look("staff", f"{play.review}/matrix")
    press(staff, "汇总并形成排名")
    told(staff, "排名已形成，共 3 家")
    theatre.see("staff")
    staff = theatre.look("staff", f"{play.review}/report")
    press(staff, "生成评审报告")
    told(staff, "评审报告已生成")
    for number in range(1, 6):
        page = theatre.look(f"expert{number}", f"{play.review}/report")
        page.locator("main [name=position][value=signed]").check()
        unlock(page)
        press(page, "提交并签署")
        told(page, "您的意见已签署并记录")
    theatre.see("expert5")
    play.look("staff", "/documents")
    fees = play.look("staff", "/panel/fees")
    for number in range(5):
        row = fees.locator("tbody tr").nth(number)
        row.locator("[name=attended_on]").fill(play.schedule["review_end"].isoformat())
        row.locator("[name=amount]").fill("1033.33")
        press(fees, "登记", within=row)
        told(fees, "签到与评审费已登记")
    theatre.see("staff")
