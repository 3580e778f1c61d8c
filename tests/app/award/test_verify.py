"""A change behind the application's back is found and named; the pages show the same."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update

from app.audit import SYSTEM
from app.award.actions import publish
from app.award.verify import verify_review
from app.commands.award import verify_review as command
from app.errors import Refusal
from app.extensions import db, unit_of_work
from evaluation.models import (
    Ballot,
    ItemScore,
    PanelSeat,
    QualificationAnswer,
    QualificationSheet,
    RankEntry,
    Review,
    ScoreSheet,
    SheetVersion,
)
from tests import factories
from tests.app.award.decided import decided_room, go_public
from tests.app.review.room import Room
from tests.harness.statements import counted_statements


def changed(model: Any, where: Any, **values: Any) -> None:
    """Write to the database as somebody would who has its password."""
    with unit_of_work() as session:
        session.execute(update(model).where(where).values(**values).execution_options(synchronize_session=False))
    db.session.expire_all()


def told(room: Room) -> list[str]:
    db.session.expire_all()
    return [row.sentence for row in verify_review(room.recruitment).findings]


def sheet(room: Room, seat: int, number: int) -> Any:
    return room.sheet(ScoreSheet, seat, number)


def test_what_was_changed_in_the_database_is_found_and_named(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        room = decided_room()
        recruitment = room.recruitment
        verdict = verify_review(recruitment)
        assert verdict.ok and verdict.recomputed, [row.sentence for row in verdict.findings]
        assert verdict.checked == db.session.query(SheetVersion).count()
        vendor, seat = room.candidate(1).name, room.seat(2).pseudonym
        score = (ItemScore.sheet_id == sheet(room, 2, 1).id) & (ItemScore.item == "5.1")
        assert db.session.scalar(select(ItemScore.value).where(score)) == Decimal(4)

        changed(ItemScore, score, value=Decimal(0))
        found = told(room)
        assert f"综合评分表，{seat}，{vendor}：第 5.1 项得分签署时为“4”，现为“0”。" in found
        assert any("1 号服务商的 总和" in line for line in found)
        _command(app, room)
        _page(client, room, "第 5.1 项得分签署时为“4”，现为“0”")
        changed(ItemScore, score, value=Decimal(4))
        assert told(room) == []

        ballot = (Ballot.choice == "no")
        changed(Ballot, ballot, choice="abstain")
        assert any("记名表决票" in line and "表决签署时为“no”，现为“abstain”" in line for line in told(room))
        changed(Ballot, Ballot.choice == "abstain", choice="no")

        last = room.sheet(QualificationSheet, 3, 5)
        answer = (QualificationAnswer.sheet_id == last.id) & (QualificationAnswer.passed.is_(False))
        changed(QualificationAnswer, answer, remark="样例：另一句话")
        assert any("备注签署时为“样例：没有提供证明”，现为“样例：另一句话”" in line for line in told(room))
        changed(QualificationAnswer, answer, remark="样例：没有提供证明")
        assert told(room) == []

        # The kept version and its digest are made anew as well: the signature is still the old one.
        version = db.session.scalars(select(SheetVersion).where(kept_of(sheet(room, 1, 2)))).one()
        kept = (version.signature, version.seat_key_id)
        other = db.session.scalars(select(SheetVersion).where(SheetVersion.id != version.id)).first()
        changed(SheetVersion, SheetVersion.id == version.id, signature=other.signature)
        assert any("签名与席位证书不符" in line for line in told(room))
        changed(SheetVersion, SheetVersion.id == version.id, signature=kept[0], seat_key_id=None)
        assert any("没有席位证书" in line for line in told(room))
        changed(SheetVersion, SheetVersion.id == version.id, seat_key_id=kept[1])
        assert told(room) == []

        entry = RankEntry.candidate_id == room.candidate(2).id
        changed(RankEntry, entry, score=Decimal("99.00"))
        assert any("2 号服务商的 公布得分" in line for line in told(room))
        changed(RankEntry, entry, score=Decimal("94.00"))
        rules = json.loads(json.dumps(room.review.rules))
        changed(Review, Review.id == room.review.id, rules={**rules, "ranking": {**rules["ranking"], "quota": 1}})
        assert "评审规则与冻结的招募方案不一致。" in told(room)
        changed(Review, Review.id == room.review.id, rules=rules)
        assert told(room) == []
        _taken_away(room)


def kept_of(row: Any) -> Any:
    """The kept versions of a score sheet."""
    return (SheetVersion.kind == "score_sheet") & (SheetVersion.subject_id == row.id)


def _command(app: Flask, room: Room) -> None:
    runner = app.test_cli_runner()
    done = runner.invoke(command, [room.recruitment.public_id])
    assert done.exit_code == 1 and "处不符" in done.output
    data = json.loads(runner.invoke(command, [room.recruitment.public_id, "--json"]).output)
    assert not data["ok"] and data["recomputed"]
    assert {"what": "第 5.1 项得分", "before": "4", "after": "0"} in [row["facts"] for row in data["findings"]]


def _page(client: FlaskClient, room: Room, words: str) -> None:
    path = f"/r/{room.recruitment.public_id}/review/check"
    assert client.get(path).status_code in (302, 401, 403)
    factories.login(client, room.people["staff"])
    assert "核验" in client.get(path).text
    assert words in client.post(path).text
    client.post("/logout")


def _taken_away(room: Room) -> None:
    """A line, a kept version, a whole ballot: what is gone is missed."""
    with unit_of_work() as session:
        session.execute(delete(ItemScore).where(ItemScore.sheet_id == sheet(room, 4, 4).id, ItemScore.item == "5.2"))
    assert any("签署的内容已缺失" in line for line in told(room))
    with unit_of_work() as session:
        session.execute(delete(SheetVersion).where(kept_of(sheet(room, 4, 4))))
    assert any("标为已签署，但没有签署记录" in line for line in told(room))
    with unit_of_work() as session:
        session.execute(delete(Ballot).where(Ballot.choice == "no"))
    assert any("应以第" in line for line in told(room))


def test_the_public_page_explains_the_ranking_with_its_figures(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        room = decided_room()
        path = f"/r/{room.recruitment.public_id}/result/how"
        assert client.get(path).status_code != 200
        go_public(room)
        page = client.get(path).text
        assert "评审数据包正在生成" in page
        document = publish(room.recruitment, actor=SYSTEM)
        with counted_statements(db.engine) as few:
            page = client.get(path).text
        assert len(few) < 45
        for words in (
            "5 家服务商参加资格符合性审查", "至少 4 席", "本次表决 1 项，2 家未通过，3 家进入评分", "480", "96.00",
            "python -m evaluation.recompute", document.sm3, room.seat(1).pseudonym, room.candidate(1).name, "10 家",
        ):
            assert words in page, words
        for expert in room.experts:
            assert expert.name not in page
        assert client.get(f"/documents/{document.public_id}").data[:2] == b"PK"
        found = client.get(f"/api/v1/recruitments/{room.recruitment.public_id}").get_json()
        package = found["result"]["package"]
        assert package["sm3"] == document.sm3 and package["names"] == "pseudonymous"
        assert package["url"].endswith(f"/documents/{document.public_id}") and len(package["root_sm3"]) == 64


def test_staff_publish_and_export_and_others_do_not(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        room = decided_room(4)
        go_public(room)
        base = f"/r/{room.recruitment.public_id}"
        factories.login(client, room.people["staff"])
        page = client.post(f"{base}/award-package/publish", follow_redirects=True).text
        assert "评审数据包已公布" in page and "下载已公布的数据包" in page
        page = client.post(f"{base}/award-package/publish", follow_redirects=True).text
        assert "没有变化" in page
        made = client.post(f"{base}/award-package/export", data={"names": "none"}, follow_redirects=True)
        assert made.status_code == 200 and made.data[:2] == b"PK"
        assert client.post(f"{base}/award-package/export", data={"names": "x"}).status_code == 422
        client.post("/logout")
        factories.login(client, room.vendors[0][1])
        assert client.post(f"{base}/review/check").status_code == 403
        assert client.post(f"{base}/award-package/export", data={"names": "none"}).status_code == 403


def test_a_review_that_has_not_begun_has_nothing_to_check(app: Flask) -> None:
    with app.app_context():
        recruitment = factories.make_recruitment("published")
        with pytest.raises(Refusal, match="award_no_review"):
            verify_review(recruitment)
        assert db.session.scalar(select(PanelSeat.id)) is None
