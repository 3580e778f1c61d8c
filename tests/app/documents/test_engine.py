"""Typesetting: our fonts are in the file, rare characters are drawn, nothing is fetched from outside."""

from __future__ import annotations

import time
from pathlib import Path

import jinja2
import numpy
import pypdfium2
import pytest
from flask import Flask

from app.documents import engine
from tests.app.documents import printed

PAGE = (
    '{% extends "documents/base.html" %}{% import "documents/parts.html" as part %}'
    "{% block content %}{{ body|safe }}"
    '{{ part.grid([("序号", "c"), ("内容", "")], rows) }}{% endblock %}'
)


@pytest.fixture
def paper(app: Flask) -> Flask:
    own = jinja2.DictLoader({"documents/paper.html": PAGE})
    app.jinja_env.loader = jinja2.ChoiceLoader([own, app.jinja_env.loader])
    return app


def render(paper: Flask, body: str = "", rows: int = 0) -> bytes:
    words = "服务商建立完整的技术与运营服务保障制度，包括售后服务、运维管理方案"
    with paper.app_context():
        context = {"title": "样例文件", "body": body, "rows": [[n, words] for n in range(1, rows + 1)]}
        return engine.render_pdf("paper", context)


def ink(data: bytes) -> numpy.ndarray:
    """The first page as an array of darkness."""
    document = pypdfium2.PdfDocument(data)
    try:
        return 255 - document[0].render(scale=2, grayscale=True).to_numpy().astype(int)
    finally:
        document.close()


@pytest.mark.database("sqlite")
def test_the_fonts_are_noto_and_embedded(paper: Flask, tmp_path: Path) -> None:
    found = printed.fonts(render(paper, "<p>海南省 <strong>电子印章</strong></p>"), tmp_path)
    assert found
    assert all("Noto" in name and embedded == "yes" and subset == "yes" for name, embedded, subset in found)


@pytest.mark.database("sqlite")
@pytest.mark.parametrize("character", ["𬭎", "𫖯", "𠅤", "龘"])
def test_a_rare_character_is_drawn_and_not_a_box(paper: Flask, character: str, tmp_path: Path) -> None:
    data = render(paper, f"<p>{character}</p>")
    drawn = ink(data)
    assert all("Noto" in name for name, _, _ in printed.fonts(data, tmp_path))
    box = ink(render(paper, "<p>\U000f1234</p>"))
    blank = ink(render(paper, "<p>&nbsp;</p>"))
    assert (drawn != blank).any()
    assert (drawn != box).any()


@pytest.mark.database("sqlite")
def test_pages_are_counted_and_heads_of_tables_repeated(paper: Flask, tmp_path: Path) -> None:
    data = render(paper, rows=60)
    count, words = printed.pages(data), printed.flat(data, tmp_path)
    assert count > 1
    for page in range(1, count + 1):
        assert f"第{page}页共{count}页" in words
    assert words.count("序号内容") == count


@pytest.mark.database("sqlite")
@pytest.mark.parametrize("address", ["http://192.0.2.1/a.png", "file:///etc/passwd", "../../config.py"])
def test_nothing_outside_our_static_folder_is_read(paper: Flask, address: str) -> None:
    from weasyprint.urls import FatalURLFetchingError

    with pytest.raises(FatalURLFetchingError):
        render(paper, f'<img src="{address}" alt="">')


@pytest.mark.database("sqlite")
def test_markup_in_data_is_printed_as_text(paper: Flask, tmp_path: Path) -> None:
    with paper.app_context():
        data = engine.render_pdf("paper", {"title": "<img src='http://192.0.2.1/'>", "body": "", "rows": []})
    assert "<imgsrc='http://192.0.2.1/'>" in printed.flat(data, tmp_path)


@pytest.mark.slow
@pytest.mark.database("sqlite")
def test_twenty_five_pages_are_done_within_half_a_minute(paper: Flask) -> None:
    render(paper)  # the fonts are read once for a process
    began = time.monotonic()
    data = render(paper, rows=800)
    assert printed.pages(data) >= 25
    assert time.monotonic() - began < 30
