"""What every template can use: dates as people read them, Chinese words for codes, permission checks."""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from flask import Flask, g, request, url_for
from flask_login import current_user
from markupsafe import Markup, escape
from sqlalchemy import func, select

from app import clock
from app.extensions import db
from app.permissions import may, standing
from app.wording import EVENTS, label, stage_word


def show_date(value: date | datetime | None) -> str:
    """2023年7月7日; an instant is shown as the Shanghai day."""
    if value is None:
        return "—"
    day = clock.local(value).date() if isinstance(value, datetime) else value
    return f"{day.year}年{day.month}月{day.day}日"


def show_time(value: datetime | None, *, seconds: bool = False) -> str:
    """2023年7月7日 17:30, in Shanghai."""
    if value is None:
        return "—"
    moment = clock.local(value)
    day = f"{moment.year}年{moment.month}月{moment.day}日 {moment.hour:02}:{moment.minute:02}"
    return f"{day}:{moment.second:02}" if seconds else day


def show_score(value: Decimal | None, places: int = 2) -> str:
    """A score with fixed decimals, half up."""
    if value is None:
        return "—"
    return str(Decimal(value).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP))


def show_money(value: Decimal | None) -> str:
    """12,345.60 元."""
    return "—" if value is None else f"{Decimal(value):,.2f} 元"


def show_size(size: int | None) -> str:
    """Bytes as people read them."""
    if size is None:
        return "—"
    for unit, factor in (("GB", 1024**3), ("MB", 1024**2), ("KB", 1024)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} 字节"


def paragraphs(text: str) -> Markup:
    """Plain text with its line breaks as paragraphs, escaped."""
    return Markup("").join(Markup("<p>{}</p>").format(line) for line in (text or "").splitlines() if line.strip())


#: The colour of a stage's badge; what is not here is light blue.
STAGE_TONES = {
    "draft": "secondary", "published": "blue", "submitted": "green", "withdrawn": "orange", "opened": "blue",
    "qualified": "green", "eliminated": "red", "selected": "red", "accepted": "green", "removed": "secondary",
    "overdue": "red", "returned": "orange", "signed": "green", "void": "secondary", "suspended": "orange",
    "terminated": "secondary", "archived": "secondary",
}  # fmt: skip


class Page:
    """One page of a long list, and the links to the others."""

    def __init__(self, items: list[Any], number: int, size: int, total: int) -> None:
        self.items, self.number, self.size, self.total = items, number, size, total

    @property
    def count(self) -> int:
        return max(1, math.ceil(self.total / self.size))

    def url(self, number: int) -> str:
        args = {**request.args.to_dict(), **(request.view_args or {}), "page": number}
        return url_for(request.endpoint or "", **args)


def page_number() -> int:
    """The page of a list that was asked for by `?page=`, within reason."""
    return max(1, min(request.args.get("page", 1, type=int), 100_000))


def paginate(statement: Any, *, size: int = 50) -> Page:
    """Run a select for the page asked for; two statements however long the list."""
    number = page_number()
    total = db.session.scalar(select(func.count()).select_from(statement.order_by(None).subquery())) or 0
    items = list(db.session.scalars(statement.limit(size).offset((number - 1) * size)).unique())
    return Page(items, number, size, total)


def _allowed(action: str, subject: Any = None) -> bool:
    cache = g.setdefault("may_cache", {})
    key = (action, type(subject).__name__, getattr(subject, "id", None))
    if key not in cache:
        cache[key] = may(current_user, action, subject)
    return bool(cache[key])


def _unread() -> int:
    return standing(current_user._get_current_object()).unread if current_user.is_authenticated else 0


def register_templating(app: Flask) -> None:
    """Filters and globals of the templates."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        date=show_date,
        time=show_time,
        seconds=lambda value: show_time(value, seconds=True),
        score=show_score,
        money=show_money,
        size=show_size,
        paragraphs=paragraphs,
    )
    app.jinja_env.globals.update(
        can=_allowed,
        stage_word=stage_word,
        stage_tone=lambda value: STAGE_TONES.get(value, "azure"),
        label=label,
        event_word=lambda kind: EVENTS.get(kind, kind),
        now=clock.now,
        unread=_unread,
        escape=escape,
    )
