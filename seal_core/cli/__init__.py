"""The command line. A module with ``register(commands)`` adds its commands: name it in ``MODULES``."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import Code, SealError

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

MODULES = ("keytool", "ca", "seals", "signing", "verifying", "measuring")
VALID, INVALID, INDETERMINATE, UNSIGNED, WRONG_USE = 0, 1, 2, 3, 64


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        self.print_usage(sys.stderr)
        self.exit(WRONG_USE, f"{self.prog}: {message}\n")


def add(commands: Commands, name: str, run: Callable[[argparse.Namespace], int], text: str
        ) -> argparse.ArgumentParser:
    """One command with --json; ``run`` returns the exit code."""
    parser = commands.add_parser(name, help=text, description=text)
    parser.add_argument("--json", action="store_true", help="answer as JSON")
    parser.set_defaults(run=run)
    return parser


def say(args: argparse.Namespace, plain: str, **facts: object) -> None:
    """One answer, plain or as JSON."""
    text = json.dumps(facts, ensure_ascii=False, default=str) if args.json else plain
    sys.stdout.write(text + "\n")


def write(path: Path, data: bytes, *, private: bool = False) -> None:
    """Write a file; a private one is readable by its owner alone from its first byte."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600 if private else 0o644)
    with os.fdopen(handle, "wb") as out:
        if private:
            os.fchmod(out.fileno(), 0o600)
        out.write(data)


def password(args: argparse.Namespace) -> bytes | None:
    """The password in the environment variable named by --password-env."""
    name: str | None = args.password_env
    if name is None:
        return None
    value = os.environ.get(name)
    if not value:
        raise SystemExit(WRONG_USE)
    return value.encode()


def moment(args: argparse.Namespace) -> datetime:
    """The instant of --at; a command line alone may ask the clock where none is given."""
    given = datetime.fromisoformat(args.at) if args.at else datetime.now(UTC)
    if given.tzinfo is None:
        raise SealError(Code.ARGUMENT, at="needs a time zone")
    return given


def main(argv: list[str] | None = None) -> int:
    parser = _Parser(prog="python -m seal_core", description="Trial CA, SM2 signatures, electronic seals, OFD and PDF")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in MODULES:
        importlib.import_module(f".{name}", __name__).register(commands)
    args = parser.parse_args(argv)
    try:
        code: int = args.run(args)
    except (SealError, OSError, ValueError) as wrong:
        sys.stderr.write(f"{wrong}\n")
        return WRONG_USE
    return code
