"""The signatures of an award package: who may sign for whom, by the certificates that lie in it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from seal_core import Certificate, PublicKey, RevocationList, SealError, validate_path

ROOT = "certificates/root.pem"
ISSUING = "certificates/issuing.pem"
INSTALLATION = "certificates/installation.pem"
REVOKED = "certificates/revoked.crl"
SEATS = "certificates/seats/"


@dataclass
class Keys:
    """The certificates of a package, and how long checking took."""

    root: Certificate
    issuing: Certificate
    revoked: tuple[RevocationList, ...]
    #: Serial number (hex) → certificate of a seat.
    seats: dict[str, Certificate]
    installation: Certificate
    seconds: float = 0.0
    checked: int = 0
    _paths: dict[tuple[bytes, datetime], str] = field(default_factory=dict)
    _keys: dict[bytes, PublicKey] = field(default_factory=dict)

    @classmethod
    def read(cls, files: Mapping[str, bytes]) -> Keys:
        """The certificates of a package; raises SealError or KeyError where one can't be read."""
        lists = [RevocationList.from_der(files[REVOKED])] if files.get(REVOKED) else []
        seats = [
            Certificate.from_pem(data) for name, data in sorted(files.items()) if name.startswith(SEATS)
        ]
        return cls(
            root=Certificate.from_pem(files[ROOT]),
            issuing=Certificate.from_pem(files[ISSUING]),
            revoked=tuple(lists),
            seats={f"{row.serial:x}": row for row in seats},
            installation=Certificate.from_pem(files[INSTALLATION]),
        )

    def trusted(self, certificate: Certificate, at: datetime) -> str:
        """"" where the certificate was valid and led to the package's root at that instant, else why not."""
        place = (certificate.der, at)
        if place not in self._paths:
            started = time.perf_counter()
            found = validate_path(
                certificate, trust=[self.root], pool=[self.issuing], at=at, crls=self.revoked,
                required_usage=["digitalSignature"],
            )
            self.seconds += time.perf_counter() - started
            reasons = [reason.value for reason in found.reasons]
            # A list of revoked certificates counts in seconds: who left was still there in that one.
            if found.revoked_at is not None and at.replace(microsecond=0) <= found.revoked_at:
                reasons = [reason for reason in reasons if reason != "revoked"]
            self._paths[place] = ", ".join(reasons)
        return self._paths[place]

    def holds(self, certificate: Certificate, data: bytes, signature: str) -> bool:
        """True where the certificate's key made this signature (DER, hex) over these bytes."""
        started = time.perf_counter()
        try:
            key = self._keys.get(certificate.der) or self._keys.setdefault(certificate.der, certificate.public_key)
            return key.verify(data, bytes.fromhex(signature))
        except (SealError, ValueError):
            return False
        finally:
            self.seconds += time.perf_counter() - started
            self.checked += 1

    def crl_holds(self) -> bool:
        """True where every list of revoked certificates was signed by the issuing authority."""
        return all(row.holds_for(self.issuing) for row in self.revoked)


def instants(moments: Iterable[datetime]) -> Sequence[datetime]:
    """The first and the last of some instants: a certificate valid at both was valid between them."""
    ordered = sorted(moments)
    return ordered if len(ordered) < 2 else (ordered[0], ordered[-1])
