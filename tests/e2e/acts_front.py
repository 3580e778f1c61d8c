"""From the plan file to the opened responses."""

from __future__ import annotations

from playwright.sync_api import expect
from sqlalchemy import select

from app.extensions import db
from app.publication.models import Recruitment
from app.rehearsal import people
from app.rehearsal.files import content_pdf
from app.rehearsal.walk import day_after
from tests.e2e.play import OPENS, Play
from tests.e2e.theatre import PASSWORD, confirm, fill, press, told


def plan_and_publication(play: Play) -> None:
    """Staff make the recruitment from the shipped plan, a colleague publishes it."""
    theatre = play.theatre
    staff = theatre.log_in("staff", "staff", people.PASSWORD)
    told(staff, "请先设置新密码")
    theatre.see("staff")
    fill(staff, current=people.PASSWORD, password=PASSWORD, again=PASSWORD)
    press(staff, "更换密码")
    told(staff, "密码已更换")
    theatre.look("staff", "/recruitments/new")
    staff.locator("[name=source]").select_option("shipped:hainan-eseal-2023")
    fill(staff, opens=OPENS.isoformat())
    press(staff, "建立")
    told(staff, "招募项目已建立")
    theatre.see("staff")
    play.base = staff.url.removeprefix(theatre.address).removesuffix("/plan")
    public_id = play.base.rsplit("/", 1)[-1]
    with play.back.app.app_context():
        recruitment = db.session.scalars(select(Recruitment).where(Recruitment.public_id == public_id)).one()
        play.back.recruitment_id = recruitment.id
        db.session.remove()
    admin = theatre.log_in("admin", "admin", people.PASSWORD)
    theatre.look("admin", f"/admin/recruitments/{public_id}/roles")
    fill(admin, login="staff2")
    admin.locator("main [name=role]").select_option("staff")
    press(admin, "授予角色")
    expect(admin.locator("main")).to_contain_text(play.back.cast.people["staff2"])
    play.back.enrol()
    play.look("staff", "/plan/sections/schedule")
    play.look("staff", "/plan/supplements")
    confirm(staff, "全部确认")
    told(staff, "补充说明已确认")
    play.look("staff", "/plan")
    confirm(staff, "提请发布")
    told(staff, "已提请发布")
    expect(staff.locator("main")).to_contain_text("您不能复核自己的提请")
    theatre.log_in("staff2", "staff2", people.PASSWORD)
    colleague = play.look("staff2", "/plan")
    confirm(colleague, "复核并发布")
    told(colleague, "招募公告已发布")
    play.see("staff2")
    play.look("staff", "/channels")
    staff.locator("main [name=channel]").select_option(index=1)
    fill(staff, note="已发布（样例）。")
    press(staff, "登记")
    told(staff, "发布证明已登记")
    with play.back.walk() as walk:
        play.schedule = dict(walk.schedule)
    assert play.schedule["responses_open"] == OPENS
    theatre.person("anyone")
    theatre.look("anyone", "/notices")
    notice = play.look("anyone", "")
    expect(notice.locator("main")).to_contain_text("2023年8月7日")


def questions(play: Play) -> None:
    """Three vendors register; one asks, everybody reads the answer."""
    theatre = play.theatre
    for vendor, scripts in zip(play.back.cast.vendors, (True, False, True), strict=True):
        key = f"vendor{vendor.number}"
        page = theatre.person(key, scripts=scripts)
        theatre.look(key, "/register")
        fill(
            page, company=vendor.name, credit_code=vendor.credit_code, true_data=True,
            legal_representative=vendor.legal_representative, address="样例路1号", name=vendor.agent,
            phone="089800000000", email=f"{key}@example.invalid", login=key, password=PASSWORD, again=PASSWORD,
        )
        press(page, "注册")
        told(page, "注册成功")
    theatre.see("vendor1")
    asking = play.look("vendor1", "/questions")
    fill(asking, text="电子版响应文件是否需要另加电子签章？", place="响应文件要求")
    press(asking, "提交提问")
    told(asking, "提问已提交")
    staff = play.look("staff", "/questions")
    fill(staff, answer="不需要，加盖公章后的扫描件即可。")
    press(staff, "公布答复")
    told(staff, "答复已公布")
    expect(play.look("anyone", "/questions").locator("main")).to_contain_text("加盖公章后的扫描件即可")


