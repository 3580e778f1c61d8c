"""The recruitment's trial seal on what the organiser issues: made at the first need, its key stored encrypted.

The seal is made to GB/T 38540 under the installation's trial authority; its name and its picture say 试用, so
that nobody takes it for a real one. The private half is wrapped under a key that only the opened authority
gives; whoever has the database alone signs nothing.
"""

from __future__ import annotations

import functools
import hmac
import io
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from flask import current_app
from sqlalchemy import select

from app import clock
from app.acceptance.authority import trial_authority
from app.audit import SYSTEM, record
from app.documents.engine import STATIC, Spot
from app.documents.models import RecruitmentSeal
from app.extensions import db, unit_of_work
from app.planning import section
from app.publication.models import Recruitment
from app.review.wrapping import close_by_token, open_by_token

if TYPE_CHECKING:
    from seal_core import Certificate, PrivateKey, Seal

#: What the organiser seals, of all kinds of documents; the experts' forms are signed by themselves.
SEALED = frozenset(
    {
        "receipt",
        "notice",
        "amendment",
        "review_report",
        "result_notice",
        "supplementary_notice",
        "answer",
        "selection_notice",
        "acceptance_report",
    }
)
DIAMETER, DPI, DAYS = 40, 300, 1095
#: The issuer's name stands below the seal's star, the date above its ring (居中偏下).
ABOVE, EDGE = 5.5, 6.0


@dataclass(frozen=True)
class OpenSeal:
    """A recruitment's seal, ready to sign with."""

    row_id: int
    serial: str
    name: str
    seal: Seal
    private: PrivateKey
    certificate: Certificate
    valid_until: datetime


@functools.lru_cache(maxsize=32)
def impression(name: str) -> bytes:
    """The picture of an organiser's trial seal: PNG in true size, 试用 under the star."""
    from PIL import Image

    from seal_core import draw_round

    font = STATIC / "vendor" / "fonts" / "NotoSerifSC-Bold.ttf"
    drawn = draw_round(name, caption="试用", diameter_mm=DIAMETER, dpi=DPI, font=font)
    with Image.open(io.BytesIO(drawn.png)) as opened:
        image = opened.convert("RGBA")
    # One ink in sixteen strengths: a fifth of the bytes, in every document twice.
    colour = max(image.getcolors(maxcolors=2**20) or [], key=lambda found: (found[1][3], found[0]))[1]
    levels = image.getchannel("A").point(lambda strength: strength >> 4)
    small = Image.frombytes("P", image.size, levels.tobytes())
    small.putpalette(list(colour[:3]) * 16)
    target = io.BytesIO()
    small.save(
        target, "PNG", transparency=bytes(strength * 17 for strength in range(16)), optimize=True, dpi=(DPI, DPI)
    )
    return target.getvalue()


def organiser_of(recruitment: Recruitment) -> str:
    """The body whose name the seal carries: the plan's organiser, or the one that runs the recruitment."""
    publication = section(recruitment, "publication") or {}
    return str(publication.get("organiser") or recruitment.organiser.name)


def _wrapping_token() -> bytes:
    held = trial_authority()
    return hmac.new(held.key.d.to_bytes(32, "big"), b"keys of recruitment seals", "sm3").digest()


def _in_force(recruitment: Recruitment, now: datetime) -> RecruitmentSeal | None:
    return db.session.scalar(
        select(RecruitmentSeal)
        .where(
            RecruitmentSeal.recruitment_id == recruitment.id,
            RecruitmentSeal.revoked_at.is_(None),
            RecruitmentSeal.valid_until > now,
            RecruitmentSeal.created_at <= now,
        )
        .order_by(RecruitmentSeal.number.desc())
        .limit(1)
    )


def seal_of(recruitment: Recruitment) -> OpenSeal:
    """The recruitment's seal in force, made where there is none yet.

    Raises Refusal `acceptance_authority_closed` where the trial authority can't be opened.
    """
    from seal_core import Certificate, PrivateKey, read_seal

    now = clock.now()
    row = _in_force(recruitment, now)
    if row is None:
        with unit_of_work() as work:
            # One maker at a time: two documents at once want one seal.
            work.execute(select(Recruitment.id).where(Recruitment.id == recruitment.id).with_for_update())
            row = _in_force(recruitment, now) or _make(recruitment, now)
    opened: dict[int, OpenSeal] = current_app.extensions.setdefault("open_seals", {})
    if row.id not in opened:
        der = open_by_token(row.sealed_key, _wrapping_token(), row.serial)
        opened[row.id] = OpenSeal(
            row.id,
            row.serial,
            row.name,
            read_seal(row.seal),
            PrivateKey.from_der(der),
            Certificate.from_der(row.certificate),
            row.valid_until,
        )
    return opened[row.id]


