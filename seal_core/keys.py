"""SM2 keys: PEM and DER forms, the enveloped key, and the ``Signer`` that may live elsewhere."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import threading
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from . import der, sm
from .backends import Point
from .errors import Code, MalformedInput, SealError

EC_KEY, SM2_CURVE = "1.2.840.10045.2.1", "1.2.156.10197.1.301"
PBES2, PBKDF2 = "1.2.840.113549.1.5.13", "1.2.840.113549.1.5.12"
SM4_CBC, HMAC_SM3 = "1.2.156.10197.1.104.2", "1.2.156.10197.1.401.2"
AES256_CBC, HMAC_SHA256 = "2.16.840.1.101.3.4.1.42", "1.2.840.113549.2.9"
_PRF = {HMAC_SM3: "sm3", HMAC_SHA256: "sha256", "1.2.840.113549.2.7": "sha1"}
ROUNDS, MAX_ROUNDS = 100_000, 2_000_000
_ALG = der.seq(der.oid(EC_KEY), der.oid(SM2_CURVE))


def pem_encode(label: str, data: bytes) -> bytes:
    text = base64.b64encode(data).decode()
    lines = [text[i : i + 64] for i in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""]).encode()


def pem_blocks(data: bytes) -> list[tuple[str, bytes]]:
    """Every PEM block as (label, DER)."""
    found: list[tuple[str, bytes]] = []
    label: str | None = None
    body: list[str] = []
    for line in data.decode("latin-1").splitlines():
        line = line.strip()
        if line.startswith("-----BEGIN ") and line.endswith("-----"):
            label, body = line[11:-5], []
        elif line.startswith("-----END ") and label is not None:
            try:
                found.append((label, base64.b64decode("".join(body), validate=True)))
            except binascii.Error as wrong:
                raise MalformedInput("pem", "base64") from wrong
            label = None
        elif label is not None:
            body.append(line)
    return found


def pem_or_der(data: bytes) -> bytes:
    """The DER of the first PEM block, or ``data`` itself."""
    if b"-----BEGIN " in data[:4096]:
        blocks = pem_blocks(data)
        if not blocks:
            raise MalformedInput("pem", "no block")
        return blocks[0][1]
    return data


@runtime_checkable
class Signer(Protocol):
    """Whatever holds an SM2 key: a key in memory, a soft token, a device."""

    @property
    def public_key(self) -> PublicKey: ...

    def sign(self, data: bytes) -> bytes:
        """The DER signature over ``data`` with the default user id."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An SM2 public key; the point lies on the curve."""

    point: Point

    def __post_init__(self) -> None:
        sm.check_point(self.point)

    def verify(self, data: bytes, signature: bytes, *, user_id: bytes = sm.DEFAULT_ID, raw: bool = False,
               backend: str | None = None) -> bool:
        """Whether the signature holds; malformed ones do not."""
        return sm.verify(self.point, data, signature, user_id=user_id, raw=raw, backend=backend)

    def encrypt(self, data: bytes, *, form: str = "der") -> bytes:
        return sm.encrypt(self.point, data, form=form)

    def to_bytes(self) -> bytes:
        return sm.point_to_bytes(self.point)

    def to_der(self) -> bytes:
        """SubjectPublicKeyInfo."""
        return der.seq(_ALG, der.bits(self.to_bytes()))

    def to_pem(self) -> bytes:
        return pem_encode("PUBLIC KEY", self.to_der())

    @classmethod
    def from_der(cls, data: bytes) -> PublicKey:
        algorithm, point = der.parse(data, "spki").items(2, 2)
        parts = algorithm.items(1, 2)
        if len(parts) != 2 or parts[0].dotted() != EC_KEY or parts[1].dotted() != SM2_CURVE:
            raise SealError(Code.KEY_INVALID, why="not an SM2 key")
        return cls(sm.point_from_bytes(point.bit_bytes()))

    @classmethod
    def from_pem(cls, data: bytes) -> PublicKey:
        return cls.from_der(pem_or_der(data))


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """An SM2 private key; a ``Signer``. Its number is never shown by repr."""

    d: int = field(repr=False)
    public_key: PublicKey
    # The backend's loaded form, freed and cleared with this object.
    _keep: dict[str, object] = field(default_factory=dict, repr=False, compare=False)

    def __reduce__(self) -> tuple[object, ...]:
        return PrivateKey.from_int, (self.d,)

    @classmethod
    def generate(cls) -> PrivateKey:
        d, point = sm.generate()
        return cls(d, PublicKey(point))

    @classmethod
    def from_int(cls, d: int) -> PrivateKey:
        return cls(d, PublicKey(sm.public_of(d)))

    def sign(self, data: bytes, *, user_id: bytes = sm.DEFAULT_ID, raw: bool = False,
             backend: str | None = None) -> bytes:
        return sm.sign(self.d, data, public=self.public_key.point, user_id=user_id, raw=raw, backend=backend,
                       keep=self._keep)

    def verify(self, data: bytes, signature: bytes) -> bool:
        return self.public_key.verify(data, signature)

    def decrypt(self, data: bytes, *, form: str = "der") -> bytes:
        return sm.decrypt(self.d, data, form=form)

    def to_der(self) -> bytes:
        """PKCS#8, plain."""
        number = self.d.to_bytes(32, "big")
        public = der.tlv(0xA1, der.bits(self.public_key.to_bytes()))
        inner = der.seq(der.integer(1), der.octets(number), public)
        return der.seq(der.integer(0), _ALG, der.octets(inner))

    def to_pem(self, password: bytes | None = None, *, cipher: str = "sm4") -> bytes:
        """PKCS#8 PEM; with ``password`` PBES2 by ``sm4`` (HMAC-SM3) or ``aes`` (HMAC-SHA256)."""
        if password is None:
            return pem_encode("PRIVATE KEY", self.to_der())
        if not password:
            raise SealError(Code.ARGUMENT, password="empty")
        return pem_encode("ENCRYPTED PRIVATE KEY", _protect(self.to_der(), password, cipher))

    @classmethod
    def from_der(cls, data: bytes) -> PrivateKey:
        """PKCS#8 or SEC 1, plain."""
        parts = der.parse(data, "key").items(3, 4)
        if parts[1].tag == der.SEQUENCE:
            names = [n.dotted() for n in parts[1].children()]
            if names != [EC_KEY, SM2_CURVE]:
                raise SealError(Code.KEY_INVALID, why="not an SM2 key")
            parts = der.parse(parts[2].expect(der.OCTETS).content, "key.ec").items(2, 4)
        elif SM2_CURVE not in [n.items(1, 1, 0xA0)[0].dotted() for n in parts if n.tag == 0xA0]:
            raise SealError(Code.KEY_INVALID, why="not an SM2 key")
        number = parts[1].expect(der.OCTETS).content
        if len(number) > 40:
            raise SealError(Code.KEY_INVALID)
        key = cls.from_int(int.from_bytes(number, "big"))
        for part in parts[2:]:
            if part.tag == 0xA1 and part.items(1, 1, 0xA1)[0].bit_bytes() != key.public_key.to_bytes():
                raise SealError(Code.KEY_INVALID, why="public part differs")
        return key

    @classmethod
    def from_pem(cls, data: bytes, password: bytes | None = None) -> PrivateKey:
        """A PEM (or DER) key; SealError PASSWORD_WRONG where the password does not open it."""
        for label, body in pem_blocks(data) if b"-----BEGIN " in data else [("PRIVATE KEY", data)]:
            if label == "ENCRYPTED PRIVATE KEY":
                if not password:
                    raise SealError(Code.PASSWORD_WRONG)
                try:
                    return cls.from_der(_open(body, password))
                except SealError as wrong:
                    if wrong.code == Code.DECRYPT_FAILED or isinstance(wrong, MalformedInput):
                        raise SealError(Code.PASSWORD_WRONG) from None
                    raise
            if label in ("PRIVATE KEY", "EC PRIVATE KEY", "SM2 PRIVATE KEY"):
                return cls.from_der(body)
        raise MalformedInput("pem", "no private key")


