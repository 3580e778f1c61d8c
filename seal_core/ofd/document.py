"""What an OFD consists of: bodies, pages, and the lists of signatures; links followed with tolerance."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..errors import MalformedInput
from ..report import Reason, Remark, remark
from .package import Package
from .xml import NAMESPACE, Element, parse

A4 = (0.0, 0.0, 210.0, 297.0)


def numbers(text: str | None, count: int) -> tuple[float, ...] | None:
    """So many finite numbers out of ``x y w h``; None where it is anything else."""
    try:
        found = tuple(float(p) for p in (text or "").split())
    except ValueError:
        return None
    return found if len(found) == count and all(abs(n) < 1e6 for n in found) else None


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its ID, the file of its content, and its number in the document, from 1."""

    id: str
    file: str
    number: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of Signatures.xml. ``file`` is None where the link leads nowhere."""

    id: str
    type: str
    written: str
    file: str | None


@dataclass(frozen=True, slots=True)
class Body:
    """One DocBody: its document file, pages, page box in mm, and where its signatures are listed."""

    document: str
    pages: tuple[Page, ...]
    box: tuple[float, float, float, float]
    signatures_file: str | None
    entries: tuple[Entry, ...]
    max_id: str | None


@dataclass(slots=True)
class Document:
    """An OFD as read. ``root`` is the exact name of OFD.xml."""

    package: Package
    root: str
    bodies: list[Body] = field(default_factory=list)
    findings: list[Remark] = field(default_factory=list)

    def page_size(self, body: Body, page: Page) -> tuple[float, float]:
        """Width and height in mm; a page's own Area goes before the document's."""
        try:
            area = parse(self.package.read(page.file), "/" + page.file, self.package.limits).first("Area")
        except (MalformedInput, KeyError):
            area = None
        own = numbers(area.value("PhysicalBox"), 4) if area else None
        box = own or body.box
        return box[2], box[3]

    def find(self, base: str, path: str) -> str | None:
        """The exact name that a link means; what had to be tolerated becomes a finding."""
        found = self.package.resolve(base, path)
        if found is None:
            return None
        if found.tolerated:
            self.findings.append(remark(Reason.PATH_TOLERATED, file=path, how=found.tolerated))
        return found.name

    def xml(self, name: str) -> Element:
        """The parsed XML of a file."""
        self.package.budget.check("/" + name)
        limits = self.package.limits
        root = parse(self.package.read(name, limits.xml_bytes), "/" + name, limits)
        if root.namespace != NAMESPACE:
            self.findings.append(remark(Reason.NAMESPACE, file="/" + name, namespace=root.namespace))
        return root


def read_document(package: Package) -> Document:
    """Follow the links from OFD.xml; MalformedInput where there is none or it cannot be read."""
    found = package.resolve("", "/OFD.xml")
    if found is None:
        raise MalformedInput("OFD.xml", "missing: not an OFD")
    document = Document(package, found.name)
    if found.tolerated:
        document.findings.append(remark(Reason.PATH_TOLERATED, file=found.name, how=found.tolerated))
    root = document.xml(found.name)
    for node in root.all("DocBody")[:100]:
        document.bodies.append(_body(document, node))
    if not document.bodies:
        raise MalformedInput("/OFD.xml", "no DocBody")
    document.findings[:] = dict.fromkeys([*package.findings, *document.findings])
    return document


def _body(document: Document, node: Element) -> Body:
    written = node.value("DocRoot")
    file = document.find(document.root, written) if written else None
    if file is None:
        raise MalformedInput("/" + document.root, "DocRoot leads nowhere")
    main = document.xml(file)
    common = main.first("CommonData")
    area = common.first("PageArea") if common else None
    box = numbers(area.value("PhysicalBox"), 4) if area else None
    pages = []
    listed = main.first("Pages")
    for number, page in enumerate(listed.all("Page") if listed else [], start=1):
        content = document.find(file, page.attributes.get("BaseLoc", ""))
        pages.append(Page(page.attributes.get("ID", ""), content or "", number))
    link = node.value("Signatures")
    where = document.find(document.root, link) if link else None
    if link and where is None:
        document.findings.append(remark(Reason.FILE_MISSING, file=link))
    entries, max_id = _entries(document, where) if where else ([], None)
    return Body(file, tuple(pages), (box[0], box[1], box[2], box[3]) if box else A4, where, tuple(entries), max_id)


def _entries(document: Document, where: str) -> tuple[list[Entry], str | None]:
    root = document.xml(where)
    found = root.all("Signature")
    if len(found) > document.package.limits.signatures:
        raise MalformedInput("/" + where, "too many signatures", count=len(found))
    entries: list[Entry] = []
    for node in found:
        written = node.value("BaseLoc") or ""
        entry = Entry(node.attributes.get("ID", ""), (node.attributes.get("Type") or "Seal").strip(), written,
                      document.find(where, written) if written else None)
        if entry.file is not None and any(e.file == entry.file for e in entries):
            document.findings.append(remark(Reason.SIGNATURE_LISTED_TWICE, file="/" + entry.file))
            continue
        entries.append(entry)
    return entries, root.value("MaxSignId")
