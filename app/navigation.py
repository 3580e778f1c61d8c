"""The entries of the two navigation bars. Each feature declares its own in `rules.py`."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from flask import Flask, request, url_for
from flask_login import current_user

from app import clock
from app.lifecycle import stage_now
from app.permissions import may, relations
from app.publication.models import Recruitment
from app.wording import stage_word


@dataclass(frozen=True)
class Entry:
    """One link: `action` decides who sees it; `order` where it stands."""

    endpoint: str
    text: str
    action: str
    order: int


MAIN: list[Entry] = []
RECRUITMENT: list[Entry] = []


#: The parts of a recruitment's bar, by the order at which each begins: a bar of thirty links is read by nobody.
PARTS = (
    (0, "项目看板"), (10, "公告与方案"), (20, "响应"), (36, "评审专家"), (40, "评审"), (50, "结果与合同"),
    (60, "对接与上线"), (85, "项目管理"),
)  # fmt: skip
#: So many links need no parts.
FEW = 8


@dataclass(frozen=True)
class Link:
    """An entry as a page shows it."""

    url: str
    text: str
    current: bool


@dataclass(frozen=True)
class Bar:
    """The bar of a recruitment: the parts (or, where there are few, all entries), and those of the present part."""

    first: list[Link]
    second: list[Link]


def main_entry(endpoint: str, text: str, action: str, order: int) -> None:
    """Add a link to the bar at the top."""
    MAIN.append(Entry(endpoint, text, action, order))


def recruitment_entry(endpoint: str, text: str, action: str, order: int) -> None:
    """Add a link to the bar of one recruitment; the endpoint takes `recruitment` as its parameter."""
    RECRUITMENT.append(Entry(endpoint, text, action, order))


@functools.cache
def _address(endpoint: str, _root: str) -> str:
    """A page's address with a gap for the recruitment: thirty links are put together for every page."""
    return url_for(endpoint, recruitment="~")


def _part(order: int) -> int:
    """The order at which the part of an entry begins."""
    return max(begins for begins, _text in PARTS if begins <= order)


def _nearest(entries: list[tuple[Entry, str]]) -> Entry | None:
    """The entry of the page asked for, else the one above it in the tree of addresses, else its feature's first."""
    if request.endpoint is None:
        return None
    for entry, _url in entries:
        if entry.endpoint == request.endpoint:
            return entry
    root = min((len(url) for _entry, url in entries), default=0)
    above = [pair for pair in entries if len(pair[1]) > root and request.path.startswith(pair[1] + "/")]
    if above:
        return max(above, key=lambda pair: len(pair[1]))[0]
    return next((entry for entry, _url in entries if entry.endpoint.split(".")[0] == request.blueprint), None)


def _recruitment_navigation(recruitment: Recruitment) -> Bar:
    held = relations(current_user, recruitment)
    entries = [
        (entry, _address(entry.endpoint, request.script_root).replace("~", recruitment.public_id))
        for entry in sorted(RECRUITMENT, key=lambda item: item.order)
        if may(current_user, entry.action, recruitment, held=held)
    ]
    nearest = _nearest(entries)
    every = [Link(url, entry.text, entry is nearest) for entry, url in entries]
    if len(every) <= FEW:
        return Bar(every, [])
    here = _part(nearest.order) if nearest is not None else None
    parts: dict[int, list[Link]] = {}
    for (entry, _url), link in zip(entries, every, strict=True):
        parts.setdefault(_part(entry.order), []).append(link)
    # A part of one page goes by that page's name.
    first = [
        Link(links[0].url, links[0].text if len(links) == 1 else dict(PARTS)[part], part == here)
        for part, links in parts.items()
    ]
    second = parts.get(here, []) if here is not None else []
    return Bar(first, second if len(second) > 1 else [])


def _main_navigation() -> list[tuple[str, str]]:
    held = relations(current_user)
    return [
        (entry.endpoint, entry.text)
        for entry in sorted(MAIN, key=lambda item: item.order)
        if may(current_user, entry.action, held=held)
    ]


def register_navigation(app: Flask) -> None:
    """Make both bars available to the templates."""
    app.jinja_env.globals.update(
        main_navigation=_main_navigation,
        recruitment_navigation=_recruitment_navigation,
        recruitment_stage_word=lambda item: stage_word("recruitment", stage_now(item, clock.now())),
    )
