"""The portal and the interface: anybody asks, nothing stays of the file, and a wrong file is told so."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from sqlalchemy import func, select

from app.api.openapi import document
from app.documents.models import Document, RecruitmentSeal
from app.extensions import db, unit_of_work
from app.jobs.inline import run_waiting
from app.jobs.registry import order_daily
from app.storage import Blob, read_all
from app.verification import examine as room
from app.verification.models import Verification
from tests.app.documents.printed import flat
from tests.app.responses.hall import make_hall
from tests.app.verification.papers import papers
from tests.harness.clock import HandClock
from tests.harness.statements import counted_statements


def post(client: FlaskClient, data: bytes, name: str = "样例合同.ofd", content: bytes | None = None) -> Any:
    fields: dict[str, Any] = {"file": (io.BytesIO(data), name)}
    if content is not None:
        fields["content"] = (io.BytesIO(content), "content")
    return client.post("/verify", data=fields, content_type="multipart/form-data")


def test_upload_and_report(app: Flask, client: FlaskClient, clock: HandClock, tmp_path: Any) -> None:
    with app.app_context():
        made = papers(clock.now)
        ofd, message = made.ofd(), made.p7(b"contract")
    page = client.get("/verify").get_data(as_text=True)
    assert "24 小时" in page and "200.0 MB" in page and 'href="/verify"' in client.get("/").get_data(as_text=True)
    answer = post(client, ofd, "../样例<合同>.ofd")
    assert answer.status_code == 303
    address = answer.headers["Location"]
    shown = client.get(address).get_data(as_text=True)
    for word in (
        "试用有效（不是正式印章）", "完整，没有改动", "证书可信", "在有效期内", "样例数据有限公司", "样例制章单位",
        "46010000000018", "data:image/png;base64,", "样例&lt;合同&gt;.ofd", "第 1 页，距左 140 mm",
    ):
        assert word in shown, word
    assert "verdict-trial_valid" in shown and "verdict-valid" not in shown
    pdf = client.get(f"{address}/report.pdf")
    assert pdf.mimetype == "application/pdf" and "attachment" in pdf.headers["Content-Disposition"]
    text = flat(pdf.data, tmp_path)
    assert "结论：试用有效（不是正式印章）" in text and "样例制章单位" in text and b"/Image" in pdf.data
    told = client.get(f"{address}/report.json").json
    assert told["verdict"] == "TRIAL_VALID" and told["file"] == "样例<合同>.ofd"
    detached = client.get(post(client, message, "m.p7", b"contract").headers["Location"]).get_data(as_text=True)
    assert "所附原文" in detached and "试用有效" in detached
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Blob)) == 0
        with counted_statements(db.engine) as seen:
            client.get(address)
        assert len(seen) <= 4, seen
    # After a day it is gone for the reader at once, and from the database with the day's work.
    clock.advance(timedelta(hours=24))
    gone = client.get(address)
    assert gone.status_code == 404 and "已过保留时间" in gone.get_data(as_text=True)
    assert client.get(f"{address}/report.json").status_code == client.get(f"{address}/report.pdf").status_code == 404
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Verification)) == 2
        order_daily()
        run_waiting()
        assert db.session.scalar(select(func.count()).select_from(Verification)) == 0


@pytest.mark.database("sqlite")
def test_a_wrong_file_is_told_so_on_the_page_and_by_the_interface(
    app: Flask, client: FlaskClient, clock: HandClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update={"verify_max_bytes": 5000})
    problem = Draft202012Validator(
        {"$ref": "#/components/schemas/Problem", "components": document()["components"]}
    )
    asked = (
        (b"", 422, "verify_empty", "文件是空的"),
        (b"hello", 422, "verify_not_document", "文件不是 OFD"),
        (b"PK\x03\x04" + b"x" * 90, 422, "malformed", "文件读不懂"),
        (b"%PDF-" + b"x" * 6000, 413, "verify_too_big", "最大 4.9 KB"),
        (b"%PDF-" + b"x" * 200_000, 413, "verify_too_big", "最大 4.9 KB"),
    )
    for data, status, code, words in asked:
        page = post(client, data)
        assert (page.status_code, words in page.get_data(as_text=True)) == (status, True), code
        assert 'name="file"' in page.get_data(as_text=True)
        for answer in (
            client.post("/api/v1/verifications", data=data, content_type="application/octet-stream"),
            client.post("/api/v1/verifications", data={"file": (io.BytesIO(data), "x")}),
        ):
            assert answer.content_type == "application/problem+json" and answer.status_code == status, code
            problem.validate(answer.json)
            assert answer.json["code"] == code and words in answer.json["detail"]
    assert client.post("/verify", data={}).status_code == 422
    other = {"other": (io.BytesIO(b"x"), "x")}
    assert client.post("/api/v1/verifications", data=other).json["code"] == "verify_none"
    # A process that dies is a sentence, on the page and in the interface.
    (tmp_path / "probe.py").write_text("import os; os.abort()")
    monkeypatch.setattr(room, "PROBE", tmp_path / "probe.py")
    assert "没有得出结论" in post(client, b"%PDF-1.7\n").get_data(as_text=True)
    died = client.post("/api/v1/verifications", data=b"%PDF-1.7\n", content_type="application/octet-stream")
    assert (died.status_code, died.json["code"]) == (422, "verify_too_costly")


@pytest.mark.database("sqlite")
def test_the_form_needs_its_token_and_the_rate_is_limited(settings: Any, clock: HandClock) -> None:
    from app import create_app

    app = create_app(settings.model_copy(update={"rate_limits": True, "verify_wall_seconds": 0.001}))
    bare = app.test_client()
    assert bare.post("/verify", data={"file": (io.BytesIO(b"x"), "x")}).status_code == 400
    found = [
        bare.post("/api/v1/verifications", data=b"", content_type="application/octet-stream").status_code
        for _ in range(21)
    ]
    assert set(found[:19]) == {422} and found[-1] == 429
    with app.app_context():
        db.engine.dispose()


@pytest.mark.database("sqlite")
def test_the_interface_answers_as_it_is_described(app: Flask, client: FlaskClient, clock: HandClock) -> None:
    described = Draft202012Validator(
        {"$ref": "#/components/schemas/Verification", "components": document()["components"]}
    )
    with app.app_context():
        made = papers(clock.now)
        files = {"a.ofd": made.ofd(), "b.pdf": made.pdf(), "c.esl": made.seal(), "d.p7": made.p7(b"contract")}
    for name, data in files.items():
        if name in ("a.ofd", "c.esl"):
            address = f"/api/v1/verifications?name={name}"
            answer = client.post(address, data=data, content_type="application/octet-stream")
        else:
            answer = client.post("/api/v1/verifications", data={"file": (io.BytesIO(data), name)})
        assert answer.status_code == 200
        described.validate(answer.json)
        assert answer.json["file"] == name and answer.json["trial"] is True
        assert answer.json["verdict"] == ("INDETERMINATE" if name == "d.p7" else "TRIAL_VALID")
    both = {"file": (io.BytesIO(files["d.p7"]), "d.p7"), "content": (io.BytesIO(b"contract"), "c")}
    assert client.post("/api/v1/verifications", data=both).json["verdict"] == "TRIAL_VALID"
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Verification)) == 0


@pytest.mark.database("sqlite")
def test_what_the_house_itself_has_sealed_is_verified_and_no_longer_once_revoked(
    app: Flask, client: FlaskClient, clock: HandClock
) -> None:
    with app.app_context():
        hall = make_hall()
        hall.add()
        receipt = db.session.get_one(Document, hall.submit().receipt_document_id)
        data = read_all(receipt.blob_key)
    clock.advance(timedelta(hours=1))
    shown = client.get(post(client, data, "回执.pdf").headers["Location"]).get_data(as_text=True)
    assert "试用有效（不是正式印章）" in shown and "（试用）" in shown and "data:image/png;base64," in shown
    with app.app_context(), unit_of_work() as session:
        seal = session.scalars(select(RecruitmentSeal)).one()
        # The key was lost before the document was sealed.
        seal.revoked_at, seal.revocation_reason, seal.reason = clock.now - timedelta(hours=2), 1, "密钥遗失"
    told = client.get(post(client, data, "回执.pdf").headers["Location"]).get_data(as_text=True)
    assert "verdict-invalid" in told and "在签名之前已被吊销" in told
