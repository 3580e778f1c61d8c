"""Reading the desk's forms: lines of a qualification sheet, scores by the kind of their rule."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from decimal import Decimal
from typing import Any

from werkzeug.datastructures import MultiDict

from app import clock
from app.errors import Refusal
from evaluation.models import Review
from evaluation.review_qualification import Answer, form_items
from evaluation.review_scoring import Entry

#: What a score looks like; signs, exponents, "NaN" and twenty digits don't.
NUMBER = re.compile(r"\d{1,4}(\.\d{1,4})?")
MAX_TEXT = 2000
MAX_CASES = 200


def read_answers(review: Review, form: MultiDict[str, str]) -> dict[str, Answer]:
    """The lines of the form that were sent."""
    words = {"yes": True, "no": False, "": None}
    found = {}
    for entry in form_items(review):
        item = str(entry["id"])
        if f"remark-{item}" not in form and f"passed-{item}" not in form:
            continue
        passed = words.get(form.get(f"passed-{item}", ""))
        found[item] = Answer(
            passed, form.get(f"ground-{item}", "")[:20], form.get(f"remark-{item}", "").strip()[:MAX_TEXT]
        )
    return found


def score_lines(review: Review) -> list[dict[str, Any]]:
    """The plan's scoring table as lines that take points: sub-items where there are any, else the item."""
    section = review.rules["scoring"]
    lines = []
    for item in section["items"]:
        shared = {
            "no": str(item["no"]),
            "name": item["name"],
            "kind": item["kind"],
            "item_points": Decimal(str(item["points"])),
            "standard": item.get("standard", ""),
        }
        parts = item.get("subitems") or [{**item, "id": item["no"], "text": ""}]
        for index, part in enumerate(parts):
            lines.append(
                {
                    **shared,
                    "key": str(part["id"]),
                    "text": part.get("text", ""),
                    "evidence": part.get("evidence") or item.get("evidence", ""),
                    "points": Decimal(str(part["points"])),
                    "rule": part.get("rule", "range"),
                    "elements": part.get("elements", []),
                    "per": Decimal(str(part.get("per", "1"))),
                    "step": Decimal(str(section.get("step", "0.5"))),
                    "first": index == 0,
                    "of_several": len(parts) > 1,
                }
            )
    return lines


def read_number(text: str, key: str) -> Decimal | None:
    """A score as typed, full-width digits included; empty is not yet."""
    text = unicodedata.normalize("NFKC", text).strip()
    if not text:
        return None
    if not NUMBER.fullmatch(text):
        raise Refusal("review_number_needed", field=f"value-{key}", item=key)
    return Decimal(text)


def read_entry(line: dict[str, Any], form: MultiDict[str, str]) -> Entry:
    """One line's points and what they rest on."""
    key = line["key"]
    remark = form.get(f"remark-{key}", "").strip()[:MAX_TEXT]
    if line["rule"] == "elements":
        known = [str(element["id"]) for element in line["elements"]]
        chosen = form.getlist(f"element-{key}")
        proved = [element for element in known if element in chosen]
        if not proved and "none" not in chosen:
            return Entry(None, {}, remark)
        return Entry(line["points"] * len(proved) / len(known), {"elements": proved}, remark)
    if line["rule"] == "count":
        cases = [text.strip()[:300] for text in form.get(f"cases-{key}", "").splitlines() if text.strip()]
        cases = cases[:MAX_CASES]
        if not cases and not form.get(f"none-{key}"):
            return Entry(None, {}, remark)
        return Entry(min(line["points"], line["per"] * len(cases)), {"cases": cases}, remark)
    return Entry(read_number(form.get(f"value-{key}", ""), key), {}, remark)


def read_entries(review: Review, form: MultiDict[str, str]) -> dict[str, Entry]:
    """Every line of the score sheet."""
    return {line["key"]: read_entry(line, form) for line in score_lines(review)}


def read_moment(text: str) -> datetime | None:
    """A `datetime-local` value as a Shanghai instant; unreadable is None."""
    try:
        value = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return clock.at(value.date(), value.time()) if value.tzinfo is None else None
