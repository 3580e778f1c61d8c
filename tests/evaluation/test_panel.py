"""The draw: fixed before the entropy, unbiased, replayable, and every change of a proof is found."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.panel import (
    Exclusion,
    PanelCode,
    PanelRefused,
    PanelRules,
    Stratum,
    commitment,
    draw,
    expert_ref,
    opens,
    replay,
    snapshot,
    snapshot_digest,
)
from evaluation.panel_entropy import Stream, lottery_order, shuffled
from evaluation.panel_stages import (
    DRAW_TRANSITIONS,
    SEAT_TRANSITIONS,
    DrawContext,
    Minimum,
    SeatContext,
    elect,
    next_reserve,
)

RULES = PanelRules.from_plan({"seats": 5, "draw_within_workdays": 2})
POOL = [f"E{n:02d}" for n in range(12)]
OUT = [Exclusion("E03", "employed by a vendor"), Exclusion("E07", "kinship")]
SECRETS = {"organiser": b"o" * 16, "supervisor": b"s" * 32}
ROOT = Path(__file__).resolve().parents[2]


def refused(code: PanelCode) -> Any:
    return pytest.raises(PanelRefused, match=code.value)


def fix(pool: list[str] = POOL, out: list[Exclusion] = OUT, **facts: Any) -> dict[str, Any]:
    return snapshot("R1", pool, out, rules=RULES, public_source="lottery of 8 July", **facts)


def commitments(fixed: dict[str, Any]) -> dict[str, str]:
    digest = snapshot_digest(fixed)
    return {party: commitment("R1", party, digest, secret) for party, secret in SECRETS.items()}


def proof(reveals: dict[str, bytes] | None = None, public: str = "03 11 27") -> dict[str, Any]:
    fixed = fix()
    return draw(fixed, commitments(fixed), SECRETS if reveals is None else reveals, public).to_json()


def test_a_draw_fills_the_seats_and_orders_everyone_else() -> None:
    made = proof()
    assert len(made["drawn"]) == 5
    assert sorted(made["drawn"] + made["reserves"]) == [ref for ref in POOL if ref not in ("E03", "E07")]
    result = replay(made)
    assert result.ok
    assert (list(result.drawn), list(result.reserves)) == (made["drawn"], made["reserves"])


def test_a_proof_survives_its_file() -> None:
    assert replay(json.loads(json.dumps(proof(), ensure_ascii=False))).ok


def test_this_draw_stays_the_same_for_ever() -> None:
    """A change of the algorithm would make published proofs fail: it needs another version instead."""
    made = proof()
    assert made["snapshot_digest"] == "f237e27a251e379bd2c02adb0c830cf07b13c5cd1ea7319152c00416495db8aa"
    assert made["drawn"] == ["E02", "E00", "E11", "E01", "E09"]


@given(st.permutations(POOL), st.permutations(OUT))
def test_the_order_of_the_pool_makes_no_difference(pool: list[str], out: list[Exclusion]) -> None:
    assert fix(pool, out) == fix()


STRATA = [Stratum("law", 2, frozenset({"E00", "E01", "E05", "E03"}))]


@given(st.integers(0, 500))
def test_a_stratum_gets_its_seats_and_nobody_else_loses_the_order(value: int) -> None:
    fixed = fix(strata=STRATA)
    made = draw(fixed, commitments(fixed), SECRETS, str(value))
    assert len(set(made.drawn) & STRATA[0].members) >= 2
    assert len(made.drawn) == 5
    assert len({*made.drawn, *made.reserves}) == 10
    assert replay(made.to_json()).ok
    # Without the stratum the same order decides; who is drawn there and needed for no minimum stays.
    order = shuffled((ref for ref in POOL if ref not in ("E03", "E07")), bytes.fromhex(made.entropy))
    assert list(made.drawn) == [ref for ref in order if ref in made.drawn]
    assert list(made.reserves) == [ref for ref in order if ref not in made.drawn]


@pytest.mark.parametrize(
    ("strata", "code"),
    [
        ([Stratum("law", 4, frozenset({"E00", "E01", "E03", "E07"}))], PanelCode.STRATUM_SMALL),
        ([Stratum("law", 6, frozenset(POOL))], PanelCode.STRATUM),
        ([Stratum(" ", 1, frozenset(POOL))], PanelCode.STRATUM),
        ([Stratum("law", 0, frozenset(POOL))], PanelCode.STRATUM),
        ([Stratum("law", 1, frozenset({"stranger"}))], PanelCode.STRATUM),
        ([Stratum("law", 1, frozenset({"E00"})), Stratum("it", 1, frozenset({"E00"}))], PanelCode.STRATUM),
        ([Stratum("law", 1, frozenset({"E00"})), Stratum("law", 1, frozenset({"E01"}))], PanelCode.STRATUM),
    ],
)
def test_a_stratum_that_can_not_be_met_is_refused(strata: list[Stratum], code: PanelCode) -> None:
    with refused(code):
        fix(strata=strata)


def test_a_change_of_the_strata_or_of_what_was_set_aside_is_found() -> None:
    fixed = fix(strata=STRATA, dismissed=[Exclusion("E05", "same name only")])
    made = draw(fixed, commitments(fixed), SECRETS, "1").to_json()
    assert replay(made).ok
    for change in (
        lambda inner: inner["strata"][0].update(least=1),
        lambda inner: inner["strata"][0]["members"].pop(),
        lambda inner: inner["dismissed"].clear(),
        lambda inner: inner.pop("strata"),
        lambda inner: inner["dismissed"][0].update(reason="another"),
    ):
        changed = copy.deepcopy(made)
        change(changed["snapshot"])
        assert replay(changed).failure is PanelCode.PROOF_SNAPSHOT
    with refused(PanelCode.EXCLUSION):
        fix(dismissed=[Exclusion("stranger", "x")])
    with refused(PanelCode.EXCLUSION):
        fix(dismissed=[Exclusion("E05", " ")])


def test_names_open_their_references_and_no_others() -> None:
    people = [{"code": f"c{n}", "name": f"name {n}", "employer": f"employer {n}"} for n in range(6)]
    salts = [bytes([n]) * 16 for n in range(6)]
    refs = [expert_ref("R1", salt, person) for salt, person in zip(salts, people, strict=True)]
    fixed = snapshot("R1", refs, [], rules=RULES, public_source="p")
    made = draw(fixed, commitments(fixed), SECRETS, "1").to_json()
    opening = {"salt": salts[2].hex(), **people[2]}
    named = made | {"names": {refs[2]: opening}}
    assert replay(named).names == {refs[2]: "name 2 employer 2"}
    for wrong in (
        {refs[2]: opening | {"name": "name 3"}},
        {refs[2]: opening | {"salt": salts[3].hex()}},
        {refs[3]: opening},
        {"stranger": opening},
        {refs[2]: opening | {"more": "x"}},
    ):
        assert replay(made | {"names": wrong}).failure is PanelCode.PROOF_NAMES
    assert replay(made | {"names": {refs[2]: {}}}).failure is PanelCode.PROOF_SHAPE
    assert expert_ref("R2", salts[2], people[2]) != refs[2]
    with refused(PanelCode.SECRET_SHORT):
        expert_ref("R1", b"short", people[2])


@given(st.text(min_size=1, max_size=20).filter(str.strip).filter(lambda text: text.isprintable()))
def test_each_public_value_makes_a_whole_draw(public: str) -> None:
    made = proof(public=public)
    assert replay(made).ok
    assert len(set(made["drawn"] + made["reserves"])) == 10


def test_a_missing_or_false_reveal_is_left_out_on_record() -> None:
    silent = proof({"organiser": SECRETS["organiser"]})
    assert silent["left_out"] == {"supervisor": {"why": "missing"}}
    wrong = proof(SECRETS | {"supervisor": b"x" * 32})
    assert wrong["left_out"] == {"supervisor": {"why": "false", "secret": (b"x" * 32).hex()}}
    # A false reveal can't steer the draw: it gives what silence gives.
    assert wrong["entropy"] == silent["entropy"] != proof()["entropy"]
    assert replay(silent).ok
    assert replay(wrong).ok
    assert replay(proof({})).ok


def test_a_true_reveal_can_not_be_recorded_as_false() -> None:
    made = proof(SECRETS | {"supervisor": b"x" * 32})
    made["left_out"]["supervisor"]["secret"] = SECRETS["supervisor"].hex()
    assert replay(made).failure is PanelCode.PROOF_REVEAL


def test_a_commitment_serves_one_party_one_recruitment_one_snapshot() -> None:
    fixed = fix()
    digest = snapshot_digest(fixed)
    made = commitment("R1", "organiser", digest, SECRETS["organiser"])
    assert opens(made, "R1", "organiser", digest, SECRETS["organiser"])
    assert not opens(made, "R2", "organiser", digest, SECRETS["organiser"])
    assert not opens(made, "R1", "supervisor", digest, SECRETS["organiser"])
    assert not opens(made, "R1", "organiser", snapshot_digest(fix(POOL[:-1])), SECRETS["organiser"])
    assert not opens(made, "R1", "organiser", digest, b"short")


def test_what_joins_into_one_text_is_kept_apart() -> None:
    digest = bytes(32)
    assert commitment("ab", "c", digest, b"x" * 16) != commitment("a", "bc", digest, b"x" * 16)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every leaf of a proof."""
    if isinstance(value, dict):
        return [place for key, inner in value.items() for place in places(inner, (*path, key))]
    if isinstance(value, list):
        return [place for index, inner in enumerate(value) for place in places(inner, (*path, index))]
    return [path]


