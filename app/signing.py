"""How plain data is signed: its canonical JSON (RFC 8785) is what is digested (SM3) and signed (SM2).

Acts of the system itself (receipts) are signed by the installation's own trial key, made at the first use
and kept readable for the owner only. What an expert signs is signed by the key of the seat, which only the
expert opens: `app.review.keys`. A device can take the place of either by another `Signer`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from flask import current_app

from app.audit import canonical, sm3_hex
from evaluation.references import signed_form


class Signer(Protocol):
    """Whoever can sign: bytes in, DER signature out."""

    def sign(self, data: bytes) -> bytes: ...


@dataclass(frozen=True)
class SignedPayload:
    """Digest (SM3, hex) of the canonical payload, the signature over the canonical bytes (DER, hex), and the
    seat's key that made it (None: the installation's)."""

    digest: str
    signature: str
    key_id: int | None = None


def system_signer() -> Signer:
    """The installation's own trial key; made once, password-free, file mode 0600."""
    found = current_app.extensions.get("system_signer")
    if found is None:
        found = _load_or_make(Path(current_app.config["SETTINGS"].data) / "keys" / "system.pem")
        current_app.extensions["system_signer"] = found
    signer: Signer = found
    return signer


def _load_or_make(path: Path) -> Signer:
    import seal_core

    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        pem = seal_core.PrivateKey.generate().to_pem()
        partial = path.with_suffix(f".{os.getpid()}")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(pem)
        try:
            os.link(partial, path)
        except FileExistsError:
            pass  # another process made it first: its key is the one
        finally:
            partial.unlink()
    signer: Signer = seal_core.PrivateKey.from_pem(path.read_bytes())
    return signer


def sign_payload(payload: dict[str, Any], signer: Signer | None = None) -> SignedPayload:
    """Sign the canonical form of a payload; decimals become strings, dates ISO text."""
    data = canonical(payload)
    return SignedPayload(sm3_hex(data), (signer or system_signer()).sign(data).hex())


def signed_bytes(payload: dict[str, Any]) -> bytes:
    """The canonical bytes of a review's payload that are digested and signed: its texts as salted digests."""
    return canonical(signed_form(payload))


def digest_of(payload: dict[str, Any]) -> str:
    """SM3 (hex) of the canonical payload, without signing."""
    return sm3_hex(canonical(payload))


def verify_payload(payload: dict[str, Any], signature: str) -> bool:
    """True where the installation's key made this signature over this payload."""
    signer: Any = system_signer()
    try:
        return bool(signer.public_key.verify(canonical(payload), bytes.fromhex(signature)))
    except ValueError:
        return False
