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
    ``draw_round(name, number=, caption=, diameter_mm=40, dpi=600, font=None)``, ``draw_oval``, ``draw_name``,
    ``extract_impression(scan)``: each an ``Impression(png, width_mm, height_mm, dpi, turned)``.
Documents
    ``sign_ofd(data, signer=, certificate=, now=, seal=None, placements=(), lock=False)``,
    ``sign_pdf(data, signer=, certificate=, now=, profile=PdfProfile.STANDARD, seal=None, placements=())``; a
    ``Placement(page, x, y)`` is in mm from the top left corner; ``riding(page_sizes, width, height)`` gives the strips
    of a riding seal, ``ofd_page_sizes(data)`` and ``pdf_page_sizes(data)`` what it needs;
    ``write_text(text, now=)`` and ``write_images(images, now=)`` make simple OFD documents.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .authority import CertificatePair, TrialCA
    from .certificates import CSR, Certificate, Profile, RevocationList, build_csr, parse_csr, validate_path
    from .cms import SignedResult, decrypt_data, encrypt_data, sign_data, verify_data
    from .errors import Code, CSRRefused, MalformedInput, SealError
    from .impression import Impression, draw_name, draw_oval, draw_round, extract_impression
    from .keys import PrivateKey, PublicKey, Signer, SoftToken
    from .limits import Limits
    from .ocsp import OCSPAnswer, ocsp_request
    from .ofd import ofd_page_sizes, sign_ofd, write_images, write_text
    from .pdf import PdfProfile, pdf_page_sizes, sign_pdf
    from .pkcs12 import load_pkcs12
    from .placement import Placement, riding
    from .report import Reason, Remark, SignatureReport, Verdict, VerifyReport
    from .seal import Form, Seal, make_seal, read_seal, read_signature, sign_with_seal
    from .sm import sm3
    from .timestamp import stamp, verify_stamp
    from .trust import TrustStore
    from .verify import verify

_WHERE = {
    "authority": ("CertificatePair", "TrialCA"),
    "certificates": ("CSR", "Certificate", "Profile", "RevocationList", "build_csr", "parse_csr", "validate_path"),
    "cms": ("SignedResult", "decrypt_data", "encrypt_data", "sign_data", "verify_data"),
    "errors": ("CSRRefused", "Code", "MalformedInput", "SealError"),
    "keys": ("PrivateKey", "PublicKey", "Signer", "SoftToken"),
    "limits": ("Limits",),
    "impression": ("Impression", "draw_name", "draw_oval", "draw_round", "extract_impression"),
    "ocsp": ("OCSPAnswer", "ocsp_request"),
    "ofd": ("ofd_page_sizes", "sign_ofd", "write_images", "write_text"),
    "pdf": ("PdfProfile", "pdf_page_sizes", "sign_pdf"),
    "pkcs12": ("load_pkcs12",),
    "placement": ("Placement", "riding"),
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
    "Impression",
    "Limits",
    "MalformedInput",
    "OCSPAnswer",
    "PdfProfile",
    "Placement",
    "PrivateKey",
    "Profile",
    "PublicKey",
    "Reason",
    "Remark",
    "RevocationList",
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
    "draw_name",
    "draw_oval",
    "draw_round",
    "encrypt_data",
    "extract_impression",
    "generate_private_key",
    "load_pkcs12",
    "make_seal",
    "ocsp_request",
    "ofd_page_sizes",
    "parse_csr",
    "pdf_page_sizes",
    "read_seal",
    "read_signature",
    "riding",
    "sign_data",
    "sign_ofd",
    "sign_pdf",
    "sign_with_seal",
    "sm3",
    "stamp",
    "validate_path",
    "verify",
    "verify_data",
    "verify_stamp",
    "write_images",
    "write_text",
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
