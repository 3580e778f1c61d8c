"""Recurring duties on record, and the data of market entities that stays masked."""

from __future__ import annotations

import io
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.acceptance import actions
from app.acceptance.masking import mask_company, mask_contact, mask_entity, mask_person, mask_text
from app.audit import Event
from app.errors import Conflict, Denied, Refusal, WrongStage
from app.extensions import db
from tests import factories
from tests.app.acceptance.hall import NOTICED, accept_all, make_hall
from tests.app.responses.test_content import pdf
from tests.harness.clock import HandClock

COMPLAINT = (
    "12345转办：样例公司张三（身份证460100199001011234，电话13800138000，"
    "邮箱zhang.san@example.com）反映无法签章。"
)
ENTITY = {"company": "海南样例商贸有限公司", "person": "张三", "contact": "0898-65431234"}


@pytest.mark.parametrize(
    ("plain", "masked"),
    [
        ("身份证460100199001011234。", "身份证460***********1234。"),
        ("46010019900101123X", "460***********123X"),
        ("电话13800138000，", "电话138****8000，"),
        ("座机 0898-65431234", "座机 0898-****1234"),
        ("账号 6222021234567890", "账号 ************7890"),
        ("邮箱 zhang.san@example.com。", "邮箱 z***@example.com。"),
        ("共 30 个工作日，2023年7月24日，编号 20230724001", "共 30 个工作日，2023年7月24日，编号 20230724001"),
    ],
)
def test_numbers_that_name_a_person_are_masked(plain: str, masked: str) -> None:
    assert mask_text(plain) == masked


def test_names_keep_their_ends() -> None:
    assert mask_person("张三") == "张*"
    assert mask_company("海南样例商贸有限公司") == "海南****有限公司"
    assert mask_company("样例店") == "样**"
    assert mask_contact("微信样例") == "微***"
    assert mask_contact("") == ""
    assert mask_entity(ENTITY | {"other": "x"}) == {
        "company": "海南****有限公司", "person": "张*", "contact": "0898-****1234",
    }  # fmt: skip


def test_a_request_for_cloud_resources_is_granted_and_its_days_given_back(app: Flask, clock: HandClock) -> None:
    with app.app_context():
        hall = make_hall()
        one = hall.integration(1)
        with pytest.raises(Denied):
            actions.record_duty(
                actor=hall.vendor(2), integration=one, duty="duty.6", text="越权", happened_on=NOTICED
            )
        for wrong, code in (
            ({"duty": "duty.99"}, "acceptance_duty_unknown"),
            ({"text": " "}, "acceptance_duty_text"),
            ({"happened_on": date(2023, 7, 25)}, "acceptance_duty_date"),
            ({"happened_on": None}, "acceptance_duty_date"),
        ):
            good = {"duty": "duty.6", "text": "申请云主机", "happened_on": NOTICED}
            with pytest.raises(Refusal, match=code):
                actions.record_duty(actor=hall.vendor(1), integration=one, **good | wrong)
        row = actions.record_duty(
            actor=hall.vendor(1), integration=one, duty="duty.6", text="申请 4 台云主机", happened_on=NOTICED,
            wants_answer=True, source=io.BytesIO(pdf()), name="申请表.pdf",
        )  # fmt: skip
        clock.set_local(2023, 7, 28, 15)
        with pytest.raises(Denied, match="acceptance_duty_other_side"):
            actions.answer_duty(
                actor=hall.vendor(1), duty_record=row, text="自己批", answered_on=date(2023, 7, 28)
            )
        with pytest.raises(Refusal, match="acceptance_duty_date"):
            actions.answer_duty(
                actor=hall.actor("staff"), duty_record=row, text="已开通", answered_on=date(2023, 7, 21)
            )
        with pytest.raises(Conflict):
            actions.answer_duty(
                actor=hall.actor("staff"), duty_record=row, text="x", answered_on=NOTICED, version=0
            )
        actions.answer_duty(
            actor=hall.actor("staff"), duty_record=row, text="已开通", answered_on=date(2023, 7, 28), give_back=4
        )
        assert one.deadline_on == date(2023, 9, 8)
        change = one.changes[-1]
        assert (change.kind, change.stage, change.asked_by, change.decided_by) == (
            "given_back", "consented", hall.vendors[0][1].public_id, hall.people["staff"].public_id,
        )  # fmt: skip
        with pytest.raises(WrongStage, match="acceptance_duty_answered"):
            actions.answer_duty(
                actor=hall.actor("staff"), duty_record=row, text="x", answered_on=date(2023, 7, 28)
            )


def test_a_complaint_is_masked_and_reading_it_whole_is_logged(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        hall = make_hall()
        row = actions.record_duty(
            actor=hall.actor("staff"), integration=hall.integration(1), duty="duty.8", text=COMPLAINT,
            happened_on=NOTICED, wants_answer=True, entity=ENTITY,
        )  # fmt: skip
        page = f"{hall.base}/vendors/{hall.integration(1).public_id}/duties"
        reveal = f"{hall.base}/duties/{row.public_id}/reveal"
        factories.login(client, hall.vendors[0][1])
        shown = client.get(page).text
        for secret in ("460100199001011234", "13800138000", "zhang.san@", "海南样例商贸", "65431234"):
            assert secret not in shown
        assert "张*" in shown
        assert client.post(reveal, data={"purpose": " "}).status_code == 422
        whole = client.post(reveal, data={"purpose": "回访用户"})
        assert whole.status_code == 200
        assert "13800138000" in whole.text
        assert "海南样例商贸有限公司" in whole.text
        event = db.session.query(Event).filter(Event.kind == "duty.revealed").one()
        assert (event.facts["purpose"], event.actor_id) == ("回访用户", hall.vendors[0][1].id)
        assert all("13800138000" not in str(one.facts) for one in db.session.query(Event))
        answered = client.post(
            f"{hall.base}/duties/{row.public_id}/answer",
            data={"answer": "已电话指导", "answered_on": "2023-07-24", "version": row.version},
        )
        assert answered.status_code == 303
        factories.login(client, hall.vendors[1][1])
        for answer in (client.get(page), client.post(reveal, data={"purpose": "好奇"})):
            assert answer.status_code == 403


def test_duties_go_on_after_the_acceptance(app: Flask) -> None:
    with app.app_context():
        hall = make_hall(selected=1)
        accept_all(hall, 1)
        actions.start_promotion(actor=hall.actor("staff"), recruitment=hall.recruitment)
        row = actions.record_duty(
            actor=hall.vendor(1), integration=hall.integration(1), duty="duty.12", text="七月服务报告",
            happened_on=NOTICED,
        )  # fmt: skip
        assert row.side == "vendor"
        with pytest.raises(Exception, match="integration_not_working"):
            actions.answer_duty(
                actor=hall.actor("staff"), duty_record=row, text="收到", answered_on=NOTICED, give_back=2
            )
        db.session.expire_all()
        assert row.answered_on is None
