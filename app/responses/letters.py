"""Templates for vendors as DOCX, filled with what is known: 承诺书, 授权书, and the whole response.

The texts are the plan's; only names and blanks are filled in here.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

from app.accounts.models import Organisation, User
from app.documents.common import project_of
from app.documents.issue import safe_name
from app.errors import NotFound
from app.planning import section
from app.publication.models import Recruitment
from app.responses.package import agent_of, is_required, items_of, takes_files

WHOLE = "response"
#: Lines of a form that end it: they stand apart and are signed or sealed.
_SIGNED = re.compile(r"（(盖单位章|盖章|签章|签字|签字或盖章)）")
_DATE = re.compile(r"^\s*年\s+月\s+日\s*$")


@dataclass(frozen=True)
class Letter:
    """A template that can be had: its name in URLs, its title, the content item it belongs to."""

    name: str
    title: str
    item: str


def letters(recruitment: Recruitment) -> list[Letter]:
    """The templates of the plan: one per annex that an item names, and the whole response."""
    annexes = {str(entry["no"]): entry for entry in section(recruitment, "responses", "annexes") or []}
    found = [
        Letter(f"annex-{entry['annex']}", str(annexes[str(entry["annex"])]["title"]), str(entry["no"]))
        for entry in items_of(recruitment)
        if str(entry.get("annex", "")) in annexes
    ]
    if section(recruitment, "responses", "template", "sections"):
        found.append(Letter(WHOLE, str(section(recruitment, "responses", "template", "title")), ""))
    return found


def letter(recruitment: Recruitment, organisation: Organisation, name: str) -> tuple[str, bytes]:
    """File name and bytes of one template, filled for a vendor. Raises NotFound for one that is not there."""
    chosen = next((entry for entry in letters(recruitment) if entry.name == name), None)
    if chosen is None:
        raise NotFound("letter_unknown")
    blanks = _Blanks(recruitment, organisation, agent_of(organisation.id))
    document = _blank_document(chosen.title, organisation, blanks.project)
    if name == WHOLE:
        _whole(document, recruitment, blanks)
    else:
        annexes = section(recruitment, "responses", "annexes")
        entry = next(row for row in annexes if f"annex-{row['no']}" == name)
        _annex(document, entry, blanks)
    target = io.BytesIO()
    document.save(target)
    return safe_name(f"{chosen.title}-{organisation.name}.docx"), target.getvalue()


def _apart(name: str) -> str:
    """A name within a sentence stands apart from it."""
    return f" {name} " if name else ""


class _Blanks:
    """The blanks of the plan's forms, by the words before them. What is signed by hand stays blank."""

    def __init__(self, recruitment: Recruitment, organisation: Organisation, agent: User | None) -> None:
        self.organisation, self.agent = organisation, agent
        self.project = project_of(recruitment)
        name = agent.name if agent else ""
        self.known = (
            (r"(服务商名称：|投标人名称：|单位名称：)", organisation.name),
            (r"(统一社会信用代码：)", organisation.credit_code or ""),
            (r"(项目名称：)", self.project),
            (r"(法定代表人)(?=[ \u3000]{2,}授权)", _apart(organisation.legal_representative)),
            (r"(授权)(?=[ \u3000]{2,}（)", _apart(name)),
            (r"(联系电话：|联系人电话：)", agent.phone if agent else ""),
            (r"(电子邮箱：)", agent.email if agent else ""),
            (r"(联系人姓名：)", name),
        )

    def fill(self, line: str) -> str:
        """The line with its known blanks filled; a blank of which nothing is known stays."""
        for before, value in self.known:
            if value:
                line = re.sub(before + r"[ \u3000]*", lambda found, text=value: found.group(1) + text, line, count=1)
        return line.rstrip()


def _blank_document(title: str, organisation: Organisation, project: str) -> Any:
    document = Document()
    document.core_properties.title, document.core_properties.author = title, organisation.name
    page = document.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin = page.right_margin = Cm(2.7)
    page.top_margin = page.bottom_margin = Cm(2.6)
    for style in ("Normal", "Heading 1", "Heading 2", "Title"):
        font = document.styles[style].font
        font.name = "宋体"
        document.styles[style].element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), "宋体")
    document.styles["Normal"].font.size = Pt(14)
    # The plan's text has no place for these; the margins have.
    _margin(page.header, f"项目名称：{project}")
    _margin(page.footer, f"{organisation.name}　统一社会信用代码：{organisation.credit_code}")
    return document


