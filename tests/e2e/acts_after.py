"""From the signed report to go-live."""

from __future__ import annotations

import base64
from pathlib import Path

from playwright.sync_api import Page, expect

from app import clock
from app.calendar import calendar
from app.rehearsal import people
from app.rehearsal.files import content_pdf
from app.rehearsal.walk import day_after
from app.results.deadlines import objection_period_ends
from onboarding.models import Integration
from seal_core import PrivateKey, build_csr, decrypt_data, sign_data
from seal_core.authority import CertificatePair
from tests.e2e.play import Play
from tests.e2e.theatre import confirm, fill, press, told


def publicity(play: Play) -> None:
    """The result is published; a vendor sees its own scores and objects, staff answer."""
    play.hand.to(play.schedule["publicity_start"], 9)
    staff = play.look("staff", "/result")
    confirm(staff, "开始公示")
    told(staff, "公示已开始")
    play.see("staff")
    for row in play.back.cast.vendors:
        expect(play.look("anyone", "/result").locator("main")).to_contain_text(row.name)
    vendor = play.look("vendor3", "/result/mine")
    expect(vendor.locator("main")).to_contain_text("名（共 3 家）")
    vendor = play.look("vendor3", "/objections/new")
    vendor.locator("main [name=subject][value=result]").check()
    fill(vendor, text="请核对第 1 名的案例得分。")
    press(vendor, "提交质疑")
    told(vendor, "质疑已提交")
    staff = play.look("staff", "/objections")
    staff.locator("table").get_by_role("link", name="第 1 号").click()
    play.see("staff")
    press(staff, "受理")
    told(staff, "已受理")
    staff.locator("main [name=upheld]").first.wait_for(state="attached")
    answer = staff.locator("form", has=staff.locator("[name=upheld]"))
    answer.locator("[name=upheld][value=no]").check()
    answer.locator("textarea").first.fill("经核对，评分符合招募方案，质疑不成立。")
    press(staff, "发出答复", within=answer)
    told(staff, "已答复")
    play.see("staff")


def award(play: Play) -> None:
    """After the objection period staff and supervisor award; notices, contracts and fees follow."""
    theatre = play.theatre
    with play.back.walk() as walk:
        over = clock.local(objection_period_ends(walk.recruitment)).date()
    play.hand.to(calendar().next_workday(over), 10)
    for key in ("staff", "supervisor"):
        page = play.look(key, "/award")
        confirm(page, "同意确定入选")
        told(page, "确认")
    page = play.look("staff", "/award")
    confirm(page, "确定入选服务商")
    told(page, "已确定 3 家入选服务商")
    page = play.look("staff", "/award")
    expect(page.locator("main")).to_contain_text("还空缺 7 家")
    staff = play.look("staff", "/notices")
    press(staff, "发出全部通知书")
    told(staff, "已发出 3 份通知书")
    theatre.see("staff")
    for number in (1, 2, 3):
        vendor = play.look(f"vendor{number}", "/result/mine")
        press(vendor, "签收")
        told(vendor, "已签收")
    theatre.see("vendor1")
    staff = play.look("staff", "/fees")
    confirm(staff, "分摊评审费")
    told(staff, "已记入 3 行")
    theatre.see("staff")
    for _number in range(3):
        staff = play.look("staff", "/contracts")
        staff.locator("summary", has_text="登记签订").first.click()
        entry = staff.locator("details[open] form")
        entry.locator("[name=signed_on]").fill(clock.today().isoformat())
        entry.locator("[name=number]").fill("样例合同-001")
        press(staff, "确认登记", within=entry)
        told(staff, "合同已登记")
    theatre.see("staff")


