"""The generated tables of the documentation are those of the source."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.config import Settings
from tools.docs.tables import BLOCKS, HIDDEN, fill

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("name", sorted({block.file for block in BLOCKS}))
def test_nothing_is_out_of_date(name: str) -> None:
    text = (DOCS / name).read_text(encoding="utf-8")
    assert fill(name, text) == text, "run: python -m tools.docs"


def test_every_setting_is_explained_and_no_other() -> None:
    text = (DOCS / "operations.md").read_text(encoding="utf-8")
    rows = [line.split("`")[1] for line in text.splitlines() if line.startswith("| `") and "YINZHAO_" in line]
    assert rows == [name for name in Settings.model_fields if name not in HIDDEN]


def test_a_missing_mark_is_no_silence() -> None:
    with pytest.raises(LookupError):
        fill("operations.md", "# 运行手册")
