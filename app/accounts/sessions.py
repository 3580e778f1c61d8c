"""Coming in and going out: throttled login, new sessions, passwords."""

from __future__ import annotations

import secrets
import unicodedata
from datetime import timedelta
from urllib.parse import urlsplit

from flask import current_app, session
from flask_login import login_user
from sqlalchemy import func, select, update

from app import clock
from app.accounts import passwords
from app.accounts.models import LoginAttempt, User
from app.audit import Actor, record
from app.errors import Refusal
from app.extensions import action, db, unit_of_work

#: One office often stands behind one address, so an address may fail more often than one login.
PER_ADDRESS = 6


class TooManyTries(Refusal):
    """The throttle: nothing is checked any more until the window is over."""

    status = 429


def fold_login(login: str) -> str:
    """A login as it is stored and compared: without blanks around it, half-width, lower case."""
    return unicodedata.normalize("NFKC", login).strip().lower()[:80]


def find_user(login: str) -> User | None:
    """The person with this login."""
    return db.session.scalar(select(User).where(User.login == fold_login(login)))


def new_token() -> str:
    """A session token; a new one ends the sessions that carry the old."""
    return secrets.token_urlsafe(24)


def _reserve(login: str, address: str) -> int:
    """Count a try before it is made, so that parallel guesses don't slip through; returns its id."""
    settings = current_app.config["SETTINGS"]
    now = clock.now()
    since = now - timedelta(minutes=settings.login_window_minutes)
    with unit_of_work() as work:
        failed = select(func.count()).where(
            LoginAttempt.succeeded.is_(False), LoginAttempt.happened_at > since
        )
        # A success in the window starts the count of that login anew.
        last = work.scalar(
            select(func.max(LoginAttempt.id)).where(
                LoginAttempt.login == login,
                LoginAttempt.succeeded.is_(True),
                LoginAttempt.happened_at > since,
            )
        )
        by_login = work.scalar(failed.where(LoginAttempt.login == login, LoginAttempt.id > (last or 0))) or 0
        by_address = work.scalar(failed.where(LoginAttempt.address == address)) or 0
        if by_login >= settings.login_tries or by_address >= settings.login_tries * PER_ADDRESS:
            raise TooManyTries("login_throttled", minutes=settings.login_window_minutes)
        attempt = LoginAttempt(login=login, address=address[:64], happened_at=now, succeeded=False)
        work.add(attempt)
        work.flush()
        return attempt.id


def authenticate(login: str, password: str, address: str) -> User:
    """The person whose login and password these are.

    Raises Refusal `login_wrong` for an unknown login and a wrong password alike (and as slowly),
    `login_disabled` where the password is right, TooManyTries. Side effects: a login attempt; on success
    the date of the last login.
    """
    folded = fold_login(login)
    attempt = _reserve(folded, address)
    user = find_user(folded)
    right = passwords.verify(user.password_hash if user is not None else None, password)
    if user is None or not right:
        raise Refusal("login_wrong")
    if user.is_disabled:
        raise Refusal("login_disabled")
    fresh = passwords.hash_password(password) if passwords.is_outdated(user.password_hash) else None
    key = user.id
    with unit_of_work() as work:
        work.execute(update(LoginAttempt).where(LoginAttempt.id == attempt).values(succeeded=True))
        # Not an edit of the account: its version stays, so that an open form isn't stale by a login.
        changes = {"last_login_at": clock.now()} | ({"password_hash": fresh} if fresh else {})
        work.execute(update(User).where(User.id == key).values(**changes))
    found = db.session.get(User, key)
    if found is None or found.is_disabled:
        raise Refusal("login_disabled")
    return found


def begin(user: User) -> None:
    """Start a session for the person: whatever the browser carried before is gone."""
    session.clear()
    login_user(user)
    session.permanent = True


def safe_target(target: str | None) -> str | None:
    """A page of our own to go to after the login, or None for anything that could lead elsewhere."""
    if not target or len(target) > 1000 or not target.startswith("/") or target.startswith("//"):
        return None
    if "\\" in target or any(ord(sign) < 33 or ord(sign) == 127 for sign in target):
        return None
    parts = urlsplit(target)
    return None if parts.scheme or parts.netloc else target


@action
def change_password(*, actor: Actor, current: str, new: str) -> User:
    """Set the own password; every other session of the person ends.

    Raises Refusal `password_current_wrong`, `password_same`, or what the rules for passwords refuse.
    """
    user = actor.user
    if user is None:
        raise Refusal("login_needed")
    if not passwords.verify(user.password_hash, current):
        raise Refusal("password_current_wrong", field="current")
    if new == current:
        raise Refusal("password_same", field="password")
    set_password(user, new)
    record("account.password_changed", actor=actor, subject=user)
    return user


def set_password(user: User, new: str) -> None:
    """Inside a unit of work: a checked new password, and the end of every session so far."""
    passwords.check_rules(new, user.login)
    user.password_hash = passwords.hash_password(new)
    user.session_token = new_token()
    user.must_change_password = False


@action
def edit_profile(*, actor: Actor, user: User, name: str, email: str, phone: str) -> None:
    """Correct a person's own data. The log names people by reference, so it needs no change."""
    changed = [
        field
        for field, value in (("name", name), ("email", email), ("phone", phone))
        if getattr(user, field) != value
    ]
    user.name, user.email, user.phone = name, email, phone
    if changed:
        record("account.edited", actor=actor, subject=user, fields=changed)
