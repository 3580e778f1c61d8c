"""Use cases of the draw: prepared, fixed, committed by both parties, revealed, performed.

Everything that decides the result is fixed and published before anything is revealed; the public value can be
known only after the last reveal is in, so nobody gains by stopping. See `evaluation.panel` for the formulas.
"""

from __future__ import annotations

import secrets
import unicodedata

from app import clock
from app.audit import Actor, record
from app.errors import Conflict, Refusal, WrongStage
from app.extensions import action, db
from app.panel import proofs
from app.panel.common import (
    days_before_review,
    move_draw,
    party_of,
    people_of,
    review_with,
    rules_of,
    tell,
)
from app.panel.placing import close_panel, place
from app.panel.preparing import (
    dismiss_hits,
    fix_draw,
    prepare_draw,
    recheck_draw,
    require_before_value,
    require_stage,
    value_due,
)
from app.templating import show_time
from evaluation.models import Draw
from evaluation.panel import SECRET_BYTES, DrawProof, PanelCode, PanelRefused, commitment, opens
from evaluation.panel import draw as draw_panel
from evaluation.panel_stages import DrawContext

_ASK_REVEAL = "双方承诺已经公布，请在公开随机值公布之前公开各自的秘密值；逾期未公开的不计入抽取并记录在案。"


def commit_to(commitment_hex: str, recruitment: str, party: str, fixed_digest: str) -> tuple[str, bytes]:
    """A party's commitment to what was fixed (hex): the one it brought, or one to a secret made here.

    The secret is b"" for one that was brought. Raises Refusal `draw_commitment_shape`.
    """
    made = commitment_hex.strip().lower()
    if not made:
        secret = secrets.token_bytes(32)
        return commitment(recruitment, party, bytes.fromhex(fixed_digest), secret), secret
    if len(made) != 64 or any(sign not in "0123456789abcdef" for sign in made):
        raise Refusal("draw_commitment_shape", field="commitment")
    return made, b""


@action
def commit(*, actor: Actor, draw: Draw, commitment_hex: str = "") -> str:
    """Commit for the actor's party; the second commitment publishes both.

    Without `commitment_hex` a secret is made, and returned in hex this once: only its commitment is stored.
    With one, computed elsewhere by the published formula, "" is returned. A party can commit anew until the
    other has. Raises WrongStage once the public value can be known.
    """
    party = party_of(actor)
    recruitment, _ = review_with(draw)
    require_stage(draw, "fixed")
    require_before_value(draw)
    made, secret = commit_to(commitment_hex, recruitment.public_id, party, draw.fixed_digest)
    now = clock.now()
    draw.commitments = {**draw.commitments, party: {"commitment": made, "at": now.isoformat()}}
    record(
        "draw.party_committed",
        actor=actor,
        recruitment=recruitment,
        subject=draw,
        party=party,
        commitment=made,
    )
    context = DrawContext(commitments=len(draw.commitments))
    if context.commitments == context.parties:
        draw.committed_at = now
        document = proofs.issue_announcement(draw, recruitment, actor=actor)
        move_draw(
            draw, "committed", actor=actor, recruitment=recruitment, context=context, digest=document.sm3
        )
        parties = people_of(recruitment, "staff", "supervisor")
        tell(parties, recruitment, kind="draw.committed", page="draw", body=_ASK_REVEAL)
    db.session.flush()
    return secret.hex()


