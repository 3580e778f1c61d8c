"""Seals in uploaded files: checked in the background, shown to the vendor and the panel, dropped with the file."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import create_app
from app.errors import WrongStage
from app.extensions import db
from app.jobs.inline import run_waiting
from app.jobs.models import OutboxItem
from app.responses import actions, counter, opening, seals
from app.responses.models import ResponseFile, SealCheck
from app.storage import store
from app.verification import examine as room
from tests import factories
from tests.app.documents.printed import flat
from tests.app.responses.hall import Hall, make_hall, pdf
from tests.app.verification.papers import changed, papers
from tests.harness.client import FormClient
from tests.harness.clock import HandClock
from tests.harness.statements import counted_statements


def checks(hall: Hall) -> dict[str, tuple[str, str, int]]:
    """By the file's name: stage, verdict, signatures."""
    db.session.expire_all()
    rows = db.session.execute(
        select(ResponseFile.name, SealCheck.stage, SealCheck.verdict, SealCheck.signatures)
        .join(SealCheck)
        .where(ResponseFile.response_id == hall.response.id)
    )
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


def open_all(hall: Hall, clock: HandClock) -> dict[str, Any]:
    people = factories.staffed(hall.recruitment)
    staff, supervisor = (factories.actor(people[role], role) for role in ("staff", "supervisor"))
    clock.set(hall.recruitment.closes_at)
    counter.close_arrivals(actor=staff, recruitment=hall.recruitment)
    for actor in (staff, supervisor):
        opening.approve_opening(actor=actor, recruitment=hall.recruitment)
    opening.open_responses(actor=staff, recruitment=hall.recruitment)
    return people


def test_from_upload_to_the_panel(app: Flask, client: Any, clock: HandClock, tmp_path: Any) -> None:
    with app.app_context():
        hall = make_hall()
        made = papers(clock.now)
        ofd = made.ofd()
        page = "Doc_0/Pages/Page_0/Content.xml"
        hall.add("1", ofd, "签章.ofd")
        hall.add("1", made.pdf(), "签章.pdf")
        hall.add("2", changed(ofd, lambda files: files.update({page: files[page] + b" "})), "改动.ofd")
        hall.add("2", pdf(), "扫描件.pdf")
        hall.add("3", b"\x89PNG\r\n\x1a\n" + _png()[8:], "图片.png")
        assert checks(hall) == {
            "签章.ofd": ("done", "TRIAL_VALID", 1), "签章.pdf": ("done", "TRIAL_VALID", 1),
            "改动.ofd": ("done", "INVALID", 1), "扫描件.pdf": ("done", "UNSIGNED", 0),
        }
        # The scan was answered by the upload's own look, without a second one.
        ordered = db.session.scalars(select(OutboxItem).where(OutboxItem.kind == seals.JOB)).all()
        assert len(ordered) == 3
        for item in ordered:
            assert (item.recruitment_id, item.ordered_by_id, item.result, item.error) == (None, None, {}, "")
            assert set(item.payload) == {"file"}
        factories.login(client, hall.user)
        ids = {row.name: row.public_id for row in db.session.scalars(select(ResponseFile))}
        path, own = f"/r/{hall.recruitment.public_id}/response", f"/responses/{hall.response.public_id}/check"
        for address in (path, own):
            shown = client.get(address).get_data(as_text=True)
            for word in ("有电子签章（试用有效）", "有电子签章（无效）", "没有电子签章（扫描件，属正常）"):
                assert word in shown, (address, word)
            assert shown.count(f'href="/response-files/{ids["签章.ofd"]}/seals"') == 1
            assert f'{ids["图片.png"]}/seals' not in shown
        assert "检查为无效" in client.get(own).get_data(as_text=True)
        report = client.get(f"/response-files/{ids['签章.ofd']}/seals").get_data(as_text=True)
        assert "样例数据有限公司" in report and "data:image/png;base64," in report and "试用有效" in report
        assert "改动" in client.get(f"/response-files/{ids['改动.ofd']}/seals").get_data(as_text=True)
        assert "没有电子签名" in client.get(f"/response-files/{ids['扫描件.pdf']}/seals").get_data(as_text=True)
        printed = client.get(f"/response-files/{ids['签章.ofd']}/seals.pdf")
        assert "样例制章单位" in flat(printed.data, tmp_path)
        # The results come with the files, however many there are.
        for name in ("扫描件二.pdf", "扫描件三.pdf"):
            hall.add("2", pdf(2), name)
            with counted_statements(db.engine) as seen:
                client.get(path)
            assert sum("seal_check" in one for one in seen) == sum("FROM response_file" in one for one in seen) == 2
        # Replaced after the submission, then opened as submitted: looked at anew.
        hall.submit()
        file = db.session.scalars(select(ResponseFile).where(ResponseFile.name == "签章.ofd")).one()
        actions.remove_file(actor=hall.vendor, file=file)
        assert "签章.ofd" not in checks(hall)
        hall.add("1", made.ofd(), "未递交.ofd")
        people = open_all(hall, clock)
        assert checks(hall)["签章.ofd"][0] == "done" and "未递交.ofd" not in checks(hall)
        key = hall.recruitment.public_id
        factories.login(client, people["staff"])
        address = f"/recruitments/{key}/review/documents/{ids['签章.ofd']}/seals"
        shown = client.get(address).get_data(as_text=True)
        assert "由评审委员会判断" in shown and "样例数据有限公司" in shown
        assert client.get(f"{address}.pdf").mimetype == "application/pdf"
        gone = db.session.scalars(select(ResponseFile.public_id).where(ResponseFile.name == "未递交.ofd")).one()
        assert client.get(f"/recruitments/{key}/review/documents/{gone}/seals").status_code == 404
        factories.login(client, people["staff"])
        assert client.get(f"/response-files/{ids['签章.ofd']}/seals").status_code == 403


