"""The seal's picture as it is shown on a PDF page, in true millimetres and upright on turned pages."""

from __future__ import annotations

import io
from typing import Any

from ..errors import Code, SealError
from ..placement import Placement
from ..seal.forms import Seal
from .reader import at, library, media_box, number_box

POINTS = 72 / 25.4
MAX_PIXELS = 40_000_000


def visible_box(page: Any) -> tuple[float, float, float, float]:
    """What a viewer shows of a page, in points: its CropBox within its MediaBox."""
    node, depth = page, 0
    media = media_box(page)
    while depth < 32:
        box = number_box(at(node, "/CropBox"))
        if box is not None:
            x0, y0 = max(min(box[0], box[2]), media[0]), max(min(box[1], box[3]), media[1])
            x1, y1 = min(max(box[0], box[2]), media[2]), min(max(box[1], box[3]), media[3])
            return (x0, y0, x1, y1) if x0 < x1 and y0 < y1 else media
        if "/Parent" not in node:
            break
        node, depth = node["/Parent"], depth + 1
    return media


def rotation(page: Any) -> int:
    """A page's turn, clockwise: 0, 90, 180 or 270."""
    node, depth = page, 0
    while depth < 32:
        turn = at(node, "/Rotate")
        if turn is not None:
            return int(turn) % 360 // 90 * 90
        if "/Parent" not in node:
            break
        node, depth = node["/Parent"], depth + 1
    return 0


def shown_size(page: Any) -> tuple[float, float]:
    """Width and height in mm of a page as it is shown."""
    x0, y0, x1, y1 = visible_box(page)
    width, height = (x1 - x0) / POINTS, (y1 - y0) / POINTS
    return (height, width) if rotation(page) in (90, 270) else (width, height)


def rectangle(page: Any, x: float, y: float, width: float, height: float) -> tuple[float, float, float, float]:
    """The page's own coordinates of a box given in mm from the top left corner of the page as shown."""
    x0, y0, x1, y1 = visible_box(page)
    left, top, w, h = x * POINTS, y * POINTS, width * POINTS, height * POINTS
    turn = rotation(page)
    if turn == 90:
        return x0 + top, y0 + left, x0 + top + h, y0 + left + w
    if turn == 180:
        return x1 - left - w, y0 + top, x1 - left, y0 + top + h
    if turn == 270:
        return x1 - top - h, y1 - left - w, x1 - top, y1 - left
    return x0 + left, y1 - top - h, x0 + left + w, y1 - top


def shown_at(page: Any, box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """The opposite: left, top, width and height in mm on the page as shown."""
    x0, y0, x1, y1 = visible_box(page)
    a, b, c, d = min(box[0], box[2]), min(box[1], box[3]), max(box[0], box[2]), max(box[1], box[3])
    turn = rotation(page)
    if turn == 90:
        found = b - y0, a - x0, d - b, c - a
    elif turn == 180:
        found = x1 - c, b - y0, c - a, d - b
    elif turn == 270:
        found = y1 - d, x1 - c, d - b, c - a
    else:
        found = a - x0, y1 - d, c - a, d - b
    return found[0] / POINTS, found[1] / POINTS, found[2] / POINTS, found[3] / POINTS


class Picture:
    """A seal's picture inside a writer, drawn once and shown many times."""

    def __init__(self, writer: Any, seal: Seal) -> None:
        self._writer, self._info = writer, seal.info
        self._image = self._embed(seal.info.picture)

    def _embed(self, data: bytes) -> Any:
        from PIL import Image

        g = library("pdf_utils.generic")

        name = g.pdf_name
        try:
            with Image.open(io.BytesIO(data)) as opened:
                if opened.width * opened.height > MAX_PIXELS:
                    raise SealError(Code.ARGUMENT, why="the seal's picture is too large")
                image = opened.convert("RGBA")
        except (OSError, ValueError, Image.DecompressionBombError) as wrong:
            raise SealError(Code.ARGUMENT, why="the seal's picture cannot be drawn") from wrong

        def stream(space: str, pixels: bytes, mask: Any = None) -> Any:
            facts = {
                name("/Type"): name("/XObject"), name("/Subtype"): name("/Image"),
                name("/Width"): g.NumberObject(image.width), name("/Height"): g.NumberObject(image.height),
                name("/ColorSpace"): name(space), name("/BitsPerComponent"): g.NumberObject(8)}
            if mask is not None:
                facts[name("/SMask")] = mask
            made = g.StreamObject(facts, stream_data=pixels)
            made.compress()
            return self._writer.add_object(made)

        mask = stream("/DeviceGray", image.getchannel("A").tobytes())
        return stream("/DeviceRGB", image.convert("RGB").tobytes(), mask)

    def part(self, spot: Placement) -> tuple[float, float, float, float]:
        """Left, top, width and height in mm of what a placement shows, on the page as shown."""
        x, y, w, h = spot.clip or (0.0, 0.0, float(self._info.width_mm), float(self._info.height_mm))
        return spot.x + x, spot.y + y, w, h

    def appearance(self, spot: Placement, turn: int) -> Any:
        """A form that shows the seal, or the strip of it that the placement names."""
        g = library("pdf_utils.generic")

        name = g.pdf_name
        full_w, full_h = self._info.width_mm * POINTS, self._info.height_mm * POINTS
        clip_x, clip_y, clip_w, clip_h = (n * POINTS for n in spot.clip or (
            0.0, 0.0, float(self._info.width_mm), float(self._info.height_mm)))
        down = full_h - clip_y - clip_h
        # Like ink: what is printed below the seal stays readable.
        content = f"q /Ink gs {full_w:.4f} 0 0 {full_h:.4f} {-clip_x:.4f} {-down:.4f} cm /Seal Do Q".encode()
        matrix = {0: (1, 0, 0, 1), 90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}[turn]
        form = g.StreamObject({
            name("/Type"): name("/XObject"), name("/Subtype"): name("/Form"),
            name("/BBox"): g.ArrayObject([g.FloatObject(n) for n in (0, 0, round(clip_w, 4), round(clip_h, 4))]),
            name("/Matrix"): g.ArrayObject([*(g.NumberObject(n) for n in matrix), g.NumberObject(0),
                                            g.NumberObject(0)]),
            name("/Resources"): g.DictionaryObject({
                name("/ExtGState"): g.DictionaryObject({
                    name("/Ink"): g.DictionaryObject({name("/BM"): name("/Multiply")})}),
                name("/XObject"): g.DictionaryObject({name("/Seal"): self._image})}),
        }, stream_data=content)
        return self._writer.add_object(form)
