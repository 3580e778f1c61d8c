"""What holds a plan back from publication, and what publishing writes down."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app import plan as plans
from app.audit import sm3_hex
from app.extensions import db
from app.publication.models import PlanVersion, Recruitment


def draft_plan(recruitment: Recruitment) -> Any:
    """The plan as it stands, supplements not applied."""
    return plans.load_plan(bytes(recruitment.plan_bytes))


def unconfirmed(plan: Any) -> list[dict[str, Any]]:
    """Supplements that nobody has confirmed yet."""
    return plans.supplements(plan, confirmed=False)


def plan_reason(recruitment: Recruitment) -> str | None:
    """Why the plan itself can't be published: `supplements_unconfirmed`, `findings_open` or None."""
    plan = draft_plan(recruitment)
    if unconfirmed(plan):
        return "supplements_unconfirmed"
    return "findings_open" if plans.blocking(plan) else None


def blocking_reason(recruitment: Recruitment) -> str | None:
    """Why the recruitment can't be published now, as the guard's code; None when it can.

    A plan that is ready still needs somebody who asked for its publication: whoever confirms is another
    person (`app.publication.actions.publish` refuses the same one).
    """
    if (reason := plan_reason(recruitment)) is not None:
        return reason
    return "second_publisher_needed" if recruitment.publish_asked_by_id is None else None


def write_dates(recruitment: Recruitment, plan: Any) -> None:
    """Copy the instants of the plan in force into the columns that lists and guards read."""
    instants = plans.schedule_instants(plans.apply_supplements(plan))
    recruitment.opens_at = instants.opens_at
    recruitment.closes_at = instants.closes_at
    recruitment.publicity_starts_at = instants.publicity_starts_at
    recruitment.publicity_ends_at = instants.publicity_ends_at


def freeze_version(recruitment: Recruitment, plan: Any, now: datetime) -> PlanVersion:
    """Freeze the plan as the recruitment's next version and put it in force, inside a unit of work."""
    data, digest = plans.freeze(plan)
    recruitment.plan_bytes, recruitment.plan_digest = data, digest
    write_dates(recruitment, plan)
    number = max((row.number for row in recruitment.versions), default=0) + 1
    version = PlanVersion(
        recruitment=recruitment,
        number=number,
        plan_bytes=data,
        digest=digest,
        effective=plans.as_json(plans.apply_supplements(plan)),
        published_at=now,
    )
    db.session.add(version)
    db.session.flush()
    return version


def stored_digest(recruitment: Recruitment) -> str:
    """SM3 of the bytes as they are stored now: what the second person confirms."""
    return sm3_hex(bytes(recruitment.plan_bytes))

