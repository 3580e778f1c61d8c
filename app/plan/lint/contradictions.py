"""Places of a plan that say different things: texts against each other, texts against values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from fractions import Fraction

from app.plan.lint.finding import Found
from app.plan.lint.numerals import NUMBER, read, read_fraction
from app.plan.lint.subject import Subject, entry_of, number, plain

#: The three places that say what a response must contain, the most binding first.
_ASKED_FOR = (
    "evaluation.qualification.requirements",
    "responses.items",
    "responses.template.sections",
)
_CLAUSE = re.compile(r"[，,。；;：:（）()\n]")
_DIGITS = re.compile(r"[0-9]+")
#: Clauses at least this alike, their numbers left out, speak of the same thing.
_ALIKE = 0.72
_LEAST_SIGNS = 8


@dataclass(frozen=True)
class _Clause:
    root: int
    place: str
    text: str
    masked: str
    numbers: tuple[str, ...]


def numbers_between_sections(plan: Subject) -> Iterator[Found]:
    """The same requirement with different numbers: e.g. two years for one certificate of taxes.

    The place that stands alone against the others is named; of two, the less binding one.
    """
    clauses = [
        _Clause(root, entry_of(place), clause, _DIGITS.sub("", clause), tuple(_DIGITS.findall(clause)))
        for root, path in enumerate(_ASKED_FOR)
        for place, text in plan.texts_under(path)
        for clause in _CLAUSE.split(text)
        if _DIGITS.search(clause) and len(_DIGITS.sub("", clause)) >= _LEAST_SIGNS
    ]
    reported = set()
    for index, one in enumerate(clauses):
        same = [other for other in clauses if other.root != one.root and _same_subject(one, other)]
        against = [other for other in same if other.numbers != one.numbers]
        if not against:
            continue
        agreeing = [other for other in same if other.numbers == one.numbers]
        # Outvoted, or alone against one that binds more.
        outvoted = len(against) > len(agreeing) + 1
        weaker = len(against) == len(agreeing) + 1 and one.root > min(other.root for other in against)
        if (outvoted or weaker) and one.place not in reported:
            reported.add(one.place)
            other = against[0]
            yield Found("numbers_differ", one.place, {
                "here": clauses[index].text, "there": other.text, "other": other.place,
            })


def _same_subject(one: _Clause, other: _Clause) -> bool:
    if len(one.numbers) != len(other.numbers):
        return False
    short, long = sorted((one.masked, other.masked), key=len)
    # One clause may stand in the other: "提供2021年起…" against "2022年起…".
    return short in long or SequenceMatcher(None, short, long, autojunk=False).ratio() >= _ALIKE


@dataclass(frozen=True)
class _Said:
    """A pattern whose number in a text must be the value at a path."""

    roots: tuple[str, ...]
    pattern: re.Pattern[str]
    path: str
    factor: int = 1


_SAID = (
    _Said(("evaluation", "onboarding.text", "publication"),
          re.compile(rf"(?:选取|选定|入选|招募|选择|遴选)\s*前?({NUMBER})\s*[家名个]"), "evaluation.ranking.quota"),
    _Said(("evaluation.panel",), re.compile(rf"({NUMBER})\s*(?:位|名)(?:评审|评标)?专家"), "evaluation.panel.seats"),
    _Said(("onboarding.text",), re.compile(rf"({NUMBER})\s*个工作日"), "onboarding.workdays.integration_days"),
    _Said(("onboarding.text", "publication.fees"), re.compile(rf"({NUMBER})\s*个月的?免费"),
          "onboarding.golive.promotion_months"),
    _Said(("publication.service_period",), re.compile(rf"({NUMBER})\s*年"), "onboarding.golive.service_months", 12),
    _Said(("publication.service_period",), re.compile(rf"({NUMBER})\s*个月"), "onboarding.golive.service_months"),
    _Said(("evaluation.scoring.title",), re.compile(rf"满分\s*({NUMBER})\s*分"), "evaluation.scoring.total"),
    _Said(("responses.rules",), re.compile(rf"正本\s*({NUMBER})\s*份"), "responses.copies.originals"),
    _Said(("responses.rules",), re.compile(rf"副本\s*({NUMBER})\s*份"), "responses.copies.duplicates"),
    _Said(("responses.rules",), re.compile(rf"纸质版\s*({NUMBER})\s*份"), "responses.copies.paper"),
)
_VOTE = re.compile(rf"超过\s*(?:全体评委的?)?\s*({NUMBER}分之{NUMBER}|[0-9]+/[0-9]+)")
_FULL = re.compile(r"满分\s*([0-9.]+)\s*分")
_EACH = re.compile(r"每[^，。；]{0,10}?[个份项件][^，。；]{0,10}?得\s*([0-9.]+)\s*分")


def texts_against_values(plan: Subject) -> Iterator[Found]:
    """What the text says in words is what the rules count with."""
    for said in _SAID:
        value = number(plan.get(said.path))
        if value is None:
            continue
        for place, text in plan.texts_under(*said.roots):
            for match in said.pattern.finditer(text):
                written = read(match[1])
                if written is not None and written * said.factor != value:
                    yield _differs(place, match[0], said.path, plain(value))
    yield from _vote(plan)
    yield from _points(plan)


def _vote(plan: Subject) -> Iterator[Found]:
    root = "evaluation.qualification"
    top, bottom = plan.whole(f"{root}.vote_numerator"), plan.whole(f"{root}.vote_denominator")
    match = _VOTE.search(plan.text(f"{root}.text"))
    written = read_fraction(match[1]) if match else None
    if match and written is not None and top and bottom and written != Fraction(top, bottom):
        yield _differs(f"{root}.text", match[0], f"{root}.vote_numerator", f"{top}/{bottom}")


def _points(plan: Subject) -> Iterator[Found]:
    for line in plan.lines:
        for pattern, key in ((_FULL, "points"), (_EACH, "per")):
            match, value = pattern.search(line.text), number(line.entry.get(key))
            if match and value is not None and (written := number(match[1])) is not None and written != value:
                yield _differs(line.place, match[0], f"{line.place}.{key}", plain(value))


def _differs(place: str, words: str, path: str, value: str) -> Found:
    return Found("text_contradicts", place, {"words": words, "path": path, "value": value})


_DUPLICATES = re.compile(r"所有副本|各副本|正[、和及]副本|副本分别|正本[和及与、][^，。；]{0,6}副本")


def copies(plan: Subject) -> Iterator[Found]:
    """One original only, and yet its copies are spoken of; or numbers of copies that don't come to the whole."""
    numbers = [plan.whole(f"responses.copies.{key}") for key in ("paper", "originals", "duplicates")]
    paper, originals, duplicates = numbers
    if paper is not None and originals is not None and duplicates is not None and paper != originals + duplicates:
        yield Found("copies_contradict", "responses.copies", {
            "words": f"{originals}+{duplicates}", "paper": paper, "originals": originals,
        })
    if duplicates or (duplicates is None and (paper is None or paper != originals)):
        return
    for place, text in plan.texts_under("responses.rules", "responses.template"):
        if match := _DUPLICATES.search(text):
            yield Found("copies_contradict", entry_of(place), {
                "words": match[0], "paper": paper or originals or "?", "originals": originals or "?",
            })


#: Words that belong to one kind of procedure; left in another they come from somebody else's document.
_TERMS = ("比选", "磋商", "谈判", "询价", "竞价", "投标", "招标", "中标", "评标", "开标", "遴选")
_QUOTED = re.compile(r"《[^》]*》")


def foreign_terms(plan: Subject) -> Iterator[Found]:
    """The word of another kind of procedure than the plan's own."""
    own = "".join(plan.text(path) for path in ("name", "title", "publication.method", "publication.method_text"))
    for term in _TERMS:
        if term in own or not own:
            continue
        hits = [entry_of(place) for place, text in plan.all_texts if term in _QUOTED.sub("", text)]
        if hits:
            listed = "、".join(dict.fromkeys(hits))
            yield Found("foreign_term", hits[0], {"term": term, "places": listed})


CHECKS: tuple[Callable[[Subject], Iterator[Found]], ...] = (
    numbers_between_sections, texts_against_values, copies, foreign_terms,
)
