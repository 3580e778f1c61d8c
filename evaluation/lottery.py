"""The witnessed lottery for a tie that nothing else tells apart: committed before its entropy is known.

Plan, 排名: the last resort of the tie chain, drawn before the supervisor and replayable by anyone. The parts
are those of the panel's draw: what is tied is fixed and digested into both parties' commitments; the entropy
joins their reveals and a public value that was named beforehand. The orders are the ones `ranking.rank` makes
when it gets the entropy (hex) as its lottery value.

`python -m evaluation.panel replay PROOF.json` recomputes a proof with the standard library alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from evaluation.panel import PanelCode, PanelRefused, Replay, joined_entropy, snapshot_digest
from evaluation.panel_entropy import canonical, lottery_order
from evaluation.panel_stages import DRAW_TRANSITIONS
from evaluation.ranking import Ranked
from evaluation.workflow import Transition

KIND = "yinzhao-ranking-lottery"
ALGORITHM = "sm3-counter-stream/rejection-64/fisher-yates-descending/lottery/1"
#: The domain under which `ranking` draws lots.
PURPOSE = "ranking"
#: Steps of a lottery: those of a draw whose conflicts need no preparing.
LOTTERY_TRANSITIONS: dict[tuple[str, str], Transition] = {
    steps: Transition(way.role, way.guard, way.event.replace("draw.", "lottery."), way.reason_required)
    for steps, way in DRAW_TRANSITIONS.items()
    if steps[0] != "prepared"
}


def tied_groups(ranked: Iterable[Ranked]) -> list[list[str]]:
    """The groups that only a lottery can order: keys with one rank, marked tied, in the order of ranks."""
    groups: dict[int, list[str]] = {}
    for row in ranked:
        if row.tied:
            groups.setdefault(row.rank, []).append(row.key)
    return [sorted(group, key=lambda key: key.encode("utf-8")) for _, group in sorted(groups.items())]


def fix(
    recruitment: str, groups: Iterable[Iterable[str]], *, public_source: str, number: int = 1, reason: str = ""
) -> dict[str, Any]:
    """Everything that is fixed before entropy exists. `groups` hold references of vendors, never names.

    Raises PanelRefused without a tie, with a vendor twice, without the name of the public value, or when a
    lottery after the first gives no reason.
    """
    listed = [sorted(group, key=lambda key: key.encode("utf-8")) for group in groups]
    every = [key for group in listed for key in group]
    if not listed or any(len(group) < 2 for group in listed):
        raise PanelRefused(PanelCode.POOL_SMALL, there=len(every), seats=2)
    if len(set(every)) < len(every):
        raise PanelRefused(PanelCode.POOL_DOUBLED)
    if not all(key.strip() for key in every) or not recruitment.strip() or number < 1:
        raise PanelRefused(PanelCode.POOL_NAME, ref="")
    if not public_source.strip():
        raise PanelRefused(PanelCode.PUBLIC_VALUE_MISSING)
    if number != 1 and not reason.strip():
        raise PanelRefused(PanelCode.REASON_MISSING)
    return {
        "algorithm": ALGORITHM,
        "groups": listed,
        "number": number,
        "public_source": public_source,
        "reason": reason,
        "recruitment": recruitment,
        "schema": 1,
    }


def draw_lots(
    fixed: Mapping[str, Any],
    commitments: Mapping[str, str],
    reveals: Mapping[str, bytes],
    public_value: str,
) -> dict[str, Any]:
    """The proof of a lottery as plain data; `entropy` (hex) is the lottery value of the ranking.

    A missing or false reveal is left out on record, so that nobody gains by stopping.
    """
    fixed = dict(fixed)
    found, accepted, left_out = joined_entropy(fixed, commitments, reveals, public_value)
    entropy = found.hex()
    return {
        "kind": KIND,
        "snapshot": fixed,
        "snapshot_digest": snapshot_digest(fixed).hex(),
        "commitments": dict(commitments),
        "reveals": accepted,
        "left_out": left_out,
        "public_value": public_value,
        "entropy": entropy,
        "orders": [lottery_order(group, entropy, PURPOSE) for group in fixed["groups"]],
    }


def replay_lots(proof: Any) -> Replay:
    """Recompute a proof of a lottery; `drawn` holds the vendors in the orders drawn. Never raises."""
    try:
        fixed = proof["snapshot"]
        again = fix(
            fixed["recruitment"],
            fixed["groups"],
            public_source=fixed["public_source"],
            number=fixed["number"],
            reason=fixed["reason"],
        )
        if canonical(again) != canonical(fixed):
            return Replay(failure=PanelCode.PROOF_SNAPSHOT)
        reveals = {party: bytes.fromhex(secret) for party, secret in proof["reveals"].items()}
        for party, note in proof["left_out"].items():
            if note["why"] == "false":
                reveals[party] = bytes.fromhex(note["secret"])
        made = draw_lots(again, proof["commitments"], reveals, proof["public_value"])
        for key, code in (
            ("snapshot_digest", PanelCode.PROOF_SNAPSHOT),
            ("reveals", PanelCode.PROOF_REVEAL),
            ("left_out", PanelCode.PROOF_REVEAL),
            ("entropy", PanelCode.PROOF_ENTROPY),
            ("orders", PanelCode.PROOF_RESULT),
        ):
            if made[key] != proof[key]:
                return Replay(failure=code, facts={"key": key, "recomputed": made[key], "stated": proof[key]})
        if made != proof:
            return Replay(failure=PanelCode.PROOF_SHAPE, facts={"what": "content"})
    except PanelRefused as refused:
        code = refused.code if isinstance(refused.code, PanelCode) else PanelCode.PROOF_SHAPE
        return Replay(failure=code, facts=refused.facts)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        return Replay(failure=PanelCode.PROOF_SHAPE, facts={"what": type(error).__name__})
    return Replay(tuple(key for order in made["orders"] for key in order))
