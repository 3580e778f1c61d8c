"""What the generated tables hold, read from settings and wording."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import AliasChoices
from pydantic.fields import FieldInfo

from app.config import Settings
from app.wording import LABELS, STAGES

KINDS = {
    "recruitment": "招募",
    "response": "响应",
    "candidate": "受评服务商",
    "seat": "评审席位",
    "sheet": "审查表与评分表",
    "dispute": "争议项",
    "integration": "一家服务商的对接",
    "requirement": "验收项",
    "objection": "质疑",
    "contract": "合同",
    "question": "提问",
    "amendment": "补充（更正）公告",
    "clarification": "澄清",
    "hint": "雷同线索",
    "ca_group": "同一认证机构的服务商",
    "outbox": "后台任务",
    "certificate": "证书申请",
    "deadline_change": "期限变更",
    "draw": "专家抽取",
    "publicity": "结果公示",
    "progress": "填写进度（由内容得出）",
}
#: For developers and tests only.
HIDDEN = ("testing",)


def stages() -> str:
    """Every stage with the word of the interface."""
    parts = []
    for kind, words in STAGES.items():
        rows = "\n".join(f"| `{code}` | {word} |" for code, word in words.items())
        parts.append(f"### {KINDS.get(kind, kind)}（`{kind}`）\n\n| 代码 | 中文 |\n|---|---|\n{rows}")
    return "\n\n".join(parts)


def settings() -> str:
    """Every setting: its name in the file, its environment names, meaning, values, default."""
    rows = ["| 配置项 | 环境变量 | 含义 | 取值 | 默认 |", "|---|---|---|---|---|"]
    for name, field in Settings.model_fields.items():
        if name in HIDDEN:
            continue
        meaning = LABELS["setting"].get(name, "")
        if not meaning:
            raise LookupError(f"no word for the setting {name}")
        names = "、".join(f"`{one}`" for one in _environment(name, field))
        rows.append(f"| `{name}` | {names} | {meaning} | {_values(field)} | {_default(field)} |")
    return "\n".join(rows)


def _environment(name: str, field: FieldInfo) -> list[str]:
    alias = field.validation_alias
    if isinstance(alias, AliasChoices):
        return [str(choice) for choice in alias.choices if str(choice).isupper()]
    return [f"YINZHAO_{name.upper()}"]


def _values(field: FieldInfo) -> str:
    kind = field.annotation
    if get_origin(kind) is Literal:
        return "、".join(f"`{choice}`" for choice in get_args(kind))
    if kind is bool:
        return "`true`、`false`"
    if kind is int:
        bounds = {
            key: value
            for part in field.metadata
            for key in ("ge", "le")
            if (value := getattr(part, key, None)) is not None
        }
        if len(bounds) == 2:
            return f"整数 {bounds['ge']}–{bounds['le']}"
        return f"整数，至少 {bounds['ge']}" if bounds else "整数"
    if kind is float:
        return "数，大于 0"
    return "路径" if kind is Path or Path in get_args(kind) else "文本"


def _default(field: FieldInfo) -> str:
    value: Any = field.default
    if value in ("", None):
        return "空"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


@dataclass(frozen=True)
class Block:
    """A generated part of one file, between its two marks."""

    file: str
    name: str
    text: Callable[[], str]


BLOCKS = (Block("glossary.md", "stages", stages), Block("operations.md", "settings", settings))


def fill(file: str, text: str) -> str:
    """The file's text with its blocks written anew. Raises LookupError where a mark is missing."""
    for block in BLOCKS:
        if block.file != file:
            continue
        begin, end = f"<!-- {block.name}: python -m tools.docs -->", f"<!-- /{block.name} -->"
        pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        if not pattern.search(text):
            raise LookupError(f"docs/{file} has no block {block.name}")
        written = f"{begin}\n\n{block.text()}\n\n{end}"
        text = pattern.sub(lambda _found, written=written: written, text)
    return text
