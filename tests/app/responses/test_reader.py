"""The process that reads opened files: what it takes from each kind, and what hostile ones can do to it."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import docx
import pytest
from flask import Flask
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from app.extensions import unit_of_work
from app.responses import reader
from app.review import reading
from app.review.reading import Opened, Reader
from app.storage import keep


def pdf(text: str = "Sample text", author: str = "Sample Author", pages: int = 1) -> bytes:
    target = io.BytesIO()
    canvas = Canvas(target)
    canvas.setAuthor(author)
    canvas.setCreator("Sample Office 3.1")
    for number in range(1, pages + 1):
        canvas.drawString(72, 720, f"{text} {number}")
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def archive(**members: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as found:
        for name, text in members.items():
            found.writestr(name.replace("__", "/"), text)
    return target.getvalue()


OFD = {
    "OFD.xml": """<?xml version="1.0"?><ofd:OFD xmlns:ofd="http://www.ofdspec.org/2016"><ofd:DocBody><ofd:DocInfo>
<ofd:DocID>sample-0001</ofd:DocID><ofd:Author>样例作者</ofd:Author><ofd:Creator>样例版式</ofd:Creator>
<ofd:CreatorVersion>2.0</ofd:CreatorVersion></ofd:DocInfo></ofd:DocBody></ofd:OFD>""",
    "Doc_0__Pages__Page_10__Content.xml": "<Page><TextObject><TextCode>第二页</TextCode></TextObject></Page>",
    "Doc_0__Pages__Page_2__Content.xml": "<Page><TextObject><TextCode>第一页</TextCode></TextObject></Page>",
}


def _read(data: bytes, tmp_path: Path) -> dict[str, Any]:
    path = tmp_path / "file"
    path.write_bytes(data)
    return reader._answer(str(path))


@pytest.fixture
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limits hold a process of its own; in this one only what is read is looked at."""
    monkeypatch.setattr(reader.resource, "setrlimit", lambda *_: None)


def test_each_kind_says_how_it_was_made(tmp_path: Path, unlimited: None) -> None:
    found = _read(pdf(pages=2), tmp_path)
    assert found["facts"]["author"] == "Sample Author"
    assert found["facts"]["tool"].startswith("Sample Office 3.1 / ReportLab")
    assert len(found["facts"]["document"]) >= 16
    assert [page.strip() for page in found["pages"]] == ["Sample text 1", "Sample text 2"]

    document = docx.Document()
    document.add_paragraph("样例正文甲")
    document.add_paragraph("样例正文乙")
    document.core_properties.author, document.core_properties.last_modified_by = "样例作者", "样例修改人"
    target = io.BytesIO()
    document.save(target)
    found = _read(target.getvalue(), tmp_path)
    assert (found["facts"]["author"], found["facts"]["editor"]) == ("样例作者", "样例修改人")
    assert found["facts"]["tool"].startswith("Microsoft")
    assert found["pages"] == ["样例正文甲\n样例正文乙\n"]

    found = _read(archive(**OFD), tmp_path)
    assert found["facts"] == {"document": "sample-0001", "author": "样例作者", "tool": "样例版式 2.0"}
    assert [page.strip() for page in found["pages"]] == ["第一页", "第二页"]

    picture, exif = Image.new("RGB", (9, 9)), Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0131] = "样例厂", "S1", "Scan 1.0"
    exif.get_ifd(0x8769)[0xA431] = "SN-0001"
    target = io.BytesIO()
    picture.save(target, "JPEG", exif=exif)
    found = _read(target.getvalue(), tmp_path)
    assert found["facts"]["tool"] == "Scan 1.0"
    assert found["facts"]["device"].endswith("S1 SN-0001")
    assert found["pages"] == []


BOMB = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "' + "x" * 100 + '"><!ENTITY c "' + "&b;" * 100 + '">]><a>&c;</a>'


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"%PDF-1.7\n%%EOF", id="no pages"),
        pytest.param(pdf()[:300], id="cut"),
        pytest.param(b"PK\x03\x04junk", id="no archive"),
        pytest.param(archive(**{"OFD.xml": BOMB}), id="entities"),
        pytest.param(archive(**{"word__document.xml": BOMB}), id="entities in a document"),
        pytest.param(archive(**{"word__document.xml": "<a><t>x"}), id="not closed"),
        pytest.param(b"\x89PNG\r\n\x1a\njunk", id="no picture"),
    ],
)
def test_a_broken_or_hostile_file_gives_nothing_and_stops_nothing(
    data: bytes, tmp_path: Path, unlimited: None
) -> None:
    found = _read(data, tmp_path)
    assert "xx" not in str(found["pages"])
    assert found["facts"] == {}


def test_text_has_a_limit_however_far_it_is_packed(
    tmp_path: Path, unlimited: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "MAX_TEXT", 1000)
    body = "<w:p><w:t>" + "长" * 50_000 + "</w:t></w:p>"
    found = _read(archive(**{"word__document.xml": f'<w:d xmlns:w="s">{body * 20}</w:d>'}), tmp_path)
    assert len(found["pages"][0]) <= 1000


def test_a_file_that_ends_the_process_costs_only_itself(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = tmp_path / "child.py"
    child.write_text(
        "import json, os, sys\n"
        "for line in sys.stdin:\n"
        "    data = open(json.loads(line)['path'], 'rb').read()\n"
        "    if data.startswith(b'kill'):\n"
        "        os.kill(os.getpid(), 9)\n"
        "    print('no json' if data.startswith(b'junk') else json.dumps({'facts': {}, 'pages': ['ok']}))\n"
        "    sys.stdout.flush()\n"
    )
    with app.app_context(), Reader() as living:
        with unit_of_work():
            blobs = [keep(io.BytesIO(data)) for data in (b"fine", b"kill", b"junk", b"fine")]
        files = [Opened(1, str(n), "1", "x", blob.sm3, blob.key) for n, blob in enumerate(blobs)]
        monkeypatch.setattr(reading, "_CHILD", child)
        found = [living.read(file) for file in files]
        assert [bool(row.unread) for row in found] == [False, True, True, False]
        assert found[3].pages == ["ok"]
        with pytest.raises(OSError, match="No such file"):
            living.read(Opened(1, "9", "1", "x", "", "0" * 48))


def test_the_real_process_reads_and_ends(app: Flask) -> None:
    with app.app_context():
        with unit_of_work():
            blob = keep(io.BytesIO(pdf("Real process")))
        with Reader() as living:
            found = living.read(Opened(1, "1", "1", "x", blob.sm3, blob.key))
            process = living._process
        assert found.pages[0].strip() == "Real process 1"
        assert process is not None
        assert process.poll() == 0
