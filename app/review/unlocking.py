"""Between a request and the seat's key: the passphrase of a form, the cookie of a browser that opened it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import Flask, Response, after_this_request, current_app, request
from flask_login import current_user, user_logged_out

from app import clock
from app.audit import Actor
from app.permissions import seat_of
from app.publication.models import Recruitment
from app.review import keys
from app.routing import current_actor
from evaluation.models import PanelSeat, SeatKey

FIELD, KEEP = "passphrase", "keep_open"


@dataclass(frozen=True)
class KeyState:
    """What a page shows of the own seat's key: the key (None: not made, or revoked), until when it is open."""

    seat: PanelSeat
    key: SeatKey | None
    open_until: datetime | None
    minutes: int

    @property
    def left(self) -> int:
        """Whole minutes that the key stays open, at least 1 while it is."""
        if self.open_until is None:
            return 0
        return max(1, round((self.open_until - clock.now()).total_seconds() / 60))


def _minutes() -> int:
    return int(current_app.config["SETTINGS"].signing_minutes)


def key_state(seat: PanelSeat) -> KeyState:
    """The own seat's key as this browser holds it."""
    key = keys.key_in_force(seat)
    found = None
    if key is not None:
        cookie = request.cookies.get(keys.cookie_name(key), "")
        found = keys.open_in_browser(current_actor(), key, cookie) if cookie else None
    return KeyState(seat, key, found[1] if found else None, _minutes())


def _state_in(recruitment: Recruitment) -> KeyState | None:
    """For templates: the key of the seat that the person holds in the recruitment, or None."""
    if recruitment is None or recruitment.review is None or not current_user.is_authenticated:
        return None
    known = request.environ
    if "yinzhao.key_state" not in known:
        seat = seat_of(current_user, recruitment.review)
        known["yinzhao.key_state"] = key_state(seat) if seat is not None else None
    found: KeyState | None = known["yinzhao.key_state"]
    return found


def _open_in(recruitment: Recruitment) -> KeyState | None:
    """As `_state_in`, for what is only shown while the key is open: a browser without its cookie asks nothing."""
    if not any(name.startswith("seat-key-") for name in request.cookies):
        return None
    return _state_in(recruitment)


def signing_actor(recruitment: Recruitment, seat: PanelSeat | None = None) -> Actor:
    """Who acts in this request, with the seat's key where the form or the browser opens it.

    A passphrase in the form is tried (and counted) here, before the step that signs; `keep_open` in the form
    keeps the key usable in this browser. Raises what `keys.open_key` raises.
    """
    actor = current_actor(recruitment)
    if seat is None and actor.user is not None and recruitment.review is not None:
        seat = seat_of(actor.user, recruitment.review)
    if seat is None:
        return actor
    passphrase = request.form.get(FIELD, "")
    if passphrase:
        signer = keys.open_key(actor=actor, seat=seat, passphrase=passphrase)
        if request.form.get(KEEP):
            keep(actor, signer)
        return replace(actor, signer=signer)
    key = keys.key_in_force(seat)
    if key is None:
        return actor
    found = keys.open_in_browser(actor, key, request.cookies.get(keys.cookie_name(key), ""))
    return replace(actor, signer=found[0]) if found else actor


def keep(actor: Actor, signer: keys.SeatSigner) -> None:
    """Keep the key open in this browser: the token goes into a cookie that no script and no other site gets."""
    opening, value = keys.keep_open(actor=actor, signer=signer)
    name = keys.cookie_name(opening.key)

    @after_this_request
    def _send(response: Response) -> Response:
        response.set_cookie(
            name,
            value,
            max_age=_minutes() * 60,
            secure=current_app.config["SETTINGS"].secure_cookies,
            httponly=True,
            samesite="Strict",
        )
        return response


def drop_cookies() -> None:
    """Take the opened keys' cookies back from this browser."""
    names = [name for name in request.cookies if name.startswith("seat-key-")]

    @after_this_request
    def _drop(response: Response) -> Response:
        for name in names:
            response.delete_cookie(name, httponly=True, samesite="Strict")
        return response


def _logged_out(_app: Flask, *, user: Any, **_rest: Any) -> None:
    if getattr(user, "expert_id", None) is not None:
        keys.forget_openings(user.expert_id)
        drop_cookies()


def register_unlocking(app: Flask) -> None:
    """Pages ask for the state of the key; logging out closes it."""
    app.jinja_env.globals.update(seat_key=_state_in, seat_key_open=_open_in)
    user_logged_out.connect(_logged_out, app)
