"""Collusion hints (雷同线索): searched once the responses are open, judged by people, never a decision.

Files are read one at a time; what is kept of them meanwhile are sketches, and their texts in a folder that is
removed at the end.
"""

from __future__ import annotations

import tempfile
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app import clock, planning
from app import plan as plans
from app.accounts.models import OrganisationMember, User
from app.audit import Actor, canonical, record, sm3_hex
from app.concurrency import check_version
from app.errors import Refusal
from app.extensions import action, db
from app.jobs.models import OutboxItem
from app.jobs.registry import order
from app.publication.models import Recruitment
from app.responses.models import Response
from app.review.common import review_of
from app.review.models import CollusionHint
from app.review.reading import Opened, Read, Reader, opened_files
from evaluation.collusion import KINDS, Sign, Trait, signs
from evaluation.models import Candidate, Review
from evaluation.similarity import Index, Occurrence, Shared, common_from, fold, passages, shingles

JOB = "collusion"
#: What a file says about its making → the kind of sign it is when two vendors have it in common.
FACTS = {
    "document": "same_document",
    "device": "same_device",
    "author": "same_author",
    "editor": "same_author",
    "company": "same_company",
    "tool": "same_tool",
}
#: What programs write where a person's or a company's name belongs, folded: it names nobody.
NOBODY = frozenset(
    [
        *("admin", "administrator", "user", "users", "owner", "root", "pc", "dell", "lenovo", "hp", "asus", "acer"),
        *("microsoftofficeuser", "microsoft", "windows用户", "微软用户", "用户", "unknown", "anonymous"),
        *("null", "none", "python-docx", "openpyxl", "wps", "author", "作者"),
    ]
)
#: Text hints kept of one search; the rest is counted. Passages shown of one hint, and characters of each.
MOST_TEXTS, MOST_PASSAGES, EXCERPT = 300, 8, 240
DECISIONS = ("noted", "dismissed")


@dataclass
class Found:
    """A finding before it is stored."""

    kind: str
    key: str
    facts: dict[str, Any]


@dataclass
class Search:
    """One search: what was found, how much was read, what could not be."""

    found: list[Found] = field(default_factory=list)
    files: int = 0
    unread: list[str] = field(default_factory=list)
    #: Text hints beyond what is kept.
    left_out: int = 0


def order_search(recruitment: Recruitment, review: Review, *, actor: Actor | None = None) -> None:
    """Order the search as background work, in the caller's transaction."""
    order(JOB, {"review": review.public_id}, recruitment=recruitment, actor=actor)


@action
def search_again(*, actor: Actor, recruitment: Recruitment) -> None:
    """Order a new search; what was decided on hints stays. Raises Refusal while one is under way."""
    review = review_of(recruitment, "opened", "qualification", "scoring")
    last = last_search(recruitment)
    if last is not None and last.stage in ("waiting", "handed"):
        raise Refusal("collusion_running")
    order_search(recruitment, review, actor=actor)
    record("collusion.ordered", actor=actor, recruitment=recruitment, subject=review)


def last_search(recruitment: Recruitment) -> OutboxItem | None:
    """The search ordered last, under way or done."""
    return db.session.scalar(
        select(OutboxItem)
        .where(OutboxItem.kind == JOB, OutboxItem.recruitment_id == recruitment.id)
        .order_by(OutboxItem.id.desc())
        .limit(1)
    )


