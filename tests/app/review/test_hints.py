"""Collusion hints from the opening to the decision: found in files and data, shown side by side, never a verdict."""

from __future__ import annotations

import io
import random
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas
from sqlalchemy import select

from app.audit import Event
from app.errors import Conflict, Refusal, WrongStage
from app.extensions import db, unit_of_work
from app.jobs.inline import run_waiting
from app.jobs.models import OutboxItem
from app.responses.content import DOCX
from app.responses.models import Response, ResponseFile, SealCheck
from app.review import actions, collusion
from app.review.models import CollusionHint
from app.storage import keep
from evaluation.models import Candidate, QualificationSheet
from tests import factories
from tests.app.review.room import Room, make_room
from tests.harness.statements import counted_statements

WORDS = ["key", "seal", "token", "cloud", "tender", "signer", "verify", "bureau", "market", "ledger", "paper", "stamp"]


def prose(words: int, seed: int) -> list[str]:
    """Sentences that nobody else has."""
    chance = random.Random(seed)
    return [f"{chance.choice(WORDS)}{chance.randrange(10_000)}" for _ in range(words)]


def pdf(words: list[str], author: str = "") -> bytes:
    """Real pages of text."""
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=A4)
    if author:
        canvas.setAuthor(author)
    for page in range(0, len(words), 200):
        for line in range(page, min(page + 200, len(words)), 8):
            canvas.drawString(60, 780 - 28 * ((line - page) // 8), " ".join(words[line : line + 8]))
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def add_file(room: Room, number: int, data: bytes, name: str, media_type: str = "application/pdf") -> ResponseFile:
    """One more opened file of a vendor."""
    response = db.session.scalars(
        select(Response).join(Candidate).where(Candidate.review_id == room.review.id, Candidate.number == number)
    ).one()
    with unit_of_work() as session:
        blob = keep(io.BytesIO(data))
        row = ResponseFile(
            response_id=response.id,
            item="3",
            name=name,
            media_type=media_type,
            size=blob.size,
            sm3=blob.sm3,
            blob_key=blob.key,
            uploaded_by_id=room.vendors[number - 1][1].id,
            uploaded_at=response.opened_at,
        )
        session.add(row)
    return row


def look(room: Room) -> list[CollusionHint]:
    """Search as the opening orders it, and give what stands there then."""
    with unit_of_work():
        collusion.order_search(room.recruitment, room.review)
    run_waiting()
    job = db.session.scalars(select(OutboxItem).where(OutboxItem.kind == "collusion").order_by(OutboxItem.id)).all()
    assert job[-1].stage == "done", job[-1].error
    return collusion.hints_of(room.review)


def a_suspicious_field() -> Room:
    """Five vendors: 1 and 4 share text and author, 2 and 3 a telephone; all have the sample licence alike."""
    room = make_room(5)
    copied = prose(260, 1)
    add_file(room, 1, pdf([*prose(150, 2), *copied], "Sample Writer"), "方案一.pdf")
    add_file(room, 2, pdf(prose(300, 3)), "方案二.pdf")
    add_file(room, 4, pdf([*copied, *prose(90, 4)], "Sample Writer"), "方案四.pdf")
    add_file(room, 5, b"%PDF-1.4 broken", "坏文件.pdf")
    with unit_of_work() as session:
        for number in (2, 3):
            response = session.scalars(
                select(Response).join(Candidate).where(
                    Candidate.review_id == room.review.id, Candidate.number == number
                )
            ).one()
            response.contact_phone = "0898-1234 5678" if number == 2 else "089812345678"
    return room


def test_what_two_vendors_share_is_found_shown_and_decided_by_people(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        room = a_suspicious_field()
        found = look(room)
        kinds = {row.kind: row for row in found}
        # The sample licence is the same file with all five: the custom of the field, no sign.
        assert set(kinds) == {"same_text", "same_author", "same_phone", "same_tool"}
        assert (kinds["same_tool"].strength, kinds["same_text"].strength) == ("weak", "strong")
        text = kinds["same_text"]
        assert text.facts["vendors"] == [1, 4]
        assert text.facts["characters"] > 1000
        assert text.facts["passages"][0]["pages"] == [1, 1]
        assert kinds["same_phone"].facts["vendors"] == [2, 3]
        # A second search finds the same and doubles nothing.
        assert {row.id for row in look(room)} == {row.id for row in found}

        actions.start_qualification(actor=room.staff(), recruitment=room.recruitment)
        url = f"{room.base}/hints/{text.public_id}"
        sheet = room.sheet(QualificationSheet, 1, 4)
        for user in (room.experts[0], room.people["staff"], room.people["supervisor"]):
            factories.login(client, user)
            page = client.get(f"{room.base}/hints").text
            for phrase in ("文字雷同", "联系电话相同", "坏文件.pdf", "招募方案的范本"):
                assert phrase in page
            page = client.get(f"{url}?p=2&q=1").text
            assert page.count("<iframe") == 2
            for phrase in ("方案一.pdf", "方案四.pdf", "#page=2", text.facts["passages"][0]["text"][:40]):
                assert phrase in page
            # Panel and supervisor look; what an expert thinks of it belongs on the own sheet.
            assert ("记录核对意见" in page) == (user is room.people["staff"])
        for user in (room.experts[0], room.people["supervisor"]):
            factories.login(client, user)
            assert client.post(url, data={"decision": "noted", "reason": "x"}).status_code == 403
        factories.login(client, room.vendors[0][1])
        assert client.get(f"{room.base}/hints").status_code == 403
        assert client.get(url).status_code == 403

        factories.login(client, room.experts[0])
        desk = f"{room.base}/qualification/{sheet.public_id}"
        assert "与 1 号 文字雷同" in " ".join(client.get(desk).text.split())
        factories.login(client, room.people["staff"])
        version = text.version
        assert client.post(url, data={"decision": "noted", "reason": " ", "version": version}).status_code == 422
        assert client.post(url, data={"decision": "guilty", "reason": "x", "version": version}).status_code == 422
        decision = {"decision": "dismissed", "reason": "样例：两家引用同一公开资料", "version": version}
        assert client.post(url, data=decision).status_code == 303
        assert client.post(url, data=decision | {"reason": "样例：旧页面"}).status_code == 409
        assert "两家引用同一公开资料" in client.get(f"{room.base}/hints").text
        factories.login(client, room.experts[0])
        assert "文字雷同</a>（已排除）" in client.get(desk).text  # staff set it aside, the panel still sees it
        event = db.session.scalars(select(Event).where(Event.kind == "collusion.dismissed")).one()
        assert event.facts["vendors"] == [1, 4]
        # Searched again it is still decided, and nothing changed for any vendor.
        factories.login(client, room.people["staff"])
        assert client.post(f"{room.base}/hints/search").status_code == 303
        run_waiting()
        db.session.expire_all()
        assert db.session.get_one(CollusionHint, text.id).stage == "dismissed"
        stages = db.session.scalars(select(Candidate.stage).where(Candidate.review_id == room.review.id)).all()
        assert set(stages) == {"under_review"}


def test_the_plans_own_words_and_a_withdrawn_file_are_no_sign(app: Flask) -> None:
    with app.app_context():
        room = make_room(2)
        import docx

        from app.responses.letters import letter, letters

        for number in (1, 2):
            for entry in letters(room.recruitment):
                name, data = letter(room.recruitment, room.vendors[number - 1][0], entry.name)
                assert docx.Document(io.BytesIO(data)).paragraphs
                add_file(room, number, data, name, DOCX)
        secret = prose(200, 9)
        add_file(room, 1, pdf(secret), "甲.pdf")
        gone = add_file(room, 2, pdf(secret), "乙.pdf")
        with unit_of_work():
            db.session.get_one(ResponseFile, gone.id).removed_at = gone.uploaded_at
        kinds = [row.kind for row in look(room)]
        assert "same_text" not in kinds
        assert "same_file" in kinds  # the sample licence, which only these two have
        with unit_of_work():
            db.session.get_one(ResponseFile, gone.id).removed_at = None
        assert "same_text" in [row.kind for row in look(room)]


def test_hints_are_decided_while_the_review_runs_and_by_one_at_a_time(app: Flask) -> None:
    with app.app_context():
        room = make_room(2)
        (hint,) = [row for row in look(room) if row.kind == "same_file"]
        say = {"actor": room.actor(1), "recruitment": room.recruitment, "hint": hint}
        with pytest.raises(Conflict):
            collusion.decide_hint(**say, decision="noted", reason="样例", version=99)
        collusion.decide_hint(**say, decision="noted", reason="样例", version=hint.version)
        collusion.search_again(actor=room.staff(), recruitment=room.recruitment)
        with unit_of_work():
            collusion.order_search(room.recruitment, room.review)
            db.session.flush()
            with pytest.raises(Refusal, match="collusion_running"):
                collusion.search_again(actor=room.staff(), recruitment=room.recruitment)
        with unit_of_work():
            room.recruitment.stage = "reported"
        with pytest.raises(WrongStage):
            collusion.decide_hint(**say, decision="noted", reason="样例", version=hint.version)


def test_each_requirement_stands_with_its_files_and_what_was_noticed(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        room = make_room(1)
        file = add_file(room, 1, pdf(["tax"]), "纳税凭证.pdf")
        with unit_of_work() as session:
            session.add(
                SealCheck(file_id=file.id, ordered_at=file.uploaded_at, stage="done", verdict="INVALID",
                          checked_at=file.uploaded_at)
            )
            response = session.get_one(Response, file.response_id)
            response.details = {"3": {"since": "2019-05-01", "until": "2019-07-31"}, "6": {"expires": "2020-01-01"}}
        actions.start_qualification(actor=room.staff(), recruitment=room.recruitment)
        factories.login(client, room.experts[0])
        sheet = room.sheet(QualificationSheet, 1, 1)
        page = client.get(f"{room.base}/qualification/{sheet.public_id}").text
        shown = page[page.index("资质要求与对应的文件") :]
        for phrase in (
            "2022年起任意3个月纳税",  # the plan's own words
            "纳税凭证.pdf",
            "材料起始日期（2019年5月1日）早于方案要求的期间（2022年1月1日起）",
            "有效期（至2020年1月1日）在递交截止日之前",
            "“纳税凭证.pdf”的电子签章检查：无效",
            "第 4 项没有文件",
        ):
            assert phrase in shown, phrase
        # Hints decide nothing: the form is as blank as before.
        assert re.search(r'name="passed-\d"[^>]* checked', shown) is None
        assert 'name="passed-1"' in shown


def test_the_list_asks_as_often_for_many_as_for_few(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        counts = []
        for vendors in (2, 8):
            room = make_room(vendors)
            with unit_of_work() as session:
                session.add_all(
                    CollusionHint(
                        review_id=room.review.id,
                        key=f"{n:064d}",
                        kind="same_phone",
                        strength="strong",
                        facts={"vendors": [1, 2], "value": "样例", "files": []},
                        found_at=room.review.created_at,
                    )
                    for n in range(vendors)
                )
            factories.login(client, room.people["supervisor"])
            client.get(f"{room.base}/hints")
            with counted_statements(db.engine) as seen:
                assert client.get(f"{room.base}/hints").status_code == 200
            counts.append(len(seen))
        assert counts[0] == counts[1]
