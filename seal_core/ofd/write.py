"""A writer of simple OFD documents, from text or from images: nobody needs another product to try a seal."""

from __future__ import annotations

import io
import secrets
import unicodedata
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime

from ..errors import Code, SealError
from ..placement import written
from ..times import CHINA
from .xml import document, element

WIDTH, HEIGHT, MARGIN = 210.0, 297.0, 25.0
SIZE, LEADING = 4.23, 7.0  # 12 pt on lines of 7 mm
FONT = "SimSun"


def pack(files: Mapping[str, bytes]) -> bytes:
    """A ZIP package; names without leading slash. The same files give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _advance(character: str, size: float) -> float:
    return size if unicodedata.east_asian_width(character) in "WFA" else size / 2


def lines_of(text: str, size: float, room: float) -> list[str]:
    """``text`` in lines of at most ``room``, a wide character taking ``size``; control characters are left out."""
    found: list[str] = []
    for paragraph in text.replace("\r\n", "\n").replace("\t", "    ").split("\n"):
        line, used = "", 0.0
        for character in paragraph:
            kind = unicodedata.category(character)
            if kind in ("Cc", "Cs", "Cn"):
                continue
            step = _advance(character, size)
            # No line begins with closing punctuation: it may stand in the margin.
            if line and used + step > room + (size if kind in ("Pe", "Pf", "Po") else 0):
                found.append(line)
                line, used = "", 0.0
            line, used = line + character, used + step
        found.append(line)
    return found


def _text(number: int, line: str, y: float) -> str:
    steps = [_advance(c, SIZE) for c in line]
    code = element("TextCode", text=line, X="0", Y=written(SIZE * 0.86),
                   DeltaX=written(*steps[:-1]) if len(steps) > 1 else None)
    box = written(MARGIN, y, sum(steps), SIZE * 1.2)
    return element("TextObject", code, ID=str(number), Boundary=box, Font="1", Size=written(SIZE))


def _package(pages: Sequence[bytes], sizes: Sequence[tuple[float, float]], first_page: int, last: int, *,
             now: datetime, title: str, resources: str, files: Mapping[str, bytes]) -> bytes:
    day = now.astimezone(CHINA).date().isoformat()
    info = element("DocInfo", element("DocID", text=secrets.token_hex(16)),
                   element("Title", text=title) if title else "", element("CreationDate", text=day),
                   element("Creator", text="seal_core"))
    root = document("OFD", element("DocBody", info, element("DocRoot", text="Doc_0/Document.xml")),
                    Version="1.1", DocType="OFD")
    box = "0 0 " + written(*sizes[0])
    listed = [element("Page", ID=str(first_page + i), BaseLoc=f"Pages/Page_{i}/Content.xml")
              for i in range(len(pages))]
    main = document(
        "Document",
        element("CommonData", element("MaxUnitID", text=str(last)),
                element("PageArea", element("PhysicalBox", text=box)),
                element("PublicRes", text="PublicRes.xml")),
        element("Pages", *listed))
    return pack({
        "OFD.xml": root, "Doc_0/Document.xml": main,
        "Doc_0/PublicRes.xml": document("Res", resources, BaseLoc="Res"),
        **{f"Doc_0/Pages/Page_{i}/Content.xml": p for i, p in enumerate(pages)}, **files,
    })


def write_text(text: str, *, now: datetime, title: str = "") -> bytes:
    """An OFD of A4 pages with ``text``, wrapped; ``title`` goes into the document's information."""
    lines = lines_of(text, SIZE, WIDTH - 2 * MARGIN)
    per_page = int((HEIGHT - 2 * MARGIN) / LEADING)
    chunks = [lines[i : i + per_page] for i in range(0, len(lines), per_page)] or [[]]
    if len(chunks) > 2000:
        raise SealError(Code.ARGUMENT, pages=len(chunks))
    number = 1 + len(chunks)  # 1 is the font; then the pages
    pages = []
    for chunk in chunks:
        number += 1
        layer, objects = number, []
        for place, line in enumerate(chunk):
            if line.strip():
                number += 1
                objects.append(_text(number, line, MARGIN + place * LEADING))
        pages.append(document("Page", element("Content", element("Layer", *objects, ID=str(layer)))))
    fonts = element("Fonts", element("Font", ID="1", FontName=FONT, FamilyName=FONT))
    return _package(pages, [(WIDTH, HEIGHT)] * len(pages), 2, number, now=now, title=title, resources=fonts, files={})


def write_images(images: Sequence[bytes], *, now: datetime, title: str = "") -> bytes:
    """An OFD with each image (PNG or JPEG) fitted on an A4 page of its own, upright or lying."""
    from PIL import Image

    if not images or len(images) > 500:
        raise SealError(Code.ARGUMENT, images=len(images))
    files: dict[str, bytes] = {}
    media, pages, sizes = [], [], []
    count = len(images)
    for place, data in enumerate(images):
        try:
            with Image.open(io.BytesIO(data)) as opened:
                kind, (w, h) = opened.format, opened.size
        except (OSError, ValueError, Image.DecompressionBombError) as wrong:
            raise SealError(Code.ARGUMENT, image=place + 1) from wrong
        if kind not in ("PNG", "JPEG"):
            raise SealError(Code.ARGUMENT, image=place + 1, kind=kind)
        name = f"image_{place}.{'png' if kind == 'PNG' else 'jpg'}"
        files[f"Doc_0/Res/{name}"] = data
        wide = w > h
        page_w, page_h = (HEIGHT, WIDTH) if wide else (WIDTH, HEIGHT)
        scale = min(page_w / w, page_h / h)
        shown_w, shown_h = w * scale, h * scale
        media.append(element("MultiMedia", element("MediaFile", text=name), ID=str(1 + place), Type="Image",
                             Format="PNG" if kind == "PNG" else "JPEG"))
        base = 1 + 2 * count + 2 * place
        box = written((page_w - shown_w) / 2, (page_h - shown_h) / 2, shown_w, shown_h)
        picture = element("ImageObject", ID=str(base + 1), ResourceID=str(1 + place), Boundary=box,
                          CTM=written(shown_w, 0, 0, shown_h, 0, 0))
        area = element("Area", element("PhysicalBox", text="0 0 " + written(page_w, page_h)))
        pages.append(document("Page", area, element("Content", element("Layer", picture, ID=str(base)))))
        sizes.append((page_w, page_h))
    return _package(pages, sizes, 1 + count, 4 * count, now=now, title=title,
                    resources=element("MultiMedias", *media), files=files)
