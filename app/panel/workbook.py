"""The pool's workbook: the template that is filled in, and reading what comes back.

An uploaded workbook is hostile until shown otherwise: its size, parts and text are checked before anything
parses it, and what can't be plain data (macros, formulas, document types) is refused with a sentence.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from app.errors import Refusal
from evaluation import credit, exports

MAX_BYTES = 5 * 1024 * 1024
MAX_UNPACKED = 60 * 1024 * 1024
MAX_PARTS = 500
MAX_ROWS = 5000
#: More errors than these help nobody: the file is the wrong one.
MAX_ERRORS = 200

STATES = ("在库", "停用")


@dataclass(frozen=True)
class Field:
    """A column of the pool's workbook."""

    key: str
    heading: str
    most: int
    width: int
    required: bool = False
    choices: tuple[str, ...] = ()
    hint: str = ""


FIELDS = (
    Field("code", "编号", 40, 14, True, hint="专家库内唯一；编号已在库中的，按本行更新。"),
    Field("name", "姓名", 80, 12, True),
    Field("employer", "工作单位", 200, 32, True, hint="全称；用于核对是否须回避。"),
    Field("title", "职称", 80, 14),
    Field("speciality", "专业", 80, 14, hint="如“密码”；招募方案按专业分配席位时据此抽取。"),
    Field("phone", "联系电话", 40, 18),
    Field("email", "电子邮箱", 200, 26, hint="邀请链接发往此邮箱。"),
    Field(
        "relations",
        "已知利害关系",
        2000,
        40,
        hint="单位名称或统一社会信用代码：关系；多项用分号隔开。例如 样例公司：曾任职；样例中心：亲属任职",
    ),
    Field("active", "状态", 4, 10, choices=STATES, hint="空白视为在库。"),
)
SAMPLE = (
    "样例-001",
    "样例专家（请删除本行）",
    "样例大学",
    "教授",
    "密码",
    "0898-12345678",
    "expert@example.invalid",
    "样例科技有限公司：曾任职",
    "在库",
)


@dataclass(frozen=True)
class CellError:
    """What is wrong in one cell: row and column as the spreadsheet shows them."""

    row: int
    column: str
    heading: str
    text: str

    def __str__(self) -> str:
        return f"第 {self.row} 行 {self.column} 列（{self.heading}）：{self.text}"


class PoolRefused(Refusal):
    """Nothing of the workbook was imported; `errors` lists every cell that must be mended."""

    def __init__(self, errors: list[CellError]) -> None:
        super().__init__("pool_cells", count=len(errors), first=str(errors[0]), field="file")
        self.errors = errors


@dataclass
class PoolRow:
    """One expert as the workbook has it."""

    row: int
    values: dict[str, str] = field(default_factory=dict)
    relations: list[dict[str, str]] = field(default_factory=list)
    active: bool = True


def template() -> bytes:
    """The empty workbook with a marked sample row."""
    columns = [exports.Column(item.heading, item.width, item.choices, item.hint) for item in FIELDS]
    return exports.expert_pool_template(
        "评审专家库", columns, SAMPLE, refusal="请从列表中选择：在库或停用。"
    )


def read(data: bytes) -> list[PoolRow]:
    """The experts of a workbook, every cell checked.

    Raises Refusal `pool_file_*` for a file that is no plain workbook, PoolRefused with all errors by row and
    column. Reads nothing but the first sheet.
    """
    _check_archive(data)
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
        sheet = book.worksheets[0]
        rows = list(_rows(sheet))
    except Refusal:
        raise
    except Exception:
        # The library raises whatever its parts do on a file that only looks like a workbook.
        raise Refusal("pool_file_unreadable", field="file") from None
    return _checked(rows)


