"""People of a recruitment, each in a browser of their own, and what is asked of every screen that they see."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from playwright.sync_api import expect

from tests.e2e.checks import problems
from tests.harness.browser import accessibility_problems

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, ConsoleMessage, Page, Request

PASSWORD = "样例口令-琼海云签-2023"
#: The browser shows PDFs beside the forms: on a busy machine that takes its time.
PATIENCE = 30_000


class Theatre:
    """Opens a browser context per person; collects what is wrong until `close` fails with it."""

    def __init__(self, browser: Browser, address: str, folder: Path) -> None:
        self.address = address
        self.folder = folder
        self.pages: dict[str, Page] = {}
        self.wrong: list[str] = []
        self.seen: set[tuple[str, str]] = set()
        self._browser = browser
        self._expected: set[int] = set()
        self._scriptless: set[str] = set()
        expect.set_options(timeout=PATIENCE)

    def person(self, key: str, *, scripts: bool = True) -> Page:
        """Somebody's page; without scripts for a browser that has none."""
        if key not in self.pages:
            context = self._browser.new_context(
                locale="zh-CN",
                timezone_id="Asia/Shanghai",
                viewport={"width": 1280, "height": 900},
                java_script_enabled=scripts,
            )
            context.set_default_timeout(PATIENCE)
            context.on("console", lambda message: self._heard(key, message))
            context.on("weberror", lambda error: self.wrong.append(f"{key}: {error.error}"))
            context.on("request", lambda request: self._asked(key, request))
            self.pages[key] = context.new_page()
            if not scripts:
                self._scriptless.add(key)
        return self.pages[key]

    def _heard(self, key: str, message: ConsoleMessage) -> None:
        if message.type != "error" or any(f"status of {status}" in message.text for status in self._expected):
            return
        self.wrong.append(f"{key} {message.page.url if message.page else ''}: console: {message.text}")

    def _asked(self, key: str, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https") and f"{parts.scheme}://{parts.netloc}" != self.address:
            self.wrong.append(f"{key}: foreign request: {request.url}")

    def expects(self, *statuses: int) -> None:
        """From here on the browser may report these answers; without arguments none again."""
        self._expected = set(statuses)

    def see(self, key: str) -> None:
        """Judge the screen that somebody has in front of them, once for each of its shapes."""
        page = self.pages[key]
        place = (re.sub(r"[0-9A-Za-z_-]{10,}", "…", urlsplit(page.url).path), page.locator("h1").inner_text())
        if place in self.seen:
            return
        found = problems(page.content(), own_host=urlsplit(self.address).netloc)
        # Where scripts are off, axe would wait for its own answer without end: somebody else shows it the screen.
        if key not in self._scriptless:
            self.seen.add(place)
            found += accessibility_problems(page)
        self.wrong += [f"{key} {page.url}: {one}" for one in found]

    def look(self, key: str, path: str) -> Page:
        """Go to an address and judge what is there."""
        page = self.pages[key]
        answer = page.goto(self.address + path)
        assert answer is not None and answer.ok, f"{key} {path}: {answer and answer.status}"
        self.see(key)
        return page

    def log_in(self, key: str, login: str, password: str) -> Page:
        """Through the form of the login page."""
        page = self.person(key)
        self.look(key, "/login")
        fill(page, login=login, password=password)
        press(page, "登录")
        return page

    def describe(self) -> str:
        """What everybody has in front of them, and what was wrong so far: for whoever mends a failed walk."""
        lines = [
            f"{key}: {page.url} {' '.join(page.locator('#flash').all_inner_texts())}"
            for key, page in self.pages.items()
        ]
        return "\n".join([*lines, *self.wrong])

    def close(self) -> None:
        """Fail with everything that was wrong on the way."""
        for page in self.pages.values():
            page.context.close()
        assert self.wrong == [], "\n".join(self.wrong)


def fill(page: Page, **values: str | bool) -> None:
    """Fill fields by their names."""
    for name, value in values.items():
        field = page.locator(f"main [name={name}]").first
        if isinstance(value, bool):
            field.set_checked(value)
        else:
            field.fill(value)


def press(page: Page, name: str, *, within: Any = None) -> None:
    """Press the button that sends a form, and wait for the page that answers."""
    with page.expect_navigation():
        (within or page.locator("main, .page-actions")).get_by_role("button", name=name, exact=True).first.click()


def confirm(page: Page, name: str, **values: str) -> None:
    """Take a step that says its consequence first: open it, fill it, confirm it."""
    step = page.locator("details.confirm", has=page.locator("summary", has_text=re.compile(rf"^\s*{name}\s*$"))).first
    step.locator("summary").click()
    for field, value in values.items():
        step.locator(f"[name={field}]").fill(value)
    press(page, f"确认{name}", within=step)


def told(page: Page, words: str) -> None:
    """The page says so after a step."""
    expect(page.locator("#flash")).to_contain_text(words)
