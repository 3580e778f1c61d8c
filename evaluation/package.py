"""The award package as a file: a ZIP whose bytes follow from its contents, read as if a stranger had made it.

Entries are stored, not compressed, so that equal contents are equal bytes everywhere and nothing can swell
while it is read. A package that was packed by other means is refused: something may hide beside the entries.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Mapping
from enum import Enum
from typing import Any

from evaluation._sm3 import sm3
from evaluation.errors import EvaluationError
from evaluation.panel_entropy import canonical

KIND = "yinzhao-award-package"
SCHEMA = 1
MANIFEST = "manifest.json"
#: The signature over the manifest's bytes; the only file that the manifest doesn't list.
SIGNATURE = "signature.json"
MAX_BYTES = 512 * 1024 * 1024
MAX_FILES = 5_000
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*(\.[a-z0-9]+)?(/[a-z0-9][a-z0-9_-]*(\.[a-z0-9]+)?){0,3}")
_EPOCH = (1980, 1, 1, 0, 0, 0)


class PackageCode(Enum):
    """Why bytes are no award package."""

    UNREADABLE = "package_unreadable"
    TOO_LARGE = "package_too_large"
    TOO_MANY = "package_too_many"
    NAME = "package_name"
    DOUBLED = "package_doubled"
    COMPRESSED = "package_compressed"
    REPACKED = "package_repacked"
    MISSING = "package_missing"
    JSON = "package_json"
    KIND = "package_kind"


class PackageRefused(EvaluationError):
    """The bytes are no award package, or a file in it can't be read; facts name file and limit."""


def build_package(files: Mapping[str, bytes]) -> bytes:
    """The ZIP of these files: sorted by name, stored, without any time. Equal files give equal bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system, entry.external_attr = 3, 0o100644 << 16
            archive.writestr(entry, files[name])
    return out.getvalue()


def read_package(data: bytes) -> dict[str, bytes]:
    """The files of a package by their names, or PackageRefused with one reason."""
    if len(data) > MAX_BYTES:
        raise PackageRefused(PackageCode.TOO_LARGE, most=MAX_BYTES)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = _entries(archive)
    except PackageRefused:
        raise
    # A hostile archive makes zipfile raise whatever its parts do.
    except Exception as error:
        raise PackageRefused(PackageCode.UNREADABLE, why=type(error).__name__) from None
    if build_package(files) != data:
        raise PackageRefused(PackageCode.REPACKED)
    return files


def _entries(archive: zipfile.ZipFile) -> dict[str, bytes]:
    listed = archive.infolist()
    if len(listed) > MAX_FILES:
        raise PackageRefused(PackageCode.TOO_MANY, most=MAX_FILES)
    files: dict[str, bytes] = {}
    for entry in listed:
        name = entry.filename
        if not _NAME.fullmatch(name) or len(name) > 200:
            raise PackageRefused(PackageCode.NAME, file=ascii(name)[:80])
        if name in files:
            raise PackageRefused(PackageCode.DOUBLED, file=name)
        if entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size:
            raise PackageRefused(PackageCode.COMPRESSED, file=name)
        files[name] = archive.read(entry)
    return files


def parse(files: Mapping[str, bytes], name: str) -> Any:
    """The JSON of one file; no fractions, no doubled keys. Raises PackageRefused(MISSING or JSON)."""
    if name not in files:
        raise PackageRefused(PackageCode.MISSING, file=name)
    try:
        return json.loads(
            files[name].decode("utf-8"), parse_float=_no_number, parse_constant=_no_number, object_pairs_hook=_once
        )
    except (ValueError, RecursionError) as error:
        raise PackageRefused(PackageCode.JSON, file=name, why=str(error)[:80]) from None


def _no_number(text: str) -> Any:
    raise ValueError(f"{text[:20]} is no whole number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def listing(files: Mapping[str, bytes]) -> list[dict[str, Any]]:
    """What a manifest says of files: path, size and SM3 of each, in the order of their names."""
    return [
        {"path": name, "size": len(files[name]), "sm3": sm3(files[name]).hex()}
        for name in sorted(files)
        if name not in (MANIFEST, SIGNATURE)
    ]


def manifest_of(files: Mapping[str, bytes], **facts: Any) -> bytes:
    """The canonical manifest of these files."""
    return canonical({"kind": KIND, "schema": SCHEMA, **facts, "files": listing(files)})
