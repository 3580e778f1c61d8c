"""`yinzhao backup`: a copy of database, files and keys that can be checked and put back.

The database is copied first, while the service runs (SQLite's online backup); the files it lists are
copied after it, and no listed file is ever changed. `manifest.json` holds size and SM3 of every file.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from sqlalchemy.engine import make_url

from app import clock
from app.config import Settings, SettingsError, load_settings
from app.storage import FolderStore

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "database.sqlite3"
PIECE = 1024 * 1024


class BackupError(Exception):
    """Why a copy can't be made or put back; the message is for the person at the command line."""


def database_file(settings: Settings) -> Path:
    """Where the SQLite file of these settings lies. Raises BackupError for PostgreSQL."""
    url = make_url(settings.sqlalchemy_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        raise BackupError(
            "数据库为 PostgreSQL：请用 pg_dump 备份数据库（见 docs/operations.md），文件与密钥加 --files-only 备份。"
        )
    return Path(url.database)


def _sm3(path: Path) -> tuple[int, str]:
    digest, size = hashlib.new("sm3"), 0
    with path.open("rb") as handle:
        while piece := handle.read(PIECE):
            digest.update(piece)
            size += len(piece)
    return size, digest.hexdigest()


def _private_folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def _copy(source: Path, target: Path) -> None:
    _private_folder(target.parent)
    shutil.copyfile(source, target)
    os.chmod(target, 0o600)


def _listed_blobs(database: Path) -> Iterator[tuple[str, int, str]]:
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        yield from connection.execute("SELECT key, size, sm3 FROM blob ORDER BY key")


def _snapshot(source: Path, target: Path) -> None:
    if not source.is_file():
        raise BackupError(f"没有找到数据库文件 {source}。请核对 YINZHAO_DATA 或 DATABASE_URL。")
    with (
        contextlib.closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as live,
        contextlib.closing(sqlite3.connect(target)) as copy,
    ):
        live.backup(copy, pages=1024, sleep=0.01)
        copy.execute("PRAGMA journal_mode=DELETE")
    os.chmod(target, 0o600)


def create(settings: Settings, target: Path, *, files_only: bool = False) -> dict[str, Any]:
    """Write a backup into `target`, which must be new or empty; returns the manifest.

    Raises BackupError where the database is no SQLite file (unless `files_only`), the target is in use, or a
    stored file is missing. Uploads under way are not part of a backup.
    """
    if target.exists() and any(target.iterdir()):
        raise BackupError(f"目标文件夹 {target} 不是空的。请换一个新的文件夹。")
    _private_folder(target)
    if not files_only:
        _snapshot(database_file(settings), target / DATABASE)
    if settings.blob_store == "folder":
        _copy_blobs(settings, target)
    for path in sorted((settings.data / "keys").rglob("*")):
        if path.is_file():
            _copy(path, target / path.relative_to(settings.data))
    if (settings.data / "session.key").is_file():
        _copy(settings.data / "session.key", target / "session.key")
    manifest = {
        "format": FORMAT,
        "made_at": clock.now().isoformat(),
        "blob_store": settings.blob_store,
        "files": [
            dict(zip(("path", "size", "sm3"), (name, *_sm3(target / name)), strict=True))
            for name in _present(target)
        ],
    }
    (target / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return manifest


def _copy_blobs(settings: Settings, target: Path) -> None:
    store, database = FolderStore(settings.data / "blobs"), target / DATABASE
    if database.exists():
        keys = [key for key, _size, _sm3 in _listed_blobs(database)]
    else:
        keys = sorted(path.name for path in store.root.glob("??/*") if path.suffix != ".part")
    missing = []
    for key in keys:
        source = store.path(key)
        if source.is_file():
            _copy(source, target / "blobs" / key[:2] / key)
        else:
            missing.append(key)
    if missing:
        raise BackupError(
            f"数据库登记的文件有 {len(missing)} 个不在存储中（例如 {missing[0]}），备份不完整，请先查明原因。"
        )


def _present(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.name != MANIFEST
    )


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a backup. Raises BackupError where there is none that this version reads."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        entries = [(entry["path"], entry["size"], entry["sm3"]) for entry in manifest["files"]]
    except (OSError, ValueError, KeyError, TypeError):
        raise BackupError(f"{folder} 不是完整的备份：缺少或无法读取 {MANIFEST}。") from None
    if manifest.get("format") != FORMAT:
        raise BackupError("这个备份由其他版本的程序制作，请用相应版本恢复。")
    if any(Path(name).is_absolute() or ".." in Path(name).parts for name, _size, _digest in entries):
        raise BackupError(f"{MANIFEST} 中有不允许的路径。")
    return manifest


def problems(folder: Path) -> list[str]:
    """What is wrong with a backup, one sentence each; empty where every file and the database hold."""
    manifest = read_manifest(folder)
    listed = {entry["path"]: (entry["size"], entry["sm3"]) for entry in manifest["files"]}
    found = [f"多出文件：{name}" for name in _present(folder) if name not in listed]
    for name, expected in listed.items():
        path = folder / name
        if not path.is_file():
            found.append(f"缺少文件：{name}")
        elif _sm3(path) != expected:
            found.append(f"内容与清单不符：{name}")
    if not found and (folder / DATABASE).exists():
        found += _database_problems(folder, listed, manifest.get("blob_store") == "folder")
    return found


def _database_problems(folder: Path, listed: dict[str, tuple[int, str]], with_blobs: bool) -> list[str]:
    try:
        with contextlib.closing(
            sqlite3.connect(f"file:{folder / DATABASE}?mode=ro&immutable=1", uri=True)
        ) as connection:
            state = connection.execute("PRAGMA integrity_check").fetchone()[0]
        if state != "ok":
            return [f"数据库文件损坏：{state}"]
        if not with_blobs:
            return []
        return [
            f"文件与数据库登记的摘要不符：{key}"
            for key, size, sm3 in _listed_blobs(folder / DATABASE)
            if listed.get(f"blobs/{key[:2]}/{key}") != (size, sm3)
        ]
    except sqlite3.DatabaseError as error:
        return [f"数据库文件无法读取：{error}"]


def restore(settings: Settings, folder: Path) -> int:
    """Put a checked backup into the empty data folder of these settings; returns the number of files.

    Raises BackupError where the backup doesn't hold or there is a database already. Side effect: background
    work that was under way at the time of the backup is set to begin again.
    """
    if wrong := problems(folder):
        raise BackupError("备份没有通过核对，未恢复任何内容：\n" + "\n".join(wrong[:20]))
    manifest = read_manifest(folder)
    has_database = (folder / DATABASE).exists()
    target = database_file(settings) if has_database else None
    if target is not None and target.exists():
        raise BackupError(f"{target} 已经存在。请先停止服务，并将原数据文件夹移走或改名，再恢复。")
    _private_folder(settings.data)
    for entry in manifest["files"]:
        if entry["path"] != DATABASE:
            _copy(folder / entry["path"], settings.data / entry["path"])
    if target is not None:
        # Last and under another name: a restore that breaks off leaves no database that looks whole.
        partial = target.with_suffix(".restoring")
        _copy(folder / DATABASE, partial)
        with contextlib.closing(sqlite3.connect(partial)) as connection:
            connection.execute("UPDATE outbox_item SET stage = 'waiting' WHERE stage = 'handed'")
            connection.commit()
        os.replace(partial, target)
        # Workflows of another time must not claim that work of this database is done.
        for suffix in ("", "-wal", "-shm"):
            (settings.data / f"jobs.sqlite3{suffix}").unlink(missing_ok=True)
    return len(manifest["files"])


@click.group("backup")
def backup() -> None:
    """备份与恢复（SQLite 数据库、文件与密钥）。"""


@contextlib.contextmanager
def _told() -> Iterator[Settings]:
    try:
        yield load_settings()
    except SettingsError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    except BackupError as error:
        click.echo(str(error), err=True)
        sys.exit(1)


@backup.command("create")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--files-only", is_flag=True, help="只备份文件与密钥（数据库为 PostgreSQL 时）。")
def create_command(folder: Path, files_only: bool) -> None:
    """备份到新的文件夹 FOLDER；服务可以照常运行。"""
    with _told() as settings:
        manifest = create(settings, folder, files_only=files_only)
        size = sum(entry["size"] for entry in manifest["files"])
        click.echo(f"已备份 {len(manifest['files'])} 个文件，共 {size / 1024**2:.1f} MB：{folder}")
        click.echo(f"清单 SM3：{_sm3(folder / MANIFEST)[1]}（请另行抄存，恢复前可核对）")
        if settings.blob_store != "folder":
            click.echo("文件存放在 S3 存储桶中，未包含在内，请按存储桶的办法另行备份。")


@backup.command("verify")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
def verify_command(folder: Path) -> None:
    """核对备份 FOLDER；有一处不符时以 1 退出。"""
    with _told():
        wrong = problems(folder)
        click.echo(f"清单 SM3：{_sm3(folder / MANIFEST)[1]}")
        if wrong:
            raise BackupError("\n".join(wrong))
        click.echo("备份完整：全部文件与清单一致，数据库可以读取。")


@backup.command("restore")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
def restore_command(folder: Path) -> None:
    """将备份 FOLDER 恢复到空的数据文件夹；已有数据库时拒绝。"""
    with _told() as settings:
        count = restore(settings, folder)
        click.echo(f"已恢复 {count} 个文件到 {settings.data}。请运行 yinzhao db upgrade，再启动服务。")
