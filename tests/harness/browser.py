"""Chromium as the tests start it, and the accessibility check."""

from __future__ import annotations

import os
import shutil
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"

LAUNCH_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A page that asks for another host must fail as it would on the users' closed network.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]


def missing(what: str) -> NoReturn:
    """Skip on a developer's machine, fail where the whole proof is asked for."""
    message = f"{what} is missing; `make setup-test` installs it"
    if os.environ.get("CI"):
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


def chromium_path() -> str:
    """Where the browser is: Debian's, or another Chromium on the path."""
    for name in ("/usr/bin/chromium", "chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    missing("Chromium")


def launch_arguments() -> dict[str, Any]:
    """Arguments of playwright's `launch`."""
    return {"executable_path": chromium_path(), "args": LAUNCH_ARGUMENTS, "headless": True}


@cache
def _axe_source() -> str:
    if not AXE.exists():
        missing("axe-core")
    return AXE.read_text(encoding="utf-8")


def accessibility_problems(page: Page, *, impacts: tuple[str, ...] = ("serious", "critical")) -> list[str]:
    """What axe finds on the page as shown, one line per rule with the elements it concerns."""
    if not page.evaluate("typeof window.axe === 'object'"):
        page.evaluate(_axe_source() + "\n;undefined")
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{violation['impact']} {violation['id']}: {violation['help']}\n  "
        + "\n  ".join(str(node["html"])[:200] for node in violation["nodes"][:8])
        for violation in found["violations"]
        if violation["impact"] in impacts
    ]


def assert_accessible(page: Page) -> None:
    """Fail when axe finds anything serious or critical on the page, once it is there whole."""
    page.wait_for_load_state()
    problems = accessibility_problems(page)
    assert not problems, f"{page.url}\n" + "\n".join(problems)
