"""A whole recruitment through the actions, from the plan to go-live, and what its JSON says of it."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from app.audit import sm3_hex
from app.commands.rehearse import rehearse as command
from app.documents.sealing import SEALED
from app.rehearsal import run
from app.rehearsal.cast import make_cast, patterns
from evaluation import credit
from evaluation.package import parse, read_package
from evaluation.recompute import recompute
from evaluation.scoring import ScoringRules
from seal_core import TrustStore, Verdict, verify
from tests.factories import PLANS

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("rehearsal")]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """The default cast, played once for all tests of this module."""
    out = tmp_path_factory.mktemp("rehearsal")
    return run.rehearse(out, seed=7), out


def by_name(result: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["vendor"]: row for row in result["vendors"]}


def test_the_stages_follow_the_plan(played: tuple[dict[str, Any], Path]) -> None:
    stages = {row["stage"]: row["on"] for row in played[0]["stages"]}
    assert list(stages) == [
        "published", "opened", "qualification", "scoring", "reported", "publicity", "awarded",
        "integration", "promotion",
    ]
    assert "2023-07-10" <= stages["opened"] <= stages["reported"] <= "2023-07-14"
    assert stages["publicity"] == "2023-07-17"
    # Seven working days after 2023-07-21 end on 2023-08-01: the award waits for them.
    assert stages["awarded"] == "2023-08-02"


def test_sixteen_vendors_fifteen_responses_twelve_ranked(played: tuple[dict[str, Any], Path]) -> None:
    result = played[0]
    vendors = by_name(result)
    late = [row for row in vendors.values() if row["refused_late"]]
    assert len(vendors) == 16
    assert len(late) == 1
    assert late[0]["response"] == "draft"
    assert late[0]["stage"] is None
    assert sum(row["response"] == "opened" for row in vendors.values()) == 15
    assert all(credit.parse(row["credit_code"]) for row in vendors.values())
    reasons = {row["vendor"]: Counter(reason["by"] for reason in row["reasons"]) for row in result["eliminated"]}
    assert sorted(next(iter(found)) for found in reasons.values()) == ["ca_group", "panel", "vote"]
    assert len(result["ranking"]) == 12
    assert not set(reasons) & {row["vendor"] for row in result["ranking"]}


def test_one_dispute_passes_four_to_one_and_one_fails_three_to_two(
    played: tuple[dict[str, Any], Path]
) -> None:
    found = sorted((row["yes"], row["seats"], row["passed"]) for row in played[0]["disputes"])
    assert found == [(3, 5, False), (4, 5, True)]
    ranked = {row["vendor"] for row in played[0]["ranking"]}
    assert {row["vendor"] in ranked for row in played[0]["disputes"] if row["passed"]} == {True}
    assert {row["vendor"] in ranked for row in played[0]["disputes"] if not row["passed"]} == {False}


def test_what_the_organiser_issues_is_sealed_and_verifies_without_us(
    played: tuple[dict[str, Any], Path]
) -> None:
    result, out = played
    trust = TrustStore.load([out / run.CHAIN])
    by_kind = {row["kind"]: row["path"] for row in result["documents"]}
    kinds = SEALED - {"amendment", "answer"}
    assert kinds <= set(by_kind)
    for kind in sorted(kinds):
        report = verify((out / by_kind[kind]).read_bytes(), trust, datetime(2023, 10, 1, tzinfo=UTC))
        (found,) = report.signatures
        assert found.intact and found.trusted and report.trial, (kind, report.to_json())
    # The experts' forms are theirs: no seal of the organiser stands on them.
    plan = verify((out / by_kind["plan"]).read_bytes(), trust, datetime(2023, 10, 1, tzinfo=UTC))
    assert plan.verdict is Verdict.UNSIGNED


def test_ranks_ten_and_eleven_tie_on_the_mean_and_the_chain_decides(
    played: tuple[dict[str, Any], Path]
) -> None:
    result = played[0]
    rows = {row["rank"]: row for row in result["ranking"]}
    assert rows[10]["score"] == rows[11]["score"]
    assert Decimal(rows[10]["objective"]) > Decimal(rows[11]["objective"])
    assert rows[10]["tie_steps"]
    assert rows[11]["tie_steps"]
    assert result["selected"] == [rows[rank]["vendor"] for rank in range(1, 11)]
    scores = [Decimal(rows[rank]["score"]) for rank in range(1, 13)]
    assert scores == sorted(scores, reverse=True)


def test_an_overdue_vendor_is_removed_and_rank_eleven_has_its_own_days(
    played: tuple[dict[str, Any], Path]
) -> None:
    result = played[0]
    rows = {row["vendor"]: row for row in result["integration"]}
    (change,) = result["substituted"]
    assert change["removed"] in result["selected"]
    assert change["moved_up"] == next(row["vendor"] for row in result["ranking"] if row["rank"] == 11)
    removed, moved = rows[change["removed"]], rows[change["moved_up"]]
    assert removed["removed_at"] > removed["deadline"]
    # 30 working days: the day of the event is not counted, National Day week is left out.
    assert (removed["event"], removed["deadline"]) == ("2023-08-02", "2023-09-13")
    assert (moved["event"], moved["deadline"]) == ("2023-09-14", "2023-11-01")
    accepted = [row for row in rows.values() if row.get("accepted_at")]
    assert len(accepted) == 10
    assert all(row["event"] < row["accepted_at"] <= row["deadline"] for row in accepted)
    start = date.fromisoformat(result["promotion"]["start"])
    assert start > max(date.fromisoformat(row["accepted_at"]) for row in accepted)
    assert result["promotion"]["end"] > result["promotion"]["start"]


def test_every_document_lies_where_the_result_says(played: tuple[dict[str, Any], Path]) -> None:
    result, out = played
    kinds = Counter(row["kind"] for row in result["documents"])
    for kind, least in {
        "notice": 1, "plan": 1, "receipt": 16, "opening_record": 1, "review_report": 1, "result_notice": 1,
        "selection_notice": 16, "acceptance_report": 10, "qualification_form": 15, "score_sheet": 5,
        "score_summary": 1, "score_matrix": 1, "own_forms": 5, "fees_list": 1,
    }.items():
        assert kinds[kind] >= least, kind
    for row in result["documents"]:
        data = (out / row["path"]).read_bytes()
        assert sm3_hex(data) == row["sm3"], row["path"]
        assert data[:4] in (b"%PDF", b"PK\x03\x04") or row["path"].endswith(".json"), row["path"]


def test_strangers_recompute_the_award_from_its_published_package(played: tuple[dict[str, Any], Path]) -> None:
    """With a replaced expert, votes, a CA's answer, a tie, a substitution and fees split anew."""
    result, out = played
    (path,) = [row["path"] for row in result["documents"] if row["kind"] == "award_package"]
    outcome = recompute((out / path).read_bytes())
    assert outcome.ok, [row.sentence for row in outcome.differences]
    names = {row["number"]: row["name"] for row in _vendors((out / path).read_bytes())}
    assert [names[vendor] for _, vendor, _ in outcome.ranking] == [row["vendor"] for row in result["ranking"]]
    moved = {row["removed"]: row["moved_up"] for row in result["substituted"]}
    assert {names[vendor] for vendor in outcome.selected} == {moved.get(name, name) for name in result["selected"]}


