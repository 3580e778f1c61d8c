"""Write the generated tables anew into docs/; `--check` only compares, exit 1 when one is out of date."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from tools.docs.tables import BLOCKS, fill

DOCS = Path(__file__).resolve().parents[2] / "docs"


def main(arguments: Sequence[str]) -> int:
    """Fill every block, or say which file differs."""
    stale = []
    for name in sorted({block.file for block in BLOCKS}):
        path = DOCS / name
        text = path.read_text(encoding="utf-8")
        if (filled := fill(name, text)) != text:
            stale.append(name)
            if "--check" not in arguments:
                path.write_text(filled, encoding="utf-8")
    for name in stale:
        print(f"docs/{name} {'is out of date' if '--check' in arguments else 'written'}")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
