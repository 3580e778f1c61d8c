"""The plan's recurring duties: records of what happened, what was asked, granted and answered."""

from __future__ import annotations

from datetime import date
from typing import IO

from app import calendar, clock
from app.acceptance.common import (
    keep_upload,
    look_at,
    programme_of,
    recruitment_for,
    require,
    tell_role,
    tell_vendor_of,
    uploading,
    writer,
)
from app.acceptance.masking import MASKS
from app.addresses import path_to
from app.audit import Actor, record
from app.concurrency import check_version
from app.errors import Denied, Refusal, WrongStage
from app.extensions import action, db
from app.publication.models import Recruitment
from onboarding import service_deadlines
from onboarding.models import DutyRecord, Integration, Programme
from onboarding.requirements import Duty, duties_from_plan

STAGES = ("integration", "promotion")


def duties_of(programme: Programme) -> tuple[Duty, ...]:
    """[[onboarding.duties]] of the plan."""
    return duties_from_plan(programme.rules.get("duties"))


def _side(actor: Actor) -> str:
    return "vendor" if actor.role == "vendor" else "platform"


def _link(recruitment: Recruitment, integration: Integration) -> str:
    return path_to("acceptance.duties", recruitment=recruitment.public_id, integration=integration.public_id)


def record_duty(
    *,
    actor: Actor,
    integration: Integration,
    duty: str,
    text: str,
    happened_on: date | None,
    wants_answer: bool = False,
    entity: dict[str, str] | None = None,
    source: IO[bytes] | None = None,
    name: str = "",
) -> DutyRecord:
    """Put something on record against a duty of the plan; the other side gets a message.

    `entity` names the market entity it concerns (company, person, contact): it is shown masked. The event
    names no text and no person.
    """
    upload = look_at(source, name)
    with uploading() as keys:
        require(actor, "acceptance.record_duty", integration)
        recruitment = recruitment_for(integration)
        programme = programme_of(recruitment, *STAGES)
        if integration.stage == "removed":
            raise WrongStage("integration_not_working")
        found = next((row for row in duties_of(programme) if row.id == duty), None)
        if found is None:
            raise Refusal("acceptance_duty_unknown", field="duty")
        if not text.strip():
            raise Refusal("acceptance_duty_text", field="text")
        if happened_on is None or happened_on > clock.today():
            raise Refusal("acceptance_duty_date", field="happened_on")
        row = DutyRecord(
            integration_id=integration.id,
            duty=duty,
            text=text.strip()[:8000],
            happened_on=happened_on,
            side=_side(actor),
            recorded_by=actor.ref,
            recorded_at=clock.now(),
            wants_answer=wants_answer,
            entity={
                key: value.strip()[:200] for key, value in (entity or {}).items() if key in MASKS and value.strip()
            },
        )
        if upload is not None:
            row.blob_key = keep_upload(upload, keys).key
            row.file_name, row.media_type = upload.name, upload.media_type
        db.session.add(row)
        db.session.flush()
        record(
            "duty.recorded",
            actor=actor,
            recruitment=recruitment,
            subject=row,
            duty=duty,
            integration=integration.public_id,
            wants_answer=wants_answer,
        )
        subject = f"{found.title}：{'请答复' if wants_answer else '新的记录'}"
        if row.side == "vendor":
            tell_role(
                recruitment,
                "staff",
                kind="duty.recorded",
                subject=f"{integration.vendor_name}，{subject}",
                body="请在“责任义务”页面查看。",
                link=_link(recruitment, integration),
            )
        else:
            tell_vendor_of(
                integration,
                recruitment,
                kind="duty.recorded",
                subject=subject,
                body="请在“责任义务”页面查看。",
                link=_link(recruitment, integration),
            )
    return row


@action
def answer_duty(
    *,
    actor: Actor,
    duty_record: DutyRecord,
    text: str,
    answered_on: date | None,
    give_back: int = 0,
    version: object = None,
) -> None:
    """Answer, grant or agree what the other side put on record.

    `give_back` working days, granted by staff, were lost to the organiser's side meanwhile: they go on record
    as asked by who waited and granted by who answers.
    """
    integration = duty_record.integration
    require(actor, "acceptance.answer_duty", duty_record)
    recruitment = recruitment_for(integration)
    programme_of(recruitment, *STAGES)
    if version is not None:
        check_version(duty_record, version, current=duty_record.answer, submitted=text)
    if duty_record.answered_on is not None:
        raise WrongStage("acceptance_duty_answered")
    if duty_record.side == _side(actor):
        raise Denied("acceptance_duty_other_side")
    if not text.strip():
        raise Refusal("acceptance_duty_text", field="answer")
    if answered_on is None or not duty_record.happened_on <= answered_on <= clock.today():
        raise Refusal("acceptance_duty_date", field="answered_on")
    duty_record.answer = text.strip()[:8000]
    duty_record.answered_on, duty_record.answered_by = answered_on, actor.ref
    record(
        "duty.answered",
        actor=actor,
        recruitment=recruitment,
        subject=duty_record,
        duty=duty_record.duty,
        integration=integration.public_id,
    )
    if give_back:
        _give_back(actor, recruitment, duty_record, give_back)
    if duty_record.side == "vendor":
        tell_vendor_of(
            integration,
            recruitment,
            kind="duty.answered",
            subject="责任义务记录已答复",
            body="请在“责任义务”页面查看。",
            link=_link(recruitment, integration),
        )
    db.session.flush()


def _give_back(actor: Actor, recruitment: Recruitment, duty_record: DutyRecord, days: int) -> None:
    require(actor, "acceptance.suspend", duty_record.integration)
    integration, now = duty_record.integration, clock.now()
    change = service_deadlines.ask_change(
        db.session(),
        integration,
        kind="given_back",
        days=days,
        reason=duty_record.text[:500],
        asked_by=duty_record.recorded_by,
        now=now,
    )
    service_deadlines.decide_change(
        db.session(),
        change,
        consent=True,
        decided_by=actor.ref,
        decided_role=actor.role,
        calendar=calendar.calendar(),
        today=clock.today(),
        now=now,
        write=writer(actor, recruitment, integration),
        note=duty_record.answer[:500],
    )
    record(
        "deadline.consented",
        actor=actor,
        recruitment=recruitment,
        subject=change,
        change=change.kind,
        days=days,
        before=change.old_deadline_on,
        after=change.new_deadline_on,
        calendar=integration.calendar_version,
    )


def lost_days(duty_record: DutyRecord, until: date) -> int:
    """Working days from the request up to `until`: what a late answer may have cost."""
    return calendar.calendar().count(duty_record.happened_on, until).days


@action
def reveal_duty(*, actor: Actor, duty_record: DutyRecord, purpose: str) -> None:
    """Put on record who read a market entity's data whole, and what for."""
    require(actor, "acceptance.reveal", duty_record)
    if not purpose.strip():
        raise Refusal("acceptance_purpose_missing", field="purpose")
    record(
        "duty.revealed",
        actor=actor,
        recruitment=recruitment_for(duty_record.integration),
        subject=duty_record,
        duty=duty_record.duty,
        purpose=purpose.strip()[:200],
    )


@action
def note_duty_file(*, actor: Actor, duty_record: DutyRecord) -> None:
    """Put on record who opened the file of a record: it may hold data of market entities."""
    require(actor, "acceptance.duties", duty_record)
    record(
        "duty.file_read",
        actor=actor,
        recruitment=recruitment_for(duty_record.integration),
        subject=duty_record,
        duty=duty_record.duty,
    )
