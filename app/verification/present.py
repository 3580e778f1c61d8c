"""A report as people read it: the words of its codes, its facts in Chinese, its instants in Shanghai."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.templating import show_time
from app.wording import LABELS, label

#: Pixels of a page for one millimetre of a seal; what a seal says of its size is kept within reason.
PIXELS_PER_MM = 96 / 25.4
SMALLEST_MM, LARGEST_MM = 8, 70
_INSTANT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d")


@dataclass(frozen=True)
class Remark:
    """One reason or finding: its sentence, and its facts."""

    code: str
    sentence: str
    facts: str


@dataclass(frozen=True)
class Answer:
    """One of the three questions of a signature: its name, the answer's word, and yes, no or open."""

    name: str
    word: str
    state: str


@dataclass(frozen=True)
class Stamp:
    """The picture of a seal as a page shows it, in pixels of the page and in mm."""

    source: str
    width: int
    height: int
    width_mm: float
    height_mm: float


@dataclass(frozen=True)
class Shown:
    """One signature."""

    number: int
    title: str
    verdict: str
    word: str
    answers: list[Answer]
    reasons: list[Remark]
    findings: list[Remark]
    stamp: Stamp | None
    picture: str
    facts: list[tuple[str, str]]
    seal: list[tuple[str, str]]


@dataclass(frozen=True)
class View:
    """A whole report."""

    verdict: str
    word: str
    sentence: str
    advice: str
    format: str
    facts: list[tuple[str, str]]
    signatures: list[Shown]
    findings: list[Remark]

    @property
    def has_trial(self) -> bool:
        return any(one.verdict == "TRIAL_VALID" for one in self.signatures)


def view(report: dict[str, Any]) -> View:
    """What the page and the PDF of a report show."""
    verdict = str(report["verdict"])
    pictures = {one["id"]: one for one in report.get("pictures", [])}
    kind = label("seal_format", report["format"])
    count = len(report["signatures"])
    return View(
        verdict=verdict,
        word=label("seal_verdict", verdict),
        sentence=label("seal_verdict_means", verdict),
        advice=label("seal_verdict_advice", verdict),
        format=kind,
        facts=[
            ("文件名", report.get("file") or ""),
            ("类型", kind),
            ("大小", f"{report['size']:,} 字节"),
            ("签名或印章", f"{count} 个" if count else "没有"),
            ("验证时间", _time(report["at"])),
            ("文件 SM3", report["sm3"]),
        ],
        signatures=[_signature(one, number, pictures) for number, one in enumerate(report["signatures"], 1)],
        findings=remarks(report["findings"]),
    )


def _time(text: str | None, *, seconds: bool = True) -> str:
    return show_time(datetime.fromisoformat(text), seconds=seconds) if text else ""


def remarks(told: list[dict[str, Any]]) -> list[Remark]:
    """Reasons or findings in words; of one code the facts stand together."""
    found: dict[str, list[str]] = {}
    for one in told:
        facts = "，".join(filter(None, (_fact(key, value) for key, value in one.items() if key != "code")))
        lines = found.setdefault(str(one["code"]), [])
        if facts and facts not in lines:
            lines.append(facts)
    return [
        Remark(code, label("seal_reason", code), "；".join(lines[:20]) + (f" 等 {len(lines)} 处" if lines[20:] else ""))
        for code, lines in found.items()
    ]


def _fact(key: str, value: Any) -> str:
    """A fact with its name; what has no Chinese words is left to the JSON."""
    name = LABELS["seal_fact"].get(key)
    text = str(value)
    if name is None or not text:
        return ""
    if _INSTANT.match(text):
        text = _time(text)
    elif key in ("why", "what", "how", "where"):
        text = "、".join(filter(None, map(_told, text.split(", "))))
    return f"{name}：{text}" if text else ""


def _told(text: str) -> str:
    words = LABELS["seal_told"]
    if found := words.get(text):
        return found
    for beginning, word in LABELS["seal_told_of"].items():
        if text.startswith(beginning):
            rest = text.removeprefix(beginning)
            for ending, after in LABELS["seal_told_end"].items():
                if rest.endswith(ending):
                    return word + rest.removesuffix(ending) + after
            return word + rest
    return ""