FULL = proof({"organiser": SECRETS["organiser"], "supervisor": b"x" * 32})


# What a false reveal said binds nothing: it must not steer the draw. The digest of the proof covers it.
BOUND = [place for place in places(FULL) if place != ("left_out", "supervisor", "secret")]


@pytest.mark.parametrize("place", BOUND, ids=lambda place: ".".join(map(str, place)))
def test_a_change_anywhere_in_a_proof_is_found(place: tuple[Any, ...]) -> None:
    changed = copy.deepcopy(FULL)
    inner: Any = changed
    for key in place[:-1]:
        inner = inner[key]
    leaf = inner[place[-1]]
    inner[place[-1]] = leaf + 1 if isinstance(leaf, int) else "changed"
    assert not replay(changed).ok


def test_an_added_or_lost_key_and_a_swapped_order_are_found() -> None:
    for key in FULL:
        assert not replay({name: value for name, value in FULL.items() if name != key}).ok
    assert not replay(FULL | {"note": "more"}).ok
    for key in ("drawn", "reserves"):
        changed = copy.deepcopy(FULL)
        changed[key][0], changed[key][1] = changed[key][1], changed[key][0]
        assert replay(changed).failure is PanelCode.PROOF_RESULT
    unsorted = copy.deepcopy(FULL)
    unsorted["snapshot"]["pool"].reverse()
    assert replay(unsorted).failure is PanelCode.PROOF_SNAPSHOT


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(sorted(FULL)), JUNK)
def test_a_hostile_proof_fails_and_never_raises(key: str, junk: Any) -> None:
    if junk != FULL[key]:
        assert not replay(FULL | {key: junk}).ok
    assert not replay(junk).ok


