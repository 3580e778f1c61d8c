"""A trial certificate authority: root and issuing CA, dual certificates, CRL and OCSP. Pure: bytes in and out."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from . import der, names
from .certificates import CSR, Certificate, Profile, parse_csr
from .errors import Code, MalformedInput, SealError
from .keys import PrivateKey, PublicKey, Signer, envelop_key, open_enveloped_key, pem_blocks, pem_encode

_USAGE: dict[Profile, tuple[str, ...]] = {
    Profile.UNIT_SIGNING: ("digitalSignature", "nonRepudiation"),
    Profile.PERSON_SIGNING: ("digitalSignature", "nonRepudiation"),
    Profile.UNIT_ENCRYPTION: ("keyEncipherment", "dataEncipherment", "keyAgreement"),
    Profile.PERSON_ENCRYPTION: ("keyEncipherment", "dataEncipherment", "keyAgreement"),
    Profile.TSA: ("digitalSignature",),
    Profile.OCSP: ("digitalSignature",),
    Profile.CA: ("keyCertSign", "cRLSign"),
}
_EKU = {Profile.TSA: "1.3.6.1.5.5.7.3.8", Profile.OCSP: "1.3.6.1.5.5.7.3.9"}
OCSP_BASIC = "1.3.6.1.5.5.7.48.1.1"
_STATE = "TRIAL CA STATE"


def _key_id(key: PublicKey) -> bytes:
    return hashlib.new("sm3", key.to_bytes()).digest()[:20]


def issue(*, issuer_name: bytes, signer: Signer, subject: bytes, key: PublicKey, profile: Profile,
          not_before: datetime, not_after: datetime, credit_code: str | None = None,
          path_length: int | None = None) -> Certificate:
    """One certificate with a random serial, signed by ``signer``."""
    ca = profile is Profile.CA
    basic = der.seq(*([der.boolean(True)] if ca else []),
                    *([der.integer(path_length)] if path_length is not None else []))
    ext = [
        names.extension("2.5.29.35", der.seq(der.tlv(0x80, _key_id(signer.public_key)))),
        names.extension("2.5.29.14", der.octets(_key_id(key))),
        names.extension("2.5.29.19", basic, critical=True),
        names.extension("2.5.29.15", names.key_usage(_USAGE[profile]), critical=True),
    ]
    if profile in _EKU:
        ext.append(names.extension("2.5.29.37", der.seq(der.oid(_EKU[profile])), critical=True))
    if credit_code:
        ext.append(names.extension(names.CREDIT_CODE, der.tlv(der.PRINTABLE, credit_code.encode("ascii"))))
    serial = int.from_bytes(secrets.token_bytes(16), "big") | 1 << 120
    times = [der.utc_time(t) if t.year < 2050 else der.generalized(t) for t in (not_before, not_after)]
    tbs = der.seq(der.tlv(0xA0, der.integer(2)), der.integer(serial), names.ALGORITHM, issuer_name,
                  der.seq(*times), subject, key.to_der(), der.tlv(0xA3, der.seq(*ext)))
    return Certificate.from_der(der.seq(tbs, names.ALGORITHM, der.bits(signer.sign(tbs))))


@dataclass(frozen=True, slots=True)
class CertificatePair:
    """Signing and encryption certificate of one subject; the encryption key enveloped to the signing key."""

    signing: Certificate
    encryption: Certificate
    enveloped_key: bytes

    def to_csr_response(self) -> bytes:
        """CSRResponse of GM/T 0092."""
        return der.seq(der.tlv(der.SET, self.signing.der), der.tlv(0xA0, der.parse(self.enveloped_key).content),
                       der.tlv(0xA1, self.encryption.der))

    @classmethod
    def from_csr_response(cls, data: bytes) -> CertificatePair:
        """Read a CSRResponse of GM/T 0092 that holds one certificate of each kind."""
        signing, enveloped, encryption = der.parse(data, "csr_response").items(3, 3)
        held = signing.items(1, 1, der.SET)
        return cls(
            Certificate.from_der(held[0].raw),
            Certificate.from_der(encryption.expect(0xA1).content),
            der.tlv(der.SEQUENCE, enveloped.expect(0xA0).content),
        )

    def open_key(self, key: PrivateKey) -> PrivateKey:
        return open_enveloped_key(self.enveloped_key, key)


@dataclass(slots=True)
class TrialCA:
    """The trial authority. ``issued`` and ``revoked`` are its records; the caller guards concurrent writes."""

    root: Certificate
    certificate: Certificate
    root_key: PrivateKey = field(repr=False)
    key: PrivateKey = field(repr=False)
    issued: set[int] = field(default_factory=set)
    revoked: dict[int, tuple[datetime, int]] = field(default_factory=dict)
    crl_number: int = 0

    @classmethod
    def create(cls, name: str, *, now: datetime, years: int = 10) -> TrialCA:
        """Root and issuing CA named ``name``; 试用 is added where the name does not say it."""
        shown = name if names.TRIAL in name else name + names.TRIAL
        root_key, key = PrivateKey.generate(), PrivateKey.generate()
        root_name = names.build_name({"C": "CN", "O": shown, "CN": shown + names.TRIAL_ROOT})
        own_name = names.build_name({"C": "CN", "O": shown, "CN": shown + names.TRIAL_ISSUING})
        end = now + timedelta(days=365 * years)
        root = issue(issuer_name=root_name, signer=root_key, subject=root_name, key=root_key.public_key,
                     profile=Profile.CA, not_before=now, not_after=end)
        own = issue(issuer_name=root_name, signer=root_key, subject=own_name, key=key.public_key,
                    profile=Profile.CA, not_before=now, not_after=end, path_length=0)
        return cls(root, own, root_key, key)

    @property
    def chain(self) -> tuple[Certificate, Certificate]:
        return self.certificate, self.root

    def to_pem(self, password: bytes) -> bytes:
        """Certificates, records and both keys; the keys under ``password``."""
        records = {"issued": [str(s) for s in sorted(self.issued)], "crl_number": self.crl_number,
                   "revoked": {str(s): [t.isoformat(), r] for s, (t, r) in self.revoked.items()}}
        return (self.root.to_pem() + self.certificate.to_pem() + self.root_key.to_pem(password)
                + self.key.to_pem(password) + pem_encode(_STATE, json.dumps(records).encode()))

    @classmethod
    def from_pem(cls, data: bytes, password: bytes) -> TrialCA:
        blocks = pem_blocks(data)
        certificates = [Certificate.from_der(b) for n, b in blocks if n == "CERTIFICATE"]
        keys = [PrivateKey.from_pem(pem_encode(n, b), password) for n, b in blocks if n.endswith("PRIVATE KEY")]
        state = [b for n, b in blocks if n == _STATE]
        if (len(certificates), len(keys), len(state)) != (2, 2, 1):
            raise MalformedInput("trial_ca", "blocks")
        try:
            records = json.loads(state[0])
            revoked = {int(s): (datetime.fromisoformat(t), int(r)) for s, (t, r) in records["revoked"].items()}
            issued, number = {int(s) for s in records["issued"]}, int(records["crl_number"])
        except (ValueError, KeyError, TypeError) as wrong:
            raise MalformedInput("trial_ca", "records") from wrong
        return cls(certificates[0], certificates[1], keys[0], keys[1], issued, revoked, number)

    def _issue(self, subject: bytes, key: PublicKey, profile: Profile, now: datetime, days: int,
               credit_code: str | None) -> Certificate:
        made = issue(issuer_name=self.certificate.subject_der, signer=self.key, subject=subject, key=key,
                     profile=profile, not_before=now, credit_code=credit_code,
                     not_after=min(now + timedelta(days=days), self.certificate.not_after))
        self.issued.add(made.serial)
        return made

    def issue_signing(self, csr: bytes | CSR, *, now: datetime, days: int = 365, credit_code: str | None = None,
                      subject: dict[str, str] | None = None,
                      profile: Profile = Profile.UNIT_SIGNING) -> Certificate:
        """A certificate for the request's key (also a renewal or re-key); CSRRefused with the reason."""
        if profile is Profile.CA:
            raise SealError(Code.ARGUMENT, profile=profile)
        asked = csr if isinstance(csr, CSR) else parse_csr(csr)
        name = names.build_name(subject) if subject else asked.subject_der
        return self._issue(name, asked.public_key, profile, now, days, credit_code)

    def issue_pair(self, csr: bytes | CSR, *, now: datetime, days: int = 365, credit_code: str | None = None,
                   subject: dict[str, str] | None = None, person: bool = False) -> CertificatePair:
        """Both certificates; the encryption key is made here and leaves only enveloped."""
        asked = csr if isinstance(csr, CSR) else parse_csr(csr)
        one, two = ((Profile.PERSON_SIGNING, Profile.PERSON_ENCRYPTION) if person
                    else (Profile.UNIT_SIGNING, Profile.UNIT_ENCRYPTION))
        signing = self.issue_signing(asked, now=now, days=days, credit_code=credit_code, subject=subject,
                                     profile=one)
        key = PrivateKey.generate()
        encryption = self._issue(signing.subject_der, key.public_key, two, now, days, credit_code)
        return CertificatePair(signing, encryption, envelop_key(key, asked.public_key))

    def revoke(self, serial: int, *, now: datetime, reason: int = 0) -> None:
        """Revoke for good; ``reason`` is the CRLReason of RFC 5280. SERIAL_UNKNOWN for a stranger's."""
        if serial not in self.issued:
            raise SealError(Code.SERIAL_UNKNOWN, serial=serial)
        if reason not in (0, 1, 2, 3, 4, 5, 9, 10):
            raise SealError(Code.ARGUMENT, reason=reason)
        self.revoked.setdefault(serial, (now.astimezone(UTC), reason))

    def crl(self, *, now: datetime, days: int = 7) -> bytes:
        """The CRL of the issuing CA, in DER."""
        self.crl_number += 1
        entries = [
            der.seq(der.integer(s), der.utc_time(t),
                    *([der.seq(names.extension("2.5.29.21", der.tlv(0x0A, bytes([r]))))] if r else []))
            for s, (t, r) in sorted(self.revoked.items())
        ]
        ext = der.seq(names.extension("2.5.29.35", der.seq(der.tlv(0x80, _key_id(self.key.public_key)))),
                      names.extension("2.5.29.20", der.integer(self.crl_number)))
        tbs = der.seq(der.integer(1), names.ALGORITHM, self.certificate.subject_der, der.utc_time(now),
                      der.utc_time(now + timedelta(days=days)), *([der.seq(*entries)] if entries else []),
                      der.tlv(0xA0, ext))
        return der.seq(tbs, names.ALGORITHM, der.bits(self.key.sign(tbs)))

    def ocsp_respond(self, request: bytes, *, now: datetime) -> bytes:
        """The OCSP response (RFC 6960) to a DER request: good, revoked (since when) or unknown."""
        try:
            tbs = der.parse(request, "ocsp").items(1, 2)[0].items(1, 4)
            asked = [r.items(1, 2)[0] for r in next(p for p in tbs if p.tag == der.SEQUENCE).items(1, 100)]
            singles = [self._single(c, now) for c in asked]
        except (MalformedInput, StopIteration):
            return der.seq(der.tlv(0x0A, b"\1"))
        ext = [e for p in tbs if p.tag == 0xA2 for e in p.items(1, 1, 0xA2)[0].items(0, 20)
               if e.items(2, 3)[0].dotted() == "1.3.6.1.5.5.7.48.1.2"]
        data = der.seq(der.tlv(0xA1, self.certificate.subject_der), der.generalized(now), der.seq(*singles),
                       *([der.tlv(0xA1, der.seq(ext[0].raw))] if ext else []))
        basic = der.seq(data, names.ALGORITHM, der.bits(self.key.sign(data)),
                        der.tlv(0xA0, der.seq(self.certificate.der)))
        return der.seq(der.tlv(0x0A, b"\0"),
                       der.tlv(0xA0, der.seq(der.oid(OCSP_BASIC), der.octets(basic))))

    def _single(self, asked: der.Node, now: datetime) -> bytes:
        algorithm, name, key, number = asked.items(4, 4)
        serial = number.int()
        hashes = {"1.3.14.3.2.26": "sha1", "2.16.840.1.101.3.4.2.1": "sha256", "1.2.156.10197.1.401": "sm3"}
        kind = hashes.get(algorithm.items(1, 2)[0].dotted())
        ours = kind is not None and (
            hashlib.new(kind, self.certificate.subject_der).digest() == name.content
            and hashlib.new(kind, self.key.public_key.to_bytes()).digest() == key.content
        )
        if not ours or serial not in self.issued:
            status = der.tlv(0x82, b"")
        elif serial in self.revoked:
            since, reason = self.revoked[serial]
            why = der.tlv(0xA0, der.tlv(0x0A, bytes([reason]))) if reason else b""
            status = der.tlv(0xA1, der.generalized(since) + why)
        else:
            status = der.tlv(0x80, b"")
        return der.seq(asked.raw, status, der.generalized(now))
