"""What a plan points at and promises: references, annexes, the template's sections, prices."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from app.plan.lint.finding import Found
from app.plan.lint.numerals import NUMBER, read
from app.plan.lint.subject import Subject, entry_of

#: Lists with numbers of their own, and the lists inside their entries.
_LISTS = {
    "evaluation.scoring.items": ("subitems",),
    "evaluation.qualification.requirements": ("parts",),
    "evaluation.qualification.invalidity": (),
    "evaluation.qualification.form": (),
    "responses.items": ("parts",),
    "responses.rules": ("parts",),
    "responses.template.sections": ("parts",),
}
_REFERENCE = re.compile(
    rf"(?P<law>》)?第\s*(?P<first>{NUMBER}(?:[、，,和至到-]\s*{NUMBER})*)\s*(?:项|条|款|章|节|部分)"
    rf"(?:第?\s*[（(]?(?P<second>{NUMBER})[）)]?\s*(?:项|条|款|点|目))?"
)
_ANNEX = re.compile(rf"附件\s*[（(]?({NUMBER})[）)]?")


def references(plan: Subject) -> Iterator[Found]:
    """A reference such as 第七项第二条 leads to an entry of a numbered list of the plan.

    Of two levels both must exist in the same list. A clause of a law (after 》) is none of the plan's.
    """
    seen = set()
    for place, text in plan.all_texts:
        for match in _REFERENCE.finditer(text):
            if match["law"]:
                continue
            missing = [
                words for words in re.split(r"[、，,和至到-]\s*", match["first"])
                if not _leads(plan, place, read(words), read(match["second"]) if match["second"] else None)
            ]
            where = entry_of(place)
            if missing and where not in seen:
                seen.add(where)
                yield Found("reference_dangling", where, {"words": match[0].lstrip("》")})


def _leads(plan: Subject, place: str, first: int | None, second: int | None) -> bool:
    if first is None:
        return True
    for root, inner in _LISTS.items():
        entries = plan.entries(root)
        # A reference from inside a list means the list's own numbers first, but may mean any other's.
        found = next((entry for where, entry in entries if where == f"{root}.{first}"), None)
        if found is None:
            continue
        if second is None:
            return True
        lists = [found.get(name) for name in inner]
        if any(isinstance(parts, list) and len(parts) >= second for parts in lists):
            return True
    return False


#: Keys that name entries of another list: where they stand, the key, the list they name.
_LINKS = (
    ("responses.items", "evidences", "evaluation.qualification.requirements"),
    ("responses.template.sections", "items", "responses.items"),
)


def links(plan: Subject) -> Iterator[Found]:
    """Entries that name entries of another list, e.g. a content item the requirement it proves."""
    for root, key, target in _LINKS:
        known = {place.removeprefix(f"{target}.") for place, _ in plan.entries(target)}
        for place, entry in plan.entries(root):
            named = entry.get(key)
            missing = [str(name) for name in named if name not in known] if isinstance(named, list) else []
            if missing:
                yield Found("reference_dangling", f"{place}.{key}", {"words": "、".join(missing)})
    required = {str(entry.get("id")) for _, entry in plan.entries("onboarding.requirements.items")}
    for key in ("signature", "decryption"):
        ids = plan.get(f"onboarding.trial.{key}")
        missing = [str(name) for name in ids if name not in required] if isinstance(ids, list) else []
        if missing:
            yield Found("reference_dangling", f"onboarding.trial.{key}", {"words": "、".join(missing)})
    groups = {
        str(entry.get("group") or str(entry.get("id", "")).split(".")[0])
        for _, entry in plan.entries("onboarding.requirements.items")
    }
    for place, entry in plan.entries("onboarding.sections"):
        tables = entry.get("tables")
        for name in [entry.get("group"), *(tables if isinstance(tables, list) else [])]:
            if isinstance(name, str) and name not in groups:
                yield Found("reference_dangling", place, {"words": name})


def proofs(plan: Subject) -> Iterator[Found]:
    """Every requirement has a content item that proves it, where content items name what they prove."""
    named = {
        str(name)
        for _, item in plan.entries("responses.items")
        if isinstance(item.get("evidences"), list)
        for name in item["evidences"]
    }
    root = "evaluation.qualification.requirements"
    for place, entry in plan.entries(root):
        if named and place.removeprefix(f"{root}.") not in named:
            yield Found("requirement_unproved", place, {"title": entry.get("title", "")})


def annexes(plan: Subject) -> Iterator[Found]:
    """Every annex that is named is there, with a text."""
    there = {str(entry.get("no")) for _, entry in plan.entries("responses.annexes") if entry.get("text")}
    named: dict[str, tuple[str, str]] = {}
    for place, text in plan.all_texts:
        if place.startswith("responses.annexes."):
            continue
        for match in _ANNEX.finditer(text):
            if (no := read(match[1])) is not None:
                named.setdefault(str(no), (entry_of(place), text.strip()[:30]))
    for place, entry in plan.entries("responses.items"):
        if isinstance(entry.get("annex"), str):
            named.setdefault(entry["annex"], (place, str(entry.get("title", ""))))
    for no, (place, words) in named.items():
        if no not in there:
            yield Found("annex_missing", f"responses.annexes.{no}", {"no": no, "at": place, "words": words})


def template(plan: Subject) -> Iterator[Found]:
    """Every content item has its place in the template, and every section of it is asked for.

    A section says by `items` what belongs into it, or carries the title of the content item.
    """
    sections, items = plan.entries("responses.template.sections"), plan.entries("responses.items")
    if not sections or not items:
        return
    wanted = {str(item.get("no")): _bare(item.get("title")) for _, item in items if not item.get("formal")}
    placed: set[str] = set()
    empty = []
    for _, section in sections:
        listed = section.get("items")
        own = {str(no) for no in listed} if isinstance(listed, list) else set()
        own |= {no for no, title in wanted.items() if title and title == _bare(section.get("title"))}
        placed |= own
        if not own & wanted.keys():
            empty.append(str(section.get("no", "")))
    homeless = [no for no in wanted if no not in placed]
    if homeless or empty:
        yield Found("template_incomplete", "responses.template.sections", {
            "items": len(items), "sections": len(sections),
            "homeless": "、".join(homeless) or "—", "empty": "、".join(empty) or "—",
        })


def _bare(title: Any) -> str:
    return re.sub(r"[^\w]", "", title) if isinstance(title, str) else ""


_PROMISED = (
    ("price_list", re.compile(r"目录价格?|收费目录|收费标准|价目表|服务价格")),
    ("distribution", re.compile(r"分配(?:模式|方式|办法|比例)|收益分配|分成")),
)


def fees(plan: Subject) -> Iterator[Found]:
    """Prices and shares that the plan names are given."""
    for key, pattern in _PROMISED:
        if plan.text(f"publication.fees.{key}").strip():
            continue
        for _, text in plan.texts_under("publication.fees"):
            if match := pattern.search(text):
                yield Found("fee_undefined", f"publication.fees.{key}", {"words": match[0]})
                break


CHECKS = (references, links, proofs, annexes, template, fees)
