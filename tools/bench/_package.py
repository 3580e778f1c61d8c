"""A made-up award package without any application: sheets, ballots and results, signed by seats of a trial CA."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from evaluation import fees
from evaluation import package_signatures as places
from evaluation._sm3 import sm3
from evaluation.lottery import draw_lots, fix, tied_groups
from evaluation.package import MANIFEST, SIGNATURE, build_package, manifest_of
from evaluation.panel import PanelRules, commitment, draw, expert_ref, snapshot, snapshot_digest
from evaluation.panel_entropy import canonical
from evaluation.plan_rules import rules_in_force
from evaluation.ranking import RankingRules, select
from evaluation.recompute_result import plain, rank_again
from evaluation.references import ranking_digest, record_digest, signed_form, vendor_ref, with_salts
from evaluation.scoring import ScoringRules
from seal_core import Certificate, PrivateKey, TrialCA, build_csr

AT = datetime(2023, 7, 12, 1, 0, tzinfo=UTC)
OWNER, REVIEW = "sample-recruit", "sample-review"
SEATS = 5

PLAN = """
[evaluation.panel]
seats = {seats}
[evaluation.qualification]
vote_numerator = 2
vote_denominator = 3
one_per_ca = true
form = [{{ id = "1", title = "one" }}, {{ id = "2", title = "two" }}]
invalidity = [{{ id = "1", text = "first" }}, {{ id = "2", text = "second" }}]
[evaluation.scoring]
total = "{total}"
step = "0.5"
{items}
[evaluation.ranking]
quota = 9
tie_chain = []
[[supplements]]
confirmed = true
values = [
  {{ path = "evaluation.ranking.quota", value = {quota} }},
  {{ path = "evaluation.ranking.tie_chain", value = ["objective_subtotal", "items_by_weight", "lottery"] }},
]
"""
ITEM = '[[evaluation.scoring.items]]\nno = "{no}"\nname = "item {no}"\nkind = "{kind}"\npoints = "10"\n'


@dataclass
class Maker:
    """The parts of a package; change what you like, then `sealed()` gives its bytes with a signed manifest."""

    vendors: int = 6
    items: int = 10
    quota: int = 2
    #: With the disputed item, the group under one licence, amended sheets.
    eventful: bool = True
    data: dict[str, Any] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.chance = random.Random(20230710)
        self.authority = TrialCA.create("sample", now=AT - timedelta(days=400))
        self.installation, self.installation_key = self._certificate({"CN": "installation"})
        self.plan = PLAN.format(
            seats=SEATS, total=10 * self.items, quota=self.quota,
            items="".join(
                ITEM.format(no=number, kind="objective" if number <= self.items // 2 else "subjective")
                for number in range(1, self.items + 1)
            ),
        ).encode()
        self.rules = rules_in_force(self.plan)
        self.digest = sm3(self.plan).hex()
        self.records: list[dict[str, Any]] = []
        self.counts: dict[Any, int] = {}
        self._panel()
        self._vendors()
        self._declare()
        self._judge()
        self._score()
        self._result()

    def _certificate(self, subject: dict[str, str]) -> tuple[Certificate, PrivateKey]:
        key = PrivateKey.generate()
        made = self.authority.issue_signing(build_csr(key, subject), now=AT - timedelta(days=1), subject=subject)
        return made, key

    def _panel(self) -> None:
        salts = {f"E{number}": bytes([number]) * 16 for number in range(1, 8)}
        people = {
            expert_ref(OWNER, salt, {"code": code, "name": f"expert {code}", "employer": ""}): code
            for code, salt in salts.items()
        }
        fixed = snapshot(OWNER, people, [], rules=PanelRules(SEATS, None, 2), public_source="lottery of that day")
        secrets = {"organiser": b"o" * 32, "supervisor": b"s" * 32}
        digest = snapshot_digest(fixed)
        committed = {party: commitment(OWNER, party, digest, secret) for party, secret in secrets.items()}
        proof = draw(fixed, committed, secrets, "31415")
        self.data["draws/draw-1.json"] = proof.to_json()
        self.names = [f"P{number}" for number in range(1, SEATS + 1)]
        order = [*proof.drawn, *proof.reserves]
        rows, self.seat_keys = [], {}
        for at, ref in enumerate(order, 1):
            held = at <= SEATS
            rows.append({
                "seat": f"P{at}", "number": at if held else None, "stage": "active" if held else "drawn",
                "chair": at == 1, "draw": 1, "position": at, "ref": ref, "replaces": None,
            })
            if held:
                subject = {"OU": f"review {REVIEW}", "CN": f"seat P{at}"}
                self.seat_keys[f"P{at}"] = self._certificate(subject)
        self.data["review/seats.json"] = {"seats": rows}

    def _vendors(self) -> None:
        rows = []
        for number in range(1, self.vendors + 1):
            name, code, salt = f"vendor {number}", f"{number:018d}", f"salt-{number}"
            licence = "licence-1" if self.eventful and number in (2, 3) else f"licence-{number + 10}"
            rows.append({
                "number": number, "ref": vendor_ref(salt, name=name, credit_code=code), "label": name,
                "licence": licence, "is_ca": False, "stage": "qualified", "elimination": [],
                "name": name, "credit_code": code, "salt": salt,
            })
        self.data["review/vendors.json"] = {"vendors": rows}
        self.rows = {row["number"]: row for row in rows}

    def candidate(self, number: int) -> dict[str, Any]:
        return {"number": number, "ref": self.rows[number]["ref"]}

    def sign(self, kind: str, seat: str, about: Any, content: dict[str, Any], **facts: Any) -> dict[str, Any]:
        """One more signed record; an earlier one of the same seat about the same gives way."""
        self.counts[about] = self.counts.get(about, 0) + 1
        at = AT + timedelta(seconds=len(self.records))
        payload = {
            "kind": kind, "schema": 1, "review": REVIEW, "plan": self.digest, "seat": seat,
            "signed_at": at.isoformat(), **content,
        }
        record = {
            "no": len(self.records) + 1, "kind": kind, "number": self.counts[about],
            "payload": with_salts(payload, "secret"), "cause": "", "reason": "", "in_force": True, "void": False,
            **facts,
        }
        for before in self.records:
            if (before["kind"], before["about"], before["payload"]["seat"]) == (kind, about, seat):
                before["in_force"] = False
        record["about"] = about
        self.resign(record)
        self.records.append(record)
        return record

    def resign(self, record: dict[str, Any]) -> None:
        """Digest and sign a record's payload with its seat's key."""
        certificate, key = self.seat_keys[record["payload"]["seat"]]
        data = canonical(signed_form(record["payload"]))
        record |= {"digest": sm3(data).hex(), "signature": key.sign(data).hex(), "key": f"{certificate.serial:x}"}

    def _declare(self) -> None:
        relations = [{"candidate": self.candidate(number), "relation": "none", "detail": ""} for number in self.rows]
        for seat in self.names:
            self.sign("declaration", seat, ("declaration", seat), {"relations": relations})

    def answers(self, against: str = "") -> list[dict[str, Any]]:
        return [
            {"item": item, "passed": item != against, "ground": "1" if item == against else "",
             "remark": "not proved" if item == against else ""}
            for item in ("1", "2")
        ]

    def _judge(self) -> None:
        last, disputes, groups = self.vendors, [], []
        for number in self.rows:
            for seat in self.names:
                against = ""
                if self.eventful and number == last:
                    against = "2"
                elif self.eventful and number == last - 1 and seat == "P1":
                    against = "1"
                content = {
                    "candidate": self.candidate(number), "answers": self.answers(against), "conclusion": not against,
                }
                self.sign("qualification_sheet", seat, ("q", seat, number), content)
        if self.eventful:
            self.rows[last] |= {
                "stage": "eliminated", "elimination": [{"item": "2", "by": "panel", "grounds": ["1"]}],
            }
            for seat in self.names:
                content = {
                    "candidate": self.candidate(last - 1), "item": "1", "choice": "no" if seat == "P1" else "yes",
                    "cited_file": "file.pdf", "cited_page": "3", "reason": "not proved" if seat == "P1" else "",
                }
                self.sign("ballot", seat, ("b", last - 1, "1"), content)
            disputes = [{"vendor": last - 1, "item": "1", "stage": "closed", "yes": 4, "seats": SEATS, "passed": True}]
            for seat in self.names:
                content = {"group": "group-1", "choice": self.candidate(2), "reason": "authorised first"}
                self.sign("ca_group_ballot", seat, ("g", "group-1"), content)
            groups = [{
                "group": "group-1", "licence": "licence-1", "stage": "closed", "decided_by": "ballot", "chosen": 2,
                "answer": False,
            }]
            self.rows[3] |= {"stage": "eliminated", "elimination": [{"item": "1", "by": "ca_group", "grounds": ["1"]}]}
        self.data["review/votes.json"] = {"disputes": disputes}
        self.data["review/groups.json"] = {"groups": groups}

    def score(self, seat: str, number: int, values: list[Decimal]) -> None:
        scores = [
            {"item": str(item), "value": format(value.normalize(), "f"), "facts": {}, "remark": ""}
            for item, value in enumerate(values, 1)
        ]
        total = sum(values, Decimal(0))
        content = {"candidate": self.candidate(number), "scores": scores, "total": format(total.normalize(), "f")}
        self.sign("score_sheet", seat, ("s", seat, number), content)

    def _score(self) -> None:
        self.qualified = [number for number, row in self.rows.items() if row["stage"] == "qualified"]
        self.scores: dict[int, dict[str, dict[str, Decimal]]] = {}
        for number in self.qualified:
            if self.eventful and number == 4:
                # As good as vendor 1 in everything: only lots tell them apart.
                for seat in self.names:
                    self.score(seat, number, [values[seat] for values in self.scores[1].values()])
                self.scores[number] = self.scores[1]
                continue
            objective = [Decimal(self.chance.randrange(1, 19)) / 2 for _ in range(self.items // 2)]
            middle = [Decimal(self.chance.randrange(6, 14)) / 2 for _ in range(self.items - len(objective))]
            table: dict[str, dict[str, Decimal]] = {str(item): {} for item in range(1, self.items + 1)}
            for seat in self.names:
                moved = [value + Decimal(self.chance.randrange(-2, 3)) / 2 for value in middle]
                values = [*objective, *moved]
                if self.eventful and number == 1 and seat == "P2":
                    # Signed once with another objective value, then amended by its own expert.
                    self.score(seat, number, [Decimal(0), *values[1:]])
                self.score(seat, number, values)
                for item, value in enumerate(values, 1):
                    table[str(item)][seat] = value
            self.scores[number] = table

    def _result(self) -> None:
        refs = {number: row["ref"] for number, row in self.rows.items()}
        by_ref = {ref: number for number, ref in refs.items()}
        rules = RankingRules.from_plan(self.rules["ranking"])
        scoring, lottery = ScoringRules.from_plan(self.rules["scoring"]), ""
        if tied := tied_groups(rank_again(self.scores, refs, scoring, rules, "")):
            lottery = self._lots(tied)
        ranked = rank_again(self.scores, refs, scoring, rules, lottery)
        ranking = [{"vendor": by_ref[row.key], "ref": row.key, **plain(row)} for row in ranked]
        self.data["result/ranking.json"] = {"lottery": lottery, "ranking": ranking}
        lines = [(row["rank"], row["ref"], row["total"], row["seats"]) for row in ranking]
        covered = record_digest(record["digest"] for record in self.records)
        for seat in self.names:
            content = {
                "report": "c" * 64, "ranking": ranking_digest(lines), "record": covered, "position": "signed",
                "reason": "",
            }
            self.sign("report", seat, ("r",), content)
        positions = [{"seat": seat, "position": "signed"} for seat in self.names]
        self.data["result/report.json"] = {"sm3": "c" * 64, "positions": positions}
        chosen = select(ranked, rules)
        lists = ("selected", "reserve", "not_selected")
        told = {name: [by_ref[key] for key in getattr(chosen, name)] for name in lists}
        now, changes = list(told["selected"]), []
        if self.eventful:
            removed, moved_up = told["selected"][0], told["reserve"][0]
            changes = [{"removed": removed, "moved_up": moved_up, "after_golive": False}]
            now = [*told["selected"][1:], moved_up]
        self.data["result/selection.json"] = {
            "awarded": True, **told, "shortfall": chosen.shortfall, "few": chosen.few, "changes": changes, "now": now,
        }
        owed = [{"seat": seat, "amount": "1000.01"} for seat in self.names]
        before: list[fees.FeeLine] = []
        rounds = []
        for at, payers in enumerate([told["selected"], now] if self.eventful else [now], 1):
            made = fees.resplit(before, Decimal("5000.05"), [str(number) for number in payers])
            before += made
            rounds.append({
                "round": at, "total": "5000.05",
                "lines": [
                    {"vendor": int(line.vendor), "kind": line.kind, "amount": format(line.amount, ".2f")}
                    for line in made
                ],
            })
        self.data["result/fees.json"] = {"experts": owed, "rounds": rounds}
        self.data["review/minutes.json"] = {"minutes": []}
        self.data["ocds/releases.json"] = self._releases(now, [change["removed"] for change in changes])
        self.data["review/signed.json"] = {
            "signed": [{key: value for key, value in record.items() if key != "about"} for record in self.records]
        }

    def _lots(self, tied: list[list[str]]) -> str:
        secrets = {"organiser": b"x" * 32, "supervisor": b"y" * 32}
        fixed = fix(OWNER, tied, public_source="lottery of that evening")
        digest = snapshot_digest(fixed)
        committed = {party: commitment(OWNER, party, digest, secret) for party, secret in secrets.items()}
        proof = draw_lots(fixed, committed, secrets, "27182")
        self.data["draws/lottery-1.json"] = proof
        return str(proof["entropy"])

    def _releases(self, now: list[int], gone: list[int]) -> dict[str, Any]:
        def party(number: int) -> dict[str, Any]:
            return {"id": f"vendor-{number}", "name": self.rows[number]["label"]}

        places_ = {row["vendor"]: row["rank"] for row in self.data["result/ranking.json"]["ranking"]}
        holders = sorted([*now, *gone], key=lambda number: places_[number])
        return {"releases": [{
            "ocid": "ocds-000000-sample",
            "parties": [party(number) for number in self.rows],
            "bids": {"details": [
                {"id": f"bid-{number}", "status": "disqualified" if row["stage"] == "eliminated" else "valid",
                 "tenderers": [party(number)]}
                for number, row in self.rows.items()
            ]},
            "awards": [
                {"id": f"award-{number}", "status": "cancelled" if number in gone else "active",
                 "suppliers": [party(number)]}
                for number in holders
            ],
        }]}

    def contents(self) -> dict[str, bytes]:
        """The files without manifest and signature."""
        files = {name: canonical(value) for name, value in self.data.items()}
        files["plan/plan.toml"] = self.plan
        files[places.ROOT] = self.authority.root.to_pem()
        files[places.ISSUING] = self.authority.certificate.to_pem()
        files[places.INSTALLATION] = self.installation.to_pem()
        for certificate, _ in self.seat_keys.values():
            files[f"{places.SEATS}{certificate.serial:x}.pem"] = certificate.to_pem()
        return {**files, **self.files}

    def sealed(self, files: dict[str, bytes] | None = None, key: PrivateKey | None = None) -> bytes:
        """The package of these files with a manifest signed by the installation, or by another key."""
        files = dict(self.contents() if files is None else files)
        files[MANIFEST] = manifest_of(
            files, recruitment=OWNER, review=REVIEW, title="sample", names="pseudonymous", plan=self.digest,
            as_of=(AT + timedelta(days=1)).isoformat(), revoked=[],
        )
        signature = (key or self.installation_key).sign(files[MANIFEST]).hex()
        files[SIGNATURE] = canonical({"certificate": places.INSTALLATION, "signature": signature})
        return build_package(files)
