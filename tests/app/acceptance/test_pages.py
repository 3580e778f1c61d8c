"""The integration's pages: what each side sees and sends, and what the public sees of it."""

from __future__ import annotations

import csv
import io

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.acceptance import actions
from app.audit import Event
from app.extensions import db
from onboarding.models import Evidence
from seal_core import PrivateKey, build_csr
from tests import factories
from tests.app.acceptance.hall import accept_all, make_hall, prove_all, start
from tests.app.responses.test_content import pdf
from tests.harness.clock import HandClock
from tests.harness.pages import outside_addresses
from tests.harness.statements import counted_statements


def test_staff_start_and_the_vendor_walks_from_its_workspace_to_a_proved_item(
    app: Flask, client: FlaskClient
) -> None:
    with app.app_context():
        hall = make_hall(started=False)
        factories.login(client, hall.people["staff"])
        assert "开始对接" in client.get(f"{hall.base}/board").text
        assert client.post(f"{hall.base}/start").status_code == 303
        db.session.expire_all()
        one = hall.integration(1)
        board = client.get(f"{hall.base}/board").text
        for phrase in (one.vendor_name, "2023年9月4日", "0 / 30", "对接中"):
            assert phrase in board
        assert outside_addresses(board) == []
        factories.login(client, hall.vendors[0][1])
        went = client.get(f"{hall.base}/mine")
        assert went.status_code == 303
        page = client.get(went.location).text
        for phrase in ("个工作日（不含今日）", "2023年7月25日", "服务标准", "数字证书", "次一工作日为第 1 日"):
            assert phrase in page
        assert "通过对接验收" not in page
        assert outside_addresses(page) == []
        state = hall.state(1, "std.1")
        url = f"{hall.base}/items/{state.public_id}"
        sent = client.post(
            f"{url}/evidence",
            data={"text": "联系电话13800138000", "file": (io.BytesIO(pdf()), "证书.pdf"), "then": "prove"},
        )
        assert sent.status_code == 303
        shown = client.get(url).text
        assert "证书.pdf" in shown
        assert "待验收" in shown
        assert "13800138000" not in shown
        assert client.post(f"{url}/remarks", data={"text": "请尽快验收"}).status_code == 303
        bad = client.post(f"{url}/evidence", data={"file": (io.BytesIO(b"MZ"), "证书.pdf")})
        assert bad.status_code == 422
        factories.login(client, hall.vendors[1][1])
        assert client.get(url).status_code == 403
        assert client.get(went.location).status_code == 403


