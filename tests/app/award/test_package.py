"""The award package as it leaves the system: recomputed by strangers, redacted by policy, valid OCDS."""

from __future__ import annotations

import copy
import csv
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from flask import Flask
from sqlalchemy import select

from app.audit import SYSTEM
from app.award import actions
from app.award.build import prepare
from app.commands.award import award
from app.documents.catalogue import KINDS
from app.errors import Refusal
from app.extensions import db, unit_of_work
from app.storage import read_all
from evaluation.models import Candidate, Expert, Review
from evaluation.package import parse, read_package
from evaluation.recompute import recompute
from tests.app.award.decided import decided_room, go_public
from tests.app.review.room import Room, make_room

OCDS = Path(__file__).resolve().parents[2] / "data" / "ocds"


def merged(base: Any, patch: Any) -> Any:
    """JSON Merge Patch (RFC 7396), by which an extension changes the release schema."""
    if not isinstance(base, dict) or not isinstance(patch, dict):
        return patch
    found = dict(base)
    for key, value in patch.items():
        if value is None:
            found.pop(key, None)
        else:
            found[key] = merged(found.get(key), value)
    return found


def load(name: str) -> Any:
    return json.loads((OCDS / name).read_text(encoding="utf-8"))


def validators() -> tuple[Any, Any]:
    """The pinned official schema with the bids extension: for a release package, and for one release."""
    release = merged(load("release-schema.json"), load("bids-release-schema.json"))
    package = copy.deepcopy(load("release-package-schema.json"))
    package["properties"]["releases"]["items"] = {"type": "object"}
    checker = jsonschema.FormatChecker()
    return (
        jsonschema.Draft4Validator(package, format_checker=checker),
        jsonschema.Draft4Validator(release, format_checker=checker),
    )


def codelist(name: str) -> set[str]:
    with open(OCDS / "codelists" / name, encoding="utf-8", newline="") as handle:
        return {row["Code"] for row in csv.DictReader(handle)}


def check_ocds(data: Any) -> None:
    whole, one = validators()
    assert [error.message for error in whole.iter_errors(data)] == []
    for release in data["releases"]:
        assert [f"{list(error.path)}: {error.message}" for error in one.iter_errors(release)] == []
    tags = [tag for release in data["releases"] for tag in release["tag"]]
    assert set(tags) <= codelist("releaseTag.csv") and tags[:2] == ["planning", "tender"]
    assert len({release["id"] for release in data["releases"]}) == len(data["releases"])
    for release in data["releases"]:
        for party in release.get("parties", []):
            assert set(party["roles"]) <= codelist("partyRole.csv")
        tender = release.get("tender", {})
        for key, name in (
            ("status", "tenderStatus.csv"), ("awardCriteria", "awardCriteria.csv"), ("procurementMethod", "method.csv"),
        ):
            assert key not in tender or tender[key] in codelist(name)
        assert set(tender.get("submissionMethod", [])) <= codelist("submissionMethod.csv")
        for document in tender.get("documents", []):
            assert document["documentType"] in codelist("documentType.csv")
        for bid in release.get("bids", {}).get("details", []):
            assert bid["status"] in codelist("bidStatus.csv")
        for row in release.get("bids", {}).get("statistics", []):
            assert row["measure"] in codelist("bidStatistics.csv")
        assert {row["status"] for row in release.get("awards", [])} <= codelist("awardStatus.csv")
        assert {row["status"] for row in release.get("contracts", [])} <= codelist("contractStatus.csv")
    # The validator is no ornament: it finds what is wrong.
    assert list(one.iter_errors({**data["releases"][0], "tag": ["nonsense"]}))


def bytes_of(document: Any) -> bytes:
    return read_all(document.blob_key)


