"""The panel's screens: who sees which name when, and the whole way with forms alone."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app import clock as app_clock
from app.accounts.models import User
from app.extensions import db, unit_of_work
from app.panel import actions, drawing
from app.publication.models import Recruitment
from evaluation.models import Draw, PanelSeat
from evaluation.panel import replay
from tests.app.accounts.kept import keep
from tests.app.panel.hall import (
    PASSPHRASE,
    add_expert,
    commit_both,
    cookie,
    declare,
    drawn,
    elect_first,
    finish,
    make_hall,
    prepare,
    seat_all,
)
from tests.harness.pages import outside_addresses
from tests.harness.statements import counted_statements

pytestmark = pytest.mark.usefixtures("clock")


def browser(app: Flask, user: User) -> Any:
    """A client that is logged in as the person, without the cost of a password."""
    found = app.test_client()
    found.set_cookie("yinzhao", cookie(app, user))
    return found


def test_the_whole_draw_with_forms(app, clock):
    with app.app_context():
        hall = make_hall()
        add_expert(31, employer=hall.vendors[0][0].name)
        ref = hall.recruitment.public_id
        names = [expert.name for expert in hall.experts]
        keep(*hall.people.values())
        staff = browser(app, hall.people["staff"])
        supervisor = browser(app, hall.people["supervisor"])
    public = app.test_client()
    base = f"/r/{ref}/draw"
    assert "准备抽取" in staff.get(base).text
    assert "还没有进行中的抽取" in supervisor.get(base).text
    assert "还没有公开的抽取" in public.get(f"{base}/public").text
    when = app_clock.local(app_clock.now() + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M")
    form = {"mode": "first", "public_name": "样例彩票第 1 期", "public_digits": "5", "public_at": when}
    wrong = staff.post(base, data={**form, "public_at": "morgen", "public_digits": "x"})
    assert wrong.status_code == 422 and "时间无法识别" in wrong.text
    past = staff.post(base, data={**form, "public_at": "2020-01-01T00:00"})
    assert past.status_code == 422 and "请填写晚于现在的时间" in past.text
    assert staff.post(base, data=form).status_code == 303
    page = staff.get(base)
    assert "工作单位与响应服务商相同（1 号响应服务商）" in page.text and "样例评审31" in page.text
    assert not outside_addresses(page.text)
    with app.app_context():
        draw = db.session.scalars(select(Draw.public_id)).one()
    one = f"{base}/{draw}"
    assert supervisor.post(f"{one}/fix").status_code == 403
    assert public.get(f"{one}/proof.json").status_code in (302, 404)
    assert staff.post(f"{one}/dismiss", data={"hit": "1", "reason": "样例：同名单位"}).status_code == 303
    assert "已排除：样例：同名单位" in staff.get(base).text
    assert staff.post(f"{one}/fix").status_code == 303
    secrets = {}
    for name, person in (("staff", staff), ("supervisor", supervisor)):
        shown = person.post(f"{one}/commit")
        assert shown.status_code == 200
        secrets[name] = re.search(r'id="secret-shown" readonly value="([0-9a-f]{64})"', shown.text).group(1)
        assert secrets[name] not in person.get(base).text
    assert public.get(f"{one}/proof.json").status_code == 404
    announced = json.loads(public.get(f"{one}/commitments.json").data)
    assert set(announced["commitments"]) == {"organiser", "supervisor"}
    assert staff.post(f"{one}/reveal", data={"secret": secrets["staff"]}).status_code == 303
    supervisor.post(f"{one}/reveal", data={"secret": "00" * 32})
    assert "与承诺不符" in supervisor.get(base).text
    supervisor.post(f"{one}/reveal", data={"secret": secrets["supervisor"]})
    early = staff.post(f"{one}/value", data={"value": "12345", "source": "样例"})
    assert early.status_code == 409 and "请届时再填写" in early.text
    clock.advance(hours=3)
    value = {"value": "12345", "source": "样例公告第 1 号"}
    assert staff.post(f"{one}/value", data=value).status_code == 303
    differs = supervisor.post(f"{one}/perform", data={"value": "12346"})
    assert differs.status_code == 409 and "12345" in differs.text and "12346" in differs.text
    assert supervisor.post(f"{one}/perform", data={"value": "12345"}).status_code == 303
    proof = public.get(f"{one}/proof.json?names=1")
    assert replay(json.loads(proof.data)).ok and "样例评审" not in proof.get_data(as_text=True)
    shown = public.get(f"{base}/public").text
    assert "重新计算一致" in shown and "结果公示前保密" in shown
    assert not any(name in shown for name in names)
    assert not any(name in supervisor.get(base).text for name in names)


def test_names_are_for_staff_until_the_results_and_for_all_after(app, clock):
    with app.app_context():
        hall = make_hall()
        draw = drawn(hall, clock)
        seat_all(hall)
        elect_first(hall)
        ref, one = hall.recruitment.public_id, draw.public_id
        sat = [seat.expert.name for seat in hall.seats("active")]
        rest = [seat.expert.name for seat in hall.seats("drawn")]
        keep(*hall.people.values())
        staff = browser(app, hall.people["staff"])
        supervisor = browser(app, hall.people["supervisor"])
        member = browser(app, hall.user_of(hall.seats("active")[1]))
        vendor = browser(app, hall.vendors[0][1])
    base = f"/r/{ref}"

    def named(text: str, names: list[str]) -> list[bool]:
        return [name in text for name in names]

    assert all(named(staff.get(f"{base}/panel").text, sat))
    assert not any(named(supervisor.get(f"{base}/panel").text, sat))
    assert "1号专家" in supervisor.get(f"{base}/panel").text
    assert not any(named(supervisor.get(f"{base}/panel/fees").text, sat))
    assert not any(named(supervisor.get(f"{base}/log").text, sat))
    # The members know each other: they elect one of them.
    assert all(named(member.get(f"{base}/panel/chair").text, sat))
    for path in ("panel", "panel/chair", "panel/fees", "draw"):
        assert vendor.get(f"{base}/{path}").status_code == 403, path
        assert member.get(f"{base}/{path}").status_code == (200 if path == "panel/chair" else 403), path
    assert not any(named(vendor.get(f"{base}/draw/public").text, sat))
    with app.app_context(), unit_of_work():
        db.session.scalars(select(Recruitment).where(Recruitment.public_id == ref)).one().stage = "publicity"
    shown = vendor.get(f"{base}/draw/public").text
    assert all(named(shown, sat)) and not any(named(shown, rest))
    everybody = json.loads(vendor.get(f"{base}/draw/{one}/proof.json?names=1").data)
    assert replay(everybody).ok and len(everybody["names"]) == 5
    full = json.loads(supervisor.get(f"{base}/draw/{one}/proof.json?names=1").data)
    assert replay(full).ok and len(full["names"]) == 9
    assert all(named(supervisor.get(f"{base}/panel").text, sat))


def test_an_expert_finds_the_way_alone(app, clock):
    with app.app_context():
        hall = make_hall()
        drawn(hall, clock)
        seats = hall.seats()
        first, other = hall.user_of(seats[0]), hall.user_of(seats[1])
        keep(first, other, *hall.people.values())
        staff = browser(app, hall.people["staff"])
        expert, stranger = browser(app, first), browser(app, other)
        ref, seat = hall.recruitment.public_id, seats[0].public_id
        refs = [row.public_id for row in hall.candidates()]
        vendor = hall.vendors[0][0].name
    assert "没有待办的邀请" in expert.get("/my/invitations").text
    sent = staff.post(f"/r/{ref}/panel/invite", data={"due_at": "2023-06-27T12:00"})
    assert sent.status_code == 200 and "已发出的邀请" in sent.text and "/invitations/" in sent.text
    assert "时间无法识别" in staff.post(f"/r/{ref}/panel/invite", data={"due_at": "soon"}).text
    mine = expert.get("/my/invitations").text
    path = f"/r/{ref}/panel/seats/{seat}"
    assert path in mine and "2023年6月27日 12:00" in mine and "我的邀请" in mine
    assert stranger.get(path).status_code == 403
    # Who has not accepted learns no vendor; who has not declared opens no document.
    assert vendor not in expert.get(path).text
    assert expert.post(f"{path}/accept").status_code == 303
    assert vendor in expert.get(path).text
    assert expert.get(f"/recruitments/{ref}/review/desk").status_code == 403
    form = {f"relation-{key}": "none" for key in refs}
    missing = expert.post(f"{path}/declare", data={f"relation-{refs[0]}": "none", "detail-x": "y"})
    assert missing.status_code == 422 and "2、3 号" in missing.text
    assert f'name="relation-{refs[0]}" value="none" required checked' in missing.text
    unsigned = expert.post(f"{path}/declare", data=form)
    assert unsigned.status_code == 422 and "签署须输入签名口令" in unsigned.text
    new = {"new_passphrase": PASSPHRASE, "repeat": PASSPHRASE}
    assert "不一致" in expert.post(f"{path}/key", data=new | {"repeat": "x"}).text
    assert expert.post(f"{path}/key", data=new).status_code == 303
    assert expert.post(f"{path}/declare", data=form).status_code == 303
    done = expert.get(path).text
    assert "您已是评审委员会成员" in done and "评审桌面" in done
    assert "现有 1 人，须 5 人到齐" in expert.get(f"/r/{ref}/panel/chair").text
    assert expert.get(f"/recruitments/{ref}/review/desk").status_code == 200
    refuse = f"/r/{ref}/panel/seats"
    with app.app_context():
        second = db.session.scalars(
            select(PanelSeat.public_id).where(PanelSeat.expert_id == other.expert_id)
        ).one()
    assert "请填写理由" in stranger.post(f"{refuse}/{second}/decline", data={"reason": ""}).text
    assert stranger.post(f"{refuse}/{second}/decline", data={"reason": "样例：出差"}).status_code == 303
    table = staff.get(f"/r/{ref}/panel").text
    assert "样例：出差" in table and "已谢绝" in table and "6号专家" in table


def test_staff_replace_and_enter_fees_with_forms(app, clock):
    with app.app_context():
        hall = make_hall()
        drawn(hall, clock)
        seats = seat_all(hall)
        elect_first(hall)
        keep(*hall.people.values())
        staff = browser(app, hall.people["staff"])
        supervisor = browser(app, hall.people["supervisor"])
        ref, seat = hall.recruitment.public_id, seats[0].public_id
    fee = f"/r/{ref}/panel/fees/{seat}"
    assert "0 至 1,000,000 元" in staff.post(fee, data={"amount": "viel"}).text
    assert "日期无法识别" in staff.post(fee, data={"amount": "1", "attended_on": "heute"}).text
    assert supervisor.post(fee, data={"amount": "1"}).status_code == 403
    assert staff.post(fee, data={"amount": "1500", "attended_on": "2023-06-25"}).status_code == 303
    assert "1,500.00 元" in supervisor.get(f"/r/{ref}/panel/fees").text
    assert staff.get(f"/r/{ref}/panel/fees.xlsx").data[:2] == b"PK"
    path = f"/r/{ref}/panel/seats/{seat}/replace"
    assert "请选择更换的事由" in staff.post(path, data={"reason": "样例", "cause": ""}).text
    assert staff.post(path, data={"reason": "样例：未到场", "cause": "absence"}).status_code == 303
    page = staff.get(f"/r/{ref}/panel").text
    assert "未按时到场" in page and "等待 1 位专家答复" in page


def test_long_lists_cost_no_more_statements(app, clock):
    """Each request in a session of its own, as browsers have them."""
    with app.app_context():
        hall = make_hall(experts=8, vendors=2)
        add_expert(99, employer=hall.vendors[0][0].name)
        draw_id = prepare(hall).id
        engine, vendor = db.engine, hall.vendors[0][0].name
        staff = browser(app, hall.people["staff"])
        base = f"/r/{hall.recruitment.public_id}"
        db.session.commit()

    def cost(path: str) -> int:
        with counted_statements(engine) as seen:
            assert staff.get(path).status_code == 200
        return len(seen)

    paths = [f"{base}/draw", f"{base}/panel", "/experts"]
    cost(paths[0])  # the first request of a connection asks the server about itself
    few = [cost(path) for path in paths]
    with app.app_context():
        hall.again()
        draw = db.session.get_one(Draw, draw_id)
        for number in range(100, 160):
            add_expert(number, employer=vendor)
        drawing.recheck_draw(actor=hall.actor("staff"), draw=draw)
    assert [cost(path) for path in paths] == few
    with app.app_context():
        hall.again()
        draw = db.session.get_one(Draw, draw_id)
        commit_both(hall, draw)
        finish(hall, draw, clock)
        actions.invite_seats(actor=hall.actor("staff"), recruitment=hall.recruitment)
    five = cost(paths[1])
    with app.app_context():
        hall.again()
        for seat in hall.seats("invited"):
            actions.answer_invitation(actor=hall.expert(seat), seat=seat, accept=True)
            declare(hall, seat, related=1 if seat.position < 4 else None)
    # Eight seats were called by now.
    assert cost(paths[1]) == five