def test_the_operator_decides_and_reading_evidence_is_logged(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        hall = make_hall()
        state, data = hall.state(1, "std.1"), pdf()
        actions.add_evidence(
            actor=hall.vendor(1), state=state, text="见附件", source=io.BytesIO(data), name="证书.pdf"
        )
        actions.prove(actor=hall.vendor(1), state=state)
        factories.login(client, hall.people["operator"])
        url = f"{hall.base}/items/{state.public_id}"
        assert "请核对证明，通过或退回" in client.get(url).text
        file = db.session.query(Evidence).one()
        got = client.get(f"{hall.base}/evidence/{file.public_id}")
        assert (got.status_code, got.mimetype) == (200, "application/pdf")
        assert got.data == data
        assert db.session.query(Event).filter(Event.kind == "evidence.read").count() == 1
        stale = client.post(f"{url}/decide", data={"decision": "accept", "version": 1})
        assert stale.status_code == 409
        assert "证明 1 份" in stale.text
        form = {"decision": "return", "remark": "", "version": state.version}
        assert client.post(f"{url}/decide", data=form).status_code == 422
        assert client.post(f"{url}/decide", data=form | {"remark": "看不清"}).status_code == 303
        db.session.expire_all()
        assert state.stage == "returned"
        factories.login(client, hall.vendors[0][1])
        assert "退回理由：看不清" in client.get(f"{hall.base}/vendors/{hall.integration(1).public_id}").text
        assert client.get(f"{hall.base}/evidence/{file.public_id}").status_code == 200
        assert db.session.query(Event).filter(Event.kind == "evidence.read").count() == 1
        assert client.post(f"{url}/decide", data=form).status_code == 403


def test_items_are_accepted_together_and_then_the_vendor(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        hall = make_hall()
        prove_all(hall, 1)
        factories.login(client, hall.people["operator"])
        one = hall.integration(1)
        url = f"{hall.base}/vendors/{one.public_id}"
        states = hall.states(1)
        form = {"item": [state.public_id for state in states], "remark": "联调通过"}
        form |= {f"version-{state.public_id}": str(state.version) for state in states}
        foreign = {"item": [hall.state(2, "std.1").public_id]}
        assert client.post(f"{url}/accept-items", data=foreign).status_code == 404
        assert client.post(f"{url}/accept-items", data={}).status_code == 422
        assert client.post(f"{url}/accept-items", data=form).status_code == 303
        assert "通过对接验收" in client.get(url).text
        assert client.post(f"{url}/accept").status_code == 303
        db.session.expire_all()
        assert one.stage == "accepted"
        assert "已通过对接验收" in client.get(url).text
        assert client.post(f"{url}/accept").status_code == 422


def test_everybody_sees_who_is_waited_for_and_nothing_else(
    app: Flask, client: FlaskClient, clock: HandClock
) -> None:
    with app.app_context():
        hall = make_hall(started=False)
        public = app.test_client()
        assert public.get(f"{hall.base}/progress").status_code in (302, 403)
        start(hall, 4)
        actions.add_evidence(actor=hall.vendor(1), state=hall.state(1, "std.1"), text="内部说明不公开")
        accept_all(hall, 2)
        clock.set_local(2023, 9, 6, 9)
        for person in (public, client):
            if person is client:
                factories.login(client, hall.vendors[2][1])
            page = person.get(f"{hall.base}/progress")
            assert page.status_code == 200
            for phrase in (hall.integration(1).vendor_name, "逾期 2 个工作日", "目前尚在等待 1 家", "验收通过"):
                assert phrase in page.text
            assert "内部说明不公开" not in page.text
            assert outside_addresses(page.text) == []
            golive = person.get(f"{hall.base}/golive").text
            assert "不能开始免费推广" in golive
            assert hall.integration(1).vendor_name in golive
            assert "确认开始免费推广" not in golive
        assert "没有需要办理的对接" in client.get(f"{hall.base}/mine").text


def test_the_board_filters_tells_what_waits_and_leaves_as_a_table(
    app: Flask, client: FlaskClient, clock: HandClock
) -> None:
    with app.app_context():
        hall = make_hall(selected=3)
        actions.add_remark(actor=hall.vendor(2), state=hall.state(2, "std.1"), text="地址？")
        actions.ask_extension(actor=hall.vendor(2), integration=hall.integration(2), days=5, reason="设备未到")
        accept_all(hall, 3)
        clock.set_local(2023, 9, 5, 9)
        factories.login(client, hall.people["staff"])
        board = client.get(f"{hall.base}/board").text
        for phrase in ("决定延期或取消入选", "1 项提问待回复", "期限申请待决定", "登记逾期"):
            assert phrase in board
        late = client.get(f"{hall.base}/board?stage=accepted").text
        assert f">{hall.integration(3).vendor_name}</a>" in late
        assert f">{hall.integration(1).vendor_name}</a>" not in late
        table = list(csv.reader(io.StringIO(client.get(f"{hall.base}/board.csv").data.decode("utf-8-sig"))))
        assert [row[2] for row in table[1:]] == ["已逾期", "已逾期", "验收通过"]
        assert client.post(f"{hall.base}/overdue").status_code == 303
        url = f"{hall.base}/vendors/{hall.integration(1).public_id}"
        assert client.post(f"{url}/remove", data={"reason": "逾期"}).status_code == 303
        factories.login(client, hall.people["supervisor"])
        assert "已于" in client.get(url).text
        change = hall.integration(2).changes[0]
        decide = f"{hall.base}/changes/{change.public_id}/decide"
        assert client.post(decide, data={"consent": "no", "note": ""}).status_code == 422
        assert client.post(decide, data={"consent": "yes"}).status_code == 303
        factories.login(client, hall.vendors[0][1])
        ask = {"kind": "extension", "days": "很多", "reason": "x"}
        assert client.post(f"{url}/days", data=ask).status_code == 422
        assert client.post(f"{url}/days", data=ask | {"days": "3", "kind": "gift"}).status_code == 422
        assert client.post(f"{url}/days", data=ask | {"days": "3"}).status_code == 303


def test_lists_ask_as_often_for_many_vendors_as_for_few(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        counts = {}
        for vendors in (2, 6):
            hall = make_hall(selected=vendors)
            factories.login(client, hall.people["staff"])
            for page in ("board", "progress", "golive", "requirements", "board.csv"):
                client.get(f"{hall.base}/{page}")
                with counted_statements(db.engine) as seen:
                    assert client.get(f"{hall.base}/{page}").status_code == 200
                counts.setdefault(page, []).append(len(seen))
        assert {page: pair for page, pair in counts.items() if pair[0] != pair[1]} == {}
        whole = make_hall(selected=1, keep=None)
        short = make_hall(selected=1)
        numbers = []
        for hall in (short, whole):
            factories.login(client, hall.vendors[0][1])
            url = f"{hall.base}/vendors/{hall.integration(1).public_id}"
            client.get(url)
            with counted_statements(db.engine) as seen:
                client.get(url)
            numbers.append(len(seen))
        assert numbers[0] == numbers[1]


def test_certificates_by_browser(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        hall = make_hall()
        key = PrivateKey.generate()
        factories.login(client, hall.vendors[0][1])
        went = client.get(f"{hall.base}/my-certificates")
        page = went.location
        assert "还没有证书请求" in client.get(page).text
        refused = client.post(page, data={"csr": "不是请求"}, follow_redirects=True)
        assert "不是可以读取的 PKCS#10" in refused.text
        sent = client.post(
            page, data={"csr_file": (io.BytesIO(build_csr(key, {"CN": "样例"})), "request.p10")},
            follow_redirects=True,
        )  # fmt: skip
        assert "试用签名证书和加密证书已签发" in sent.text
        request = hall.integration(1).certificate_requests[-1]
        url = f"{hall.base}/certificates/{request.public_id}"
        challenge = client.get(f"{url}/challenge").data
        assert challenge == request.challenge
        assert client.get(f"{url}/signing").data.startswith(b"-----BEGIN CERTIFICATE-----")
        assert client.get(f"{url}/response").data[:1] == b"\x30"
        assert client.get(f"{url}/envelope").data[:1] == b"\x30"
        assert client.get(f"{url}/key").status_code == 404
        wrong = client.post(
            f"{url}/signature", data={"signature": key.sign(b"other").hex()}, follow_redirects=True
        )
        assert "签名与挑战文件和证书不符" in wrong.text
        assert client.post(f"{url}/signature", data={"signature": "你好"}).status_code == 422
        good = client.post(
            f"{url}/signature",
            data={"signature_file": (io.BytesIO(key.sign(challenge)), "signature.der")},
            follow_redirects=True,
        )
        assert "签名验证通过，已作为测试结果记入" in good.text
        assert "系统验证：SM2 签名" in client.get(f"{hall.base}/items/{hall.state(1, 'cert.7').public_id}").text
        assert client.get(f"{hall.base}/trial-ca/chain.pem").status_code == 200
        assert client.get(f"{hall.base}/trial-ca/trial.crl").data[:1] == b"\x30"
        assert client.post(f"{url}/renew").status_code == 303
        assert client.post(f"{url}/revoke", data={"revocation": "cessation"}).status_code == 409
        factories.login(client, hall.vendors[1][1])
        assert client.get(page).status_code == 403
        assert client.get(f"{url}/signing").status_code == 403
        assert client.post(f"{url}/signature", data={"signature": "00"}).status_code == 403


@pytest.mark.database("sqlite")
def test_the_promotion_begins_in_the_browser_and_is_shown_to_all(
    app: Flask, client: FlaskClient, clock: HandClock
) -> None:
    with app.app_context():
        hall = make_hall(selected=1)
        factories.login(client, hall.people["staff"])
        early = client.post(f"{hall.base}/promotion")
        assert early.status_code == 409
        assert hall.integration(1).vendor_name in early.text
        accept_all(hall, 1)
        assert "确认开始免费推广" in client.get(f"{hall.base}/golive").text
        assert client.post(f"{hall.base}/promotion").status_code == 303
        public = app.test_client().get(f"{hall.base}/golive").text
        assert "2023年7月24日 至 2023年10月24日" in public
        clock.set_local(2023, 10, 25, 9)
        assert "正式服务期" in app.test_client().get(f"{hall.base}/golive").text
