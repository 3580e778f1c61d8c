"""An award again, from its published package and nothing else: no server, no database, no application.

`python -m evaluation.recompute PACKAGE.zip` checks every digest and signature, replays the draw, and computes
qualification, totals, ties, ranking, selection and fees anew from the frozen plan; it prints agreement or each
difference. Exit 0 when all agrees, 1 when not, 2 for misuse.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from evaluation import package_signatures as signatures
from evaluation import recompute_result as result
from evaluation import recompute_review as review
from evaluation._sm3 import sm3
from evaluation.lottery import tied_groups
from evaluation.package import KIND, MANIFEST, SCHEMA, SIGNATURE, PackageRefused, listing, parse, read_package
from evaluation.panel_entropy import canonical
from evaluation.plan_rules import rules_in_force
from evaluation.qualification import QualificationRules
from evaluation.ranking import Ranked, RankingRules
from evaluation.recompute_book import Book, Difference, code_of
from evaluation.recompute_record import Record, check_order, check_signatures, read_entries
from evaluation.scoring import ScoringRules
from seal_core import Certificate, SealError

PLAN = "plan/plan.toml"
DRAWS = "draws/draw-"
LOTTERIES = "draws/lottery-"


@dataclass
class Outcome:
    """What came out: `differences` is empty where everything agrees."""

    differences: list[Difference] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    #: Rank, vendor's number, shown score; the first in rank first.
    ranking: list[tuple[int, int, str]] = field(default_factory=list)
    selected: list[int] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.differences

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "ok": self.ok,
            "differences": [
                {"code": row.code, "sentence": row.sentence, "facts": {k: str(v) for k, v in row.facts.items()}}
                for row in self.differences
            ],
            "facts": self.facts,
            "ranking": [{"rank": place, "vendor": vendor, "score": score} for place, vendor, score in self.ranking],
            "selected": self.selected,
        }


def recompute(data: bytes, *, root: str = "") -> Outcome:
    """Everything in a package again. Never raises for its contents; `root` is the SM3 (hex) of the root
    certificate that is expected, where the reader knows it from elsewhere."""
    started = time.perf_counter()
    outcome, book = Outcome(), Book()
    try:
        files = read_package(data)
    except PackageRefused as refused:
        book.differ("malformed", part="package", why=" ".join([code_of(refused), *_told(refused.facts)]))
        outcome.differences = book.differences
        return outcome
    outcome.facts["sm3"] = sm3(data).hex()
    work = _Work(book, files, outcome)
    work.run(root)
    outcome.differences = book.differences
    outcome.facts["seconds"] = f"{time.perf_counter() - started:.3f}"
    return outcome


def _told(facts: Mapping[str, Any]) -> list[str]:
    return [f"{key}={value}" for key, value in facts.items()]


class _Work:
    """The checks in their order; one that can't be read keeps those that need it from running."""

    def __init__(self, book: Book, files: Mapping[str, bytes], outcome: Outcome) -> None:
        self.book, self.files, self.outcome = book, files, outcome
        self.manifest: dict[str, Any] = {}
        self.keys: signatures.Keys | None = None
        self.rules: dict[str, Any] = {}
        self.panel = review.Panel({})
        self.vendors: dict[int, dict[str, Any]] = {}
        self.minutes: list[dict[str, Any]] = []
        self.record = Record([])
        self.settled = review.Settled()
        self.ranked: list[Ranked] = []
        self.holders: list[int] = []

    def run(self, root: str) -> None:
        part = self.book.part
        steps: tuple[tuple[str, Any], ...] = (
            ("manifest", self._manifest),
            ("certificates", lambda: self._certificates(root)),
            ("plan", self._plan),
            ("panel", self._panel),
            ("vendors", self._vendors),
            ("signed record", self._record),
            ("qualification", self._qualification),
            ("scores and ranking", self._ranking),
            ("report", self._report),
            ("selection", self._selection),
            ("fees", self._fees),
            ("releases", self._releases),
        )
        # Every step runs in what is there, so that one broken file does not hide the rest; without the
        # manifest, the plan or the record nothing that follows can be judged.
        for name, step in steps:
            if not part(name, step) and name in ("manifest", "plan", "panel", "vendors", "signed record"):
                break
        if self.keys is not None:
            self.outcome.facts["signatures"] = self.keys.checked
            self.outcome.facts["signature_seconds"] = f"{self.keys.seconds:.3f}"

    def _json(self, name: str) -> Any:
        return parse(self.files, name)

    def _proofs(self, folder: str) -> dict[int, Any]:
        names = [name for name in self.files if name.startswith(folder)]
        return {int(name.removeprefix(folder).removesuffix(".json")): self._json(name) for name in names}

    def _manifest(self) -> None:
        manifest = self._json(MANIFEST)
        if manifest["kind"] != KIND or manifest["schema"] != SCHEMA:
            self.book.differ("manifest_shape", what=f"{manifest['kind']} {manifest['schema']}"[:80])
        if canonical(manifest) != self.files[MANIFEST]:
            self.book.differ("manifest_shape", what="not canonical")
        stated = {row["path"]: row for row in manifest["files"]}
        found = {row["path"]: row for row in listing(self.files)}
        if len(stated) < len(manifest["files"]) or [row["path"] for row in manifest["files"]] != sorted(stated):
            self.book.differ("manifest_shape", what="files doubled or out of order")
        for name in sorted({*stated, *found}):
            if name not in found:
                self.book.differ("file_missing", file=name)
            elif name not in stated:
                self.book.differ("file_unlisted", file=name)
            elif found[name] != stated[name]:
                self.book.differ("file_changed", file=name, found=found[name]["sm3"], stated=stated[name]["sm3"])
        self.manifest = manifest
        facts = ("recruitment", "title", "names", "review")
        self.outcome.facts.update({name: str(manifest[name]) for name in facts})
        if not isinstance(manifest["review"], str) or not isinstance(manifest["recruitment"], str):
            self.book.differ("manifest_shape", what="recruitment or review")

    def _certificates(self, root: str) -> None:
        keys = self.keys = signatures.Keys.read(self.files)
        fingerprint = sm3(keys.root.der).hex()
        self.outcome.facts["root"] = fingerprint
        if root and root.lower() != fingerprint:
            self.book.differ("root", found=fingerprint, expected=root.lower())
        if not keys.crl_holds():
            self.book.differ("revocations")
        signed = self._json(SIGNATURE)
        if why := keys.trusted(keys.installation, datetime.fromisoformat(self.manifest["as_of"])):
            self.book.differ("certificate", who=keys.installation.common_name, why=why)
        if not keys.holds(keys.installation, self.files[MANIFEST], signed["signature"]):
            self.book.differ("manifest_signature")

    def _plan(self) -> None:
        found = sm3(self.files[PLAN]).hex()
        if found != self.manifest["plan"]:
            self.book.differ("plan_digest", found=found, stated=self.manifest["plan"])
        self.rules = rules_in_force(self.files[PLAN])

    def _panel(self) -> None:
        self.panel = review.read_panel(
            self.book,
            self._json("review/seats.json")["seats"],
            self._proofs(DRAWS),
            owner=self.manifest["recruitment"],
            seats=self.rules["panel"]["seats"],
        )

    def _vendors(self) -> None:
        self.vendors = review.check_vendors(self.book, self._json("review/vendors.json")["vendors"])
        self.minutes = self._json("review/minutes.json")["minutes"]

    def _record(self) -> None:
        entries = read_entries(self._json("review/signed.json"))
        self.record = check_order(self.book, entries, review.last_re_review(self.minutes))
        if self.keys is None:
            return
        check_signatures(
            self.book,
            entries,
            self.keys,
            review=self.manifest["review"],
            plan=self.manifest["plan"],
            seats={row["seat"] for row in self._json("review/seats.json")["seats"]},
            refs=self._refs(),
        )

    def _refs(self) -> dict[int, str]:
        return {vendor: row["ref"] for vendor, row in self.vendors.items()}

    def _qualification(self) -> None:
        review.check_declarations(self.book, self.record, self.panel, self.vendors)
        self.settled = review.settle(
            self.book,
            self.record,
            self.panel,
            self.vendors,
            QualificationRules.from_plan(self.rules["qualification"]),
            self._json("review/votes.json")["disputes"],
            self._json("review/groups.json")["groups"],
        )
        review.check_conclusions(self.book, self.settled, self.vendors)

    def _ranking(self) -> None:
        scoring = ScoringRules.from_plan(self.rules["scoring"])
        scores = review.read_scores(
            self.book, self.record, self.panel, self.settled.qualified, scoring, review.confirmations(self.minutes)
        )
        stated = self._json("result/ranking.json")
        rules = RankingRules.from_plan(self.rules["ranking"])
        without = result.rank_again(scores, self._refs(), scoring, rules, "")
        lots = self._proofs(LOTTERIES)
        result.check_lottery(self.book, tied_groups(without), stated["lottery"], lots, self.manifest["recruitment"])
        self.ranked = result.rank_again(scores, self._refs(), scoring, rules, stated["lottery"])
        result.check_ranking(self.book, self.ranked, stated["ranking"], self._refs())
        by_ref = {ref: vendor for vendor, ref in self._refs().items()}
        self.outcome.ranking = [(row.rank, by_ref[row.key], format(row.score, "f")) for row in self.ranked]

    def _report(self) -> None:
        ranking = self._json("result/ranking.json")["ranking"]
        result.check_report(self.book, self.record, self.panel, ranking, self._json("result/report.json"))

    def _selection(self) -> None:
        rules = RankingRules.from_plan(self.rules["ranking"])
        stated = self._json("result/selection.json")
        self.holders = result.check_selection(self.book, self.ranked, rules, self._refs(), stated)
        self.outcome.selected = self.holders

    def _fees(self) -> None:
        places = [vendor for _, vendor, _ in self.outcome.ranking]
        result.check_fees(self.book, self._json("result/fees.json"), places, self.holders)

    def _releases(self) -> None:
        result.check_ocds(
            self.book,
            self._json("ocds/releases.json"),
            self.vendors,
            self.settled,
            self._json("result/selection.json")["awarded"],
            self.holders,
            [vendor for _, vendor, _ in self.outcome.ranking],
        )