def read_secret(text: str) -> bytes:
    """A secret as people type or paste it: hex, blanks and hyphens don't count."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKC", text) if not sign.isspace() and sign != "-")
    try:
        secret = bytes.fromhex(plain)
    except ValueError:
        raise Refusal("draw_secret_shape", field="secret") from None
    if not SECRET_BYTES <= len(secret) <= 1024:
        raise Refusal("draw_secret_shape", field="secret")
    return secret


@action
def reveal(*, actor: Actor, draw: Draw, secret: str) -> bool:
    """Reveal the party's secret before the public value can be known; False when it isn't what was committed to.

    A false reveal stays on record and can be mended until then; what is false or missing at the draw is left out.
    """
    party, hidden = party_of(actor), read_secret(secret)
    recruitment, _ = review_with(draw)
    require_stage(draw, "committed")
    require_before_value(draw)
    digest, committed = bytes.fromhex(draw.fixed_digest), draw.commitments[party]["commitment"]
    there = draw.reveals.get(party)
    if there is not None and opens(
        committed, recruitment.public_id, party, digest, bytes.fromhex(there["secret"])
    ):
        raise Refusal("draw_revealed")
    true = opens(committed, recruitment.public_id, party, digest, hidden)
    draw.reveals = {**draw.reveals, party: {"secret": hidden.hex(), "at": clock.now().isoformat()}}
    record("draw.revealed", actor=actor, recruitment=recruitment, subject=draw, party=party, passed=true)
    return true


def read_value(draw: Draw, text: str) -> str:
    """The digits of a public value; raises Refusal when there are more or fewer than were named."""
    found = "".join(sign for sign in unicodedata.normalize("NFKC", text) if sign in "0123456789")
    if len(found) != draw.public_digits:
        raise Refusal("draw_value_digits", field="value", there=len(found), wanted=draw.public_digits)
    return found


@action
def enter_public_value(*, actor: Actor, draw: Draw, value: str, source: str) -> None:
    """Enter the public value with where it can be looked up; the other party confirms it by drawing.

    Raises WrongStage before it can be known, Refusal `draw_value_differs` when the other party entered another.
    """
    party = party_of(actor)
    recruitment, _ = review_with(draw)
    require_stage(draw, "committed")
    if not value_due(draw):
        raise WrongStage("draw_value_early", at=show_time(draw.public_at))
    found = read_value(draw, value)
    if not source.strip():
        raise Refusal("draw_value_source", field="source")
    if draw.public_value and draw.public_by != party:
        raise Refusal("draw_value_entered", field="value")
    draw.public_value, draw.public_source, draw.public_by = found, source.strip()[:500], party
    record(
        "draw.value_entered",
        actor=actor,
        recruitment=recruitment,
        subject=draw,
        party=party,
        value=found,
        source=draw.public_source,
    )


@action
def perform_draw(*, actor: Actor, draw: Draw, value: str) -> Draw:
    """Draw: the other party reads the same public value, and the seats and reserves follow from it.

    Raises Conflict `draw_value_differs` when the two values differ: nothing is drawn. Side effects: the proof,
    seats in their order, the published proof without names, events, messages.
    """
    party = party_of(actor)
    recruitment, review = review_with(draw)
    require_stage(draw, "committed")
    if not draw.public_value:
        raise Refusal("draw_value_missing")
    if draw.public_by == party:
        raise Refusal("draw_value_second")
    found = read_value(draw, value)
    if found != draw.public_value:
        raise Conflict("draw_value_differs", current=draw.public_value, submitted=found)
    proof = compute(draw)
    draw.proof, draw.proof_digest = proof.to_json(), proofs.digest_of(proof.to_json())
    draw.drawn_at = clock.now()
    days = days_before_review(recruitment, draw.drawn_at)
    move_draw(
        draw,
        "drawn",
        actor=actor,
        recruitment=recruitment,
        context=DrawContext(len(draw.commitments), value_due=value_due(draw), value_agreed=True),
        digest=draw.proof_digest,
        left_out=sorted(proof.left_out),
        days_before_review=days,
        early=days is not None and rules_of(review).early_warning(days) is not None,
    )
    if draw.mode == "anew":
        close_panel(
            review, cause=draw.cause, reason=draw.reason, actor=actor, recruitment=recruitment
        )
    place(review, draw, proof)
    proofs.issue_proof(draw, recruitment, actor=actor)
    tell(
        people_of(recruitment, "staff"),
        recruitment,
        kind="draw.drawn",
        page="panel",
        body="评审专家已抽取，请逐席发出邀请。",
    )
    return draw


def compute(draw: Draw) -> DrawProof:
    """The draw as its stored parts give it."""
    try:
        return draw_panel(
            draw.fixed,
            {party: row["commitment"] for party, row in draw.commitments.items()},
            {party: bytes.fromhex(row["secret"]) for party, row in draw.reveals.items()},
            draw.public_value,
        )
    except (KeyError, ValueError) as error:
        raise PanelRefused(PanelCode.PROOF_SHAPE, what=type(error).__name__) from error


@action
def abandon_draw(*, actor: Actor, draw: Draw, reason: str) -> None:
    """Give up a draw while its result can't be known; it stays on record, the next one is a new draw."""
    party_of(actor)
    recruitment, _ = review_with(draw)
    move_draw(
        draw,
        "abandoned",
        actor=actor,
        recruitment=recruitment,
        context=DrawContext(len(draw.commitments), value_due=value_due(draw)),
        reason=reason.strip(),
    )
    draw.abandoned_at = clock.now()


__all__ = [
    "abandon_draw",
    "commit",
    "compute",
    "dismiss_hits",
    "enter_public_value",
    "fix_draw",
    "perform_draw",
    "prepare_draw",
    "read_secret",
    "read_value",
    "recheck_draw",
    "reveal",
    "value_due",
]
