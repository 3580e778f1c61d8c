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
import secrets
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from evaluation._sm3 import sm3
from evaluation.errors import EvaluationError
from evaluation.panel_entropy import canonical, joined, shuffled

ALGORITHM = "sm3-counter-stream/rejection-64/fisher-yates-descending/1"
#: With strata: the first in the shuffled order fill each stratum's seats, then the first of the rest.
ALGORITHM_STRATA = "sm3-counter-stream/rejection-64/fisher-yates-descending/strata-first/1"
KIND = "yinzhao-panel-draw"
SCHEMA = 1
#: A secret shorter than this could be guessed from its commitment.
SECRET_BYTES = 16


class PanelCode(Enum):
    """Why a draw is refused, or where a proof fails."""

    PLAN = "panel_plan"
    POOL_DOUBLED = "panel_pool_doubled"
    POOL_NAME = "panel_pool_name"
    POOL_SMALL = "panel_pool_small"
    EXCLUSION = "panel_exclusion"
    REASON_MISSING = "panel_reason_missing"
    STRATUM = "panel_stratum"
    STRATUM_SMALL = "panel_stratum_small"
    PARTY = "panel_party"
    SECRET_SHORT = "panel_secret_short"
    PUBLIC_VALUE_MISSING = "panel_public_value_missing"
    PROOF_SHAPE = "panel_proof_shape"
    PROOF_SNAPSHOT = "panel_proof_snapshot"
    PROOF_REVEAL = "panel_proof_reveal"
    PROOF_ENTROPY = "panel_proof_entropy"
    PROOF_RESULT = "panel_proof_result"
    PROOF_NAMES = "panel_proof_names"
    DRAW_EARLY = "panel_draw_early"


class PanelRefused(EvaluationError):
    """The draw can't be made this way; facts name the expert, party or limit."""


@dataclass(frozen=True)
class PanelRules:
    """[evaluation.panel] of the plan; `reserves` None: everyone left is a reserve, in order."""

    seats: int
    reserves: int | None
    draw_within_workdays: int
    #: (speciality, seats at least): so many of the panel come from it.
    strata: tuple[tuple[str, int], ...] = ()

    @classmethod
    def from_plan(cls, section: Mapping[str, Any]) -> PanelRules:
        """Read the section; raises PanelRefused(PLAN) with the key that is no rule."""
        reserves = section.get("reserves")
        return cls(
            _whole(section.get("seats"), "seats", 1),
            None if reserves is None else _whole(reserves, "reserves", 0),
            _whole(section.get("draw_within_workdays", 2), "draw_within_workdays", 0),
            _strata(section.get("strata", [])),
        )

    def early_warning(self, workdays_before_review: int) -> PanelCode | None:
        """A warning, not a bar: drawn earlier than the practice of two working days before the review."""
        return PanelCode.DRAW_EARLY if workdays_before_review > self.draw_within_workdays else None