def responses(play: Play) -> None:
    """One vendor uploads in pieces with the script, one by the plain form without scripts; all submit."""
    theatre, folder = play.theatre, play.theatre.folder
    play.hand.to(day_after(OPENS), 10)
    for vendor in play.back.cast.vendors:
        key = f"vendor{vendor.number}"
        page = play.look(key, "/response")
        press(page, "开始编制响应文件")
        theatre.see(key)
        if vendor.number < 3:
            item = {"no": 1, "title": "企业概况介绍"}
            source = folder / f"{key}-企业概况.pdf"
            source.write_bytes(content_pdf(vendor, item, pages=2))
            page.locator("#item-1 input[type=file]").set_input_files(source)
            page.locator("#item-1").get_by_role("button", name="上传", exact=True).click()
            expect(page.locator("#item-1 .package-file")).to_have_text(source.name)
            theatre.see(key)
        page.get_by_role("link", name="填写联系人、CA 和材料日期").click()
        theatre.see(key)
        fill(
            page, contact_name=vendor.agent, contact_phone="089800000000",
            ca_name=vendor.ca_name, ca_licence=vendor.ca_licence,
        )
        press(page, "保存")
        told(page, "填报内容已保存")
        play.back.fill_package(vendor)
        page = play.look(key, "/response")
        page.get_by_role("link", name="检查并递交").click()
        expect(page.locator("main")).to_contain_text("没有发现缺少或异常")
        theatre.see(key)
        press(page, "递交")
        told(page, "服务器收到时间")
        theatre.see(key)
        play.back.work("receipt")
        page.reload()
        receipt = page.get_by_role("link", name="回执（PDF）").get_attribute("href")
        answer = page.request.get(theatre.address + str(receipt))
        assert answer.ok and answer.body().startswith(b"%PDF")
    changing = play.look("vendor3", "/response")
    confirm(changing, "撤回")
    changing = play.look("vendor3", "/response")
    changing.get_by_role("link", name="检查并递交").click()
    press(changing, "递交")
    told(changing, "服务器收到时间")


def counter_and_opening(play: Play) -> None:
    """Paper arrives; after the closing time two persons open, nobody sees a file name before."""
    theatre = play.theatre
    play.hand.to(play.schedule["responses_close"], 10)
    for vendor in play.back.cast.vendors:
        staff = play.look("staff", "/arrivals")
        fill(staff, credit_code=vendor.credit_code, copies="1", sealed=True, envelope_ok=True)
        press(staff, "登记")
        told(staff, f"{vendor.name}")
    staff = play.look("staff", "/responses")
    expect(staff.locator("main")).not_to_contain_text("企业概况")
    theatre.log_in("supervisor", "supervisor", people.PASSWORD)
    expect(play.look("supervisor", "/opening").locator("main")).to_contain_text("未完成")
    play.hand.to(play.schedule["review_start"], 9)
    staff = play.look("staff", "/arrivals")
    confirm(staff, "办结签收登记")
    told(staff, "签收登记已办结")
    for key in ("staff", "supervisor"):
        page = play.look(key, "/opening")
        confirm(page, "确认可以启封")
        told(page, "您的启封确认已记录")
        theatre.see(key)
    confirm(theatre.pages["supervisor"], "启封")
    told(theatre.pages["supervisor"], "响应文件已启封")
    expect(play.look("staff", "/responses").locator("tbody tr")).to_have_count(3)