def search(recruitment: Recruitment, review: Review, progress: Callable[[int], None]) -> Search:
    """Look through the data and the files of all opened responses; writes nothing.

    `progress` is told the percent now and then, outside any transaction.
    """
    files, traits = opened_files(review), list(_contacts(review))
    templates = _templates(recruitment)
    vendors = len({candidate.number for candidate in review.candidates})
    result = Search(files=len(files))
    db.session.rollback()
    with tempfile.TemporaryDirectory(prefix="yinzhao-texts-") as folder, Reader() as reader:
        texts = Texts(Path(folder), templates)
        for at, file in enumerate(files):
            traits.append(Trait(file.vendor, "same_file", file.sm3, file.ref))
            try:
                read = reader.read(file)
            except OSError:
                read = Read({}, [], "missing")
            if read.unread:
                result.unread.append(file.ref)
            traits += [
                Trait(file.vendor, kind, read.facts[fact], file.ref)
                for fact, kind in FACTS.items()
                if read.facts.get(fact)
            ]
            texts.add(file, read.pages)
            if at % 50 == 49:
                progress(80 * (at + 1) // len(files))
        by_ref = {file.ref: file for file in files}
        result.found = [_of_sign(sign, by_ref) for sign in signs(traits, vendors, nobody=NOBODY)]
        alike = texts.shared(vendors)
        result.found += [texts.describe(row) for row in alike[:MOST_TEXTS]]
        result.left_out = max(0, len(alike) - MOST_TEXTS)
    return result


def _contacts(review: Review) -> Iterator[Trait]:
    """Telephone, e-mail, address, legal representative, contact and people of every vendor."""
    responses = list(
        db.session.scalars(
            select(Response)
            .join(Candidate, Candidate.id == Response.candidate_id)
            .where(Candidate.review_id == review.id)
            .options(joinedload(Response.organisation), joinedload(Response.candidate))
        )
    )
    number_of: dict[int, int] = {}
    for row in responses:
        assert row.candidate is not None
        number = number_of[row.organisation_id] = row.candidate.number
        yield Trait(number, "same_phone", row.contact_phone)
        yield Trait(number, "same_person", row.contact_name)
        yield Trait(number, "same_person", row.organisation.legal_representative)
        yield Trait(number, "same_address", row.organisation.address)
    members = db.session.execute(
        select(OrganisationMember.organisation_id, User.name, User.phone, User.email)
        .join(User, User.id == OrganisationMember.user_id)
        .where(OrganisationMember.organisation_id.in_(number_of))
        .order_by(OrganisationMember.id)
    )
    for organisation, name, phone, email in members:
        number = number_of[organisation]
        yield Trait(number, "same_person", name)
        yield Trait(number, "same_phone", phone)
        yield Trait(number, "same_email", email)


def _templates(recruitment: Recruitment) -> frozenset[int]:
    """Shingles of everything the plan says: templates, letters, requirements. To copy them is what is asked."""

    def texts(value: Any) -> Iterator[str]:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            for part in value.values():
                yield from texts(part)
        elif isinstance(value, list):
            for part in value:
                yield from texts(part)

    plan = plans.as_json(planning.effective_plan(recruitment))
    return frozenset(number for text in texts(plan) for number in shingles(fold(text)))


class Texts:
    """The texts of the files, in a folder: twice through them, one at a time."""

    def __init__(self, folder: Path, templates: frozenset[int]) -> None:
        self.folder, self.templates = folder, templates
        self.files: list[Opened] = []
        #: Where each page of a text begins in the folded text.
        self.pages: list[list[int]] = []
        self.occurrence = Occurrence()

    def add(self, file: Opened, pages: Iterable[str]) -> None:
        """Keep a file's text and count its shingles. The files of one vendor come together."""
        starts, parts, length = [], [], 0
        for page in pages:
            folded = fold(page)
            starts.append(length)
            parts.append(folded)
            length += len(folded)
        if not length:
            return
        (self.folder / str(len(self.files))).write_text("".join(parts), encoding="utf-8")
        self.files.append(file)
        self.pages.append(starts)
        self.occurrence.add(file.vendor, shingles("".join(parts)))

    def _text(self, at: int) -> str:
        return (self.folder / str(at)).read_text(encoding="utf-8")

    def shared(self, vendors: int) -> list[Shared]:
        """What texts of different vendors have in common."""
        common, index = common_from(vendors), Index()

        def ignored(number: int) -> bool:
            return number in self.templates or self.occurrence(number) >= common

        for at, file in enumerate(self.files):
            index.add(file.vendor, at, passages(shingles(self._text(at)), ignored))
        return index.shared(vendors)

    def describe(self, row: Shared) -> Found:
        """The finding as it is stored: files, how much, and the longest passages with their pages."""
        one, other = self.files[row.one], self.files[row.other]
        text = self._text(row.one)
        listed = [
            {
                "text": text[first[0] : first[1]][:EXCERPT],
                "characters": first[1] - first[0],
                "pages": [self._page(row.one, first[0]), self._page(row.other, second[0])],
            }
            for first, second in row.places[:MOST_PASSAGES]
        ]
        facts = {
            "vendors": sorted({one.vendor, other.vendor}),
            "files": [_file(one), _file(other)],
            "characters": row.characters,
            "share": round(100 * row.share),
            "passages": listed,
        }
        return Found("same_text", _key("same_text", one.ref, other.ref), facts)

    def _page(self, at: int, place: int) -> int:
        return bisect_right(self.pages[at], place)


def _file(file: Opened) -> dict[str, Any]:
    return {"vendor": file.vendor, "file": file.ref, "name": file.name, "item": file.item}


def _of_sign(sign: Sign, by_ref: dict[str, Opened]) -> Found:
    facts = {
        "vendors": list(sign.vendors),
        "value": sign.value,
        "files": [_file(by_ref[source]) for _vendor, source in sign.sources if source in by_ref],
    }
    return Found(sign.kind, _key(sign.kind, sign.value), facts)


def _key(*parts: str) -> str:
    return sm3_hex(canonical(list(parts)))


def keep(review: Review, found: Iterable[Found]) -> int:
    """Store what a search found; returns how many hints are new.

    Open hints that are no longer found go; decided ones stay. Call inside a transaction.
    """
    there = {
        row.key: row
        for row in db.session.scalars(select(CollusionHint).where(CollusionHint.review_id == review.id))
    }
    new, now = 0, clock.now()
    keys = set()
    for finding in found:
        if finding.key in keys:
            continue
        keys.add(finding.key)
        if (row := there.get(finding.key)) is not None:
            row.facts = finding.facts
            continue
        new += 1
        db.session.add(
            CollusionHint(
                review_id=review.id,
                key=finding.key,
                kind=finding.kind,
                strength=KINDS[finding.kind],
                facts=finding.facts,
                found_at=now,
            )
        )
    for key, row in there.items():
        if key not in keys and row.stage == "open":
            db.session.delete(row)
    db.session.flush()
    return new


@action
def decide_hint(
    *, actor: Actor, recruitment: Recruitment, hint: CollusionHint, decision: str, reason: str, version: Any
) -> None:
    """Note a hint or set it aside, with the reason; it can be decided anew, the log keeps every decision.

    Nothing follows from it by itself: what it means for a vendor is settled by the panel in its sheets.
    """
    review_of(recruitment, "opened", "qualification", "scoring")
    check_version(hint, version, current=hint.reason, submitted=reason)
    if decision not in DECISIONS:
        raise Refusal("collusion_decision", field="decision")
    if not reason.strip():
        raise Refusal("reason_required", field="reason")
    assert actor.user is not None
    hint.stage, hint.reason = decision, reason.strip()
    hint.decided_by_id, hint.decided_at = actor.user.id, clock.now()
    record(
        f"collusion.{decision}",
        actor=actor,
        recruitment=recruitment,
        subject=hint,
        hint=hint.kind,
        vendors=hint.facts["vendors"],
        reason=hint.reason,
    )


def hints_of(review: Review, *, number: int | None = None) -> list[CollusionHint]:
    """The hints of a review, strong ones first; of one vendor with `number`. One statement."""
    rows = db.session.scalars(
        select(CollusionHint)
        .where(CollusionHint.review_id == review.id)
        .options(joinedload(CollusionHint.decided_by))
        .order_by(CollusionHint.id)
    )
    order_of = list(KINDS)
    found = [row for row in rows if number is None or number in row.facts["vendors"]]
    return sorted(
        found, key=lambda row: (row.strength != "strong", row.stage == "dismissed", order_of.index(row.kind))
    )
