"""Near-identical text between vendors, found by MinHash and LSH: the cost grows with the text, not with pairs.

A text is cut into passages where its own contents say so, so that an insertion moves no later boundary. Each
passage gets a sketch (one-permutation MinHash); passages whose sketches share a band are compared, nothing
else is. What stands in the plan's templates, or in most of the vendors' texts, counts for nothing. Everything
found is a hint for the panel and decides nothing.
"""

from __future__ import annotations

import unicodedata
import zlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

#: Characters of one shingle; blanks don't count.
SHINGLE = 8
#: A passage ends where a shingle's number is a multiple of this, and within these bounds (in characters).
_CUT, _SHORTEST, _LONGEST = 128, 48, 640
#: Numbers in a sketch, in bands of four: passages alike by 0.8 share a band in 98 of 100 cases.
SKETCH, _BAND = 32, 4
#: Passages count as alike when at least this share of their sketches is equal.
ALIKE = 0.5
#: So many owners of one band are compared with each other; of more, each with the first only.
_FEW = 6
_EMPTY = 0xFFFFFFFF


def fold(text: str) -> str:
    """The text without blanks, width and case: what is compared."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def shingles(folded: str) -> array[int]:
    """A 32-bit number for each run of `SHINGLE` characters; empty for a shorter text."""
    data = folded.encode("utf-32-le", "surrogatepass")
    wide, crc = 4 * SHINGLE, zlib.crc32
    return array(
        "I",
        # A CRC is spread by one odd factor: its low bits alone would follow the text.
        [(crc(data[at : at + wide]) * 0x9E3779B1) & 0xFFFFFFFF for at in range(0, len(data) - wide + 4, 4)],
    )


def common_from(owners: int) -> int:
    """From how many owners on a text is common to the field: more than half, and never fewer than five."""
    return max(5, owners // 2 + 1)


class Occurrence:
    """In how many owners' texts each shingle stands, in a fixed room; a count may be too high, never too low."""

    def __init__(self, bits: int = 22) -> None:
        self._mask = (1 << bits) - 1
        self._counts = array("H", bytes(2 << bits))
        self._last = array("I", bytes(4 << bits))

    def add(self, owner: int, numbers: Iterable[int]) -> None:
        """Count an owner's shingles once each. `owner` is 1 or more; all texts of one owner come together."""
        counts, last, mask = self._counts, self._last, self._mask
        for number in numbers:
            at = number & mask
            if last[at] != owner:
                last[at] = owner
                if counts[at] < 0xFFFF:
                    counts[at] += 1

    def __call__(self, number: int) -> int:
        return self._counts[number & self._mask]


@dataclass(frozen=True)
class Passage:
    """A piece of a folded text from `start` to `end`, with its sketch."""

    start: int
    end: int
    sketch: tuple[int, ...]


def passages(numbers: Sequence[int], ignored: Callable[[int], bool]) -> Iterator[Passage]:
    """The passages of a text by its shingles; a run of ignored shingles parts them, and counts nowhere."""
    start: int | None = None
    for at, number in enumerate(numbers):
        if ignored(number):
            if start is not None:
                yield from _passage(numbers, start, at)
            start = None
            continue
        if start is None:
            start = at
        length = at + 1 - start
        if (number % _CUT == 0 and length >= _SHORTEST) or length >= _LONGEST:
            yield from _passage(numbers, start, at + 1)
            start = None
    if start is not None:
        yield from _passage(numbers, start, len(numbers))


def _passage(numbers: Sequence[int], start: int, end: int) -> Iterator[Passage]:
    if end - start >= _SHORTEST:
        yield Passage(start, end + SHINGLE - 1, sketch(numbers[start:end]))


def sketch(numbers: Iterable[int]) -> tuple[int, ...]:
    """One-permutation MinHash: the least number of each of `SKETCH` bins; an empty bin borrows from the next."""
    least = [_EMPTY] * SKETCH
    for number in numbers:
        at, value = number % SKETCH, number // SKETCH
        if value < least[at]:
            least[at] = value
    if _EMPTY not in least or all(value == _EMPTY for value in least):
        return tuple(least)
    filled = list(least)
    for at in range(SKETCH):
        step = 0
        while filled[at] == _EMPTY:
            step += 1
            if (found := least[(at + step) % SKETCH]) != _EMPTY:
                # How far it was borrowed goes into the number, so that two borrowings are not taken for one.
                filled[at] = (found + step * 0x85EBCA6B) & 0xFFFFFFFE
    return tuple(filled)


