"""What a test can see of a PDF: its fonts, its text, its pages."""

from __future__ import annotations

import subprocess
from pathlib import Path


def _run(*command: str, data: bytes, folder: Path) -> str:
    source = folder / "printed.pdf"
    source.write_bytes(data)
    done = subprocess.run([*command[:-1], str(source), *command[-1:]], capture_output=True, check=True, timeout=60)
    return done.stdout.decode()


def text(data: bytes, folder: Path) -> str:
    """The text of all pages, as `pdftotext` lays it out."""
    return _run("pdftotext", "-layout", "-", data=data, folder=folder)


def flat(data: bytes, folder: Path) -> str:
    """The text cell by cell without any white space, since justified lines break anywhere."""
    return "".join(_run("pdftotext", "-raw", "-", data=data, folder=folder).split())


def fonts(data: bytes, folder: Path) -> list[list[str]]:
    """Name, embedded and subset of every font, as `pdffonts` lists them."""
    source = folder / "fonts.pdf"
    source.write_bytes(data)
    done = subprocess.run(["pdffonts", str(source)], capture_output=True, check=True, text=True, timeout=60)
    return [[line.split()[0], *line.split()[-5:-3]] for line in done.stdout.splitlines()[2:]]


def pages(data: bytes) -> int:
    """How many pages there are."""
    import pypdfium2

    document = pypdfium2.PdfDocument(data)
    try:
        return len(document)
    finally:
        document.close()