def _make(recruitment: Recruitment, now: datetime) -> RecruitmentSeal:
    """A new key with its certificate, and the seal; whoever makes the seal has a key for this one act."""
    from seal_core import PrivateKey, build_csr, make_seal

    name, authority = organiser_of(recruitment), trial_authority()
    holder, maker = PrivateKey.generate(), PrivateKey.generate()
    subject = {"C": "CN", "O": f"{name[:100]}（试用）", "CN": f"{name[:50]}（试用）"}
    making = {"C": "CN", "O": "印招试用", "CN": "印招试用 电子印章制作"}
    certificate = authority.issue_signing(build_csr(holder, subject), now=now, days=DAYS, subject=subject)
    maker_certificate = authority.issue_signing(build_csr(maker, making), now=now, days=DAYS, subject=making)
    until = min(certificate.not_after, maker_certificate.not_after)
    number = 1 + len(
        db.session.scalars(
            select(RecruitmentSeal.id).where(RecruitmentSeal.recruitment_id == recruitment.id)
        ).all()
    )
    serial = f"{certificate.serial:x}"
    made = make_seal(
        id=f"SY{serial[:16].upper()}",
        name=f"{name}（试用）",
        picture=impression(name),
        picture_type="PNG",
        width_mm=DIAMETER,
        height_mm=DIAMETER,
        holders=[certificate],
        maker=maker,
        maker_certificate=maker_certificate,
        created=now,
        valid_from=now.replace(microsecond=0),
        valid_to=until,
    )
    row = RecruitmentSeal(
        recruitment_id=recruitment.id,
        number=number,
        name=f"{name}（试用）",
        serial=serial,
        maker_serial=f"{maker_certificate.serial:x}",
        certificate=certificate.der,
        maker_certificate=maker_certificate.der,
        seal=made.raw,
        sealed_key=close_by_token(holder.to_der(), _wrapping_token(), serial),
        created_at=now,
        valid_until=until - timedelta(minutes=1),
    )
    db.session.add(row)
    db.session.flush()
    record("seal.made", actor=SYSTEM, recruitment=recruitment, subject=row, serial=serial, number=number)
    return row


def seal_pdf(recruitment: Recruitment, data: bytes, spot: Spot | None) -> tuple[bytes, dict[str, Any]]:
    """A rendered document under the recruitment's seal at the issuer's name, and what is noted of it.

    Without a spot the seal signs and stands at the end of the first page.
    """
    from seal_core import PdfProfile, Placement, pdf_page_sizes, sign_pdf

    held = seal_of(recruitment)
    page = spot.page if spot is not None else 1
    width, height = pdf_page_sizes(data)[page - 1]
    x, y = (spot.x, spot.y) if spot is not None else (width - 50, height - 45)
    half = DIAMETER / 2
    left = min(max(x - half, EDGE), width - DIAMETER - EDGE)
    top = min(max(y - ABOVE - half, EDGE), height - DIAMETER - EDGE)
    signed = sign_pdf(
        data,
        signer=held.private,
        certificate=held.certificate,
        now=clock.now(),
        profile=PdfProfile.SEAL,
        seal=held.seal,
        placements=(Placement(page, left, top),),
    )
    return signed, {"name": held.name, "serial": held.serial}


def revoked_seals() -> dict[int, tuple[datetime, int]]:
    """Serial → when and why (CRLReason) of every revoked seal's certificates, the holder's and the maker's."""
    rows = db.session.execute(
        select(
            RecruitmentSeal.serial,
            RecruitmentSeal.maker_serial,
            RecruitmentSeal.revoked_at,
            RecruitmentSeal.revocation_reason,
        ).where(RecruitmentSeal.revoked_at.is_not(None))
    )
    return {int(one, 16): (at, why or 0) for serial, maker, at, why in rows for one in (serial, maker)}
