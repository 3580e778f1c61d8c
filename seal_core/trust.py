"""Whom to believe: trust stores, and what a certificate's chain says of one signer at one instant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from . import names
from .algorithms import Content
from .certificates import Certificate, PathReason, PathResult, RevocationList, validate_path
from .errors import Code, MalformedInput, SealError
from .keys import pem_blocks
from .limits import DEFAULT, Budget, Limits
from .ocsp import OCSPAnswer
from .report import Party, Reason, Remark, remark
from .timestamp import verify_stamp

SKEW = timedelta(minutes=15)
_TIMES = {PathReason.NOT_YET_VALID, PathReason.EXPIRED}
_SIGNS = frozenset({"digitalSignature", "nonRepudiation"})


@dataclass(frozen=True, slots=True)
class TrustStore:
    """Anchors, further certificates that help to build chains, and revocation lists."""

    anchors: tuple[Certificate, ...] = ()
    pool: tuple[Certificate, ...] = ()
    crls: tuple[RevocationList, ...] = ()
    answers: tuple[OCSPAnswer, ...] = ()

    @classmethod
    def load(cls, paths: Iterable[Path]) -> TrustStore:
        """From files and folders of PEM or DER (``.pem .crt .cer .der .crl``, and ``.ors`` for OCSP responses).

        Every certificate is an anchor.
        """
        anchors: list[Certificate] = []
        crls: list[RevocationList] = []
        answers: list[OCSPAnswer] = []
        for path in paths:
            kinds = (".pem", ".crt", ".cer", ".der", ".crl", ".ors")
            files = sorted(f for f in path.iterdir() if f.suffix.lower() in kinds) if path.is_dir() else [path]
            for file in files:
                data = file.read_bytes()
                if file.suffix.lower() == ".ors":
                    answers.append(OCSPAnswer.from_der(data))
                    continue
                blocks = pem_blocks(data) if b"-----BEGIN " in data else [
                    ("X509 CRL" if file.suffix.lower() == ".crl" else "CERTIFICATE", data)]
                anchors += [Certificate.from_der(b) for label, b in blocks if label == "CERTIFICATE"]
                crls += [RevocationList.from_der(b) for label, b in blocks if label == "X509 CRL"]
        return cls(tuple(anchors), (), tuple(crls), tuple(answers))


Trust = TrustStore | Path | Iterable[Certificate]


def party(certificate: Certificate) -> Party:
    """The holder of a certificate, as a report shows it."""
    issuer = [v for k, v in certificate.issuer if k == "CN"] or [v for _, v in certificate.issuer]
    organisation = next((v for k, v in certificate.subject if k == "O"), "")
    return Party(certificate.common_name, organisation, certificate.credit_code, f"{certificate.serial:x}",
                 issuer[0] if issuer else "", certificate.not_before, certificate.not_after,
                 certificate.is_trial)


@dataclass(frozen=True, slots=True)
class Standing:
    """What the chain of one certificate says at one instant."""

    chained: bool
    usable: bool
    in_time: bool
    status_known: bool
    revoked_at: datetime | None
    expired_since: bool
    trial: bool
    why: str


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """A timestamp: its time where it may be believed, else the reasons."""

    time: datetime | None
    reasons: tuple[Remark, ...]
    trial: bool = False
    signer: Party | None = None


@dataclass(slots=True)
class Court:
    """One verification's view: whom to trust, the instant of asking, and what it may cost."""

    store: TrustStore
    at: datetime
    limits: Limits = DEFAULT
    budget: Budget = field(default_factory=lambda: Budget(DEFAULT, 0))
    second: str | None = None
    require_status: bool = False
    _paths: dict[tuple[bytes, datetime], PathResult] = field(default_factory=dict)

    @classmethod
    def of(cls, trust: Trust, at: datetime, *, limits: Limits = DEFAULT, size: int = 0, second: str | None = None,
           require_status: bool = False) -> Court:
        if at.tzinfo is None:
            raise SealError(Code.ARGUMENT, at="needs a time zone")
        if isinstance(trust, Path):
            trust = TrustStore.load([trust])
        store = trust if isinstance(trust, TrustStore) else TrustStore(tuple(trust))
        return cls(store, at, limits, Budget(limits, size), second, require_status)

    def standing(self, certificate: Certificate, when: datetime, pool: Sequence[Certificate] = (),
                 *, purpose: frozenset[str] = _SIGNS) -> Standing:
        """The certificate at ``when``; ``purpose``: any of these key usages will do."""
        self.budget.check("chain")
        key = (certificate.der, when)
        path = self._paths.get(key)
        if path is None:
            try:
                path = validate_path(certificate, trust=self.store.anchors, pool=[*self.store.pool, *pool],
                                     crls=self.store.crls, answers=self.store.answers, at=when,
                                     require_status=self.require_status)
            except SealError as wrong:  # an extension or a key that cannot be read
                return Standing(False, True, True, True, None, False, False, str(wrong))
            self._paths[key] = path
        broken = [r for r in path.reasons
                  if r not in _TIMES and r not in (PathReason.REVOKED, PathReason.STATUS_UNKNOWN)]
        usage = certificate.key_usage
        trial = any(c.is_trial or any(names.TRIAL in v for _, v in c.subject) for c in path.chain)
        return Standing(
            not broken, not usage or bool(usage & purpose), path.time_valid,
            PathReason.STATUS_UNKNOWN not in path.reasons, path.revoked_at,
            any(self.at > c.not_after for c in path.chain), trial and not broken,
            ", ".join(r.value for r in broken))

    def signer(self, certificate: Certificate, when: datetime | None, pool: Sequence[Certificate] = (),
               ) -> tuple[list[Remark], list[Remark], bool]:
        """D3 and D4 for a signer: reasons, findings, and whether the chain is a trial one."""
        reasons: list[Remark] = []
        findings: list[Remark] = []
        found = self.standing(certificate, when or self.at, pool)
        if not found.chained:
            reasons.append(remark(Reason.SIGNER_CHAIN, why=found.why))
        if not found.usable:
            reasons.append(remark(Reason.SIGNER_KEYUSAGE))
        if when is None:
            reasons.append(remark(Reason.SIGN_TIME_MISSING))
        elif not found.in_time:
            reasons.append(remark(Reason.SIGN_TIME_OUT_OF_CERT, signed_at=when))
        elif when > self.at + SKEW:
            reasons.append(remark(Reason.SIGN_TIME_IN_FUTURE, signed_at=when))
        elif found.expired_since:
            findings.append(remark(Reason.EXPIRED_AFTER_SIGNING, not_after=certificate.not_after))
        if found.revoked_at is not None:
            if when is None or found.revoked_at <= when:
                reasons.append(remark(Reason.SIGNER_REVOKED_BEFORE_SIGN, revoked_at=found.revoked_at))
            elif found.revoked_at <= self.at:
                findings.append(remark(Reason.REVOKED_AFTER_SIGNING, revoked_at=found.revoked_at))
        if not found.status_known:
            reasons.append(remark(Reason.SIGNER_STATUS_UNKNOWN))
        if found.trial:
            findings.append(remark(Reason.TRIAL_CHAIN, certificate=certificate.common_name))
        return reasons, findings, found.trial

    def token(self, token: bytes, data: bytes | Content, pool: Sequence[Certificate] = (), *,
              free_imprint: bool = False) -> TokenAnswer:
        """A timestamp token over ``data``; with ``free_imprint`` its imprint may also be ``data`` itself."""
        try:
            result = verify_stamp(token, data)
        except MalformedInput as wrong:
            return TokenAnswer(None, (remark(Reason.TIMESTAMP_FORMAT, place=wrong.place),))
        who = party(result.certificate) if result.certificate else None
        intact = result.intact or (free_imprint and result.signature_holds and result.imprint == data)
        if not intact and free_imprint and result.signature_holds:
            return TokenAnswer(None, (remark(Reason.TIMESTAMP_FORMAT, place="imprint"),), signer=who)
        if not intact or not result.purpose:
            return TokenAnswer(None, (remark(Reason.TIMESTAMP_VALUE),), signer=who)
        if result.certificate is None:
            return TokenAnswer(None, (remark(Reason.TIMESTAMP_CHAIN, why="no certificate"),))
        found = self.standing(result.certificate, result.time, [*pool, *result.chain])
        if not found.chained or not found.in_time or not found.usable or (
                found.revoked_at is not None and found.revoked_at <= result.time):
            return TokenAnswer(None, (remark(Reason.TIMESTAMP_CHAIN, why=found.why or "time or revocation"),),
                               signer=who)
        return TokenAnswer(result.time, (), found.trial, who)
