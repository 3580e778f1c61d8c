"""Routes around a published notice: questions and answers, proofs of the channels."""

from __future__ import annotations

from typing import Any

from flask import flash, render_template, request
from flask_login import current_user

from app.accounts.forms import refused
from app.choices import options
from app.errors import NotFound, Refusal
from app.extensions import limiter
from app.files import send_blob
from app.permissions import may
from app.publication import channels as proofs
from app.publication import questions as asked
from app.publication.forms import ChannelForm, QuestionForm
from app.publication.models import ChannelProof, Question, Recruitment
from app.publication.views import Answer, back, bp
from app.routing import current_actor, permit
from app.storage import read_all
from app.templating import paginate


def _questions(recruitment: Recruitment, form: QuestionForm | None = None, status: int = 200) -> Answer:
    staff = may(current_user, "question.answer", recruitment)
    return render_template(
        "publication/questions.html",
        recruitment=recruitment,
        page=paginate(asked.listed(recruitment, current_user, staff=staff)),
        form=form or QuestionForm(formdata=None),
        staff=staff,
        open=asked.may_ask(recruitment),
        may_ask=may(current_user, "question.ask", recruitment),
    ), status


@bp.get("/r/<recruitment>/questions")
@permit("question.list")
def questions(recruitment: Recruitment) -> Answer:
    """Questions and answers: public ones for all, the own for vendors, all for staff."""
    return _questions(recruitment)


@bp.post("/r/<recruitment>/questions")
@limiter.limit("20 per hour")
@permit("question.ask")
def ask_question(recruitment: Recruitment) -> Answer:
    """A vendor asks."""
    form = QuestionForm()
    if not form.validate_on_submit():
        return _questions(recruitment, form, 422)
    try:
        asked.ask_question(
            actor=current_actor(recruitment),
            recruitment=recruitment,
            text=form.text.data or "",
            place=form.place.data or "",
        )
    except Refusal as error:
        if error.status != 422:
            raise
        return _questions(recruitment, form, refused(form, error))
    flash("提问已提交，答复公布后您会收到消息。", "success")
    return back("publication.questions", recruitment)


@bp.post("/r/<recruitment>/questions/<question>/answer")
@permit("question.answer")
def answer_question(recruitment: Recruitment, question: Question) -> Answer:
    """Answer for everybody."""
    asked.answer_question(
        actor=current_actor(recruitment),
        question=question,
        answer=request.form.get("answer", "")[:8000],
        version=request.form.get("version", ""),
    )
    flash("答复已公布。", "success")
    return back("publication.questions", recruitment)


@bp.post("/r/<recruitment>/questions/<question>/decline")
@permit("question.answer")
def decline_question(recruitment: Recruitment, question: Question) -> Answer:
    """Leave a question unpublished."""
    asked.decline_question(
        actor=current_actor(recruitment),
        question=question,
        reason=request.form.get("reason", "")[:2000],
        version=request.form.get("version", ""),
    )
    flash("已记为不予公布，提问人会看到理由。", "success")
    return back("publication.questions", recruitment)


def _channels(recruitment: Recruitment, form: ChannelForm | None = None, status: int = 200) -> Answer:
    named = proofs.channels(recruitment)
    form = form or ChannelForm(formdata=None)
    form.channel.choices = options([(entry["name"], entry["name"]) for entry in named])
    rows = proofs.proofs(recruitment)
    proved: dict[str, list[Any]] = {entry["name"]: [] for entry in named}
    for row in rows:
        proved.setdefault(row.channel, []).append(row)
    return render_template(
        "publication/channels.html", recruitment=recruitment, named=named, proved=proved, form=form
    ), status


@bp.get("/r/<recruitment>/channels")
@permit("channel.proofs")
def channels(recruitment: Recruitment) -> Answer:
    """The plan's channels and the proofs that the notice stood there."""
    return _channels(recruitment)


@bp.post("/r/<recruitment>/channels")
@permit("channel.record")
def record_channel(recruitment: Recruitment) -> Answer:
    """Record one proof."""
    form = ChannelForm()
    form.channel.choices = options([(entry["name"], entry["name"]) for entry in proofs.channels(recruitment)])
    if not form.validate_on_submit():
        return _channels(recruitment, form, 422)
    file = form.file.data
    try:
        proofs.record_channel_proof(
            actor=current_actor(recruitment),
            recruitment=recruitment,
            channel=form.channel.data,
            url=form.url.data or "",
            note=form.note.data or "",
            source=file.stream if file else None,
            file_name=file.filename or "" if file else "",
        )
    except Refusal as error:
        if error.status != 422:
            raise
        return _channels(recruitment, form, refused(form, error, field=error.field or "file"))
    flash("发布证明已登记。", "success")
    return back("publication.channels", recruitment)


@bp.get("/r/<recruitment>/channels/<channel_proof>/file")
@permit("channel.proofs")
def channel_file(recruitment: Recruitment, channel_proof: ChannelProof) -> Answer:
    """The file of a proof."""
    if channel_proof.blob_key is None:
        raise NotFound("not_found")
    head = read_all(channel_proof.blob_key)[:8]
    kinds = {b"%PDF": "application/pdf", b"\x89PNG": "image/png"}
    return send_blob(
        channel_proof.blob_key,
        name=channel_proof.file_name,
        media_type=kinds.get(head[:4], "image/jpeg"),
        inline=True,
    )

