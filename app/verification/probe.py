"""Verifies one file in a process of its own and tells the answer as lines of JSON.

Run as `python -I probe.py` with the order (JSON) on standard input. Readers of PDF, OFD, pictures and ASN.1
are where hostile files bite, so memory and time are limited here, and a crash costs nothing but this
process. The report is told before any picture is drawn: a hostile picture can't take it away.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import mmap
import resource
import sys
import unicodedata
from datetime import datetime
from pathlib import Path
from typing import Any

MAPPED = 32 << 20
PIXELS = 25_000_000
PICTURE_SIDE = 480
MOST_PICTURES = 12
#: Points of a PDF for one millimetre, and the largest place that is taken for a stamp.
POINTS = 72 / 25.4
MOST_MM = 200
TEXT = 300
REPORT_BYTES = 1 << 20


def _say(**what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def _limit(memory: int, seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _read(path: str) -> Any:
    """The file's bytes; a large file is mapped, not copied."""
    with open(path, "rb") as handle:
        if handle.seek(0, 2) < MAPPED:
            handle.seek(0)
            return handle.read()
        return memoryview(mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ))


def plain(value: Any, most: int) -> Any:
    """A report's value as a page can bear it: no control or direction characters, short texts, short lists."""
    if isinstance(value, str):
        shown = "".join(char for char in value[: 4 * TEXT] if unicodedata.category(char)[0] != "C")
        return shown if len(shown) <= TEXT else shown[:TEXT] + "…"
    if isinstance(value, dict):
        return {key: plain(one, most) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one, most) for one in value[:most]]
    return value


def _verdict(verdict: str, trial: bool) -> str:
    # Nobody may take a trial seal for a real one, whoever reads nothing but the verdict included.
    return "TRIAL_VALID" if verdict == "VALID" and trial else verdict


def _body(report: Any, data: Any, name: str) -> dict[str, Any]:
    whole = report.to_json(name)
    whole["verdict"] = _verdict(whole["verdict"], whole["trial"])
    for one, told in zip(report.signatures, whole["signatures"], strict=True):
        told["verdict"] = _verdict(told["verdict"], told["trial"])
        told["covers_count"] = len(told["covers"])
        told["picture"] = _picture_id(one)
    for most in (100, 25, 5):
        # Every signature is told, however short.
        body = {**plain(whole, most), "signatures": [plain(one, most) for one in whole["signatures"]]}
        if len(json.dumps(body)) <= REPORT_BYTES:
            break
    digest = hashlib.new("sm3")
    digest.update(data)
    return {"file": name, "size": len(data), "sm3": digest.hexdigest(), **body}


def _picture_id(one: Any) -> str:
    """Which picture shows a signature: the seal's own, or else the place on the page of a PDF; "" for none."""
    if one.seal is not None and one.seal.picture:
        return hashlib.sha256(one.seal.picture).hexdigest()[:16]
    if one.profile and one.stamps:
        stamp = one.stamps[0]
        return f"page-{stamp.page}-{stamp.x:.0f}-{stamp.y:.0f}-{stamp.width:.0f}-{stamp.height:.0f}"
    return ""


def _pictures(report: Any, path: str) -> None:
    done: set[str] = set()
    for one in report.signatures:
        key = _picture_id(one)
        if not key or key in done or len(done) >= MOST_PICTURES:
            continue
        done.add(key)
        try:
            if key.startswith("page-"):
                png, width, height = _small(_cut(path, one.stamps[0]))
            else:
                png, width, height = drawn(one.seal.picture, one.seal.picture_type)
        except Exception:  # noqa: S112 - whatever its reader says of it, a bad picture is left out
            continue
        _say(picture={"id": key, "png": base64.b64encode(png).decode(), "width": width, "height": height})


