"""The installation's trial certificate authority: its keys in one encrypted file, its register in the database.

What was issued and revoked is told by the rows of `certificate_request` and `seat_key`, so the file never
changes by an issue, and several processes can issue side by side.
"""

from __future__ import annotations

import os
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from flask import current_app
from sqlalchemy import select

from app.config import Settings
from app.errors import Refusal
from app.extensions import db
from evaluation.models import SeatKey
from onboarding.models import CertificateRequest

if TYPE_CHECKING:
    from seal_core import TrialCA

NAME = "印招试用"
#: Fixed, so that a rehearsal on a plan's past dates and the present share one authority.
VALID_FROM = datetime(2020, 1, 1, tzinfo=UTC)
YEARS = 20


def trial_authority() -> TrialCA:
    """The authority; made at the first use, file mode 0600, both keys under a password.

    The password is the setting `trial_ca_password`, or one made beside the file for the owner only.
    """
    found: TrialCA | None = current_app.extensions.get("trial_authority")
    if found is None:
        settings: Settings = current_app.config["SETTINGS"]
        found = _load_or_make(settings.data / "keys", settings.trial_ca_password)
        current_app.extensions["trial_authority"] = found
    return found


def write_once(path: Path, data: bytes) -> None:
    """Write a file that only its owner can read, complete or not at all; whoever comes first has made it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_suffix(f".{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        os.link(partial, path)
    except FileExistsError:
        pass
    finally:
        partial.unlink()


def _replace(path: Path, data: bytes) -> None:
    """Put other bytes in a file's place: a reader finds the old ones or the new ones, whole."""
    partial = path.with_suffix(f".{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(data)
        handle.flush()
        os.fsync(handle.fileno())
    os.replace(partial, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _passwords(folder: Path, configured: str) -> list[bytes]:
    """What may open the file: the setting, or what stands beside it (two lines while it is being changed)."""
    if configured:
        return [configured.encode()]
    return [line for line in (folder / "trial-ca.password").read_bytes().splitlines() if line]


def _opened(path: Path, passwords: list[bytes]) -> TrialCA:
    from seal_core import Code, SealError, TrialCA

    wrong = SealError(Code.PASSWORD_WRONG)
    for password in passwords:
        try:
            return TrialCA.from_pem(path.read_bytes(), password)
        except SealError as error:
            wrong = error
    raise wrong


def _load_or_make(folder: Path, configured: str) -> TrialCA:
    from seal_core import SealError, TrialCA

    path, kept = folder / "trial-ca.pem", folder / "trial-ca.password"
    if not configured and not kept.exists():
        write_once(kept, secrets.token_urlsafe(32).encode())
    passwords = _passwords(folder, configured)
    if not path.exists() and passwords:
        write_once(path, TrialCA.create(NAME, now=VALID_FROM, years=YEARS).to_pem(passwords[0]))
    try:
        return _opened(path, passwords)
    except SealError as error:
        current_app.logger.error("the trial authority can't be opened: %s", error.code)
        raise Refusal("acceptance_authority_closed") from None


def change_password(new: str) -> None:
    """Encrypt the authority's keys anew: under `new` where the setting gives the password, else under one that
    is made here and kept beside the file. At every moment one of the stored passwords opens the file."""
    settings: Settings = current_app.config["SETTINGS"]
    held, folder = trial_authority(), settings.data / "keys"
    path, kept = folder / "trial-ca.pem", folder / "trial-ca.password"
    if settings.trial_ca_password:
        _replace(path, held.to_pem(new.encode()))
        return
    password, old = secrets.token_urlsafe(32).encode(), kept.read_bytes()
    _replace(kept, password + b"\n" + old)
    _replace(path, held.to_pem(password))
    _replace(kept, password)


def issued_serials() -> set[int]:
    """The serial of every certificate that was issued, in force or not; that of the installation among them."""
    from app.documents.models import RecruitmentSeal
    from seal_core import Certificate

    found: set[int] = set()
    own = Path(current_app.config["SETTINGS"].data) / "keys" / "system-certificate.pem"
    if own.exists():
        found.add(Certificate.from_pem(own.read_bytes()).serial)
    for column in (
        CertificateRequest.sign_serial,
        CertificateRequest.encryption_serial,
        SeatKey.serial,
        RecruitmentSeal.serial,
        RecruitmentSeal.maker_serial,
    ):
        found |= {int(serial, 16) for serial in db.session.scalars(select(column)) if serial}
    return found


def revoked_serials() -> dict[int, tuple[datetime, int]]:
    """Serial → when and why (CRLReason): both certificates of every revoked request, the seats', the seals'."""
    from app.documents.sealing import revoked_seals

    found: dict[int, tuple[datetime, int]] = {}
    rows = db.session.execute(
        select(
            CertificateRequest.sign_serial,
            CertificateRequest.encryption_serial,
            CertificateRequest.revoked_at,
            CertificateRequest.revocation_reason,
        ).where(CertificateRequest.stage == "revoked")
    )
    for signing, encryption, at, reason in rows:
        for serial in (signing, encryption):
            if serial is not None and at is not None:
                found[int(serial, 16)] = (at, reason or 0)
    seats = select(SeatKey.serial, SeatKey.revoked_at, SeatKey.revocation_reason)
    for serial, at, reason in db.session.execute(seats.where(SeatKey.revoked_at.is_not(None))):
        found[int(serial, 16)] = (at, reason or 0)
    return found | revoked_seals()


def _with_register(now: datetime) -> TrialCA:
    """The authority with what the database tells of it."""
    from seal_core import TrialCA

    held = trial_authority()
    copy = TrialCA(held.root, held.certificate, held.root_key, held.key)
    copy.revoked, copy.crl_number = revoked_serials(), int(now.timestamp())
    return copy


def revocation_list(now: datetime) -> bytes:
    """The present CRL of the issuing authority, DER; its number grows with time."""
    return _with_register(now).crl(now=now)


def ocsp_answer(request: bytes, now: datetime) -> bytes:
    """The OCSP response to a DER request: good, revoked (since when, why) or unknown."""
    authority = _with_register(now)
    authority.issued = issued_serials()
    return authority.ocsp_respond(request, now=now)


def chain_pem() -> bytes:
    """Issuing and root certificate, PEM."""
    return b"".join(certificate.to_pem() for certificate in trial_authority().chain)