def _check_archive(data: bytes) -> None:
    if not data:
        raise Refusal("pool_file_empty", field="file")
    if len(data) > MAX_BYTES:
        raise Refusal("pool_file_large", field="file", most=MAX_BYTES // 1024 // 1024)
    if data[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise Refusal("pool_file_old", field="file")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_parts(archive)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError):
        raise Refusal("pool_file_type", field="file") from None


def _check_parts(archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    names = {part.filename for part in parts}
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise Refusal("pool_file_bomb", field="file", most=MAX_UNPACKED // 1024 // 1024)
    if "xl/workbook.xml" not in names:
        raise Refusal("pool_file_type", field="file")
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise Refusal("pool_file_macro", field="file")
    for part in parts:
        if not part.filename.endswith((".xml", ".rels")):
            continue
        # Reading stops at the stated size, which was summed above: no part can grow beyond it.
        text = archive.read(part)
        if b"macroEnabled" in text:
            raise Refusal("pool_file_macro", field="file")
        if text[:2] in (b"\xfe\xff", b"\xff\xfe") or b"<!DOCTYPE" in text or b"<!ENTITY" in text:
            raise Refusal("pool_file_unreadable", field="file")


def _rows(sheet: Any) -> Iterator[tuple[int, list[Any]]]:
    last = MAX_ROWS + 2
    for number, cells in enumerate(
        sheet.iter_rows(max_row=last, max_col=len(FIELDS) + 1), start=1
    ):
        row = list(cells)
        if number == last and any(cell.value not in (None, "") for cell in row):
            raise Refusal("pool_file_rows", field="file", most=MAX_ROWS)
        yield number, row


def _checked(rows: list[tuple[int, list[Any]]]) -> list[PoolRow]:
    errors = _head_errors(rows[0][1] if rows else [])
    if errors:
        raise PoolRefused(errors)
    found: list[PoolRow] = []
    seen: dict[str, int] = {}
    for number, cells in rows[1:]:
        texts, bad = _texts(number, cells)
        if not any(texts) and not bad:
            continue
        if tuple(texts) == SAMPLE:
            continue
        row, wrong = _row(number, texts)
        errors += bad + [error for error in wrong if error.column not in {one.column for one in bad}]
        code = row.values["code"]
        if code and code in seen:
            errors.append(_error(number, 0, f"编号“{code}”与第 {seen[code]} 行重复。"))
        seen.setdefault(code, number)
        found.append(row)
    if errors:
        raise PoolRefused(errors[:MAX_ERRORS])
    if not found:
        raise Refusal("pool_file_nobody", field="file")
    return found


def _error(row: int, column: int, text: str) -> CellError:
    return CellError(row, get_column_letter(column + 1), FIELDS[column].heading, text)


def _head_errors(cells: list[Any]) -> list[CellError]:
    errors = []
    for place, item in enumerate(FIELDS):
        there = str(cells[place].value or "").strip() if place < len(cells) else ""
        if there != item.heading:
            text = f"表头应为“{item.heading}”，现在是“{there[:20]}”。请使用下载的模板，不改动表头。"
            errors.append(_error(1, place, text))
    return errors


def _texts(number: int, cells: list[Any]) -> tuple[list[str], list[CellError]]:
    texts, errors = [], []
    for place in range(len(FIELDS)):
        cell = cells[place] if place < len(cells) else None
        value = cell.value if cell is not None else None
        if cell is not None and (cell.data_type == "f" or not isinstance(value, _PLAIN)):
            errors.append(_error(number, place, "不能是公式，请填写文字。"))
            value = None
        elif cell is not None and cell.data_type == "e":
            errors.append(_error(number, place, f"单元格的值是错误（{value}），请重新填写。"))
            value = None
        texts.append(_text(value))
    return texts, errors


_PLAIN = (type(None), str, int, float, bool, date, datetime)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()


def _row(number: int, texts: list[str]) -> tuple[PoolRow, list[CellError]]:
    errors = []
    values = dict(zip((item.key for item in FIELDS), texts, strict=True))
    for place, item in enumerate(FIELDS):
        text = texts[place]
        if item.required and not text:
            errors.append(_error(number, place, "不能为空。"))
        elif len(text) > item.most:
            errors.append(_error(number, place, f"最多 {item.most} 个字，现在有 {len(text)} 个。"))
        elif any(not sign.isprintable() for sign in text) and item.key != "relations":
            errors.append(_error(number, place, "不能包含换行或其他控制字符。"))
        elif item.choices and text and text not in item.choices:
            errors.append(_error(number, place, f"只能是{'、'.join(item.choices)}，现在是“{text}”。"))
        elif item.key in SHAPES and text and (wrong := SHAPES[item.key](text)):
            errors.append(_error(number, place, wrong))
    relations: list[dict[str, str]] = []
    try:
        relations = parse_relations(values.pop("relations"))
    except ValueError as wrong:
        errors.append(_error(number, 7, str(wrong)))
    active = values.pop("active") != STATES[1]
    return PoolRow(number, values, relations, active), errors


def _phone(text: str) -> str:
    import re

    from app.accounts.forms import PHONE

    return "" if re.match(PHONE, text) else "联系电话只能含数字、加号、括号、空格和短横线。"


def _email(text: str) -> str:
    import re

    from app.accounts.forms import EMAIL

    return "" if re.match(EMAIL, text) else "电子邮箱格式不正确，例如 name@example.cn。"


SHAPES = {"phone": _phone, "email": _email}


def parse_relations(text: str) -> list[dict[str, str]]:
    """`单位：关系` entries, separated by semicolons or lines. Raises ValueError with the sentence."""
    found = []
    for piece in text.replace("；", ";").replace("\n", ";").split(";"):
        if not piece.strip():
            continue
        body, colon, relation = piece.replace("：", ":").partition(":")
        if not colon or not body.strip() or not relation.strip():
            raise ValueError(f"“{piece.strip()[:40]}”应写成“单位：关系”，例如 样例公司：曾任职。")
        if any(not sign.isprintable() for sign in piece.strip()):
            raise ValueError("不能包含控制字符。")
        found.append({**_body(body.strip()), "relation": relation.strip()[:200]})
    return found


def _body(text: str) -> dict[str, str]:
    code = credit.normalise(text)
    if len(code) == credit.LENGTH and code.isascii():
        try:
            return {"credit_code": credit.parse(code).text}
        except credit.CreditRefused:
            raise ValueError(f"统一社会信用代码“{text}”不正确，请核对。") from None
    return {"name": text[:200]}


def show_relations(relations: list[dict[str, str]]) -> str:
    """The relations as they are typed."""
    return "；".join(
        f"{entry.get('credit_code') or entry.get('name', '')}：{entry.get('relation', '')}"
        for entry in relations
    )
