"""Where the bytes of files live: a small protocol, a folder or S3 behind it.

Keys are random: a content hash would tell that two vendors hold the same file. Every stored file has an
envelope row (`Blob`) with its length, digest and scheme, so that encryption can be added without
touching those who use it.
"""

from __future__ import annotations

import bisect
import hashlib
import io
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Protocol

from flask import current_app
from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from app import clock
from app.extensions import db
from evaluation.columns import BigId, UTCDateTime
from evaluation.models import Base

PIECE = 1024 * 1024
#: Pieces of this size are reused by the allocator instead of being mapped anew each time.
SMALL_PIECE = 256 * 1024


class Blob(Base):
    """Envelope of one stored file. `scheme` "plain" is the only one so far; `wrap` will hold key wraps."""

    __tablename__ = "blob"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int] = mapped_column(BigId)
    sm3: Mapped[str] = mapped_column(String(64))
    scheme: Mapped[str] = mapped_column(String(20), default="plain")
    wrap: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    stored_at: Mapped[datetime] = mapped_column(UTCDateTime())


def new_key() -> str:
    """A random storage key."""
    return secrets.token_hex(24)


class BlobStore(Protocol):
    """Bytes in, bytes out. A write is complete or absent; `append` serves resumable uploads: it puts what a
    stream holds at an offset, drops what lay behind it, and refuses a gap with ValueError."""

    def put(self, key: str, source: IO[bytes]) -> None: ...

    def append(self, key: str, offset: int, source: IO[bytes]) -> None: ...

    def open(self, key: str) -> IO[bytes]: ...

    def size(self, key: str) -> int: ...

    def sync(self, key: str) -> None: ...

    def discard(self, key: str) -> None: ...

    def check(self) -> None:
        """Raise where nothing could be stored now."""
        ...


