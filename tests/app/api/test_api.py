"""The public interface: described rightly, and silent about what is not public yet."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from app import create_app
from app.api.openapi import STAGES as DESCRIBED_STAGES
from app.api.openapi import document
from app.config import Settings
from app.extensions import db, unit_of_work
from app.publication.models import Amendment, PlanVersion, Question, Recruitment
from app.wording import STAGES
from evaluation.models import Candidate, RankEntry
from tests import factories
from tests.harness.clock import HandClock
from tests.harness.statements import counted_statements

RESULT_STAGES = ("publicity", "awarded", "integration", "promotion", "archived")
BEFORE = ("published", "opened", "qualification", "scoring", "reported")


def _check(data: Any, schema: str) -> None:
    """Hold an answer against the interface's own description."""
    described = document()
    root = {"$ref": f"#/components/schemas/{schema}", "components": described["components"]}
    Draft202012Validator(root).validate(data)


def _make(stage: str) -> Recruitment:
    """A recruitment with published and unpublished things, and a ranking that must keep its time."""
    from tests.app.review.room import make_room

    room = make_room(vendors=2, stage=stage)
    recruitment, now = room.recruitment, factories.clock.now()
    common = {"recruitment_id": recruitment.id, "created_by_id": recruitment.created_by_id, "created_at": now}
    with unit_of_work() as session:
        session.add_all(
            [
                Amendment(number=1, stage="published", title="已发布的补充", text="公开", published_at=now, **common),
                Amendment(number=2, stage="draft", title="未发布的补充", text="草稿", **common),
                Question(
                    recruitment_id=recruitment.id, stage="published", text="公开的提问", answer="公开的答复",
                    asked_at=now, published_at=now, asked_by_id=room.people["staff2"].id,
                ),
                Question(recruitment_id=recruitment.id, text="未答复的提问", asked_at=now),
            ]
        )
        for number in (1, 2):
            candidate = session.merge(room.candidate(number))
            # Who is selected is decided with the award, after the publicity.
            awarded = "selected" if number == 1 else "reserve"
            candidate.stage = awarded if stage in ("awarded", "integration", "promotion") else "qualified"
            session.add(
                RankEntry(
                    review_id=room.review.id, candidate_id=candidate.id, rank=number,
                    total=Decimal("451.5"), seats=5, score=Decimal("90.3"), objective_total=Decimal("60"),
                )
            )
    return recruitment


def test_the_description_is_valid_and_complete(app: Flask, client: FlaskClient) -> None:
    answer = client.get("/api/v1/openapi.json")
    assert answer.status_code == 200 and answer.json == json.loads(json.dumps(document()))
    OpenAPIV31SpecValidator(answer.json).validate()
    routes = {
        str(rule).removeprefix("/api/v1").replace("<", "{").replace(">", "}")
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("api.")
    }
    assert routes == set(answer.json["paths"])
    assert set(DESCRIBED_STAGES) == set(STAGES["recruitment"]) - {"draft"}


def test_everything_public_is_there_as_described(app: Flask, client: FlaskClient, clock: HandClock) -> None:
    with app.app_context():
        ref = _make("publicity").public_id
    listed = client.get("/api/v1/recruitments").json
    _check(listed, "Page")
    assert [item["id"] for item in listed["items"]] == [ref]
    found = client.get(f"/api/v1/recruitments/{ref}").json
    _check(found, "Recruitment")
    assert found["closes_at"] == "2023-07-07T17:30:00+08:00"
    assert found["schedule"]["publicity_end"] == "2023-07-21"
    assert any("服务商的资质" in json.dumps(entry, ensure_ascii=False) for entry in found["plan"]["sections"])
    assert found["plan"]["sm3"] == found["plan"]["versions"][0]["sm3"]
    assert [entry["title"] for entry in found["amendments"]] == ["已发布的补充"]
    assert [entry["question"] for entry in found["questions"]] == ["公开的提问"]
    assert [(row["rank"], row["score"], row["outcome"]) for row in found["result"]["ranking"]] == [
        (1, "90.30", "拟入选"),
        (2, "90.30", "拟入选"),
    ]


