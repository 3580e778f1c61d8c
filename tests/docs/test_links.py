"""What the documents point at is there: files, pictures, places in pages, and commands."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import click
import pytest
from PIL import Image

from app.cli import main

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
#: Chinese and English sentences go on after a command: only lower-case words can be its parts.
COMMAND = re.compile(r"(?:^|[`\s/])yinzhao ((?:[a-z][a-z-]* ?)+)", re.MULTILINE)
QUOTED = re.compile(r"`([^`\n]*yinzhao [^`\n]*)`")


def _headings(text: str) -> set[str]:
    found = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in found}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for target in LINK.findall(FENCED.sub("", text)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, place = unquote(target).partition("#")
        there = path if not name else (path.parent / name).resolve()
        assert there.exists(), f"{path.name}: {target}"
        if place:
            assert place in _headings(there.read_text(encoding="utf-8")), f"{path.name}: {target}"


def _commands(text: str) -> set[tuple[str, ...]]:
    places = QUOTED.findall(text) + FENCED.findall(text)
    return {tuple(words.split()) for place in places for words in COMMAND.findall(place)}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_named_exists(path: Path) -> None:
    context = click.Context(main)
    for words in _commands(path.read_text(encoding="utf-8")):
        command: click.Command | None = main
        for word in words:
            if not isinstance(command, click.Group):
                break  # an argument
            command = command.get_command(context, word)
            assert command is not None, f"{path.name}: yinzhao {' '.join(words)}"


def test_a_command_that_does_not_exist_would_be_found() -> None:
    assert _commands("Run `yinzhao panel replay FILE` or\n```\nyinzhao serve\n```") == {
        ("panel", "replay"),
        ("serve",),
    }
    assert main.get_command(click.Context(main), "nothing") is None


def test_readme_names_run_and_test_first() -> None:
    commands = re.findall(r"^```[a-z]*\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S)
    assert commands[0].split("\n")[:2] == ["make run", "make test"]


def test_pictures_are_small_and_all_of_them_are_shown() -> None:
    texts = "".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
    for picture in sorted((ROOT / "docs" / "images").iterdir()):
        assert picture.stat().st_size <= 250 * 1024, picture.name
        assert Image.open(picture).width == 1280, picture.name
        assert f"images/{picture.name}" in texts, f"{picture.name} is shown nowhere"