def test_packages_recompute_at_every_level_of_names_and_tell_no_more_than_it(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        room = decided_room()
        recruitment = room.recruitment
        with pytest.raises(Refusal, match="award_not_public"):
            actions.publish(recruitment, actor=SYSTEM)
        with pytest.raises(Refusal, match="award_names_closed"):
            actions.export(actor=SYSTEM, recruitment=recruitment, level="real")
        go_public(room)
        vendors = list(db.session.scalars(select(Candidate)))
        experts = list(db.session.scalars(select(Expert)))
        made = {
            level: bytes_of(actions.export(actor=SYSTEM, recruitment=recruitment, level=level))
            for level in ("real", "pseudonymous", "none")
        }
        for level, data in made.items():
            outcome = recompute(data)
            assert outcome.ok, (level, [row.sentence for row in outcome.differences])
            assert [vendor for _, vendor, _ in outcome.ranking] == [1, 2, 4] and outcome.facts["names"] == level
            files = read_package(data)
            check_ocds(json.loads(files["ocds/releases.json"]))
            told = b"".join(content for name, content in files.items() if name != "plan/plan.toml")
            for vendor in vendors:
                for text in (vendor.name, vendor.credit_code):
                    assert (text.encode() in told) is (level != "none")
            for expert in experts:
                assert (expert.name.encode() in told) is (level == "real")
            for text in ("样例：没有提供证明", "样例：证明不足", "营业执照.pdf"):
                assert (text.encode() in told) is (level == "real")
        _same_state_same_bytes(room, made)
        _published(room)
        _command(app, room, tmp_path, made)


def _same_state_same_bytes(room: Room, made: dict[str, bytes]) -> None:
    recruitment = room.recruitment
    for level, data in made.items():
        assert bytes_of(actions.export(actor=SYSTEM, recruitment=recruitment, level=level)) == data
    before, again = prepare(recruitment, "none"), prepare(recruitment, "none")
    assert before.files == again.files and before.state == again.state


def _published(room: Room) -> None:
    recruitment = room.recruitment
    assert actions.policy(recruitment) == "pseudonymous" and actions.published(recruitment) is None
    document = KINDS["award_package"].issue(recruitment, actor=SYSTEM)
    assert document.audience == "public" and recompute(bytes_of(document)).facts["names"] == "pseudonymous"
    assert KINDS["award_package"].issue(recruitment, actor=SYSTEM).id == document.id
    with unit_of_work() as session:
        review = session.get_one(Review, recruitment.review_id)
        review.rules = {**review.rules, "award": {**review.rules.get("award", {}), "names": "none"}}
    later = KINDS["award_package"].issue(recruitment, actor=SYSTEM)
    assert later.facts["names"] == "none" and document.superseded_at is not None
    assert actions.published(recruitment) == later


def _command(app: Flask, room: Room, folder: Path, made: dict[str, bytes]) -> None:
    runner, out = app.test_cli_runner(), folder / "out.zip"
    base = ["export", room.recruitment.public_id, "--out", str(out), "--names", "none"]
    done = runner.invoke(award, base)
    assert done.exit_code == 0, done.output
    assert out.read_bytes() == made["none"] and "SM3" in done.output
    assert parse(read_package(out.read_bytes()), "review/vendors.json")["vendors"][0]["label"] == "1号响应服务商"
    for unknown in ("nobody", "-nobody", "--nobody"):
        missing = runner.invoke(award, ["export", unknown, "--out", str(out)])
        assert missing.exit_code == 1 and f"没有编号为 {unknown} 的招募" in missing.output


def test_there_is_nothing_to_export_before_a_ranking(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        room = make_room(2)
        with pytest.raises(Refusal, match="award_not_ranked"):
            actions.export(actor=SYSTEM, recruitment=room.recruitment, level="none")
        with pytest.raises(Refusal, match="award_names_level"):
            actions.check_level("all")
        base = ["export", room.recruitment.public_id, "--out", str(tmp_path / "x.zip")]
        done = app.test_cli_runner().invoke(award, base)
        assert done.exit_code == 1 and "还没有形成排名" in done.output
        assert not (tmp_path / "x.zip").exists()
