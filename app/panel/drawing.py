"""Use cases of the draw: prepared, fixed, committed by both parties, revealed, performed.

Everything that decides the result is fixed and published before anything is revealed; the public value can be
known only after the last reveal is in, so nobody gains by stopping. See `evaluation.panel` for the formulas.
"""

from __future__ import annotations

import secrets
import unicodedata
from datetime import datetime
from typing import Any

from app import clock
from app.audit import Actor, record
from app.errors import Conflict, Denied, Refusal, WrongStage
from app.extensions import action, db
from app.panel import findings, proofs
from app.panel.common import (
    UNFINISHED,
    days_before_review,
    draws_of,
    holders,
    move_draw,
    panel_review,
    party_of,
    people_of,
    review_with,
    rules_of,
    tell,
    vacant_numbers,
)
from app.panel.conflicts import FIRM, fold
from app.panel.placing import close_panel, next_in_order, place
from app.publication.models import Recruitment
from app.templating import show_time
from app.wording import LABELS
from evaluation.models import Draw, Expert, Review
from evaluation.panel import (
    SECRET_BYTES,
    DrawProof,
    Exclusion,
    PanelCode,
    PanelRefused,
    PanelRules,
    Stratum,
    commitment,
    expert_ref,
    opens,
    snapshot,
    snapshot_digest,
)
from evaluation.panel import draw as draw_panel
from evaluation.panel_stages import DrawContext

#: A public value with fewer digits could be guessed, with more it would not be a lottery's.
LEAST_DIGITS, MOST_DIGITS = 4, 40
SALT_BYTES = 16


@action
def prepare_draw(
    *,
    actor: Actor,
    recruitment: Recruitment,
    public_value_name: str,
    public_value_digits: int,
    public_value_at: datetime,
    mode: str = "first",
    cause: str = "",
    reason: str = "",
    auto_invite: bool = True,
) -> Draw:
    """Begin a draw: find the conflicts of the pool, name the public value and from when it can be known.

    `mode` "first"; "supplement" when the reserves are used up; "anew" for a whole new panel, with one of the
    four lawful causes. Raises WrongStage before the opening, Refusal `draw_*`. One row, one event.
    """
    if actor.role != "staff":
        raise Denied("draw_staff_only")
    review = panel_review(recruitment, lock=True)
    now, name = clock.now(), public_value_name.strip()
    earlier = draws_of(review)
    _check_mode(recruitment, review, earlier, mode, cause, reason)
    if not name:
        raise Refusal("draw_public_name", field="public_name")
    if not LEAST_DIGITS <= public_value_digits <= MOST_DIGITS:
        raise Refusal("draw_public_digits", field="public_digits", least=LEAST_DIGITS, most=MOST_DIGITS)
    if public_value_at <= now:
        raise Refusal("draw_public_past", field="public_at")
    draw = Draw(
        review_id=review.id,
        number=len(earlier) + 1,
        mode=mode,
        cause=cause if mode == "anew" else "",
        reason=reason.strip(),
        public_name=name[:200],
        public_digits=public_value_digits,
        public_at=public_value_at,
        auto_invite=auto_invite,
        prepared_at=now,
        hits=findings.as_rows(findings.find_hits(recruitment, review, findings.pool()), []),
    )
    db.session.add(draw)
    db.session.flush()
    record(
        "draw.prepared",
        actor=actor,
        recruitment=recruitment,
        subject=draw,
        number=draw.number,
        public_name=draw.public_name,
        public_at=draw.public_at,
        hits=len(draw.hits),
        reason=draw.reason,
        cause=draw.cause,
    )
    return draw


def _check_mode(
    recruitment: Recruitment, review: Review, earlier: list[Draw], mode: str, cause: str, reason: str
) -> None:
    if any(row.stage in UNFINISHED for row in earlier):
        raise Refusal("draw_unfinished")
    made = any(row.stage == "drawn" for row in earlier)
    if mode not in ("first", "supplement", "anew") or (mode == "first") == made:
        raise Refusal("draw_mode_made" if made else "draw_mode_first", field="mode")
    if earlier and not reason.strip():
        raise Refusal("draw_reason", field="reason")
    if mode == "supplement" and (not vacant_numbers(review) or next_in_order(review) is not None):
        raise Refusal("draw_not_needed", field="mode")
    if mode == "anew":
        if cause not in LABELS["redraw_cause"]:
            raise Refusal("draw_cause", field="cause")
        if recruitment.stage not in ("opened", "qualification"):
            raise WrongStage("draw_anew_stage")


@action
def recheck_draw(*, actor: Actor, draw: Draw) -> int:
    """Look for conflicts again after the pool changed; what was set aside stays so. Returns how many hits."""
    recruitment, review = review_with(draw)
    _require(draw, "prepared")
    draw.hits = findings.as_rows(findings.find_hits(recruitment, review, findings.pool()), draw.hits)
    record("draw.rechecked", actor=actor, recruitment=recruitment, subject=draw, hits=len(draw.hits))
    return len(draw.hits)


@action
def dismiss_hits(*, actor: Actor, draw: Draw, hits: list[int], reason: str) -> int:
    """Set false hits aside, with the reason that is published with the draw. Returns how many.

    Raises Refusal `draw_hit_firm` for separation of duties, `reason_required`.
    """
    recruitment, _ = review_with(draw)
    _require(draw, "prepared")
    if not reason.strip():
        raise Refusal("reason_required", field="reason")
    rows = [dict(row) for row in draw.hits]
    chosen = [row for row in rows if row["id"] in hits and not row["dismissed"]]
    if not chosen:
        raise Refusal("draw_hit_none")
    if any(row["kind"] in FIRM for row in chosen):
        raise Refusal("draw_hit_firm")
    assert actor.user is not None
    for row in chosen:
        row["dismissed"] = {
            "reason": reason.strip()[:500],
            "by": actor.user.public_id,
            "at": clock.now().isoformat(),
        }
    draw.hits = rows
    record(
        "draw.hits_dismissed",
        actor=actor,
        recruitment=recruitment,
        subject=draw,
        count=len(chosen),
        kinds=sorted({row["kind"] for row in chosen}),
        reason=reason.strip(),
    )
    return len(chosen)


