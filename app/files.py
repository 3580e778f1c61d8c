"""Sending stored bytes to a browser, in constant memory, with ranges and Chinese names."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from flask import Response, request

from app.storage import PIECE, store

#: What a browser may show in place; everything else is a download.
INLINE = frozenset({"application/pdf", "image/png", "image/jpeg", "text/plain"})

_POLICY = "sandbox; default-src 'none'; img-src 'self'; style-src 'unsafe-inline'"
_PDF_POLICY = (
    "default-src 'none'; object-src 'self'; plugin-types application/pdf; style-src 'unsafe-inline'; "
    "frame-ancestors 'self'"
)


def disposition(name: str, *, inline: bool) -> str:
    """Content-Disposition with an ASCII fallback and the real name (RFC 5987)."""
    plain = "".join(char if char.isascii() and (char.isalnum() or char in "._-") else "_" for char in name)
    kind = "inline" if inline else "attachment"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def send_blob(key: str, *, name: str, media_type: str, inline: bool = False) -> Response:
    """Stream a stored file; answers a single byte range. Call after the permission check."""
    size = store().size(key)
    start, end, status = 0, size - 1, 200
    wanted = request.range
    if wanted is not None and wanted.units == "bytes" and len(wanted.ranges) == 1:
        asked = wanted.range_for_length(size)
        if asked is None:
            return Response(status=416, headers={"Content-Range": f"bytes */{size}"})
        start, end, status = asked[0], asked[1] - 1, 206
    length = max(0, end - start + 1)

    handle = store().open(key)

    def body() -> Iterator[bytes]:
        with handle:
            handle.seek(start)
            left = length
            while left > 0 and (piece := handle.read(min(PIECE, left))):
                left -= len(piece)
                yield piece

    response = Response(body(), status=status, mimetype=media_type, direct_passthrough=True)
    response.headers["Content-Disposition"] = disposition(name, inline=inline and media_type in INLINE)
    response.headers["Content-Length"] = str(length)
    response.headers["Accept-Ranges"] = "bytes"
    # Chromium's viewer of PDF is an extension and can't run in a sandboxed document.
    response.headers["Content-Security-Policy"] = _PDF_POLICY if media_type == "application/pdf" else _POLICY
    if status == 206:
        response.headers["Content-Range"] = f"bytes {start}-{end}/{size}"
    return response
