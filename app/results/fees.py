"""Use cases of each selected vendor's share of the expert fees, to the cent. The fees are the panel's."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from app import clock
from app.audit import Actor, record
from app.concurrency import check_version
from app.documents.catalogue import order_document
from app.errors import Refusal, WrongStage
from app.extensions import action, db
from app.publication.models import Recruitment
from app.results.candidates import ACTIVE
from app.results.common import lock, page, tell
from app.results.models import FeeShare
from app.templating import show_date, show_money
from evaluation.fees import FeeLine, balance, resplit
from evaluation.models import Candidate, ExpertFee, RankEntry


def expert_fees(recruitment: Recruitment) -> dict[int, ExpertFee]:
    """Seat id → what its expert is owed."""
    rows = db.session.scalars(select(ExpertFee).where(ExpertFee.review_id == recruitment.review_id))
    return {row.seat_id: row for row in rows}


def total_of(recruitment: Recruitment) -> Decimal:
    """All fees of the experts, in yuan."""
    return sum((row.amount for row in expert_fees(recruitment).values()), Decimal(0))


def shares_of(recruitment: Recruitment) -> list[FeeShare]:
    """Every invoice and reversal with its vendor, in the order they were made."""
    return list(
        db.session.scalars(
            select(FeeShare)
            .where(FeeShare.recruitment_id == recruitment.id)
            .options(joinedload(FeeShare.candidate))
            .order_by(FeeShare.id)
        )
    )


def payers(recruitment: Recruitment) -> list[Candidate]:
    """The vendors that hold a place, the first in rank first: the odd cents go that way."""
    return list(
        db.session.scalars(
            select(Candidate)
            .join(RankEntry, RankEntry.candidate_id == Candidate.id)
            .where(Candidate.review_id == recruitment.review_id, Candidate.stage.in_(ACTIVE))
            .order_by(RankEntry.rank)
        )
    )


def as_lines(rows: list[FeeShare]) -> list[FeeLine]:
    """Stored shares as the pure rules read them."""
    return [FeeLine(row.candidate.public_id, row.kind, row.amount) for row in rows]


@action
def split_fees(*, actor: Actor, recruitment: Recruitment) -> list[FeeShare]:
    """Split the experts' fees over the vendors that hold a place, to the cent, the odd cents by rank.

    Done again after a substitution or a changed fee it reverses what differs and invoices anew; returns the
    new lines (none where nothing differs). Raises WrongStage before the award, Refusal `fees_none` without
    fees, `fee_nobody` without payers.
    """
    if recruitment.stage not in ("awarded", "integration", "promotion"):
        raise WrongStage("fees_not_yet")
    lock(recruitment)
    if not expert_fees(recruitment):
        raise Refusal("fees_none")
    if not payers(recruitment):
        raise Refusal("fee_nobody")
    return resplit_fees(actor, recruitment, total_of(recruitment))


def resplit_fees(actor: Actor, recruitment: Recruitment, total: Decimal) -> list[FeeShare]:
    """Write the lines that bring the shares to `total` over the present payers, or to nothing where nobody is
    left. Inside a unit of work."""
    before = shares_of(recruitment)
    people = payers(recruitment)
    by_key = {row.candidate.public_id: row.candidate for row in before}
    by_key |= {candidate.public_id: candidate for candidate in people}
    if people:
        lines = resplit(as_lines(before), total, [candidate.public_id for candidate in people])
    else:
        owed = balance(as_lines(before))
        lines = [FeeLine(vendor, "reversal", -amount) for vendor, amount in owed.items()]
    if not lines:
        return []
    last = db.session.scalar(
        select(func.max(FeeShare.round)).where(FeeShare.recruitment_id == recruitment.id)
    )
    made = []
    for line in lines:
        row = FeeShare(
            recruitment_id=recruitment.id,
            candidate_id=by_key[line.vendor].id,
            kind=line.kind,
            round=(last or 0) + 1,
            amount=line.amount,
            total=total,
            issued_at=clock.now(),
        )
        db.session.add(row)
        made.append(row)
    db.session.flush()
    record(
        "fee.split",
        actor=actor,
        recruitment=recruitment,
        subject=recruitment,
        round=(last or 0) + 1,
        total=total,
        lines=[[line.vendor, line.kind, line.amount] for line in lines],
    )
    order_document("award_package", recruitment, recruitment=recruitment, actor=actor)
    for line in lines:
        word = "应缴专家评审费" if line.kind == "invoice" else "原专家评审费已冲销"
        tell(
            [by_key[line.vendor]],
            recruitment,
            kind="fee.share",
            subject=f"{word} {show_money(abs(line.amount))}",
            body="专家评审费由入选服务商分摊，通过招募方收付，不与专家直接结算。明细见“本单位结果”。",
            link=page(recruitment, "result/mine"),
        )
    return made


@action
def mark_paid(*, actor: Actor, share: FeeShare, paid_on: date | None, version: int | None = None) -> None:
    """Record the day an invoice was paid, or a reversal paid back; None takes the record back."""
    if version is not None:
        check_version(share, version, current=show_date(share.paid_on), submitted=show_date(paid_on))
    if paid_on is not None and not clock.local(share.issued_at).date() <= paid_on <= clock.today():
        raise Refusal("fee_paid_day", field="paid_on", issued=show_date(share.issued_at))
    before = share.paid_on
    share.paid_on = paid_on
    record(
        "fee.paid",
        actor=actor,
        recruitment=share.recruitment,
        subject=share,
        before=before,
        paid_on=paid_on,
        amount=share.amount,
    )