@pytest.mark.parametrize(
    ("pool", "out", "facts", "code"),
    [
        (["A", "A", *POOL], [], {}, PanelCode.POOL_DOUBLED),
        (["", *POOL], [], {}, PanelCode.POOL_NAME),
        (["\ud800", *POOL], [], {}, PanelCode.POOL_NAME),
        (POOL[:4], [], {}, PanelCode.POOL_SMALL),
        (POOL[:6], [Exclusion("E01", "x"), Exclusion("E02", "y")], {}, PanelCode.POOL_SMALL),
        (POOL, [Exclusion("Z", "x")], {}, PanelCode.EXCLUSION),
        (POOL, [Exclusion("E01", "x"), Exclusion("E01", "y")], {}, PanelCode.EXCLUSION),
        (POOL, [Exclusion("E01", " ")], {}, PanelCode.REASON_MISSING),
        (POOL, [], {"number": 2}, PanelCode.REASON_MISSING),
    ],
)
def test_what_can_not_be_fixed_is_refused(
    pool: list[str], out: list[Exclusion], facts: dict[str, Any], code: PanelCode
) -> None:
    with refused(code):
        fix(pool, out, **facts)


def test_a_draw_needs_parties_and_a_public_value() -> None:
    fixed = fix()
    with refused(PanelCode.PARTY):
        draw(fixed, {}, {}, "1")
    with refused(PanelCode.PARTY):
        draw(fixed, commitments(fixed), SECRETS | {"stranger": b"x" * 16}, "1")
    with refused(PanelCode.PUBLIC_VALUE_MISSING):
        draw(fixed, commitments(fixed), SECRETS, " ")
    with refused(PanelCode.SECRET_SHORT):
        commitment("R1", "organiser", bytes(32), b"guess")


