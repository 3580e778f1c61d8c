"""Both stores keep the promise of `append`: repeating is harmless, a gap is refused, reading is exact."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.storage import FolderStore, S3Store, new_key

_buckets = itertools.count(1)


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    if request.param == "folder":
        yield FolderStore(tmp_path / "blobs")
        return
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    made = S3Store(request.getfixturevalue("s3_endpoint"), f"store-{next(_buckets)}", "k", "s")
    made.client.create_bucket(Bucket=made.bucket)
    yield made


def put(store: Any, key: str, *pieces: tuple[int, bytes]) -> None:
    for offset, data in pieces:
        store.append(key, offset, io.BytesIO(data))


def test_pieces_read_as_one_file(store: Any) -> None:
    key = new_key()
    put(store, key, (0, b"a" * 1000), (1000, b"b" * 500), (1500, b"c" * 10))
    # Repeated, cut anew across a border, and once more in full.
    put(store, key, (1000, b"b" * 500), (1500, b"c" * 10), (900, b"a" * 100 + b"b" * 500), (1500, b"c" * 10))
    whole = b"a" * 1000 + b"b" * 500 + b"c" * 10
    assert store.size(key) == len(whole)
    with store.open(key) as handle:
        assert handle.read() == whole
        handle.seek(995)
        assert handle.read(10) == b"a" * 5 + b"b" * 5
        handle.seek(-5, 2)
        assert handle.read() == b"c" * 5
        handle.seek(5000)
        assert handle.read(1) == b""
    store.sync(key)
    with pytest.raises(ValueError, match="gap"):
        put(store, key, (len(whole) + 1, b"x"))
    store.discard(key)
    store.discard(key)


def test_a_shorter_piece_drops_what_lay_behind_it(store: Any) -> None:
    key = new_key()
    put(store, key, (0, b"a" * 10), (10, b"b" * 10), (20, b"c" * 10), (10, b"d" * 3))
    assert store.size(key) == 13
    with store.open(key) as handle:
        assert handle.read() == b"a" * 10 + b"d" * 3


def test_a_whole_file(store: Any) -> None:
    key = new_key()
    store.put(key, io.BytesIO(b"whole"))
    assert store.size(key) == 5
    with store.open(key) as handle:
        assert handle.read(2) + handle.read() == b"whole"


def test_keys_can_not_leave_the_folder(tmp_path: Path) -> None:
    for key in ("../../etc/passwd", "", "ABCDEF0123", "a/b"):
        with pytest.raises(ValueError, match="key"):
            FolderStore(tmp_path).open(key)
