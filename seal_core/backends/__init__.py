"""Where SM2 arithmetic is done. The checks are in ``seal_core.sm``, so no backend can forget them."""

from __future__ import annotations

import logging
import os
import threading
from typing import Protocol

from ..errors import Code, SealError

Point = tuple[int, int]
log = logging.getLogger("seal_core")


class Backend(Protocol):
    """SM2 over checked numbers: ``d`` in 1..n-2, points on the curve, ``e`` of 32 bytes."""

    name: str

    def public_of(self, d: int) -> Point: ...
    def sign(self, d: int, public: Point, e: bytes, keep: dict[str, object] | None = None) -> tuple[int, int]:
        """r, s. In ``keep``, which lives as long as the key's owner, a backend may leave its loaded form of it."""

    def verify(self, public: Point, e: bytes, r: int, s: int) -> bool: ...
    def encrypt(self, public: Point, data: bytes) -> tuple[Point, bytes, bytes]:
        """C1, C2, C3."""

    def decrypt(self, d: int, c1: Point, c2: bytes, c3: bytes) -> bytes | None:
        """The plain bytes, or None when C3 does not hold."""


_loaded: dict[str, Backend] = {}
_lock = threading.Lock()


def _make(name: str) -> Backend:
    if name == "openssl":
        from .openssl import OpenSSLBackend

        return OpenSSLBackend()
    if name == "gmssl":
        from .gmssl_guarded import GmsslBackend

        return GmsslBackend()
    raise SealError(Code.ARGUMENT, backend=name)


def get(name: str | None = None) -> Backend:
    """The named backend, or the default (setting ``SEAL_CORE_BACKEND``, else libcrypto, else gmssl).

    A known-answer test runs at first use; the automatic choice falls back and says so in the log.
    """
    wanted = name or os.environ.get("SEAL_CORE_BACKEND") or "auto"
    found = _loaded.get(wanted)
    if found is not None:
        return found
    with _lock:
        if wanted in _loaded:
            return _loaded[wanted]
        from .known_answer import check

        if wanted != "auto":
            backend = _make(wanted)
            check(backend)
        else:
            try:
                backend = _make("openssl")
                check(backend)
            except (SealError, OSError, AttributeError) as failed:
                log.warning("libcrypto has no usable SM2 (%s); using the gmssl backend", failed)
                backend = _make("gmssl")
                check(backend)
        _loaded[wanted] = backend
        return backend
