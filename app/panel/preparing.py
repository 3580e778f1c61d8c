"""Preparing a draw: conflicts found and set aside, the public value named, everything fixed and digested."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from app import clock
from app.audit import Actor, record
from app.errors import Denied, Refusal, WrongStage
from app.extensions import action, db
from app.panel import findings
from app.panel.common import (
    UNFINISHED,
    draws_of,
    holders,
    move_draw,
    panel_closed,
    panel_review,
    people_of,
    review_with,
    rules_of,
    tell,
    vacant_numbers,
)
from app.panel.conflicts import FIRM, fold
from app.panel.placing import next_in_order
from app.publication.models import Recruitment
from app.templating import show_time
from app.wording import LABELS
from evaluation.models import Draw, Expert, Review
from evaluation.panel import (
    Exclusion,
    PanelRules,
    Stratum,
    expert_ref,
    snapshot,
    snapshot_digest,
)
from evaluation.panel_stages import DrawContext

#: A public value with fewer digits could be guessed, with more it would not be a lottery's.
LEAST_DIGITS, MOST_DIGITS = 4, 40
SALT_BYTES = 16


def require_stage(draw: Draw, stage: str) -> None:
    """Refuse a step of another stage."""
    if draw.stage != stage:
        raise WrongStage("draw_stage", stage=draw.stage, field="stage")


def value_due(draw: Draw) -> bool:
    """True once the public value can be known."""
    return draw.public_at is not None and clock.now() >= draw.public_at


def require_before_value(draw: Draw) -> None:
    """Refuse what would be a choice once the public value can be known."""
    if value_due(draw):
        raise WrongStage("draw_value_known", at=show_time(draw.public_at))


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
    if mode != "anew" and panel_closed(review):
        raise Refusal("draw_anew_needed", field="mode")
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
    require_stage(draw, "prepared")
    draw.hits = findings.as_rows(findings.find_hits(recruitment, review, findings.pool()), draw.hits)
    record("draw.rechecked", actor=actor, recruitment=recruitment, subject=draw, hits=len(draw.hits))
    return len(draw.hits)


@action
def dismiss_hits(*, actor: Actor, draw: Draw, hits: list[int], reason: str) -> int:
    """Set false hits aside, with the reason that is published with the draw. Returns how many.

    Raises Refusal `draw_hit_firm` for separation of duties, `reason_required`.
    """
    recruitment, _ = review_with(draw)
    require_stage(draw, "prepared")
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
    require_stage(draw, "prepared")
    require_before_value(draw)
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
