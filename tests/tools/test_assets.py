"""The front-end files and document fonts that set-up brings: whole, of this host only, able to write names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from tools.setup.assets import FILES, OUTSIDE, VENDOR

FONTS = [name for name in FILES if name.endswith(".ttf")]


def test_every_served_file_is_there() -> None:
    assert [name for name in FILES if not (VENDOR / name).stat().st_size] == []


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".css")])
def test_style_sheets_load_only_what_lies_beside_them(name: str) -> None:
    sheet = VENDOR / name
    text = sheet.read_text(encoding="utf-8")
    for address in re.findall(r"url\(\s*[\"']?(?!data:)([^\"')#]+)", text):
        if address.startswith("%23"):
            continue
        assert (sheet.parent / address.split("?")[0]).is_file(), address


@pytest.mark.parametrize(
    "rule", ["url(https://a.example/x)", "url('//a.example/x')", '@import "http://a.example/x.css"']
)
def test_a_style_sheet_that_asks_another_host_would_be_refused(rule: str) -> None:
    assert OUTSIDE.search(rule)


@pytest.mark.parametrize("name", FONTS)
def test_document_fonts_write_rare_names_and_the_plan(name: str) -> None:
    with TTFont(VENDOR / name, lazy=True) as font:
        known = set(font.getBestCmap())
    plan = (Path(__file__).parents[2] / "app/plans/hainan-eseal-2023.toml").read_text(encoding="utf-8")
    wanted = {ord(character) for character in "𬭎𫖯𠅤（）《》、。％㎡" + plan if not character.isspace()}
    assert {chr(code) for code in wanted - known} == set()
