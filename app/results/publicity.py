"""Use cases of the publicity (公示): its dates, its start, and a supplementary one after a substitution."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import func, select

from app import clock
from app.audit import Actor, record
from app.calendar import calendar
from app.concurrency import check_version
from app.documents.catalogue import order_document
from app.errors import Refusal, WrongStage
from app.extensions import action, db
from app.lifecycle import move
from app.publication.models import Recruitment
from app.results import deadlines
from app.results.common import decide, needed, page, tell_ranked
from app.results.models import Publicity
from app.templating import show_date
from app.wording import stage_word
from evaluation.models import Candidate


@action
def set_publicity_dates(
    *, actor: Actor, recruitment: Recruitment, starts_on: date, ends_on: date, reason: str, version: int
) -> None:
    """Move the publicity away from the plan's dates, with the reason on record.

    Before the start both days can move; while it runs it can only be prolonged. It never runs for fewer
    working days than the plan gives it. Raises Conflict where somebody else moved the dates meanwhile.
    """
    words = needed(reason)
    if recruitment.stage not in ("reported", "publicity"):
        raise WrongStage("publicity_wrong_stage", stage=stage_word("recruitment", recruitment.stage))
    before = dates_of(recruitment)
    check_version(
        recruitment, version, current=_span(*before), submitted=_span(starts_on, ends_on)
    )
    if recruitment.stage == "publicity":
        if starts_on != before[0] or before[1] is None or ends_on <= before[1]:
            raise Refusal("publicity_only_longer", field="ends_on", ends=show_date(before[1]))
    elif starts_on < clock.today():
        raise Refusal("publicity_start_past", field="starts_on", today=show_date(clock.today()))
    _long_enough(recruitment, starts_on, ends_on)
    recruitment.publicity_starts_at = clock.at(starts_on)
    recruitment.publicity_ends_at = clock.end_of(ends_on)
    if recruitment.stage == "publicity":
        for row in deadlines.publicities(recruitment):
            if row.kind != "supplementary":
                row.ends_on = ends_on
                _count_objections(recruitment, row)
        order_document("result_notice", recruitment, recruitment=recruitment, actor=actor)
    decide(recruitment, "publicity_dates", words, actor=actor, starts_on=starts_on, ends_on=ends_on)
    record(
        "result.publicity_dates",
        actor=actor,
        recruitment=recruitment,
        subject=recruitment,
        before=list(before),
        after=[starts_on, ends_on],
        reason=words,
    )


def dates_of(recruitment: Recruitment) -> tuple[date | None, date | None]:
    """First and last day of the publicity as they are set."""
    starts, ends = recruitment.publicity_starts_at, recruitment.publicity_ends_at
    return (
        clock.local(starts).date() if starts is not None else None,
        clock.local(ends).date() if ends is not None else None,
    )


def _span(starts_on: date | None, ends_on: date | None) -> str:
    return f"{show_date(starts_on)} 至 {show_date(ends_on)}"


def _long_enough(recruitment: Recruitment, starts_on: date, ends_on: date) -> None:
    least = deadlines.publicity_workdays(recruitment)
    if ends_on < starts_on or calendar().count(starts_on - timedelta(days=1), ends_on).days < least:
        earliest = deadlines.publicity_end(recruitment, starts_on)
        raise Refusal("publicity_too_short", field="ends_on", days=least, earliest=show_date(earliest))


def _count_objections(recruitment: Recruitment, row: Publicity) -> None:
    period = deadlines.objections_until(recruitment, row.ends_on)
    row.objections_until, row.provisional = period.last_day, period.provisional
    row.calendar_version = period.calendar_version


def add_publicity(
    recruitment: Recruitment,
    kind: str,
    *,
    actor: Actor,
    starts_on: date,
    ends_on: date,
    reason: str = "",
    removed: Candidate | None = None,
    moved_up: Candidate | None = None,
) -> Publicity:
    """Write the record of a publicity inside the caller's unit of work."""
    assert actor.user is not None
    last = db.session.scalar(
        select(func.max(Publicity.number)).where(Publicity.recruitment_id == recruitment.id)
    )
    row = Publicity(
        recruitment_id=recruitment.id,
        number=(last or 0) + 1,
        kind=kind,
        starts_on=starts_on,
        ends_on=ends_on,
        reason=reason,
        removed_id=removed.id if removed is not None else None,
        moved_up_id=moved_up.id if moved_up is not None else None,
        started_by_id=actor.user.id,
        started_at=clock.now(),
    )
    _count_objections(recruitment, row)
    db.session.add(row)
    db.session.flush()
    return row


@action
def start_publicity(*, actor: Actor, recruitment: Recruitment) -> Publicity:
    """Publish the result: on the first day of the publicity, so that it runs in full.

    After a re-review it is the corrected one. Raises WrongStage before the report is signed or the day has
    come, Refusal `publicity_start_missed` after it. Side effects: stage, record, the notice ordered as a
    PDF, a message to every vendor under review.
    """
    starts_on, ends_on = dates_of(recruitment)
    if recruitment.stage == "reported" and starts_on is not None and starts_on < clock.today():
        raise Refusal("publicity_start_missed", starts=show_date(starts_on))
    move(recruitment, "publicity", actor=actor)
    assert starts_on is not None and ends_on is not None
    earlier = db.session.scalar(
        select(func.count()).select_from(Publicity).where(Publicity.recruitment_id == recruitment.id)
    )
    row = add_publicity(
        recruitment, "corrected" if earlier else "result", actor=actor, starts_on=starts_on, ends_on=ends_on
    )
    order_document("result_notice", recruitment, recruitment=recruitment, actor=actor)
    order_document("award_package", recruitment, recruitment=recruitment, actor=actor)
    corrected = "（更正）" if row.kind == "corrected" else ""
    tell_ranked(
        recruitment,
        kind="result.publicity",
        subject=f"评审结果公示{corrected}开始",
        body=(
            f"评审结果自{show_date(starts_on)}至{show_date(ends_on)}公示。贵单位的得分、名次或不合格的理由"
            f"见“本单位结果”。有异议的，请在{show_date(row.objections_until)}前提出质疑。"
        ),
        link=page(recruitment, "result/mine"),
    )
    return row
