"""The result of a package again: ranking with its ties, report, selection and substitutions, fees, OCDS."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from evaluation import fees
from evaluation.lottery import replay_lots
from evaluation.ranking import Ranked, RankingRules, Selection, Standing, rank, select, substitute
from evaluation.recompute_book import Book
from evaluation.recompute_record import Record
from evaluation.recompute_review import Panel, Scores, Settled
from evaluation.references import ranking_digest, record_digest
from evaluation.scoring import ScoringRules

FIELDS = ("rank", "total", "seats", "score", "objective_total", "tie_steps")


def plain(row: Ranked) -> dict[str, Any]:
    """A recomputed place as a package states it."""
    return {
        "rank": row.rank,
        "total": number(row.total),
        "seats": row.seats,
        "score": format(row.score, "f"),
        "objective_total": number(row.objective_total),
        "tie_steps": row.tie_steps,
    }


def number(value: Decimal) -> str:
    """A decimal without exponent or trailing zeros."""
    return format(value.normalize(), "f") if value else "0"


def rank_again(
    scores: Scores, refs: Mapping[int, str], scoring: ScoringRules, rules: RankingRules, lottery: str
) -> list[Ranked]:
    """The ranking of everybody whose sheets are complete."""
    standings = [
        Standing(refs[vendor], {key: list(values.values()) for key, values in by_key.items()})
        for vendor, by_key in scores.items()
    ]
    return rank(standings, scoring=scoring, rules=rules, lottery=lottery)


def check_lottery(book: Book, tied: list[list[str]], stated: str, proofs: Mapping[int, Any], owner: str) -> None:
    """A lottery value comes from a lottery that replays, over exactly the vendors that nothing else told apart."""
    values = {""} if not tied else set()
    for at, proof in sorted(proofs.items()):
        replayed = replay_lots(proof)
        if replayed.failure is not None:
            book.differ("lottery_proof", draw=at, why=replayed.failure.value)
        elif (proof["snapshot"]["recruitment"], proof["snapshot"]["number"]) != (owner, at):
            book.differ("lottery_proof", draw=at, why="made for another recruitment or number")
        elif proof["snapshot"]["groups"] == tied:
            values.add(proof["entropy"])
    if stated not in values:
        book.differ("lottery", found=tied or "nobody")


def check_ranking(book: Book, ranked: list[Ranked], stated: list[dict[str, Any]], refs: Mapping[int, str]) -> None:
    """Every stated place against the recomputed one."""
    by_ref = {ref: vendor for vendor, ref in refs.items()}
    found = {by_ref[row.key]: plain(row) for row in ranked}
    told = {row["vendor"]: row for row in stated}
    if len(told) < len(stated) or set(found) != set(told):
        book.differ("ranked", found=sorted(found), stated=sorted(row["vendor"] for row in stated))
    if [row["rank"] for row in stated] != sorted(row["rank"] for row in stated):
        book.differ("ranking_order")
    for vendor, row in told.items():
        if row["ref"] != refs.get(vendor):
            book.differ("rank", vendor=vendor, field="ref", found=refs.get(vendor), stated=row["ref"])
        for name in FIELDS:
            if vendor in found and found[vendor][name] != row[name]:
                book.differ("rank", vendor=vendor, field=name, found=found[vendor][name], stated=row[name])


def check_report(
    book: Book, record: Record, panel: Panel, ranking: list[dict[str, Any]], report: Mapping[str, Any]
) -> None:
    """Who sits has signed the report over this ranking and over everything signed before, or kept silent."""
    lines = [(row["rank"], row["ref"], row["total"], row["seats"]) for row in ranking]
    stated = {row["seat"]: row["position"] for row in report["positions"]}
    for seat in panel.held:
        entry = record.in_force.get(("report", seat))
        if entry is None:
            if stated.get(seat) != "deemed":
                book.differ("report_missing", seat=seat)
            continue
        payload = entry.payload
        if payload["position"] != stated.get(seat):
            book.differ("report_position", seat=seat, found=payload["position"], stated=stated.get(seat))
        if payload["report"] != report["sm3"]:
            book.differ("report_digest", seat=seat)
        if payload["ranking"] != ranking_digest(lines):
            book.differ("report_ranking", seat=seat)
    for entry in record.entries:
        if entry.kind == "report":
            before = [row.digest for row in record.entries if row.no < entry.no and row.kind != "report"]
            if entry.payload["record"] != record_digest(before):
                book.differ("report_record", seat=entry.seat)


def check_selection(
    book: Book, ranked: list[Ranked], rules: RankingRules, refs: Mapping[int, str], stated: Mapping[str, Any]
) -> list[int]:
    """Selection and substitutions again; returns who holds a place now, the first in rank first."""
    by_ref = {ref: vendor for vendor, ref in refs.items()}
    chosen = select(ranked, rules)
    for name in ("selected", "reserve", "not_selected"):
        found = [by_ref[key] for key in getattr(chosen, name)]
        if found != stated[name]:
            book.differ("selection", field=name, found=found, stated=stated[name])
    for name in ("shortfall", "few"):
        if getattr(chosen, name) != stated[name]:
            book.differ("selection", field=name, found=getattr(chosen, name), stated=stated[name])
    now = chosen
    for change in stated["changes"]:
        now = _follow(book, now, change, refs, by_ref)
    places = {row.key: row.rank for row in ranked}
    holders = [by_ref[key] for key in sorted(now.selected, key=lambda key: places[key])]
    if holders != stated["now"]:
        book.differ("selection", field="now", found=holders, stated=stated["now"])
    return holders


def _follow(
    book: Book, now: Selection, change: Mapping[str, Any], refs: Mapping[int, str], by_ref: Mapping[str, int]
) -> Selection:
    step = substitute(now, refs[change["removed"]])
    found = by_ref[step.moved_up] if step.moved_up is not None else None
    if change["after_golive"] and change["moved_up"] is None:
        # Once everybody is live nobody moves up: the integration is over.
        selected = tuple(key for key in now.selected if key != step.removed)
        return Selection(selected, now.reserve, now.not_selected, now.shortfall + 1, now.few)
    if found != change["moved_up"]:
        book.differ("substitution", removed=change["removed"], found=found, stated=change["moved_up"])
    return step.after


def check_fees(book: Book, stated: Mapping[str, Any], places: list[int], holders: list[int]) -> None:
    """Every round of the split again, to the cent; the last is over what the experts are owed."""
    rounds = stated["rounds"]
    if not rounds:
        return
    so_far: list[fees.FeeLine] = []
    for row in rounds:
        lines = [fees.FeeLine(str(line["vendor"]), line["kind"], Decimal(line["amount"])) for line in row["lines"]]
        payers = [vendor for vendor in places if fees.balance([*so_far, *lines]).get(str(vendor), 0) > 0]
        if payers:
            again = fees.resplit(so_far, Decimal(row["total"]), [str(vendor) for vendor in payers])
        else:
            owed = fees.balance(so_far)
            again = [fees.FeeLine(vendor, "reversal", -amount) for vendor, amount in owed.items()]
        if sorted(map(_line, again)) != sorted(map(_line, lines)):
            book.differ("fee_lines", round=row["round"], found=list(map(_line, again)), stated=list(map(_line, lines)))
        so_far += lines
    owed_total = sum((Decimal(row["amount"]) for row in stated["experts"]), Decimal(0))
    if Decimal(rounds[-1]["total"]) != owed_total:
        book.differ("fee_experts", found=owed_total, stated=rounds[-1]["total"])
    paying = [vendor for vendor in places if fees.balance(so_far).get(str(vendor), 0) > 0]
    if paying != holders:
        book.differ("fee_payers", found=paying, stated=holders)


def _line(line: fees.FeeLine) -> tuple[str, str, str]:
    return line.vendor, line.kind, format(line.amount, ".2f")


def check_ocds(
    book: Book,
    data: Mapping[str, Any],
    vendors: Mapping[int, Mapping[str, Any]],
    settled: Settled,
    awarded: bool,
    holders: list[int],
    ranked: list[int],
) -> None:
    """The OCDS releases say of bids, parties, awards and contracts what was recomputed."""
    releases = data["releases"]
    ids = {release["ocid"] for release in releases}
    if len(ids) != 1:
        book.differ("ocds", place="ocid", found="one", stated=sorted(ids))
    for at, release in enumerate(releases):
        for party in release.get("parties", []):
            if party["id"].startswith("vendor-"):
                _compare(book, f"releases {at} {party['id']}", _label(vendors, party["id"]), party["name"])
    last = {key: release[key] for release in releases for key in ("bids", "awards", "contracts") if key in release}
    bids = {row["id"]: row for row in last.get("bids", {}).get("details", [])}
    expected = {
        f"bid-{vendor}": ("valid" if failed == [] else "disqualified", [_party(vendors, vendor)])
        for vendor, failed in settled.conclusions.items()
        if failed is not None
    }
    told = {key: (row["status"], row["tenderers"]) for key, row in bids.items()}
    for key in sorted({*expected, *told}):
        _compare(book, f"bids {key}", expected.get(key), told.get(key))
    suppliers = {
        row["id"]: (row["status"], row["suppliers"]) for row in last.get("awards", [])
    }
    active = [supplier for status, those in suppliers.values() if status == "active" for supplier in those]
    wanted = [_party(vendors, vendor) for vendor in ranked if vendor in holders] if awarded else []
    _compare(book, "awards", wanted, active)
    for row in last.get("contracts", []):
        if row["awardID"] not in suppliers:
            _compare(book, f"contracts {row['id']}", "an award", row["awardID"])


def _party(vendors: Mapping[int, Mapping[str, Any]], vendor: int) -> dict[str, Any]:
    return {"id": f"vendor-{vendor}", "name": vendors[vendor]["label"]}


def _label(vendors: Mapping[int, Mapping[str, Any]], party: str) -> Any:
    return vendors[int(party.removeprefix("vendor-"))]["label"]


def _compare(book: Book, place: str, found: Any, stated: Any) -> None:
    if found != stated:
        book.differ("ocds", place=place, found=found, stated=stated)
