"""The lottery for the last tie: the ranking's own order, replayable, and false wherever it was touched."""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from evaluation.lottery import LOTTERY_TRANSITIONS, draw_lots, fix, replay_lots, tied_groups
from evaluation.panel import PanelCode, PanelRefused, commitment, main, snapshot_digest
from evaluation.ranking import RankingRules, Standing, rank
from evaluation.scoring import ScoringRules

SCORING = ScoringRules.from_plan(
    {"total": "10", "step": "1", "items": [{"no": "1", "name": "x", "kind": "objective", "points": "10"}]}
)
RULES = RankingRules.from_plan({"quota": 3, "tie_chain": ["objective_subtotal", "lottery"]})
FIELD = [
    Standing(key, {"1": [Decimal(points)] * 3})
    for key, points in (("a", 9), ("b", 7), ("c", 7), ("d", 7), ("e", 5), ("f", 4), ("g", 4))
]
SECRETS = {"organiser": b"o" * 32, "supervisor": b"s" * 32}


def proof(public: str = "12345", reveals: dict[str, bytes] = SECRETS) -> dict[str, Any]:
    groups = tied_groups(rank(FIELD, scoring=SCORING, rules=RULES))
    assert groups == [["b", "c", "d"], ["f", "g"]]
    fixed = fix("R1", groups, public_source="sample lottery of 8 July")
    digest = snapshot_digest(fixed)
    commitments = {party: commitment("R1", party, digest, secret) for party, secret in SECRETS.items()}
    return draw_lots(fixed, commitments, reveals, public)


def test_the_ranking_follows_the_lots_and_only_within_its_ties() -> None:
    made = proof()
    ranked = rank(FIELD, scoring=SCORING, rules=RULES, lottery=made["entropy"])
    assert [row.key for row in ranked] == ["a", *made["orders"][0], "e", *made["orders"][1]]
    assert not any(row.tied for row in ranked)
    assert replay_lots(json.loads(json.dumps(made))).drawn == (*made["orders"][0], *made["orders"][1])
    orders = {tuple(proof(str(value))["orders"][0]) for value in range(40)}
    assert len(orders) == 6


def test_who_stops_gains_nothing_and_stays_on_record() -> None:
    silent = proof(reveals={"organiser": SECRETS["organiser"]})
    assert silent["left_out"] == {"supervisor": {"why": "missing"}}
    false = proof(reveals=SECRETS | {"supervisor": b"x" * 32})
    assert false["left_out"]["supervisor"]["why"] == "false"
    # A false reveal steers no more than a missing one.
    assert false["entropy"] == silent["entropy"]
    assert replay_lots(silent).ok
    assert replay_lots(false).ok


@pytest.mark.parametrize(
    "place",
    [
        ("snapshot", "groups", 0, 0), ("snapshot", "recruitment"), ("snapshot", "public_source"),
        ("snapshot", "number"), ("snapshot_digest",), ("commitments", "organiser"), ("reveals", "supervisor"),
        ("public_value",), ("entropy",), ("orders", 0, 1),
    ],
)
def test_a_change_anywhere_is_found(place: tuple[Any, ...]) -> None:
    made = proof()
    forged = copy.deepcopy(made)
    inner = forged
    for step in place[:-1]:
        inner = inner[step]
    before = inner[place[-1]]
    inner[place[-1]] = before + 1 if isinstance(before, int) else "0" + str(before)[1:] + "0"
    assert replay_lots(made).ok
    assert not replay_lots(forged).ok


def test_swapped_lots_and_strange_files_fail_and_never_raise() -> None:
    forged = proof()
    forged["orders"][0].reverse()
    assert replay_lots(forged).failure is PanelCode.PROOF_RESULT
    for junk in (None, [], {}, {"snapshot": 1}, {**proof(), "extra": 1}, {**proof(), "reveals": {"x": "00"}}):
        assert not replay_lots(junk).ok


@pytest.mark.parametrize(
    ("groups", "facts", "code"),
    [
        ([], {}, PanelCode.POOL_SMALL),
        ([["a"]], {}, PanelCode.POOL_SMALL),
        ([["a", "b"], ["b", "c"]], {}, PanelCode.POOL_DOUBLED),
        ([["a", " "]], {}, PanelCode.POOL_NAME),
        ([["a", "b"]], {"public_source": " "}, PanelCode.PUBLIC_VALUE_MISSING),
        ([["a", "b"]], {"number": 2}, PanelCode.REASON_MISSING),
    ],
)
def test_what_can_not_be_fixed_is_refused(groups: Any, facts: dict[str, Any], code: PanelCode) -> None:
    with pytest.raises(PanelRefused) as refused:
        fix("R1", groups, **{"public_source": "x", **facts})
    assert refused.value.code is code


def test_the_command_replays_it_like_a_draw(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "proof.json"
    path.write_text(json.dumps(proof()))
    assert main(["replay", str(path)]) == 0
    assert "drawn: " in capsys.readouterr().out
    path.write_text(json.dumps({**proof(), "public_value": "54321"}))
    assert main(["replay", str(path)]) == 1
    assert "the proof fails" in capsys.readouterr().out


def test_its_steps_are_those_of_a_draw() -> None:
    assert set(LOTTERY_TRANSITIONS) == {
        ("fixed", "committed"), ("committed", "drawn"), ("fixed", "abandoned"), ("committed", "abandoned"),
    }
    assert all(way.event.startswith("lottery.") for way in LOTTERY_TRANSITIONS.values())
