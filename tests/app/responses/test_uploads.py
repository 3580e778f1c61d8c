"""Pieces at their offset: resumed, repeated, refused, checked at the end; and one plain request."""

from __future__ import annotations

import hashlib
import io
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.extensions import db
from app.responses import uploads
from app.responses.models import ResponseFile, Upload
from tests import factories
from tests.app.responses.hall import Hall, make_hall, pdf

JSON = {"Accept": "application/json"}
CHUNK = 64 * 1024


@pytest.fixture
def hall(app: Flask, client: FlaskClient, clock: Any) -> Hall:
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update={"chunk_bytes": CHUNK})
    with app.app_context():
        made = make_hall()
        factories.login(client, made.user)
        made.key = made.response.public_id  # type: ignore[attr-defined]
    return made


class Browser:
    """What the page's script asks for."""

    def __init__(self, client: FlaskClient, response: str) -> None:
        self.client, self.response = client, response

    def start(self, size: int, name: str = "样例.pdf", item: str = "1", mark: str = "m1") -> Any:
        fields = {"item": item, "name": name, "size": str(size), "fingerprint": mark}
        return self.client.post(f"/responses/{self.response}/uploads", data=fields, headers=JSON)

    def put(self, upload: str, offset: int, data: bytes) -> Any:
        return self.client.put(f"/uploads/{upload}?offset={offset}", data=data, headers=JSON)

    def finish(self, upload: str) -> Any:
        return self.client.post(f"/uploads/{upload}/finish", headers=JSON)

    def send(self, data: bytes, upload: str, begin: int = 0, end: int | None = None) -> int:
        at, end = begin, len(data) if end is None else end
        while at < end:
            answer = self.put(upload, at, data[at : min(at + CHUNK, end)])
            assert answer.status_code == 200, answer.get_data(as_text=True)
            at = answer.get_json()["received"]
        return at


@pytest.fixture
def browser(hall: Any, client: FlaskClient) -> Browser:
    return Browser(client, hall.key)


def blobs(app: Flask) -> list[Any]:
    folder = app.config["SETTINGS"].data / "blobs"
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_lost_connection_at_ninety_percent_goes_on_where_it_broke(app: Flask, browser: Browser) -> None:
    data = pdf(3, pad=10 * CHUNK)
    begun = browser.start(len(data))
    assert begun.status_code == 201
    upload = begun.get_json()["upload"]
    cut = len(data) * 9 // 10 // CHUNK * CHUNK
    assert browser.send(data, upload, 0, cut) == cut
    assert browser.finish(upload).status_code == 409
    # The page is opened anew, perhaps in another process, and the same file is chosen again.
    uploads.digests.forget(_key(app, upload))
    again = browser.start(len(data))
    assert again.status_code == 200
    assert (again.get_json()["upload"], again.get_json()["received"]) == (upload, cut)
    assert browser.client.get(f"/uploads/{upload}", headers=JSON).get_json()["received"] == cut
    # Repeating is harmless, also across the border; a gap is refused with the right offset.
    assert browser.put(upload, 0, data[:CHUNK]).get_json()["received"] == cut
    across = browser.put(upload, cut - 100, data[cut - 100 : cut + 100])
    assert across.get_json()["received"] == cut + 100
    gap = browser.put(upload, cut + 300, data[cut + 300 : cut + 400])
    assert (gap.status_code, gap.get_json()["code"], gap.get_json()["current"]) == (409, "upload_gap", cut + 100)
    browser.send(data, upload, cut + 100)
    done = browser.finish(upload)
    assert done.status_code == 200
    sm3 = hashlib.new("sm3", data).hexdigest()
    assert (done.get_json()["sm3"], done.get_json()["pages"]) == (sm3, 3)
    assert browser.finish(upload).get_json()["file"] == done.get_json()["file"]
    assert browser.put(upload, 0, b"x").status_code == 409
    with app.app_context():
        (row,) = db.session.scalars(select(ResponseFile))
        assert (row.size, row.sm3, row.name) == (len(data), sm3, "样例.pdf")
        assert b"".join(uploads.pieces(row.blob_key)) == data


def _key(app: Flask, upload: str) -> str:
    with app.app_context():
        return db.session.scalars(select(Upload.blob_key).where(Upload.public_id == upload)).one()


