"""The way of a response from its beginning to the opening, and what is refused on it."""

from __future__ import annotations

import io
from typing import Any

import pytest
from sqlalchemy import select

from app import lifecycle
from app.audit import Event, canonical, sm3_hex
from app.errors import Conflict, Denied, Refusal, WrongStage
from app.extensions import db, unit_of_work
from app.responses import actions
from app.responses.opening import open_responses
from evaluation.models import Candidate
from tests import factories
from tests.app.responses.test_content import pdf


@pytest.fixture
def begun(app: Any, clock: Any) -> Any:
    with app.app_context():
        recruitment = factories.make_recruitment()
        organisation, user = factories.make_vendor()
        vendor = factories.actor(user, "vendor")
        yield recruitment, vendor, actions.begin(actor=vendor, recruitment=recruitment, organisation=organisation)


def add(vendor: Any, response: Any, data: bytes | None = None) -> Any:
    return actions.add_file(
        actor=vendor, response=response, item="1", name="../机密标题.pdf", source=io.BytesIO(data or pdf())
    )


def seen(response: Any) -> str:
    return sm3_hex(canonical(actions.manifest(response)))


def test_submit_replace_withdraw_and_open(begun: Any, clock: Any) -> None:
    recruitment, vendor, response = begun
    add(vendor, response)
    with pytest.raises(Refusal, match="response_items_missing"):
        actions.submit(actor=vendor, response=response, seen_sm3=seen(response))
    first = actions.submit(actor=vendor, response=response, seen_sm3=seen(response), accept_missing=True)
    old = first.manifest_sm3
    add(vendor, response)
    assert response.submission_id == first.id
    with pytest.raises(Conflict):
        actions.submit(actor=vendor, response=response, seen_sm3=old, accept_missing=True)
    actions.withdraw(actor=vendor, response=response)
    assert (response.stage, response.submission_id) == ("withdrawn", None)
    last = actions.submit(actor=vendor, response=response, seen_sm3=seen(response), accept_missing=True)
    assert last.number == 3

    people = factories.staffed(recruitment)
    staff, supervisor = (factories.actor(people[role], role) for role in ("staff", "supervisor"))
    with pytest.raises(WrongStage):
        open_responses(actor=staff, recruitment=recruitment)
    clock.set(recruitment.closes_at)
    with pytest.raises(WrongStage, match="response_not_accepting"):
        add(vendor, response)
    with pytest.raises(WrongStage, match="response_not_accepting"):
        actions.submit(actor=vendor, response=response, seen_sm3=seen(response), accept_missing=True)
    with unit_of_work():
        recruitment.arrivals_closed_at = clock()
        lifecycle.approve(recruitment, "open", actor=staff)
    with pytest.raises(WrongStage):
        open_responses(actor=staff, recruitment=recruitment)
    with unit_of_work():
        lifecycle.approve(recruitment, "open", actor=supervisor)
    review = open_responses(actor=supervisor, recruitment=recruitment)
    (candidate,) = db.session.scalars(select(Candidate).where(Candidate.review_id == review.id))
    assert response.stage == "opened" and response.candidate_id == candidate.id and recruitment.opened_at
    assert not [event for event in db.session.scalars(select(Event)) if "机密标题" in str(event.facts)]


def test_foreign_vendor_and_bad_file_change_nothing(begun: Any) -> None:
    _recruitment, vendor, response = begun
    stranger = factories.actor(factories.make_vendor()[1], "vendor")
    with pytest.raises(Denied, match="response_not_own"):
        add(stranger, response)
    with pytest.raises(Refusal, match="response_file_damaged"):
        add(vendor, response, b"%PDF-1.7 cut")
    assert actions.present_files(response) == []


def test_who_serves_the_organiser_cannot_respond(begun: Any) -> None:
    recruitment = begun[0]
    organisation, user = factories.make_vendor()
    factories.enrol(user, recruitment, "staff")
    with pytest.raises(Denied, match="response_other_role"):
        actions.begin(actor=factories.actor(user, "vendor"), recruitment=recruitment, organisation=organisation)


def test_a_file_beyond_the_limit_leaves_no_bytes(begun: Any, app: Any) -> None:
    _recruitment, vendor, response = begun
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update={"max_file_bytes": 1024})
    with pytest.raises(Refusal, match="response_file_too_big"):
        add(vendor, response, pdf() + b" " * 4096)
    blobs = app.config["SETTINGS"].data / "blobs"
    assert not [path for path in blobs.rglob("*") if path.is_file()]
    assert actions.present_files(response) == []
