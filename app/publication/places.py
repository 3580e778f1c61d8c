"""Places and values of a plan in words: for the editor, for findings, for what an amendment changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from app.templating import show_date
from app.wording import LABELS

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)*|[a-z]+\.[0-9]+")


def key_word(path: str) -> str:
    """The word for the last key of a place: the one of the whole path where there is one, else of the key."""
    words = LABELS["plan_key"]
    bare = ".".join(part for part in path.split(".") if not part.isdigit())
    key = path.rsplit(".", 1)[-1]
    return words.get(bare) or words.get(key) or (f"第 {key} 项" if _NUMBER.fullmatch(key) else f"其他内容（{key}）")


def place_word(path: str) -> str:
    """A place as people read it, e.g. 评分 › 评分项目 › 第 5 项 › 分值."""
    parts, words, walked = path.split("."), [], ""
    number: list[str] = []
    for part in parts:
        walked = f"{walked}.{part}" if walked else part
        if part.isdigit():
            number.append(part)
            continue
        if number:
            words.append(f"第 {'.'.join(number[-2:])} 项")
            number = []
        words.append(key_word(walked))
    if number:
        words.append(f"第 {'.'.join(number[-2:])} 项")
    return " › ".join(words)


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
