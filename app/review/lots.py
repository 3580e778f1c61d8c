"""Use cases of the witnessed lottery: fixed by staff, committed and revealed by both parties, then drawn.

As in the panel's draw, everything that decides is fixed before the public value can be known.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from app import clock
from app.audit import Actor, canonical, record, sm3_hex
from app.errors import Conflict, Denied, Refusal, WrongStage
from app.extensions import action, db
from app.panel.common import move_draw, party_of, people_of
from app.panel.drawing import commit_to, read_secret, read_value
from app.panel.preparing import LEAST_DIGITS, MOST_DIGITS, public_source, require_before_value, value_due
from app.publication.models import Recruitment
from app.review import texts
from app.review.common import review_of
from app.templating import show_time
from evaluation import review_report as reports
from evaluation.lottery import LOTTERY_TRANSITIONS, draw_lots, fix, tied_groups
from evaluation.models import Review
from evaluation.models_lottery import Lottery
from evaluation.panel import opens, snapshot_digest
from evaluation.panel_stages import DrawContext
from evaluation.review_settling import differences, extremes

UNFINISHED = ("fixed", "committed")


def lotteries_of(review: Review) -> list[Lottery]:
    """Every lottery of a review, the first one first."""
    return list(
        db.session.scalars(select(Lottery).where(Lottery.review_id == review.id).order_by(Lottery.number))
    )


def tied(review: Review) -> list[list[str]]:
    """The groups of references that only a lottery can order now; [] where there is none or not yet."""
    return tied_groups(reports.standing_order(db.session(), review))


def value_in_force(review: Review) -> str:
    """The lottery value (hex) that was drawn for exactly the ties there are now; "" without one."""
    groups = tied(review)
    rows = [row for row in lotteries_of(review) if row.stage == "drawn"]
    return next((str(row.proof["entropy"]) for row in reversed(rows) if row.fixed["groups"] == groups), "")


def _begin(lottery: Lottery) -> tuple[Recruitment, Review]:
    """Recruitment and locked review of a lottery, which is read again under the lock."""
    recruitment = db.session.scalars(
        select(Recruitment).where(Recruitment.review_id == lottery.review_id)
    ).one()
    review = review_of(recruitment, "scoring", lock=True)
    db.session.refresh(lottery)
    return recruitment, review


def _require(lottery: Lottery, stage: str) -> None:
    if lottery.stage != stage:
        raise WrongStage("draw_stage", stage=lottery.stage, field="stage")


def _tell(recruitment: Recruitment, *roles: str, body: str) -> None:
    from app.accounts.notify import notify

    for user in people_of(recruitment, *roles):
        notify(
            user,
            kind="lottery",
            subject="并列抽签",
            body=body,
            link=texts.sheet_link("review.lottery", recruitment),
            recruitment=recruitment,
        )


@action
def fix_lottery(
    *,
    actor: Actor,
    recruitment: Recruitment,
    public_name: str,
    public_digits: int,
    public_at: datetime | None,
    reason: str = "",
) -> Lottery:
    """Fix which vendors are tied, the algorithm and the public value, before that value can be known.

    Raises Refusal `lottery_no_tie` while nothing is tied, or what a draw's public value must be.
    """
    if actor.role != "staff":
        raise Denied("draw_staff_only")
    review = review_of(recruitment, "scoring", lock=True)
    earlier = lotteries_of(review)
    if any(row.stage in UNFINISHED for row in earlier):
        raise Refusal("draw_unfinished")
    groups = tied(review)
    session = db.session()
    if differences(session, review) or any(row.state != "confirmed" for row in extremes(session, review)):
        raise Refusal("lottery_unsettled")
    if not groups:
        raise Refusal("lottery_no_tie")
    if value_in_force(review):
        raise Refusal("lottery_drawn")
    if not public_name.strip():
        raise Refusal("draw_public_name", field="public_name")
    if not LEAST_DIGITS <= public_digits <= MOST_DIGITS:
        raise Refusal("draw_public_digits", field="public_digits", least=LEAST_DIGITS, most=MOST_DIGITS)
    now = clock.now()
    if public_at is None or public_at <= now:
        raise Refusal("draw_public_past", field="public_at")
    if earlier and not reason.strip():
        raise Refusal("draw_reason", field="reason")
    lottery = Lottery(
        review_id=review.id,
        number=len(earlier) + 1,
        reason=reason.strip()[:1000],
        public_name=public_name.strip()[:200],
        public_digits=public_digits,
        public_at=public_at,
        fixed_at=now,
    )
    lottery.fixed = fix(
        recruitment.public_id,
        groups,
        public_source=public_source(lottery),
        number=lottery.number,
        reason=lottery.reason,
    )
    lottery.fixed_digest = snapshot_digest(lottery.fixed).hex()
    db.session.add(lottery)
    db.session.flush()
    record(
        "lottery.fixed",
        actor=actor,
        recruitment=recruitment,
        subject=lottery,
        digest=lottery.fixed_digest,
        public_name=lottery.public_name,
        public_at=public_at,
        count=sum(map(len, groups)),
    )
    _tell(recruitment, "supervisor", body="并列服务商的抽签已固定，请在公开随机值公布之前作出承诺。")
    return lottery


@action
def commit(*, actor: Actor, lottery: Lottery, commitment_hex: str = "") -> str:
    """Commit for the actor's party; without `commitment_hex` a secret is made and returned this once (hex)."""
    party = party_of(actor)
    recruitment, _ = _begin(lottery)
    _require(lottery, "fixed")
    require_before_value(lottery)
    made, secret = commit_to(commitment_hex, recruitment.public_id, party, lottery.fixed_digest)
    lottery.commitments = {
        **lottery.commitments,
        party: {"commitment": made, "at": clock.now().isoformat()},
    }
    record(
        "lottery.party_committed",
        actor=actor,
        recruitment=recruitment,
        subject=lottery,
        party=party,
        commitment=made,
    )
    context = DrawContext(commitments=len(lottery.commitments))
    if context.commitments == context.parties:
        move_draw(
            lottery,
            "committed",
            actor=actor,
            recruitment=recruitment,
            context=context,
            table=LOTTERY_TRANSITIONS,
        )
        _tell(recruitment, "staff", "supervisor", body="双方承诺已经公布，请在公开随机值公布之前公开各自的秘密值。")
    db.session.flush()
    return secret.hex()


