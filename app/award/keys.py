"""The certificate of the installation's own key: under it a package's manifest is signed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import current_app

from app.acceptance.authority import VALID_FROM, YEARS, trial_authority, write_once
from app.signing import system_signer

if TYPE_CHECKING:
    from seal_core import Certificate

SUBJECT = {"C": "CN", "O": "印招试用", "CN": "试用 招募系统"}


def installation_certificate() -> Certificate:
    """The certificate for the installation's signing key, by its trial authority; made once, kept beside the key."""
    from seal_core import Certificate, build_csr

    found: Certificate | None = current_app.extensions.get("installation_certificate")
    if found is None:
        path = Path(current_app.config["SETTINGS"].data) / "keys" / "system-certificate.pem"
        signer: Any = system_signer()
        if not path.exists():
            made = trial_authority().issue_signing(
                build_csr(signer, SUBJECT), now=VALID_FROM, days=365 * YEARS, subject=SUBJECT
            )
            write_once(path, made.to_pem())
        found = Certificate.from_pem(path.read_bytes())
        current_app.extensions["installation_certificate"] = found
    return found
