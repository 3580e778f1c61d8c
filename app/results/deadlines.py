"""The periods after the ranking: objections, answers, publicity, contracts, the end of the service.

Days after an event are counted without the event's own day. Whatever counts working days carries the
calendar's version and is provisional (暂定) where the calendar has no published data yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select

from app import clock
from app.audit import Actor, record
from app.calendar import calendar
from app.extensions import action, db
from app.planning import section
from app.publication.models import Recruitment
from app.results.models import Contract, Objection, Publicity
from evaluation.models import Candidate
from evaluation.objections import SUBJECTS, ObjectionRules, Period
from onboarding.golive import GoLiveRules
from onboarding.workdays import WorkdayRules

#: Contracts are signed within 30 days of the notice [law], unless the plan says otherwise.
CONTRACT_DAYS = 30


@dataclass(frozen=True)
class Window:
    """When a subject can be objected to: from which day, the day it is counted after, and until when."""

    opened_on: date | None
    event_on: date | None
    period: Period | None


def objection_rules(recruitment: Recruitment) -> ObjectionRules:
    """The plan's days for objections and answers."""
    return ObjectionRules.from_plan(section(recruitment, "evaluation", "objections") or {})


def publicities(recruitment: Recruitment) -> list[Publicity]:
    """Every publicity that stands, the first one first; one that a re-review took back is not among them."""
    return list(
        db.session.scalars(
            select(Publicity)
            .where(Publicity.recruitment_id == recruitment.id, Publicity.withdrawn_at.is_(None))
            .order_by(Publicity.number)
        )
    )


def _publicity_days(recruitment: Recruitment) -> tuple[date | None, date | None]:
    """First day and last day of the publicity that stands; a supplementary one prolongs it."""
    rows = publicities(recruitment)
    if rows:
        return min(row.starts_on for row in rows), max(row.ends_on for row in rows)
    return None, _day(recruitment.publicity_ends_at)


def _day(moment: datetime | None) -> date | None:
    return clock.local(moment).date() if moment is not None else None


def objection_window(recruitment: Recruitment, subject: str) -> Window:
    """When one subject can be objected to.

    A subject with days of its own in the plan (`documents_days`, `process_days`) is counted after its own
    event: the last day of the responses, the day the report was signed. The others are counted after the
    publicity. Documents are open from the notice on, the process from the opening, the result from the
    publicity.
    """
    rules = objection_rules(recruitment)
    starts, ends = _publicity_days(recruitment)
    plan = section(recruitment, "evaluation", "objections") or {}
    reported = recruitment.review.reported_at if recruitment.review is not None else None
    opened = {
        "documents": _day(recruitment.published_at),
        "process": _day(recruitment.opened_at),
        "result": starts,
    }[subject]
    own_event = {"documents": _day(recruitment.closes_at), "process": _day(reported)}
    event = ends
    if subject in own_event and f"{subject}_days" in plan:
        event = own_event[subject]
    period = rules.period(subject, event, calendar()) if event is not None else None
    return Window(opened, event, period)


def objection_windows(recruitment: Recruitment) -> dict[str, Window]:
    """The windows of all subjects."""
    return {subject: objection_window(recruitment, subject) for subject in SUBJECTS}


def objection_period_ends(recruitment: Recruitment) -> datetime:
    """The last instant at which the result can be objected to, in UTC: until then the award waits.

    The latest of the subjects' ends; far away while the publicity has no dates.
    """
    ends = [window.period.ends_at for window in objection_windows(recruitment).values() if window.period]
    return max(ends, default=datetime.max.replace(tzinfo=UTC))


def answer_due(recruitment: Recruitment, received_at: datetime) -> Period:
    """Until when an objection received at an instant is to be answered."""
    return objection_rules(recruitment).answer_due(received_at, calendar())


def publicity_workdays(recruitment: Recruitment) -> int:
    """How many working days the plan gives to a publicity."""
    schedule = section(recruitment, "publication", "schedule") or {}
    start, end = schedule.get("publicity_start"), schedule.get("publicity_end")
    if start is None or end is None:
        return 1
    return max(1, calendar().count(start - timedelta(days=1), end).days)


def publicity_end(recruitment: Recruitment, starts_on: date) -> date:
    """Last day of a publicity that starts on a day and runs as long as the plan's."""
    return calendar().add_workdays(starts_on - timedelta(days=1), publicity_workdays(recruitment)).date


def objections_until(recruitment: Recruitment, publicity_ends_on: date) -> Period:
    """Until when the result can be objected to, after a publicity that ends on a day."""
    return objection_rules(recruitment).period("result", publicity_ends_on, calendar())


def contract_days(recruitment: Recruitment) -> int:
    """Calendar days from the notice of selection to the contract."""
    return int(section(recruitment, "evaluation", "award", "contract_days") or CONTRACT_DAYS)


def contract_due(recruitment: Recruitment, issued_on: date) -> date:
    """Last day to sign the contract; calendar days, so no calendar of working days is asked."""
    return issued_on + timedelta(days=contract_days(recruitment))


def integration_due(recruitment: Recruitment, issued_on: date) -> Period:
    """Last day of the integration of a vendor whose notice is issued on a day."""
    rules = WorkdayRules.from_plan(section(recruitment, "onboarding", "workdays") or {})
    counted = calendar().add_workdays(issued_on, rules.integration_days)
    return Period(counted.date, counted.provisional, counted.calendar_version)


def golive_rules(recruitment: Recruitment) -> GoLiveRules:
    """Months of promotion and of service."""
    return GoLiveRules.from_plan(section(recruitment, "onboarding", "golive") or {})


def service_over_on(recruitment: Recruitment) -> date | None:
    """The last day of the last service; None while a selected vendor's service has no end yet."""
    if recruitment.review_id is None:
        return None
    rows = db.session.execute(
        select(Candidate.id, Contract.service_end)
        .outerjoin(Contract, Contract.candidate_id == Candidate.id)
        .where(
            Candidate.review_id == recruitment.review_id, Candidate.stage.in_(("selected", "accepted"))
        )
    )
    ends = [end for _, end in rows]
    rules = golive_rules(recruitment)
    if rules.service_from == "promotion_end":
        programme = recruitment.programme
        over = programme.promotion_end if programme is not None else None
        return rules.service(over).end if ends and over is not None else None
    if not ends or None in ends:
        return None
    return max(ends)


@action
def recount(*, actor: Actor, recruitment: Recruitment) -> int:
    """Count the provisional deadlines anew under the calendar in force; returns how many were counted.

    Only those that another calendar counted and that still run. Side effects: their dates, one event.
    """
    version, changed = calendar().version, []
    for row in db.session.scalars(
        select(Objection).where(
            Objection.recruitment_id == recruitment.id,
            Objection.provisional.is_(True),
            Objection.calendar_version != version,
            Objection.stage.in_(("received", "accepted")),
        )
    ):
        period = answer_due(recruitment, row.received_at)
        changed.append([row.public_id, row.answer_due_on, period.last_day])
        row.answer_due_on, row.provisional = period.last_day, period.provisional
        row.calendar_version = period.calendar_version
    for notice in publicities(recruitment):
        if notice.provisional and notice.calendar_version != version:
            period = objections_until(recruitment, notice.ends_on)
            changed.append([notice.public_id, notice.objections_until, period.last_day])
            notice.objections_until, notice.provisional = period.last_day, period.provisional
            notice.calendar_version = period.calendar_version
    if changed:
        record(
            "result.deadlines_recounted",
            actor=actor,
            recruitment=recruitment,
            subject=recruitment,
            calendar=version,
            changed=changed,
        )
    return len(changed)
