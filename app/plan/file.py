"""A plan file: TOML text and what it says. The bytes are what is frozen; the data is read from them."""

from __future__ import annotations

import copy
import re
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from app.errors import Refusal
from app.wording.plan import SYNTAX

#: A plan is some fifty kilobytes; ten times the Hainan plan is no plan any more.
MAX_BYTES = 1024 * 1024
MAX_DEPTH = 12
_AT = re.compile(r"^(?P<what>.*?) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$", re.S)


class PlanError(Refusal):
    """The file or a place in it can't be used. Facts: `place` (line and column, or a key path), `why`."""

    def __init__(self, place: str, why: str, *, code: str = "plan_unreadable") -> None:
        super().__init__(code, field=place, place=place, why=why)


class Plan(dict[str, Any]):
    """What a plan file says, with the file's own bytes in `raw`. Change it with `app.plan.set_value` only."""

    raw: bytes

    def __init__(self, data: Mapping[str, Any], raw: bytes) -> None:
        super().__init__(data)
        self.raw = raw

    @property
    def text(self) -> str:
        """The file as text."""
        return self.raw.decode("utf-8-sig")


def load_plan(source: bytes | str | Path) -> Plan:
    """Read a plan from bytes or from a file. Raises PlanError with the place of the first fault.

    Only TOML syntax is judged here; `app.plan.structure` says what does not fit the sections.
    """
    if isinstance(source, bytes):
        raw = source
    else:
        try:
            raw = Path(source).read_bytes()
        except OSError as error:
            why = SYNTAX["io_errors"].get(error.errno) or SYNTAX["io_other"]
            raise PlanError(str(source), SYNTAX["io"].format(why=why)) from None
    return Plan(copy.deepcopy(_parse(raw)), raw)


@lru_cache(maxsize=64)
def _parse(raw: bytes) -> dict[str, Any]:
    if len(raw) > MAX_BYTES:
        raise PlanError(SYNTAX["whole"], SYNTAX["big"].format(most=MAX_BYTES // 1024))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        column = error.start - (raw.rfind(b"\n", 0, error.start) + 1) + 1
        raise PlanError(SYNTAX["at_byte"].format(line=line, column=column), SYNTAX["encoding"]) from None
    try:
        data = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise _located(str(error), text) from None
    except RecursionError:
        raise PlanError(SYNTAX["whole"], SYNTAX["deep"].format(most=MAX_DEPTH)) from None
    except ValueError as error:
        # A number with thousands of digits, a date that no calendar has.
        raise PlanError(SYNTAX["whole"], SYNTAX["value"].format(why=str(error)[:120])) from None
    if _too_deep(data, MAX_DEPTH):
        raise PlanError(SYNTAX["whole"], SYNTAX["deep"].format(most=MAX_DEPTH))
    if not data:
        raise PlanError(SYNTAX["whole"], SYNTAX["empty"])
    return data


def _too_deep(value: Any, left: int) -> bool:
    if isinstance(value, Mapping):
        value = list(value.values())
    if not isinstance(value, list):
        return False
    return left == 0 or any(_too_deep(entry, left - 1) for entry in value)


def _located(message: str, text: str) -> PlanError:
    found = _AT.match(message)
    what = found["what"] if found else message
    if found is None or found["line"] is None:
        line, column = text.count("\n") + 1, len(text) - (text.rfind("\n") + 1) + 1
    else:
        line, column = int(found["line"]), int(found["column"])
    known = next((words for start, words in SYNTAX["errors"].items() if what.startswith(start)), "")
    why = known or SYNTAX["other"].format(why=what[:120])
    return PlanError(SYNTAX["at"].format(line=line, column=column), why)
