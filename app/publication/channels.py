"""Proofs that the notice stood on the plan's channels (公告渠道发布证明)."""

from __future__ import annotations

from typing import IO
from urllib.parse import urlsplit

from sqlalchemy import select

from app import clock
from app.audit import Actor, record
from app.errors import Refusal
from app.extensions import db, unit_of_work
from app.planning import section
from app.publication.models import ChannelProof, Recruitment
from app.responses.content import clean_name, examine
from app.storage import keep, store

MAX_PROOF_BYTES = 20 * 1024 * 1024
#: A proof is a printed page or a picture of one.
KINDS = ("application/pdf", "image/png", "image/jpeg")


def channels(recruitment: Recruitment) -> list[dict[str, str]]:
    """The channels that the plan names."""
    return list(section(recruitment, "publication", "channels") or [])


def proofs(recruitment: Recruitment) -> list[ChannelProof]:
    """What was recorded, in order."""
    return list(
        db.session.scalars(
            select(ChannelProof)
            .where(ChannelProof.recruitment_id == recruitment.id)
            .order_by(ChannelProof.id)
        )
    )


class _Limited:
    def __init__(self, source: IO[bytes]) -> None:
        self.source, self.left = source, MAX_PROOF_BYTES

    def read(self, length: int = -1) -> bytes:
        piece = self.source.read(length)
        self.left -= len(piece)
        if self.left < 0:
            raise Refusal("channel_file_big", field="file")
        return piece


def record_channel_proof(
    *,
    actor: Actor,
    recruitment: Recruitment,
    channel: str,
    url: str = "",
    note: str = "",
    source: IO[bytes] | None = None,
    file_name: str = "",
) -> ChannelProof:
    """Record where and how the notice was published, with a file if there is one.

    Raises Refusal `channel_not_published`, `channel_unknown`, `channel_url`, `channel_empty`,
    `channel_file_big`, `channel_file_kind` and what an unreadable file refuses; a refused file leaves
    nothing behind. One event.
    """
    if not recruitment.is_published:
        raise Refusal("channel_not_published")
    if channel not in {entry["name"] for entry in channels(recruitment)}:
        raise Refusal("channel_unknown", field="channel")
    parts = urlsplit(url.strip())
    if url.strip() and (parts.scheme not in ("http", "https") or not parts.netloc or len(url) > 500):
        raise Refusal("channel_url", field="url")
    if not url.strip() and not note.strip() and source is None:
        raise Refusal("channel_empty", field="url")
    key = ""
    try:
        with unit_of_work() as session:
            if source is not None:
                key = keep(_Limited(source)).key  # type: ignore[arg-type]
                with store().open(key) as handle:
                    media_type, _pages, _findings = examine(handle)
                if media_type not in KINDS:
                    raise Refusal("channel_file_kind", field="file")
            assert actor.user is not None
            row = ChannelProof(
                recruitment_id=recruitment.id,
                channel=channel,
                url=url.strip(),
                note=note.strip(),
                blob_key=key or None,
                file_name=clean_name(file_name) if key else "",
                recorded_by_id=actor.user.id,
                recorded_at=clock.now(),
            )
            session.add(row)
            session.flush()
            record(
                "channel.recorded",
                actor=actor,
                recruitment=recruitment,
                subject=row,
                channel=channel,
                url=row.url,
                file=bool(key),
            )
    except BaseException:
        if key:
            store().discard(key)
        raise
    return row