class FolderStore:
    """Files in a local folder, spread over 256 subfolders, written to a temporary name and renamed."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, key: str) -> Path:
        if len(key) < 8 or not all(char in "0123456789abcdef" for char in key):
            raise ValueError("not a storage key")
        return self.root / key[:2] / key

    def put(self, key: str, source: IO[bytes]) -> None:
        path = self.path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".part")
        try:
            with open(partial, "wb") as target:
                shutil.copyfileobj(source, target, PIECE)
                target.flush()
                os.fsync(target.fileno())
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)

    def append(self, key: str, offset: int, source: IO[bytes]) -> None:
        path = self.path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+b") as target:
            if offset > os.fstat(target.fileno()).st_size:
                raise ValueError("gap in the upload")
            target.seek(offset)
            shutil.copyfileobj(source, target, SMALL_PIECE)
            target.truncate()
            target.flush()

    def open(self, key: str) -> IO[bytes]:
        return open(self.path(key), "rb")

    def size(self, key: str) -> int:
        return self.path(key).stat().st_size

    def sync(self, key: str) -> None:
        """Wait until the bytes are on the disk; appended pieces are not waited for one by one."""
        descriptor = os.open(self.path(key), os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def discard(self, key: str) -> None:
        self.path(key).unlink(missing_ok=True)

    def check(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        if not os.access(self.root, os.R_OK | os.W_OK | os.X_OK):
            raise PermissionError(str(self.root))


class S3Store:
    """An S3 bucket. Appended pieces are kept as objects `key.NNN…` and joined when read."""

    def __init__(self, endpoint: str, bucket: str, access_key: str, secret_key: str) -> None:
        import boto3

        self.bucket = bucket
        self.client = boto3.client(
            "s3",
            endpoint_url=endpoint or None,
            aws_access_key_id=access_key or None,
            aws_secret_access_key=secret_key or None,
        )

    def put(self, key: str, source: IO[bytes]) -> None:
        self.client.upload_fileobj(source, self.bucket, key)

    def append(self, key: str, offset: int, source: IO[bytes]) -> None:
        pieces = self._pieces(key)
        if offset > _end(pieces):
            raise ValueError("gap in the upload")
        self.client.put_object(Bucket=self.bucket, Key=f"{key}.{offset:016d}", Body=source.read())
        # Only when the new piece is safe do those go that it replaces.
        for piece in pieces:
            if piece.offset > offset:
                self.client.delete_object(Bucket=self.bucket, Key=piece.name)

    def _pieces(self, key: str) -> list[Piece]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=f"{key}.")
        found = [
            Piece(int(entry["Key"].rsplit(".", 1)[1]), entry["Key"], int(entry["Size"]))
            for page in pages
            for entry in page.get("Contents", [])
        ]
        return sorted(found, key=lambda piece: piece.offset)

    def open(self, key: str) -> IO[bytes]:
        """A seekable stream that asks the bucket for what is read, and for no more."""
        pieces = self._pieces(key) or [Piece(0, key, self.size(key))]
        return io.BufferedReader(_Ranges(self.client, self.bucket, pieces), PIECE)  # type: ignore[return-value]

    def size(self, key: str) -> int:
        if pieces := self._pieces(key):
            return _end(pieces)
        try:
            return int(self.client.head_object(Bucket=self.bucket, Key=key)["ContentLength"])
        except self.client.exceptions.ClientError:
            return 0

    def sync(self, key: str) -> None:
        """Nothing to wait for: what the bucket has answered for is kept."""

    def discard(self, key: str) -> None:
        for name in [key, *(piece.name for piece in self._pieces(key))]:
            self.client.delete_object(Bucket=self.bucket, Key=name)

    def check(self) -> None:
        self.client.head_bucket(Bucket=self.bucket)


@dataclass(frozen=True)
class Piece:
    """One object of an appended file. A later piece may begin before it ends: then the later one counts."""

    offset: int
    name: str
    size: int


def _end(pieces: list[Piece]) -> int:
    return pieces[-1].offset + pieces[-1].size if pieces else 0


class _Ranges(io.RawIOBase):
    """Pieces in a bucket as one seekable file."""

    def __init__(self, client: Any, bucket: str, pieces: list[Piece]) -> None:
        self.client, self.bucket, self.pieces = client, bucket, pieces
        self.starts = [piece.offset for piece in pieces]
        self.position, self.end = 0, _end(pieces)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self.position, os.SEEK_END: self.end}[whence]
        self.position = max(0, base + offset)
        return self.position

    def readinto(self, buffer: Any) -> int:
        if self.position >= self.end:
            return 0
        at = bisect.bisect_right(self.starts, self.position) - 1
        piece = self.pieces[at]
        stop = self.pieces[at + 1].offset if at + 1 < len(self.pieces) else piece.offset + piece.size
        first = self.position - piece.offset
        last = min(stop - piece.offset, first + len(buffer)) - 1
        answer = self.client.get_object(
            Bucket=self.bucket, Key=piece.name, Range=f"bytes={first}-{last}"
        )
        data = answer["Body"].read()
        buffer[: len(data)] = data
        self.position += len(data)
        return len(data)


def store() -> BlobStore:
    """The store of the running application."""
    found: BlobStore = current_app.extensions["blob_store"]
    return found


def keep(source: IO[bytes]) -> Blob:
    """Store a stream inside the current unit of work, its SM3 taken on the way; returns the envelope."""
    key, digest, size = new_key(), hashlib.new("sm3"), 0

    class Tee:
        def read(self, length: int = -1) -> bytes:
            nonlocal size
            piece = source.read(length)
            digest.update(piece)
            size += len(piece)
            return piece

    store().put(key, Tee())  # type: ignore[arg-type]
    blob = Blob(key=key, size=size, sm3=digest.hexdigest(), stored_at=clock.now())
    db.session.add(blob)
    return blob


def register_blob(key: str, *, size: int, sm3: str) -> Blob:
    """Make the envelope of bytes that already stand in the store (a finished upload)."""
    blob = Blob(key=key, size=size, sm3=sm3, stored_at=clock.now())
    db.session.add(blob)
    return blob


def pieces(key: str) -> Iterator[bytes]:
    """The stored bytes, a piece at a time, in constant memory."""
    with store().open(key) as handle:
        while piece := handle.read(PIECE):
            yield piece


def read_all(key: str) -> bytes:
    """All bytes of a small file."""
    with store().open(key) as handle:
        return handle.read()
