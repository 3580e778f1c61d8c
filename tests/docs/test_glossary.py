"""The glossary names every table; its stages are held by `test_tables`."""

from __future__ import annotations

import re
from pathlib import Path

import app.models
from evaluation.models import Base

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "glossary.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (`.+?`) \| (.+?) \|", TEXT, re.MULTILINE)


def test_every_table() -> None:
    assert app.models.metadata is Base.metadata
    named = {name for code, _word in ROWS for name in re.findall(r"`(\w+)`", code)}
    tables = {mapper.class_.__name__ for mapper in Base.registry.mappers}
    assert tables - named == set()