def root_of(text: str) -> str:
    """The SM3 (hex) that `--root` names: itself, or that of a certificate file. Raises OSError or SealError."""
    if len(text) == 64 and all(sign in "0123456789abcdefABCDEF" for sign in text):
        return text.lower()
    return sm3(Certificate.from_pem(Path(text).read_bytes()).der).hex()


def main(arguments: Sequence[str]) -> int:
    """The command line; gives the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m evaluation.recompute", description="Recompute an award from its published package."
    )
    parser.add_argument("package", help="the package (ZIP)")
    parser.add_argument("--root", default="", help="expected root certificate: its SM3 in hex, or a PEM file")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args(arguments)
    try:
        outcome = recompute(Path(given.package).read_bytes(), root=root_of(given.root) if given.root else "")
    except (OSError, SealError) as error:
        sys.stderr.write(f"cannot read: {error}\n")
        return 2
    if given.json:
        sys.stdout.write(json.dumps(outcome.to_json(), ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stdout.write("".join(f"{line}\n" for line in told(outcome)))
    return 0 if outcome.ok else 1


def told(outcome: Outcome) -> list[str]:
    """The outcome in lines."""
    facts = outcome.facts
    lines = [f"{name}: {facts[name]}" for name in ("title", "recruitment", "names", "sm3", "root") if name in facts]
    if "signatures" in facts:
        lines.append(
            f"signatures: {facts['signatures']}, checked in {facts['signature_seconds']} s of {facts['seconds']} s"
        )
    lines += [f"  {place:>4}  vendor {vendor:<4} {score}" for place, vendor, score in outcome.ranking]
    if outcome.selected:
        lines.append(f"selected: {', '.join(map(str, outcome.selected))}")
    if outcome.ok:
        return [*lines, "everything agrees"]
    return [*lines, f"{len(outcome.differences)} differences:", *(f"  {row.sentence}" for row in outcome.differences)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