@action
def reveal(*, actor: Actor, lottery: Lottery, secret: str) -> bool:
    """Reveal the party's secret before the public value can be known; False when it is not the one committed to."""
    party, hidden = party_of(actor), read_secret(secret)
    recruitment, _ = _begin(lottery)
    _require(lottery, "committed")
    require_before_value(lottery)
    digest = bytes.fromhex(lottery.fixed_digest)
    committed = lottery.commitments[party]["commitment"]
    there = lottery.reveals.get(party)
    if there and opens(committed, recruitment.public_id, party, digest, bytes.fromhex(there["secret"])):
        raise Refusal("draw_revealed")
    lottery.reveals = {**lottery.reveals, party: {"secret": hidden.hex(), "at": clock.now().isoformat()}}
    true = opens(committed, recruitment.public_id, party, digest, hidden)
    record(
        "lottery.revealed", actor=actor, recruitment=recruitment, subject=lottery, party=party, passed=true
    )
    return true


@action
def enter_value(*, actor: Actor, lottery: Lottery, value: str, source: str = "") -> bool:
    """Enter the public value; the second party's equal reading draws the lots. True once they are drawn.

    Raises WrongStage before the value can be known, Conflict when the two readings differ: nothing is drawn.
    """
    party = party_of(actor)
    recruitment, _ = _begin(lottery)
    _require(lottery, "committed")
    if not value_due(lottery):
        raise WrongStage("draw_value_early", at=show_time(lottery.public_at))
    found = read_value(lottery, value)
    if not lottery.public_value or lottery.public_by == party:
        if not source.strip():
            raise Refusal("draw_value_source", field="source")
        lottery.public_value, lottery.public_source = found, source.strip()[:500]
        lottery.public_by = party
        record(
            "lottery.value_entered",
            actor=actor,
            recruitment=recruitment,
            subject=lottery,
            party=party,
            value=found,
            source=lottery.public_source,
        )
        return False
    if found != lottery.public_value:
        raise Conflict("draw_value_differs", current=lottery.public_value, submitted=found)
    lottery.proof = draw_lots(
        lottery.fixed,
        {name: row["commitment"] for name, row in lottery.commitments.items()},
        {name: bytes.fromhex(row["secret"]) for name, row in lottery.reveals.items()},
        lottery.public_value,
    )
    lottery.proof_digest, lottery.drawn_at = sm3_hex(canonical(lottery.proof)), clock.now()
    move_draw(
        lottery,
        "drawn",
        actor=actor,
        recruitment=recruitment,
        context=DrawContext(len(lottery.commitments), value_due=True, value_agreed=True),
        table=LOTTERY_TRANSITIONS,
        digest=lottery.proof_digest,
        left_out=sorted(lottery.proof["left_out"]),
    )
    _tell(recruitment, "staff", body="并列已抽签，可以汇总并形成排名。")
    return True


@action
def abandon(*, actor: Actor, lottery: Lottery, reason: str) -> None:
    """Give a lottery up while its result can't be known; it stays on record."""
    party_of(actor)
    recruitment, _ = _begin(lottery)
    context = DrawContext(len(lottery.commitments), value_due=value_due(lottery))
    move_draw(
        lottery,
        "abandoned",
        actor=actor,
        recruitment=recruitment,
        context=context,
        table=LOTTERY_TRANSITIONS,
        reason=reason.strip(),
    )
    lottery.abandoned_at = clock.now()