def _vendors(package: bytes) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = parse(read_package(package), "review/vendors.json")["vendors"]
    return found


def test_the_way_it_went_can_be_told(played: tuple[dict[str, Any], Path]) -> None:
    told = "\n".join(run.story(played[0]))
    assert "递补" in told
    assert "3/5 票，未通过" in told


def test_the_same_seed_gives_the_same_result_on_another_plan(tmp_path: Path) -> None:
    """The small plan has a panel of three, other items, another majority: nothing but data changes."""
    outcomes = []
    for name in ("first", "second"):
        small = PLANS / "sample-small.toml"
        result = run.rehearse(tmp_path / name, vendors=8, experts=5, seed=3, plan=small, prints=False)
        for row in result["documents"]:
            row.pop("sm3")
        outcomes.append(json.dumps(result, ensure_ascii=False, sort_keys=True))
    assert outcomes[0] == outcomes[1]
    result = json.loads(outcomes[0])
    assert len(result["selected"]) == 2
    assert {row["seats"] for row in result["disputes"]} == {3}
    assert len(result["substituted"]) == 1


@pytest.mark.parametrize(
    ("options", "word"), [(["--vendors", "9"], "服务商家数太少"), (["--experts", "5"], "专家库人数太少")]
)
def test_a_cast_too_small_is_refused_with_a_sentence(tmp_path: Path, options: list[str], word: str) -> None:
    answer = CliRunner().invoke(command, ["--out", str(tmp_path / "out"), *options])
    assert answer.exit_code == 1
    assert word in answer.output


def test_casts_differ_by_seed_and_patterns_have_room_for_many() -> None:
    one, two = (make_cast(vendors=160, experts=9, seed=seed, quota=10) for seed in (1, 2))
    assert one != two
    assert one == make_cast(vendors=160, experts=9, seed=1, quota=10)
    assert len({vendor.credit_code for vendor in one.vendors}) == 160
    from app import plan as plans

    effective = plans.apply_supplements(plans.load_plan(run.PLAN), drafts=True)
    rules = ScoringRules.from_plan(plans.as_json(effective)["evaluation"]["scoring"])
    chosen = patterns(rules, count=156, seats=5, quota=10)
    totals = [pattern.total for pattern in chosen]
    assert totals[9] == totals[10]
    assert chosen[9].objective > chosen[10].objective
    assert len(set(totals)) == len(totals) - 1
