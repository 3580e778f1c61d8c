"""A simple PDF from text, so that nobody needs another product to try a signature."""

from __future__ import annotations

import io
from pathlib import Path

from ..errors import Code, SealError
from ..ofd.write import lines_of

SIZE, LEADING, MARGIN = 12.0, 20.0, 71.0


def pdf_text(text: str, *, title: str = "", font: Path | None = None) -> bytes:
    """A PDF of A4 pages with ``text``, wrapped; ``font`` (TrueType) is embedded, else the reader has its own."""
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfbase.ttfonts import TTFError, TTFont
    from reportlab.pdfgen.canvas import Canvas

    name = "STSong-Light"
    try:
        if font is not None:
            name = f"own-{font.stem}"
            pdfmetrics.registerFont(TTFont(name, str(font)))
        else:
            pdfmetrics.registerFont(UnicodeCIDFont(name))
    except (TTFError, OSError) as wrong:
        raise SealError(Code.ARGUMENT, why="not a TrueType font", font=str(font)) from wrong
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=1)
    if title:
        canvas.setTitle(title)
    lines = lines_of(text, SIZE, A4[0] - 2 * MARGIN)
    per_page = int((A4[1] - 2 * MARGIN) / LEADING)
    for start in range(0, max(1, len(lines)), per_page):
        canvas.setFont(name, SIZE)
        for place, line in enumerate(lines[start : start + per_page]):
            canvas.drawString(MARGIN, A4[1] - MARGIN - SIZE - place * LEADING, line)
        canvas.showPage()
    canvas.save()
    return out.getvalue()
