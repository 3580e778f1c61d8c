"""Verification of every signature of a PDF, and of what came after it."""

from __future__ import annotations

from .. import der
from ..algorithms import Bytes
from ..errors import MalformedInput
from ..limits import OverBudget
from ..report import Reason, Remark, SignatureReport, Stamp, VerifyReport, remark, summarise
from ..signatures import Setting, data_reports, ses_report, signed_content, token_report
from ..trust import Court
from .changes import changes_after
from .reader import Pdf, Signature, reading
from .stamp import shown_at, shown_size


def verify_pdf(data: Bytes, court: Court) -> VerifyReport:
    """The report of a PDF; MalformedInput where it cannot be read."""
    pdf = Pdf.open(data, court.limits, court.budget)
    found, findings = pdf.signatures()
    reports: list[SignatureReport] = []
    for place, one in enumerate(found):
        reports += _one(pdf, one, found[place + 1:], court)
    return summarise("pdf", court.at, reports, findings, _sizes(pdf))


def _sizes(pdf: Pdf) -> list[tuple[float, float]]:
    with reading("pdf.pages"):
        return [shown_size(raw.get_object()) for raw in pdf.pages(pdf.reader.root)[:1000]]


def _one(pdf: Pdf, one: Signature, later: list[Signature], court: Court) -> list[SignatureReport]:
    told, more = _changes(pdf, one, later)
    parts = one.content.parts
    covers = (f"0-{len(parts[0])}", f"{one.end - len(parts[1])}-{one.end}") if len(parts) == 2 else ()
    place = Setting(one.name, (*one.reasons, *told), (*one.findings, *more), covers, tuple(_stamps(pdf, one)),
                    f"{one.filter}/{one.subfilter}", claimed=one.claimed)
    try:
        raw = der.definite(one.raw, "Contents")
        head = der.parse(raw, "Contents").items(2, 10)[0]
    except MalformedInput as wrong:
        return [place.report("", "", reasons=[remark(Reason.SIG_FORMAT, place=wrong.place)])]
    if one.type == "DocTimeStamp" or one.subfilter == "ETSI.RFC3161":
        return [token_report(raw, one.content, court, place)]
    if head.tag != der.OID:
        return [ses_report(raw, one.content, court, place)]
    content, wrong_digest = signed_content(raw, one.content)
    return data_reports(raw, content, court, place.with_reasons(*wrong_digest))


def _changes(pdf: Pdf, one: Signature, later: list[Signature]) -> tuple[list[Remark], list[Remark]]:
    """What later revisions did, as reasons and findings."""
    findings = [remark(Reason.SIGNED_LATER, field=s.name) for s in later]
    if one.revision >= pdf.reader.total_revisions - 1:
        return [], findings
    findings.append(remark(Reason.REVISION_ADDED, count=pdf.reader.total_revisions - 1 - one.revision))
    try:
        with reading("pdf.changes"):
            told = changes_after(pdf, one, later)
    except OverBudget:
        raise
    except MalformedInput as wrong:
        return [], [*findings, remark(Reason.CHANGES_UNREADABLE, why=str(wrong.facts.get("why", "")))]
    seen = [t for t in told if t.code in (Reason.PAGE_CHANGED, Reason.OBJECTS_CHANGED)]
    return [remark(Reason.CHANGED_AFTER_SIGNING, **dict(t.facts)) for t in seen[:1]], [*findings, *told]


def _stamps(pdf: Pdf, one: Signature) -> list[Stamp]:
    if one.rect is None or one.page == 0:
        return []
    x0, y0, x1, y1 = one.rect
    if x0 == x1 or y0 == y1:
        return []
    with reading("pdf.stamp"):
        page = pdf.pages(pdf.reader.root)[one.page - 1].get_object()
        x, y, width, height = (round(n, 2) for n in shown_at(page, one.rect))
        return [Stamp(one.page, x, y, width, height)]
