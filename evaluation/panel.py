"""The draw of the panel: committed before the entropy is known, replayable by anyone.

Plan, 评审程序 1: five experts drawn at random from the pool. What is fixed first (pool in canonical order,
exclusions with reasons, seats, algorithm, name of the public value) is digested into every commitment.
The entropy then joins the parties' reveals and a public value that was named beforehand and is known only
after the reveals, so that the last to reveal gains nothing by stopping.

`python -m evaluation.panel replay PROOF.json` recomputes a proof with the standard library alone.
"""

from __future__ import annotations

import hmac
import json
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from evaluation._sm3 import sm3
from evaluation.errors import EvaluationError
from evaluation.workflow import Transition

ALGORITHM = "sm3-counter-stream/rejection-64/fisher-yates-descending/1"
KIND = "yinzhao-panel-draw"
SCHEMA = 1
#: A secret shorter than this could be guessed from its commitment.
SECRET_BYTES = 16
_WORD = 1 << 64


class PanelCode(Enum):
    """Why a draw is refused, or where a proof fails."""

    PLAN = "panel_plan"
    POOL_DOUBLED = "panel_pool_doubled"
    POOL_NAME = "panel_pool_name"
    POOL_SMALL = "panel_pool_small"
    EXCLUSION = "panel_exclusion"
    REASON_MISSING = "panel_reason_missing"
    PARTY = "panel_party"
    SECRET_SHORT = "panel_secret_short"
    PUBLIC_VALUE_MISSING = "panel_public_value_missing"
    PROOF_SHAPE = "panel_proof_shape"
    PROOF_SNAPSHOT = "panel_proof_snapshot"
    PROOF_REVEAL = "panel_proof_reveal"
    PROOF_ENTROPY = "panel_proof_entropy"
    PROOF_RESULT = "panel_proof_result"
    DRAW_EARLY = "panel_draw_early"


class PanelRefused(EvaluationError):
    """The draw can't be made this way; facts name the expert, party or limit."""


def canonical(value: Any) -> bytes:
    """Canonical JSON of plain data with ASCII keys and no fractions (a subset of RFC 8785)."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8")


def _join(domain: str, *parts: bytes) -> bytes:
    """SM3 over length-prefixed parts: no two different lists of parts read the same."""
    pieces = [f"yinzhao/{domain}/1".encode(), *parts]
    return sm3(b"".join(len(piece).to_bytes(8, "big") + piece for piece in pieces))


class Stream:
    """Numbers from an SM3 counter stream; each draw below a bound is unbiased by rejection."""

    def __init__(self, entropy: bytes) -> None:
        self._entropy, self._counter, self._left = entropy, 0, b""

    def _word(self) -> int:
        if not self._left:
            self._left = _join("stream", self._entropy, self._counter.to_bytes(8, "big"))
            self._counter += 1
        word, self._left = self._left[:8], self._left[8:]
        return int.from_bytes(word, "big")

    def below(self, bound: int) -> int:
        """A number in 0..bound-1, each equally likely."""
        limit = _WORD - _WORD % bound
        while (word := self._word()) >= limit:
            pass
        return word % bound


def shuffled(names: Iterable[str], entropy: bytes) -> list[str]:
    """The names in the order the entropy gives; the order they come in makes no difference."""
    order = sorted(names, key=lambda name: name.encode("utf-8"))
    stream = Stream(entropy)
    for last in range(len(order) - 1, 0, -1):
        other = stream.below(last + 1)
        order[last], order[other] = order[other], order[last]
    return order


def lottery_order(names: Iterable[str], public_value: str, purpose: str) -> list[str]:
    """A witnessed lottery over a few names, by the stream of the panel's draw."""
    ordered = sorted(names, key=lambda name: name.encode("utf-8"))
    entropy = _join("lottery", purpose.encode(), canonical(ordered), public_value.encode("utf-8"))
    return shuffled(ordered, entropy)