@action
def fix_draw(*, actor: Actor, draw: Draw) -> str:
    """Fix pool, exclusions, strata, seats, algorithm and public value; returns the snapshot's SM3 (hex).

    Raises Refusal `draw_recheck` when the pool changed since the conflicts were found, PanelRefused when too
    few experts are left. From here on only the digest's preimage can be drawn from.
    """
    recruitment, review = review_with(draw)
    _require(draw, "prepared")
    _require_before_value(draw)
    experts = findings.pool()
    if findings.differ(draw.hits, findings.find_hits(recruitment, review, experts)):
        raise Refusal("draw_recheck")
    openings = {}
    for expert in experts:
        salt = secrets.token_bytes(SALT_BYTES)
        openings[expert_ref(recruitment.public_id, salt, identity(expert))] = {
            "salt": salt.hex(),
            "expert": expert.public_id,
            **identity(expert),
            "speciality": expert.speciality,
        }
    draw.openings = openings
    draw.fixed = _snapshot(recruitment, review, draw)
    draw.fixed_digest = snapshot_digest(draw.fixed).hex()
    draw.fixed_at = clock.now()
    move_draw(
        draw,
        "fixed",
        actor=actor,
        recruitment=recruitment,
        context=DrawContext(),
        digest=draw.fixed_digest,
        count=len(openings),
        excluded=len(draw.fixed["exclusions"]),
    )
    tell(people_of(recruitment, "supervisor"), recruitment, kind="draw.fixed", page="draw", body=_ASK_COMMIT)
    return draw.fixed_digest


_ASK_COMMIT = "评审专家抽取的名单与规则已固定，请在公开随机值公布之前作出承诺。"
_ASK_REVEAL = "双方承诺已经公布，请在公开随机值公布之前公开各自的秘密值；逾期未公开的不计入抽取并记录在案。"


def identity(expert: Expert) -> dict[str, str]:
    """What the commitment to an expert binds."""
    return {"code": expert.code, "name": expert.name, "employer": expert.employer}


def _snapshot(recruitment: Recruitment, review: Review, draw: Draw) -> dict[str, Any]:
    ref_of = {opening["expert"]: ref for ref, opening in draw.openings.items()}
    rules = rules_of(review)
    seats = rules.seats
    if draw.mode == "supplement":
        seats = len(vacant_numbers(review))
    assert draw.public_at is not None
    return snapshot(
        recruitment.public_id,
        ref_of.values(),
        [
            Exclusion(ref_of[expert], "；".join(reasons))
            for expert, reasons in findings.excluded(draw).items()
        ],
        rules=PanelRules(seats, rules.reserves, rules.draw_within_workdays, rules.strata),
        public_source=public_source(draw),
        number=draw.number,
        reason=draw.reason,
        strata=_strata(review, draw, rules),
        dismissed=[
            Exclusion(ref_of[row["expert"]], f"{findings.reason_of(row)}：{row['dismissed']['reason']}")
            for row in draw.hits
            if row["dismissed"]
        ],
    )


def public_source(draw: Draw) -> str:
    """The public value as the snapshot names it: what, how many digits, from when."""
    assert draw.public_at is not None
    return f"{draw.public_name}（{draw.public_digits} 位数字，{show_time(draw.public_at)} 起可知）"


def _strata(review: Review, draw: Draw, rules: PanelRules) -> list[Stratum]:
    seated = set()
    if draw.mode == "supplement":
        seated = {seat.expert.public_id for seat in holders(review)}
    found = []
    for speciality, least in rules.strata:
        members = {
            ref: opening["expert"]
            for ref, opening in draw.openings.items()
            if fold(opening["speciality"]) == fold(speciality)
        }
        if (left := least - len(seated & set(members.values()))) > 0:
            found.append(Stratum(speciality, left, frozenset(members)))
    return found


def _require(draw: Draw, stage: str) -> None:
    if draw.stage != stage:
        raise WrongStage("draw_stage", stage=draw.stage, field="stage")


def value_due(draw: Draw) -> bool:
    """True once the public value can be known."""
    return draw.public_at is not None and clock.now() >= draw.public_at


def _require_before_value(draw: Draw) -> None:
    if value_due(draw):
        raise WrongStage("draw_value_known", at=show_time(draw.public_at))


@action
def commit(*, actor: Actor, draw: Draw, commitment_hex: str = "") -> str:
    """Commit for the actor's party; the second commitment publishes both.

    Without `commitment_hex` a secret is made, and returned in hex this once: only its commitment is stored.
    With one, computed elsewhere by the published formula, "" is returned. A party can commit anew until the
    other has. Raises WrongStage once the public value can be known.
    """
    party = party_of(actor)
    recruitment, _ = review_with(draw)
    _require(draw, "fixed")
    _require_before_value(draw)
    made, secret = commitment_hex.strip().lower(), b""
    if made and (len(made) != 64 or any(sign not in "0123456789abcdef" for sign in made)):
        raise Refusal("draw_commitment_shape", field="commitment")
    if not made:
        secret = secrets.token_bytes(32)
        made = commitment(recruitment.public_id, party, bytes.fromhex(draw.fixed_digest), secret)
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
    _require(draw, "committed")
    _require_before_value(draw)
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
    _require(draw, "committed")
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
    _require(draw, "committed")
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
