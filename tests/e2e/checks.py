"""What every page has to be, told from its HTML, and `check_page` for a page in the browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.harness.browser import accessibility_problems
from tests.harness.pages import outside_addresses

if TYPE_CHECKING:
    from playwright.sync_api import Page

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
#: What is shown letter by letter: digests, codes of the interface, what a person typed.
VERBATIM = {"code", "pre", "textarea", "script", "style", "title"}
#: A code of ours that has no Chinese word, or a value that was forgotten.
LEFTOVER = re.compile(r"\b(?:[a-z]+_[a-z_]+|None|undefined|nan)\b|\{\{|\}\}|<[A-Za-z]+ object at")
#: Names of files and settings may stand on a page as they are.
NAMES = re.compile(r"\S+\.(?:xlsx|docx|pdf|toml|csv|json|py)\b|YINZHAO_\w+")


class _Reader(HTMLParser):
    """Collects what the checks ask for."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lang = ""
        self.title = ""
        self.headings = 0
        self.ids: list[str] = []
        self.links: list[str] = []
        self.outside: list[str] = []
        self.dead: list[str] = []
        self.inline: list[str] = []
        self.forms: list[tuple[str, str, list[str]]] = []
        self.text: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag not in VOID:
            self._open.append(tag)
        if tag == "html":
            self.lang = found.get("lang", "")
        if "id" in found:
            self.ids.append(found["id"])
        self.headings += tag == "h1"
        if tag == "style" or "style" in found or (tag == "script" and "src" not in found):
            self.inline.append(self.get_starttag_text() or tag)
        self.inline += [f"{tag} {name}" for name in found if name.startswith("on")]
        if tag == "a":
            self._link(found)
        elif tag == "form":
            self.forms.append((found.get("method", "get").upper(), found.get("action", ""), []))
        elif tag in ("input", "button", "select", "textarea") and self.forms and "form" in self._open:
            self.forms[-1][2].append(found.get("name", ""))
        if tag == "button" and "form" not in self._open and not ({"form"} | _htmx(found) & set(found)) & set(found):
            self.dead.append(f"button outside a form: {self.get_starttag_text()}")

    def _link(self, found: dict[str, str]) -> None:
        href = found.get("href", "")
        if found.get("aria-disabled") == "true" and "href" not in found:
            return  # a step that can't be taken now, shown as such
        if not href:
            self.dead.append(f"link without an address: {self.get_starttag_text()}")
        elif urlsplit(href).netloc or href.startswith("//"):
            self.outside.append(href)
        elif not href.startswith(("mailto:", "tel:")):
            self.links.append(href)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if "title" in self._open and "svg" not in self._open:
            self.title += data
        if not VERBATIM & set(self._open):
            self.text.append(data)


def _htmx(found: dict[str, str]) -> set[str]:
    return {name for name in found if name.startswith(("hx-", "data-"))}


def read(html: str) -> _Reader:
    """The page as the checks see it."""
    reader = _Reader()
    reader.feed(html)
    return reader


def problems(html: str, *, own_host: str = "localhost", routes: Callable[[str, str], bool] | None = None) -> list[str]:
    """What is wrong with a page, one line each. `routes(method, path)` says whether an address is answered."""
    page = read(html)
    found = []
    if page.lang != "zh-CN":
        found.append(f"lang is {page.lang!r}")
    if not page.title.replace("· 印招", "").strip():
        found.append("no title")
    if page.headings != 1:
        found.append(f"{page.headings} first headings")
    found += [f"inline code: {one}" for one in page.inline]
    found += [f"outside address: {one}" for one in (*page.outside, *outside_addresses(html, own_host=own_host))]
    found += page.dead
    found += [f"id {one} twice" for one in sorted({one for one in page.ids if page.ids.count(one) > 1})]
    for link in page.links:
        if link.startswith("#") and link != "#" and link[1:] not in page.ids:
            found.append(f"link into nothing: {link}")
        if link == "#":
            found.append("link that leads nowhere: #")
    for method, action, names in page.forms:
        if method == "POST" and "csrf_token" not in names:
            found.append(f"form without its token: {action}")
        path = urlsplit(action).path
        if routes is not None and path and not routes(method, path):
            found.append(f"form to nowhere: {method} {action}")
    words = NAMES.sub("", " ".join(page.text))
    found += [f"left over: {match.group(0)}" for match in LEFTOVER.finditer(words)]
    return list(dict.fromkeys(found))


def check_page(page: Page) -> None:
    """Fail unless the page in the browser is complete, ours alone, and accessible (axe: serious, critical)."""
    wrong = problems(page.content(), own_host=urlsplit(page.url).netloc)
    wrong += accessibility_problems(page)
    assert wrong == [], f"{page.url}\n" + "\n".join(wrong)
