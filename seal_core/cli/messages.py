"""``sign cms``; the group ``sign`` takes further formats."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..certificates import Certificate
from ..cms import sign_data
from ..keys import PrivateKey
from . import VALID, add, password, say, write

if TYPE_CHECKING:
    from . import Commands


def _sign(args: argparse.Namespace) -> int:
    key = PrivateKey.from_pem(args.key.read_bytes(), password(args))
    certificate = Certificate.from_pem(args.cert.read_bytes())
    write(args.out, sign_data(args.input.read_bytes(), key, certificate, detached=args.detached,
                              attributes=args.attributes, standard_oids=args.standard_oids))
    say(args, str(args.out), file=args.out)
    return VALID


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
