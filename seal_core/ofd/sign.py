"""Signing an OFD: with a seal on one page, several or along the edges, or without one; later signatures on top."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from datetime import UTC, datetime

from ..algorithms import Bytes
from ..certificates import Certificate
from ..cms import SM3_OID, sign_data
from ..errors import Code, MalformedInput, SealError
from ..keys import Signer
from ..limits import DEFAULT, Limits
from ..names import SM2_SM3
from ..placement import Placement, written
from ..report import Reason
from ..seal.forms import Seal
from ..seal.make import Stamper, sign_with_seal
from ..sm import sm3
from .document import Body, Document, read_document
from .package import Package
from .write import pack
from .xml import Element, document, element, parse

_UNSAFE = {Reason.DUPLICATE_NAME, Reason.PATH_OUTSIDE}


def ofd_page_sizes(data: Bytes, *, limits: Limits = DEFAULT) -> list[tuple[float, float]]:
    """Width and height in mm of each page of the first document."""
    read = read_document(Package.open(data, limits))
    return [read.page_size(read.bodies[0], p) for p in read.bodies[0].pages]


def sign_ofd(data: Bytes, *, signer: Signer, certificate: Certificate, now: datetime, seal: Seal | None = None,
             placements: Sequence[Placement] = (), lock: bool = False, attributes: bool = False,
             stamper: Stamper | None = None, limits: Limits = DEFAULT) -> bytes:
    """The package with one more signature, covering every file that is in it.

    With ``seal`` the signature is a SES_Signature, shown at ``placements``; without, a GB/T 35275 SignedData
    (``attributes``: detached with signed attributes; else it carries the digest). ``lock`` covers the list of
    signatures too, so that no later signature is possible. ARGUMENT where the package is locked already, a page
    does not exist, or the package holds what no signature may cover (duplicate names, paths outside).
    """
    package = Package.open(data, limits)
    read = read_document(package)
    if any(f.code in _UNSAFE for f in package.findings):
        raise SealError(Code.ARGUMENT, why="duplicate names or paths outside the package")
    if (seal is None and placements) or len(placements) > 2000:
        raise SealError(Code.ARGUMENT, why="placements")
    body = read.bodies[0]
    files = {name: package.read(name) for name in package.names()}
    _refuse_locked(read, files, limits)
    where = body.signatures_file
    if where is None:
        where = f"{body.document.rpartition('/')[0] or 'Doc_0'}/Signs/Signatures.xml"
        if where in files:
            raise SealError(Code.ARGUMENT, why="an unlinked list of signatures is in the way", file=where)
        files[read.root] = _link(files[read.root], "/" + where)
    number, write_id = _ids(read, body, files, limits)
    folder = _folder(where, files)
    stamps = []
    for place, spot in enumerate(placements, start=1):
        stamps.append(_stamp(body, spot, seal, write_id(number + place)))
    kind = "Sign" if seal is None else "Seal"
    own = f"{folder}/Signature.xml"
    files[where] = _list(files.get(where), write_id(number), kind, "/" + own, write_id(number + len(stamps)), limits)
    if seal is not None:
        files[f"{folder}/Seal.esl"] = seal.raw
    covered = {n: d for n, d in files.items() if lock or n != where}
    xml = _signature_xml(covered, folder, stamps, seal is not None, now)
    files[own] = xml
    files[f"{folder}/SignedValue.dat"] = _value(xml, own, seal, signer, certificate, now, attributes, stamper)
    return pack(files)


def _value(xml: bytes, own: str, seal: Seal | None, signer: Signer, certificate: Certificate, now: datetime,
           attributes: bool, stamper: Stamper | None) -> bytes:
    if seal is not None:
        return sign_with_seal(seal, sm3(xml), "/" + own, signer, certificate, now=now, stamper=stamper).raw
    if not certificate.not_before <= now <= certificate.not_after:
        raise SealError(Code.ARGUMENT, why="the signer's certificate is not in force", at=now.isoformat())
    if attributes:
        return sign_data(xml, signer, certificate, detached=True, signed_at=now)
    return sign_data(sm3(xml), signer, certificate)


def _refuse_locked(read: Document, files: dict[str, bytes], limits: Limits) -> None:
    lists = {b.signatures_file for b in read.bodies}
    for body in read.bodies:
        for entry in body.entries:
            if entry.file is None:
                continue
            root = parse(files[entry.file], "/" + entry.file, limits)
            for node in root.walk():
                if node.name == "Reference":
                    found = read.package.resolve(entry.file, node.attributes.get("FileRef", ""))
                    if found is not None and found.name in lists:
                        raise SealError(Code.ARGUMENT, why="locked by an earlier signature", signature=entry.id)


def _link(xml: bytes, path: str) -> bytes:
    """OFD.xml with the link to the list of signatures, everything else verbatim."""
    xml = xml.lstrip(b" \t\r\n")
    try:
        xml.decode("utf-8")
    except UnicodeDecodeError as wrong:
        raise SealError(Code.ARGUMENT, why="OFD.xml is not UTF-8") from wrong
    body = parse(xml, "/OFD.xml").first("DocBody")
    anchor = None if body is None else body.first("Versions") or body.first("DocRoot")
    head = re.match(rb"<([A-Za-z_][\w.-]*:)?", xml[anchor.start :]) if anchor else None
    closing = xml.find(b">", anchor.end) + 1 if anchor else 0
    if anchor is None or head is None or closing <= 0:
        raise MalformedInput("/OFD.xml", "no DocRoot")
    prefix = (head[1] or b"").decode()
    made = f"<{prefix}Signatures>{path}</{prefix}Signatures>".encode()
    return xml[:closing] + made + xml[closing:]


def _digits(text: str | None) -> int:
    found = re.search(r"(\d{1,9})$", text or "")
    return int(found[1]) if found else 0


def _ids(read: Document, body: Body, files: dict[str, bytes], limits: Limits) -> tuple[int, _Ids]:
    """The next free number, and how IDs are written in this list: sNNN, or plain where they are plain."""
    used = [_digits(body.max_id), *(_digits(e.id) for e in body.entries)]
    for entry in body.entries:
        if entry.file is not None:
            root = parse(files[entry.file], "/" + entry.file, limits)
            used += [_digits(n.attributes.get("ID")) for n in root.walk() if n.name == "StampAnnot"]
    plain = bool(body.entries) and all(e.id.isdigit() for e in body.entries)
    return max(used) + 1, _Ids(plain)


class _Ids:
    def __init__(self, plain: bool) -> None:
        self._plain = plain

    def __call__(self, number: int) -> str:
        return str(number) if self._plain else f"s{number:03d}"


def _folder(where: str, files: dict[str, bytes]) -> str:
    base = where.rpartition("/")[0]
    taken = {n.lower() for n in files}
    place = 0
    while any(n.startswith(f"{base}/Sign_{place}/".lower()) for n in taken):
        place += 1
    return f"{base}/Sign_{place}" if base else f"Sign_{place}"


def _stamp(body: Body, spot: Placement, seal: Seal | None, own_id: str) -> str:
    page = next((p for p in body.pages if p.number == spot.page), None)
    if page is None or seal is None:
        raise SealError(Code.ARGUMENT, why="no such page", page=spot.page)
    box = written(spot.x, spot.y, seal.info.width_mm, seal.info.height_mm)
    return element("StampAnnot", ID=own_id, PageRef=page.id, Boundary=box,
                   Clip=written(*spot.clip) if spot.clip else None)


def _list(existing: bytes | None, own_id: str, kind: str, path: str, last_id: str, limits: Limits) -> bytes:
    """Signatures.xml with one more line."""
    lines = []
    if existing is not None:
        root: Element = parse(existing, "Signatures.xml", limits)
        lines = [element("Signature", **{k: v for k, v in n.attributes.items() if k in (
            "ID", "Type", "BaseLoc", "Relative")}) for n in root.all("Signature")]
    lines.append(element("Signature", ID=own_id, Type=kind, BaseLoc=path))
    return document("Signatures", element("MaxSignId", text=last_id), *lines)


def _signature_xml(covered: dict[str, bytes], folder: str, stamps: Sequence[str], sealed: bool, now: datetime
                   ) -> bytes:
    references = [element("Reference", element("CheckValue", text=base64.b64encode(sm3(data)).decode()),
                          FileRef="/" + name) for name, data in covered.items()]
    info = element(
        "SignedInfo", element("Provider", ProviderName="seal_core", Version="1.0"),
        element("SignatureMethod", text=SM2_SM3),
        element("SignatureDateTime", text=now.astimezone(UTC).strftime("%Y%m%d%H%M%SZ")),
        element("References", *references, CheckMethod=SM3_OID), *stamps,
        element("Seal", element("BaseLoc", text=f"/{folder}/Seal.esl")) if sealed else "")
    return document("Signature", info, element("SignedValue", text=f"/{folder}/SignedValue.dat"))
