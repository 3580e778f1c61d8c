"""What the ranking would be if an objection succeeded: the real sheets ranked anew, nothing written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from sqlalchemy import select

from app.extensions import db
from app.publication.models import Recruitment
from app.results.candidates import ACTIVE, RANKED, entries, ranking_rules, would_select
from evaluation.errors import EvaluationError
from evaluation.models import Candidate, Minute, RankEntry, Review
from evaluation.ranking import Standing, rank
from evaluation.references import ref_of
from evaluation.review_scoring import scoring_rules, sheets_of
from evaluation.scoring import ScoreCode, ScoreRefused, ScoringRules, parse_score


@dataclass(frozen=True)
class Line:
    """One vendor before and after. A rank of None: not ranked."""

    candidate: Candidate
    before: int | None
    after: int | None
    score_before: Decimal | None
    score_after: Decimal | None
    selected_before: bool
    selected_after: bool

    @property
    def moved(self) -> bool:
        return self.before != self.after or self.score_before != self.score_after


@dataclass(frozen=True)
class Impact:
    """`changes`: another set of vendors would be selected. `tied`: lots would have to be drawn first."""

    lines: list[Line]
    tied: bool

    @property
    def changes(self) -> bool:
        return any(line.selected_before != line.selected_after for line in self.lines)

    @property
    def gains(self) -> list[Candidate]:
        return [line.candidate for line in self.lines if line.selected_after and not line.selected_before]

    @property
    def loses(self) -> list[Candidate]:
        return [line.candidate for line in self.lines if line.selected_before and not line.selected_after]


def _lottery(review: Review) -> str:
    row = db.session.scalar(
        select(Minute)
        .where(Minute.review_id == review.id, Minute.kind == "ranked")
        .order_by(Minute.id.desc())
        .limit(1)
    )
    return str(row.facts.get("lottery", "")) if row is not None else ""


def _standings(review: Review) -> tuple[dict[str, Candidate], list[Standing]]:
    """The signed scores of everybody who is still ranked. The key is the salted reference, as at the freezing."""
    values: dict[str, dict[str, list[Decimal]]] = {}
    people: dict[str, Candidate] = {}
    refs: dict[int, str] = {}
    for sheet in sheets_of(db.session(), review):
        if sheet.candidate.stage not in RANKED:
            continue
        ref = refs.get(sheet.candidate_id) or refs.setdefault(sheet.candidate_id, ref_of(sheet.candidate))
        people[ref] = sheet.candidate
        by_key = values.setdefault(ref, {})
        for row in sheet.scores:
            by_key.setdefault(row.item, []).append(row.value or Decimal(0))
    return people, [Standing(key=ref, scores=by_key) for ref, by_key in values.items()]


def impact(
    recruitment: Recruitment,
    *,
    without: Candidate | None = None,
    changed: tuple[Candidate, str, str] | None = None,
) -> Impact | None:
    """The ranking without one vendor, or with one scoring key of one vendor at another value on every seat.

    None where nothing is ranked yet. Raises ScoreRefused for points that the plan doesn't allow.
    """
    review, rows = recruitment.review, entries(recruitment)
    if review is None or not rows:
        return None
    rules, scoring = ranking_rules(recruitment), scoring_rules(review)
    people, standings = _standings(review)
    if without is not None:
        standings = [row for row in standings if row.key != ref_of(without)]
    if changed is not None:
        candidate, key, value = changed
        points, ref = _within(scoring, key, value), ref_of(candidate)
        standings = [
            replace(row, scores=_with(row.scores, key, points)) if row.key == ref else row
            for row in standings
        ]
    try:
        ranked = rank(standings, scoring=scoring, rules=rules, lottery=_lottery(review))
    except EvaluationError:
        return None
    after = {row.key: row for row in ranked}
    before = {ref_of(row.candidate): row for row in rows}
    chosen = _selected_now(recruitment, rows)
    lines = []
    for ref in sorted({*before, *after}, key=lambda ref: (after[ref].rank if ref in after else 9999, ref)):
        old, new = before.get(ref), after.get(ref)
        person = people.get(ref) or (old.candidate if old is not None else None)
        if person is None or (person.stage not in RANKED):
            continue
        lines.append(
            Line(
                candidate=person,
                before=old.rank if old is not None else None,
                after=new.rank if new is not None else None,
                score_before=old.score if old is not None else None,
                score_after=new.score if new is not None else None,
                selected_before=person.public_id in chosen,
                selected_after=new is not None and new.rank <= rules.quota,
            )
        )
    return Impact(lines, any(row.tied for row in ranked))


def _within(scoring: ScoringRules, key: str, value: str) -> Decimal:
    number, most = parse_score(value, key), scoring.line(key).points
    if not 0 <= number <= most:
        raise ScoreRefused(ScoreCode.OUT_OF_RANGE, item=key, value=str(value), points=str(most))
    return number


def _with(scores: Mapping[str, Sequence[Decimal]], key: str, value: Decimal) -> dict[str, Sequence[Decimal]]:
    changed = dict(scores)
    changed[key] = [value] * len(changed.get(key, []))
    return changed


def _selected_now(recruitment: Recruitment, rows: list[RankEntry]) -> set[str]:
    held = {row.candidate.public_id for row in rows if row.candidate.stage in ACTIVE}
    return held or set(would_select(recruitment, rows).selected)


def cutoff(recruitment: Recruitment) -> RankEntry | None:
    """The last vendor that holds a place: whoever comes back must score higher to be selected."""
    rows = entries(recruitment)
    if not rows or recruitment.review is None:
        return None
    chosen = _selected_now(recruitment, rows)
    held = [row for row in rows if row.candidate.public_id in chosen]
    full = len(held) >= ranking_rules(recruitment).quota
    return held[-1] if held and full else None
