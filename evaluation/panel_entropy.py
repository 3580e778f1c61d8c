"""Unbiased orders from entropy: canonical bytes, a counter stream over SM3, a shuffle by rejection sampling."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from evaluation._sm3 import sm3

_WORD = 1 << 64


def canonical(value: Any) -> bytes:
    """Canonical JSON of plain data with ASCII keys and no fractions (a subset of RFC 8785)."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8")


def joined(domain: str, *parts: bytes) -> bytes:
    """SM3 over length-prefixed parts: no two different lists of parts read the same."""
    pieces = [f"yinzhao/{domain}/1".encode(), *parts]
    return sm3(b"".join(len(piece).to_bytes(8, "big") + piece for piece in pieces))


class Stream:
    """Numbers from an SM3 counter stream; each draw below a bound is unbiased by rejection."""

    def __init__(self, entropy: bytes) -> None:
        self._entropy, self._counter, self._left = entropy, 0, b""

    def _word(self) -> int:
        if not self._left:
            self._left = joined("stream", self._entropy, self._counter.to_bytes(8, "big"))
            self._counter += 1
        word, self._left = self._left[:8], self._left[8:]
        return int.from_bytes(word, "big")

    def below(self, bound: int) -> int:
        """A number in 0..bound-1, each equally likely."""
        limit = _WORD - _WORD % bound
        while (word := self._word()) >= limit:
            pass
        return word % bound


def shuffled(names: Iterable[str], entropy: bytes) -> list[str]:
    """The names in the order the entropy gives; the order they come in makes no difference."""
    order = sorted(names, key=lambda name: name.encode("utf-8"))
    stream = Stream(entropy)
    for last in range(len(order) - 1, 0, -1):
        other = stream.below(last + 1)
        order[last], order[other] = order[other], order[last]
    return order


def lottery_order(names: Iterable[str], public_value: str, purpose: str) -> list[str]:
    """A witnessed lottery over a few names, by the stream of the panel's draw."""
    ordered = sorted(names, key=lambda name: name.encode("utf-8"))
    entropy = joined("lottery", purpose.encode(), canonical(ordered), public_value.encode("utf-8"))
    return shuffled(ordered, entropy)
