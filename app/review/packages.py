"""A vendor's opened package beside the form: its files, what they answer, what the software noticed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app import planning
from app.extensions import db
from app.publication.models import Recruitment
from app.responses.models import PaperArrival, PaperDifference, Response, ResponseFile
from app.responses.package import Line, checklist, date_findings
from app.review.collusion import hints_of
from app.review.models import CollusionHint
from app.wording import label
from evaluation.models import Candidate, Review


@dataclass
class Answered:
    """One requirement of the plan (资质要求): the content items that prove it, what was noticed about them."""

    entry: dict[str, Any]
    lines: list[Line]
    hints: list[str]


@dataclass
class Package:
    """A vendor's documents beside the form: content items in the plan's order with their files."""

    response: Response | None
    items: list[dict[str, Any]]
    hints: list[str]
    #: The plan's requirements with the files that answer them.
    requirements: list[Answered]
    #: What the vendor has in common with others.
    collusion: list[CollusionHint] = field(default_factory=list)


def package(recruitment: Recruitment, candidate: Candidate) -> Package:
    """The opened files of a vendor, grouped by the plan's content items, with what the software noticed."""
    response = db.session.scalar(select(Response).where(Response.candidate_id == candidate.id))
    files: list[ResponseFile] = []
    if response is not None:
        files = list(
            db.session.scalars(
                select(ResponseFile)
                .where(ResponseFile.response_id == response.id, ResponseFile.removed_at.is_(None))
                .options(joinedload(ResponseFile.seal_check))
                .order_by(ResponseFile.id)
            )
        )
    items = []
    missing: list[str] = []
    for entry in planning.section(recruitment, "responses", "items") or []:
        own = [file for file in files if file.item == str(entry["no"])]
        items.append({"entry": entry, "files": own})
        needed = entry.get("required", True) and not entry.get("formal") and not entry.get("if_any")
        if needed and not own:
            missing.append(str(entry["no"]))
    hints = [f"内容清单第 {'、'.join(missing)} 项没有文件。"] if missing else []
    # Those that staff set aside too: what counts is the panel's judgement, and it sees all.
    shared = hints_of(db.session.get_one(Review, candidate.review_id), number=candidate.number)
    requirements = _answered(recruitment, response, files)
    return Package(
        response, items, hints + _outside_hints(recruitment, candidate, response), requirements, shared
    )


def _answered(
    recruitment: Recruitment, response: Response | None, files: list[ResponseFile]
) -> list[Answered]:
    """The plan's requirements, each with its content items, files and hints: missing, dates, seals, CA."""
    lines = checklist(response, files) if response is not None else []
    noticed: dict[str, list[str]] = {}
    if response is not None:
        for finding in date_findings(recruitment, lines):
            noticed.setdefault(finding.item, []).append(finding.text)
    for line in lines:
        of_line = noticed.setdefault(line.no, [])
        if line.state == "missing":
            of_line.append(f"第 {line.no} 项没有文件。")
        of_line += [
            f"“{file.name}”的电子签章检查：{label('seal_verdict', file.seal_check.verdict)}。"
            for file in line.files
            if file.seal_check is not None and file.seal_check.verdict in ("INVALID", "INDETERMINATE")
        ]
    found = []
    for entry in planning.section(recruitment, "evaluation", "qualification", "requirements") or []:
        own = [line for line in lines if str(entry["id"]) in map(str, line.entry.get("evidences", []))]
        hints = [text for line in own for text in noticed.get(line.no, [])]
        if not own and lines:
            hints.append("内容清单中没有证明这一要求的项目。")
        found.append(Answered(entry, own, hints))
    return found


def _outside_hints(recruitment: Recruitment, candidate: Candidate, response: Response | None) -> list[str]:
    hints = []
    arrival = None
    if response is not None:
        arrival = db.session.scalar(
            select(PaperArrival).where(
                PaperArrival.recruitment_id == recruitment.id,
                PaperArrival.organisation_id == response.organisation_id,
                PaperArrival.late.is_(False),
            )
        )
    if arrival is None:
        hints.append("签收登记中没有截止前送达的纸质响应文件。")
    elif not (arrival.sealed and arrival.envelope_ok):
        hints.append(f"纸质响应文件已送达（{arrival.copies} 份），但签收时密封或封套标注有不符。")
    hints += _paper_hints(recruitment, candidate, response)
    if candidate.ca_licence:
        peers = list(
            db.session.scalars(
                select(Candidate.name).where(
                    Candidate.review_id == candidate.review_id,
                    Candidate.id != candidate.id,
                    Candidate.ca_licence == candidate.ca_licence,
                )
            )
        )
        if peers:
            hints.append("电子认证服务许可证号与以下服务商相同：" + "、".join(peers) + "。")
    return hints


def _paper_hints(recruitment: Recruitment, candidate: Candidate, response: Response | None) -> list[str]:
    """Too few copies, an unconfirmed amendment, and what two persons found to differ on paper."""
    hints = []
    wanted = planning.section(recruitment, "responses", "copies", "paper") or 0
    copies = candidate.facts.get("copies", 0)
    if 0 < copies < wanted:
        hints.append(f"签收的纸质响应文件只有 {copies} 份，方案要求 {wanted} 份。")
    if candidate.facts.get("plan_confirmed") is False:
        hints.append("补充（更正）公告改动响应要求后，该服务商没有确认或重新递交。")
    if response is not None:
        confirmed = db.session.scalars(
            select(PaperDifference)
            .where(PaperDifference.response_id == response.id, PaperDifference.second_by_id.is_not(None))
            .order_by(PaperDifference.id)
        )
        prevails = planning.section(recruitment, "responses", "copies", "prevails") or ""
        hints += [
            f"第 {row.item} 项纸质与电子文件不一致（两人已确认，{label('prevails', prevails)}）：{row.text}"
            for row in confirmed
        ]
    return hints
