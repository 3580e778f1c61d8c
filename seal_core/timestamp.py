"""SM3 timestamps in the form of RFC 3161, from a trial authority, and their verification."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime

from . import der, sm, times
from .algorithms import Content, digest_name
from .certificates import Certificate
from .cms import SM3_OID, sign_data, verify_data
from .errors import MalformedInput
from .keys import Signer

TST_INFO = "1.2.840.113549.1.9.16.1.4"
TIME_STAMPING = "1.3.6.1.5.5.7.3.8"
TRIAL_POLICY = "2.5.29.32.0"  # anyPolicy: a trial authority promises no policy of its own


@dataclass(frozen=True, slots=True)
class TimestampResult:
    """``intact``: signature and imprint hold. ``purpose``: the certificate may stamp times. Trust is apart."""

    intact: bool
    purpose: bool
    time: datetime
    certificate: Certificate | None
    chain: tuple[Certificate, ...] = ()
    imprint: bytes = b""
    signature_holds: bool = False


def stamp(data: bytes, signer: Signer, certificate: Certificate, *, now: datetime) -> bytes:
    """A token over SM3(``data``) at ``now``."""
    imprint = der.seq(der.seq(der.oid(SM3_OID), der.null()), der.octets(sm.sm3(data)))
    info = der.seq(der.integer(1), der.oid(TRIAL_POLICY), imprint,
                   der.integer(int.from_bytes(secrets.token_bytes(15), "big")), der.generalized(now))
    return sign_data(info, signer, certificate, signed_at=now, standard_oids=True, content_type=TST_INFO,
                     name_certificate=True)


def _token(data: bytes) -> bytes:
    """The token itself, also out of a whole TimeStampResp (status, token)."""
    parts = der.parse(data, "timestamp").items(1, 2)
    return parts[1].raw if len(parts) == 2 and parts[0].tag == der.SEQUENCE else data


def verify_stamp(token: bytes, data: bytes | Content) -> TimestampResult:
    """Verify a token over ``data``; MalformedInput where it is not a timestamp."""
    signed = verify_data(_token(token))
    if signed.content_type != TST_INFO or signed.content is None:
        raise MalformedInput("timestamp", "not a TSTInfo")
    parts = der.parse(signed.content, "timestamp").items(5, 10)
    algorithm, value = parts[2].items(2, 2)
    name = digest_name(algorithm.items(1, 2)[0].dotted())
    if name is None:
        raise MalformedInput("timestamp", "digest algorithm")
    imprint = value.expect(der.OCTETS).content
    same = hmac.compare_digest(imprint, (Content(data) if isinstance(data, bytes) else data).digest(name))
    certificate = signed.certificate
    usage = certificate.extensions.get("2.5.29.37") if certificate else None
    purpose = usage is not None and TIME_STAMPING in [
        n.dotted() for n in der.parse(usage[1], "extended_key_usage").items(1, 50)]
    return TimestampResult(signed.intact and same, purpose, times.read(parts[4])[0], certificate,
                           signed.certificates, imprint, signed.intact)
