"""A file is what its bytes are; what can't be read is refused with a code that has a sentence."""

from __future__ import annotations

import io
import zipfile
import zlib

import pypdfium2
import pytest
from PIL import Image

from app.errors import Refusal
from app.responses.content import DOCX, clean_name, examine
from app.wording.responses import REFUSALS


def pdf() -> bytes:
    document = pypdfium2.PdfDocument.new()
    document.new_page(200, 200)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def locked_pdf() -> bytes:
    """A PDF that asks for a password."""
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    canvas = Canvas(out, encrypt=StandardEncryption("sample", ownerPassword="owner"))
    canvas.drawString(72, 72, "sample")
    canvas.save()
    return out.getvalue()


def locked_zip() -> bytes:
    """An archive whose only member is marked as encrypted."""
    data = bytearray(packed("a.txt"))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + place] |= 1
    return bytes(data)


def broad_picture() -> bytes:
    """A few bytes of PNG that would become 400 million pixels."""
    data = bytearray(picture())
    data[16:24] = (20_000).to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    return bytes(data)


def packed(*names: str, content: bytes = b"x") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, content)
    return out.getvalue()


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "kind", "pages"),
    [
        (pdf(), "application/pdf", 1),
        (picture(), "image/png", 1),
        (packed("a.txt"), "application/zip", None),
        (packed("OFD.xml"), "application/ofd", None),
        (packed("word/document.xml"), DOCX, None),
    ],
)
def test_kind_is_told_from_the_bytes(data: bytes, kind: str, pages: int | None) -> None:
    assert examine(io.BytesIO(data))[:2] == (kind, pages)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "response_file_empty"),
        (b"MZ renamed to .pdf", "response_file_unknown"),
        (b"%PDF-1.7 and nothing more", "response_file_damaged"),
        (picture()[:50], "response_file_damaged"),
        (packed("a.txt")[:-10], "response_file_damaged"),
        (packed("../../etc/passwd"), "response_file_traversal"),
        (packed("bomb", content=bytes(4 * 1024**2)), "response_file_bomb"),
        (packed(*(f"{number}" for number in range(10_001))), "response_file_bomb"),
        (broad_picture(), "response_file_bomb"),
        (locked_pdf(), "response_file_encrypted"),
        (locked_zip(), "response_file_encrypted"),
        (packed("OFD.xml", "Encryptions.xml"), "response_file_encrypted"),
        (packed(), "response_file_empty"),
        (pdf()[:-60], "response_file_damaged"),
        (b"\xff\xd8\xff\xe0 no picture", "response_file_damaged"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "response_file_unknown"),
    ],
)
def test_bad_files_are_refused_with_a_sentence(data: bytes, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        examine(io.BytesIO(data))
    assert caught.value.code == code
    assert REFUSALS[code].endswith("。")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../承诺书.pdf", "承诺书.pdf"),
        ("..\\x\\a.pdf", "a.pdf"),
        ("a\x00\n\u202eb.pdf", "ab.pdf"),
        ("..", "未命名文件"),
        ("营业执照 (副本).pdf", "营业执照 (副本).pdf"),
    ],
)
def test_names_lose_only_what_harms(given: str, kept: str) -> None:
    assert clean_name(given) == kept


def test_a_long_name_keeps_its_ending() -> None:
    name = clean_name("印" * 300 + ".pdf")
    assert len(name.encode()) <= 255
    assert name.endswith("印.pdf")
