"""`yinzhao backup`: what comes back is what was there, and what was changed on the way is refused."""

from __future__ import annotations

import io
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from app import create_app
from app.commands.backup import MANIFEST, BackupError, backup, create, problems, restore
from app.config import Settings
from app.extensions import db, unit_of_work
from app.jobs.models import OutboxItem
from app.signing import system_signer
from app.storage import keep, read_all
from tests import factories

pytestmark = pytest.mark.database("sqlite")


@pytest.fixture
def source(app: Any, settings: Settings) -> Settings:
    """An installation with a person, two files, its key and a piece of work under way."""
    with app.app_context():
        factories.make_user("样例人员")
        with unit_of_work() as session:
            session.add(OutboxItem(kind="sample", payload={}, stage="handed", ordered_at=factories.clock.now()))
            for text in ("甲", "乙"):
                keep(io.BytesIO(text.encode()))
        system_signer()
        db.session.remove()
    (settings.data / "session.key").write_text("a sample")
    return settings


def _elsewhere(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "restored", testing=True, jobs="off", rate_limits=False)


def test_what_comes_back_is_what_was_there(source: Settings, tmp_path: Path) -> None:
    manifest = create(source, tmp_path / "copy")
    assert problems(tmp_path / "copy") == []
    target = _elsewhere(tmp_path)
    assert restore(target, tmp_path / "copy") == len(manifest["files"])
    app = create_app(target)
    with app.app_context():
        from app.accounts.models import User
        from app.storage import Blob

        assert db.session.scalar(select(func.count(User.id))) == 1
        texts = {read_all(blob.key).decode() for blob in db.session.scalars(select(Blob))}
        assert texts == {"甲", "乙"}
        # Nobody will report back for work of the old process: it begins again.
        assert db.session.scalars(select(OutboxItem.stage)).all() == ["waiting"]
        db.session.remove()
        db.engine.dispose()
    key = Path("keys") / "system.pem"
    assert (target.data / key).read_bytes() == (source.data / key).read_bytes()
    assert (target.data / key).stat().st_mode & 0o077 == 0


def test_a_backup_is_taken_while_somebody_writes(source: Settings, tmp_path: Path) -> None:
    from app.commands.backup import database_file

    writer = sqlite3.connect(database_file(source), isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("UPDATE user_account SET name = '未提交'")
    create(source, tmp_path / "copy")
    writer.execute("ROLLBACK")
    writer.close()
    assert problems(tmp_path / "copy") == []
    kept = sqlite3.connect(tmp_path / "copy" / "database.sqlite3")
    assert kept.execute("SELECT name FROM user_account").fetchall() == [("样例人员",)]
    kept.close()


@pytest.mark.parametrize("harm", ["changed", "removed", "added", "manifest", "path"])
def test_a_backup_that_was_touched_is_not_restored(harm: str, source: Settings, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    create(source, copy)
    victim = next(path for path in (copy / "blobs").rglob("*") if path.is_file())
    if harm == "changed":
        victim.write_bytes(b"other")
    elif harm == "removed":
        victim.unlink()
    elif harm == "added":
        (copy / "keys" / "more.pem").write_text("x")
    elif harm == "manifest":
        (copy / MANIFEST).write_text("{}")
    else:
        text = (copy / MANIFEST).read_text().replace('"session.key"', '"../session.key"')
        (copy / MANIFEST).write_text(text)
    target = _elsewhere(tmp_path)
    with pytest.raises(BackupError):
        restore(target, copy)
    assert not target.data.exists()


def test_a_file_that_is_not_the_registered_one_is_found(source: Settings, tmp_path: Path) -> None:
    """Also where the store was changed before the backup, so that the manifest itself is right."""
    victim = next(path for path in (source.data / "blobs").rglob("*") if path.is_file())
    victim.write_bytes(b"other")
    create(source, tmp_path / "copy")
    assert any(victim.name in sentence for sentence in problems(tmp_path / "copy"))


def test_a_missing_file_stops_the_backup(source: Settings, tmp_path: Path) -> None:
    next(path for path in (source.data / "blobs").rglob("*") if path.is_file()).unlink()
    with pytest.raises(BackupError, match="1 个"):
        create(source, tmp_path / "copy")


def test_nothing_is_overwritten(source: Settings, tmp_path: Path) -> None:
    create(source, tmp_path / "copy")
    with pytest.raises(BackupError, match="不是空的"):
        create(source, tmp_path / "copy")
    target = _elsewhere(tmp_path)
    target.data.mkdir()
    (target.data / "yinzhao.sqlite3").write_bytes(b"mine")
    with pytest.raises(BackupError, match="已经存在"):
        restore(target, tmp_path / "copy")
    assert (target.data / "yinzhao.sqlite3").read_bytes() == b"mine"


def test_postgresql_is_left_to_its_own_tool(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data", database_url="postgresql+psycopg://nobody@/none", testing=True)
    (settings.data / "keys").mkdir(parents=True)
    (settings.data / "keys" / "system.pem").write_text("样例")
    with pytest.raises(BackupError, match="pg_dump"):
        create(settings, tmp_path / "copy")
    shutil.rmtree(tmp_path / "copy")
    assert [entry["path"] for entry in create(settings, tmp_path / "copy", files_only=True)["files"]] == [
        "keys/system.pem"
    ]


def test_the_command_says_what_it_did(
    source: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YINZHAO_DATA", str(source.data))
    monkeypatch.setenv("DATABASE_URL", source.database_url)
    run, copy = CliRunner().invoke, str(tmp_path / "copy")
    made = run(backup, ["create", copy])
    assert made.exit_code == 0 and "清单 SM3" in made.output
    assert run(backup, ["verify", copy]).exit_code == 0
    (tmp_path / "copy" / "session.key").write_text("x")
    broken = run(backup, ["verify", copy])
    assert broken.exit_code == 1 and "内容与清单不符：session.key" in broken.output
    refused = run(backup, ["restore", copy])
    assert refused.exit_code == 1 and "没有通过核对" in refused.output
    monkeypatch.setenv("YINZHAO_THREADS", "many")
    assert run(backup, ["create", str(tmp_path / "other")]).exit_code == 2
