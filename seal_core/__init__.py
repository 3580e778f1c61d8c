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
Verification
    ``verify(data, trust, at, *, content=None, limits=Limits(), second_backend=None) -> VerifyReport`` of an OFD,
    PDF, seal, seal signature or SignedData: ``.verdict`` (``Verdict``), ``.trial``, ``.signatures`` (each intact /
    trusted / time_valid apart, with ``reasons`` and ``findings`` as ``Remark(code: Reason, facts)``), ``.to_json()``.
    ``TrustStore.load(paths)`` reads folders of PEM; MalformedInput where the bytes cannot be read at all.
Seals
    ``make_seal(id=, name=, picture=, holders=, maker=, maker_certificate=, …) -> Seal`` (``.raw`` is the .esl),
    ``read_seal(data)``, ``sign_with_seal(seal, data_hash, property_info, signer, certificate, now=)``.
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
    from .limits import Limits
    from .pkcs12 import load_pkcs12
    from .report import Reason, Remark, SignatureReport, Verdict, VerifyReport
    from .seal import Form, Seal, make_seal, read_seal, read_signature, sign_with_seal
    from .sm import sm3
    from .timestamp import stamp, verify_stamp
    from .trust import TrustStore
    from .verify import verify

_WHERE = {
    "authority": ("CertificatePair", "TrialCA"),
    "certificates": ("CSR", "Certificate", "Profile", "build_csr", "parse_csr", "validate_path"),
    "cms": ("SignedResult", "decrypt_data", "encrypt_data", "sign_data", "verify_data"),
    "errors": ("CSRRefused", "Code", "MalformedInput", "SealError"),
    "keys": ("PrivateKey", "PublicKey", "Signer", "SoftToken"),
    "limits": ("Limits",),
    "pkcs12": ("load_pkcs12",),
    "report": ("Reason", "Remark", "SignatureReport", "Verdict", "VerifyReport"),
    "seal": ("Form", "Seal", "make_seal", "read_seal", "read_signature", "sign_with_seal"),
    "sm": ("sm3",),
    "timestamp": ("stamp", "verify_stamp"),
    "trust": ("TrustStore",),
    "verify": ("verify",),
}
_HOME = {name: module for module, names in _WHERE.items() for name in names}

__all__ = [
    "CSR",
    "CSRRefused",
    "Certificate",
    "CertificatePair",
    "Code",
    "Form",
    "Limits",
    "MalformedInput",
    "PrivateKey",
    "Profile",
    "PublicKey",
    "Reason",
    "Remark",
    "Seal",
    "SealError",
    "SignatureReport",
    "SignedResult",
    "Signer",
    "SoftToken",
    "TrialCA",
    "TrustStore",
    "Verdict",
    "VerifyReport",
    "build_csr",
    "decrypt_data",
    "encrypt_data",
    "generate_private_key",
    "load_pkcs12",
    "make_seal",
    "parse_csr",
    "read_seal",
    "read_signature",
    "sign_data",
    "sign_with_seal",
    "sm3",
    "stamp",
    "validate_path",
    "verify",
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
