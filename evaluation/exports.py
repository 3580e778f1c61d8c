"""Workbooks: score matrix with live formulas, response register, expert pool template.

Pure functions: plain data and every word come from the caller, bytes of an XLSX go back. Cells of text are
always text: a vendor's name that begins with "=" never becomes a formula.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

_HEAD = PatternFill("solid", fgColor="E8EEF7")
_SAMPLE = PatternFill("solid", fgColor="FFF6DD")
_EDGE = Side(style="thin", color="9AA5B1")
_LINE = Border(left=_EDGE, right=_EDGE, top=_EDGE, bottom=_EDGE)
_FORBIDDEN_IN_TITLE = re.compile(r"[\[\]:*?/\\]")
#: Characters that XML 1.0 can't carry; spreadsheet programs refuse a file that holds one.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")

Cell = str | int | Decimal | date | datetime | None


@dataclass(frozen=True)
class ScoreKey:
    """A column of the matrix: key of the plan (item or sub-item), its name, its full points."""

    key: str
    name: str
    points: Decimal


@dataclass(frozen=True)
class ScoredVendor:
    """A row of the matrix. `scores[expert][key]`; a missing one stays empty. `rank` is the frozen one."""

    number: int
    name: str
    scores: Sequence[Sequence[Decimal | None]]
    rank: int | None = None


@dataclass(frozen=True)
class MatrixWords:
    """The words on the score matrix."""

    summary: str
    number: str
    vendor: str
    total: str
    mean: str
    shown: str
    order: str
    frozen: str
    points: str
    note: str = ""


@dataclass(frozen=True)
class Column:
    """A column of a register or template: heading, width in characters, allowed values, hint."""

    heading: str
    width: int = 18
    choices: Sequence[str] = field(default_factory=tuple)
    hint: str = ""


def _text(value: str) -> str:
    return _CONTROL.sub("", value)


def _put(sheet: Worksheet, row: int, column: int, value: Cell, *, head: bool = False) -> Any:
    cell = sheet.cell(row=row, column=column)
    cell.value = _text(value) if isinstance(value, str) else value
    if isinstance(value, str):
        cell.data_type = "s"
    cell.border = _LINE
    cell.alignment = Alignment(wrap_text=True, vertical="center", horizontal="center" if head else None)
    if head:
        cell.font, cell.fill = Font(bold=True), _HEAD
    return cell


def _formula(sheet: Worksheet, row: int, column: int, formula: str, places: str = "General") -> None:
    cell = sheet.cell(row=row, column=column, value=formula)
    cell.border, cell.number_format = _LINE, places


def _titles(names: Sequence[str], taken: set[str]) -> list[str]:
    """Sheet titles that spreadsheet programs accept: 31 characters, none twice."""
    titles = []
    for name in names:
        base = _FORBIDDEN_IN_TITLE.sub("_", _text(name)).strip("' ")[:28] or "1"
        title, number = base, 2
        while title.lower() in taken:
            title, number = f"{base[:25]} {number}", number + 1
        taken.add(title.lower())
        titles.append(title)
    return titles


def _bytes(book: Workbook) -> bytes:
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def score_matrix(
    experts: Sequence[str],
    keys: Sequence[ScoreKey],
    vendors: Sequence[ScoredVendor],
    words: MatrixWords,
    places: int = 2,
) -> bytes:
    """A workbook with one sheet per expert and a summary, all sums, means and orders as live formulas.

    The mean is over all experts (plan: nothing is dropped), shown with `places` decimals, half up; the
    order is by the exact mean, equal means share it, and the frozen rank stands beside it.
    """
    book = Workbook()
    summary = book.active
    assert isinstance(summary, Worksheet)
    summary.title = _titles([words.summary], set())[0]
    titles = _titles(list(experts), {summary.title.lower()})
    total_column = len(keys) + 3
    first, last = 3, len(vendors) + 2
    for position, title in enumerate(titles):
        sheet = book.create_sheet(title)
        for column, heading in enumerate([words.number, words.vendor], 1):
            _put(sheet, 1, column, heading, head=True)
        _put(sheet, 2, 2, words.points, head=True)
        for column, key in enumerate(keys, 3):
            _put(sheet, 1, column, f"{key.key} {key.name}", head=True)
            _put(sheet, 2, column, key.points, head=True)
        _put(sheet, 1, total_column, words.total, head=True)
        end = get_column_letter(total_column - 1)
        _formula(sheet, 2, total_column, f"=SUM(C2:{end}2)")
        for row, vendor in enumerate(vendors, first):
            _put(sheet, row, 1, vendor.number)
            _put(sheet, row, 2, vendor.name)
            for column, value in enumerate(vendor.scores[position], 3):
                _put(sheet, row, column, value)
            _formula(sheet, row, total_column, f"=SUM(C{row}:{end}{row})")
        _shape(sheet, [8, 36, *([14] * len(keys)), 10], "C3")
    headings = [words.number, words.vendor, *experts, words.mean, words.shown, words.order, words.frozen]
    for column, heading in enumerate(headings, 1):
        _put(summary, 1, column, heading, head=True)
    mean = len(experts) + 3
    end, mean_letter = get_column_letter(mean - 1), get_column_letter(mean)
    for row, vendor in enumerate(vendors, 2):
        _put(summary, row, 1, vendor.number)
        _put(summary, row, 2, vendor.name)
        for column, title in enumerate(titles, 3):
            source = f"{quote_sheetname(title)}!{get_column_letter(total_column)}{row + 1}"
            _formula(summary, row, column, f"={source}")
        _formula(summary, row, mean, f"=AVERAGE(C{row}:{end}{row})")
        digits = "0." + "0" * places if places else "0"
        _formula(summary, row, mean + 1, f"=ROUND({mean_letter}{row},{places})", digits)
        # Sums of binary fractions differ in the last bit for equal scores; ten digits don't.
        span = f"${mean_letter}$2:${mean_letter}${last - 1}"
        _formula(
            summary,
            row,
            mean + 2,
            f"=SUMPRODUCT(--(ROUND({span},10)>ROUND({mean_letter}{row},10)))+1",
        )
        _put(summary, row, mean + 3, vendor.rank)
    if words.note:
        summary.cell(row=len(vendors) + 3, column=1, value=_text(words.note)).data_type = "s"
    _shape(summary, [8, 36, *([12] * len(experts)), 12, 10, 10, 10], "C2")
    return _bytes(book)


def response_register(title: str, columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> bytes:
    """A table with headings, filter and frozen first row; rows have as many cells as there are columns.

    Raises ValueError for a row of another length. Datetimes must be naive (already local).
    """
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = _titles([title], set())[0]
    for column, entry in enumerate(columns, 1):
        _put(sheet, 1, column, entry.heading, head=True)
    for number, row in enumerate(rows, 2):
        if len(row) != len(columns):
            raise ValueError(f"row {number} has {len(row)} cells, not {len(columns)}")
        for column, value in enumerate(row, 1):
            cell = _put(sheet, number, column, value)
            if isinstance(value, datetime):
                cell.number_format = "yyyy-mm-dd hh:mm:ss"
            elif isinstance(value, date):
                cell.number_format = "yyyy-mm-dd"
    _shape(sheet, [entry.width for entry in columns], "A2")
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{len(rows) + 1}"
    return _bytes(book)


def expert_pool_template(
    title: str, columns: Sequence[Column], sample: Sequence[Cell], *, refusal: str, rows: int = 500
) -> bytes:
    """An empty table to fill in, with one marked sample row and lists of allowed values.

    `refusal` is the sentence a person sees for a value that isn't in a column's list.
    """
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = _titles([title], set())[0]
    for column, entry in enumerate(columns, 1):
        _put(sheet, 1, column, entry.heading, head=True)
        cell = _put(sheet, 2, column, sample[column - 1])
        cell.fill, cell.font = _SAMPLE, Font(italic=True, color="666666")
        letter = get_column_letter(column)
        for row in range(2, rows + 2):
            sheet[f"{letter}{row}"].number_format = "@"  # phone numbers and codes keep their zeros
        if entry.choices or entry.hint:
            rule = DataValidation(
                type="list" if entry.choices else None,
                formula1='"' + ",".join(entry.choices) + '"' if entry.choices else None,
                allow_blank=True,
            )
            if entry.hint:
                rule.prompt, rule.promptTitle, rule.showInputMessage = entry.hint, entry.heading[:32], True
            if entry.choices:
                rule.error, rule.showErrorMessage = refusal, True
            rule.add(f"{letter}2:{letter}{rows + 1}")
            sheet.add_data_validation(rule)
    _shape(sheet, [entry.width for entry in columns], "A2")
    return _bytes(book)


def _shape(sheet: Worksheet, widths: Sequence[int], freeze: str) -> None:
    for column, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(column)].width = width
    sheet.freeze_panes = freeze
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = 9
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = "1:1"
