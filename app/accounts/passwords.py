"""Passwords: argon2id, and the rules a new one must meet."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import current_app, has_app_context

from app.errors import Refusal

LEAST = 10
MOST = 128
#: What people choose when a rule asks for ten characters. Compared without case.
WEAK = frozenset(
    {
        "1234567890",
        "0123456789",
        "12345678910",
        "123456789a",
        "a123456789",
        "123456789q",
        "1q2w3e4r5t",
        "1qaz2wsx3edc",
        "qwertyuiop",
        "qwerty1234",
        "abcdefghij",
        "abcd123456",
        "abc1234567",
        "password123",
        "password1234",
        "passw0rd123",
        "administrator",
        "admin12345",
        "admin123456",
        "admin@12345",
        "woaini1314",
        "woaini5201314",
        "5201314520",
        "iloveyou123",
        "welcome123",
        "letmein123",
        "huawei@123",
        "changeme123",
    }
)


@lru_cache(maxsize=2)
def _hasher(light: bool) -> PasswordHasher:
    # Tests make hundreds of people; the parameters stand in each hash, so both kinds can be checked.
    return PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1) if light else PasswordHasher()


def _mine() -> PasswordHasher:
    return _hasher(bool(has_app_context() and current_app.config["TESTING"]))


def hash_password(password: str) -> str:
    """The argon2id hash, with its salt and parameters."""
    return _mine().hash(unicodedata.normalize("NFC", password))


@lru_cache(maxsize=2)
def _nobody(light: bool) -> str:
    return _hasher(light).hash("a password that nobody has")


def verify(stored: str | None, password: str) -> bool:
    """True where the password is right. Without a stored hash it takes as long and is False."""
    hasher = _mine()
    asked = unicodedata.normalize("NFC", password[: MOST * 2])
    known = stored or _nobody(bool(has_app_context() and current_app.config["TESTING"]))
    try:
        right = hasher.verify(known, asked)
    except (VerificationError, InvalidHashError):
        return False
    return right and stored is not None


def is_outdated(stored: str) -> bool:
    """True for a hash made with weaker parameters than today's."""
    try:
        return _mine().check_needs_rehash(stored)
    except InvalidHashError:
        return True


def check_rules(password: str, login: str) -> None:
    """Refuse a password that is too short, too long, the login itself, all one sign, or a usual one."""
    lowered = unicodedata.normalize("NFKC", password).casefold()
    if len(password) < LEAST:
        raise Refusal("password_short", field="password", least=LEAST, length=len(password))
    if len(password) > MOST:
        raise Refusal("password_long", field="password", most=MOST)
    if login and login.casefold() in (lowered, lowered[::-1]):
        raise Refusal("password_is_login", field="password")
    if (
        lowered in WEAK
        or len(set(lowered)) < 4
        or (login and lowered.strip("0123456789!@#") == login.casefold())
    ):
        raise Refusal("password_weak", field="password")
