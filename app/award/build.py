"""The award package of one recruitment: the same rows give the same files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.acceptance.authority import revocation_list, trial_authority
from app.audit import canonical
from app.award import collect
from app.award.keys import installation_certificate
from app.award.ocds import release_package
from app.extensions import db
from app.publication.models import Recruitment
from app.results.fees import shares_of
from app.signing import system_signer
from app.wording.award import README
from evaluation import package_signatures as places
from evaluation._sm3 import sm3
from evaluation.models import PanelSeat, SeatKey
from evaluation.package import MANIFEST, SIGNATURE, build_package, listing, manifest_of
from evaluation.references import signed_form


@dataclass(frozen=True)
class Package:
    """A package not yet signed: `state` is the same as long as nothing in it changed."""

    recruitment: Recruitment
    level: str
    files: dict[str, bytes]
    facts: dict[str, Any]
    as_of: datetime

    @property
    def state(self) -> str:
        return sm3(canonical([self.facts, listing(self.files)])).hex()


def prepare(recruitment: Recruitment, level: str) -> Package:
    """Read everything that belongs into the package; raises Refusal `award_not_ranked`, `award_names_level`."""
    found = collect.gather(recruitment, level)
    moment = _as_of(found)
    data: dict[str, Any] = {
        "review/seats.json": collect.seats(found),
        "review/vendors.json": collect.vendors(found),
        "review/signed.json": _signed(found),
        "review/votes.json": collect.votes(found),
        "review/groups.json": collect.groups(found),
        "review/minutes.json": _minutes(found),
        "result/ranking.json": collect.ranking(found),
        "result/report.json": collect.report(found),
        "result/selection.json": collect.selection(found),
        "result/fees.json": collect.fees(found),
        "result/publicity.json": collect.publicity(found),
        "ocds/releases.json": release_package(found, moment),
        **{f"draws/draw-{number}.json": proof for number, proof in collect.draws(found).items()},
        **{f"draws/lottery-{number}.json": proof for number, proof in collect.lotteries(found).items()},
    }
    files = {name: canonical(value) for name, value in data.items()}
    files |= collect.plans(found)
    files["readme.txt"] = README.format(title=recruitment.title, level=level).encode()
    files |= _certificates(found)
    facts = {
        "recruitment": recruitment.public_id,
        "review": found.review.public_id,
        "title": recruitment.title,
        "names": level,
        "plan": found.review.plan_digest,
        "as_of": moment.isoformat(),
        "revoked": _revoked(recruitment),
    }
    return Package(recruitment, level, files, facts, moment)


def _signed(found: collect.Material) -> dict[str, Any]:
    """The record; what experts wrote is opened only where experts are named."""
    record = collect.signed(found)
    if found.level != "real":
        for row in record["signed"]:
            row["payload"] = signed_form(row["payload"])
            row["reason"] = ""
    return record


def _minutes(found: collect.Material) -> dict[str, Any]:
    lines = collect.minutes(found)
    if found.level != "real":
        for row in lines["minutes"]:
            row["text"] = ""
    return lines


def _certificates(found: collect.Material) -> dict[str, bytes]:
    from seal_core import Certificate

    authority = trial_authority()
    files = {
        places.ROOT: authority.root.to_pem(),
        places.ISSUING: authority.certificate.to_pem(),
        places.INSTALLATION: installation_certificate().to_pem(),
    }
    for row in found.signed:
        if row.certificate_der is not None:
            name = f"{places.SEATS}{row.certificate_serial}.pem"
            files.setdefault(name, Certificate.from_der(row.certificate_der).to_pem())
    return files


def _as_of(found: collect.Material) -> datetime:
    """The last instant at which something in the package came to be."""
    recruitment = found.recruitment
    moments = [found.review.created_at, *(row.signed_at for row in found.signed)]
    moments += [row.written_at for row in found.minutes]
    moments += [row.issued_at for row in shares_of(recruitment)]
    moments += [row.started_at for row in collect.publicity_rows(recruitment)]
    return max([*moments, *([recruitment.awarded_at] if recruitment.awarded_at else [])])


def seal(package: Package) -> bytes:
    """The package's bytes with its signed manifest, and the list of revoked certificates where seats have any.

    A signature has chance in it: sealing twice gives two files that say the same.
    """
    files = dict(package.files)
    if package.facts["revoked"]:
        files[places.REVOKED] = revocation_list(package.as_of)
    files[MANIFEST] = manifest_of(files, **package.facts)
    signature = system_signer().sign(files[MANIFEST]).hex()
    files[SIGNATURE] = canonical({"certificate": places.INSTALLATION, "signature": signature})
    return build_package(files)


def _revoked(recruitment: Recruitment) -> list[str]:
    """The serial numbers (hex) of the seats' certificates that were revoked."""
    return list(
        db.session.scalars(
            select(SeatKey.serial)
            .join(PanelSeat, PanelSeat.id == SeatKey.seat_id)
            .where(PanelSeat.review_id == recruitment.review_id, SeatKey.revoked_at.is_not(None))
            .order_by(SeatKey.serial)
        )
    )
