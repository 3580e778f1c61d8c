"""``sign cms`` and ``verify FILE.p7``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..certificates import Certificate, load_certificates, validate_path
from ..cms import sign_data, verify_data
from ..keys import PrivateKey
from . import INDETERMINATE, INVALID, UNSIGNED, VALID, add, moment, password, say, write

if TYPE_CHECKING:
    from . import Commands


def _sign(args: argparse.Namespace) -> int:
    key = PrivateKey.from_pem(args.key.read_bytes(), password(args))
    certificate = Certificate.from_pem(args.cert.read_bytes())
    write(args.out, sign_data(args.input.read_bytes(), key, certificate, detached=args.detached,
                              attributes=args.attributes, standard_oids=args.standard_oids))
    say(args, str(args.out), file=args.out)
    return VALID


def _trust(paths: list[Path]) -> list[Certificate]:
    files = [f for p in paths for f in (sorted(p.glob("*.pem")) if p.is_dir() else [p])]
    return [c for f in files for c in load_certificates(f.read_bytes())]


def _verify(args: argparse.Namespace) -> int:
    content = args.content.read_bytes() if args.content else None
    at = moment(args)
    result = verify_data(args.file.read_bytes(), content)
    trust = _trust(args.trust)
    rows: list[dict[str, object]] = []
    worst = VALID if result.signers else UNSIGNED
    for one in result.signers:
        path = one.certificate and validate_path(one.certificate, trust=trust, pool=result.certificates, at=at)
        trusted = bool(path and path.trusted and path.time_valid)
        code = INVALID if not one.intact else VALID if trusted else INDETERMINATE
        if not one.intact and [r.value for r in one.reasons] == [] and content is None:
            code = INDETERMINATE
        worst = INVALID if INVALID in (code, worst) else max(code, worst)
        rows.append({
            "kind": "cms", "standard": "GB/T 35275", "intact": one.intact, "trusted": bool(path and path.trusted),
            "verdict": _WORDS[code], "reasons": [*one.reasons, *(path.reasons if path else ())], "findings": [],
            "signer": one.certificate.common_name if one.certificate else None, "seal": None,
            "signed_at": one.signed_at, "covers": "content",
            "trial": bool(one.certificate and one.certificate.is_trial),
        })
    if "content_differs" in result.reasons:
        worst = INVALID
    say(args, _WORDS[worst], file=str(args.file), format="p7", verdict=_WORDS[worst], signatures=rows, findings=[])
    return worst


_WORDS = {VALID: "VALID", INVALID: "INVALID", INDETERMINATE: "INDETERMINATE", UNSIGNED: "UNSIGNED"}


def register(commands: Commands) -> None:
    group = commands.add_parser("sign", help="sign").add_subparsers(required=True)
    cms = add(group, "cms", _sign, "Make a GB/T 35275 SignedData")
    cms.add_argument("--key", type=Path, required=True)
    cms.add_argument("--cert", type=Path, required=True)
    cms.add_argument("--in", dest="input", type=Path, required=True)
    cms.add_argument("--out", type=Path, required=True)
    cms.add_argument("--password-env", help="environment variable with the key's password")
    for flag in ("--detached", "--attributes", "--standard-oids"):
        cms.add_argument(flag, action="store_true")
    verify = add(commands, "verify", _verify, "Verify a .p7: 0 VALID, 1 INVALID, 2 INDETERMINATE, 3 UNSIGNED")
    verify.add_argument("file", type=Path)
    verify.add_argument("--content", type=Path)
    verify.add_argument("--trust", type=Path, action="append", default=[])
    verify.add_argument("--at", help="ISO time with zone; now where absent")