def _signature(one: dict[str, Any], number: int, pictures: dict[str, dict[str, Any]]) -> Shown:
    seal = one.get("seal") or {}
    picture = pictures.get(one.get("picture") or "")
    verdict = str(one["verdict"])
    return Shown(
        number=number,
        title=label("seal_kind", one["kind"]),
        verdict=verdict,
        word=label("seal_verdict", verdict),
        answers=_answers(one),
        reasons=remarks(one["details"]),
        findings=remarks(one["findings"]),
        stamp=_stamp(one, picture) if picture else None,
        picture=str(seal.get("picture_type") or "") if seal and not picture else "",
        facts=[row for row in _facts(one) if row[1]],
        seal=[row for row in _seal(seal) if row[1]] if seal else [],
    )


def _answers(one: dict[str, Any]) -> list[Answer]:
    found = []
    for name in ("intact", "trusted", "time_valid"):
        state = {True: "yes", False: "no"}.get(one[name], "open")
        # Where nobody is known, trust and time are not denied: there is nothing to ask.
        if name != "intact" and one.get("signer") is None:
            state = "open"
        found.append(Answer(label("seal_question", name), label("seal_answer", f"{name}.{state}"), state))
    return found


def _party(party: dict[str, Any] | None) -> str:
    if not party:
        return ""
    name, unit = party["name"], party["organisation"]
    return name if not unit or unit == name else f"{name}（{unit}）"


def _span(start: str | None, end: str | None) -> str:
    return f"{_time(start, seconds=False)} 至 {_time(end, seconds=False)}" if start and end else ""


def _facts(one: dict[str, Any]) -> list[tuple[str, str]]:
    signer = one.get("signer") or {}
    moment = _time(one["signed_at"])
    if moment:
        moment += "（有时间戳证明）" if one["time_proven"] else "（签章人自己写明，没有时间戳证明）"
    return [
        ("签章人", _party(one.get("signer"))),
        ("统一社会信用代码", signer.get("credit_code") or ""),
        ("签章时间", moment),
        ("证书签发者", signer.get("issuer") or ""),
        ("证书序列号", signer.get("serial") or ""),
        ("证书有效期", _span(signer.get("not_before"), signer.get("not_after"))),
        ("标准与形式", "　".join(filter(None, (one["standard"], one["profile"])))),
        ("保护范围", _covers(one)),
        ("所在位置", _places(one["stamps"])),
        ("签名编号", one["name"]),
    ]


def _covers(one: dict[str, Any]) -> str:
    names, count = one["covers"], one.get("covers_count", len(one["covers"]))
    if not names:
        return ""
    shown = [LABELS["seal_covers"].get(name) or _range(name) for name in names[:6]]
    return "、".join(shown) + (f" 等 {count} 个文件" if count > len(shown) else "")


def _range(name: str) -> str:
    found = re.fullmatch(r"(\d+)-(\d+)", name)
    return f"第 {int(found[1]):,} 至 {int(found[2]):,} 字节" if found else name


def _places(stamps: list[dict[str, Any]]) -> str:
    shown = [f"第 {one['page']} 页，距左 {one['x']:.0f} mm、距上 {one['y']:.0f} mm" for one in stamps[:6]]
    return "；".join(shown) + (f" 等 {len(stamps)} 处" if len(stamps) > len(shown) else "")


def _seal(seal: dict[str, Any]) -> list[tuple[str, str]]:
    maker = seal.get("maker") or {}
    return [
        ("印章名称", seal["name"]),
        ("印章编码", seal["id"]),
        ("制章单位", _party(seal.get("maker"))),
        ("制章单位证书签发者", maker.get("issuer") or ""),
        ("制作时间", _time(seal["created"])),
        ("印章有效期", _span(seal["valid_from"], seal["valid_to"])),
        ("印章大小", f"{seal['width_mm']:g} × {seal['height_mm']:g} mm" if seal["width_mm"] else ""),
        ("印章标准", seal["standard"]),
    ]


def _stamp(one: dict[str, Any], picture: dict[str, Any]) -> Stamp:
    """In real size where the seal's own measure can be, and never out of shape."""
    said = one["seal"]["width_mm"] if one.get("seal") else one["stamps"][0]["width"]
    width_mm = min(max(float(said or 40), SMALLEST_MM), LARGEST_MM)
    height_mm = width_mm * picture["height"] / max(1, picture["width"])
    if height_mm > LARGEST_MM:
        width_mm, height_mm = width_mm * LARGEST_MM / height_mm, LARGEST_MM
    return Stamp(
        f"data:image/png;base64,{picture['png']}",
        max(1, round(width_mm * PIXELS_PER_MM)),
        max(1, round(height_mm * PIXELS_PER_MM)),
        round(width_mm, 1),
        round(height_mm, 1),
    )
