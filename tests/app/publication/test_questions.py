"""Questions and answers, and the proofs that the notice stood on its channels."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from sqlalchemy import select

from app.accounts.models import Message
from app.errors import Conflict, Denied, Refusal, WrongStage
from app.extensions import db, unit_of_work
from app.publication import channels, questions
from app.publication.models import ChannelProof, Question
from app.responses.models import Response
from app.storage import Blob
from tests import factories
from tests.app.accounts.kept import keep
from tests.app.publication.desk import draft, published

CHANNEL = "海南省数据产品超市"


@pytest.fixture
def quiet(app):
    """Documents are ordered, not made."""
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update={"jobs": "off"})
    with app.app_context():
        yield app


def _ask(desk, user, text="样例问题？", **other):
    return questions.ask_question(
        actor=factories.actor(user, "vendor"), recruitment=desk.recruitment, text=text, **other
    )


def test_an_answer_goes_to_everybody_without_the_askers_name(quiet, clock):
    desk = published()
    (asking, asker), (rival, other) = factories.make_vendor("样例提问公司"), factories.make_vendor()
    with unit_of_work() as work:
        work.add(Response(recruitment_id=desk.recruitment_id, organisation_id=rival.id, stage="draft"))
    row = _ask(desk, asker, place="综合评分表")
    waiting = db.session.scalars(select(Message.user_id).where(Message.kind == "question.asked")).all()
    assert set(waiting) == {desk.first.id, desk.second.id}
    questions.answer_question(actor=desk.actor(), question=row, answer="样例答复。", version=row.version)
    assert row.stage == "published" and row.published_at == clock()
    told = db.session.scalars(select(Message).where(Message.kind == "question.answered")).all()
    assert {message.user_id for message in told} == {asker.id, other.id}
    assert not any(asker.name in message.body or asking.name in message.body for message in told)
    with pytest.raises(Refusal, match="question_settled"):
        questions.answer_question(actor=desk.actor(), question=row, answer="另一答复")
    with pytest.raises(Conflict):
        questions.decline_question(actor=desk.actor(), question=row, reason="不", version=row.version - 1)


def test_who_may_ask_and_until_when(quiet, clock):
    desk, hidden = published(), draft()
    _, vendor = factories.make_vendor()
    for user in (factories.make_user(), desk.first):
        with pytest.raises(Denied, match="question_vendors_only"):
            _ask(desk, user)
    with pytest.raises(Refusal, match="question_empty"):
        _ask(desk, vendor, text=" \n")
    with pytest.raises(WrongStage, match="question_closed"):
        _ask(hidden, vendor)
    row, late = _ask(desk, vendor), _ask(desk, vendor, text="最后一刻的问题？")
    for wrong in ("", "  "):
        with pytest.raises(Refusal, match="question_answer_empty"):
            questions.answer_question(actor=desk.actor(), question=row, answer=wrong)
        with pytest.raises(Refusal, match="reason_required"):
            questions.decline_question(actor=desk.actor(), question=row, reason=wrong)
    clock.set(desk.recruitment.closes_at)
    with pytest.raises(WrongStage, match="question_closed"):
        _ask(desk, vendor)
    with pytest.raises(WrongStage, match="question_answer_late"):
        questions.answer_question(actor=desk.actor(), question=late, answer="迟到的答复")
    questions.decline_question(actor=desk.actor(), question=late, reason="截止前未及答复。")
    assert late.stage == "declined"


def test_the_page_shows_each_what_it_may_see(app, clock):
    with app.app_context():
        app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update={"jobs": "off"})
        desk = published()
        (_, asker), (_, rival) = factories.make_vendor(), factories.make_vendor()
        keep(desk.first, asker, rival)
    page = f"{desk.base}/questions"
    vendor, other, staff, public = (app.test_client() for _ in range(4))
    for client, user in ((vendor, asker), (other, rival), (staff, desk.first)):
        factories.login(client, user)
    assert "提交提问" in vendor.get(page).text and "提交提问" not in public.get(page).text
    assert public.post(page, data={"text": "匿名"}).status_code == 302
    assert staff.post(page, data={"text": "内部"}).status_code == 403
    assert vendor.post(page, data={"text": ""}).status_code == 422
    assert vendor.post(page, data={"text": "<b>样例问题甲</b>"}).status_code == 303
    assert vendor.post(page, data={"text": "样例问题乙"}).status_code == 303
    seen = [client.get(page).text.count("样例问题") for client in (vendor, other, staff, public)]
    assert seen == [2, 0, 2, 0]
    assert "<b>样例问题甲" not in staff.get(page).text
    assert asker.name not in staff.get(page).text.split("</header>")[1]
    with app.app_context():
        first, second = db.session.scalars(select(Question).order_by(Question.id))
        one, two, version = first.public_id, second.public_id, first.version
    for client in (vendor, other):
        assert client.post(f"{page}/{one}/answer", data={"answer": "x"}).status_code == 403
    assert staff.post(f"{page}/{one}/answer", data={"answer": "样例答复"}).status_code == 409
    good = {"answer": "样例答复", "version": version}
    assert staff.post(f"{page}/{one}/answer", data=good).status_code == 303
    assert staff.post(f"{page}/{two}/decline", data={"version": 1, "reason": "与方案无关"}).status_code == 303
    assert "样例答复" in public.get(page).text and "样例答复" in public.get(desk.base).text
    assert "与方案无关" in vendor.get(page).text
    assert "与方案无关" not in other.get(page).text and "样例问题乙" not in public.get(page).text


def _picture():
    data = io.BytesIO()
    Image.new("RGB", (20, 10), "white").save(data, "PNG")
    data.seek(0)
    return data


def test_proofs_of_the_channels(quiet, clock):
    desk = published()

    def prove(**values):
        words = {"channel": CHANNEL, **values}
        return channels.record_channel_proof(actor=desk.actor(), recruitment=desk.recruitment, **words)

    row = prove(url="https://www.datadex.cn/notice/1", source=_picture(), file_name="../截图.png")
    assert row.file_name == "截图.png" and row.blob_key
    for wrong, code in (
        ({"channel": "别处", "url": "https://a.example"}, "channel_unknown"),
        ({"url": "javascript:alert(1)"}, "channel_url"),
        ({"url": "https://"}, "channel_url"),
        ({}, "channel_empty"),
        ({"source": io.BytesIO(b"PK\x03\x04nothing")}, "response_file"),
        ({"source": io.BytesIO(b"MZ program"), "file_name": "a.png"}, "response_file_unknown"),
        ({"source": io.BytesIO(b"%PDF-" + b"0" * channels.MAX_PROOF_BYTES)}, "channel_file_big"),
    ):
        with pytest.raises(Refusal, match=code):
            prove(**wrong)
    assert len(db.session.scalars(select(ChannelProof)).all()) == 1
    assert len(db.session.scalars(select(Blob)).all()) == 1
    hidden = draft()
    with pytest.raises(Refusal, match="channel_not_published"):
        channels.record_channel_proof(
            actor=hidden.actor(), recruitment=hidden.recruitment, channel=CHANNEL, note="未发布"
        )


def test_the_channels_page_keeps_proofs_and_says_what_is_missing(app, clock):
    with app.app_context():
        app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update={"jobs": "off"})
        desk = published()
        keep(desk.first)
    staff = app.test_client()
    factories.login(staff, desk.first)
    page = f"{desk.base}/channels"
    assert staff.get(page).text.count("尚未登记") == 2
    assert staff.post(page, data={"channel": CHANNEL}).status_code == 422
    bad = {"channel": CHANNEL, "file": (io.BytesIO(b"MZ"), "a.png")}
    assert staff.post(page, data=bad).status_code == 422
    good = {"channel": CHANNEL, "note": "样例", "file": (_picture(), "截图.png")}
    assert staff.post(page, data=good).status_code == 303
    text = staff.get(page).text
    assert text.count("尚未登记") == 1 and "截图.png" in text
    address = next(
        part.split('"')[0] for part in text.split('href="') if part.startswith(f"{page}/")
    )
    got = staff.get(address)
    assert got.status_code == 200 and got.mimetype == "image/png"
    assert app.test_client().get(address).status_code == 302
