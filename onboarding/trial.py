"""Trial issuance: a vendor's certificate request, and the challenge that shows its key at work.

The signature over the challenge may come as GB/T 35275 SignedData or as a bare SM2 value, each in any of
the usual encodings. Integrity, trust and time are judged apart; two implementations of SM2 must agree.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from onboarding.errors import OnboardingError
from seal_core import (
    Certificate,
    MalformedInput,
    PublicKey,
    SealError,
    certificates,
    keys,
    sm3,
    validate_path,
    verify_data,
)
from seal_core import backends as sm2_backends

#: A request or a signature is small; more is no request.
MAX_BYTES = 64 * 1024
_HEX = re.compile(rb"[0-9A-Fa-f\s:]+")
_BASE64 = re.compile(rb"[0-9A-Za-z+/=\s]+")
_BACKENDS = ("openssl", "gmssl")


class TrialCode(Enum):
    """Why an answer to a challenge can't be read, or doesn't hold."""

    SIZE = "trial_size"
    UNREADABLE = "trial_unreadable"
    OTHER_CERTIFICATE = "trial_other_certificate"
    SIGNATURE = "trial_signature"
    CONTENT = "trial_content"
    BACKENDS_DIFFER = "trial_backends_differ"
    SIGNERS = "trial_signers"


class TrialRefused(OnboardingError):
    """The bytes are no answer at all; a wrong signature is reported, never raised."""


class Form(Enum):
    """How the signature was handed in."""

    SIGNED_DATA = "signed_data"
    DER = "der"
    RAW = "raw"


@dataclass(frozen=True)
class Answer:
    """The signature's bytes, decoded."""

    form: Form
    data: bytes


@dataclass(frozen=True)
class Verification:
    """What was found: `intact` the signature, `trusted` the chain, `time_valid` the certificate's dates."""

    form: str
    intact: bool
    trusted: bool
    time_valid: bool
    reasons: tuple[str, ...]
    backends: tuple[str, ...]
    serial: str
    challenge_sm3: str

    @property
    def passed(self) -> bool:
        return self.intact and self.trusted and self.time_valid

    def as_json(self) -> dict[str, Any]:
        """Plain data as it is stored with the request and the evidence."""
        return {
            "kind": "trial_signature",
            "passed": self.passed,
            "form": self.form,
            "intact": self.intact,
            "trusted": self.trusted,
            "time_valid": self.time_valid,
            "reasons": list(self.reasons),
            "backends": list(self.backends),
            "serial": self.serial,
            "challenge_sm3": self.challenge_sm3,
        }


def key_digest(key: PublicKey) -> str:
    """SM3 (hex) over the uncompressed point: one key, one digest."""
    return sm3(key.to_bytes()).hex()


def read_answer(data: bytes) -> Answer:
    """Decode what a vendor handed in: PEM, DER, hex or base64; raises TrialRefused."""
    if not data.strip() or len(data) > MAX_BYTES:
        raise TrialRefused(TrialCode.SIZE, most=MAX_BYTES, size=len(data))
    for candidate in _decodings(data):
        if len(candidate) == 64 and not _is_der(candidate):
            return Answer(Form.RAW, candidate)
        if _is_der(candidate):
            # SEQUENCE { OBJECT IDENTIFIER … } is a message, SEQUENCE { INTEGER, INTEGER } a bare value.
            inner = candidate[2 + _length_bytes(candidate) :][:1]
            if inner == b"\x06":
                return Answer(Form.SIGNED_DATA, candidate)
            if inner == b"\x02":
                return Answer(Form.DER, candidate)
    raise TrialRefused(TrialCode.UNREADABLE)


def _decodings(data: bytes) -> Iterable[bytes]:
    if b"-----BEGIN " in data[:4096]:
        try:
            yield keys.pem_or_der(data)
        except MalformedInput:
            return
        return
    yield data
    text = data.strip()
    if _HEX.fullmatch(text):
        digits = re.sub(rb"[\s:]", b"", text)
        if len(digits) % 2 == 0:
            yield bytes.fromhex(digits.decode("ascii"))
    if _BASE64.fullmatch(text):
        try:
            yield base64.b64decode(b"".join(text.split()), validate=True)
        except binascii.Error:
            return


def _length_bytes(data: bytes) -> int:
    return data[1] & 0x7F if data[1] & 0x80 else 0


def _is_der(data: bytes) -> bool:
    """A SEQUENCE (DER, or BER of indefinite length) that takes all of the bytes."""
    if len(data) < 8 or data[0] != 0x30:
        return False
    if data[1] < 0x80:
        return len(data) == 2 + data[1]
    count = data[1] & 0x7F
    if count == 0:
        return data.endswith(b"\0\0")
    return count <= 4 and len(data) == 2 + count + int.from_bytes(data[2 : 2 + count], "big")


def verify_answer(
    answer: Answer,
    challenge: bytes,
    certificate: Certificate,
    *,
    root: Certificate,
    issuing: Certificate,
    crls: Sequence[certificates.RevocationList],
    at: datetime,
) -> Verification:
    """Judge a signature over `challenge` by the key of the issued `certificate`."""
    names = _available()
    reasons: list[str] = []
    if answer.form is Form.SIGNED_DATA:
        try:
            found = [_message(answer.data, challenge, certificate, name) for name in names]
        except SealError:
            found = [[TrialCode.UNREADABLE.value]]
        reasons += found[0]
        if any(other != found[0] for other in found):
            reasons.append(TrialCode.BACKENDS_DIFFER.value)
    else:
        raw = answer.form is Form.RAW
        held = [certificate.public_key.verify(challenge, answer.data, raw=raw, backend=name) for name in names]
        if not all(held):
            reasons.append((TrialCode.BACKENDS_DIFFER if any(held) else TrialCode.SIGNATURE).value)
    intact = not reasons
    path = validate_path(
        certificate,
        trust=[root],
        pool=[issuing],
        crls=list(crls),
        at=at,
        required_usage=("digitalSignature",),
    )
    reasons += [reason.value for reason in path.reasons]
    return Verification(
        form=answer.form.value,
        intact=intact,
        trusted=path.trusted,
        time_valid=path.time_valid,
        reasons=tuple(dict.fromkeys(reasons)),
        backends=names,
        serial=f"{certificate.serial:x}",
        challenge_sm3=sm3(challenge).hex(),
    )


def _message(data: bytes, challenge: bytes, certificate: Certificate, backend: str) -> list[str]:
    result = verify_data(data, challenge, backend=backend)
    reasons: list[str] = []
    if len(result.signers) != 1:
        reasons.append(TrialCode.SIGNERS.value)
    if any(reason.value == "content_differs" for reason in result.reasons):
        reasons.append(TrialCode.CONTENT.value)
    elif not result.intact:
        reasons.append(TrialCode.SIGNATURE.value)
    if any(signer.certificate is None or signer.certificate.der != certificate.der for signer in result.signers):
        reasons.append(TrialCode.OTHER_CERTIFICATE.value)
    return reasons


def _available() -> tuple[str, ...]:
    """The implementations of SM2 that this installation has; the default one where none has its own name."""
    found = []
    for name in _BACKENDS:
        try:
            sm2_backends.get(name)
        except (SealError, OSError, AttributeError):
            continue
        found.append(name)
    if not found:
        found.append(sm2_backends.get().name)
    return tuple(found)