def _whole(value: object, place: str, least: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise PanelRefused(PanelCode.PLAN, place=place)
    return value


def _strata(entries: object) -> tuple[tuple[str, int], ...]:
    if not isinstance(entries, list | tuple) or not all(isinstance(entry, Mapping) for entry in entries):
        raise PanelRefused(PanelCode.PLAN, place="strata")
    found = []
    for place, entry in enumerate(entries, 1):
        speciality = entry.get("speciality")
        if not isinstance(speciality, str) or not speciality.strip():
            raise PanelRefused(PanelCode.PLAN, place=f"strata {place} speciality")
        found.append((speciality.strip(), _whole(entry.get("seats"), f"strata {place} seats", 1)))
    return tuple(found)


@dataclass(frozen=True)
class Exclusion:
    """Somebody of the pool who is not drawn from, and why."""

    ref: str
    reason: str


@dataclass(frozen=True)
class Stratum:
    """At least `least` of the seats are drawn from `members`."""

    name: str
    least: int
    members: frozenset[str]


def snapshot(
    recruitment: str,
    pool: Iterable[str],
    exclusions: Iterable[Exclusion],
    *,
    rules: PanelRules,
    public_source: str,
    number: int = 1,
    reason: str = "",
    strata: Iterable[Stratum] = (),
    dismissed: Iterable[Exclusion] = (),
) -> dict[str, Any]:
    """Everything that is fixed before entropy exists, in canonical order.

    `pool` holds references of experts (pseudonymous until the results); `public_source` names the public
    value; `dismissed` are conflicts found that were set aside, each with the reason. A draw after the first
    needs its reason. Raises PanelRefused.
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
    fixed: dict[str, Any] = {
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
    if layers := sorted(strata, key=lambda stratum: _utf8(stratum.name)):
        _check_strata(layers, set(refs), set(refs) - set(names), rules.seats)
        fixed["algorithm"] = ALGORITHM_STRATA
        fixed["strata"] = [
            {"name": layer.name, "least": layer.least, "members": sorted(layer.members, key=_utf8)}
            for layer in layers
        ]
    if set_aside := sorted(dismissed, key=lambda entry: (_utf8(entry.ref), _utf8(entry.reason))):
        if any(entry.ref not in refs or not entry.reason.strip() for entry in set_aside):
            raise PanelRefused(PanelCode.EXCLUSION)
        fixed["dismissed"] = [{"ref": entry.ref, "reason": entry.reason} for entry in set_aside]
    return fixed


def _check_strata(layers: Sequence[Stratum], pool: set[str], eligible: set[str], seats: int) -> None:
    taken: set[str] = set()
    for layer in layers:
        twice = layer.members & taken
        if not layer.name.strip() or layer.least < 1 or twice or not layer.members <= pool:
            raise PanelRefused(PanelCode.STRATUM, name=layer.name)
        taken |= layer.members
        if len(layer.members & eligible) < layer.least:
            there = len(layer.members & eligible)
            raise PanelRefused(PanelCode.STRATUM_SMALL, name=layer.name, there=there, seats=layer.least)
    if len({layer.name for layer in layers}) < len(layers) or sum(layer.least for layer in layers) > seats:
        raise PanelRefused(PanelCode.STRATUM, name=layers[0].name)


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
    return joined("commit", recruitment.encode("utf-8"), party.encode("utf-8"), digest, secret).hex()


def opens(committed: str, recruitment: str, party: str, digest: bytes, secret: bytes) -> bool:
    """True when `secret` is what the party committed to."""
    if len(secret) < SECRET_BYTES:
        return False
    return hmac.compare_digest(commitment(recruitment, party, digest, secret).encode(), committed.encode())


def expert_ref(recruitment: str, salt: bytes, identity: Mapping[str, str]) -> str:
    """A salted commitment to one expert (hex): who it is can be shown later and can't be guessed before.

    `identity` holds code, name and employer as they stood in the pool.
    """
    if len(salt) < SECRET_BYTES:
        raise PanelRefused(PanelCode.SECRET_SHORT, least=SECRET_BYTES)
    return joined("expert", recruitment.encode("utf-8"), salt, canonical(dict(identity))).hex()


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
    return joined("entropy", *parts, public_value.encode("utf-8"))


def joined_entropy(
    fixed: Mapping[str, Any], commitments: Mapping[str, str], reveals: Mapping[str, bytes], public_value: str
) -> tuple[bytes, dict[str, str], dict[str, dict[str, str]]]:
    """The entropy of what was fixed, the secrets (hex) that count, and those left out with why.

    A missing or false reveal is left out and recorded; a reveal of a party that committed to nothing is refused.
    """
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
    return entropy, {party: secret.hex() for party, secret in accepted.items()}, left_out


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
    entropy, accepted, left_out = joined_entropy(fixed, commitments, reveals, public_value)
    drawn, reserves = _select(fixed, entropy)
    return DrawProof(
        fixed, dict(commitments), accepted, left_out,
        public_value, entropy.hex(), drawn, reserves,
    )


def _select(fixed: Mapping[str, Any], entropy: bytes) -> tuple[tuple[str, ...], tuple[str, ...]]:
    excluded = {exclusion["ref"] for exclusion in fixed["exclusions"]}
    order = shuffled((ref for ref in fixed["pool"] if ref not in excluded), entropy)
    chosen: set[str] = set()
    for layer in fixed.get("strata", ()):
        members = set(layer["members"])
        chosen.update([ref for ref in order if ref in members][: layer["least"]])
    chosen.update([ref for ref in order if ref not in chosen][: fixed["seats"] - len(chosen)])
    rest = [ref for ref in order if ref not in chosen]
    if fixed["reserves"] is not None:
        rest = rest[: fixed["reserves"]]
    return tuple(ref for ref in order if ref in chosen), tuple(rest)


@dataclass(frozen=True)
class Replay:
    """What came out of a replay; `failure` names the first thing that does not hold, with its facts."""

    drawn: tuple[str, ...] = ()
    reserves: tuple[str, ...] = ()
    failure: PanelCode | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    #: Reference → who it is, for those that the proof opens.
    names: dict[str, str] = field(default_factory=dict)

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
    if not isinstance(proof, dict) or set(proof) - {"names"} != _KEYS or proof["kind"] != KIND:
        return Replay(failure=PanelCode.PROOF_SHAPE, facts={"what": "keys"})
    fixed = proof["snapshot"]
    rules = PanelRules.from_plan({"seats": fixed["seats"], "reserves": fixed["reserves"]})
    again = snapshot(
        fixed["recruitment"], fixed["pool"],
        [Exclusion(entry["ref"], entry["reason"]) for entry in fixed["exclusions"]],
        rules=rules, public_source=fixed["public_source"], number=fixed["number"], reason=fixed["reason"],
        strata=[
            Stratum(entry["name"], _whole(entry["least"], "least", 1), frozenset(entry["members"]))
            for entry in fixed.get("strata", [])
        ],
        dismissed=[Exclusion(entry["ref"], entry["reason"]) for entry in fixed.get("dismissed", [])],
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
    if made != {key: value for key, value in proof.items() if key != "names"}:
        return Replay(failure=PanelCode.PROOF_SHAPE, facts={"what": "content"})
    names: dict[str, str] = {}
    for ref, opening in proof.get("names", {}).items():
        identity = {key: str(opening[key]) for key in ("code", "name", "employer")}
        if set(opening) != {"salt", *identity} or ref not in again["pool"] or ref != expert_ref(
            again["recruitment"], bytes.fromhex(opening["salt"]), identity
        ):
            return Replay(failure=PanelCode.PROOF_NAMES, facts={"ref": ref})
        names[ref] = " ".join(text for text in (identity["name"], identity["employer"]) if text)
    return Replay(tuple(made["drawn"]), tuple(made["reserves"]), names=names)


_USAGE = """usage: python -m evaluation.panel replay PROOF.json
       python -m evaluation.panel commit RECRUITMENT PARTY SNAPSHOT_DIGEST [SECRET]
"""


def main(arguments: Sequence[str]) -> int:
    """`replay PROOF.json`: print what was drawn, or where the proof fails. Exit 0, 1, or 2 for misuse.

    `commit RECRUITMENT PARTY SNAPSHOT_DIGEST [SECRET]`: print a commitment; digest and secret in hex, a
    secret is made where none is given.
    """
    if len(arguments) == 2 and arguments[0] == "replay":
        return _main_replay(arguments[1])
    if len(arguments) in (4, 5) and arguments[0] == "commit":
        return _main_commit(*arguments[1:])
    sys.stderr.write(_USAGE)
    return 2


def _main_replay(path: str) -> int:
    try:
        proof = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        sys.stderr.write(f"cannot read the proof: {error}\n")
        return 1
    if isinstance(proof, dict) and proof.get("kind") == "yinzhao-ranking-lottery":
        from evaluation.lottery import replay_lots

        result = replay_lots(proof)
    else:
        result = replay(proof)
    if result.failure is not None:
        facts = "".join(f"\n  {key}: {value}" for key, value in result.facts.items())
        sys.stdout.write(f"the proof fails: {result.failure.value}{facts}\n")
        return 1
    sys.stdout.write(f"drawn: {', '.join(result.drawn)}\nreserves: {', '.join(result.reserves) or '-'}\n")
    for ref, name in result.names.items():
        sys.stdout.write(f"{ref}: {name}\n")
    return 0


def _main_commit(recruitment: str, party: str, digest: str, secret: str = "") -> int:
    try:
        hidden = bytes.fromhex(secret) if secret else secrets.token_bytes(32)
        committed = commitment(recruitment, party, bytes.fromhex(digest), hidden)
    except (ValueError, PanelRefused) as error:
        sys.stderr.write(f"no commitment: {error}\n")
        return 1
    sys.stdout.write(f"secret: {hidden.hex()}\ncommitment: {committed}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
