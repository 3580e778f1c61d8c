"""Routes of uploads: pieces at their offset for the page's script, one plain form for everybody else."""

from __future__ import annotations

from typing import Any

from flask import current_app, flash, jsonify, request
from flask_limiter.util import get_remote_address
from flask_login import current_user

from app.audit import Actor
from app.errors import Refusal, TooLarge
from app.extensions import limiter
from app.responses import actions, uploads
from app.responses.models import Response, Upload
from app.responses.views import bp, to_work, workspace_page
from app.routing import current_actor, permit
from app.templating import show_size
from app.wording import sentence_for

STARTS = "120 per minute"


def _who() -> str:
    """Limits count per person: a company's people share one address."""
    return str(current_user.get_id() or get_remote_address())


@bp.post("/responses/<response>/files")
@limiter.limit(STARTS, key_func=_who)
@permit("response.edit")
def add_files(response: Response) -> Any:
    """One plain request with one or several files of an item; works without JavaScript."""
    item, taken, refused = request.form.get("item", ""), 0, 0
    chosen = [entry for entry in request.files.getlist("files") if entry.filename]
    if not chosen:
        raise Refusal("response_file_none")
    for entry in chosen:
        try:
            actions.add_file(
                actor=current_actor(response.recruitment),
                response=response,
                item=item,
                name=entry.filename or "",
                source=entry.stream,
            )
            taken += 1
        except Refusal as error:
            if len(chosen) == 1:
                raise
            refused += 1
            flash(f"{entry.filename}：{sentence_for(error)}", "error")
    if taken:
        flash(f"已上传 {taken} 个文件。", "success")
    if refused:
        return workspace_page(response, status=422)
    return to_work(response, f"item-{item}")


def _actor(upload: Upload) -> Actor:
    return current_actor(upload.response.recruitment if upload.response is not None else None)


def _state(row: Upload) -> Any:
    return jsonify(
        upload=row.public_id, name=row.name, size=row.size, received=row.received, stage=row.stage
    )


@bp.post("/responses/<response>/uploads")
@limiter.limit(STARTS, key_func=_who)
@permit("response.edit")
def start(response: Response) -> Any:
    """Begin an upload, or find the one that this file was left at."""
    row = uploads.start_upload(
        actor=current_actor(response.recruitment),
        response=response,
        item=request.form.get("item", ""),
        name=request.form.get("name", ""),
        size=request.form.get("size", 0, type=int),
        fingerprint=request.form.get("fingerprint", ""),
    )
    answer = _state(row)
    answer.status_code = 201 if row.received == 0 else 200
    return answer


@bp.get("/uploads/<upload>")
@permit("response.work")
def upload_state(upload: Upload) -> Any:
    """How far an upload is."""
    return _state(upload)


@bp.put("/uploads/<upload>")
@permit("response.edit")
def piece(upload: Upload) -> Any:
    """Take the piece at `?offset=`; the answer says how many bytes are stored."""
    most = current_app.config["SETTINGS"].chunk_bytes
    length = request.content_length
    if length is not None and length > most:
        raise TooLarge("upload_chunk_size", most=show_size(most))
    if not length:
        raise Refusal("upload_chunk_size", most=show_size(most))
    received = uploads.receive(
        actor=_actor(upload),
        upload=upload,
        offset=request.args.get("offset", -1, type=int),
        source=request.stream,
        length=length,
    )
    return jsonify(received=received)


@bp.post("/uploads/<upload>/finish")
@permit("response.edit")
def finish(upload: Upload) -> Any:
    """Check a complete upload and put it into the package."""
    file = uploads.finish_upload(actor=_actor(upload), upload=upload)
    return jsonify(
        file=file.public_id, name=file.name, size=file.size, sm3=file.sm3, pages=file.pages, item=file.item
    )


@bp.post("/uploads/<upload>/abandon")
@permit("response.edit")
def abandon(upload: Upload) -> Any:
    """Give up an unfinished upload."""
    uploads.abandon_upload(actor=_actor(upload), upload=upload)
    flash("未完成的上传已移除。", "success")
    assert upload.response is not None
    return to_work(upload.response)
