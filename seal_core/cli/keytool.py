"""``sm2 sign|verify``, ``key new``, ``csr``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import Code, SealError
from ..keys import PrivateKey, PublicKey, pem_blocks
from . import INVALID, VALID, add, password, say, write

if TYPE_CHECKING:
    from . import Commands


def _sign(args: argparse.Namespace) -> int:
    value = PrivateKey.from_pem(args.key.read_bytes(), password(args)).sign(args.input.read_bytes()).hex()
    say(args, value, signature=value)
    return VALID


def _verify(args: argparse.Namespace) -> int:
    pem = args.key.read_bytes()
    private = any(n.endswith("PRIVATE KEY") for n, _ in pem_blocks(pem))
    key = PrivateKey.from_pem(pem, password(args)).public_key if private else PublicKey.from_pem(pem)
    good = key.verify(args.input.read_bytes(), bytes.fromhex(args.sig), backend=args.backend)
    say(args, "valid" if good else "invalid", valid=good)
    return VALID if good else INVALID


def _new(args: argparse.Namespace) -> int:
    key = PrivateKey.generate()
    write(args.out, key.to_pem(password(args)), private=True)
    say(args, str(args.out), file=args.out, public=key.public_key.to_bytes().hex())
    return VALID


def _csr(args: argparse.Namespace) -> int:
    from ..certificates import build_csr
    from ..keys import pem_encode

    if args.new_key:
        if args.key.exists():
            raise SealError(Code.ARGUMENT, key="exists already")
        write(args.key, PrivateKey.generate().to_pem(password(args)), private=True)
    key = PrivateKey.from_pem(args.key.read_bytes(), password(args))
    subject = dict(part.split("=", 1) for part in args.subject.split("/") if part)
    write(args.out, pem_encode("CERTIFICATE REQUEST", build_csr(key, subject)))
    say(args, str(args.out), file=args.out)
    return VALID


def register(commands: Commands) -> None:
    sm2 = commands.add_parser("sm2", help="bare SM2 values").add_subparsers(required=True)
    key = commands.add_parser("key", help="keys").add_subparsers(required=True)
    sign = add(sm2, "sign", _sign, "Print the DER signature in hex")
    verify = add(sm2, "verify", _verify, "Verify a signature: exit 0 or 1")
    new = add(key, "new", _new, "Make an SM2 key")
    csr = add(commands, "csr", _csr, "Make a certificate request")
    verify.add_argument("--sig", required=True, help="DER signature in hex")
    verify.add_argument("--backend", choices=("openssl", "gmssl"))
    for one in (sign, verify, csr):
        one.add_argument("--key", type=Path, required=True)
    for one in (sign, verify):
        one.add_argument("--in", dest="input", type=Path, required=True)
    for one in (new, csr):
        one.add_argument("--out", type=Path, required=True)
    csr.add_argument("--subject", required=True, help="such as /C=CN/O=unit/CN=name")
    csr.add_argument("--new-key", action="store_true", help="make the key first")
    for one in (sign, verify, new, csr):
        one.add_argument("--password-env", help="environment variable with the key's password")
