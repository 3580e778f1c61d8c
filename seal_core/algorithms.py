"""Signature values of certificates: SM2, and RSA as older seals carry it; digests by their names."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from . import der, names, sm
from .errors import MalformedInput, SealError
from .keys import PublicKey

Bytes = bytes | bytearray | memoryview
RSA = "1.2.840.113549.1.1.1"
_RSA_DIGESTS = {"1.2.840.113549.1.1.5": "sha1", "1.2.840.113549.1.1.11": "sha256", "1.2.840.113549.1.1.12": "sha384",
                "1.2.840.113549.1.1.13": "sha512", "1.2.156.10197.1.504": "sm3"}
# Names of digests as documents write them; SM3 is also named by the identifier of HMAC-SM3, wrongly.
DIGESTS = {
    "SM3": "sm3", "1.2.156.10197.1.401": "sm3", "1.2.156.10197.1.401.1": "sm3", "1.2.156.10197.1.401.2": "sm3",
    "SHA1": "sha1", "SHA-1": "sha1", "1.3.14.3.2.26": "sha1",
    "SHA256": "sha256", "SHA-256": "sha256", "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384", "2.16.840.1.101.3.4.2.3": "sha512",
}
WRONG_NAMES = frozenset({"1.2.156.10197.1.401.2"})
WEAK = frozenset({"sha1"})


class Value(StrEnum):
    """How a signature value stands."""

    GOOD = "good"
    BAD = "bad"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class ValueResult:
    """``raw``: the value was r‖s instead of DER. ``weak``: made with SHA-1. ``disagree``: backends differ."""

    value: Value
    raw: bool = False
    weak: bool = False
    disagree: bool = False


def digest_of(name: str, parts: Iterable[Bytes]) -> bytes:
    """The digest (a name of hashlib's) over ``parts`` one after the other."""
    running = hashlib.new(name)
    for part in parts:
        running.update(part)
    return running.digest()


class Content:
    """What is signed, in parts that are never joined; each digest is computed once."""

    def __init__(self, *parts: Bytes) -> None:
        self.parts = parts
        self._digests: dict[str, bytes] = {}

    def digest(self, name: str) -> bytes:
        """The digest by hashlib's name."""
        if name not in self._digests:
            self._digests[name] = digest_of(name, self.parts)
        return self._digests[name]


def digest_name(written: str | None, length: int | None = None) -> str | None:
    """hashlib's name for a digest as written; where nothing is written, what 32 bytes are here: SM3."""
    if written is None or not written.strip():
        return "sm3" if length == 32 else None
    return DIGESTS.get(written.strip().upper())


def digest_for(algorithm: str, length: int) -> str | None:
    """The digest that goes with a signature algorithm, by the length of the value where that leaves a choice."""
    if algorithm in names.SIGNATURE_OIDS:
        return "sm3" if length == 32 else None
    if algorithm == RSA:
        return {20: "sha1", 32: "sha256"}.get(length)
    return _RSA_DIGESTS.get(algorithm)


def check_value(spki: bytes, algorithm: str, parts: Sequence[Bytes], signature: bytes, *,
                backend: str | None = None, second: str | None = None, rsa_digest: str | None = None) -> ValueResult:
    """Whether ``signature`` holds over ``parts`` for the key of ``spki``.

    SM2 values may be DER or raw r‖s. ``second`` names a backend asked for a second opinion.
    """
    if algorithm not in names.SIGNATURE_OIDS:
        return _check_rsa(spki, algorithm, parts, signature, rsa_digest)
    try:
        key = PublicKey.from_der(spki)
    except SealError:
        return ValueResult(Value.BAD)
    raw = len(signature) == 64
    e = sm.digest_parts(key.point, parts)
    good = sm.verify_digest(key.point, e, signature, raw=raw, backend=backend)
    disagree = second is not None and good != sm.verify_digest(key.point, e, signature, raw=raw, backend=second)
    return ValueResult(Value.GOOD if good and not disagree else Value.BAD, raw, False, disagree)


def _check_rsa(spki: bytes, algorithm: str, parts: Sequence[Bytes], signature: bytes,
               rsa_digest: str | None) -> ValueResult:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    name = rsa_digest if algorithm == RSA else _RSA_DIGESTS.get(algorithm)
    kinds: dict[str, hashes.HashAlgorithm] = {
        "sha1": hashes.SHA1(),  # noqa: S303 (told as weak)
        "sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512(), "sm3": hashes.SM3()}
    if name not in kinds:
        return ValueResult(Value.UNSUPPORTED)
    try:
        key = load_der_public_key(spki)
        if not isinstance(key, rsa.RSAPublicKey) or not 1024 <= key.key_size <= 8192:
            return ValueResult(Value.BAD)
        key.verify(signature, digest_of(name, parts), padding.PKCS1v15(), utils.Prehashed(kinds[name]))
    except UnsupportedAlgorithm:
        return ValueResult(Value.UNSUPPORTED)
    except (InvalidSignature, ValueError):
        return ValueResult(Value.BAD)
    return ValueResult(Value.GOOD, weak=name in WEAK)


@functools.lru_cache(maxsize=512)
def certificate_holds(spki: bytes, algorithm: str, tbs: bytes, signature: bytes) -> bool:
    """A certificate's signature under its issuer's key; a pure question, so the answer is kept."""
    return check_value(spki, algorithm, (tbs,), signature).value is Value.GOOD


def is_bare_value(data: bytes) -> bool:
    """Whether ``data`` is a signature value without anything around it: DER{r, s} or r‖s."""
    if len(data) == 64:
        return True
    try:
        parts = der.parse(data).items(2, 2)
        return all(p.tag == der.INTEGER for p in parts)
    except MalformedInput:
        return False
