"""Workbooks: LibreOffice recalculates them to the totals of exact arithmetic."""

from __future__ import annotations

import io
import subprocess
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import openpyxl
import pytest

from evaluation import exports

WORDS = exports.MatrixWords(
    summary="汇总", number="编号", vendor="服务商", total="合计", mean="平均分", shown="最终得分",
    order="分数次序", frozen="排名", points="满分", note="说明",
)
KEYS = [
    exports.ScoreKey("1", "数字证书", Decimal(10)),
    exports.ScoreKey("5.1", "服务保障", Decimal(4)),
    exports.ScoreKey("7", "本地化", Decimal("8.5")),
]


def vendors() -> list[exports.ScoredVendor]:
    table = [
        ("=1+1", [["10", "4", "8"], ["10", "0", "7.5"], ["10", "4", "8"], ["10", "4", "6.5"], ["10", "4", "8"]]),
        ("样例乙", [["5", "4", "8"], ["5", "4", "8"], ["5", "4", "8"], ["5", "0", "0.5"], ["5", "4", "8"]]),
        ("样例丙", [["10", "4", "8"], ["10", "4", "6.5"], ["10", "0", "7.5"], ["10", "4", "8"], ["10", "4", "8"]]),
    ]
    return [
        exports.ScoredVendor(number, name, [[Decimal(v) for v in row] for row in rows], rank=number)
        for number, (name, rows) in enumerate(table, 1)
    ]


def recalculated(data: bytes, folder: Path) -> openpyxl.Workbook:
    """The workbook after LibreOffice has computed its formulas."""
    source = folder / "matrix.xlsx"
    source.write_bytes(data)
    target = folder / "out"
    subprocess.run(
        ["soffice", f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--convert-to",
         "xlsx:Calc MS Excel 2007 XML", "--outdir", str(target), str(source)],
        check=True, capture_output=True, timeout=120,
    )
    return openpyxl.load_workbook(target / "matrix.xlsx", data_only=True)


def test_libreoffice_recalculates_the_matrix_to_the_exact_totals(tmp_path: Path) -> None:
    rows = vendors()
    experts = ["评委一", "评委二", "评委三", "评委四", "评委五"]
    book = recalculated(exports.score_matrix(experts, KEYS, rows, WORDS), tmp_path)
    sheet = book["汇总"]
    means = [sum(map(sum, row.scores), Decimal(0)) / 5 for row in rows]  # type: ignore[arg-type]
    for line, (row, mean) in enumerate(zip(rows, means, strict=True), 2):
        for column, scores in enumerate(row.scores, 3):
            assert Decimal(str(sheet.cell(line, column).value)) == sum(scores, Decimal(0))  # type: ignore[arg-type]
        shown = Decimal(str(sheet.cell(line, 9).value)).quantize(Decimal("0.01"))
        assert shown == mean.quantize(Decimal("0.01"), ROUND_HALF_UP)
    # The first and the third have equal means: they share the order, and the frozen rank tells them apart.
    assert [sheet.cell(line, 10).value for line in (2, 3, 4)] == [1, 3, 1]
    assert [sheet.cell(line, 11).value for line in (2, 3, 4)] == [1, 2, 3]


def test_a_name_that_looks_like_a_formula_stays_text() -> None:
    book = openpyxl.load_workbook(io.BytesIO(exports.score_matrix(["评委一"] * 5, KEYS, vendors(), WORDS)))
    cell = book["汇总"].cell(2, 2)
    assert (cell.value, cell.data_type) == ("=1+1", "s")
    assert len(set(book.sheetnames)) == 6


def test_the_register_keeps_text_and_refuses_a_short_row() -> None:
    columns = [exports.Column("服务商"), exports.Column("文件数", 8)]
    data = exports.response_register("登记", columns, [["@SUM(A1)\x07", 3]])
    sheet = openpyxl.load_workbook(io.BytesIO(data)).active
    assert sheet is not None
    assert [cell.value for cell in sheet[2]] == ["@SUM(A1)", 3]
    with pytest.raises(ValueError, match="1 cells"):
        exports.response_register("登记", columns, [["一"]])


def test_the_expert_template_offers_choices_and_one_marked_sample() -> None:
    columns = [exports.Column("姓名"), exports.Column("状态", choices=("在库", "停用"), hint="在库或停用")]
    data = exports.expert_pool_template("专家", columns, ["样例专家", "在库"], refusal="请从列表中选择")
    sheet = openpyxl.load_workbook(io.BytesIO(data)).active
    assert sheet is not None
    assert [cell.value for cell in sheet[2]] == ["样例专家", "在库"]
    rules = sheet.data_validations.dataValidation
    assert [rule.formula1 for rule in rules] == ['"在库,停用"']
    assert rules[0].error == "请从列表中选择"
