"""``verify``: what a document, a seal or a message is worth, told as one frozen report."""

from __future__ import annotations

import sys
import types
from datetime import datetime

from . import der
from .algorithms import Bytes, Content, is_bare_value
from .errors import MalformedInput
from .keys import pem_blocks
from .limits import DEFAULT, Limits
from .report import (
    Party,
    Reason,
    Remark,
    SealFacts,
    SignatureReport,
    Stamp,
    Verdict,
    VerifyReport,
    summarise,
)
from .trust import Court, Trust, TrustStore

__all__ = [
    "Party",
    "Reason",
    "Remark",
    "SealFacts",
    "SignatureReport",
    "Stamp",
    "TrustStore",
    "Verdict",
    "VerifyReport",
    "detect",
    "verify",
]

def detect(data: Bytes) -> str:
    """``ofd``, ``pdf``, ``esl`` (a seal), ``ses`` (a seal's signature), ``p7``; MalformedInput for anything else."""
    head = bytes(data[:1024])
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "ofd"
    if b"%PDF-" in head:
        return "pdf"
    if head[:1] != b"\x30" and b"-----BEGIN " not in head:
        raise MalformedInput("input", "neither OFD, PDF, seal nor signed message")
    node = der.parse(_der(bytes(data)), "input")
    parts = node.items(1, 10)
    if parts[0].tag == der.OID:
        return "p7"
    if parts[0].tag == der.SEQUENCE:
        first = parts[0].items(1, 20)[0].tag
        return "ses" if first == der.INTEGER else "esl"
    if is_bare_value(node.raw):
        raise MalformedInput("input", "a bare signature value: use sm2 verify with the key")
    raise MalformedInput("input", "unknown structure")


def _der(data: bytes) -> bytes:
    if b"-----BEGIN " in data[:1024]:
        blocks = pem_blocks(data)
        if not blocks:
            raise MalformedInput("pem", "no block")
        data = blocks[0][1]
    return der.definite(data, "input")


def verify(data: Bytes, trust: Trust, at: datetime, *, content: bytes | None = None, limits: Limits = DEFAULT,
           second_backend: str | None = None, require_status: bool = False) -> VerifyReport:
    """Verify an OFD, PDF, seal (``.esl``), seal signature or SignedData (``.p7``) as seen at ``at``.

    ``trust``: a ``TrustStore``, a file or folder of PEM, or anchor certificates.
    ``content``: what a detached signature signs.
    ``second_backend``: a backend whose opinion is asked for every document signature (slow).
    ``require_status``: a certificate without revocation status leaves the answer open.
    A bad signature is reported; MalformedInput is raised only where the bytes cannot be read at all.
    """
    if len(data) > limits.size:
        raise MalformedInput("input", "too large", size=len(data))
    court = Court.of(trust, at, limits=limits, size=len(data), second=second_backend, require_status=require_status)
    kind = detect(data)
    if kind == "ofd":
        from .ofd.check import verify_ofd

        return verify_ofd(data, court)
    if kind == "pdf":
        from .pdf.check import verify_pdf

        return verify_pdf(data, court)
    raw = _der(bytes(data))
    if len(raw) > limits.seal_bytes:
        raise MalformedInput("input", "too large", size=len(raw))
    given = None if content is None else Content(content)
    from .signatures import Setting, data_reports, seal_report, ses_report

    if kind == "esl":
        return summarise("esl", at, [seal_report(raw, court)])
    if kind == "ses":
        return summarise("ses", at, [ses_report(raw, given, court, Setting("ses"))])
    return summarise("p7", at, data_reports(raw, given, court, Setting("p7")))




class _Callable(types.ModuleType):
    """Importing this module binds its name in the package over the function of the same name; so it answers too."""

    __call__ = staticmethod(verify)


sys.modules[__name__].__class__ = _Callable
