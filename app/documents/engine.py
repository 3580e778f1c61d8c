"""A template and its context become a PDF: WeasyPrint, our own fonts, nothing fetched from outside.

Without a Chinese face WeasyPrint prints boxes and raises nothing, so a missing font file stops the
rendering here.
"""

from __future__ import annotations

import atexit
import io
import logging
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from flask import current_app

from app.errors import Refusal

PRINT = Path(__file__).resolve().parents[1] / "static" / "print"
STATIC = PRINT.parent
FONTS = (
    "NotoSerifSC-Regular.ttf",
    "NotoSerifSC-Bold.ttf",
    "NotoSansSC-Regular.ttf",
    "NotoSansSC-Bold.ttf",
)

#: Pango's font maps are not safe to share between threads, and reading 50 MB of fonts for every page of
#: a batch would cost more than the pages.
_lock = threading.Lock()
_prepared: tuple[Any, Any] | None = None


def _local_path(url: str) -> Path | None:
    """The file of our static folder that a URL names, or None for everything else."""
    parts = urlsplit(url)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        return None
    path = Path(unquote(parts.path)).resolve()
    return path if path.is_relative_to(STATIC) and path.is_file() else None


def _fetcher() -> Any:
    from weasyprint.urls import FatalURLFetchingError, URLFetcher

    class OwnFilesOnly(URLFetcher):  # type: ignore[misc]
        """Reads our static folder and `data:` pictures; anything else stops the rendering."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            if url.startswith("data:image/") or _local_path(url) is not None:
                return super().fetch(url, headers)
            raise FatalURLFetchingError(f"a document may not fetch {url[:200]!r}")

    return OwnFilesOnly()


def _prepare() -> tuple[Any, Any]:
    global _prepared
    if _prepared is None:
        missing = [name for name in FONTS if not (STATIC / "vendor" / "fonts" / name).is_file()]
        if missing:
            raise Refusal("document_fonts_missing", names="、".join(missing))
        from weasyprint import CSS
        from weasyprint.text.fonts import FontConfiguration

        for name in ("weasyprint", "fontTools"):
            logging.getLogger(name).setLevel(logging.ERROR)
        fonts = FontConfiguration()
        style = CSS(filename=str(PRINT / "official.css"), url_fetcher=_fetcher(), font_config=fonts)
        _prepared = (style, fonts)
        # Pango's objects must go before the interpreter takes the library away under them.
        atexit.register(_forget)
    return _prepared


def _forget() -> None:
    global _prepared
    _prepared = None


def _signer(name: str) -> tuple[str, str, None, str]:
    return ("评委（签名）：", name, None, "")


def _plain(value: Any) -> str:
    from app.documents.scores import plain_number

    return plain_number(value)


def _filters() -> None:
    environment = current_app.jinja_env
    environment.filters.setdefault("signer", _signer)
    environment.filters.setdefault("plain", _plain)


def render_html(template: str, context: dict[str, Any]) -> str:
    """The document's HTML; needs an application, but no request."""
    _filters()
    return current_app.jinja_env.get_template(f"documents/{template}.html").render(**context)


@dataclass(frozen=True)
class Spot:
    """Where a printed document has room for a seal: the page (from 1) and the middle of the issuer's name, in mm
    from the top left corner."""

    page: int
    x: float
    y: float


#: The id of the element that a seal belongs to, and CSS pixels in a millimetre.
SEAL_PLACE, PIXELS = "seal-place", 96 / 25.4


def render_pdf(template: str, context: dict[str, Any]) -> bytes:
    """The PDF of `templates/documents/<template>.html`; as `render_placed`, without the place for a seal."""
    return render_placed(template, context)[0]


def render_placed(template: str, context: dict[str, Any]) -> tuple[bytes, Spot | None]:
    """The PDF of a document, and where the seal belongs on it (the last element with the id `seal-place`).

    Raises Refusal `document_fonts_missing` where set-up has not brought the fonts. Works in any thread;
    one rendering at a time.
    """
    html = render_html(template, context)
    with _lock:
        style, fonts = _prepare()
        from weasyprint import HTML

        target = io.BytesIO()
        laid = HTML(string=html, base_url=PRINT.as_uri() + "/", url_fetcher=_fetcher()).render(
            stylesheets=[style], font_config=fonts, uncompressed_pdf=False
        )
        laid.write_pdf(target, uncompressed_pdf=False)
    return target.getvalue(), _spot(laid.pages)


def _spot(pages: Any) -> Spot | None:
    for number, page in reversed(list(enumerate(pages, 1))):
        if SEAL_PLACE in page.anchors:
            left, top, right, bottom = page.anchors[SEAL_PLACE]
            return Spot(number, (left + right) / 2 / PIXELS, (top + bottom) / 2 / PIXELS)
    return None