def test_a_limit_of_reserves_is_kept() -> None:
    rules = PanelRules.from_plan({"seats": 3, "reserves": 2})
    fixed = snapshot("R1", POOL, [], rules=rules, public_source="p")
    made = draw(fixed, commitments(fixed), SECRETS, "1")
    assert (len(made.drawn), len(made.reserves)) == (3, 2)


@given(st.integers(1, 1 << 63), st.binary(min_size=1, max_size=8))
def test_numbers_stay_below_their_bound(bound: int, entropy: bytes) -> None:
    stream = Stream(entropy)
    assert all(0 <= stream.below(bound) < bound for _ in range(5))


def test_no_order_is_favoured() -> None:
    """6 orders of 3 names over 6000 draws: chi-square with 5 degrees, 0.1 % bound 20.5."""
    counts = Counter(tuple(shuffled("abc", n.to_bytes(4, "big"))) for n in range(6000))
    assert len(counts) == 6
    assert sum((count - 1000) ** 2 / 1000 for count in counts.values()) < 20.5


@given(st.permutations(["a", "b", "c", "d"]))
def test_a_lottery_hangs_on_its_value_and_not_on_the_order(names: list[str]) -> None:
    assert lottery_order(names, "17", "R1") == lottery_order("abcd", "17", "R1")
    assert {tuple(lottery_order(names, str(value), "R1")) for value in range(40)} != {tuple(names)}


def test_reserves_step_in_by_their_order() -> None:
    assert next_reserve(["a", "b", "c"], {"a"}) == "b"
    assert next_reserve(["a"], {"a"}) is None


@pytest.mark.parametrize(("days", "warning"), [(0, None), (2, None), (3, PanelCode.DRAW_EARLY)])
def test_an_early_draw_warns(days: int, warning: PanelCode | None) -> None:
    assert RULES.early_warning(days) is warning


@pytest.mark.parametrize("section", [{}, {"seats": 0}, {"seats": True}, {"seats": "5"}, {"seats": 5, "reserves": -1}])
def test_a_section_that_is_no_rule_is_refused(section: dict[str, Any]) -> None:
    with refused(PanelCode.PLAN):
        PanelRules.from_plan(section)


def test_a_reserve_that_leaves_a_minimum_unmet_is_passed_over() -> None:
    law = [Minimum(2, frozenset({"b", "d", "x"}))]
    # Two of the panel come from law: x left, one is there, so the seat goes to law.
    assert next_reserve(["a", "b", "c"], set(), minimums=law, seated={"d", "e"}, vacant=1) == "b"
    assert next_reserve(["a", "b", "c"], set(), minimums=law, seated={"e"}, vacant=3) == "a"
    assert next_reserve(["a", "c"], set(), minimums=law, seated={"d"}, vacant=1) is None
    assert next_reserve(["a", "b"], {"a"}, minimums=law, seated={"d", "x"}, vacant=1) == "b"


