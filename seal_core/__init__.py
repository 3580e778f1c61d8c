"""Trial CA, SM2 signatures and electronic seals: a library by itself. Names load at first use.

Keys
    ``PrivateKey.generate() / from_pem(data, password=None)``; ``.sign(data) -> DER``, ``.verify(data, sig)``,
    ``.to_pem(password=None)``, ``.public_key``; ``generate_private_key()``; ``PublicKey.verify(data, sig)``.
    ``Signer``: anything with ``public_key`` and ``sign(data)``; ``SoftToken(key, pin, retries=6)``.
Certificates
    ``Certificate.from_pem(data)`` (PEM or DER): ``.subject``, ``.common_name``, ``.serial``, ``.not_before``,
    ``.not_after``, ``.credit_code``, ``.is_trial``, ``.public_key``, ``.to_pem()``; ``build_csr(signer, subject)``;
    ``parse_csr(data)`` raises ``CSRRefused`` whose ``code`` is the reason.
Authority
    ``TrialCA.create(name, now=...)``, ``.to_pem(password)``, ``TrialCA.from_pem(data, password)``,
    ``.issue_signing(csr, now=...)``, ``.issue_pair(csr, now=...)``, ``.revoke(serial, now=..., reason=1)``,
    ``.crl(now=...)``.
Messages
    ``sign_data(content, signer, certificate, detached=...)``; ``verify_data(p7, content=None) -> SignedResult``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .authority import CertificatePair, TrialCA
    from .certificates import CSR, Certificate, Profile, build_csr, parse_csr, validate_path
    from .cms import SignedResult, decrypt_data, encrypt_data, sign_data, verify_data
    from .errors import Code, CSRRefused, MalformedInput, SealError
    from .keys import PrivateKey, PublicKey, Signer, SoftToken
    from .pkcs12 import load_pkcs12
    from .sm import sm3
    from .timestamp import stamp, verify_stamp

_WHERE = {
    "authority": ("CertificatePair", "TrialCA"),
    "certificates": ("CSR", "Certificate", "Profile", "build_csr", "parse_csr", "validate_path"),
    "cms": ("SignedResult", "decrypt_data", "encrypt_data", "sign_data", "verify_data"),
    "errors": ("CSRRefused", "Code", "MalformedInput", "SealError"),
    "keys": ("PrivateKey", "PublicKey", "Signer", "SoftToken"),
    "pkcs12": ("load_pkcs12",),
    "sm": ("sm3",),
    "timestamp": ("stamp", "verify_stamp"),
}
_HOME = {name: module for module, names in _WHERE.items() for name in names}

__all__ = [
    "CSR",
    "CSRRefused",
    "Certificate",
    "CertificatePair",
    "Code",
    "MalformedInput",
    "PrivateKey",
    "Profile",
    "PublicKey",
    "SealError",
    "SignedResult",
    "Signer",
    "SoftToken",
    "TrialCA",
    "build_csr",
    "decrypt_data",
    "encrypt_data",
    "generate_private_key",
    "load_pkcs12",
    "parse_csr",
    "sign_data",
    "sm3",
    "stamp",
    "validate_path",
    "verify_data",
    "verify_stamp",
]


def generate_private_key() -> PrivateKey:
    """A new SM2 private key."""
    from .keys import PrivateKey

    return PrivateKey.generate()


def __getattr__(name: str) -> Any:
    module = _HOME.get(name)
    if module is None:
        raise AttributeError(name)
    value = getattr(importlib.import_module(f".{module}", __name__), name)
    globals()[name] = value
    return value