def _aes(key: bytes, iv: bytes, data: bytes, encrypting: bool) -> bytes:
    from cryptography.hazmat.primitives import padding
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    if len(iv) != 16:
        raise SealError(Code.DECRYPT_FAILED)
    cipher = Cipher(algorithms.AES(key), modes.CBC(iv))
    if encrypting:
        padder, worker = padding.PKCS7(128).padder(), cipher.encryptor()
        return worker.update(padder.update(data) + padder.finalize()) + worker.finalize()
    turn, unpadder = cipher.decryptor(), padding.PKCS7(128).unpadder()
    try:
        return unpadder.update(turn.update(data) + turn.finalize()) + unpadder.finalize()
    except ValueError as wrong:
        raise SealError(Code.DECRYPT_FAILED) from wrong


def _protect(data: bytes, password: bytes, cipher: str) -> bytes:
    if cipher not in ("sm4", "aes"):
        raise SealError(Code.ARGUMENT, cipher=cipher)
    salt, iv = secrets.token_bytes(16), secrets.token_bytes(16)
    prf, name, size = (HMAC_SM3, SM4_CBC, 16) if cipher == "sm4" else (HMAC_SHA256, AES256_CBC, 32)
    key = hashlib.pbkdf2_hmac(_PRF[prf], password, salt, ROUNDS, size)
    body = (sm.sm4("cbc", key, data, iv=iv, encrypting=True) if cipher == "sm4"
            else _aes(key, iv, data, True))
    kdf = der.seq(der.oid(PBKDF2), der.seq(der.octets(salt), der.integer(ROUNDS),
                                           der.seq(der.oid(prf), der.null())))
    scheme = der.seq(der.oid(name), der.octets(iv))
    return der.seq(der.seq(der.oid(PBES2), der.seq(kdf, scheme)), der.octets(body))