def test_the_most_votes_elect_and_a_tie_elects_nobody() -> None:
    assert elect({1: 2, 2: 2, 3: 2, 4: 1, 5: 1}).elected == 2
    tied = elect({1: 2, 2: 2, 3: 4, 4: 4, 5: 1})
    assert (tied.elected, tied.tied) == (None, (2, 4))
    assert elect({}).elected is None


def test_a_draw_moves_only_when_its_parts_are_there() -> None:
    committed = DRAW_TRANSITIONS["fixed", "committed"].guard
    assert committed is not None
    assert committed(DrawContext(1)) == "commitments_missing"
    assert committed(DrawContext(2)) is None
    drawn = DRAW_TRANSITIONS["committed", "drawn"].guard
    assert drawn is not None
    assert drawn(DrawContext(2, value_agreed=True)) == "value_not_due"
    assert drawn(DrawContext(2, value_due=True)) == "value_not_agreed"
    assert drawn(DrawContext(2, value_due=True, value_agreed=True)) is None
    given_up = DRAW_TRANSITIONS["committed", "abandoned"].guard
    assert given_up is not None
    assert given_up(DrawContext(2, value_due=True)) == "result_determined"
    assert ("drawn", "abandoned") not in DRAW_TRANSITIONS


def test_a_seat_is_held_only_with_every_declaration_and_no_relation() -> None:
    guard = SEAT_TRANSITIONS["accepted", "active"].guard
    assert guard is not None
    assert guard(SeatContext(vendors=3, declared=3)) is None
    assert guard(SeatContext(vendors=3, declared=2)) == "declarations_missing"
    assert guard(SeatContext()) == "declarations_missing"
    assert guard(SeatContext(vendors=3, declared=3, relations=1)) == "relation_declared"
    assert ("declined", "active") not in SEAT_TRANSITIONS
    assert ("replaced", "active") not in SEAT_TRANSITIONS


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    # -S: no site-packages, so that it needs nothing but the standard library.
    return subprocess.run(
        [sys.executable, "-S", "-m", "evaluation.panel", *arguments], cwd=ROOT, capture_output=True, text=True,
        check=False, timeout=60,
    )


def test_the_command_replays_a_file(tmp_path: Path) -> None:
    path = tmp_path / "proof.json"
    made = proof()
    path.write_text(json.dumps(made, ensure_ascii=False), encoding="utf-8")
    done = run("replay", str(path))
    assert (done.returncode, done.stderr) == (0, "")
    assert f"drawn: {', '.join(made['drawn'])}" in done.stdout
    path.write_text(json.dumps(made | {"public_value": "other"}), encoding="utf-8")
    failed = run("replay", str(path))
    assert failed.returncode == 1
    assert "panel_proof_entropy" in failed.stdout
    path.write_text("{", encoding="utf-8")
    assert run("replay", str(path)).returncode == 1
    assert run("play").returncode == 2


def test_the_command_commits_as_the_application_does() -> None:
    digest = snapshot_digest(fix())
    done = run("commit", "R1", "organiser", digest.hex(), SECRETS["organiser"].hex())
    assert done.stdout.splitlines() == [
        f"secret: {SECRETS['organiser'].hex()}",
        f"commitment: {commitments(fix())['organiser']}",
    ]
    made = run("commit", "R1", "supervisor", digest.hex()).stdout.split()
    assert opens(made[3], "R1", "supervisor", digest, bytes.fromhex(made[1]))
    assert run("commit", "R1", "supervisor", "no hex").returncode == 1
    assert run("commit", "R1", "supervisor", digest.hex(), "ab").returncode == 1
