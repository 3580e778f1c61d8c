"""``impression`` and ``seal make|show``."""

from __future__ import annotations

import argparse
import io
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ..certificates import Certificate, load_certificates
from ..errors import Code, SealError
from ..keys import PrivateKey
from . import VALID, add, moment, password, say, write

if TYPE_CHECKING:
    from ..impression import Impression
    from . import Commands


def _draw(args: argparse.Namespace) -> Impression:
    from ..impression import draw_name, draw_oval, draw_round, extract_impression

    if args.scan:
        return extract_impression(args.scan.read_bytes(), size_mm=args.size, dpi=args.dpi)
    if not args.name:
        raise SealError(Code.ARGUMENT, why="--name or --scan")
    if args.form == "name":
        return draw_name(args.name, side_mm=args.size or 20, dpi=args.dpi, font=args.font)
    if args.form == "oval":
        return draw_oval(args.name, number=args.number, caption=args.caption, width_mm=args.size or 45,
                         height_mm=args.height or 30, dpi=args.dpi, font=args.font)
    return draw_round(args.name, number=args.number, caption=args.caption, diameter_mm=args.size or 40,
                      dpi=args.dpi, font=args.font)


def _impression(args: argparse.Namespace) -> int:
    made = _draw(args)
    write(args.out, made.png)
    say(args, f"{args.out} {made.width_mm:.1f} x {made.height_mm:.1f} mm, {made.dpi} dpi", file=args.out,
        width_mm=made.width_mm, height_mm=made.height_mm, dpi=made.dpi, turned=made.turned)
    return VALID


def _picture(args: argparse.Namespace) -> tuple[bytes, str, float, float]:
    """The picture, its type, and its size in mm: as given, or by its own dpi; drawn from the name without a file."""
    if args.picture is None:
        from ..impression import draw_round

        made = draw_round(args.name, number=args.id[:18], diameter_mm=args.width or 40, dpi=300, font=args.font)
        return made.png, "PNG", made.width_mm, made.height_mm
    from PIL import Image

    data = args.picture.read_bytes()
    with Image.open(io.BytesIO(data)) as opened:
        dpi, kind = opened.info.get("dpi", (300, 300)), opened.format or ""
        width, height = (opened.size[i] / float(str(dpi[i])) * 25.4 for i in (0, 1))
    kinds = {"PNG": "PNG", "JPEG": "JPG", "GIF": "GIF", "BMP": "BMP"}
    if kind not in kinds:
        raise SealError(Code.ARGUMENT, picture=kind)
    return data, kinds[kind], args.width or width, args.height or height


def _make(args: argparse.Namespace) -> int:
    from ..seal import Form, make_seal

    created = moment(args)
    data, kind, width, height = _picture(args)
    holders = [load_certificates(p.read_bytes())[:1] or [Certificate.from_pem(p.read_bytes())] for p in args.holder]
    made = make_seal(
        id=args.id, name=args.name, picture=data, picture_type=kind, width_mm=round(width), height_mm=round(height),
        holders=[c for group in holders for c in group], created=created, valid_from=created,
        valid_to=created + timedelta(days=args.days), form=Form[args.form.upper()], type=2 if args.person else 1,
        maker=PrivateKey.from_pem(args.key.read_bytes(), password(args)),
        maker_certificate=Certificate.from_pem(args.cert.read_bytes()))
    write(args.out, made.raw)
    say(args, str(args.out), file=args.out, id=made.info.id, standard=made.form.value)
    return VALID


def _show(args: argparse.Namespace) -> int:
    from ..seal import read_seal
    from ..seal.check import facts_of

    facts = facts_of(read_seal(args.file.read_bytes()))
    if args.picture:
        write(args.picture, facts.picture)
    told = facts.to_json()
    plain = "\n".join(f"{k}: {v['name'] if isinstance(v, dict) else v}" for k, v in told.items())
    say(args, plain, **told)
    return VALID


def register(commands: Commands) -> None:
    impression = add(commands, "impression", _impression,
                     "Draw an impression from text, or cut one out of a scan of a stamped form")
    impression.add_argument("--name", help="the text along the arc, or of a name seal")
    impression.add_argument("--number", default="", help="small, below")
    impression.add_argument("--caption", default="", help="across, under the star")
    impression.add_argument("--form", choices=("round", "oval", "name"), default="round")
    impression.add_argument("--scan", type=Path, help="a picture of a stamped form")
    impression.add_argument("--size", type=float, help="width or diameter in mm")
    impression.add_argument("--height", type=float, help="height of an oval in mm")
    impression.add_argument("--dpi", type=int, choices=(300, 600), default=600)
    impression.add_argument("--font", type=Path, help="a font with Chinese characters; one of the system's otherwise")
    impression.add_argument("--out", type=Path, required=True)
    group = commands.add_parser("seal", help="electronic seals").add_subparsers(required=True)
    make = add(group, "make", _make, "Make a seal (.esl) for the holder's certificate")
    make.add_argument("--id", required=True, help="the seal's number")
    make.add_argument("--name", required=True)
    make.add_argument("--picture", type=Path, help="PNG, JPEG, GIF or BMP; drawn from the name where absent")
    make.add_argument("--width", type=float, help="mm; by the picture's dpi where absent")
    make.add_argument("--height", type=float, help="mm")
    make.add_argument("--font", type=Path, help="font for a drawn picture")
    make.add_argument("--holder", type=Path, action="append", required=True,
                      help="signing certificate that may use the seal; may be repeated")
    make.add_argument("--key", type=Path, required=True, help="the maker's private key")
    make.add_argument("--cert", type=Path, required=True, help="the maker's certificate")
    make.add_argument("--password-env", help="environment variable with the key's password")
    make.add_argument("--days", type=int, default=365)
    make.add_argument("--form", choices=("v4", "v5"), default="v4", help="GB/T 38540-2020 or GM/T 0031-2025")
    make.add_argument("--person", action="store_true", help="a person's seal")
    make.add_argument("--at", help="ISO time with zone; now where absent")
    make.add_argument("--out", type=Path, required=True)
    show = add(group, "show", _show, "Show what a seal says; verify tells whether it holds")
    show.add_argument("file", type=Path)
    show.add_argument("--picture", type=Path, help="write the picture here")
