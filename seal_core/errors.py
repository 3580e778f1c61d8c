"""What seal_core raises. A bad signature is never raised: it is reported."""

from __future__ import annotations

from enum import StrEnum


class Code(StrEnum):
    """Why a call was refused."""

    MALFORMED = "malformed"
    KEY_INVALID = "key_invalid"
    PASSWORD_WRONG = "password_wrong"
    DECRYPT_FAILED = "decrypt_failed"
    BACKEND_UNAVAILABLE = "backend_unavailable"
    BACKEND_FAILED = "backend_failed"
    TOKEN_LOCKED = "token_locked"
    PIN_WRONG = "pin_wrong"
    TOKEN_CLOSED = "token_closed"
    CSR_NO_POSSESSION = "csr_no_possession"
    CSR_ALGORITHM = "csr_algorithm"
    CSR_KEY = "csr_key"
    CSR_SUBJECT = "csr_subject"
    SERIAL_UNKNOWN = "serial_unknown"
    ARGUMENT = "argument"


class SealError(Exception):
    """Base of every error of seal_core: an enum ``code`` and ``facts``."""

    def __init__(self, code: Code, **facts: object) -> None:
        self.code = code
        self.facts = facts
        super().__init__(code.value + (f" {facts}" if facts else ""))


class MalformedInput(SealError):
    """Bytes that cannot be read; ``place`` says where."""

    def __init__(self, place: str, why: str = "", **facts: object) -> None:
        self.place = place
        super().__init__(Code.MALFORMED, place=place, why=why, **facts)


class CSRRefused(SealError):
    """A certificate request that the authority does not accept."""
