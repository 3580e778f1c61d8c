"""Places in a plan: dotted key paths, where an entry of a list is named by its own `no` or `id`.

`evaluation.scoring.items.5.subitems.5.3.points` leads to the points of sub-item 5.3 of item 5. An entry
without a number of its own is named by its position, counted from 1.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

_MISSING = object()


class NoSuchPlace(KeyError):
    """The path leads to nothing, or through something that has no parts."""


def key_of(entry: Any, position: int) -> str:
    """How an entry of a list is named in a path."""
    if isinstance(entry, Mapping):
        for name in ("no", "id"):
            if isinstance(entry.get(name), str | int):
                return str(entry[name])
    return str(position)


def _pick(entries: list[Any], parts: list[str]) -> tuple[int, int] | None:
    """Index of the entry that the beginning of `parts` names, and how many parts that took."""
    keys = [key_of(entry, position) for position, entry in enumerate(entries, 1)]
    for length in range(len(parts), 0, -1):
        name = ".".join(parts[:length])
        if name in keys:
            return keys.index(name), length
    return None


def steps(data: Any, path: str) -> list[str | int]:
    """The keys and indices that lead along a path; the last key of a table may be new.

    So may the number of a new entry right behind a list's last one. Raises NoSuchPlace.
    """
    parts = path.split(".")
    found: list[str | int] = []
    here = data
    while parts:
        if isinstance(here, Mapping):
            name = parts.pop(0)
            found.append(name)
            here = here.get(name, _MISSING)
            if here is _MISSING:
                # What is new has no lists yet: the rest are names of tables.
                return [*found, *parts]
        elif isinstance(here, list):
            picked = _pick(here, parts)
            if picked is None:
                if len(parts) == 1:
                    return [*found, len(here)]
                raise NoSuchPlace(path)
            index, length = picked
            found.append(index)
            here, parts = here[index], parts[length:]
        else:
            raise NoSuchPlace(path)
    return found


def get(data: Any, path: str, default: Any = None) -> Any:
    """What stands at a path, or the default."""
    try:
        way = steps(data, path)
    except NoSuchPlace:
        return default
    here = data
    for step in way:
        if isinstance(here, Mapping):
            if step not in here:
                return default
        elif not isinstance(here, list) or not isinstance(step, int) or step >= len(here):
            return default
        here = here[step]
    return here


def put(data: dict[str, Any], path: str, value: Any) -> None:
    """Put a value at a path, making the tables on the way. Raises NoSuchPlace."""
    if not path or any(not part for part in path.split(".")):
        raise NoSuchPlace(path)
    way = steps(data, path)
    here: Any = data
    for step, following in itertools.pairwise(way):
        if isinstance(here, dict):
            # An entry of a list that does not exist yet begins the list, if it is the first.
            here = here.setdefault(step, [] if following == "1" and step not in here else {})
        elif isinstance(step, int) and step < len(here):
            here = here[step]
        else:
            raise NoSuchPlace(path)
    last = way[-1]
    if isinstance(here, list):
        at = 0 if last == "1" and not here else last
        if not isinstance(at, int) or at > len(here):
            raise NoSuchPlace(path)
        here[at : at + 1] = [value]
    elif isinstance(here, dict):
        here[str(last)] = value
    else:
        raise NoSuchPlace(path)


def texts(data: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a part of the plan with its path, in the file's order."""
    if isinstance(data, str):
        yield place, data
    elif isinstance(data, Mapping):
        for key, value in data.items():
            yield from texts(value, f"{place}.{key}" if place else str(key))
    elif isinstance(data, list):
        for position, entry in enumerate(data, 1):
            name = key_of(entry, position)
            yield from texts(entry, f"{place}.{name}" if place else name)
