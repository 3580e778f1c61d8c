"""``verify FILE``: OFD, PDF, seal, seal signature or signed message."""

from __future__ import annotations

import argparse
import mmap
from pathlib import Path
from typing import TYPE_CHECKING

from ..report import Remark, SignatureReport, Verdict
from ..trust import TrustStore
from ..verify import verify
from . import INDETERMINATE, INVALID, UNSIGNED, VALID, add, moment, say

if TYPE_CHECKING:
    from . import Commands

CODES = {Verdict.VALID: VALID, Verdict.INVALID: INVALID, Verdict.INDETERMINATE: INDETERMINATE,
         Verdict.UNSIGNED: UNSIGNED}
_LARGE = 32 << 20


def _read(path: Path) -> bytes | memoryview:
    """The file's bytes; a large file is mapped, not copied."""
    if path.stat().st_size < _LARGE:
        return path.read_bytes()
    with path.open("rb") as handle:
        return memoryview(mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ))


def _words(remarks: tuple[Remark, ...]) -> str:
    return "; ".join(" ".join([r.code.value, *(f"{k}={v}" for k, v in r.facts)]) for r in remarks)


def _line(one: SignatureReport) -> str:
    who = f"{one.signer.name} ({one.signer.organisation})" if one.signer else "unknown signer"
    facts = [f"  {one.name}: {one.verdict.value}{' (trial chain)' if one.trial else ''}", f"    by {who}"]
    if one.seal:
        facts.append(f"    seal {one.seal.id} {one.seal.name}, made by {one.seal.maker.name if one.seal.maker else ''}")
    facts.append(f"    {one.standard} {one.profile} {one.signed_at or ''}".rstrip())
    facts.append(f"    intact {one.intact}, trusted {one.trusted}, in time {one.time_valid}")
    if one.reasons:
        facts.append(f"    reasons: {_words(one.reasons)}")
    if one.findings:
        facts.append(f"    findings: {_words(one.findings)}")
    return "\n".join(facts)


def _verify(args: argparse.Namespace) -> int:
    report = verify(_read(args.file), TrustStore.load(args.trust), moment(args),
                    content=args.content.read_bytes() if args.content else None,
                    second_backend="gmssl" if args.second_opinion else None, require_status=args.require_status)
    head = f"{report.verdict.value}{' (trial chain: not a production seal)' if report.trial else ''} {report.format}"
    plain = "\n".join([head, *(_line(s) for s in report.signatures),
                       *([f"  findings: {_words(report.findings)}"] if report.findings else [])])
    say(args, plain, **report.to_json(str(args.file)))
    return CODES[report.verdict]


def register(commands: Commands) -> None:
    verify_ = add(commands, "verify", _verify,
                  "Verify a document: exit 0 VALID, 1 INVALID, 2 INDETERMINATE, 3 UNSIGNED, 64 unreadable")
    verify_.add_argument("file", type=Path, help="OFD, PDF, seal (.esl), seal signature or SignedData (.p7)")
    verify_.add_argument("--trust", type=Path, action="append", default=[], metavar="PATH",
                         help="file or folder of trusted certificates and CRLs (PEM or DER); may be repeated")
    verify_.add_argument("--at", help="ISO time with zone; now where absent")
    verify_.add_argument("--content", type=Path, help="what a detached signature signs")
    verify_.add_argument("--second-opinion", action="store_true", help="ask the gmssl backend too (slow)")
    verify_.add_argument("--require-status", action="store_true",
                         help="a certificate without revocation status leaves the answer open")