def drawn(picture: bytes, kind: str) -> tuple[bytes, int, int]:
    """A seal's picture as a small PNG of our own making, with its width and height in pixels."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = PIXELS
    if kind.strip().lower() == "svg":
        image: Any = _from_svg(picture)
    else:
        image = Image.open(io.BytesIO(picture), formats=("PNG", "JPEG", "GIF", "BMP"))
        if image.width * image.height > PIXELS:
            raise ValueError("too many pixels")
        image.load()
    return _small(image)


def _small(image: Any) -> tuple[bytes, int, int]:
    image = image.convert("RGBA")
    image.thumbnail((PICTURE_SIDE, PICTURE_SIDE))
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue(), image.width, image.height


def _cut(path: str, stamp: Any) -> Any:
    """The place on the page where a PDF shows a signature, as it looks."""
    import pypdfium2

    document = pypdfium2.PdfDocument(path)
    document.init_forms()  # a signature's stamp is the look of its form field
    page = document[stamp.page - 1]
    width, height = page.get_size()
    if not (0 < stamp.width <= MOST_MM and 0 < stamp.height <= MOST_MM):
        raise ValueError("not the size of a stamp")
    left, top = stamp.x * POINTS, stamp.y * POINTS
    crop = (left, height - top - stamp.height * POINTS, width - left - stamp.width * POINTS, top)
    return page.render(scale=2.5, crop=tuple(max(0.0, edge) for edge in crop)).to_pil()


def _from_svg(picture: bytes) -> Any:
    """Drawn by a renderer that may fetch nothing but the picture itself."""
    import pypdfium2
    from weasyprint import HTML
    from weasyprint.urls import FatalURLFetchingError, URLFetcher

    own = "data:image/svg+xml;base64," + base64.b64encode(picture).decode()

    class Nothing(URLFetcher):  # type: ignore[misc]
        def fetch(self, url: str, headers: Any = None) -> Any:
            if url != own:
                raise FatalURLFetchingError("a seal's picture may fetch nothing")
            return super().fetch(url, headers)

    style = "@page{size:60mm 60mm;margin:0}body{margin:0}img{width:60mm;height:60mm;object-fit:contain}"
    page = f'<style>{style}</style><img src="{own}">'
    data = HTML(string=page, url_fetcher=Nothing()).write_pdf()
    return pypdfium2.PdfDocument(data)[0].render(scale=2.8, fill_color=(255, 255, 255, 0)).to_pil()


def _trust(order: dict[str, Any]) -> Any:
    from seal_core.certificates import Certificate, RevocationList
    from seal_core.trust import TrustStore

    given = {
        name: [base64.b64decode(one) for one in order.get(name, [])] for name in ("anchors", "pool", "crls")
    }
    folder = TrustStore.load([Path(order["folder"])]) if order.get("folder") else TrustStore()
    return TrustStore(
        (*map(Certificate.from_der, given["anchors"]), *folder.anchors),
        tuple(map(Certificate.from_der, given["pool"])),
        (*map(RevocationList.from_der, given["crls"]), *folder.crls),
        folder.answers,
    )


def _examine(order: dict[str, Any]) -> None:
    from seal_core.errors import MalformedInput
    from seal_core.limits import Limits, OverBudget
    from seal_core.verify import detect, verify

    try:
        trust = _trust(order)
    except Exception as error:
        _say(broken=f"trust: {type(error).__name__}: {error}")
        return
    _limit(int(order["memory"]), int(order["seconds"]))
    try:
        data = _read(order["path"])
        content = bytes(_read(order["content"])) if order.get("content") else None
        try:
            detect(data)
        except MalformedInput:
            _say(refused="verify_not_document")
            return
        report = verify(
            data, trust, datetime.fromisoformat(order["at"]), content=content, limits=Limits(size=order["most"])
        )
        _say(report=_body(report, data, order["name"]))
    except (OverBudget, MemoryError, RecursionError):
        _say(refused="verify_too_costly")
        return
    except MalformedInput as wrong:
        _say(refused="malformed", place=plain(wrong.place, 1))
        return
    _pictures(report, order["path"])


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    _examine(json.load(sys.stdin))
