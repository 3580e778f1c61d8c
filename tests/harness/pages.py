"""What a page would make a browser fetch: nothing may lie on another host."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

# A link is followed by a person's choice; these are fetched, or sent to, by the page itself.
FETCHED = {
    "src", "srcset", "data", "poster", "action", "formaction", "background", "manifest",
    "hx-get", "hx-post", "hx-put", "hx-patch", "hx-delete",
}
IN_STYLE = re.compile(r"(?:url\(\s*|@import\s+)[\"']?((?:https?:)?//[^\s\"')]+)", re.IGNORECASE)


class _Addresses(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if not value:
                continue
            if name in FETCHED or (name == "href" and tag != "a"):
                self.found += [part.split()[0] for part in value.split(",") if part.split()]
            elif name == "style":
                self.found += IN_STYLE.findall(value)

    def handle_data(self, data: str) -> None:
        self.found += IN_STYLE.findall(data)


def outside_addresses(html: str, *, own_host: str = "localhost") -> list[str]:
    """Addresses on other hosts that the page loads from or sends to by itself."""
    parser = _Addresses()
    parser.feed(html)
    return [address for address in parser.found if urlsplit(address).netloc not in ("", own_host)]
