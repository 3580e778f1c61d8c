"""The review of a package again: panel, qualification, groups under one licence, scores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from evaluation.errors import EvaluationError
from evaluation.panel import replay
from evaluation.qualification import Ballot, ItemOutcome, LicenceGroup, QualificationRules
from evaluation.recompute_book import Book, code_of
from evaluation.recompute_record import Entry, Record
from evaluation.references import vendor_ref
from evaluation.scoring import ScoringRules, parse_score


@dataclass(frozen=True)
class Panel:
    """Who sits: number of the seat → the seats that held it, the present one first."""

    lines: Mapping[int, tuple[str, ...]]

    @property
    def held(self) -> tuple[str, ...]:
        return tuple(line[0] for _, line in sorted(self.lines.items()))


def read_panel(book: Book, rows: list[dict[str, Any]], proofs: Mapping[int, Any], *, owner: str, seats: int) -> Panel:
    """The panel by its draws: each seat's expert is the one whom the proof drew at that position."""
    orders: dict[int, list[str]] = {}
    names: dict[int, dict[str, str]] = {}
    for number, proof in sorted(proofs.items()):
        result = replay(proof)
        if result.failure is not None:
            book.differ("draw", draw=number, why=result.failure.value)
            continue
        made_for = (proof["snapshot"]["recruitment"], proof["snapshot"]["number"])
        if made_for != (owner, number):
            book.differ("draw_foreign", draw=number, found=made_for)
        orders[number], names[number] = [*result.drawn, *result.reserves], result.names
    by_name = {str(row["seat"]): row for row in rows}
    if len(by_name) < len(rows):
        twice = next(str(row["seat"]) for at, row in enumerate(rows) if row["seat"] in [r["seat"] for r in rows[:at]])
        book.differ("seat_doubled", seat=twice)
    held: dict[int, tuple[str, ...]] = {}
    for name, row in by_name.items():
        order, position = orders.get(row["draw"]), row["position"]
        if order is None:
            if row["draw"] not in proofs:
                book.differ("draw_missing", draw=row["draw"])
        elif not 1 <= position <= len(order) or order[position - 1] != row["ref"]:
            book.differ("seat_not_drawn", seat=name, position=position, draw=row["draw"])
        if "expert" in row and names.get(row["draw"], {}).get(row["ref"]) != row["expert"]:
            book.differ("seat_name", seat=name)
        if row["number"] is None:
            continue
        if row["stage"] != "active":
            book.differ("seat_stage", seat=name, number=row["number"], stage=row["stage"])
        held[row["number"]] = tuple(_line(by_name, name))
    if len(held) != seats:
        book.differ("seat_count", found=len(held), stated=seats)
    if sorted(held) != list(range(1, seats + 1)):
        book.differ("seat_numbers", found=sorted(held))
    return Panel(held)


def _line(by_name: Mapping[str, dict[str, Any]], name: str | None) -> Iterator[str]:
    seen: set[str] = set()
    while name is not None and name not in seen:
        seen.add(name)
        yield name
        name = by_name[name]["replaces"]


