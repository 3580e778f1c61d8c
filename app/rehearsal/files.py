"""Response files for a rehearsal: real PDFs with pages in them, one for each content item of the plan."""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from app import clock
from app.rehearsal.cast import Vendor

FONT = "NotoSansSC"
_FONT_FILE = Path(__file__).resolve().parents[1] / "static" / "vendor" / "fonts" / "NotoSansSC-Regular.ttf"
LINE, WIDTH = 8 * mm, 34


@lru_cache(maxsize=1)
def _font() -> str:
    pdfmetrics.registerFont(TTFont(FONT, str(_FONT_FILE)))
    return FONT


def _lines(vendor: Vendor, item: dict[str, Any]) -> list[str]:
    return [
        f"服务商名称：{vendor.name}",
        f"统一社会信用代码：{vendor.credit_code}",
        f"法定代表人：{vendor.legal_representative}　　被授权人：{vendor.agent}",
        f"电子认证服务机构：{vendor.ca_name}（许可证编号 {vendor.ca_licence}）",
        "",
        "招募方案的要求：",
        *_wrapped(str(item.get("text") or item.get("title") or "")),
        "",
        "本单位的材料：",
        *_wrapped(
            "本页为演练用的样例材料，由系统按招募方案的内容项生成，公司、人员与数据均为虚构，"
            "不代表任何真实单位，也不作为任何证明使用。"
        ),
    ]


def _wrapped(text: str) -> list[str]:
    text = " ".join(text.split())
    return [text[start : start + WIDTH] for start in range(0, len(text), WIDTH)] or [""]


def _stamp(canvas: Canvas, vendor: Vendor) -> None:
    """The red round print of a scan, saying that it is a sample."""
    canvas.saveState()
    canvas.setStrokeColorRGB(0.78, 0.1, 0.1)
    canvas.setFillColorRGB(0.78, 0.1, 0.1)
    canvas.setLineWidth(1.2 * mm)
    canvas.circle(A4[0] - 50 * mm, 50 * mm, 20 * mm)
    canvas.setFont(_font(), 12)
    canvas.drawCentredString(A4[0] - 50 * mm, 52 * mm, "样例印章")
    canvas.setFont(_font(), 6)
    canvas.drawCentredString(A4[0] - 50 * mm, 45 * mm, vendor.name[:16])
    canvas.restoreState()


def content_pdf(vendor: Vendor, item: dict[str, Any], *, pages: int = 2) -> bytes:
    """The PDF of one content item: `pages` A4 pages with a heading, the vendor's data and a printed stamp."""
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=A4, pageCompression=1, invariant=1)
    canvas.setTitle(f"{item.get('title', '')}（样例）")
    canvas.setAuthor(vendor.name)
    for page in range(1, pages + 1):
        canvas.setFont(_font(), 18)
        canvas.drawString(25 * mm, A4[1] - 30 * mm, f"{item['no']}. {str(item.get('title', ''))[:24]}")
        canvas.setFont(_font(), 11)
        height = A4[1] - 45 * mm
        for line in _lines(vendor, item):
            canvas.drawString(25 * mm, height, line)
            height -= LINE
        _stamp(canvas, vendor)
        canvas.setFont(_font(), 9)
        canvas.drawCentredString(A4[0] / 2, 15 * mm, f"样例材料　第 {page} 页　共 {pages} 页")
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def sealed_pdf(vendor: Vendor, data: bytes) -> bytes:
    """The PDF under a trial seal of the vendor, as one that already holds an electronic seal would hand it in."""
    from app.acceptance.authority import trial_authority
    from seal_core import PdfProfile, Placement, PrivateKey, build_csr, draw_round, make_seal, sign_pdf

    now, authority = clock.now(), trial_authority()
    holder, maker = PrivateKey.generate(), PrivateKey.generate()
    certificates = []
    for key, name in ((holder, f"{vendor.name[:50]}（试用）"), (maker, "样例制章单位（试用）")):
        csr = build_csr(key, {"C": "CN", "O": name, "CN": name})
        certificates.append(authority.issue_signing(csr, now=now, days=365))
    seal = make_seal(
        id=f"SY{certificates[0].serial:x}"[:16].upper(),
        name=f"{vendor.name}（试用）",
        picture=draw_round(vendor.name, caption="试用", dpi=300, font=_FONT_FILE).png,
        picture_type="PNG",
        width_mm=40,
        height_mm=40,
        holders=[certificates[0]],
        maker=maker,
        maker_certificate=certificates[1],
        created=now,
        valid_from=now.replace(microsecond=0),
        valid_to=min(one.not_after for one in certificates),
    )
    return sign_pdf(
        data, signer=holder, certificate=certificates[0], seal=seal, profile=PdfProfile.SEAL, now=now,
        placements=[Placement(1, 30, 215)],
    )