@dataclass(frozen=True)
class PanelRules:
    """[evaluation.panel] of the plan; `reserves` None: everyone left is a reserve, in order."""

    seats: int
    reserves: int | None
    draw_within_workdays: int

    @classmethod
    def from_plan(cls, section: Mapping[str, Any]) -> PanelRules:
        """Read the section; raises PanelRefused(PLAN) with the key that is no rule."""
        reserves = section.get("reserves")
        return cls(
            _whole(section.get("seats"), "seats", 1),
            None if reserves is None else _whole(reserves, "reserves", 0),
            _whole(section.get("draw_within_workdays", 2), "draw_within_workdays", 0),
        )

    def early_warning(self, workdays_before_review: int) -> PanelCode | None:
        """A warning, not a bar: drawn earlier than the practice of two working days before the review."""
        return PanelCode.DRAW_EARLY if workdays_before_review > self.draw_within_workdays else None


def _whole(value: object, place: str, least: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise PanelRefused(PanelCode.PLAN, place=place)
    return value


@dataclass(frozen=True)
class Exclusion:
    """Somebody of the pool who is not drawn from, and why."""

    ref: str
    reason: str


def snapshot(
    recruitment: str,
    pool: Iterable[str],
    exclusions: Iterable[Exclusion],
    *,
    rules: PanelRules,
    public_source: str,
    number: int = 1,
    reason: str = "",
) -> dict[str, Any]:
    """Everything that is fixed before entropy exists, in canonical order.

    `pool` holds references of experts (pseudonymous until the results); `public_source` names the public
    value. A draw after the first needs its reason. Raises PanelRefused.
    """
    refs = sorted(pool, key=_utf8)
    left_out = sorted(exclusions, key=lambda exclusion: _utf8(exclusion.ref))
    if any(not ref.strip() for ref in refs):
        raise PanelRefused(PanelCode.POOL_NAME, ref="")
    if len(set(refs)) < len(refs):
        raise PanelRefused(PanelCode.POOL_DOUBLED)
    names = [exclusion.ref for exclusion in left_out]
    if len(set(names)) < len(names) or not set(names) <= set(refs):
        raise PanelRefused(PanelCode.EXCLUSION)
    if any(not exclusion.reason.strip() for exclusion in left_out) or (number != 1 and not reason.strip()):
        raise PanelRefused(PanelCode.REASON_MISSING)
    if len(refs) - len(names) < rules.seats:
        raise PanelRefused(PanelCode.POOL_SMALL, there=len(refs) - len(names), seats=rules.seats)
    if not recruitment.strip() or number < 1:
        raise PanelRefused(PanelCode.PARTY, party=recruitment)
    if not public_source.strip():
        raise PanelRefused(PanelCode.PUBLIC_VALUE_MISSING)
    return {
        "algorithm": ALGORITHM,
        "exclusions": [{"ref": exclusion.ref, "reason": exclusion.reason} for exclusion in left_out],
        "number": number,
        "pool": refs,
        "public_source": public_source,
        "reason": reason,
        "recruitment": recruitment,
        "reserves": rules.reserves,
        "schema": SCHEMA,
        "seats": rules.seats,
    }


def _utf8(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise PanelRefused(PanelCode.POOL_NAME, ref=ascii(text)) from None


def snapshot_digest(fixed: Mapping[str, Any]) -> bytes:
    """SM3 of the canonical snapshot, 32 bytes: what is published before anything is revealed."""
    return sm3(canonical(dict(fixed)))


def commitment(recruitment: str, party: str, digest: bytes, secret: bytes) -> str:
    """A party's commitment (hex), bound to recruitment, party and snapshot: it serves nowhere else."""
    if not party.strip():
        raise PanelRefused(PanelCode.PARTY, party=party)
    if len(secret) < SECRET_BYTES:
        raise PanelRefused(PanelCode.SECRET_SHORT, least=SECRET_BYTES)
    return _join("commit", recruitment.encode("utf-8"), party.encode("utf-8"), digest, secret).hex()


def opens(committed: str, recruitment: str, party: str, digest: bytes, secret: bytes) -> bool:
    """True when `secret` is what the party committed to."""
    if len(secret) < SECRET_BYTES:
        return False
    return hmac.compare_digest(commitment(recruitment, party, digest, secret).encode(), committed.encode())


def entropy_of(
    recruitment: str,
    digest: bytes,
    commitments: Mapping[str, str],
    reveals: Mapping[str, bytes],
    public_value: str,
) -> bytes:
    """The entropy of a draw (32 bytes): SM3 over recruitment, snapshot, commitments, reveals, public value.

    All commitments count, those of a left-out reveal too, so that none can be exchanged afterwards. A false
    reveal counts nowhere: it must not steer the draw.
    """
    if not public_value.strip():
        raise PanelRefused(PanelCode.PUBLIC_VALUE_MISSING)
    parts = [recruitment.encode("utf-8"), digest, canonical(dict(commitments)), len(reveals).to_bytes(8, "big")]
    for party in sorted(reveals, key=lambda name: name.encode("utf-8")):
        parts += [party.encode("utf-8"), reveals[party]]
    return _join("entropy", *parts, public_value.encode("utf-8"))


@dataclass(frozen=True)
class DrawProof:
    """A draw with all that is needed to make it again."""

    fixed: dict[str, Any]
    commitments: dict[str, str]
    reveals: dict[str, str]
    #: party → {"why": "missing"} or {"why": "false", "secret": hex}: left out of the entropy, on record.
    left_out: dict[str, dict[str, str]]
    public_value: str
    entropy: str
    drawn: tuple[str, ...]
    reserves: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain data for a file or a JSON column."""
        return {
            "kind": KIND,
            "snapshot": self.fixed,
            "snapshot_digest": snapshot_digest(self.fixed).hex(),
            "commitments": self.commitments,
            "reveals": self.reveals,
            "left_out": self.left_out,
            "public_value": self.public_value,
            "entropy": self.entropy,
            "drawn": list(self.drawn),
            "reserves": list(self.reserves),
        }


def draw(
    fixed: Mapping[str, Any],
    commitments: Mapping[str, str],
    reveals: Mapping[str, bytes],
    public_value: str,
) -> DrawProof:
    """Draw the seats and the ordered reserves.

    `fixed` is what `snapshot` gave, `commitments` (party → hex) were published with it, `reveals` (party →
    secret) are what came. A missing or false reveal is left out and recorded; a reveal of a party that
    committed to nothing is refused.
    """
    fixed = dict(fixed)
    digest, recruitment = snapshot_digest(fixed), str(fixed["recruitment"])
    if not commitments:
        raise PanelRefused(PanelCode.PARTY, party="")
    if strangers := sorted(set(reveals) - set(commitments)):
        raise PanelRefused(PanelCode.PARTY, party=strangers[0])
    accepted: dict[str, bytes] = {}
    left_out: dict[str, dict[str, str]] = {}
    for party, committed in sorted(commitments.items()):
        secret = reveals.get(party)
        if secret is None:
            left_out[party] = {"why": "missing"}
        elif opens(committed, recruitment, party, digest, secret):
            accepted[party] = secret
        else:
            left_out[party] = {"why": "false", "secret": secret.hex()}
    entropy = entropy_of(recruitment, digest, commitments, accepted, public_value)
    drawn, reserves = _select(fixed, entropy)
    return DrawProof(
        fixed, dict(commitments), {party: secret.hex() for party, secret in accepted.items()}, left_out,
        public_value, entropy.hex(), drawn, reserves,
    )


def _select(fixed: Mapping[str, Any], entropy: bytes) -> tuple[tuple[str, ...], tuple[str, ...]]:
    excluded = {exclusion["ref"] for exclusion in fixed["exclusions"]}
    order = shuffled((ref for ref in fixed["pool"] if ref not in excluded), entropy)
    seats, reserves = fixed["seats"], fixed["reserves"]
    rest = order[seats:] if reserves is None else order[seats : seats + reserves]
    return tuple(order[:seats]), tuple(rest)


@dataclass(frozen=True)
class Replay:
    """What came out of a replay; `failure` names the first thing that does not hold, with its facts."""

    drawn: tuple[str, ...] = ()
    reserves: tuple[str, ...] = ()
    failure: PanelCode | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return self.failure is None


def replay(proof: object) -> Replay:
    """Recompute a proof from its parts. Never raises: a malformed proof fails as such."""
    try:
        return _replay(proof)
    except PanelRefused as refused:
        code = refused.code if isinstance(refused.code, PanelCode) else PanelCode.PROOF_SHAPE
        return Replay(failure=code, facts=refused.facts)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        return Replay(failure=PanelCode.PROOF_SHAPE, facts={"what": type(error).__name__})


_KEYS = {
    "kind", "snapshot", "snapshot_digest", "commitments", "reveals", "left_out", "public_value", "entropy",
    "drawn", "reserves",
}


def _replay(proof: Any) -> Replay:
    if not isinstance(proof, dict) or set(proof) != _KEYS or proof["kind"] != KIND:
        return Replay(failure=PanelCode.PROOF_SHAPE, facts={"what": "keys"})
    fixed = proof["snapshot"]
    rules = PanelRules.from_plan({"seats": fixed["seats"], "reserves": fixed["reserves"]})
    again = snapshot(
        fixed["recruitment"], fixed["pool"],
        [Exclusion(entry["ref"], entry["reason"]) for entry in fixed["exclusions"]],
        rules=rules, public_source=fixed["public_source"], number=fixed["number"], reason=fixed["reason"],
    )
    digest = snapshot_digest(again)
    if canonical(again) != canonical(fixed) or proof["snapshot_digest"] != digest.hex():
        return Replay(failure=PanelCode.PROOF_SNAPSHOT, facts={"digest": digest.hex()})
    reveals = {party: bytes.fromhex(secret) for party, secret in proof["reveals"].items()}
    for party, note in proof["left_out"].items():
        if note["why"] == "false":
            reveals[party] = bytes.fromhex(note["secret"])
    made = draw(again, proof["commitments"], reveals, proof["public_value"]).to_json()
    for key, code in (
        ("reveals", PanelCode.PROOF_REVEAL), ("left_out", PanelCode.PROOF_REVEAL),
        ("entropy", PanelCode.PROOF_ENTROPY), ("drawn", PanelCode.PROOF_RESULT),
        ("reserves", PanelCode.PROOF_RESULT),
    ):
        if made[key] != proof[key]:
            return Replay(failure=code, facts={"key": key, "recomputed": made[key], "stated": proof[key]})
    if made != proof:
        return Replay(failure=PanelCode.PROOF_SHAPE, facts={"what": "content"})
    return Replay(tuple(made["drawn"]), tuple(made["reserves"]))


def next_reserve(order: Sequence[str], called: Collection[str]) -> str | None:
    """The reserve next in the drawn order who was not called yet; None: the panel can't be completed."""
    return next((ref for ref in order if ref not in called), None)


@dataclass(frozen=True)
class SeatContext:
    """What a step of a seat may look at: vendors to declare on, declarations made, relations found."""

    vendors: int = 0
    declared: int = 0
    relations: int = 0


def _may_sit(context: SeatContext) -> str | None:
    if context.relations:
        return "relation_declared"
    return None if context.declared >= context.vendors > 0 else "declarations_missing"


_STAFF = ("staff", "system")
_OUT = Transition(("expert", "staff", "supervisor", "system"), None, "seat.excluded", reason_required=True)
_DECLINED = Transition(("expert", "staff"), None, "seat.declined", reason_required=True)

SEAT_TRANSITIONS: dict[tuple[str, str], Transition] = {
    ("drawn", "invited"): Transition(_STAFF, None, "seat.invited"),
    ("drawn", "excluded"): _OUT,
    ("invited", "accepted"): Transition("expert", None, "seat.accepted"),
    ("invited", "declined"): _DECLINED,
    ("invited", "excluded"): _OUT,
    ("accepted", "active"): Transition("expert", _may_sit, "seat.active"),
    ("accepted", "declined"): _DECLINED,
    ("accepted", "excluded"): _OUT,
    ("active", "replaced"): Transition(("staff", "supervisor"), None, "seat.replaced", reason_required=True),
}


def main(arguments: Sequence[str]) -> int:
    """`replay PROOF.json`: print what was drawn, or where the proof fails. Exit 0, 1, or 2 for misuse."""
    if len(arguments) != 2 or arguments[0] != "replay":
        sys.stderr.write("usage: python -m evaluation.panel replay PROOF.json\n")
        return 2
    try:
        proof = json.loads(Path(arguments[1]).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        sys.stderr.write(f"cannot read the proof: {error}\n")
        return 1
    result = replay(proof)
    if result.failure is not None:
        facts = "".join(f"\n  {key}: {value}" for key, value in result.facts.items())
        sys.stdout.write(f"the proof fails: {result.failure.value}{facts}\n")
        return 1
    sys.stdout.write(f"drawn: {', '.join(result.drawn)}\nreserves: {', '.join(result.reserves) or '-'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
