"""The font of an impression: the one given, or a Chinese one that the system has."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

from ..errors import Code, SealError

_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts", "/System/Library/Fonts", "C:/Windows/Fonts")
# Seals are cut in Song type; sans faces only where there is nothing else.
_WANTED = ("notoserifsc", "notoserifcjk", "sourcehanserif", "simsun", "songti", "uming", "notosanssc", "notosanscjk",
           "sourcehansans", "wqy", "simhei", "msyh", "droidsansfallback")


@lru_cache(maxsize=1)
def _system() -> Path | None:
    found: list[tuple[int, int, str, Path]] = []
    for folder in _FOLDERS:
        root = Path(folder)
        if not root.is_dir():
            continue
        for path in root.rglob("*"):
            if path.suffix.lower() not in (".ttf", ".ttc", ".otf"):
                continue
            plain = path.stem.lower().replace("-", "").replace("_", "")
            rank = next((i for i, w in enumerate(_WANTED) if w in plain), None)
            if rank is not None:
                found.append((rank, "bold" not in plain, plain, path))
    return min(found)[3] if found else None


def find_font(path: Path | None = None) -> Path:
    """``path``, or the best Chinese font of the system; ARGUMENT where there is none."""
    chosen = path or _system()
    if chosen is None or not chosen.is_file():
        raise SealError(Code.ARGUMENT, why="no Chinese font: give the path of one", font=str(chosen or ""))
    return chosen


@lru_cache(maxsize=64)
def load(path: Path, size: int) -> ImageFont.FreeTypeFont:
    """The face for simplified Chinese at ``size`` pixels."""
    try:
        first = ImageFont.truetype(str(path), size)
        if path.suffix.lower() == ".ttc":
            for index in range(1, 12):
                try:
                    face = ImageFont.truetype(str(path), size, index=index)
                except OSError:
                    break
                if "SC" in (face.getname()[0] or ""):
                    return face
        return first
    except (OSError, ValueError) as wrong:
        raise SealError(Code.ARGUMENT, why="not a font", font=str(path)) from wrong


def require_glyphs(path: Path, characters: Iterable[str]) -> None:
    """ARGUMENT with the character that the font lacks: a seal with an empty box must not be made."""
    face = load(path, 64)
    nothing = bytes(face.getmask("\U0010fffd"))
    for character in sorted(set(characters)):
        if not character.isspace() and bytes(face.getmask(character)) == nothing:
            raise SealError(Code.ARGUMENT, why="the font lacks a character", character=character)
