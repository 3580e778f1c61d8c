"""Run benches: each module of this package with `measure() -> Iterable[Figure]` is one.

`python -m tools.bench [NAME …]`; exit 1 when a promised figure is missed.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Sequence

import tools.bench
from tools.bench.figures import Figure


def bench_names() -> list[str]:
    """The benches there are."""
    names = (module.name for module in pkgutil.iter_modules(tools.bench.__path__))
    return sorted(name for name in names if name != "figures" and not name.startswith("_"))


def main(arguments: Sequence[str]) -> int:
    """Run the named benches, or all; gives the exit code."""
    known = bench_names()
    unknown = [name for name in arguments if name not in known]
    if unknown:
        print(f"no such bench: {', '.join(unknown)}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    missed: list[Figure] = []
    for name in arguments or known:
        print(f"-- {name}", flush=True)
        for figure in importlib.import_module(f"tools.bench.{name}").measure():
            print(figure.line(), flush=True)
            if not figure.kept:
                missed.append(figure)
    print(f"{len(missed)} of the promised figures missed" if missed else "all promised figures kept")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
