"""Routes of the recurring duties: records, answers, and reading what is masked."""

from __future__ import annotations

from typing import Any

from flask import flash, render_template, request
from werkzeug.wrappers import Response as WSGIResponse

from app import clock
from app.acceptance import actions, queries
from app.acceptance.duties import STAGES, duties_of, lost_days
from app.acceptance.forms import read_day, read_days, read_text, read_upload
from app.acceptance.masking import MASKS, mask_entity
from app.acceptance.views import back, bp, role_of
from app.errors import NotFound
from app.files import send_blob
from app.publication.models import Recruitment
from app.routing import current_actor, permit
from onboarding.models import DutyRecord, Integration


@bp.get("/vendors/<integration>/duties")
@permit("acceptance.duties")
def duties(recruitment: Recruitment, integration: Integration) -> str:
    """The plan's duties with what stands on record for each."""
    rows = queries.duties(integration)
    wanted = request.args.get("duty", "")
    role, own = role_of(recruitment), queries.is_own(integration)
    return render_template(
        "acceptance/duties.html",
        recruitment=recruitment,
        plan=duties_of(integration.programme),
        rows=[row for row in rows if not wanted or row.duty == wanted],
        counts={key: sum(row.duty == key for row in rows) for key in {row.duty for row in rows}},
        unanswered=sum(row.wants_answer and row.answered_on is None for row in rows),
        wanted=wanted,
        masked={row.id: mask_entity(row.entity) for row in rows},
        lost={
            row.id: lost_days(row, clock.today())
            for row in rows
            if row.wants_answer and row.answered_on is None and row.side == "vendor"
        },
        people=queries.people([ref for row in rows for ref in (row.recorded_by, row.answered_by)]),
        role=role,
        side="vendor" if own else "platform",
        may_write=recruitment.stage in STAGES and integration.stage != "removed" and (own or role == "staff"),
        today=clock.today(),
        **queries.context_of(integration),
    )


@bp.post("/vendors/<integration>/duties")
@permit("acceptance.record_duty")
def record_duty(recruitment: Recruitment, integration: Integration) -> WSGIResponse:
    """Put something on record."""
    source, name = read_upload()
    actions.record_duty(
        actor=current_actor(recruitment),
        integration=integration,
        duty=request.form.get("duty", ""),
        text=read_text("text"),
        happened_on=read_day("happened_on"),
        wants_answer=request.form.get("wants_answer") == "yes",
        entity={key: read_text(key, 200) for key in MASKS},
        source=source,
        name=name,
    )
    flash("已记录，对方会收到消息。", "success")
    return back("acceptance.duties", recruitment, integration=integration.public_id)


@bp.post("/duties/<duty_record>/answer")
@permit("acceptance.answer_duty")
def answer_duty(recruitment: Recruitment, duty_record: DutyRecord) -> WSGIResponse:
    """Answer, grant or agree."""
    actions.answer_duty(
        actor=current_actor(recruitment),
        duty_record=duty_record,
        text=read_text("answer"),
        answered_on=read_day("answered_on"),
        give_back=read_days("give_back", default=0),
        version=request.form.get("version") or "",
    )
    flash("答复已记录。", "success")
    return back("acceptance.duties", recruitment, integration=duty_record.integration.public_id)


@bp.post("/duties/<duty_record>/reveal")
@permit("acceptance.reveal")
def reveal(recruitment: Recruitment, duty_record: DutyRecord) -> str:
    """Show a record whole, once, after who reads it and what for is on record."""
    actions.reveal_duty(
        actor=current_actor(recruitment), duty_record=duty_record, purpose=read_text("purpose", 200)
    )
    titles = {duty.id: duty.title for duty in duties_of(duty_record.integration.programme)}
    return render_template(
        "acceptance/duty_whole.html",
        recruitment=recruitment,
        integration=duty_record.integration,
        row=duty_record,
        title=titles.get(duty_record.duty, duty_record.duty),
        people=queries.people([duty_record.recorded_by, duty_record.answered_by]),
    )


@bp.get("/duties/<duty_record>/file")
@permit("acceptance.duties")
def duty_file(recruitment: Recruitment, duty_record: DutyRecord) -> Any:
    """The file of a record."""
    if duty_record.blob_key is None:
        raise NotFound("not_found")
    if not queries.is_own(duty_record.integration):
        actions.note_duty_file(actor=current_actor(recruitment), duty_record=duty_record)
    return send_blob(
        duty_record.blob_key,
        name=duty_record.file_name,
        media_type=duty_record.media_type or "application/octet-stream",
        inline=True,
    )