def _png() -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (30, 30), "white").save(out, "PNG")
    return out.getvalue()


@pytest.mark.database("sqlite")
def test_under_way_failed_and_again(
    settings: Any, clock: HandClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, caplog: Any
) -> None:
    app = create_app(settings.model_copy(update={"jobs": "off"}))
    app.test_client_class = FormClient
    with app.app_context():
        hall = make_hall()
        made = papers(clock.now)
        file = hall.add("1", made.ofd(), "绝密文件名.ofd")
        client = app.test_client()
        factories.login(client, hall.user)
        address = f"/response-files/{file.public_id}/seals"
        workspace = f"/r/{hall.recruitment.public_id}/response"
        assert "正在检查电子签章…" in client.get(workspace).get_data(as_text=True)
        under_way = client.get(address).get_data(as_text=True)
        assert "正在检查" in under_way and "重新检查</button>" not in under_way
        assert client.get(f"{address}.pdf").status_code == 404
        with pytest.raises(WrongStage):
            seals.check_again(actor=hall.vendor, file=file)
        # A process that dies: told honestly, with a way to try again, and without a word in lists or logs.
        probe = room.PROBE
        (tmp_path / "probe.py").write_text("import os; os.abort()")
        monkeypatch.setattr(room, "PROBE", tmp_path / "probe.py")
        run_waiting()
        assert checks(hall) == {"绝密文件名.ofd": ("failed", "", 0)}
        assert "电子签章检查没有完成" in client.get(workspace).get_data(as_text=True)
        failed = client.get(address).get_data(as_text=True)
        assert "没有得出结论" in failed and "重新检查" in failed
        monkeypatch.setattr(room, "PROBE", probe)
        answer = client.post(address)
        assert answer.status_code == 303 and answer.headers["Location"].endswith(address)
        # An error that nobody foresaw keeps its text for itself.
        monkeypatch.setattr(seals, "examine", lambda *args, **more: 1 / 0)
        run_waiting()
        assert checks(hall)["绝密文件名.ofd"][0] == "failed"
        client.post(address)
        monkeypatch.setattr(seals, "check", _fails)
        run_waiting()
        last = db.session.scalars(select(OutboxItem).order_by(OutboxItem.id.desc())).first()
        assert (last.stage, last.error) == ("failed", "RuntimeError：ValueError")
        monkeypatch.undo()
        # Nobody works: after an hour it may be ordered anew; then it is done.
        assert client.post(address).status_code == 409
        clock.advance(timedelta(minutes=61))
        assert client.post(address).status_code == 303
        run_waiting()
        assert checks(hall) == {"绝密文件名.ofd": ("done", "TRIAL_VALID", 1)}
        items = db.session.scalars(select(OutboxItem).where(OutboxItem.kind == seals.JOB)).all()
        assert "绝密" not in json.dumps([[i.payload, i.result, i.error] for i in items], ensure_ascii=False)
        assert "绝密" not in caplog.text
        # A file that was taken out before its turn is passed over; its bytes stay.
        file = hall.add("1", made.ofd(), "二.ofd")
        actions.remove_file(actor=hall.vendor, file=file)
        run_waiting()
        assert "二.ofd" not in checks(hall) and store().size(file.blob_key) == file.size
        assert db.session.scalar(select(func.count()).select_from(SealCheck)) == 1
        db.session.remove()
        db.engine.dispose()


def _fails(reference: str) -> Any:
    raise ValueError("绝密")
