"""Places and values of a plan in words: for the editor, for findings, for what an amendment changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from app.templating import show_date
from app.wording import LABELS

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def walk(path: str) -> Iterator[tuple[str, str]]:
    """The steps of a place: ("key", its keys so far) or ("entry", the number of a list's entry).

    An entry's number may hold points (`5.3`, `ukey.1`); the shape of the plan tells where it ends.
    """
    # The linter words its findings here, and the shape reports its own through the linter.
    from app.plan.structure import PLAN, Entries, Table

    parts, keys = [part for part in path.split(".") if part], []
    here: Any = PLAN
    while parts:
        if isinstance(here, Entries) and parts[0] not in here.keys:
            name = [parts.pop(0)]
            while parts and parts[0] not in here.keys:
                name.append(parts.pop(0))
            yield "entry", ".".join(name)
            if not parts:
                return
        elif not isinstance(here, Table | Entries) and parts[0].isdigit():
            yield "entry", parts.pop(0)
            continue
        keys.append(parts.pop(0))
        known = here.keys if isinstance(here, Table | Entries) else {}
        here = known.get(keys[-1])
        yield "key", ".".join(keys)


def key_word(path: str) -> str:
    """The word for the last step of a place: for a key that of its way through the plan, or of the key alone."""
    words = LABELS["plan_key"]
    kind, value = (list(walk(path)) or [("key", path)])[-1]
    if kind == "entry":
        return f"第 {value} 项"
    key = value.rsplit(".", 1)[-1]
    return words.get(value) or words.get(key) or f"其他内容（{key}）"


def place_word(path: str) -> str:
    """A place as people read it, e.g. 评审 › 综合评分 › 评审要素 › 第 5 项 › 分值."""
    return " › ".join(
        f"第 {value} 项" if kind == "entry" else key_word(value) for kind, value in walk(path)
    )


def value_word(value: Any) -> str:
    """A value as people read it; nothing at all is 无."""
    if value is None or value == "" or value == []:
        return "（无）"
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, date | datetime):
        return show_date(value)
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return show_date(date.fromisoformat(value))
        except ValueError:
            return value
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, Decimal | int):
        return str(value)
    if isinstance(value, list):
        return "\n".join(value_word(entry) for entry in value)
    if isinstance(value, Mapping):
        return "；".join(f"{key_word(str(key))}：{value_word(entry)}" for key, entry in value.items())
    return LABELS["plan_choice"].get(str(value), str(value))


_TOP = "publication|responses|evaluation|onboarding|supplements"
_PLACE = re.compile(rf"(?<![A-Za-z0-9_.])(?:{_TOP})(?:\.[A-Za-z0-9_]+)+")
_CODE = re.compile(r"（[a-z_]+）")


def in_words(text: str) -> str:
    """A sentence of the linter for a page: places in words, codes that only the file needs left out."""
    return _PLACE.sub(lambda found: f"“{place_word(found[0])}”", _CODE.sub("", text))
