"""The entries of the two navigation bars. Each feature declares its own in `rules.py`."""

from __future__ import annotations

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


@dataclass(frozen=True)
class Link:
    """An entry as a page shows it."""

    url: str
    text: str
    current: bool


def main_entry(endpoint: str, text: str, action: str, order: int) -> None:
    """Add a link to the bar at the top."""
    MAIN.append(Entry(endpoint, text, action, order))


def recruitment_entry(endpoint: str, text: str, action: str, order: int) -> None:
    """Add a link to the bar of one recruitment; the endpoint takes `recruitment` as its parameter."""
    RECRUITMENT.append(Entry(endpoint, text, action, order))


def _recruitment_navigation(recruitment: Recruitment) -> list[Link]:
    links = []
    held = relations(current_user, recruitment)
    for entry in sorted(RECRUITMENT, key=lambda item: item.order):
        if may(current_user, entry.action, recruitment, held=held):
            current = request.endpoint == entry.endpoint
            links.append(Link(url_for(entry.endpoint, recruitment=recruitment.public_id), entry.text, current))
    return links


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
