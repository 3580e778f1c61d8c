"""``ca init|issue|revoke|crl|ocsp``; the authority is one PEM file, its keys under a password."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..authority import TrialCA
from ..errors import Code, SealError
from . import VALID, add, moment, password, say, write

if TYPE_CHECKING:
    from . import Commands


def _password(args: argparse.Namespace) -> bytes:
    found = password(args)
    if found is None:
        raise SealError(Code.ARGUMENT, password_env="required")
    return found


def _load(args: argparse.Namespace) -> TrialCA:
    return TrialCA.from_pem(args.ca.read_bytes(), _password(args))


def _save(args: argparse.Namespace, ca: TrialCA) -> None:
    partial = args.ca.with_suffix(".partial")
    write(partial, ca.to_pem(_password(args)), private=True)
    partial.replace(args.ca)


def _init(args: argparse.Namespace) -> int:
    if args.ca.exists():
        raise SealError(Code.ARGUMENT, ca="exists already")
    ca = TrialCA.create(args.name, now=moment(args))
    _save(args, ca)
    write(args.out, ca.root.to_pem() + ca.certificate.to_pem())
    say(args, str(args.out), ca=args.ca, certificates=args.out)
    return VALID


def _issue(args: argparse.Namespace) -> int:
    ca = _load(args)
    pair = ca.issue_pair(args.csr.read_bytes(), now=moment(args), days=args.days, credit_code=args.credit_code,
                         person=args.person)
    _save(args, ca)
    write(args.out, pair.signing.to_pem() + pair.encryption.to_pem())
    if args.response:
        write(args.response, pair.to_csr_response())
    say(args, f"{pair.signing.serial:x} {pair.encryption.serial:x}", signing=f"{pair.signing.serial:x}",
        encryption=f"{pair.encryption.serial:x}", file=args.out)
    return VALID


def _revoke(args: argparse.Namespace) -> int:
    ca = _load(args)
    ca.revoke(int(args.serial, 16), now=moment(args), reason=args.reason)
    _save(args, ca)
    say(args, args.serial, revoked=args.serial)
    return VALID


def _crl(args: argparse.Namespace) -> int:
    ca = _load(args)
    data = ca.crl(now=moment(args))
    _save(args, ca)
    write(args.out, data)
    say(args, str(args.out), file=args.out, number=ca.crl_number)
    return VALID


def _ocsp(args: argparse.Namespace) -> int:
    write(args.out, _load(args).ocsp_respond(args.request.read_bytes(), now=moment(args)))
    say(args, str(args.out), file=args.out)
    return VALID


def register(commands: Commands) -> None:
    group = commands.add_parser("ca", help="the trial authority").add_subparsers(required=True)
    init = add(group, "init", _init, "Make a trial authority")
    issue = add(group, "issue", _issue, "Issue a signing and an encryption certificate")
    revoke = add(group, "revoke", _revoke, "Revoke a certificate")
    crl = add(group, "crl", _crl, "Write the CRL (DER)")
    ocsp = add(group, "ocsp", _ocsp, "Answer an OCSP request (DER)")
    for one in (init, issue, revoke, crl, ocsp):
        one.add_argument("--ca", type=Path, required=True, help="the authority's file")
        one.add_argument("--password-env", required=True, help="environment variable with its password")
        one.add_argument("--at", help="ISO time with zone; now where absent")
    for one in (init, issue, crl, ocsp):
        one.add_argument("--out", type=Path, required=True)
    init.add_argument("--name", required=True)
    issue.add_argument("--csr", type=Path, required=True)
    issue.add_argument("--days", type=int, default=365)
    issue.add_argument("--credit-code")
    issue.add_argument("--person", action="store_true")
    issue.add_argument("--response", type=Path, help="write the CSRResponse of GM/T 0092 too")
    revoke.add_argument("--serial", required=True, help="hex")
    revoke.add_argument("--reason", type=int, default=0, help="CRLReason of RFC 5280")
    ocsp.add_argument("--request", type=Path, required=True)
