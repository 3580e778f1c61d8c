"""A private key at rest: SM4-GCM under a key that a passphrase or a random token gives, and nobody keeps.

From a passphrase the key comes by scrypt, so that each guess costs time and memory; from a token of 256
random bits by HMAC-SM3. What the ciphertext belongs to is authenticated with it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata
from typing import Any

#: scrypt: cost, block size, lanes. 32 MB and about a tenth of a second for each guess.
COST, BLOCK, LANES = 2**15, 8, 1
#: The parameters of tests, which open hundreds of keys.
LIGHT_COST = 2**4
MOST_COST = 2**20
TOKEN_BYTES = 32


class NotOpened(ValueError):
    """The secret is wrong, or the ciphertext is not the one that belongs here."""


def _scrypt(passphrase: str, salt: bytes, cost: int) -> bytes:
    text = unicodedata.normalize("NFC", passphrase).encode()
    most = 256 * cost * BLOCK + 1024 * 1024
    return hashlib.scrypt(text, salt=salt, n=cost, r=BLOCK, p=LANES, maxmem=most, dklen=16)


def _hmac(token: bytes, salt: bytes) -> bytes:
    return hmac.new(token, b"seat key opening" + salt, "sm3").digest()[:16]


def _closed(data: bytes, key: bytes, about: str) -> dict[str, str]:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    nonce = secrets.token_bytes(12)
    worker = Cipher(algorithms.SM4(key), modes.GCM(nonce)).encryptor()
    worker.authenticate_additional_data(about.encode())
    body = worker.update(data) + worker.finalize() + worker.tag
    return {"nonce": nonce.hex(), "data": body.hex()}


def _opened(sealed: dict[str, Any], key: bytes, about: str) -> bytes:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    body = bytes.fromhex(sealed["data"])
    worker = Cipher(algorithms.SM4(key), modes.GCM(bytes.fromhex(sealed["nonce"]), body[-16:])).decryptor()
    worker.authenticate_additional_data(about.encode())
    try:
        return worker.update(body[:-16]) + worker.finalize()
    except InvalidTag:
        raise NotOpened from None


def close_by_passphrase(data: bytes, passphrase: str, about: str, *, light: bool = False) -> dict[str, Any]:
    """Encrypt under a passphrase; plain data that can stand in a JSON column. `light` is for tests."""
    salt, cost = secrets.token_bytes(16), LIGHT_COST if light else COST
    body = _closed(data, _scrypt(passphrase, salt, cost), about)
    return {"kdf": "scrypt", "n": cost, "r": BLOCK, "p": LANES, "salt": salt.hex(), **body}


def open_by_passphrase(sealed: dict[str, Any], passphrase: str, about: str) -> bytes:
    """What `close_by_passphrase` encrypted; NotOpened where the passphrase is another."""
    cost = int(sealed["n"])
    if sealed["kdf"] != "scrypt" or not 2 <= cost <= MOST_COST:
        raise NotOpened
    return _opened(sealed, _scrypt(passphrase, bytes.fromhex(sealed["salt"]), cost), about)


def close_by_token(data: bytes, token: bytes, about: str) -> dict[str, Any]:
    """Encrypt under a random token of `TOKEN_BYTES`."""
    salt = secrets.token_bytes(16)
    return {"kdf": "hmac-sm3", "salt": salt.hex(), **_closed(data, _hmac(token, salt), about)}


def open_by_token(sealed: dict[str, Any], token: bytes, about: str) -> bytes:
    """What `close_by_token` encrypted; NotOpened where the token is another."""
    if sealed["kdf"] != "hmac-sm3" or len(token) != TOKEN_BYTES:
        raise NotOpened
    return _opened(sealed, _hmac(token, bytes.fromhex(sealed["salt"])), about)


__all__ = [
    "TOKEN_BYTES",
    "NotOpened",
    "close_by_passphrase",
    "close_by_token",
    "open_by_passphrase",
    "open_by_token",
]
