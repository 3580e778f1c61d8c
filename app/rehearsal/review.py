"""The panel's part of a rehearsal: sheets, votes, the CA's answer, scores, ranking, report."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import select

from app.audit import Actor
from app.extensions import db
from app.publication.models import Recruitment
from app.rehearsal.cast import CA_NAMED, CA_OTHER, INCOMPLETE, VOTED_IN, VOTED_OUT, Pattern, Vendor
from app.responses.models import ResponseFile
from app.review import actions, report, scoring
from evaluation.models import CAGroup, Candidate, Dispute, PanelSeat, QualificationSheet, Review, ScoreSheet
from evaluation.qualification import QualificationRules
from evaluation.review_qualification import Answer
from evaluation.review_scoring import Entry
from evaluation.scoring import ScoringRules

DISPUTED = (VOTED_IN, VOTED_OUT)


def _vote_yes(part: str, rules: QualificationRules, seats: int) -> int:
    """How many seats vote yes: just enough for the plan's majority, or one too few."""
    enough = rules.numerator * seats // rules.denominator + 1
    return enough if part == VOTED_IN else enough - 1


def _sheet_yes(part: str, rules: QualificationRules, seats: int) -> int:
    """How many seats have √ on their sheets before the vote: never all, or there would be no dispute."""
    return min(_vote_yes(part, rules, seats), seats - 1)


class Panel:
    """The seats in their order, each with the person who holds it."""

    def __init__(self, recruitment: Recruitment, experts: list[tuple[PanelSeat, Actor]]) -> None:
        self.recruitment = recruitment
        self.experts = experts

    @property
    def review(self) -> Review:
        assert self.recruitment.review is not None
        return self.recruitment.review

    def sheets(self, model: Any, seat: PanelSeat) -> list[Any]:
        """The seat's open sheets in the order of the vendors' numbers."""
        return list(
            db.session.scalars(
                select(model)
                .join(Candidate, Candidate.id == model.candidate_id)
                .where(model.seat_id == seat.id, model.stage == "open")
                .order_by(Candidate.number)
            )
        )


def _answers(rules: QualificationRules, vendor: Vendor, index: int, seats: int) -> dict[str, Answer]:
    """One seat's √ and × for one vendor: what the cast's part asks for."""
    items = list(rules.items)
    answers = {item: Answer(True) for item in items}
    completeness = items[1] if len(items) > 1 else items[0]
    ground = rules.grounds[min(2, len(rules.grounds) - 1)]
    if vendor.part == INCOMPLETE:
        answers[completeness] = Answer(False, ground, "缺承诺书与服务联系人授权书，内容不完整。")
    elif vendor.part in DISPUTED and index >= _sheet_yes(vendor.part, rules, seats):
        answers[completeness] = Answer(False, ground, "第 9 项承诺书的法人签章不清晰。")
    return answers


def fill_qualification(panel: Panel, vendors: dict[str, Vendor]) -> None:
    """Every seat fills and signs all its sheets."""
    rules = QualificationRules.from_plan(panel.review.rules["qualification"])
    for index, (seat, actor) in enumerate(panel.experts):
        sheets = panel.sheets(QualificationSheet, seat)
        for sheet in sheets:
            vendor = vendors[sheet.candidate.credit_code]
            actions.save_qualification(
                actor=actor,
                recruitment=panel.recruitment,
                sheet=sheet,
                answers=_answers(rules, vendor, index, panel.review.seats),
                version=sheet.version,
            )
        actions.sign_qualification(actor=actor, recruitment=panel.recruitment, sheets=sheets)


def _cited(candidate: Candidate) -> str:
    """The file a yes rests on: the vendor's last one."""
    from app.responses.models import Response

    name = db.session.scalar(
        select(ResponseFile.name)
        .join(Response, Response.id == ResponseFile.response_id)
        .where(Response.candidate_id == candidate.id, ResponseFile.removed_at.is_(None))
        .order_by(ResponseFile.id.desc())
    )
    return name or ""


