"""The pages after the ranking in the browser: who sees what, what a post answers, nothing lost."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.extensions import db, unit_of_work
from app.results import actions
from app.results.models import FeeShare, Objection, SelectionNotice
from evaluation.models import Candidate, RankEntry
from tests import factories
from tests.app.results.house import (
    AFTER,
    START,
    House,
    at,
    make_house,
    owe,
    to_award,
    to_notices,
    to_publicity,
)
from tests.harness.pages import outside_addresses
from tests.harness.statements import counted_statements

STAFF_PAGES = ("result", "award", "notices", "objections", "contracts", "fees", "decisions")


def page(client: FlaskClient, address: str, status: int = 200) -> str:
    """The page, which must stand and name no outside address."""
    answer = client.get(address)
    assert answer.status_code == status, (address, answer.status_code)
    assert outside_addresses(answer.text) == []
    return answer.text


def test_the_public_sees_ranks_and_scores_from_the_publicity_on(app: Flask, client: FlaskClient, clock) -> None:
    house = make_house(clock)
    assert client.get(f"{house.base}/result").status_code == 302
    factories.login(client, house.people["staff"])
    assert "尚未公示" in page(client, f"{house.base}/result")
    at(clock, START)
    assert client.post(f"{house.base}/result/start").status_code == 303
    visitor = app.test_client()
    shown = page(visitor, f"{house.base}/result")
    for phrase in (house.vendors[0].name, "拟入选", "候补", "2023年7月17日 至 2023年7月21日", "2023年8月1日"):
        assert phrase in shown
    assert "第 9 项未加盖" not in shown
    for secret in STAFF_PAGES[1:]:
        assert visitor.get(f"{house.base}/{secret}").status_code == 302


def test_staff_move_the_dates_and_two_windows_conflict(app: Flask, client: FlaskClient, clock) -> None:
    house = make_house(clock)
    factories.login(client, house.people["staff"])
    url, version = f"{house.base}/result/dates", house.recruitment.version
    dates = {"starts_on": "2023-07-18", "ends_on": "2023-07-24", "version": version}
    empty = client.post(url, data=dates)
    assert empty.status_code == 422
    assert "请填写此项" in empty.text
    short = client.post(url, data=dates | {"ends_on": "2023-07-19", "reason": "改期"})
    assert short.status_code == 422
    assert "最早在2023年7月24日结束" in short.text
    assert client.post(url, data=dates | {"reason": "改期"}).status_code == 303
    stale = client.post(url, data=dates | {"ends_on": "2023-07-28", "reason": "另一窗口"})
    assert stale.status_code == 409
    assert "2023年7月24日" in stale.text
    assert "2023年7月28日" in stale.text


def test_a_vendor_sees_its_own_scores_and_the_eliminated_one_its_reasons(
    app: Flask, client: FlaskClient, clock
) -> None:
    house = make_house(clock, members=5)
    factories.login(client, house.members[0])
    assert "结果公示后，这里显示得分和名次" in page(client, f"{house.base}/result/mine")
    to_publicity(house, clock)
    mine = page(client, f"{house.base}/result/mine")
    entry = db.session.scalars(select(RankEntry).where(RankEntry.rank == 1)).one()
    for phrase in ("第 1 名（共 4 家）", f"{entry.score:.2f}", "客观分", "同类型的项目经验"):
        assert phrase in mine
    assert house.vendors[1].name not in mine
    factories.login(client, house.members[4])
    lost = page(client, f"{house.base}/result/mine")
    for phrase in ("不合格的理由", "响应文件的有效性、完整性", "第 9 项未加盖法定代表人印章", "记名表决"):
        assert phrase in lost
    _, stranger = factories.make_vendor()
    factories.login(client, stranger)
    assert "没有参加" in page(client, f"{house.base}/result/mine")


def test_an_objection_walks_from_the_form_to_its_answer(app: Flask, client: FlaskClient, clock) -> None:
    house = make_house(clock)
    to_publicity(house, clock)
    vendor = app.test_client()
    factories.login(vendor, house.members[2])
    form = f"{house.base}/objections/new"
    assert "可以质疑的事项" in page(vendor, form)
    missing = vendor.post(form, data={"text": "只写了事项"})
    assert missing.status_code == 422
    assert "只写了事项" in missing.text
    filed = {"subject": "result", "text": "第一名的案例不属实", "against": house.candidate(1).public_id}
    wrong = vendor.post(form, data=filed | {"file": (io.BytesIO(b"MZ\x90"), "证据.pdf")})
    assert wrong.status_code == 422
    assert "第一名的案例不属实" in wrong.text
    assert vendor.post(form, data=filed).status_code == 303
    row = db.session.scalars(select(Objection)).one()
    url = f"{house.base}/objections/{row.public_id}"
    assert "等待审查是否受理" in page(vendor, url)
    assert vendor.post(f"{url}/accept", data={"version": row.version}).status_code == 403
    factories.login(client, house.people["staff"])
    judged = page(client, url)
    for phrase in ("入选名单将改变", house.vendors[2].name, "符合受理条件", "没有保存任何内容"):
        assert phrase in judged
    what_if = page(client, f"{url}?vendor={house.candidate(2).public_id}&item=6&value=0")
    assert "假设" in what_if
    assert "超出" in page(client, f"{url}?vendor={house.candidate(2).public_id}&item=6&value=11")
    assert client.get(f"{url}?without=nobody").status_code == 404
    version = row.version
    assert client.post(f"{url}/accept", data={"version": version}).status_code == 303
    stale = client.post(f"{url}/refuse", data={"version": version, "reason": "晚了一步"})
    assert stale.status_code == 409
    assert "已受理" in stale.text
    db.session.expire_all()
    empty = client.post(f"{url}/answer", data={"version": row.version, "upheld": "no"})
    assert empty.status_code == 422
    answer = {"version": row.version, "upheld": "no", "text": "经核实，案例属实"}
    assert client.post(f"{url}/answer", data=answer).status_code == 303
    assert "经核实，案例属实" in page(vendor, url)
    assert "受理审查" not in page(vendor, url)
    factories.login(vendor, house.members[1])
    assert vendor.get(url).status_code == 403
    assert "第 1 号" not in page(vendor, f"{house.base}/objections/new")


def test_the_award_is_given_by_two_people_in_two_browsers(app: Flask, client: FlaskClient, clock) -> None:
    house = make_house(clock)
    to_publicity(house, clock)
    factories.login(client, house.people["staff"])
    assert "公示期未满" in page(client, f"{house.base}/award")
    early = client.post(f"{house.base}/award/approve")
    assert early.status_code == 409
    assert "公示期未满" in early.text
    at(clock, AFTER)
    assert client.post(f"{house.base}/award/approve").status_code == 303
    alone = client.post(f"{house.base}/award/decide")
    assert alone.status_code == 409
    assert "两人" in alone.text
    other = app.test_client()
    factories.login(other, house.people["supervisor"])
    assert "等待工作人员和监督人员分别确认" in page(other, f"{house.base}/award")
    assert other.post(f"{house.base}/award/approve").status_code == 303
    assert client.post(f"{house.base}/award/decide").status_code == 303
    assert client.post(f"{house.base}/notices/issue", data={"issued_on": "无"}).status_code == 422
    assert client.post(f"{house.base}/notices/issue", data={"issued_on": "2023-08-02"}).status_code == 303
    assert "未签收" in page(client, f"{house.base}/notices")
    vendor = app.test_client()
    factories.login(vendor, house.members[0])
    notice = db.session.scalars(
        select(SelectionNotice).where(SelectionNotice.candidate_id == house.candidate(1).id)
    ).one()
    mine = page(vendor, f"{house.base}/result/mine")
    assert notice.number in mine
    receipt = f"{house.base}/notices/{notice.public_id}/acknowledge"
    assert vendor.post(receipt).status_code == 303
    foreign = db.session.scalars(
        select(SelectionNotice).where(SelectionNotice.candidate_id == house.candidate(2).id)
    ).one()
    assert vendor.post(f"{house.base}/notices/{foreign.public_id}/acknowledge").status_code == 403


def test_contracts_fees_and_a_departure_in_the_browser(app: Flask, client: FlaskClient, clock) -> None:
    house = make_house(clock)
    to_notices(house, clock)
    owe(house, "100.01")
    factories.login(client, house.people["staff"])
    contract = house.contract(1)
    sign = f"{house.base}/contracts/{contract.public_id}/sign"
    given = {"signed_on": "2023-08-02", "agreement": "y", "version": contract.version}
    assert client.post(sign, data=given | {"signed_on": "2023-08-09"}).status_code == 422
    assert client.post(sign, data=given).status_code == 303
    assert client.post(sign, data=given).status_code == 409
    assert "2023年8月2日 至 2024年8月2日" in page(client, f"{house.base}/contracts")
    scan = f"{house.base}/contracts/{contract.public_id}/scan"
    assert client.post(scan, data={}).status_code == 422
    assert client.post(scan, data={"file": (io.BytesIO(b"GIF89a"), "合同.pdf")}).status_code == 422
    assert client.post(scan, data={"file": (_picture(), "合同.png")}).status_code == 303
    assert client.get(scan).data.startswith(b"\x89PNG")
    assert client.post(f"{house.base}/fees/split").status_code == 303
    assert "50.01 元" in page(client, f"{house.base}/fees")
    share = db.session.scalars(select(FeeShare).order_by(FeeShare.id)).first()
    paid = f"{house.base}/fees/shares/{share.public_id}/paid"
    seen = share.version
    assert client.post(paid, data={"paid_on": "2023-08-02", "version": seen}).status_code == 303
    assert client.post(paid, data={"paid_on": "", "version": seen}).status_code == 409
    leave = f"{house.base}/candidates/{house.candidate(2).public_id}"
    preview = page(client, f"{leave}/leave")
    for phrase in (house.vendors[2].name, "冲销", "2023年9月13日", "尚未保存任何内容"):
        assert phrase in preview
    assert client.post(f"{leave}/remove", data={"reason": ""}).status_code == 422
    assert client.post(f"{leave}/remove", data={"reason": "拒签合同"}).status_code == 303
    db.session.expire_all()
    assert house.stages() == ["selected", "removed", "selected", "reserve", "eliminated"]
    assert "补充公示" in page(client, f"{house.base}/result")
    vendor = app.test_client()
    factories.login(vendor, house.members[0])
    mine = page(vendor, f"{house.base}/result/mine")
    assert "应承担" in mine
    assert vendor.get(scan).status_code == 200
    factories.login(vendor, house.members[1])
    assert vendor.get(scan).status_code == 403
    own = f"{house.base}/candidates/{house.candidate(1).public_id}/withdraw"
    assert vendor.post(own, data={"reason": "替别人"}).status_code == 403


def _picture() -> io.BytesIO:
    from PIL import Image

    data = io.BytesIO()
    Image.new("RGB", (8, 8)).save(data, "PNG")
    data.seek(0)
    return data


def test_decisions_are_proposed_consented_to_and_shown(app: Flask, client: FlaskClient, clock) -> None:
    house = make_house(clock)
    to_award(house, clock)
    factories.login(client, house.people["staff"])
    base = f"{house.base}/decisions"
    assert "提请重新评审" in page(client, base)
    assert client.post(f"{base}/re-review", data={"cause": "", "reason": ""}).status_code == 422
    change = {
        "cause": "objective_unequal",
        "candidates": [house.candidate(1).public_id],
        "items": ["1"],
        "reason": "两张表不一致",
    }
    assert client.post(f"{base}/re-review", data=change).status_code == 303
    other = app.test_client()
    factories.login(other, house.people["supervisor"])
    shown = page(other, base)
    for phrase in ("待确认：重新评审", "客观评分不一致", house.vendors[0].name, "两张表不一致"):
        assert phrase in shown
    assert other.post(f"{base}/withdraw", data={"step": "re-review", "reason": "证据不足"}).status_code == 303
    assert other.post(f"{base}/re-review/consent").status_code == 422
    assert client.post(f"{base}/suspend", data={"reason": "核查"}).status_code == 303
    assert "恢复项目" in page(client, base)
    assert client.post(f"{house.base}/notices/issue", data={"issued_on": "2023-08-02"}).status_code == 409
    assert other.post(f"{base}/resume", data={"reason": "查清"}).status_code == 303
    assert client.post(f"{base}/terminate", data={"reason": "政策调整"}).status_code == 303
    assert other.post(f"{base}/terminate", data={}).status_code == 303
    db.session.expire_all()
    assert house.recruitment.stage == "terminated"
    assert "政策调整" in page(other, base)


def more_vendors(house: House, count: int) -> None:
    """Candidates and ranks without people, to make lists long."""
    with unit_of_work() as session:
        for number in range(100, 100 + count):
            body = factories.make_organisation("vendor")
            candidate = Candidate(
                review_id=house.recruitment.review_id,
                number=number,
                name=body.name,
                credit_code=body.credit_code or "",
                stage="qualified",
            )
            session.add(candidate)
            session.flush()
            session.add(
                RankEntry(
                    review_id=house.recruitment.review_id,
                    candidate_id=candidate.id,
                    rank=number,
                    total=1,
                    seats=5,
                    score=1,
                    objective_total=1,
                )
            )


def test_the_lists_ask_as_often_for_many_vendors_as_for_few(app: Flask, client: FlaskClient, clock) -> None:
    def counts(house: House) -> list[int]:
        factories.login(client, house.people["staff"])
        found = []
        for path in STAFF_PAGES:
            client.get(f"{house.base}/{path}")
            with counted_statements(db.engine) as seen:
                page(client, f"{house.base}/{path}")
            found.append(len(seen))
        return found

    few = make_house(clock)
    to_notices(few, clock)
    many = make_house(clock, quota=40)
    more_vendors(many, 40)
    to_notices(many, clock)
    for house in (few, many):
        owe(house, "100")
        actions.split_fees(**house.as_staff())
    few_counts, many_counts = counts(few), counts(many)
    assert many_counts == few_counts, dict(zip(STAFF_PAGES, zip(few_counts, many_counts, strict=True), strict=True))


def test_other_recruitments_ids_and_dates_far_away_are_answered_with_a_sentence(
    app: Flask, client: FlaskClient, clock
) -> None:
    house, other = make_house(clock), make_house(clock, members=0)
    to_notices(house, clock)
    to_notices(other, clock)
    factories.login(client, house.people["staff"])
    foreign: Any = other.contract(1)
    answer = client.post(
        f"{house.base}/contracts/{foreign.public_id}/sign", data={"signed_on": "2023-08-02", "version": 1}
    )
    assert answer.status_code == 404
    own = house.contract(1)
    far = client.post(
        f"{house.base}/contracts/{own.public_id}/sign", data={"signed_on": "99999-99-99", "version": 1}
    )
    assert far.status_code == 422
    filed = client.post(
        f"{house.base}/objections/paper",
        data={
            "organisation": other.vendors[0].public_id,
            "subject": "result",
            "text": "别的项目的单位",
            "received_at": "2023-08-02T08:00",
            "against": other.candidate(1).public_id,
        },
    )
    assert filed.status_code in (404, 422)
    assert db.session.scalar(select(Objection.id)) is None
    assert house.contract(1).due_on == date(2023, 9, 1)
