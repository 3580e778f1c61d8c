"""Reading the plan editor's forms: which values changed, and what can't be read, said at its input."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from werkzeug.datastructures import MultiDict

from app import plan as plans
from app.publication.fields import Field, Group

MAX_TEXT = 20_000
#: Stands for a value that is taken out of the plan: the plan says nothing there any more.
REMOVED = object()


def read(form: MultiDict[str, str], groups: Iterable[Group], *, removable: bool = True) -> dict[str, Any]:
    """The values that the form changes, by place; `REMOVED` for one that was emptied.

    What can't be read is said in the input's `error`; so is an emptied one where it may not be (`removable`).
    """
    changed: dict[str, Any] = {}
    for one in (found for group in groups for found in group.everything()):
        name = f"f:{one.path}"
        if one.kind == "flag":
            if f"b:{one.path}" in form and (name in form) is not bool(one.value):
                changed[one.path] = name in form
            continue
        if name not in form:
            continue
        value = _value(one, form.getlist(name))
        if one.error or _same(one.value, value):
            continue
        if value is REMOVED and not removable:
            one.error = "补充公告不能把这一项清空，请填写修改后的内容。"
            continue
        changed[one.path] = value
    return changed


def _value(one: Field, sent: list[str]) -> Any:
    one.typed = "\n".join(sent).replace("\r\n", "\n")
    text = one.typed if one.kind in ("text", "lines") else one.typed.strip()
    if len(text) > MAX_TEXT:
        one.error = f"最多 {MAX_TEXT} 个字。"
        return None
    if one.kind in ("lines", "steps"):
        found = [line.strip() for line in text.splitlines() if line.strip()]
        if one.kind == "steps" and len(set(found)) != len(found):
            one.error = "同一项只能选一次。"
        return found or (REMOVED if one.absent or not one.required else found)
    if not text.strip():
        if one.required and not one.absent and one.kind not in ("line", "text"):
            one.error = "请填写此项。"
        # What must be there stays as an empty text, so that the check names it.
        return "" if one.required and not one.absent else REMOVED
    return _parsed(one, text)


def _parsed(one: Field, text: str) -> Any:
    if one.kind == "number":
        if re.fullmatch(r"[0-9]{1,6}", text):
            return int(text)
        one.error = "请填写整数。"
    elif one.kind == "date":
        try:
            return date.fromisoformat(text)
        except ValueError:
            one.error = "请填写日期，例如 2023-07-07。"
    elif one.kind == "hour":
        if plans.closing_time(text) is None:
            one.error = "请填写时刻，例如 17:30。"
    elif one.kind == "points":
        try:
            if not 0 <= Decimal(text) <= 10_000:
                raise InvalidOperation
        except InvalidOperation:
            one.error = "请填写不小于 0 的数字，例如 8 或 0.5。"
    elif one.kind == "choice" and text not in {value for value, _word in one.options}:
        one.error = "请从列出的选项中选择。"
    return text


def _same(before: Any, after: Any) -> bool:
    if before is None:
        return after is REMOVED
    # A text of several lines ends with or without a line break: the same text.
    if isinstance(before, str) and isinstance(after, str):
        return before.strip("\n") == after.strip("\n")
    return type(before) is type(after) and bool(before == after)
