"""Drawing impressions in true size at 300 or 600 dpi, smooth, on a transparent ground."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw

from ..errors import Code, SealError
from .fonts import find_font, load, require_glyphs

RED = (196, 18, 38)
OVERSAMPLE = 4
MM_PER_INCH = 25.4


@dataclass(frozen=True, slots=True)
class Impression:
    """A picture in true size. ``turned``: how far clockwise a scanned print stood before it was straightened."""

    png: bytes = field(repr=False)
    width_mm: float
    height_mm: float
    dpi: int
    turned: float = 0.0


def finish(mask: Image.Image, width_mm: float, height_mm: float, dpi: int, *, colour: tuple[int, int, int] = RED,
           turned: float = 0.0) -> Impression:
    """The impression whose opacity is ``mask``, scaled to the size in millimetres."""
    size = (max(1, round(width_mm / MM_PER_INCH * dpi)), max(1, round(height_mm / MM_PER_INCH * dpi)))
    alpha = mask if mask.size == size else mask.resize(size, Image.Resampling.LANCZOS)
    picture = Image.new("RGBA", size, (*colour, 0))
    picture.putalpha(alpha)
    out = io.BytesIO()
    picture.save(out, "PNG", dpi=(dpi, dpi))
    return Impression(out.getvalue(), width_mm, height_mm, dpi, turned)


class _Sheet:
    """A canvas in millimetres around its middle, y downwards."""

    def __init__(self, width: float, height: float, dpi: int, font: Path | None) -> None:
        if dpi not in (300, 600) or not (8 <= width <= 100 and 8 <= height <= 100):
            raise SealError(Code.ARGUMENT, why="size or dpi", width=width, height=height, dpi=dpi)
        self.scale = dpi / MM_PER_INCH * OVERSAMPLE
        self.mask = Image.new("L", (round(width * self.scale), round(height * self.scale)), 0)
        self.pen = ImageDraw.Draw(self.mask)
        self.middle = (self.mask.width / 2, self.mask.height / 2)
        self.font = find_font(font)

    def ellipse(self, rx: float, ry: float, line: float) -> None:
        """A ring whose outer half axes are ``rx`` and ``ry``."""
        x, y = self.middle
        s = self.scale
        self.pen.ellipse((x - rx * s, y - ry * s, x + rx * s, y + ry * s), fill=255)
        self.pen.ellipse((x - (rx - line) * s, y - (ry - line) * s, x + (rx - line) * s, y + (ry - line) * s), fill=0)

    def frame(self, width: float, height: float, line: float) -> None:
        x, y = self.middle
        w, h, s = width * self.scale / 2, height * self.scale / 2, line * self.scale
        self.pen.rectangle((x - w, y - h, x + w, y + h), fill=255)
        self.pen.rectangle((x - w + s, y - h + s, x + w - s, y + h - s), fill=0)

    def star(self, radius: float, y: float = 0.0) -> None:
        points = []
        for i in range(10):
            r = radius if i % 2 == 0 else radius * math.sin(math.radians(18)) / math.sin(math.radians(54))
            angle = math.radians(36 * i - 90)
            points.append((self.middle[0] + r * math.cos(angle) * self.scale,
                           self.middle[1] + (y + r * math.sin(angle)) * self.scale))
        self.pen.polygon(points, fill=255)

    def glyph(self, character: str, width: float, height: float) -> Image.Image:
        """One character filling a box of ``width`` × ``height`` mm; digits and letters keep their narrower body."""
        w, h = max(1, round(width * self.scale)), max(1, round(height * self.scale))
        face = load(self.font, h)
        box = face.getbbox(character)
        full = Image.new("L", (max(1, round(face.getlength(character))), h), 0)
        ascent, descent = face.getmetrics()
        ink_top, ink_bottom = box[1], box[3]
        # Chinese characters fill their body; what a Latin face gives stands on its own ink.
        wide = ord(character) > 0x2E7F
        top = (h - (ascent + descent)) / 2 if wide else (h - (ink_bottom - ink_top)) / 2 - ink_top
        ImageDraw.Draw(full).text((0, round(top)), character, font=face, fill=255)
        return full.resize((w, h), Image.Resampling.LANCZOS)

    def place(self, glyph: Image.Image, x: float, y: float, turn: float = 0.0) -> None:
        """``glyph`` with its middle at ``x``, ``y`` mm from the middle, turned clockwise by ``turn`` degrees."""
        turned = glyph.rotate(-turn, Image.Resampling.BICUBIC, expand=True)
        left = round(self.middle[0] + x * self.scale - turned.width / 2)
        top = round(self.middle[1] + y * self.scale - turned.height / 2)
        box = (left, top, left + turned.width, top + turned.height)
        self.mask.paste(ImageChops.lighter(self.mask.crop(box), turned), box)

    def line(self, text: str, y: float, height: float, room: float) -> None:
        """A straight line of text, its middle at ``y``, condensed to fit ``room`` mm."""
        advances = [height * (1.0 if ord(c) > 0x2E7F else 0.55) for c in text]
        squeeze = min(1.0, room / sum(advances))
        x = -sum(advances) * squeeze / 2
        for character, advance in zip(text, advances, strict=True):
            step = advance * squeeze
            if not character.isspace():
                self.place(self.glyph(character, step * 0.94, height), x + step / 2, y)
            x += step

    def arc(self, text: str, rx: float, ry: float, height: float, sweep: float, *, below: bool = False,
            aspect: float = 0.82) -> None:
        """Text along an ellipse through the characters' middles, centred at the top (or the bottom).

        ``sweep`` in degrees is the most it may take; ``aspect`` the body's width by its height when there is room.
        """
        steps = _even(rx, ry, len(text), height * (aspect if not below else 0.62) * 1.12, math.radians(sweep), below)
        for character, (x, y, turn, gap) in zip(text, steps, strict=True):
            if not character.isspace():
                width = min(height * (aspect if not below else 0.55), gap * 0.9)
                self.place(self.glyph(character, width, height), x, y, turn)


def _even(rx: float, ry: float, count: int, pitch: float, sweep: float, below: bool
          ) -> list[tuple[float, float, float, float]]:
    """``count`` places at even distances along an ellipse: x, y, turn in degrees, and the distance."""
    base = math.pi / 2 if below else -math.pi / 2
    steps = 720
    angles = [base - sweep / 2 + sweep * i / steps for i in range(steps + 1)]
    points = [(rx * math.cos(a), ry * math.sin(a)) for a in angles]
    lengths = [0.0]
    for one, two in pairwise(points):
        lengths.append(lengths[-1] + math.dist(one, two))
    gap = min(pitch, lengths[-1] / count)
    found = []
    for number in range(count):
        wanted = lengths[-1] / 2 + (number - (count - 1) / 2) * gap * (-1 if below else 1)
        place = min(range(steps + 1), key=lambda i: abs(lengths[i] - wanted))
        angle = angles[place]
        x, y = points[place]
        # The upright of a character is the normal of the ellipse, outwards at the top and inwards at the bottom.
        nx, ny = math.cos(angle) / rx, math.sin(angle) / ry
        turn = math.degrees(math.atan2(nx, -ny)) if not below else math.degrees(math.atan2(-nx, ny))
        found.append((x, y, turn, gap))
    return found


def _texts(font: Path | None, *texts: str, most: int = 40) -> None:
    if not texts[0] or any(len(t) > most or not t.isprintable() for t in texts):
        raise SealError(Code.ARGUMENT, why="text empty, too long or not printable")
    require_glyphs(find_font(font), "".join(texts))


def draw_round(name: str, *, number: str = "", caption: str = "", diameter_mm: float = 40.0, dpi: int = 600,
               font: Path | None = None) -> Impression:
    """A round unit seal: ring, star, the unit's name along the arc, ``caption`` under the star, ``number`` below.

    ARGUMENT for a size beyond 8-100 mm, another dpi than 300 or 600, or a character the font lacks.
    """
    _texts(font, name, number, caption)
    sheet = _Sheet(diameter_mm, diameter_mm, dpi, font)
    r = diameter_mm / 2
    ring = 0.03 * diameter_mm
    sheet.ellipse(r, r, ring)
    sheet.star(0.172 * diameter_mm)
    height = 0.158 * diameter_mm if len(name) <= 16 else 0.135 * diameter_mm
    middle = r - ring - 0.035 * diameter_mm - height / 2
    sheet.arc(name, middle, middle, height, 258 if number else 285, aspect=0.8)
    if caption:
        sheet.line(caption, 0.245 * diameter_mm, 0.085 * diameter_mm, 0.5 * diameter_mm)
    if number:
        digits = 0.045 * diameter_mm
        low = r - ring - 0.022 * diameter_mm - digits / 2
        sheet.arc(number, low, low, digits, 84, below=True)
    return finish(sheet.mask, diameter_mm, diameter_mm, dpi)


def draw_oval(name: str, *, number: str = "", caption: str = "", width_mm: float = 45.0, height_mm: float = 30.0,
              dpi: int = 600, font: Path | None = None) -> Impression:
    """An oval seal: the name along the upper arc, ``caption`` across the middle, ``number`` along the lower arc."""
    _texts(font, name, number, caption)
    sheet = _Sheet(width_mm, height_mm, dpi, font)
    ring = 0.035 * height_mm
    sheet.ellipse(width_mm / 2, height_mm / 2, ring)
    height = 0.17 * height_mm
    inset = ring + 0.05 * height_mm + height / 2
    sheet.arc(name, width_mm / 2 - inset, height_mm / 2 - inset, height, 205, aspect=0.78)
    if caption:
        sheet.line(caption, 0.02 * height_mm, 0.16 * height_mm, 0.62 * width_mm)
    if number:
        low = ring + 0.045 * height_mm + 0.04 * height_mm
        sheet.arc(number, width_mm / 2 - low, height_mm / 2 - low, 0.08 * height_mm, 80, below=True)
    return finish(sheet.mask, width_mm, height_mm, dpi)


def draw_name(name: str, *, side_mm: float = 20.0, dpi: int = 600, font: Path | None = None) -> Impression:
    """A square name seal of 1 to 6 characters, in columns from the right; an odd first one stands alone."""
    _texts(font, name, most=6)
    sheet = _Sheet(side_mm, side_mm, dpi, font)
    line = 0.045 * side_mm
    sheet.frame(side_mm, side_mm, line)
    columns = [name] if len(name) <= 2 else ([name[:1]] if len(name) % 2 else []) + [
        name[i : i + 2] for i in range(len(name) % 2, len(name), 2)]
    room = side_mm - 2 * line - 0.08 * side_mm
    wide = room / len(columns)
    for place, column in enumerate(columns):
        tall = room / len(column)
        x = room / 2 - wide * (place + 0.5)
        for row, character in enumerate(column):
            width, height = wide * 0.94, tall * 0.94
            if height > width * 1.6:
                height = width * 1.6
            if width > height * 1.6:
                width = height * 1.6
            sheet.place(sheet.glyph(character, width, height), x, -room / 2 + tall * (row + 0.5))
    return finish(sheet.mask, side_mm, side_mm, dpi)