def test_the_running_digest_is_that_of_the_stored_bytes(app: Flask, browser: Browser, monkeypatch: Any) -> None:
    """Taken while the pieces come: nothing is read again at the end."""
    data = pdf(pad=5 * CHUNK)
    upload = browser.start(len(data)).get_json()["upload"]
    browser.send(data, upload)
    monkeypatch.setattr(uploads, "pieces", lambda key: pytest.fail("the stored file was read again"))
    assert browser.finish(upload).get_json()["sm3"] == hashlib.new("sm3", data).hexdigest()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"MZ" + b"0" * 200, "response_file_unknown"),
        (pdf(5)[:-200], "response_file_damaged"),
    ],
)
def test_a_renamed_or_truncated_file_is_refused_at_the_end(
    app: Flask, browser: Browser, data: bytes, code: str
) -> None:
    upload = browser.start(len(data)).get_json()["upload"]
    browser.send(data, upload)
    answer = browser.finish(upload)
    assert (answer.status_code, answer.get_json()["code"]) == (422, code)
    assert "重新上传" in answer.get_json()["detail"] or "转换格式" in answer.get_json()["detail"]
    assert browser.finish(upload).get_json()["code"] == code
    assert blobs(app) == []
    with app.app_context():
        assert db.session.scalars(select(ResponseFile)).all() == []


def test_what_can_not_be_begun(app: Flask, browser: Browser) -> None:
    limits = {"max_open_uploads": 2, "max_file_bytes": 2 * 1024**3, "max_response_bytes": 3 * 1024**3}
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update=limits)
    answers = {
        "empty": browser.start(0),
        "3 GB": browser.start(3 * 1024**3),
        "unknown item": browser.start(10, item="99"),
        "formal item": browser.start(10, item="11"),
    }
    found = {name: (answer.status_code, answer.get_json()["code"]) for name, answer in answers.items()}
    assert found == {
        "empty": (422, "response_file_empty"),
        "3 GB": (413, "response_file_too_big"),
        "unknown item": (422, "response_item_unknown"),
        "formal item": (422, "response_item_unknown"),
    }
    assert "2.0 GB" in answers["3 GB"].get_json()["detail"]
    assert browser.start(2 * 1024**3, mark="a").status_code == 201
    # Begun uploads take room too.
    assert browser.start(2 * 1024**3, mark="b").get_json()["code"] == "response_package_too_big"
    assert browser.start(10, mark="c").status_code == 201
    assert browser.start(10, mark="d").get_json()["code"] == "response_too_many_uploads"
    assert browser.start(10, mark="c").status_code == 201  # the same one, nothing received yet


def test_bad_pieces_change_nothing(app: Flask, browser: Browser) -> None:
    upload = browser.start(1000).get_json()["upload"]
    bad = [
        browser.put(upload, 0, b"x" * (CHUNK + 1)),
        browser.put(upload, 0, b""),
        browser.put(upload, 0, b"x" * 1001),
        browser.put(upload, -5, b"x"),
        browser.put(upload, 10**30, b"x"),
    ]
    assert [answer.status_code for answer in bad] == [413, 422, 422, 422, 422]
    assert browser.client.get(f"/uploads/{upload}", headers=JSON).get_json()["received"] == 0


def test_names_are_cleaned_and_long_ones_keep_their_ending(app: Flask, browser: Browser) -> None:
    names = ["../../etc/承诺书.pdf", "a\x00\u202e\nb.pdf", "印" * 300 + ".pdf", "..\\..\\x.pdf"]
    for number, name in enumerate(names):
        assert browser.start(10, name=name, mark=str(number)).status_code == 201
    with app.app_context():
        kept = list(db.session.scalars(select(Upload.name).order_by(Upload.id)))
    assert kept[0] == "承诺书.pdf" and kept[1] == "ab.pdf" and kept[3] == "x.pdf"
    assert len(kept[2].encode()) <= 255 and kept[2].endswith("印.pdf")


def test_an_abandoned_upload_can_be_removed_and_late_pieces_are_refused(
    app: Flask, browser: Browser, clock: Any, hall: Any
) -> None:
    upload = browser.start(1000).get_json()["upload"]
    browser.put(upload, 0, b"x" * 500)
    page = browser.client.get(f"/r/{_recruitment(app)}/response").get_data(as_text=True)
    assert "未传完的文件" in page and "500 字节 / 1000 字节" in page
    assert browser.client.post(f"/uploads/{upload}/abandon").status_code == 303
    assert blobs(app) == []
    assert browser.put(upload, 500, b"x").get_json()["code"] == "upload_not_open"
    second = browser.start(1000).get_json()["upload"]
    assert second != upload
    with app.app_context():
        clock.set(db.session.scalars(select(ResponseFile.uploaded_at)).first() or clock())
        clock.advance(days=30)
    for answer in (browser.put(second, 0, b"x"), browser.finish(second), browser.start(5)):
        assert (answer.status_code, answer.get_json()["code"]) == (409, "response_not_accepting")


