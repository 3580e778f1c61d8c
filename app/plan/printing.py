"""The plan in the order in which it is read on paper: headings, paragraphs and tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from app.wording.plan import KINDS, PRINTED

Section = dict[str, Any]


def plan_sections_for_print(plan: Mapping[str, Any]) -> list[Section]:
    """Sections of a plan (in force or as filed): `title`, `number`, `level` 1 or 2, `text`, `table`.

    A table's first row is its head. Dates are written from the schedule, everything else is the plan's text.
    """
    publication = _table(plan, "publication")
    evaluation, onboarding = _table(plan, "evaluation"), _table(plan, "onboarding")
    responses = _table(plan, "responses")
    sections = [
        *_part("overview", _text(publication, "overview")),
        *_part("goals", _text(publication, "goals")),
        *_part("service_period", _text(publication, "service_period")),
        *_process(publication),
        *_part("requirements", _numbered(_list(_table(evaluation, "qualification"), "requirements"))),
        *_method(evaluation),
        *_needs(onboarding),
        *_responses(responses),
    ]
    fees = _table(publication, "fees")
    extra = [
        PRINTED[key].format(text=fees[key]) for key in ("price_list", "distribution") if isinstance(fees.get(key), str)
    ]
    if text := _lines([_text(fees, "service"), *extra]):
        sections.append(_section(str(fees.get("title") or PRINTED["fees"]), text))
    sections += _template(_table(responses, "template"))
    for annex in _list(responses, "annexes"):
        sections.append(_section(PRINTED["annex"].format(no=annex.get("no", ""), title=annex.get("title", "")),
                                 _text(annex, "text")))
    return sections


def _table(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = data.get(key)
    return value if isinstance(value, Mapping) else {}


def _list(data: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = data.get(key)
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def _text(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    return value.strip("\n") if isinstance(value, str) else ""


def _lines(parts: Iterable[str]) -> str:
    return "\n".join(part for part in parts if part)


def _section(title: str = "", text: str = "", *, number: str = "", level: int = 1, table: Any = None) -> Section:
    return {"title": title, "number": number, "level": level, "text": text, "table": table}


def _part(name: str, text: str) -> list[Section]:
    return [_section(PRINTED[name], text)] if text else []


def _numbered(entries: Iterable[Mapping[str, Any]], form: str = "（{no}）{text}") -> str:
    return _lines(
        form.format(no=position, text=_text(entry, "text")) for position, entry in enumerate(entries, 1)
    )


def _sub(parts: Iterable[tuple[str, str, Any]]) -> list[Section]:
    """Second-level sections, numbered （1）, （2）, … in the order of those that have something to say."""
    there = [part for part in parts if part[1] or part[2]]
    return [
        _section(title, text, number=f"（{position}）", level=2, table=table)
        for position, (title, text, table) in enumerate(there, 1)
    ]


def _day(value: Any) -> str:
    return f"{value.year}年{value.month}月{value.day}日" if isinstance(value, date) else str(value or "")


def _process(publication: Mapping[str, Any]) -> list[Section]:
    schedule, contact, fees = (_table(publication, key) for key in ("schedule", "contact", "fees"))
    times = []
    for name, start, end in (
        ("responses", "responses_open", "responses_close"),
        ("review", "review_start", "review_end"),
        ("publicity", "publicity_start", "publicity_end"),
    ):
        if schedule.get(start) and schedule.get(end):
            hour = schedule.get("closing_time") if name == "responses" else None
            times.append(
                PRINTED[f"time_{name}"].format(start=_day(schedule[start]), end=f"{_day(schedule[end])}{hour or ''}")
            )
    if place := _text(publication, "submission"):
        times.append(PRINTED["submission"].format(text=place))
    person = _text(contact, "name")
    if phone := _text(contact, "phone"):
        person = PRINTED["contact"].format(name=person, phone=phone)
    channels = _text(publication, "channels_text") or "\n".join(
        f"{channel.get('name', '')}（{channel.get('url', '')}）" for channel in _list(publication, "channels")
    )
    body = _sub([
        (PRINTED["method"], _text(publication, "method_text") or _text(publication, "method"), None),
        (PRINTED["channels"], channels, None),
        (PRINTED["times"], _lines(times), None),
        (PRINTED["contacts"], person, None),
        (PRINTED["expert_fee"], _text(fees, "expert"), None),
    ])
    return [_section(PRINTED["process"]), *body] if body else []


def _method(evaluation: Mapping[str, Any]) -> list[Section]:
    qualification, scoring = _table(evaluation, "qualification"), _table(evaluation, "scoring")
    panel, ranking = _text(_table(evaluation, "panel"), "text"), _text(_table(evaluation, "ranking"), "text")
    reasons = _list(qualification, "invalidity")
    steps = [step for step in (panel, _text(qualification, "text")) if step]
    text = _lines(f"{position}. {step}" for position, step in enumerate(steps, 1))
    if reasons:
        text = _lines([
            text,
            f"{len(steps) + 1}. {PRINTED['invalidity']}",
            _text(qualification, "invalidity_text"),
            _numbered(reasons, "({no}) {text}"),
        ])
    form = _list(qualification, "form")
    title = str(qualification.get("form_title") or PRINTED["form"])
    notes = [str(note) for note in qualification.get("form_notes") or []]
    sections = [_section(PRINTED["evaluation"])]
    sections.append(_section(PRINTED["procedure"], text, number="（1）", level=2))
    if form:
        rows = [PRINTED["form_head"], *([str(position), _text(entry, "title"), _text(entry, "text"), ""]
                                        for position, entry in enumerate(form, 1))]
        sections.append(_section(f"{len(steps) + 2}. {title}", level=2, table=rows))
        listed = _lines(f"{position}、{note}" for position, note in enumerate(notes, 1))
        sections.append(_section(text=f"{PRINTED['signature']}\n{PRINTED['note']}{listed}"))
    items = _list(scoring, "items")
    table = [PRINTED["scoring_head"], *(_scored(item) for item in items)] if items else None
    sections.append(_section(PRINTED["ranking"], ranking, number="（2）", level=2))
    sections.append(_section(str(scoring.get("title") or PRINTED["scoring"]), number="（3）", level=2, table=table))
    return sections


def _with_evidence(entry: Mapping[str, Any], text: str) -> str:
    """A standard with its evidence in brackets, unless it names the evidence itself."""
    evidence = _text(entry, "evidence")
    return text if not evidence or evidence in text else text + PRINTED["evidence"].format(text=evidence)


def _scored(item: Mapping[str, Any]) -> list[str]:
    parts = _list(item, "subitems")
    lines = [_with_evidence(item, _text(item, "standard"))] if _text(item, "standard") else []
    for position, part in enumerate(parts, 1):
        line = f"{position}. {_with_evidence(part, _text(part, 'text'))}"
        lines.append(line)
    if elements := _list(item, "elements"):
        listed = "；".join(f"（{position}）{_text(entry, 'text')}" for position, entry in enumerate(elements, 1))
        lines.append(PRINTED["elements"].format(listed=listed))
    return [
        str(item.get("no", "")), _text(item, "name"), KINDS.get(str(item.get("kind")), ""), _lines(lines),
        str(item.get("points", "")),
    ]


def _needs(onboarding: Mapping[str, Any]) -> list[Section]:
    items = _list(_table(onboarding, "requirements"), "items")
    if not items:
        return []
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for item in items:
        groups.setdefault(str(item.get("group") or str(item.get("id", "")).split(".")[0]), []).append(item)
    sections = [_section(PRINTED["needs"], _text(onboarding, "text"))]
    number = 0
    plain = _list(onboarding, "sections") or [{"group": name, "title": name} for name in groups]
    for entry in plain:
        level = entry.get("level", 1)
        number += level == 1
        own = groups.get(str(entry.get("group", "")), [])
        listed = _own_numbers(own, str(entry.get("numbering", "1.")))
        text = _lines([_text(entry, "text"), listed, _text(entry, "note")])
        table = None
        if isinstance(names := entry.get("tables"), list):
            table = [PRINTED["needs_head"], *(
                [str(row), PRINTED["groups"].get(name, str(name)), _own_numbers(groups.get(name, [])), ""]
                for row, name in enumerate(names, 1)
            )]
        sections.append(
            _section(_text(entry, "title"), text, number=f"（{number}）" if level == 1 else "", level=2, table=table)
        )
    if text := _duties(_list(onboarding, "duties")):
        sections.append(_section(PRINTED["duties"], text, number=f"（{number + 1}）", level=2))
    return sections


def _duties(duties: Iterable[Mapping[str, Any]]) -> str:
    """The obligations as the plan numbers them: one that repeats another section is printed there only
    (`elsewhere`), one that is a paragraph of another (`under`) has no heading of its own."""
    lines, number = [], 0
    for duty in duties:
        if duty.get("elsewhere"):
            continue
        if not duty.get("under"):
            number += 1
            lines.append(f"{number}. {_text(duty, 'title')}")
        lines.append(_text(duty, "text"))
    return _lines(lines)


def _own_numbers(items: Iterable[Mapping[str, Any]], form: str = "1.") -> str:
    """Requirements as the plan writes them: "1." and "(1)" with the numbers of their ids, "paragraphs", or
    "joined" to one paragraph."""
    texts = [(str(item.get("id", "")).split(".", 1)[-1], _text(item, "text")) for item in items]
    if form == "joined":
        return "".join(text for _, text in texts)
    if form == "paragraphs":
        return _lines(text for _, text in texts)
    return _lines(f"({number}) {text}" if form == "(1)" else f"{number}. {text}" for number, text in texts)


def _responses(responses: Mapping[str, Any]) -> list[Section]:
    rules = _lines(f"{position}. {_text(rule, 'text')}" for position, rule in enumerate(_list(responses, "rules"), 1))
    items = _lines(f"{item.get('no', '')}. {_text(item, 'text')}" for item in _list(responses, "items"))
    body = _sub([(PRINTED["copies"], rules, None), (PRINTED["contents"], items, None)])
    return [_section(PRINTED["responses"]), *body] if body else []


def _template(template: Mapping[str, Any]) -> list[Section]:
    parts = _list(template, "sections")
    if not parts:
        return []
    sections = [_section(str(template.get("title") or PRINTED["template"]), _text(template, "cover"))]
    for part in parts:
        inner = (f"{entry.get('no', '')} {_text(entry, 'text')}" for entry in _list(part, "parts"))
        text = _lines([_text(part, "text"), *inner])
        sections.append(_section(_text(part, "title"), text, number=f"{part.get('no', '')}、", level=2))
    return sections