def check_vendors(book: Book, rows: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """Vendors by their numbers; where names are told they are those of the references."""
    found: dict[int, dict[str, Any]] = {}
    for row in rows:
        if row["number"] in found:
            book.differ("vendor_doubled", vendor=row["number"])
        found[row["number"]] = row
        if "salt" in row and row["ref"] != vendor_ref(
            row["salt"], name=row["name"], credit_code=row["credit_code"]
        ):
            book.differ("vendor_name", vendor=row["number"])
    return found


def check_declarations(book: Book, record: Record, panel: Panel, vendors: Mapping[int, Any]) -> None:
    """Everybody who sits declared no relation with any vendor."""
    for seat in panel.held:
        entry = record.in_force.get(("declaration", seat, seat))
        rows = entry.payload["relations"] if entry is not None else []
        declared = {row["candidate"]["number"] for row in rows if row["relation"] == "none"}
        if declared != set(vendors):
            book.differ("declaration", seat=seat)


@dataclass
class Settled:
    """What the qualification comes to: vendor → why it fell, [] where it passed; None where nobody can say."""

    conclusions: dict[int, list[dict[str, Any]] | None] = field(default_factory=dict)

    @property
    def qualified(self) -> list[int]:
        return [vendor for vendor, failed in self.conclusions.items() if failed == []]


def settle(
    book: Book,
    record: Record,
    panel: Panel,
    vendors: Mapping[int, dict[str, Any]],
    rules: QualificationRules,
    disputes: list[dict[str, Any]],
    groups: list[dict[str, Any]],
) -> Settled:
    """Every vendor's qualification again: sheets, votes where answers differ, groups under one licence."""
    stated = {(row["vendor"], str(row["item"])): row for row in disputes}
    settled = Settled()
    for vendor in sorted(vendors):
        settled.conclusions[vendor] = _conclude(book, record, panel, vendor, rules, stated)
    if rules.one_per_ca:
        _settle_groups(book, record, panel, vendors, rules, groups, settled)
    return settled


def _conclude(
    book: Book,
    record: Record,
    panel: Panel,
    vendor: int,
    rules: QualificationRules,
    stated: Mapping[tuple[int, str], dict[str, Any]],
) -> list[dict[str, Any]] | None:
    sheets = []
    for line in panel.lines.values():
        # A seat that changed hands during the scoring keeps what was settled before.
        found = next((entry for seat in line if (entry := record.sheet("qualification_sheet", seat, vendor))), None)
        if found is not None:
            if found.void and found.seat == line[0]:
                book.differ("record_void", what=found.what)
            sheets.append(found)
    if len(sheets) < len(panel.lines) or not sheets:
        book.differ("answers_missing", vendor=vendor, found=len(sheets), seats=len(panel.lines))
        return None
    answers = [_answers(book, sheet, rules) for sheet in sheets]
    failed = []
    for item in rules.items:
        lines = [answer[item] for answer in answers]
        outcome = rules.item_outcome([line["passed"] for line in lines], len(panel.lines))
        by = "panel"
        if outcome is ItemOutcome.DISPUTED:
            by = "vote"
            outcome = _vote(book, record, [sheet.seat for sheet in sheets], vendor, item, rules, stated)
        if outcome is ItemOutcome.INCOMPLETE:
            return None
        if outcome is ItemOutcome.FAILED:
            grounds = sorted({line["ground"] for line in lines if line["passed"] is False})
            failed.append({"item": item, "by": by, "grounds": grounds})
    return failed


def _answers(book: Book, sheet: Entry, rules: QualificationRules) -> dict[str, dict[str, Any]]:
    rows = {str(row["item"]): row for row in sheet.payload["answers"]}
    for item in rules.items:
        try:
            rules.check_answer(item, rows[item]["passed"], rows[item]["ground"], rows[item]["remark"])
        except EvaluationError as error:
            book.differ("answer", what=sheet.what, item=item, why=code_of(error))
    return rows


def _vote(
    book: Book,
    record: Record,
    seats: list[str],
    vendor: int,
    item: str,
    rules: QualificationRules,
    stated: Mapping[tuple[int, str], dict[str, Any]],
) -> ItemOutcome:
    row = stated.get((vendor, item))
    if row is None:
        book.differ("dispute_missing", vendor=vendor, item=item)
        return ItemOutcome.INCOMPLETE
    if row["stage"] != "closed":
        book.differ("vote_open", vendor=vendor, item=item)
        return ItemOutcome.INCOMPLETE
    cast = [
        entry for seat in seats if (entry := record.in_force.get(("ballot", vendor, item, seat))) is not None
    ]
    ballots = [
        Ballot(entry.seat, *(str(entry.payload[key]) for key in ("choice", "cited_file", "cited_page", "reason")))
        for entry in cast
    ]
    try:
        result = rules.count_vote(ballots, seats)
    except EvaluationError as error:
        book.differ("ballot", vendor=vendor, item=item, why=code_of(error))
        return ItemOutcome.INCOMPLETE
    found = {"yes": result.yes, "seats": result.seats, "passed": result.passed}
    told = {key: row[key] for key in found}
    if found != told:
        book.differ("vote", vendor=vendor, item=item, found=found, stated=told)
    return ItemOutcome.PASSED if result.passed else ItemOutcome.FAILED


def _settle_groups(
    book: Book,
    record: Record,
    panel: Panel,
    vendors: Mapping[int, dict[str, Any]],
    rules: QualificationRules,
    groups: list[dict[str, Any]],
    settled: Settled,
) -> None:
    stated = {row["licence"]: row for row in groups}
    members: dict[str, list[int]] = {}
    for vendor in settled.qualified:
        row = vendors[vendor]
        if row["licence"] and not row["is_ca"]:
            members.setdefault(row["licence"], []).append(vendor)
    for licence, those in members.items():
        decision = stated.get(licence)
        decided = decision is not None and decision["decided_by"] is not None
        if len(those) == 1 and not decided:
            continue
        if decision is None or decision["stage"] != "closed":
            book.differ("group_missing", vendors=those)
            continue
        chosen = decision["chosen"]
        if decision["decided_by"] == "ballot":
            chosen = _group_vote(book, record, panel, decision, those, rules)
            if chosen != decision["chosen"]:
                book.differ("group", group=licence, found=chosen, stated=decision["chosen"])
        elif decision["decided_by"] != "ca_answer" or (chosen is not None and chosen not in those):
            book.differ("group", group=licence, found="an answer of the authority", stated=decision["decided_by"])
        for vendor in those:
            if vendor != chosen:
                settled.conclusions[vendor] = [{"item": "1", "by": "ca_group", "grounds": ["1"]}]


def _group_vote(
    book: Book, record: Record, panel: Panel, row: dict[str, Any], those: list[int], rules: QualificationRules
) -> int | None:
    choices: list[tuple[str, str | None]] = []
    for line in panel.lines.values():
        places = (("ca_group_ballot", row["group"], seat) for seat in line)
        cast = next((entry for place in places if (entry := record.in_force.get(place))), None)
        if cast is not None:
            choice = cast.payload["choice"]
            choices.append((cast.seat, None if choice is None else str(choice["number"])))
    if len(choices) < len(panel.lines):
        book.differ("group", group=row["licence"], found=f"{len(choices)} ballots", stated="a decision by ballot")
    group = LicenceGroup(row["licence"], tuple(str(vendor) for vendor in those))
    result = rules.settle_by_ballot(group, choices, [seat for seat, _ in choices])
    if result.passed is not None and not rules.vote_passed(
        dict(result.votes)[result.passed], len(panel.lines)
    ):
        return None
    return None if result.passed is None else int(result.passed)


def check_conclusions(book: Book, settled: Settled, vendors: Mapping[int, dict[str, Any]]) -> None:
    """The stated stage and reasons of every vendor against the recomputed ones."""
    for vendor, failed in settled.conclusions.items():
        row = vendors[vendor]
        stated = "eliminated" if row["stage"] == "eliminated" else "qualified"
        if row["stage"] == "under_review":
            stated = "under review"
        if failed is None:
            continue
        found = "eliminated" if failed else "qualified"
        if found != stated:
            book.differ("qualified", vendor=vendor, found=found, stated=stated)
        told = [{key: row_[key] for key in ("item", "by", "grounds")} for row_ in row["elimination"]]
        if failed != told:
            book.differ("elimination", vendor=vendor, found=failed, stated=told)


Scores = dict[int, dict[str, dict[str, Decimal]]]


def read_scores(
    book: Book, record: Record, panel: Panel, qualified: list[int], rules: ScoringRules, confirmed: set[tuple[Any, ...]]
) -> Scores:
    """Vendor → scoring key → seat → points, from the sheets in force; each checked against the plan."""
    table: Scores = {}
    for vendor in qualified:
        sheets = [entry for seat in panel.held if (entry := record.sheet("score_sheet", seat, vendor)) is not None]
        for sheet in sheets:
            if sheet.void:
                book.differ("record_void", what=sheet.what)
        if len(sheets) < len(panel.held) or not sheets:
            book.differ("scores_missing", vendor=vendor, found=len(sheets), seats=len(panel.held))
            continue
        by_key: dict[str, dict[str, Decimal]] = {key: {} for key in rules.keys}
        for sheet in sheets:
            _read_sheet(book, sheet, rules, by_key)
        table[vendor] = by_key
        _compare_seats(book, vendor, by_key, rules, confirmed)
    return table


def _read_sheet(book: Book, sheet: Entry, rules: ScoringRules, by_key: dict[str, dict[str, Decimal]]) -> None:
    rows = sheet.payload["scores"]
    if [row["item"] for row in rows] != list(rules.keys):
        book.differ("score_items", what=sheet.what)
        return
    total = Decimal(0)
    for row in rows:
        key = row["item"]
        try:
            value = rules.check_score(key, row["value"], row["facts"])
        except EvaluationError as error:
            book.differ("score", what=sheet.what, item=key, why=code_of(error))
            value = parse_score(row["value"], key)
        by_key[key][sheet.seat] = value
        total += value
    if total != parse_score(sheet.payload["total"]):
        book.differ("score_total", what=sheet.what, found=total, stated=sheet.payload["total"])


def _compare_seats(
    book: Book,
    vendor: int,
    by_key: Mapping[str, dict[str, Decimal]],
    rules: ScoringRules,
    confirmed: set[tuple[Any, ...]],
) -> None:
    for key, values in by_key.items():
        if rules.is_objective(key):
            if len(set(values.values())) > 1:
                told = ", ".join(f"{seat} {value}" for seat, value in values.items())
                book.differ("objective", vendor=vendor, item=key, found=told)
            continue
        for seat, value, _middle in rules.extremes(key, values):
            if (vendor, key, seat, value) not in confirmed:
                book.differ("extreme", vendor=vendor, item=key, seat=seat, value=value)


def confirmations(minutes: list[dict[str, Any]]) -> set[tuple[Any, ...]]:
    """The extreme scores that their experts confirmed: vendor, key, seat, value."""
    return {
        (row["facts"]["candidate"], row["facts"]["item"], row["facts"]["seat"], Decimal(row["facts"]["value"]))
        for row in minutes
        if row["kind"] == "extreme_confirmed"
    }


def last_re_review(minutes: list[dict[str, Any]]) -> datetime | None:
    """When the latest re-review was ordered; votes and report before it count no more."""
    moments = [datetime.fromisoformat(row["at"]) for row in minutes if row["kind"] == "re_review"]
    return max(moments, default=None)
