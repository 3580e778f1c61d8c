"""`make fuzz`: coverage-guided fuzzing of the parsers that read strangers' bytes, with atheris.

Each format runs in a process of its own for its share of the time; what libFuzzer found worth keeping stays
in the data folder and is where the next run begins. An input that is answered otherwise than by a report or a
MalformedInput is written there as well and ends the run with 1.
"""

from __future__ import annotations

import argparse
import importlib
import io
import os
import pkgutil
import subprocess
import sys
import zipfile
from pathlib import Path

FORMATS = ("esl", "ses", "p7", "ofd", "inner", "pdf")


def _fuzz(kind: str, folder: Path, seconds: int) -> None:
    import atheris

    with atheris.instrument_imports(include=["seal_core"]):
        # The package loads its parts at their first use: all of them now, while the instrument looks on.
        for module in pkgutil.walk_packages(importlib.import_module("seal_core").__path__, "seal_core."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)

    from seal_core.ofd.write import pack
    from tests.seal_core.test_hostile import check, valid

    corpus = folder / kind
    corpus.mkdir(parents=True, exist_ok=True)
    files: dict[str, bytes] = {}
    if kind == "inner":
        with zipfile.ZipFile(io.BytesIO(valid("ofd"))) as archive:
            files = {name: archive.read(name) for name in sorted(archive.namelist())}
        for index, content in enumerate(files.values()):
            (corpus / f"seed-{index}").write_bytes(bytes([index]) + content)
    else:
        (corpus / "seed").write_bytes(valid(kind))

    def one(data: bytes) -> None:
        if kind != "inner":
            check(kind, data)
        elif data:
            # The first byte says which file of the package the others replace.
            name = sorted(files)[data[0] % len(files)]
            check("ofd", pack({**files, name: data[1:]}))

    arguments = [
        f"-max_total_time={seconds}", "-max_len=65536", "-timeout=5", "-rss_limit_mb=2048", "-verbosity=0",
        "-print_final_stats=1", f"-artifact_prefix={folder}/found-{kind}-",
    ]  # fmt: skip
    atheris.Setup([sys.argv[0], *arguments, str(corpus)], one)
    atheris.Fuzz()


def main() -> None:
    """Fuzz all formats, or those that are named, one after the other."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("formats", nargs="*", help="formats; all without any")
    parser.add_argument(
        "--seconds", type=int, default=int(os.environ.get("FUZZ_SECONDS", "60")), help="for each"
    )
    parser.add_argument("--folder", type=Path, default=Path(os.environ.get("YINZHAO_DATA") or "var") / "fuzz")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        _fuzz(options.formats[0], options.folder.resolve(), options.seconds)
        return
    failed = []
    for kind in options.formats or FORMATS:
        print(f"== {kind}: {options.seconds} s", flush=True)
        command = [sys.executable, "-m", "tools.fuzz", kind, "--child", f"--seconds={options.seconds}"]
        if subprocess.run([*command, f"--folder={options.folder}"], check=False).returncode:
            failed.append(kind)
    if failed:
        raise SystemExit(f"not answered as it should be: {', '.join(failed)}; see {options.folder}")


if __name__ == "__main__":
    main()