def likeness(one: Sequence[int], other: Sequence[int]) -> float:
    """The share of equal numbers in two sketches: an estimate of the share of common shingles (Jaccard)."""
    return sum(a == b for a, b in zip(one, other, strict=True)) / SKETCH


@dataclass
class Shared:
    """What two texts have in common: characters (of the shorter count), and the passages, longest first."""

    one: int
    other: int
    #: Characters of matched passages, and their share of what was compared of the shorter text.
    characters: int = 0
    share: float = 0.0
    #: (start, end) in the first text, (start, end) in the second.
    places: list[tuple[tuple[int, int], tuple[int, int]]] = field(default_factory=list)


class Index:
    """Passages of many texts. It keeps sketches and places, never a text."""

    def __init__(self) -> None:
        self._sketches = array("I")
        self._texts = array("I")
        self._spans = array("I")
        self._owners: dict[int, int] = {}
        self._sizes: dict[int, int] = {}
        #: How many pairs of passages were looked at: the measure of the cost.
        self.compared = 0

    def add(self, owner: int, text: int, found: Iterable[Passage]) -> None:
        """Take a text's passages in. Texts of one owner are not compared with each other."""
        self._owners[text] = owner
        for passage in found:
            self._texts.append(text)
            self._spans.extend((passage.start, passage.end))
            self._sketches.extend(passage.sketch)
            self._sizes[text] = self._sizes.get(text, 0) + passage.end - passage.start

    def _sketch(self, at: int) -> array[int]:
        return self._sketches[at * SKETCH : (at + 1) * SKETCH]

    def _candidates(self, most: int) -> Iterator[tuple[int, int]]:
        """Pairs of passages of different owners that share a band. A band of `most` owners is common: none."""
        for band in range(0, SKETCH, _BAND):
            buckets: dict[int, list[int]] = {}
            for at in range(len(self._texts)):
                key = hash(tuple(self._sketches[at * SKETCH + band : at * SKETCH + band + _BAND]))
                buckets.setdefault(key, []).append(at)
            for members in buckets.values():
                if len(members) < 2:
                    continue
                first_of: dict[int, int] = {}
                for at in members:
                    first_of.setdefault(self._owners[self._texts[at]], at)
                if not 2 <= len(first_of) < most:
                    continue
                chosen = list(first_of.values())
                heads = chosen if len(chosen) <= _FEW else chosen[:1]
                for place, one in enumerate(heads):
                    for other in chosen[place + 1 :]:
                        yield one, other

    def shared(self, owners: int, *, least: int = 300) -> list[Shared]:
        """What texts of different owners have in common, at least `least` characters of it; the most first.

        `owners` is how many there are in all: what most of them have is left out.
        """
        matched: dict[tuple[int, int], dict[int, int]] = {}
        seen: set[tuple[int, int]] = set()
        for one, other in self._candidates(common_from(owners)):
            if (one, other) in seen:
                continue
            seen.add((one, other))
            self.compared += 1
            if likeness(self._sketch(one), self._sketch(other)) < ALIKE:
                continue
            if self._texts[one] > self._texts[other]:
                one, other = other, one
            matched.setdefault((self._texts[one], self._texts[other]), {}).setdefault(one, other)
        found = [self._shared(pair, places) for pair, places in matched.items()]
        return sorted(
            (row for row in found if row.characters >= least), key=lambda row: (-row.characters, row.one, row.other)
        )

    def _shared(self, pair: tuple[int, int], places: dict[int, int]) -> Shared:
        spans = sorted((self._span(one), self._span(other)) for one, other in places.items())
        characters = min(
            sum(end - start for (start, end), _ in spans), sum(end - start for _, (start, end) in spans)
        )
        joined: list[tuple[tuple[int, int], tuple[int, int]]] = []
        for one, other in spans:
            # Neighbours in both texts are one passage to whoever reads it.
            if joined and 0 <= one[0] - joined[-1][0][1] + SHINGLE <= SHINGLE and (
                0 <= other[0] - joined[-1][1][1] + SHINGLE <= SHINGLE
            ):
                joined[-1] = ((joined[-1][0][0], one[1]), (joined[-1][1][0], other[1]))
            else:
                joined.append((one, other))
        joined.sort(key=lambda place: (place[0][0] - place[0][1], place))
        shorter = min(self._sizes[text] for text in pair)
        return Shared(*pair, characters, min(1.0, characters / shorter), joined)

    def _span(self, at: int) -> tuple[int, int]:
        return self._spans[2 * at], self._spans[2 * at + 1]
