"""Where a seal is shown: on one page, on several, or in strips along the edges of many (骑缝章)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .errors import Code, SealError

LEAST_STRIP = 2.0


@dataclass(frozen=True, slots=True)
class Placement:
    """A seal on page ``page`` (from 1), its top left corner ``x``, ``y`` mm from the page's; ``clip`` shows a part.

    ``clip`` is x, y, width, height in mm within the seal; the seal's own place stays where it would be whole.
    """

    page: int
    x: float
    y: float
    clip: tuple[float, float, float, float] | None = None


def riding(pages: Sequence[tuple[float, float]], width: float, height: float, *, y: float | None = None
           ) -> tuple[Placement, ...]:
    """Strips of one seal along the right edges of consecutive pages; ``pages`` are their sizes in mm.

    Strips are at least 2 mm wide: for more pages the seal starts anew. ``y`` is the top of the seal; without it
    the seal stands in the middle. ARGUMENT for fewer than two pages.
    """
    if len(pages) < 2 or width <= 0 or height <= 0:
        raise SealError(Code.ARGUMENT, why="a riding seal needs two pages or more")
    most = max(2, int(width / LEAST_STRIP))
    groups = -(-len(pages) // most)
    placements = []
    first = 0
    for group in range(groups):
        count = (len(pages) - first) // (groups - group)
        strip = width / count
        for place in range(count):
            page_width, page_height = pages[first + place]
            top = (page_height - height) / 2 if y is None else y
            placements.append(Placement(first + place + 1, page_width - strip * (place + 1), top,
                                        (strip * place, 0.0, strip, height)))
        first += count
    return tuple(placements)


def written(*numbers: float) -> str:
    """Numbers as OFD writes them: ``x y w h`` with at most three decimals."""
    return " ".join(f"{n:.3f}".rstrip("0").rstrip(".") for n in numbers)
