"""From a scan of a stamped form: find the red print, cut it free, straighten, clean and scale it."""

from __future__ import annotations

import io
import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from ..errors import Code, MalformedInput, SealError
from .draw import MM_PER_INCH, Impression, finish

Mask = NDArray[np.bool_]
Values = NDArray[np.float32]
MAX_PIXELS = 60_000_000
COARSE = 400  # cells along the longer side when the print is searched for
LEAST_MM, MOST_MM = 8.0, 80.0


def _open(data: bytes) -> tuple[Image.Image, float]:
    """The picture in RGB, and its dpi (300 where it says nothing believable)."""
    try:
        with Image.open(io.BytesIO(data)) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise MalformedInput("scan", "too many pixels")
            dpi = _dpi(opened.info.get("dpi"))
            if opened.mode == "RGB":
                return opened.copy(), dpi
            ground = Image.new("RGBA", opened.size, (255, 255, 255, 255))
            picture = opened.convert("RGBA")
            ground.alpha_composite(picture)
            return ground.convert("RGB"), dpi
    except (OSError, ValueError, TypeError, Image.DecompressionBombError) as wrong:
        raise MalformedInput("scan", "not a picture") from wrong


def _dpi(given: object) -> float:
    try:
        dpi = float(str(given[0])) if isinstance(given, tuple) and given else 300.0
    except ValueError:
        dpi = 300.0
    return dpi if 70 <= dpi <= 1300 else 300.0


def _redness(picture: Image.Image) -> Values:
    """How much redder than grey each pixel is, 0-255."""
    rgb = np.asarray(picture, dtype=np.int16)
    red: Values = np.clip(rgb[..., 0] - np.maximum(rgb[..., 1], rgb[..., 2]), 0, 255).astype(np.float32)
    return red


def _threshold(red: Values) -> float:
    """Between the paper's tint and the ink: half of what the strongest pixels have, within bounds."""
    strong = red[::2, ::2]
    strong = strong[strong > 24]
    if strong.size < 50:
        raise SealError(Code.ARGUMENT, why="no red print in the picture")
    return min(90.0, max(28.0, float(np.percentile(strong, 80)) * 0.45))


def _blobs(cells: Mask) -> list[Mask]:
    """Connected groups of cells, diagonals included."""
    left = cells.copy()
    found = []
    while left.any():
        start = tuple(int(i) for i in np.argwhere(left)[0])
        group = np.zeros_like(left)
        stack = [start]
        left[start] = False
        while stack:
            y, x = stack.pop()
            group[y, x] = True
            for ny in range(max(0, y - 1), min(left.shape[0], y + 2)):
                for nx in range(max(0, x - 1), min(left.shape[1], x + 2)):
                    if left[ny, nx]:
                        left[ny, nx] = False
                        stack.append((ny, nx))
        found.append(group)
    return found