def _recruitment(app: Flask) -> str:
    from app.publication.models import Recruitment

    with app.app_context():
        return db.session.scalars(select(Recruitment.public_id)).one()


def test_one_plain_request_does_the_same(app: Flask, browser: Browser) -> None:
    path = f"/responses/{browser.response}/files"

    def post(*files: tuple[bytes, str], item: str = "2") -> Any:
        sent = {"item": item, "files": [(io.BytesIO(data), name) for data, name in files]}
        return browser.client.post(path, data=sent, content_type="multipart/form-data")

    good = post((pdf(2), "../营业执照.pdf"))
    assert good.status_code == 303 and good.location.endswith("/response#item-2")
    assert post().status_code == 422
    assert post((b"", "空.pdf")).status_code == 422
    refused = post((b"MZ not a pdf", "改名.pdf"))
    assert refused.status_code == 422 and "只改文件名不起作用" in refused.get_data(as_text=True)
    # Of several, the good ones are kept and the bad ones named.
    mixed = post((pdf(3), "执照二.pdf"), (b"MZ", "坏.pdf"))
    text = mixed.get_data(as_text=True)
    assert mixed.status_code == 422 and "坏.pdf：" in text and "已上传 1 个文件" in text
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update={"max_response_files": 2})
    assert post((pdf(4), "三.pdf")).status_code == 422
    with app.app_context():
        rows = db.session.scalars(select(ResponseFile).order_by(ResponseFile.id)).all()
        assert [(row.name, row.pages, row.item) for row in rows] == [("营业执照.pdf", 2, "2"), ("执照二.pdf", 3, "2")]
    assert len(blobs(app)) == 2


@pytest.mark.database("sqlite")
def test_three_gigabytes_in_one_request_are_refused_in_chinese(app: Flask, clock: Any) -> None:
    """The embedded server refuses by the announced length: not a byte of the body need arrive."""
    import socket

    from app.commands.serve import word_refusals
    from tests.harness.server import serve

    word_refusals()
    with serve(app) as address:
        host, port = address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as line:
            line.sendall(b"POST /responses/x/files HTTP/1.1\r\nHost: x\r\nContent-Length: 3221225472\r\n\r\n")
            answer = b""
            while piece := line.recv(65536):
                answer += piece
    assert answer.startswith(b"HTTP/1.1 413 ") and "过大" in answer.decode()


@pytest.mark.database("sqlite")
def test_beginning_uploads_is_throttled(settings: Any, clock: Any) -> None:
    from app import create_app
    from tests.harness.client import FormClient

    app = create_app(settings.model_copy(update={"rate_limits": True}))
    app.test_client_class = FormClient
    with app.app_context():
        made = make_hall()
        client = app.test_client()
        factories.login(client, made.user)
        browser = Browser(client, made.response.public_id)
        db.session.remove()
    statuses = [browser.start(0).status_code for _ in range(121)]
    assert set(statuses[:120]) == {422} and statuses[120] == 429
    assert "过于频繁" in browser.start(0).get_json()["detail"]
    with app.app_context():
        db.engine.dispose()


@pytest.mark.database("sqlite")
def test_uploads_into_a_bucket(app: Flask, browser: Browser, s3_endpoint: str, monkeypatch: Any) -> None:
    import boto3

    from app.storage import S3Store

    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    client = boto3.client(
        "s3", endpoint_url=s3_endpoint, aws_access_key_id="k", aws_secret_access_key="s", region_name="us-east-1"
    )
    client.create_bucket(Bucket="responses")
    app.extensions["blob_store"] = S3Store(s3_endpoint, "responses", "k", "s")
    data = pdf(2, pad=3 * CHUNK)
    upload = browser.start(len(data)).get_json()["upload"]
    browser.send(data, upload, 0, CHUNK)
    browser.put(upload, 0, data[:CHUNK])
    browser.send(data, upload, CHUNK)
    done = browser.finish(upload)
    assert done.get_json()["sm3"] == hashlib.new("sm3", data).hexdigest()
    shown = browser.client.get(f"/response-files/{done.get_json()['file']}", headers={"Range": "bytes=100-199"})
    assert (shown.status_code, shown.data) == (206, data[100:200])
    refused = browser.start(300, mark="bad").get_json()["upload"]
    browser.put(refused, 0, b"MZ" * 150)
    assert browser.finish(refused).status_code == 422
    kept = {entry["Key"].split(".")[0] for entry in client.list_objects_v2(Bucket="responses")["Contents"]}
    assert kept == {_key(app, upload)}
