"""``sign ofd|pdf|cms``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..certificates import Certificate
from ..cms import sign_data
from ..errors import Code, SealError
from ..keys import PrivateKey
from ..placement import Placement, riding
from . import VALID, add, moment, password, say, write

if TYPE_CHECKING:
    from ..seal import Seal
    from . import Commands

PICTURES = (".png", ".jpg", ".jpeg")


def _key(args: argparse.Namespace) -> PrivateKey:
    return PrivateKey.from_pem(args.key.read_bytes(), password(args))


def _cms(args: argparse.Namespace) -> int:
    certificate = Certificate.from_pem(args.cert.read_bytes())
    write(args.out, sign_data(args.input.read_bytes(), _key(args), certificate, detached=args.detached,
                              attributes=args.attributes, standard_oids=args.standard_oids))
    say(args, str(args.out), file=args.out)
    return VALID


def _seal(args: argparse.Namespace) -> Seal | None:
    from ..seal import read_seal

    return read_seal(args.seal.read_bytes()) if args.seal else None


def _spots(args: argparse.Namespace, seal: Seal | None, sizes: list[tuple[float, float]]) -> list[Placement]:
    """The places asked for; with a seal and none asked, the lower right of the last page."""
    spots: list[Placement] = list(args.place)
    if seal is None:
        if spots or args.riding:
            raise SealError(Code.ARGUMENT, why="--place and --riding need --seal")
        return []
    width, height = seal.info.width_mm, seal.info.height_mm
    if args.riding:
        spots += riding(sizes, width, height)
    if not spots:
        spots = [Placement(len(sizes), max(0.0, sizes[-1][0] - width - 25), max(0.0, sizes[-1][1] - height - 30))]
    return spots


def _ofd(args: argparse.Namespace) -> int:
    from ..ofd import ofd_page_sizes, sign_ofd, write_images, write_text

    now = moment(args)
    data, kind = args.input.read_bytes(), args.input.suffix.lower()
    if kind == ".txt":
        data = write_text(data.decode("utf-8"), now=now, title=args.input.stem)
    elif kind in PICTURES:
        data = write_images([data], now=now, title=args.input.stem)
    seal = _seal(args)
    made = sign_ofd(data, signer=_key(args), certificate=Certificate.from_pem(args.cert.read_bytes()), now=now,
                    seal=seal, placements=_spots(args, seal, ofd_page_sizes(data)), lock=args.lock,
                    attributes=args.attributes)
    write(args.out, made)
    say(args, str(args.out), file=args.out)
    return VALID


def _pdf(args: argparse.Namespace) -> int:
    from ..pdf import PdfProfile, pdf_page_sizes, pdf_text, sign_pdf

    data = args.input.read_bytes()
    if args.input.suffix.lower() == ".txt":
        data = pdf_text(data.decode("utf-8"), title=args.input.stem, font=args.font)
    seal = _seal(args)
    profile = PdfProfile[args.profile.upper()] if args.profile else (
        PdfProfile.SEAL if seal is not None else PdfProfile.STANDARD)
    made = sign_pdf(data, signer=_key(args), certificate=Certificate.from_pem(args.cert.read_bytes()),
                    now=moment(args), profile=profile, seal=seal,
                    placements=_spots(args, seal, pdf_page_sizes(data)), field=args.field)
    write(args.out, made)
    say(args, str(args.out), file=args.out, profile=profile.value)
    return VALID


def _place(text: str) -> Placement:
    try:
        page, x, y = text.split(",")
        return Placement(int(page), float(x), float(y))
    except ValueError as wrong:
        raise argparse.ArgumentTypeError("PAGE,X,Y such as 1,140,220") from wrong


def register(commands: Commands) -> None:
    group = commands.add_parser("sign", help="sign documents and messages").add_subparsers(required=True)
    ofd = add(group, "ofd", _ofd, "Sign an OFD, with or without a seal; a .txt, .png or .jpg becomes one first")
    pdf = add(group, "pdf", _pdf, "Sign a PDF, with or without a seal; a .txt becomes one first")
    cms = add(group, "cms", _cms, "Make a GB/T 35275 SignedData")
    for one in (ofd, pdf, cms):
        one.add_argument("--key", type=Path, required=True, help="the signer's private key (PEM)")
        one.add_argument("--cert", type=Path, required=True, help="the signer's certificate")
        one.add_argument("--in", dest="input", type=Path, required=True)
        one.add_argument("--out", type=Path, required=True)
        one.add_argument("--password-env", help="environment variable with the key's password")
    for one in (ofd, pdf):
        one.add_argument("--seal", type=Path, help="the seal (.esl); without it there is nothing to see")
        one.add_argument("--place", type=_place, action="append", default=[], metavar="PAGE,X,Y",
                         help="page from 1, mm from its top left corner; may be repeated")
        one.add_argument("--riding", action="store_true", help="strips along the right edges of all pages")
        one.add_argument("--at", help="ISO time with zone; now where absent")
    ofd.add_argument("--lock", action="store_true", help="let no later signature follow")
    ofd.add_argument("--attributes", action="store_true", help="without a seal: detached, with signed attributes")
    pdf.add_argument("--profile", choices=("standard", "dianju", "seal"),
                     help="how the signature is held; seal with --seal, else standard")
    pdf.add_argument("--field", help="name of an empty or new signature field")
    pdf.add_argument("--font", type=Path, help="font for a .txt")
    for flag in ("--detached", "--attributes", "--standard-oids"):
        cms.add_argument(flag, action="store_true")
