"""Attendance and fees of the experts: what happened, entered by staff, printed on the list of fees."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import joinedload

from app import clock
from app.audit import Actor, record
from app.concurrency import check_version
from app.errors import Refusal, WrongStage
from app.extensions import action, db
from app.permissions import recruitment_of
from app.planning import section
from app.publication.models import Recruitment
from app.results.models import FeeShare
from app.wording import stage_word
from evaluation import exports
from evaluation.models import ExpertFee, PanelSeat, Review

#: Nobody is owed more for one review.
MOST = Decimal(1_000_000)
CENT = Decimal("0.01")


def read_amount(text: str) -> Decimal:
    """Yuan with at most two decimals, not negative; raises Refusal `fee_shape`."""
    try:
        amount = Decimal(text.strip().replace(",", ""))
    except InvalidOperation:
        raise Refusal("fee_shape", field="amount") from None
    return _checked(amount)


def _checked(amount: Decimal) -> Decimal:
    if not amount.is_finite() or not 0 <= amount <= MOST or amount != amount.quantize(CENT):
        raise Refusal("fee_shape", field="amount")
    return amount.quantize(CENT)


def default_amount(recruitment: Recruitment) -> Decimal | None:
    """The fee per expert where the plan names one."""
    found = section(recruitment, "evaluation", "fees", "expert_amount")
    return None if found is None else Decimal(str(found))


@action
def record_fee(
    *,
    actor: Actor,
    seat: PanelSeat,
    amount: Decimal,
    attended_on: date | None = None,
    note: str = "",
    version: Any = None,
) -> ExpertFee:
    """Enter or correct what an expert is owed and the day of attendance; who was replaced can be owed too.

    Raises WrongStage for a seat that never was active, Refusal `fee_shape`, `fee_day`, `fee_split` once the
    vendors' shares are issued, Conflict for a stale `version`.
    """
    recruitment = recruitment_of(seat)
    if recruitment is None:
        raise Refusal("not_found")
    if seat.stage not in ("active", "replaced"):
        raise WrongStage("fee_not_active")
    if db.session.scalar(select(exists().where(FeeShare.recruitment_id == recruitment.id))):
        raise Refusal("fee_split")
    if attended_on is not None and attended_on > clock.today():
        raise Refusal("fee_day", field="attended_on")
    sum_due = _checked(amount)
    row = db.session.get(ExpertFee, (seat.review_id, seat.id))
    if row is None:
        row = ExpertFee(review_id=seat.review_id, seat_id=seat.id, amount=sum_due)
        db.session.add(row)
    elif version is not None:
        check_version(row, version, current=f"{row.amount} 元", submitted=f"{sum_due} 元")
    row.amount, row.attended_on, row.note = sum_due, attended_on, note.strip()[:1000]
    db.session.flush()
    record(
        "fee.recorded",
        actor=actor,
        recruitment=recruitment,
        subject=seat,
        amount=sum_due,
        attended_on=attended_on,
        note=row.note,
    )
    return row


def served(review: Review) -> list[PanelSeat]:
    """Everybody who was active, seats in order, then those who left."""
    rows = db.session.scalars(
        select(PanelSeat)
        .where(PanelSeat.review_id == review.id, PanelSeat.stage.in_(("active", "replaced")))
        .options(joinedload(PanelSeat.expert))
    )
    return sorted(rows, key=lambda seat: (seat.seat_no is None, seat.seat_no or 0, seat.id))


def fees_of(review: Review) -> dict[int, ExpertFee]:
    """Seat id → its fee."""
    rows = db.session.scalars(select(ExpertFee).where(ExpertFee.review_id == review.id))
    return {row.seat_id: row for row in rows}


COLUMNS = (
    exports.Column("代号", 12),
    exports.Column("姓名", 14),
    exports.Column("工作单位", 34),
    exports.Column("状态", 12),
    exports.Column("签到日期", 14),
    exports.Column("评审费（元）", 14),
    exports.Column("备注", 30),
    exports.Column("签名", 18),
)


def workbook(review: Review, *, names: bool) -> bytes:
    """Attendance and fees as a workbook, with an empty column to sign in."""
    fees = fees_of(review)
    rows: list[list[exports.Cell]] = []
    for seat in served(review):
        fee = fees.get(seat.id)
        rows.append(
            [
                seat.pseudonym,
                seat.expert.name if names else "",
                seat.expert.employer if names else "",
                stage_word("seat", seat.stage),
                fee.attended_on if fee else None,
                fee.amount if fee else None,
                fee.note if fee else "",
                "",
            ]
        )
    total = sum((fee.amount for fee in fees.values()), Decimal(0))
    rows.append(["合计", "", "", "", None, total, "", ""])
    return exports.response_register("专家签到与评审费", COLUMNS, rows)
