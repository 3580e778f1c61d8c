"""A file over bytes that are not copied, for parsers that want to seek and read."""

from __future__ import annotations

import io

from .algorithms import Bytes
from .limits import Budget


class View(io.RawIOBase):
    """Reading goes on only while there is time for it.

    ``skips`` are spans of long hexadecimal strings. A parser that reads such a string byte by byte is shown its
    offset in 16 digits instead and is then past it, so that 100 kB of padding cost nothing; see ``skipped``.
    """

    def __init__(self, data: Bytes, budget: Budget | None = None, skips: list[tuple[int, int]] | None = None) -> None:
        self._data = data
        self._size, self._at = len(data), 0
        self._budget, self._reads = budget, 0
        self._shown: dict[int, tuple[bytes, int]] = {}
        for start, end in skips or []:
            token = b"%016x>" % start
            for place in range(len(token)):
                after = end if place == len(token) - 1 else start + place + 2
                self._shown[start + 1 + place] = (token[place : place + 1], after)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        base = 0 if whence == 0 else self._at if whence == 1 else self._size
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        self._reads += 1
        if self._budget is not None and not self._reads & 0xFF:
            self._budget.check("input")
        at = self._at
        if size == 1 and at in self._shown:
            shown, self._at = self._shown[at]
            return shown
        end = self._size if size is None or size < 0 else min(at + size, self._size)
        found = bytes(self._data[at:end])
        self._at = max(at, end)
        return found


def skipped(value: bytes, skips: list[tuple[int, int]]) -> tuple[int, int] | None:
    """The span whose offset a parser was shown as ``value``."""
    if len(value) != 8:
        return None
    start = int.from_bytes(value, "big")
    return next((s for s in skips if s[0] == start), None)
