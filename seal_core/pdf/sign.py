"""Signing a PDF in three of the profiles in use, with a visible seal; every signature is a revision of its own."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from ..algorithms import Bytes
from ..certificates import Certificate
from ..cms import sign_data
from ..errors import Code, SealError
from ..keys import Signer
from ..limits import DEFAULT, Budget, Limits
from ..placement import Placement
from ..seal.forms import Seal
from ..seal.make import Stamper, sign_with_seal
from .reader import Pdf, at, library, reading
from .stamp import Picture, rectangle, rotation, shown_size


class PdfProfile(StrEnum):
    """How the signature is held; the value is Filter/SubFilter."""

    STANDARD = "Adobe.PPKLite/adbe.pkcs7.detached"  # CMS with signed attributes
    DIANJU = "DJ.GMPkiLite/GM.sm2cms.detached"  # GB/T 35275 that carries the digest
    SEAL = "Gomain.GMPkiLite/GM.sm2seal"  # SES_Signature


def pdf_page_sizes(data: Bytes, *, limits: Limits = DEFAULT) -> list[tuple[float, float]]:
    """Width and height in mm of each page as it is shown."""
    pdf = Pdf.open(data, limits, Budget(limits, len(data)))
    with reading("pdf.pages"):
        return [shown_size(raw.get_object()) for raw in pdf.pages(pdf.reader.root)]


def sign_pdf(data: Bytes, *, signer: Signer, certificate: Certificate, now: datetime,
             profile: PdfProfile = PdfProfile.STANDARD, seal: Seal | None = None,
             placements: Sequence[Placement] = (), field: str | None = None, stamper: Stamper | None = None,
             limits: Limits = DEFAULT) -> bytes:
    """The PDF with one more signature, appended as a revision; what was there stays byte for byte.

    ``seal`` is shown at ``placements`` in its true size (the first as the field's own widget, further ones as
    locked stamps that the signature covers) and, in the profile SEAL, is what signs. ``field`` names an empty or
    new signature field. ARGUMENT where the file is encrypted, a page does not exist, the seal does not name the
    certificate, or an earlier signature forbids any change; MalformedInput where the file cannot be read.
    """
    if (profile is PdfProfile.SEAL and seal is None) or (placements and seal is None) or len(placements) > 2000:
        raise SealError(Code.ARGUMENT, why="seal or placements")
    if not certificate.not_before <= now <= certificate.not_after:
        raise SealError(Code.ARGUMENT, why="the signer's certificate is not in force", at=now.isoformat())
    if seal is not None and certificate.der not in seal.info.certificates:
        raise SealError(Code.ARGUMENT, why="the seal does not name this certificate")
    pdf = Pdf.open(data, limits, Budget(limits, len(data)))
    with reading("pdf"):
        return _sign(pdf, signer, certificate, now, profile, seal, placements, field, stamper)


def _sign(pdf: Pdf, signer: Signer, certificate: Certificate, now: datetime, profile: PdfProfile,
          seal: Seal | None, placements: Sequence[Placement], field: str | None, stamper: Stamper | None) -> bytes:
    g, embedder = library("pdf_utils.generic"), library("sign.signers.cms_embedder")
    if pdf.reader.encrypted:
        raise SealError(Code.ARGUMENT, why="encrypted")
    _refuse_locked(pdf)
    raw_pages = pdf.pages(pdf.reader.root)
    if any(not 1 <= s.page <= len(raw_pages) for s in placements) or not raw_pages:
        raise SealError(Code.ARGUMENT, why="no such page")
    name = field or _free_name(pdf)
    writer = library("pdf_utils.incremental_writer").IncrementalPdfFileWriter(io.BytesIO(bytes(pdf.data)), strict=False)
    picture = Picture(writer, seal) if seal is not None and placements else None
    box = None
    if picture is not None:
        box = rectangle(raw_pages[placements[0].page - 1].get_object(), *picture.part(placements[0]))
    where = placements[0].page - 1 if placements else 0
    spec = library("sign.fields").SigFieldSpec(name, on_page=where, box=box)
    steps = embedder.PdfCMSEmbedder(spec).write_cms(name, writer)
    held = next(steps).get_object()
    if picture is not None:
        turn = rotation(raw_pages[where].get_object())
        held[g.pdf_name("/AP")] = g.DictionaryObject({
            g.pdf_name("/N"): picture.appearance(placements[0], turn)})
        for spot in placements[1:]:
            _add_stamp(writer, raw_pages[spot.page - 1].get_object(), spot, picture)
    reserved = 2 * (len(certificate.der) + (len(seal.raw) if profile is PdfProfile.SEAL and seal else 0) + 2048
                    + (8192 if stamper else 0))
    steps.send(embedder.SigObjSetup(sig_placeholder=_placeholder(profile, reserved, certificate.common_name, now)))
    prepared, output = steps.send(embedder.SigIOSetup(md_algorithm="sm3", output=io.BytesIO()))
    made = _value(prepared, output, signer, certificate, now, profile, seal, stamper)
    steps.send(made)
    return bytes(output.getvalue())


def _placeholder(profile: PdfProfile, reserved: int, signer_name: str, now: datetime) -> Any:
    g = library("pdf_utils.generic")
    filter_name, subfilter = profile.value.split("/")
    made = library("sign.signers.pdf_byterange").PdfByteRangeDigest(bytes_reserved=reserved)
    made.update({
        g.pdf_name("/Type"): g.pdf_name("/Sig"), g.pdf_name("/Filter"): g.pdf_name("/" + filter_name),
        g.pdf_name("/SubFilter"): g.pdf_name("/" + subfilter), g.pdf_name("/Name"): g.pdf_string(signer_name),
        g.pdf_name("/M"): g.pdf_date(now)})
    return made


def _value(prepared: Any, output: Any, signer: Signer, certificate: Certificate, now: datetime,
           profile: PdfProfile, seal: Seal | None, stamper: Stamper | None) -> bytes:
    digest: bytes = prepared.document_digest
    if profile is PdfProfile.SEAL and seal is not None:
        return sign_with_seal(seal, digest, "ByteRange", signer, certificate, now=now, stamper=stamper).raw
    if profile is PdfProfile.DIANJU:
        return sign_data(digest, signer, certificate)
    return sign_data(b"", signer, certificate, detached=True, signed_at=now, standard_oids=True, digest=digest,
                     stamper=stamper)


def _add_stamp(writer: Any, page: Any, spot: Placement, picture: Picture) -> None:
    g = library("pdf_utils.generic")

    name = g.pdf_name
    page_ref = writer.find_page_for_modification(spot.page - 1)[0]
    box = rectangle(page, *picture.part(spot))
    made = g.DictionaryObject({
        name("/Type"): name("/Annot"), name("/Subtype"): name("/Stamp"), name("/F"): g.NumberObject(4 | 64 | 128),
        name("/Rect"): g.ArrayObject([g.FloatObject(round(n, 4)) for n in box]), name("/P"): page_ref,
        name("/AP"): g.DictionaryObject({name("/N"): picture.appearance(spot, rotation(page))})})
    writer.register_annotation(page_ref, writer.add_object(made))


def _free_name(pdf: Pdf) -> str:
    taken = {n for n, _ in pdf.fields(pdf.reader.root)}
    number = 1
    while f"Signature{number}" in taken:
        number += 1
    return f"Signature{number}"


def _refuse_locked(pdf: Pdf) -> None:
    """An author's signature may forbid every later change (DocMDP 1)."""
    certified = at(at(pdf.reader.root, "/Perms"), "/DocMDP")
    for reference in at(certified, "/Reference") or []:
        if at(at(reference.get_object(), "/TransformParams"), "/P", 2) == 1:
            raise SealError(Code.ARGUMENT, why="locked by an earlier signature")
