"""The papers after the ranking say what the rows say: answers, notices of who left, supplementary publicity."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from app.documents.catalogue import issue_ordered
from app.documents.models import Document
from app.errors import Refusal
from app.extensions import db
from app.jobs.models import OutboxItem
from app.jobs.registry import Job
from app.results import actions
from app.results.models import SelectionNotice
from app.storage import read_all
from tests.app.documents import printed
from tests.app.documents.sealed import assert_sealed
from tests.app.results.house import make_house, to_notices, to_publicity

pytestmark = pytest.mark.database("sqlite")


def printed_job(kind: str, folder: Path, about: str = "") -> str:
    """The text of the last ordered paper of a kind, as its job issues it."""
    for item in db.session.scalars(
        select(OutboxItem).where(OutboxItem.kind == "document").order_by(OutboxItem.id.desc())
    ):
        if item.payload["kind"] == kind and about in ("", item.payload["ref"]):
            found = issue_ordered(Job(item))["document"]
            document = db.session.scalars(select(Document).where(Document.public_id == found)).one()
            return printed.flat(read_all(document.blob_key), folder)
    raise AssertionError(f"nothing of the kind {kind} was ordered")


def test_an_answer_is_for_its_author_with_outcome_and_reasons(app: Flask, clock, tmp_path: Path) -> None:
    house = make_house(clock)
    to_publicity(house, clock)
    row = actions.file_objection(
        actor=house.vendor(3),
        recruitment=house.recruitment,
        subject="result",
        text="第一名的案例不属实",
        against=house.candidate(1),
    )
    actions.accept_objection(actor=house.staff, objection=row)
    actions.answer_objection(actor=house.staff, objection=row, upheld=True, text="经查，案例不实")
    text = printed_job("answer", tmp_path)
    for phrase in ("质疑答复书", "第1号", "第一名的案例不属实", "质疑成立", "经查，案例不实", "按规定重新评审", "投诉"):
        assert phrase in text
    document = db.session.scalars(select(Document).where(Document.kind == "answer")).one()
    assert (document.audience, document.owner_ref) == ("owner", house.vendors[2].public_id)
    assert_sealed(document)
    open_one = actions.file_objection(
        actor=house.vendor(2), recruitment=house.recruitment, subject="result", text="另一件"
    )
    from app.documents.results import issue_objection_answer

    with pytest.raises(Refusal, match="document_not_ready"):
        issue_objection_answer(open_one, actor=house.staff)


def test_who_left_and_who_moved_up_stand_on_notices_and_in_the_supplementary_publicity(
    app: Flask, clock, tmp_path: Path
) -> None:
    house = make_house(clock)
    to_notices(house, clock)
    actions.withdraw_selected(actor=house.vendor(1), candidate=house.candidate(1), reason="内部经营调整")
    extra = printed_job("supplementary_notice", tmp_path)
    left, came = house.vendors[0].name, house.vendors[2].name
    for phrase in ("补充公示", left, "放弃入选资格", came, "递补入选", "2023年8月17日"):
        assert phrase in extra
    removed = db.session.scalars(select(SelectionNotice).where(SelectionNotice.kind == "removed")).one()
    text = printed_job("selection_notice", tmp_path, removed.public_id)
    assert "放弃入选资格的声明（内部经营调整）" in text
    assert "未在规定期限内" not in text
    db.session.expire_all()
    assert removed.document_id is not None
    moved = db.session.scalars(select(SelectionNotice).where(SelectionNotice.kind == "moved_up")).one()
    assert "依排名顺序递补" in printed_job("selection_notice", tmp_path, moved.public_id)
