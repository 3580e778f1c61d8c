"""The guide in docs/seal_core.md is run as it is written."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from seal_core.cli import main

GUIDE = (Path(__file__).parents[2] / "docs" / "seal_core.md").read_text(encoding="utf-8")
FONTS = Path(__file__).parents[2] / "app" / "static" / "vendor" / "fonts"
FONT = FONTS / "NotoSerifSC-Bold.ttf"


def blocks(kind: str) -> list[str]:
    return [b.strip() for b in re.findall(rf"```sh{kind}\n(.*?)```", GUIDE, re.DOTALL)]


def run(line: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """One command of the guide, in this process; a font is named where the system may have none."""
    words = shlex.split(line)
    assert words[:3] == ["python", "-m", "seal_core"], line
    drawn = words[3] == "impression" or words[3:5] == ["seal", "make"]
    extra = ["--font", str(FONT)] if drawn and FONT.exists() else []
    capsys.readouterr()
    code = main([*words[3:], *extra])
    return code, capsys.readouterr().out


def test_ten_commands_from_nothing_to_a_verified_ofd_and_pdf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                             capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    (prepare,) = blocks(" prepare")
    monkeypatch.setenv("CA_PASSWORD", re.search(r"CA_PASSWORD=(\S+)", prepare)[1])  # type: ignore[index]
    subprocess.run(["sh", "-c", prepare], check=True)
    commands = blocks("")
    assert len(commands) == 10
    answers = [run(c, capsys) for c in commands]
    assert [code for code, _ in answers] == [0] * 10
    assert answers[7][1].startswith("VALID (trial chain") and answers[9][1].startswith("VALID (trial chain")
    (more,) = blocks(" more")
    for line in more.splitlines():
        code, out = run(line, capsys)
        assert code == 0, (line, out)
        if "--json" in line:
            told = json.loads(out)
            assert set(told) >= {"file", "format", "verdict", "signatures", "findings"}
            assert set(told["signatures"][0]) >= {
                "kind", "standard", "intact", "trusted", "verdict", "reasons", "findings", "signer", "seal",
                "signed_at", "covers"}
    with pytest.raises(SystemExit) as stopped:
        main(["verify"])
    assert stopped.value.code == 64
    Path("notice.ofd").write_bytes(Path("notice.ofd").read_bytes()[:-30])
    assert run("python -m seal_core verify notice.ofd --trust trust", capsys)[0] == 64
    damaged = bytearray(Path("notice.pdf").read_bytes())
    damaged[damaged.index(b"stream") + 20] ^= 1
    Path("notice.pdf").write_bytes(bytes(damaged))
    assert run("python -m seal_core verify notice.pdf --trust trust", capsys)[0] == 1
    assert run("python -m seal_core verify twice.pdf", capsys)[0] == 2
    assert run("python -m seal_core verify notice.txt", capsys)[0] == 64


def test_every_command_helps_and_starts_as_a_program(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["verify"], ["sm2", "sign"], ["sm2", "verify"], ["key", "new"], ["csr"], ["ca", "init"],
                  ["ca", "issue"], ["ca", "revoke"], ["ca", "crl"], ["ca", "ocsp"], ["impression"], ["seal", "make"],
                  ["seal", "show"], ["sign", "ofd"], ["sign", "pdf"], ["sign", "cms"], ["bench"]):
        with pytest.raises(SystemExit) as stopped:
            main([*words, "--help"])
        assert stopped.value.code == 0 and "--json" in capsys.readouterr().out
    done = subprocess.run([sys.executable, "-m", "seal_core", "verify", "--help"], capture_output=True, text=True,
                          env=os.environ)
    assert done.returncode == 0 and "INDETERMINATE" in done.stdout


def test_bench_tells_its_figures(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--seconds", "0.02", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["sm2_verify_openssl_per_s"] > told["sm2_verify_gmssl_per_s"] > 0
    assert told["sealed_ofd_verified_per_s"] > 0