@pytest.mark.parametrize("stage", BEFORE)
@pytest.mark.database("sqlite")
def test_nothing_of_the_result_before_its_publicity(app: Flask, client: FlaskClient, stage: str) -> None:
    with app.app_context():
        recruitment = _make(stage)
        ref = recruitment.public_id
        names = [row.name for row in db.session.scalars(db.select(Candidate))]
    answer = client.get(f"/api/v1/recruitments/{ref}")
    assert answer.json["result"] is None
    text = answer.get_data(as_text=True)
    hidden = [*names, "90.3", "样例人员", "样例复核人员", "未答复的提问", "草稿"]
    assert names and [word for word in hidden if word in text] == []


@pytest.mark.database("sqlite")
def test_a_suspended_recruitment_shows_what_it_showed_before(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        seen = {}
        for before in ("publicity", "scoring"):
            recruitment = _make("suspended")
            with unit_of_work():
                db.session.merge(recruitment).stage_before = before
            seen[before] = recruitment.public_id
    assert client.get(f"/api/v1/recruitments/{seen['publicity']}").json["result"] is not None
    assert client.get(f"/api/v1/recruitments/{seen['scoring']}").json["result"] is None


def test_a_draft_does_not_exist(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        draft = factories.make_recruitment("draft")
        people = factories.staffed(draft)
        ref = draft.public_id
        factories.login(client, people["staff"])
    for path in (ref, "no-such-id"):
        answer = client.get(f"/api/v1/recruitments/{path}")
        assert answer.status_code == 404 and answer.content_type == "application/problem+json"
        _check(answer.json, "Problem")
    assert client.get("/api/v1/recruitments").json["total"] == 0


@pytest.mark.parametrize("query", ["state=secret", "page=0", "page=x", "page=99999999999"])
@pytest.mark.database("sqlite")
def test_a_wrong_parameter_is_explained(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/api/v1/recruitments?{query}")
    assert answer.status_code == 400 and answer.content_type == "application/problem+json"
    assert "参数" in answer.json["detail"]
    _check(answer.json, "Problem")


@pytest.mark.database("sqlite")
def test_it_can_only_be_read(client: FlaskClient) -> None:
    answer = client.post("/api/v1/recruitments", json={})
    assert answer.status_code == 405 and answer.content_type == "application/problem+json"


def test_the_list_asks_as_often_for_many_as_for_few(app: Flask, client: FlaskClient, clock: HandClock) -> None:
    def asked() -> int:
        with app.app_context(), counted_statements(db.engine) as seen:
            assert client.get("/api/v1/recruitments?state=running").status_code == 200
        return len(seen)

    with app.app_context():
        factories.make_recruitment("published")
    few = asked()
    with app.app_context():
        first = db.session.scalars(db.select(Recruitment)).one()
        version = db.session.scalars(db.select(PlanVersion)).one()
        with unit_of_work() as session:
            for number in range(30):
                session.add(
                    Recruitment(
                        title=f"样例{number}", stage="published", organiser_id=first.organiser_id,
                        created_by_id=first.created_by_id, created_at=first.created_at,
                        plan_bytes=version.plan_bytes, plan_digest=version.digest,
                        published_at=first.published_at, closes_at=first.closes_at,
                    )
                )
    assert asked() == few


def test_health_tells_what_is_out_of_reach(app: Flask, client: FlaskClient, settings: Settings) -> None:
    fine = client.get("/api/v1/health")
    _check(fine.json, "Health")
    assert fine.status_code == 200 and fine.json["status"] == "ok"
    blobs = settings.data / "blobs"
    shutil.rmtree(blobs)
    blobs.write_text("not a folder")
    broken = client.get("/api/v1/health")
    _check(broken.json, "Health")
    assert broken.status_code == 503 and (broken.json["database"], broken.json["storage"]) == ("ok", "failed")


@pytest.mark.database("sqlite")
def test_health_without_tables(settings: Settings, tmp_path: Any) -> None:
    bare = create_app(settings.model_copy(update={"database_url": f"sqlite:///{tmp_path / 'bare.sqlite'}"}))
    answer = bare.test_client().get("/api/v1/health")
    assert answer.status_code == 503 and answer.json["database"] == "failed"


def test_the_open_ones_by_the_clock(app: Flask, client: FlaskClient, clock: HandClock) -> None:
    with app.app_context():
        factories.make_recruitment("published")
    assert client.get("/api/v1/recruitments?state=open").json["total"] == 1
    clock.advance(timedelta(days=40))
    assert client.get("/api/v1/recruitments?state=open").json["total"] == 0
    found = client.get("/api/v1/recruitments").json["items"][0]
    assert (found["stage"], found["stage_name"]) == ("closed", "已截止")
