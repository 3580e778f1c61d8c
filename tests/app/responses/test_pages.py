"""The vendor's pages without JavaScript: begin, workspace, check, submit, details, templates, preview."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from docx import Document as Docx
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db
from app.responses.content import DOCX
from tests import factories
from tests.app.responses.hall import Hall, make_hall, pdf
from tests.harness.pages import outside_addresses

pytestmark = pytest.mark.database("sqlite")


@pytest.fixture
def hall(app: Flask, client: FlaskClient, clock: Any) -> dict[str, str]:
    with app.app_context():
        made = make_hall()
        factories.login(client, made.user)
        found = {
            "recruitment": made.recruitment.public_id,
            "response": made.response.public_id,
            "company": made.organisation.name,
            "code": made.organisation.credit_code or "",
            "legal": made.organisation.legal_representative,
            "agent": made.user.name,
        }
        db.session.remove()
    return found


def test_a_vendor_walks_from_the_beginning_to_the_withdrawal(app: Flask, client: FlaskClient, clock: Any) -> None:
    with app.app_context():
        recruitment = factories.make_recruitment()
        _organisation, user = factories.make_vendor()
        factories.login(client, user)
        base = f"/r/{recruitment.public_id}/response"
        closes = recruitment.closes_at
        db.session.remove()
    first = client.get(base).get_data(as_text=True)
    assert "开始编制响应文件" in first and "承诺书（DOCX）" in first
    assert client.post(base).status_code == 303
    page = client.get(base).get_data(as_text=True)
    assert "还缺第 1、2、3、4、5、6、8、9、10 项" in page and "2023年7月7日 17:30" in page
    assert outside_addresses(page) == []
    ref = re.search(r"/responses/([^/]+)/check", page).group(1)  # type: ignore[union-attr]
    empty = client.get(f"/responses/{ref}/check").get_data(as_text=True)
    assert "还没有文件" in empty and 'name="seen"' not in empty
    for item in ("1", "2", "3", "4", "5", "6", "8", "9"):
        sent = {"item": item, "files": (io.BytesIO(pdf()), f"样例{item}.pdf")}
        client.post(f"/responses/{ref}/files", data=sent, content_type="multipart/form-data")
    check = client.get(f"/responses/{ref}/check").get_data(as_text=True)
    assert "第 10 项“服务联系人授权书”还没有文件" in check and "确认内容项 10 没有文件仍然递交" in check
    seen = re.search(r'name="seen" value="(\w{64})"', check).group(1)  # type: ignore[union-attr]
    refused = client.post(f"/responses/{ref}/submit", data={"seen": seen})
    assert refused.status_code == 422 and "内容项 10 还没有文件" in refused.get_data(as_text=True)
    assert client.post(f"/responses/{ref}/submit", data={"seen": "0" * 64}).status_code == 409
    done = client.post(f"/responses/{ref}/submit", data={"seen": seen, "accept_missing": "yes"})
    assert done.status_code == 303
    history = client.get(done.location).get_data(as_text=True)
    assert "第 1 号" in history and "回执（PDF）" in history and "2023年6月25日 09:00:00" in history
    submission = client.get(re.search(r'href="(/documents/[^"]+)"', history).group(1))  # type: ignore[union-attr]
    assert submission.data.startswith(b"%PDF-")
    assert client.post(f"/responses/{ref}/submit", data={"seen": seen, "accept_missing": "yes"}).status_code == 409
    file = re.search(r"/response-files/([^\"/]+)", client.get(base).get_data(as_text=True)).group(1)  # type: ignore[union-attr]
    shown = client.get(f"/response-files/{file}")
    assert shown.headers["Content-Disposition"].startswith("inline") and shown.data.startswith(b"%PDF-")
    assert client.post(f"/response-files/{file}/remove").status_code == 303
    assert "改动尚未生效" in client.get(base).get_data(as_text=True)
    assert client.post(f"/responses/{ref}/withdraw").status_code == 303
    assert "没有有效的递交" in client.get(f"/responses/{ref}/submissions").get_data(as_text=True)
    clock.set(closes)
    late = client.post(f"/responses/{ref}/submit", data={"seen": seen})
    assert late.status_code == 409 and "不在响应文件递交时间内" in late.get_data(as_text=True)
    closed = client.get(base).get_data(as_text=True)
    assert "本响应文件没有递交，不参加评审" in closed and "multipart/form-data" not in closed


def test_details_are_kept_when_a_date_is_wrong_and_two_people_write(hall: Any, client: FlaskClient) -> None:
    path = f"/responses/{hall['response']}/details"
    version = re.search(r'name="version" value="(\d+)"', client.get(path).get_data(as_text=True)).group(1)  # type: ignore[union-attr]
    fields = {"version": version, "contact_name": "样例联系人", "ca_name": "样例认证", "note-4": "审计"}
    wrong = client.post(path, data={**fields, "since-4": "去年"})
    text = wrong.get_data(as_text=True)
    assert wrong.status_code == 422 and "第 4 项的日期填写不正确" in text and 'value="样例认证"' in text
    phone = client.post(path, data={**fields, "contact_phone": "<script>"})
    assert phone.status_code == 422 and "联系电话只能含" in phone.get_data(as_text=True)
    assert client.post(path, data={**fields, "until-4": "2021-12-31"}).status_code == 303
    stale = client.post(path, data={**fields, "ca_name": "另一个"})
    text = stale.get_data(as_text=True)
    assert stale.status_code == 409 and "样例认证" in text and "另一个" in text
    assert "材料截止日期：2021-12-31" in client.get(f"/r/{hall['recruitment']}/response").get_data(as_text=True)


def words(data: bytes) -> str:
    return "\n".join(paragraph.text for paragraph in Docx(io.BytesIO(data)).paragraphs)


def test_templates_are_filled_with_what_is_known(hall: Any, client: FlaskClient) -> None:
    base = f"/r/{hall['recruitment']}/response/letters"
    commitment = client.get(f"{base}/annex-1")
    assert commitment.mimetype == DOCX
    text = words(commitment.data)
    assert f"服务商名称：{hall['company']}" in text and "郑重承诺" in text
    margins = Docx(io.BytesIO(commitment.data)).sections[0]
    assert margins.footer.paragraphs[0].text == f"{hall['company']}　统一社会信用代码：{hall['code']}"
    assert margins.header.paragraphs[0].text == "项目名称：海南省电子印章服务商招募"
    text = words(client.get(f"{base}/annex-2").data)
    assert f"法定代表人 {hall['legal']} 授权 {hall['agent']} （身份证件号码：" in text
    whole = words(client.get(f"{base}/response").data)
    for word in ("海南省电子印章服务商招募", f"服务商名称：{hall['company']}", "1、企业概况介绍", "9、评审有关资料"):
        assert word in whole, word
    assert whole.count("2022年起任意3个月纳税") >= 1 and "2021年起任意3个月纳税" not in whole
    assert "法定代表人或其委托代理人：" in whole  # signed by hand: stays blank
    assert client.get(f"{base}/nothing").status_code == 404


def test_another_vendor_gets_nothing(hall: Any, app: Flask, clock: Any) -> None:
    other = app.test_client()
    with app.app_context():
        stranger: Hall = make_hall()
        factories.login(other, stranger.user)
        db.session.remove()
    for path in ("check", "details", "submissions"):
        assert other.get(f"/responses/{hall['response']}/{path}").status_code == 403
    for path in ("submit", "withdraw", "confirm", "files", "uploads", "details"):
        assert other.post(f"/responses/{hall['response']}/{path}").status_code == 403
    page = other.get(f"/r/{hall['recruitment']}/response").get_data(as_text=True)
    assert "开始编制响应文件" in page and hall["company"] not in page
