"""Verification of every signature of an OFD, and of what none of them covers."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from .. import der, times
from ..algorithms import WEAK, WRONG_NAMES, Bytes, Content, digest_name, is_bare_value
from ..errors import MalformedInput
from ..keys import pem_or_der
from ..limits import OverBudget
from ..report import (
    Reason,
    Remark,
    SignatureReport,
    Stamp,
    VerifyReport,
    remark,
    summarise,
    with_findings,
)
from ..seal.forms import read_signature
from ..signatures import Setting, data_reports, ses_report, signed_content
from ..trust import Court
from .document import Body, Document, Entry, numbers, read_document
from .package import Package
from .xml import Element, parse


@dataclass(slots=True)
class _Checked:
    """One signature: its reports, the files it protects, and the files that make it up."""

    reports: list[SignatureReport] = field(default_factory=list)
    covered: set[str] = field(default_factory=set)
    claimed: set[str] = field(default_factory=set)
    own: set[str] = field(default_factory=set)

    @property
    def intact(self) -> bool:
        return bool(self.reports) and all(r.intact for r in self.reports)


def verify_ofd(data: Bytes, court: Court) -> VerifyReport:
    """The report of a package; MalformedInput where it cannot be read as one."""
    document = read_document(Package.open(data, court.limits, court.budget))
    checked: list[_Checked] = []
    names = set()
    for body in document.bodies:
        for entry in body.entries:
            checked.append(_signature(document, body, entry, court))
        if body.signatures_file:
            names.add(body.signatures_file)
    if sum(len(b.entries) for b in document.bodies) > court.limits.signatures:
        raise MalformedInput("OFD.xml", "too many signatures")
    findings = [*document.findings, *document.package.findings]
    if checked:
        findings += _coverage(document, checked, names)
        _added_later(checked, names)
    else:
        findings += [remark(Reason.SIGNATURES_UNLINKED, file="/" + n) for n in document.package.names()
                     if n.lower().rpartition("/")[2] == "signatures.xml"]
    pages = [b.box[2:] for b in document.bodies for _ in b.pages][:1000]
    return summarise("ofd", court.at, [r for c in checked for r in c.reports], findings, pages)


def _coverage(document: Document, checked: Sequence[_Checked], lists: set[str]) -> list[Remark]:
    """What no intact signature protects: every file but the lists of signatures and what makes up a signature."""
    good = [c for c in checked if c.intact]
    # Where nothing holds the answer is given already; then only what nobody even claims is told.
    covered = set().union(*(c.covered for c in good)) if good else set().union(*(c.claimed for c in checked))
    exempt = lists.union(*(c.own for c in checked))
    open_files = [n for n in document.package.names() if n not in covered and n not in exempt]
    found = [remark(Reason.UNCOVERED_FILE, file="/" + n) for n in sorted(open_files)[:1000]]
    if document.root not in covered:
        found.insert(0, remark(Reason.OFD_XML_UNCOVERED))
    return found


def _added_later(checked: list[_Checked], lists: set[str]) -> None:
    """Tell each signature which files came after it and are protected only by a later one."""
    for place, one in enumerate(checked):
        later = [c for c in checked[place + 1:] if c.intact]
        if not later or not one.intact:
            continue
        parts = lists.union(one.own, *(c.own for c in checked))
        added = set().union(*(c.covered for c in later)) - one.covered - parts
        # A seal file that comes with a later signature belongs to that signature.
        added = {n for n in added if not n.lower().endswith(".esl")}
        if added:
            told = [remark(Reason.ADDED_AFTER_SIGNING, file="/" + n) for n in sorted(added)[:100]]
            one.reports[:] = [with_findings(r, told) for r in one.reports]


def _signature(document: Document, body: Body, entry: Entry, court: Court) -> _Checked:
    place = Setting(f"{entry.id} {entry.written}".strip(), covers=())
    kind = "seal_signature" if entry.type.lower() == "seal" else "signed_data"
    if entry.file is None:
        return _Checked([place.report(kind, "", reasons=[remark(Reason.FILE_MISSING, file=entry.written)])])
    result = _Checked(own={entry.file})
    package = document.package
    try:
        # Every copy of a duplicate name would have to be this one; the last is read, and the finding blocks.
        xml = package.read(entry.file, court.limits.xml_bytes)
        root = parse(xml, "/" + entry.file, court.limits)
        info = root.first("SignedInfo")
        references = info.first("References") if info else None
        written = root.value("SignedValue")
        if info is None or references is None or written is None:
            raise MalformedInput("/" + entry.file, "SignedInfo, References or SignedValue missing")
        reasons, findings = _references(document, entry.file, references, result, court)
        place = replace(place, reasons=tuple(reasons), findings=tuple(findings), stamps=tuple(_stamps(body, info)),
                        covers=tuple("/" + n for n in sorted(result.covered)), property_info=entry.file,
                        claimed=_claimed(info))
        where = document.find(entry.file, written)
        if where is None:
            result.reports.append(place.report(kind, "", reasons=[remark(Reason.FILE_MISSING, file=written)]))
            return result
        result.own.add(where)
        value = package.read(where, court.limits.seal_bytes)
        plain = _unwrapped(value)
        if plain != value:
            place = place.with_findings(remark(Reason.VENDOR_ENCODING, field="SignedValue"))
        place = place.with_findings(*_seal_file(document, entry.file, info, plain))
    except OverBudget:
        raise
    except MalformedInput as wrong:
        result.covered.clear()
        result.reports.append(place.report(kind, "", reasons=[remark(Reason.SIG_FORMAT, place=wrong.place)]))
        return result
    result.reports += _value(entry, plain, xml, court, place)
    return result


def _claimed(info: Element) -> datetime | None:
    try:
        return times.parse_text(info.value("SignatureDateTime") or "")
    except MalformedInput:
        return None


def _value(entry: Entry, value: bytes, xml: bytes, court: Court, place: Setting) -> list[SignatureReport]:
    if is_bare_value(value):
        return [place.report("sm2_value", "GM/T 0099-2020", reasons=[remark(Reason.SIG_BARE_VALUE)])]
    try:
        value = der.definite(value, "/SignedValue")
        head = der.parse(value, "/SignedValue").items(2, 5)[0]
    except MalformedInput as wrong:
        return [place.report("", "", reasons=[remark(Reason.SIG_FORMAT, place=wrong.place)])]
    sealed = head.tag != der.OID
    if sealed != (entry.type.lower() == "seal"):
        place = place.with_findings(remark(Reason.TYPE_DIFFERS, type=entry.type))
    if sealed:
        return [ses_report(value, Content(xml), court, place)]
    content, more = signed_content(value, Content(xml))
    return data_reports(value, content, court, place.with_reasons(*more))


def _unwrapped(value: bytes) -> bytes:
    """The DER of a signature value that a vendor wrote as base64 text or PEM."""
    text = value.strip()
    if text[:1] != b"M" and not text.startswith(b"-----BEGIN "):
        return value
    try:
        return pem_or_der(text) if text[:1] == b"-" else base64.b64decode(b"".join(text.split()), validate=True)
    except (binascii.Error, ValueError, MalformedInput):
        return value


def _references(document: Document, base: str, references: Element, result: _Checked, court: Court
                ) -> tuple[list[Remark], list[Remark]]:
    """Recompute every digest; fills ``result.covered`` with the files whose digest holds."""
    listed = references.all("Reference")
    if len(listed) > court.limits.references:
        raise MalformedInput("/" + base, "too many references")
    written = references.attributes.get("CheckMethod")
    reasons: list[Remark] = []
    findings: list[Remark] = []
    if written and written.strip() in WRONG_NAMES:
        findings.append(remark(Reason.WRONG_CHECK_METHOD, method=written))
    for node in listed:
        court.budget.check("/" + base)
        path = node.attributes.get("FileRef") or ""
        expected = _check_value(node.value("CheckValue") or "", findings)
        algorithm = digest_name(written, len(expected))
        if algorithm is None:
            reasons.append(remark(Reason.ALGORITHM_UNSUPPORTED, method=written or ""))
            break
        if not written:
            findings.append(remark(Reason.WRONG_CHECK_METHOD, method=""))
        if algorithm in WEAK:
            findings.append(remark(Reason.WEAK_ALGORITHM, method=written))
        found = document.package.resolve(base, path)
        if found is None:
            reasons.append(remark(Reason.FILE_MISSING, file=path))
            continue
        if found.tolerated:
            findings.append(remark(Reason.PATH_TOLERATED, file=path, how=found.tolerated))
        result.claimed.add(found.name)
        try:
            same = all(hmac.compare_digest(d, expected) for d in document.package.digests(found.name, algorithm))
        except OverBudget:
            raise
        except MalformedInput:
            same = False
        if same:
            result.covered.add(found.name)
        else:
            reasons.append(remark(Reason.FILE_DIGEST, file="/" + found.name))
    return reasons, findings


def _check_value(text: str, findings: list[Remark]) -> bytes:
    """A digest in base64; in hexadecimal where a vendor wrote that."""
    plain = "".join(text.split())
    try:
        if len(plain) in (40, 64) and plain.isalnum():
            found = bytes.fromhex(plain)
            findings.append(remark(Reason.VENDOR_ENCODING, field="CheckValue"))
            return found
        return base64.b64decode(plain, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _stamps(body: Body, info: Element) -> list[Stamp]:
    numbers_of = {p.id: p.number for p in body.pages}
    stamps = []
    for node in info.all("StampAnnot")[:2000]:
        box = numbers(node.attributes.get("Boundary"), 4)
        clip = numbers(node.attributes.get("Clip"), 4)
        if box is not None:
            stamps.append(Stamp(numbers_of.get(node.attributes.get("PageRef", ""), 0), box[0], box[1], box[2], box[3],
                                (clip[0], clip[1], clip[2], clip[3]) if clip else None))
    return stamps


def _seal_file(document: Document, base: str, info: Element, value: bytes) -> list[Remark]:
    """Whether the Seal.esl beside the signature is the seal inside it."""
    node = info.first("Seal")
    link = node.value("BaseLoc") if node else None
    if not link:
        return []
    where = document.find(base, link)
    if where is None:
        return [remark(Reason.FILE_MISSING, file=link)]
    try:
        inside = read_signature(value).seal.raw
    except MalformedInput:
        return []
    beside = document.package.read(where, document.package.limits.seal_bytes)
    return [] if hmac.compare_digest(beside, inside) else [remark(Reason.SEAL_FILE_DIFFERS, file="/" + where)]


