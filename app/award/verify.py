"""`verify-review`: what the panel signed against what stands in the database now, and the result recomputed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from app.audit import plain, sm3_hex
from app.award.build import prepare, seal
from app.errors import Refusal
from app.extensions import db
from app.planning import section
from app.publication.models import Recruitment
from app.results.candidates import entries
from app.review.signed import SignedRecord, signed_rows
from app.signing import signed_bytes
from app.wording import label
from evaluation.models import Candidate, PanelSeat, QualificationSheet, Review, ScoreSheet
from evaluation.plan_rules import as_json
from evaluation.recompute import recompute
from evaluation.recompute_book import Difference


@dataclass(frozen=True)
class Finding:
    """One thing that does not hold: a code, where, and the sentence for it."""

    code: str
    where: str
    sentence: str
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """What was checked and what was found; `recomputed` tells whether there was a result to compute again."""

    checked: int
    findings: list[Finding]
    recomputed: bool

    @property
    def ok(self) -> bool:
        return not self.findings

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "ok": self.ok,
            "checked": self.checked,
            "recomputed": self.recomputed,
            "findings": [
                {"code": row.code, "where": row.where, "sentence": row.sentence, "facts": plain(row.facts)}
                for row in self.findings
            ],
        }


def verify_review(recruitment: Recruitment) -> Verdict:
    """Check a review against its signatures; raises Refusal `award_no_review` where there is none."""
    review = recruitment.review
    if review is None:
        raise Refusal("award_no_review")
    names = {
        row.number: row.name for row in db.session.scalars(select(Candidate).where(Candidate.review_id == review.id))
    }
    rows = list(signed_rows(review))
    findings = [found for row in rows for found in _check(row, names)]
    findings += _without_version(review, rows, names)
    if plain(review.rules) != plain(as_json(section(recruitment, "evaluation"))):
        findings.append(_found("rules", ""))
    ranked = bool(entries(recruitment))
    if ranked:
        named = {"record_digest", "record_signature"} if findings else set()
        outcome = recompute(seal(prepare(recruitment, "pseudonymous")))
        findings += [_differing(row) for row in outcome.differences if row.code not in named]
    return Verdict(len(rows), findings, ranked)


def _found(code: str, where: str, **facts: Any) -> Finding:
    return Finding(code, where, label("verify", code).format(where=where, **facts), facts)


def _differing(row: Difference) -> Finding:
    facts: dict[str, Any] = defaultdict(str)
    facts.update({key: _short(value) for key, value in row.facts.items()})
    if "field" in facts:
        facts["field"] = label("result_field", facts["field"])
    if "what" in facts:
        facts["what"] = _in_words(facts["what"])
    sentence = label("award_difference", row.code).format_map(facts)
    told = {key: str(value) for key, value in row.facts.items()}
    return Finding(row.code, label("verify", "recomputed"), sentence, told)


def _in_words(what: str) -> str:
    """The name of a signed record, as the recomputation gives it, in Chinese."""
    words = []
    for part in what.split(", "):
        name, _, value = part.partition(" ")
        words.append(label("record_part", name).format(value) if value else label("signed_kind", part))
    return "，".join(words)


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 200 else f"{text[:200]}…"


def _check(row: SignedRecord, names: dict[int, str]) -> list[Finding]:
    where = _where(row.kind, row.seat_pseudonym, row.version.payload, names)
    if not row.current:
        where = label("verify", "older").format(where=where, number=row.version.number)
    if not row.intact:
        return _changes(row, where)
    if row.certificate_der is None:
        return [_found("certificate", where)]
    return [] if row.verified else [_found("signature", where)]


def _where(kind: str, seat: str, payload: dict[str, Any], names: dict[int, str]) -> str:
    parts = [label("signed_kind", kind), seat]
    candidate = payload.get("candidate")
    if isinstance(candidate, dict):
        parts.append(names.get(candidate.get("number", 0), ""))
    if kind == "ballot":
        parts.append(label("verify", "item").format(item=payload.get("item", "")))
    return "，".join(part for part in parts if part)


def _changes(row: SignedRecord, where: str) -> list[Finding]:
    if sm3_hex(signed_bytes(row.version.payload)) != row.digest:
        return [_found("version", where)]
    if not row.payload:
        return [_found("taken", where)]
    signed, there = _flat(row.version.payload), _flat(row.payload)
    found = []
    for place in sorted({*signed, *there}):
        before, after = signed.get(place, "—"), there.get(place, "—")
        if before != after:
            what = label("payload_field", place[-1])
            if len(place) > 1:
                what = label("verify", "item").format(item=place[-2]) + what
            found.append(_found("changed", where, what=what, before=before, after=after))
    return found or [_found("version", where)]


def _flat(value: Any, place: tuple[str, ...] = ()) -> dict[tuple[str, ...], str]:
    """A payload as place → text; the lines of a list are named by their item or vendor."""
    if isinstance(value, dict):
        if value.keys() == {"salt", "text"}:
            return {place: str(value["text"])}
        found: dict[tuple[str, ...], str] = {}
        for key, entry in value.items():
            found |= _flat(entry, (*place, str(key)))
        return found
    if isinstance(value, list):
        found = {}
        for at, entry in enumerate(value, 1):
            name = str(at)
            if isinstance(entry, dict):
                name = str(entry.get("item") or (entry.get("candidate") or {}).get("number") or at)
            found |= _flat(entry, (*place, name))
        return found
    words = {True: "√", False: "×", None: "—"}
    return {place: words[value] if value is None or isinstance(value, bool) else str(value)}


def _without_version(review: Review, rows: list[SignedRecord], names: dict[int, str]) -> list[Finding]:
    """Sheets that say they are signed while no signed version of them is kept."""
    kept = {(row.kind, row.version.subject_id) for row in rows}
    found = []
    models: tuple[type[QualificationSheet] | type[ScoreSheet], ...] = (QualificationSheet, ScoreSheet)
    for model in models:
        kind = "qualification_sheet" if model is QualificationSheet else "score_sheet"
        signed = (
            select(model.id, PanelSeat.pseudonym, Candidate.number)
            .join(PanelSeat, PanelSeat.id == model.seat_id)
            .join(Candidate, Candidate.id == model.candidate_id)
            .where(PanelSeat.review_id == review.id, model.stage == "signed")
        )
        for key, seat, number in db.session.execute(signed):
            if (kind, key) not in kept:
                where = _where(kind, seat, {"candidate": {"number": number}}, names)
                found.append(_found("unsigned", where))
    return found
