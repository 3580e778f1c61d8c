"""The laws of the house that import-linter and ruff cannot see."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("app", "evaluation", "onboarding", "seal_core")
LOWER = ("evaluation", "onboarding", "seal_core")
# Rooms of the lower packages that may know storage or workbooks; every other module is a pure rule.
WITH_STORAGE = re.compile(r"(columns|models|review|service|exports)(_\w+)?$")
CLOCK_READS = {
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns",
    "time.localtime", "time.gmtime", "datetime.datetime.now", "datetime.datetime.utcnow",
    "datetime.date.today",
}
# A command line of a library has its own now; what the library does takes the instant as an argument.
CLOCKS = {"app/clock.py", "seal_core/cli/__init__.py"}
# Names that trial certificates carry: data, not wording.
CERTIFICATE_NAMES = {"试用", "根证书", "签发证书"}
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def _sources(*packages: str) -> list[Path]:
    return sorted(path for package in packages for path in (ROOT / package).rglob("*.py"))


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def _pure_rules() -> list[Path]:
    return [
        path
        for path in _sources("evaluation", "onboarding")
        if path.parent.parent == ROOT and not WITH_STORAGE.match(path.stem) and path.stem != "__main__"
    ]


def test_pure_rules_import_only_the_standard_library_and_each_other() -> None:
    pure = {_name(path).removesuffix(".py").replace("/", ".") for path in _pure_rules()}
    assert pure
    foreign = [
        f"{_name(path)} imports {module}"
        for path in _pure_rules()
        for module in _imports(_tree(path))
        if module.split(".")[0] not in sys.stdlib_module_names and module not in pure and module not in LOWER
    ]
    assert foreign == []


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def test_only_the_clock_reads_the_time() -> None:
    readers = [
        f"{_name(path)}:{node.lineno}"
        for path in _sources(*PACKAGES)
        if _name(path) not in CLOCKS
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Attribute) and _dotted(node) in CLOCK_READS
    ]
    assert readers == []


def _docstrings(tree: ast.Module) -> set[int]:
    """Identities of the string nodes that are statements by themselves: docstrings of every kind."""
    return {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}


def test_the_lower_packages_hold_no_chinese_wording() -> None:
    """Words come from the plan or from `app.wording`; only command lines speak for themselves."""
    wording = []
    for path in _sources(*LOWER):
        if path.stem == "__main__":
            continue
        tree = _tree(path)
        apart = _docstrings(tree)
        wording += [
            f"{_name(path)}:{node.lineno} {node.value[:40]}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in apart
            and not (_name(path) == "seal_core/names.py" and node.value in CERTIFICATE_NAMES)
            and CHINESE.search(node.value)
        ]
    assert wording == []


def test_every_module_is_one_room() -> None:
    """Over 400 lines a module is usually two rooms; beyond 500 there is no excuse."""
    long = {
        _name(path): lines
        for path in _sources(*PACKAGES)
        if (lines := path.read_text(encoding="utf-8").count("\n")) > 500
    }
    assert long == {}


def test_every_module_postpones_its_annotations() -> None:
    without = [
        _name(path)
        for path in _sources(*PACKAGES)
        if _tree(path).body and "from __future__ import annotations" not in path.read_text(encoding="utf-8")
        and any(not isinstance(node, ast.Expr) for node in _tree(path).body)
    ]
    assert without == []


@pytest.mark.parametrize(
    "trace",
    [
        pytest.param("/".join(["", "work", "main"]), id="a path of one machine"),
        pytest.param("/".join(["", "root", ""]), id="a home folder"),
        pytest.param(".".join(["registry", "npmjs"]), id="the npm registry"),
        pytest.param(".".join(["pypi", "org"]), id="the Python registry"),
        pytest.param(".".join(["files", "pythonhosted"]), id="its file host"),
    ],
)
def test_no_committed_file_names_a_machine_or_a_registry(trace: str) -> None:
    found = subprocess.run(
        ["git", "grep", "-lIF", "--", trace], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert found.returncode in (0, 1), found.stderr
    assert found.stdout.splitlines() == []
