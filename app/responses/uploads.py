"""Resumable uploads: pieces at their offset, each safely stored before it is counted.

Nothing but `received` says how far an upload is. A piece that is repeated changes nothing; a gap is
refused with the offset that is wanted next. The content is checked when all bytes are there.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict, deque
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from app import clock
from app.audit import Actor, record
from app.errors import Conflict, NotFound, Refusal, TooLarge, WrongStage
from app.extensions import action, db, unit_of_work
from app.planning import section
from app.responses import seals
from app.responses.access import must_accept, must_own, take_part
from app.responses.content import clean_name, examine
from app.responses.models import Response, ResponseFile, Upload
from app.storage import SMALL_PIECE, new_key, pieces, register_blob, store
from app.templating import show_size


class _Running:
    """The digest of one upload: how far it was told, and the few pieces that wait to be taken."""

    WAITING = 32

    def __init__(self) -> None:
        self.digest = hashlib.new("sm3")
        self.at = 0
        self._pieces: deque[bytes] = deque()
        self._changed = threading.Condition()
        self._busy = False

    def put(self, data: bytes, pool: ThreadPoolExecutor) -> None:
        """Queue a piece; waits while too many are queued, so that memory stays constant."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._pieces) < self.WAITING)
            self._pieces.append(data)
            self.at += len(data)
            if self._busy:
                return
            self._busy = True
        pool.submit(self._drain)

    def _drain(self) -> None:
        while True:
            with self._changed:
                self._changed.notify_all()
                if not self._pieces:
                    self._busy = False
                    return
                data = self._pieces.popleft()
            self.digest.update(data)

    def result(self) -> str:
        """The digest (hex) of everything that was put."""
        with self._changed:
            self._changed.wait_for(lambda: not self._busy)
        return str(self.digest.hexdigest())


class RunningDigests:
    """SM3 of the uploads that this process receives: pieces are hashed while the next ones arrive.

    A digest's state can't be stored, so what another process received is hashed from the store.
    """

    def __init__(self, limit: int = 512) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._known: OrderedDict[str, _Running] = OrderedDict()
        self._pool: ThreadPoolExecutor | None = None

    def _workers(self) -> ThreadPoolExecutor:
        # Made at the first piece: threads don't survive the fork of a server's workers.
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(2, thread_name_prefix="sm3")
            return self._pool

    def feed(self, key: str, offset: int, data: bytes) -> None:
        """Take the next piece; whoever does not come in order is forgotten."""
        with self._lock:
            running = self._known.pop(key, None)
        if running is None and offset == 0:
            running = _Running()
        if running is None or running.at != offset:
            return
        running.put(data, self._workers())
        with self._lock:
            self._known[key] = running
            while len(self._known) > self._limit:
                self._known.popitem(last=False)

    def take(self, key: str, size: int) -> str:
        """The digest (hex) of the whole file: the running one, or one made from the stored bytes."""
        with self._lock:
            running = self._known.pop(key, None)
        if running is not None and running.at == size:
            return running.result()
        digest = hashlib.new("sm3")
        for piece in pieces(key):
            digest.update(piece)
        return digest.hexdigest()

    def forget(self, key: str) -> None:
        """Drop what is known of an upload that will not be finished."""
        with self._lock:
            self._known.pop(key, None)


digests = RunningDigests()


def check_item(response: Response, item: str) -> None:
    """Refuse an item that takes no files: unknown, or a formal check without a file of its own."""
    for entry in section(response.recruitment, "responses", "items") or []:
        if str(entry["no"]) == item and not entry.get("formal"):
            return
    raise Refusal("response_item_unknown")


def check_room(response: Response, size: int, *, waiting: int = 0) -> None:
    """Refuse what goes beyond the limits of a file or of a package; `waiting` bytes are promised to others."""
    settings = current_app.config["SETTINGS"]
    if size > settings.max_file_bytes:
        raise TooLarge("response_file_too_big", most=show_size(settings.max_file_bytes))
    count, total = db.session.execute(
        select(func.count(), func.coalesce(func.sum(ResponseFile.size), 0)).where(
            ResponseFile.response_id == response.id, ResponseFile.removed_at.is_(None)
        )
    ).one()
    if count >= settings.max_response_files:
        raise Refusal("response_too_many_files", most=settings.max_response_files)
    if int(total) + waiting + size > settings.max_response_bytes:
        raise TooLarge("response_package_too_big", most=show_size(settings.max_response_bytes))