def integration(play: Play) -> None:
    """Thirty working days begin; a vendor gets trial certificates and proves, the operator accepts."""
    theatre = play.theatre
    play.hand.pass_time(minutes=30)
    staff = play.look("staff", "/integration/board")
    confirm(staff, "开始对接")
    told(staff, "3 家服务商的对接已开始")
    theatre.see("staff")
    vendor = play.look("vendor1", "/integration/mine")
    expect(vendor.locator(".countdown")).to_contain_text("30")
    desk = vendor.url.removeprefix(theatre.address)
    with play.back.walk():
        ours = play.back.integration(play.back.cast.vendors[0])
        items = sorted(ours.items, key=lambda row: row.requirement.sort)
        first = next(row for row in items if row.requirement.proof != "run")
        name, title = ours.vendor_name, first.requirement.title
        path = f"/integration/vendors/{ours.public_id}"
        others = [
            f"/integration/vendors/{play.back.integration(row).public_id}" for row in play.back.cast.vendors[1:]
        ]
    _certify(play, name)
    vendor = theatre.look("vendor1", desk)
    vendor.get_by_role("link", name=title, exact=True).click()
    theatre.see("vendor1")
    proof = theatre.folder / "产品认证证书.pdf"
    proof.write_bytes(content_pdf(play.back.cast.vendors[0], {"no": "1", "title": title}, pages=1))
    vendor.get_by_label("说明").fill("证书见附件（样例）。")
    vendor.set_input_files("main [name=file]", proof)
    press(vendor, "保存并提交验收")
    told(vendor, "已提交验收")
    theatre.see("vendor1")
    item = vendor.url.removeprefix(theatre.address)
    theatre.log_in("operator", "operator", people.PASSWORD)
    operator = theatre.look("operator", item)
    fill(operator, remark="请补充证书的有效期。")
    press(operator, "退回")
    told(operator, "验收项已退回")
    vendor = theatre.look("vendor1", item)
    vendor.get_by_label("说明").fill("有效期至 2027 年（样例）。")
    press(vendor, "保存并提交验收")
    told(vendor, "已提交验收")
    theatre.look("operator", item)
    press(operator, "通过")
    told(operator, "验收项已通过")
    for number in (1, 2, 3):
        play.back.prove(number)
    operator = play.look("operator", path)
    for box in operator.locator("main [name=item]").all():
        box.check()
    press(operator, "通过所选项")
    told(operator, "个验收项已通过")
    play.hand.to(calendar().next_workday(day_after(clock.today(), 14)), 10)
    operator = play.look("operator", path)
    confirm(operator, "通过对接验收")
    told(operator, "已通过对接验收")
    theatre.see("operator")
    expect(play.look("staff", "/integration/golive").locator("main")).to_contain_text("现在不能开始")
    for number in (2, 3):
        play.back.accept_items(number)
        play.back.accept(number)
    for other in others:
        play.look("staff", other)


def _certify(play: Play, name: str) -> None:
    """The vendor's own side of the trial issuance: request, downloads, signature, opened envelope."""
    vendor, folder = play.look("vendor1", "/integration/my-certificates"), play.theatre.folder
    key = PrivateKey.generate()
    request = folder / "request.p10"
    request.write_bytes(build_csr(key, {"C": "CN", "O": name, "CN": name}))
    vendor.set_input_files("main [name=csr_file]", request)
    press(vendor, "提交并签发")
    told(vendor, "已签发")
    play.see("vendor1")
    pair = CertificatePair.from_csr_response(_download(vendor, "CSRResponse"))
    signature = folder / "challenge.p7s"
    signature.write_bytes(sign_data(_download(vendor, "挑战文件"), key, pair.signing, detached=True))
    vendor.set_input_files("main [name=signature_file]", signature)
    press(vendor, "验证签名")
    told(vendor, "签名验证通过")
    envelope = _download(vendor, "加密信封")
    fill(vendor, opened=decrypt_data(_der(envelope), pair.open_key(key), pair.encryption).decode())
    press(vendor, "核对解密结果")
    told(vendor, "解密结果正确")
    play.see("vendor1")


def _download(page: Page, text: str) -> bytes:
    with page.expect_download() as found:
        page.locator(".downloads").get_by_role("link", name=text).click()
    return Path(found.value.path()).read_bytes()


def _der(data: bytes) -> bytes:
    """The bytes of a message that may come as text."""
    if not data.startswith(b"-----"):
        return data
    return base64.b64decode(b"".join(line for line in data.splitlines() if not line.startswith(b"-----")))


def go_live(play: Play) -> None:
    """Everybody is accepted: the promotion begins, its dates are public, the log tells all of it."""
    play.hand.to(calendar().next_workday(clock.today()), 9)
    staff = play.look("staff", "/integration/golive")
    confirm(staff, "开始免费推广")
    told(staff, "免费推广已开始")
    play.see("staff")
    with play.back.walk() as walk:
        assert walk.recruitment.stage == "promotion" and walk.recruitment.programme is not None
        programme = walk.recruitment.programme
        assert programme.promotion_start == clock.today()
        assert {row.stage for row in programme.integrations} == {"accepted"}
        assert all(isinstance(row, Integration) for row in programme.integrations)
    expect(play.look("anyone", "").locator("main")).to_contain_text("免费推广")
    play.look("supervisor", "/log")
    play.look("staff", "/documents")
    play.look("staff", "/dashboard")
    for key in ("staff", "supervisor", "vendor1", "expert1", "operator"):
        play.theatre.look(key, "/work")
        play.theatre.look(key, "/messages")