def _region(mask: Mask, dpi: float) -> tuple[int, int, int, int]:
    """The box (left, top, right, bottom) of the print: the group of red whose extent is most like a seal's."""
    cell = max(1, max(mask.shape) // COARSE)
    height, width = -(-mask.shape[0] // cell), -(-mask.shape[1] // cell)
    padded = np.zeros((height * cell, width * cell), dtype=bool)
    padded[: mask.shape[0], : mask.shape[1]] = mask
    share = padded.reshape(height, cell, width, cell).mean(axis=(1, 3))
    near = max(1, round(1.2 / MM_PER_INCH * dpi / cell))  # 1.2 mm joins the parts of one print
    cells = _widen(share > 0.06, near)
    best: tuple[float, tuple[int, int, int, int]] | None = None
    for group in _blobs(cells)[:200]:
        ys, xs = np.nonzero(group)
        box = (int(xs.min()) * cell, int(ys.min()) * cell, (int(xs.max()) + 1) * cell, (int(ys.max()) + 1) * cell)
        w, h = (box[2] - box[0]) / dpi * MM_PER_INCH, (box[3] - box[1]) / dpi * MM_PER_INCH
        if not (LEAST_MM <= max(w, h) <= MOST_MM and min(w, h) > 0.3 * max(w, h)):
            continue
        ink = float(mask[box[1] : box[3], box[0] : box[2]].sum())
        if best is None or ink > best[0]:
            best = ink, box
    if best is None:
        raise SealError(Code.ARGUMENT, why="no red print of a seal's size in the picture")
    left, top, right, bottom = best[1]
    ys, xs = np.nonzero(mask[top:bottom, left:right])
    return left + int(xs.min()), top + int(ys.min()), left + int(xs.max()) + 1, top + int(ys.max()) + 1


def _widen(cells: Mask, by: int) -> Mask:
    return _grown(cells.astype(np.uint8), by) > 0


def _grown(values: NDArray[np.uint8], by: int) -> NDArray[np.uint8]:
    """The greatest value within ``by`` places across and down."""
    for axis in (0, 1):
        padded = np.pad(values, [(by, by) if a == axis else (0, 0) for a in (0, 1)])
        size = values.shape[axis]
        parts = [padded.take(range(i, i + size), axis=axis) for i in range(2 * by + 1)]
        values = np.maximum.reduce(parts)
    return values


def _widths(xs: Values, ys: Values, degrees: Values) -> Values:
    """How far the points extend along each direction."""
    turn = np.radians(degrees)
    along = np.outer(np.cos(turn), xs) + np.outer(np.sin(turn), ys)
    found: Values = (along.max(axis=1) - along.min(axis=1)).astype(np.float32)
    return found


def _outline(mask: Mask) -> tuple[Values, Values]:
    """The outermost points of each row and column, around the middle of the box."""
    points: list[tuple[int, int]] = []
    for y in np.nonzero(mask.any(axis=1))[0]:
        row = np.nonzero(mask[y])[0]
        points += [(int(row[0]), int(y)), (int(row[-1]), int(y))]
    for x in np.nonzero(mask.any(axis=0))[0]:
        column = np.nonzero(mask[:, x])[0]
        points += [(int(x), int(column[0])), (int(x), int(column[-1]))]
    found = np.array(points, dtype=np.float32)
    return found[:, 0] - mask.shape[1] / 2, found[:, 1] - mask.shape[0] / 2


def _turn_of(mask: Mask) -> float:
    """By how many degrees, clockwise as seen, the print stands off; what is round is read by star and lettering."""
    xs, ys = _outline(mask)
    degrees = np.arange(0, 180, 0.5, dtype=np.float32)
    widths = _widths(xs, ys, degrees)
    if float(widths.max() / widths.min()) < 1.06:
        return _turn_of_round(mask, float(widths.mean()) / 2)
    areas = widths[:180] * widths[180:]
    least = float(degrees[int(areas.argmin())])
    across = float(widths[int(areas.argmin())]), float(widths[int(areas.argmin()) + 180])
    # The long side of an oval lies; of a square the nearer side is taken.
    if across[1] > across[0] * 1.06 or (across[0] <= across[1] * 1.06 and least > 45):
        least -= 90
    return least


def _turn_of_round(mask: Mask, radius: float) -> float:
    ys, xs = np.nonzero(mask)
    x, y = xs - mask.shape[1] / 2, ys - mask.shape[0] / 2
    distance, angle = np.hypot(x, y) / radius, np.degrees(np.arctan2(y, x))
    star = (distance > 0.17) & (distance < 0.34)
    lettering = (distance > 0.6) & (distance < 0.8)
    if not lettering.any():
        return 0.0
    rays = angle[star]
    candidates: list[float] = [float(t) for t in range(-180, 180, 2)]
    if rays.size > 50:
        fifth = np.exp(5j * np.radians(rays)).mean()
        if abs(fifth) > 0.25:
            # A star upright has a ray at -90 degrees; the phase says how far it is turned, within a fifth.
            off = (math.degrees(float(np.angle(fifth))) / 5 + 90) % 72
            candidates = [(off + 72 * i + 180) % 360 - 180 for i in range(5)]
    around = np.histogram(angle[lettering] % 360, bins=360, range=(0, 360))[0].astype(np.float32)

    def below(turn: float) -> float:
        """The ink of the lettering within 35 degrees of what would be the bottom."""
        places = (np.arange(-35, 36) + round(90 + turn)) % 360
        return float(around[places].sum())

    return min(candidates, key=lambda t: (below(t), abs(t)))


def _cleaned(picture: Image.Image, red: Values, threshold: float) -> Image.Image:
    """The opacity of the ink: even, without specks, closed where black print crosses it."""
    strong = float(np.percentile(red[red > threshold], 70))
    opacity = np.clip((red - threshold * 0.55) / max(1.0, strong - threshold * 0.55), 0, 1)
    ink = Image.fromarray((opacity * 255).astype(np.uint8)).filter(ImageFilter.MedianFilter(3))
    reach = max(2, round(min(picture.size) * 0.024))
    closed = 255 - _grown(255 - _grown(np.asarray(ink), reach // 2), reach // 2)
    dark = np.asarray(picture.convert("L")) < 110
    filled = np.where(dark & (closed > 100), 255, np.asarray(ink))
    return Image.fromarray(filled.astype(np.uint8))


def extract_impression(data: bytes, *, size_mm: float | None = None, dpi: int = 600, straighten: bool = True
                       ) -> Impression:
    """The seal print of a scanned form as a clean impression in one red, its ground transparent.

    ``size_mm`` is the true width of the print (its diameter where it is round); without it the scan's own dpi
    decides. MalformedInput where it is no picture; ARGUMENT where there is no red print in it.
    """
    if dpi not in (300, 600) or (size_mm is not None and not LEAST_MM <= size_mm <= MOST_MM):
        raise SealError(Code.ARGUMENT, why="size or dpi", size_mm=size_mm, dpi=dpi)
    picture, scan_dpi = _open(data)
    red = _redness(picture)
    threshold = _threshold(red)
    left, top, right, bottom = _region(red > threshold, scan_dpi)
    edge = round(1.0 / MM_PER_INCH * scan_dpi)
    box = (max(0, left - edge), max(0, top - edge), min(picture.width, right + edge),
           min(picture.height, bottom + edge))
    part = picture.crop(box)
    ink = _cleaned(part, red[box[1] : box[3], box[0] : box[2]], threshold)
    turned = 0.0
    if straighten:
        turned = _turn_of(_tight(np.asarray(ink) > 110))
        if abs(turned) >= 0.4:
            ink = ink.rotate(turned, Image.Resampling.BICUBIC, expand=True)
    ink = ink.crop(_ink_box(np.asarray(ink) > 90))
    width = size_mm or ink.width / scan_dpi * MM_PER_INCH
    height = width * ink.height / ink.width
    if 0.97 < height / width < 1.03:
        height = width  # round or square: a scanner's two feeds never agree to the last part
    return finish(ink, width, height, dpi, turned=round(turned, 1))


def _ink_box(mask: Mask) -> tuple[int, int, int, int]:
    ys, xs = np.nonzero(mask)
    if not ys.size:
        raise SealError(Code.ARGUMENT, why="no red print in the picture")
    return int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1


def _tight(mask: Mask) -> Mask:
    left, top, right, bottom = _ink_box(mask)
    return mask[top:bottom, left:right]