def take_in(response: Response, *, item: str, name: str, key: str, size: int, sm3: str, user_id: int,
            seen: tuple[str, int | None, dict[str, Any]]) -> ResponseFile:
    """Make stored and examined bytes a file of the package, inside a unit of work."""
    media_type, pages, findings = seen
    register_blob(key, size=size, sm3=sm3)
    row = ResponseFile(
        response_id=response.id,
        item=item,
        name=clean_name(name),
        media_type=media_type,
        size=size,
        sm3=sm3,
        blob_key=key,
        pages=pages,
        findings=findings,
        uploaded_by_id=user_id,
        uploaded_at=clock.now(),
    )
    db.session.add(row)
    db.session.flush()
    seals.begin(row)
    return row


def open_uploads(response: Response) -> list[Upload]:
    """Uploads that were begun and are not finished, oldest first."""
    return list(
        db.session.scalars(
            select(Upload)
            .where(Upload.response_id == response.id, Upload.stage == "open")
            .order_by(Upload.id)
        )
    )


@action
def start_upload(
    *, actor: Actor, response: Response, item: str, name: str, size: int, fingerprint: str = ""
) -> Upload:
    """Begin an upload, or find the unfinished one of the same file (`fingerprint`, told by the client).

    Raises Refusal for an unknown item, an empty or too big file, and beyond the package's limits.
    """
    user = must_own(actor, response.organisation_id)
    must_accept(response.recruitment)
    check_item(response, item)
    if size <= 0:
        raise Refusal("response_file_empty")
    kept = clean_name(name)
    if fingerprint:
        found = db.session.scalar(
            select(Upload).where(
                Upload.response_id == response.id,
                Upload.stage == "open",
                Upload.item == item,
                Upload.name == kept,
                Upload.size == size,
                Upload.fingerprint == fingerprint[:80],
            )
        )
        if found is not None:
            return found
    begun = open_uploads(response)
    check_room(response, size, waiting=sum(row.size for row in begun))
    most = current_app.config["SETTINGS"].max_open_uploads
    if len(begun) >= most:
        raise Refusal("response_too_many_uploads", most=most)
    take_part(user, response.recruitment, response.organisation_id)
    now = clock.now()
    row = Upload(
        response_id=response.id,
        owner_id=user.id,
        item=item,
        name=kept,
        size=size,
        fingerprint=fingerprint[:80],
        blob_key=new_key(),
        started_at=now,
        touched_at=now,
    )
    db.session.add(row)
    db.session.flush()
    return row


def _locked(upload_id: int) -> Upload:
    row = db.session.scalar(
        select(Upload)
        .where(Upload.id == upload_id)
        .options(joinedload(Upload.response).joinedload(Response.recruitment))
        .with_for_update(of=Upload)
        .execution_options(populate_existing=True)
    )
    if row is None or row.response is None:
        raise NotFound("not_found")
    return row


def _still_open(row: Upload) -> None:
    if row.stage == "refused":
        raise Refusal(row.refusal or "response_file_damaged")
    if row.stage != "open":
        raise WrongStage("upload_not_open")


class _Piece:
    """A piece on its way into the store: what is stored already is passed over, its SM3 is taken beside it."""

    def __init__(self, source: IO[bytes], length: int, *, skip: int, key: str, at: int) -> None:
        self.source, self.left, self.key, self.at = source, length, key, at
        while skip > 0:
            skip -= len(self._take(min(skip, SMALL_PIECE)))

    def _take(self, length: int) -> bytes:
        data = self.source.read(length)
        if not data:
            raise Refusal("http_408")  # the connection broke: nothing of this piece counts
        self.left -= len(data)
        return data

    def read(self, length: int = -1) -> bytes:
        wanted = self.left if length < 0 else min(length, self.left)
        if wanted == 0:
            return b""
        data = self._take(wanted)
        digests.feed(self.key, self.at, data)
        self.at += len(data)
        return data