def vote(panel: Panel, vendors: dict[str, Vendor]) -> int:
    """The named votes on every disputed item; returns how many items."""
    rules = QualificationRules.from_plan(panel.review.rules["qualification"])
    disputes = list(
        db.session.scalars(
            select(Dispute).where(Dispute.review_id == panel.review.id, Dispute.stage == "open").order_by(Dispute.id)
        )
    )
    for dispute in disputes:
        yes = _vote_yes(vendors[dispute.candidate.credit_code].part, rules, panel.review.seats)
        cited = _cited(dispute.candidate)
        for index, (_seat, actor) in enumerate(panel.experts):
            agreed = index < yes
            actions.cast_vote(
                actor=actor,
                recruitment=panel.recruitment,
                dispute=dispute,
                choice="yes" if agreed else "no",
                cited_file=cited if agreed else "",
                cited_page="1" if agreed else "",
                reason="" if agreed else "承诺书的法人签章无法辨认，不能认为已按要求签署。",
            )
    return len(disputes)


def ca_answers(panel: Panel, staff: Actor, vendors: dict[str, Vendor]) -> int:
    """The CA is asked, its written answer names one vendor; returns how many groups."""
    groups = list(
        db.session.scalars(select(CAGroup).where(CAGroup.review_id == panel.review.id, CAGroup.stage == "open"))
    )
    for group in groups:
        members = [row for row in panel.review.candidates if row.ca_licence.strip().upper() == group.ca_licence]
        named = next(row for row in members if vendors[row.credit_code].part == CA_NAMED)
        assert any(vendors[row.credit_code].part == CA_OTHER for row in members)
        actions.ask_ca(actor=staff, recruitment=panel.recruitment, group=group)
        actions.record_ca_answer(
            actor=staff,
            recruitment=panel.recruitment,
            group=group,
            chosen=named,
            text=f"经核实，本机构就本次招募授权{named.name}。（样例回函）",
        )
    return len(groups)


def _entries(rules: ScoringRules, pattern: Pattern, index: int) -> dict[str, Entry]:
    """One seat's scores for one vendor."""
    entries = {}
    for line in rules.lines:
        if line.rule == "elements":
            proved = list(line.elements[: pattern.elements[line.key]])
            entries[line.key] = Entry(line.listed[len(proved)], {"elements": proved})
        elif line.rule == "count":
            count = pattern.cases[line.key][index]
            cases = [f"样例案例{number}：电子印章服务合同（样例）" for number in range(1, count + 1)]
            entries[line.key] = Entry(min(line.points, line.per * Decimal(count)), {"cases": cases})
        else:
            entries[line.key] = Entry(pattern.values[line.key])
    return entries


def fill_scores(
    panel: Panel, strengths: dict[str, int], patterns: list[Pattern], *, signing: int | None = None
) -> None:
    """Every seat scores every qualified vendor by its place's pattern; the first `signing` seats sign (all)."""
    rules = ScoringRules.from_plan(panel.review.rules["scoring"])
    for index, (seat, actor) in enumerate(panel.experts):
        for sheet in panel.sheets(ScoreSheet, seat):
            pattern = patterns[strengths[sheet.candidate.credit_code] - 1]
            scoring.save_score_sheet(
                actor=actor,
                recruitment=panel.recruitment,
                sheet=sheet,
                entries=_entries(rules, pattern, index),
                version=sheet.version,
            )
        if signing is None or index < signing:
            scoring.sign_scores(actor=actor, recruitment=panel.recruitment)


def sign_report(panel: Panel, staff: Actor) -> None:
    """The ranking is frozen, the report issued and signed by every seat; the last one ends the review."""
    report.freeze_ranking(actor=staff, recruitment=panel.recruitment)
    report.issue_report(actor=staff, recruitment=panel.recruitment)
    for _seat, actor in panel.experts:
        report.answer_report(actor=actor, recruitment=panel.recruitment)