def _margin(part: Any, text: str) -> None:
    run = part.paragraphs[0].add_run(text)
    run.font.size = Pt(9)


def _paragraph(document: Any, text: str, *, indent: bool = True, size: float = 0, bold: bool = False,
               align: Any = None, before: float = 0) -> Any:
    paragraph = document.add_paragraph()
    run = paragraph.add_run(text)
    run.bold = bold
    if size:
        run.font.size = Pt(size)
    form = paragraph.paragraph_format
    form.line_spacing, form.space_after, form.space_before = 1.5, Pt(0), Pt(before)
    if indent:
        form.first_line_indent = Pt((size or 14) * 2)
    if align is not None:
        paragraph.alignment = align
    return paragraph


def _annex(document: Any, entry: dict[str, Any], blanks: _Blanks) -> None:
    _paragraph(document, f"附件{entry['no']}", indent=False)
    _paragraph(
        document, str(entry["title"]), indent=False, size=22, bold=True, align=WD_ALIGN_PARAGRAPH.CENTER, before=12
    )
    for line in str(entry["text"]).strip("\n").splitlines():
        _line(document, line, blanks)


def _line(document: Any, line: str, blanks: _Blanks) -> None:
    if not line.strip():
        return
    if _DATE.match(line):
        _paragraph(document, "年    月    日", indent=False, align=WD_ALIGN_PARAGRAPH.RIGHT, before=6)
    elif _SIGNED.search(line):
        _paragraph(document, blanks.fill(line), indent=False, before=12)
    else:
        _paragraph(document, blanks.fill(line), indent=not line.startswith(("致：", "附：")), before=6)


def _whole(document: Any, recruitment: Recruitment, blanks: _Blanks) -> None:
    template = section(recruitment, "responses", "template")
    _paragraph(document, "正本", indent=False, size=16, bold=True, align=WD_ALIGN_PARAGRAPH.RIGHT)
    lines = [line for line in str(template.get("cover", "")).splitlines() if line.strip()]
    head = [line for line in lines if not _SIGNED.search(line) and not _DATE.match(line)]
    for place, line in enumerate(head):
        _paragraph(
            document,
            line.strip(),
            indent=False,
            size=26 if place == 0 else 36,
            bold=True,
            align=WD_ALIGN_PARAGRAPH.CENTER,
            before=150 if place == 0 else 36,
        )
    for place, line in enumerate(row for row in lines if row not in head):
        centred = _DATE.match(line)
        _paragraph(
            document,
            "年    月    日" if centred else blanks.fill(line),
            indent=False,
            size=16,
            align=WD_ALIGN_PARAGRAPH.CENTER if centred else None,
            before=150 if place == 0 else 18,
        )
    items = {str(entry["no"]): entry for entry in items_of(recruitment)}
    for entry in template["sections"]:
        document.add_page_break()
        _heading(document, f"{entry['no']}、{str(entry['title']).rstrip('。')}", 18)
        for line in str(entry.get("text", "")).splitlines():
            _hint(document, line)
        for part in entry.get("parts", []):
            _heading(document, f"{part['no']} {part.get('title', '')}".strip(), 15)
            _hint(document, str(part.get("text", "")))
        for ref in map(str, entry.get("items", [])):
            if ref in items and takes_files(items[ref]):
                _item(document, items[ref])
    for entry in items.values():
        if not takes_files(entry):
            _paragraph(document, f"【{entry['title']}：{entry['text']}】", before=24)


def _heading(document: Any, text: str, size: float) -> None:
    _paragraph(document, text, indent=False, size=size, bold=True, before=6)


def _hint(document: Any, text: str) -> None:
    if text.strip():
        paragraph = _paragraph(document, text.strip())
        paragraph.runs[0].italic = True


def _item(document: Any, entry: dict[str, Any]) -> None:
    need = "必备" if is_required(entry) else "如有"
    _paragraph(document, f"【内容清单第{entry['no']}项（{need}）：{entry['text']}】", before=6)


__all__ = ["WHOLE", "Letter", "letter", "letters"]