def receive(*, actor: Actor, upload: Upload, offset: int, source: IO[bytes], length: int) -> int:
    """Store a piece of `length` bytes at its offset; returns how many bytes are safely stored now.

    Raises Conflict `upload_gap` (its `current` is the offset wanted) and Refusal `upload_beyond_end`.
    """
    assert upload.response is not None
    must_own(actor, upload.response.organisation_id)
    upload_id = upload.id
    with unit_of_work():
        row = _locked(upload_id)
        assert row.response is not None
        must_accept(row.response.recruitment)
        _still_open(row)
        end, before = offset + length, row.received
        if offset < 0 or end > row.size:
            raise Refusal("upload_beyond_end")
        if offset > before:
            raise Conflict("upload_gap", current=before, submitted=offset)
        if end > before:
            # The row's lock is held while the bytes are written: two tabs can't cut each other's piece, and
            # the digest is of what is stored.
            piece = _Piece(source, length, skip=before - offset, key=row.blob_key, at=before)
            store().append(row.blob_key, before, piece)  # type: ignore[arg-type]
            row.received, row.touched_at = end, clock.now()
        received = row.received
    return received


def finish_upload(*, actor: Actor, upload: Upload) -> ResponseFile:
    """Check the content of a complete upload and put it into the package. Repeating gives the same file.

    Call outside a unit of work: reading gigabytes must not hold a transaction open. Raises Conflict
    `upload_incomplete`, and Refusal for content that can't be taken: the upload is then closed with that
    reason and its bytes are gone.
    """
    assert upload.response is not None
    user = must_own(actor, upload.response.organisation_id)
    must_accept(upload.response.recruitment)
    if upload.stage == "finished":
        return _file_of(upload)
    _still_open(upload)
    if upload.received < upload.size:
        raise Conflict("upload_incomplete", current=upload.received, submitted=upload.size)
    upload_id, key, size = upload.id, upload.blob_key, upload.size
    db.session.rollback()
    if store().size(key) != size:
        return _refuse(upload_id, Refusal("response_file_damaged"), actor)
    try:
        with store().open(key) as handle:
            seen = examine(handle)
    except Refusal as refusal:
        return _refuse(upload_id, refusal, actor)
    sm3 = digests.take(key, size)
    with unit_of_work():
        row = _locked(upload_id)
        if row.stage == "finished":
            return _file_of(row)
        _still_open(row)
        response = row.response
        assert response is not None
        must_accept(response.recruitment)
        check_item(response, row.item)
        check_room(response, size)
        file = take_in(
            response, item=row.item, name=row.name, key=key, size=size, sm3=sm3, user_id=user.id, seen=seen
        )
        row.stage, row.file_id, row.touched_at = "finished", file.id, clock.now()
        record("response.file_added", actor=actor, recruitment=response.recruitment, subject=response)
    return file


def _file_of(upload: Upload) -> ResponseFile:
    return db.session.get_one(ResponseFile, upload.file_id)


def _refuse(upload_id: int, refusal: Refusal, actor: Actor) -> ResponseFile:
    """Close the upload with its reason, then throw its bytes away and raise."""
    with unit_of_work():
        row = _locked(upload_id)
        if row.stage == "finished":
            return _file_of(row)
        row.stage, row.refusal, row.touched_at = "refused", refusal.code[:60], clock.now()
        key = row.blob_key
        assert row.response is not None
        record("upload.refused", actor=actor, recruitment=row.response.recruitment, subject=row.response)
    store().discard(key)
    digests.forget(key)
    raise refusal


def abandon_upload(*, actor: Actor, upload: Upload) -> None:
    """Give up an unfinished upload; its bytes are thrown away. A finished one is not touched."""
    assert upload.response is not None
    must_own(actor, upload.response.organisation_id)
    upload_id = upload.id
    with unit_of_work():
        row = _locked(upload_id)
        if row.stage != "open":
            raise WrongStage("upload_not_open")
        row.stage, row.touched_at = "abandoned", clock.now()
        key = row.blob_key
    store().discard(key)
    digests.forget(key)