def _open(data: bytes, password: bytes) -> bytes:
    algorithm, body = der.parse(data, "pbes2").items(2, 2)
    name, parameters = algorithm.items(2, 2)
    if name.dotted() != PBES2:
        raise SealError(Code.KEY_INVALID, why="not PBES2")
    kdf, scheme = parameters.items(2, 2)
    kdf_name, kdf_parameters = kdf.items(2, 2)
    salt, rounds, *rest = kdf_parameters.items(2, 4)
    prf = next((n.items(1, 2)[0].dotted() for n in rest if n.tag == der.SEQUENCE), "1.2.840.113549.2.7")
    cipher, iv = scheme.items(2, 2)
    size = {SM4_CBC: 16, AES256_CBC: 32}.get(cipher.dotted())
    count = rounds.int(8)
    if kdf_name.dotted() != PBKDF2 or prf not in _PRF or size is None or not 1 <= count <= MAX_ROUNDS:
        raise SealError(Code.KEY_INVALID, why="protection not supported")
    key = hashlib.pbkdf2_hmac(_PRF[prf], password, salt.content, count, size)
    if size == 16:
        return sm.sm4("cbc", key, body.content, iv=iv.content, encrypting=False)
    return _aes(key, iv.content, body.content, False)


def envelop_key(key: PrivateKey, recipient: PublicKey) -> bytes:
    """SM2EnvelopedKey of GB/T 35276: the key, for the holder of ``recipient``'s private part."""
    session = secrets.token_bytes(16)
    return der.seq(
        der.seq(der.oid("1.2.156.10197.1.104.1"), der.null()),
        recipient.encrypt(session),
        der.bits(key.public_key.to_bytes()),
        der.bits(sm.sm4("ecb", session, key.d.to_bytes(32, "big"), encrypting=True)),
    )


def open_enveloped_key(data: bytes, key: PrivateKey) -> PrivateKey:
    """The delivered key; 32 bytes, 48 (padded) and 64 (zeros on the left) are read."""
    algorithm, session, public, body = der.parse(data, "enveloped_key").items(4, 4)
    if algorithm.items(1, 2)[0].dotted() not in ("1.2.156.10197.1.104.1", "1.2.156.10197.1.104"):
        raise SealError(Code.KEY_INVALID, why="algorithm")
    plain = sm.sm4("ecb", key.decrypt(session.raw), body.bit_bytes(), encrypting=False)
    number = plain[:32] if len(plain) == 48 else plain[-32:]
    opened = PrivateKey.from_int(int.from_bytes(number, "big"))
    if len(plain) not in (32, 48, 64) or opened.public_key.to_bytes() != public.bit_bytes():
        raise SealError(Code.DECRYPT_FAILED)
    return opened


class SoftToken:
    """A soft UKey: the key opens only by PIN; wrong PINs count, and at zero the token locks for good."""

    def __init__(self, key: PrivateKey, pin: str, *, retries: int = 6) -> None:
        if len(pin) < 6 or retries < 1:
            raise SealError(Code.ARGUMENT, pin="at least 6 characters")
        self.public_key = key.public_key
        self._sealed = key.to_pem(pin.encode())
        self._most = self._left = retries
        self._open: PrivateKey | None = None
        self._guard = threading.Lock()

    @property
    def retries_left(self) -> int:
        return self._left

    @property
    def locked(self) -> bool:
        return self._left == 0

    def login(self, pin: str) -> None:
        """Open the token; PIN_WRONG with ``left``, or TOKEN_LOCKED."""
        with self._guard:
            if self._left == 0:
                raise SealError(Code.TOKEN_LOCKED)
            self._left -= 1
            try:
                self._open = PrivateKey.from_pem(self._sealed, pin.encode())
            except SealError:
                self._open = None
                raise SealError(Code.PIN_WRONG, left=self._left) from None
            self._left = self._most

    def logout(self) -> None:
        with self._guard:
            self._open = None

    def sign(self, data: bytes) -> bytes:
        with self._guard:
            key = self._open
        if key is None:
            raise SealError(Code.TOKEN_CLOSED)
        return key.sign(data)


def same_key(one: PublicKey, other: PublicKey) -> bool:
    return hmac.compare_digest(one.to_bytes(), other.to_bytes())
