"""SM2 in the system libcrypto through ctypes (EVP). Buffers that held keys are cleansed and freed."""

from __future__ import annotations

import ctypes
import ctypes.util
import functools

from .. import der
from ..errors import Code, SealError
from . import Point

_P, _Z = ctypes.c_void_p, ctypes.c_size_t
_ALG = der.seq(der.oid("1.2.840.10045.2.1"), der.oid("1.2.156.10197.1.301"))
_SIGNATURES: dict[str, tuple[object, list[object]]] = {
    "d2i_PUBKEY": (_P, [_P, _P, ctypes.c_long]),
    "d2i_AutoPrivateKey": (_P, [_P, _P, ctypes.c_long]),
    "i2d_PUBKEY": (ctypes.c_int, [_P, _P]),
    "EVP_PKEY_free": (None, [_P]),
    "EVP_PKEY_CTX_new": (_P, [_P, _P]),
    "EVP_PKEY_CTX_free": (None, [_P]),
    "OPENSSL_cleanse": (None, [_P, _Z]),
    "ERR_clear_error": (None, []),
    "EVP_PKEY_sign_init": (ctypes.c_int, [_P]),
    "EVP_PKEY_verify_init": (ctypes.c_int, [_P]),
    "EVP_PKEY_encrypt_init": (ctypes.c_int, [_P]),
    "EVP_PKEY_decrypt_init": (ctypes.c_int, [_P]),
    "EVP_PKEY_sign": (ctypes.c_int, [_P, _P, _P, _P, _Z]),
    "EVP_PKEY_verify": (ctypes.c_int, [_P, _P, _Z, _P, _Z]),
    "EVP_PKEY_encrypt": (ctypes.c_int, [_P, _P, _P, _P, _Z]),
    "EVP_PKEY_decrypt": (ctypes.c_int, [_P, _P, _P, _P, _Z]),
}


class _Key:
    """An EVP_PKEY that frees itself; libcrypto clears the private number on free."""

    def __init__(self, lib: ctypes.CDLL, handle: int) -> None:
        self.handle = handle
        self._free = lib.EVP_PKEY_free

    def __del__(self) -> None:
        self._free(self.handle)


class OpenSSLBackend:
    """The default backend. Thread-safe: contexts are per call, keys are only read."""

    name = "openssl"

    def __init__(self) -> None:
        path = ctypes.util.find_library("crypto")
        if path is None:
            raise SealError(Code.BACKEND_UNAVAILABLE, backend=self.name)
        self._lib = ctypes.CDLL(path)
        for name, (result, arguments) in _SIGNATURES.items():
            function = getattr(self._lib, name)
            function.restype, function.argtypes = result, arguments
        self._public = functools.lru_cache(maxsize=512)(self._load_public)

    def _fail(self, what: str) -> SealError:
        self._lib.ERR_clear_error()
        return SealError(Code.BACKEND_FAILED, backend=self.name, what=what)

    def _load_public(self, public: Point) -> _Key:
        spki = der.seq(_ALG, der.bits(b"\4" + public[0].to_bytes(32, "big") + public[1].to_bytes(32, "big")))
        buffer = ctypes.create_string_buffer(spki, len(spki))
        place = ctypes.c_void_p(ctypes.addressof(buffer))
        handle = self._lib.d2i_PUBKEY(None, ctypes.byref(place), len(spki))
        if not handle:
            raise self._fail("public key")
        return _Key(self._lib, handle)

    def _private(self, d: int, public: Point | None = None) -> _Key:
        """The loaded key; libcrypto computes the public part where it is not given."""
        point = b"" if public is None else der.tlv(0xA1, der.bits(
            b"\4" + public[0].to_bytes(32, "big") + public[1].to_bytes(32, "big")))
        inner = der.seq(der.integer(1), der.octets(d.to_bytes(32, "big")), point)
        data = der.seq(der.integer(0), _ALG, der.octets(inner))
        buffer = ctypes.create_string_buffer(data, len(data))
        try:
            place = ctypes.c_void_p(ctypes.addressof(buffer))
            handle = self._lib.d2i_AutoPrivateKey(None, ctypes.byref(place), len(data))
        finally:
            self._lib.OPENSSL_cleanse(buffer, len(data))
        if not handle:
            raise self._fail("private key")
        return _Key(self._lib, handle)

    def public_of(self, d: int) -> Point:
        key = self._private(d)
        buffer = ctypes.create_string_buffer(256)
        place = ctypes.c_void_p(ctypes.addressof(buffer))
        size = self._lib.i2d_PUBKEY(key.handle, ctypes.byref(place))
        if size < 65:
            raise self._fail("public of private")
        raw = buffer.raw[size - 64 : size]
        return int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")

    def _run(self, key: _Key, what: str, data: bytes, room: int) -> bytes | None:
        context = self._lib.EVP_PKEY_CTX_new(key.handle, None)
        if not context:
            raise self._fail(what)
        out = ctypes.create_string_buffer(room)
        try:
            if getattr(self._lib, f"EVP_PKEY_{what}_init")(context) != 1:
                raise self._fail(what)
            size = _Z(room)
            done = getattr(self._lib, f"EVP_PKEY_{what}")(context, out, ctypes.byref(size), data, len(data))
            if done != 1:
                self._lib.ERR_clear_error()
                return None
            return out.raw[: size.value]
        finally:
            self._lib.EVP_PKEY_CTX_free(context)
            self._lib.OPENSSL_cleanse(out, room)

    def sign(self, d: int, public: Point, e: bytes, keep: dict[str, object] | None = None) -> tuple[int, int]:
        held = keep.get(self.name) if keep is not None else None
        key = held if isinstance(held, _Key) else self._private(d, public)
        if keep is not None:
            keep[self.name] = key
        out = self._run(key, "sign", e, 96)
        if out is None:
            raise self._fail("sign")
        r, s = der.parse(out).items(2, 2)
        return r.int(), s.int()

    def verify(self, public: Point, e: bytes, r: int, s: int) -> bool:
        signature = der.seq(der.integer(r), der.integer(s))
        context = self._lib.EVP_PKEY_CTX_new(self._public(public).handle, None)
        if not context:
            raise self._fail("verify")
        try:
            if self._lib.EVP_PKEY_verify_init(context) != 1:
                raise self._fail("verify")
            good = bool(self._lib.EVP_PKEY_verify(context, signature, len(signature), e, len(e)) == 1)
            if not good:
                self._lib.ERR_clear_error()
            return good
        finally:
            self._lib.EVP_PKEY_CTX_free(context)

    def encrypt(self, public: Point, data: bytes) -> tuple[Point, bytes, bytes]:
        out = self._run(self._public(public), "encrypt", data, len(data) + 256)
        if out is None:
            raise self._fail("encrypt")
        x, y, c3, c2 = der.parse(out).items(4, 4)
        return (x.int(), y.int()), c2.content, c3.content

    def decrypt(self, d: int, c1: Point, c2: bytes, c3: bytes) -> bytes | None:
        sealed = der.seq(der.integer(c1[0]), der.integer(c1[1]), der.octets(c3), der.octets(c2))
        return self._run(self._private(d), "decrypt", sealed, len(c2) + 64)
