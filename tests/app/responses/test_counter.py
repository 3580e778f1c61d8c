"""The counter's register, the two persons of the opening, the differences of paper and electronic files."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts.models import Organisation
from app.audit import Event
from app.documents.models import Document
from app.errors import Denied, Refusal, WrongStage
from app.extensions import db, unit_of_work
from app.responses import counter, opening
from app.responses.models import PaperArrival, Response, Submission
from evaluation import credit
from evaluation.errors import EvaluationError
from evaluation.models import Candidate, Review
from tests import factories
from tests.app.responses.hall import make_hall
from tests.harness.statements import counted_statements


class Desk:
    """Staff and supervisor beside a vendor that has submitted."""

    def __init__(self) -> None:
        self.hall = make_hall()
        self.hall.add()
        self.hall.submit()
        self.recruitment = self.hall.recruitment
        self.people = factories.staffed(self.recruitment)
        self.staff, self.second, self.supervisor = (
            factories.actor(self.people[key], "staff" if key == "staff2" else key)
            for key in ("staff", "staff2", "supervisor")
        )

    def arrive(self, organisation: Any = None, **more: Any) -> PaperArrival:
        fields = {"vendor_name": "", "copies": 1, "sealed": True, "envelope_ok": True, **more}
        return counter.register_arrival(
            actor=fields.pop("actor", self.staff),
            recruitment=self.recruitment,
            organisation=organisation,
            **fields,
        )


@pytest.fixture
def desk(app: Flask, clock: Any) -> Any:
    with app.app_context():
        yield Desk()


def test_the_clock_says_what_is_late(desk: Desk, clock: Any) -> None:
    first = desk.arrive(desk.hall.organisation)
    assert (first.number, first.late, first.arrived_at) == (1, False, clock())
    assert first.vendor_name == desk.hall.organisation.name
    unknown = desk.arrive(vendor_name="样例未注册单位", sealed=False)
    assert (unknown.number, unknown.organisation_id) == (2, None)
    clock.set(desk.recruitment.closes_at)
    assert desk.arrive(vendor_name="样例迟到单位").late
    # What arrived in time and is entered later needs the reason; what has not arrived yet can't be entered.
    earlier = clock() - timedelta(hours=2)
    with pytest.raises(Refusal, match="arrival_needs_note"):
        desk.arrive(vendor_name="样例补登", arrived_at=earlier)
    assert not desk.arrive(vendor_name="样例补登", arrived_at=earlier, note="柜台停电，纸质登记在先").late
    with pytest.raises(Refusal, match="arrival_in_future"):
        desk.arrive(vendor_name="样例", arrived_at=clock() + timedelta(minutes=1))
    with pytest.raises(Refusal, match="arrival_too_early"):
        desk.arrive(vendor_name="样例", arrived_at=desk.recruitment.opens_at - timedelta(days=1), note="样例")
    with pytest.raises(Refusal, match="arrival_name_missing"):
        desk.arrive(vendor_name="  ")
    with pytest.raises(Refusal, match="arrival_copies_odd"):
        desk.arrive(vendor_name="样例", copies=-1)
    with pytest.raises(Refusal, match="arrival_not_vendor"):
        desk.arrive(desk.recruitment.organiser)
    with pytest.raises(EvaluationError):
        counter.vendor_of_code("914600000000000000")
    with pytest.raises(Denied):
        desk.arrive(vendor_name="样例", actor=desk.hall.vendor)
    assert counter.vendor_of_code(desk.hall.organisation.credit_code or "").id == desk.hall.organisation.id


def test_the_register_is_corrected_with_a_reason_and_closed_after_the_closing_time(
    desk: Desk, clock: Any
) -> None:
    row = desk.arrive(vendor_name="样例写错的单位", copies=2)
    fields = {"vendor_name": "", "copies": 1, "sealed": False, "envelope_ok": True}
    with pytest.raises(Refusal, match="reason_required"):
        counter.correct_arrival(actor=desk.staff, arrival=row, reason=" ", organisation=None, **fields)
    counter.correct_arrival(
        actor=desk.staff, arrival=row, reason="核对信用代码", organisation=desk.hall.organisation, **fields
    )
    assert (row.organisation_id, row.copies) == (desk.hall.organisation.id, 1)
    event = db.session.scalars(select(Event).where(Event.kind == "arrival.corrected")).one()
    assert (event.facts["before"]["copies"], event.facts["after"]["copies"]) == (2, 1)
    with pytest.raises(WrongStage, match="arrivals_before_closing"):
        counter.close_arrivals(actor=desk.staff, recruitment=desk.recruitment)
    clock.set(desk.recruitment.closes_at)
    with pytest.raises(Denied):
        counter.close_arrivals(actor=desk.supervisor, recruitment=desk.recruitment)
    counter.close_arrivals(actor=desk.staff, recruitment=desk.recruitment)
    for act in (
        lambda: counter.close_arrivals(actor=desk.staff, recruitment=desk.recruitment),
        lambda: desk.arrive(vendor_name="样例"),
        lambda: counter.correct_arrival(
            actor=desk.staff, arrival=row, reason="样例", organisation=None, **{**fields, "vendor_name": "样例"}
        ),
    ):
        with pytest.raises(WrongStage, match="arrivals_closed"):
            act()


def test_two_persons_open_and_paper_is_counted(desk: Desk, clock: Any) -> None:
    desk.arrive(desk.hall.organisation)
    desk.arrive(desk.hall.organisation, sealed=False)
    with pytest.raises(WrongStage, match="opening_not_now"):
        opening.approve_opening(actor=desk.staff, recruitment=desk.recruitment)
    clock.set(desk.recruitment.closes_at)
    with pytest.raises(WrongStage, match="opening_arrivals_open"):
        opening.approve_opening(actor=desk.staff, recruitment=desk.recruitment)
    counter.close_arrivals(actor=desk.staff, recruitment=desk.recruitment)
    with pytest.raises(WrongStage):
        opening.open_responses(actor=desk.staff, recruitment=desk.recruitment)
    opening.approve_opening(actor=desk.staff, recruitment=desk.recruitment)
    for actor, code in ((desk.staff, "second_person_needed"), (desk.second, "already_approved")):
        with pytest.raises(Refusal, match=code):
            opening.approve_opening(actor=actor, recruitment=desk.recruitment)
    for actor in (desk.staff, desk.hall.vendor):
        with pytest.raises(Refusal):
            opening.open_responses(actor=actor, recruitment=desk.recruitment)
    opening.approve_opening(actor=desk.supervisor, recruitment=desk.recruitment)
    opening.open_responses(actor=desk.supervisor, recruitment=desk.recruitment)
    (row,) = db.session.scalars(select(Candidate))
    assert {key: row.facts[key] for key in ("paper", "copies", "sealed", "envelope_ok")} == {
        "paper": True, "copies": 2, "sealed": False, "envelope_ok": True,
    }
    kinds = set(db.session.scalars(select(Document.kind)))
    assert {"opening_record", "response_register", "receipt"} <= kinds
    with pytest.raises(WrongStage):
        opening.open_responses(actor=desk.staff, recruitment=desk.recruitment)


def test_a_difference_counts_when_another_person_confirms_it(desk: Desk, clock: Any) -> None:
    note = {"response": desk.hall.response, "item": "2", "text": "纸质为新版执照"}
    with pytest.raises(WrongStage, match="difference_before_opening"):
        counter.note_difference(actor=desk.staff, **note)
    clock.set(desk.recruitment.closes_at)
    counter.close_arrivals(actor=desk.staff, recruitment=desk.recruitment)
    for actor in (desk.staff, desk.supervisor):
        opening.approve_opening(actor=actor, recruitment=desk.recruitment)
    opening.open_responses(actor=desk.staff, recruitment=desk.recruitment)
    with pytest.raises(Refusal, match="response_item_unknown"):
        counter.note_difference(actor=desk.staff, **{**note, "item": "99"})
    with pytest.raises(Refusal, match="difference_text_missing"):
        counter.note_difference(actor=desk.staff, **{**note, "text": " "})
    with pytest.raises(Denied):
        counter.note_difference(actor=desk.supervisor, **note)
    row = counter.note_difference(actor=desk.staff, **note)
    with pytest.raises(Refusal, match="second_person_needed"):
        counter.confirm_difference(actor=desk.staff, difference=row)
    counter.confirm_difference(actor=desk.supervisor, difference=row)
    assert row.second_by_id == desk.people["supervisor"].id
    with pytest.raises(WrongStage, match="difference_confirmed"):
        counter.confirm_difference(actor=desk.second, difference=row)
    assert counter.differences(desk.recruitment) == [row]
    # The panel reads it beside the vendor's documents.
    from app.review.packages import package

    (candidate,) = db.session.scalars(select(Candidate))
    assert [hint for hint in package(desk.recruitment, candidate).hints if "纸质为新版执照" in hint] == [
        "第 2 项纸质与电子文件不一致（两人已确认，以纸质文件为准）：纸质为新版执照"
    ]


@pytest.mark.database("sqlite")
def test_the_counter_and_the_opening_in_the_browser(app: Flask, client: FlaskClient, clock: Any) -> None:
    with app.app_context():
        desk = Desk()
        key, organisation = desk.recruitment.public_id, desk.hall.organisation
        closes, code, name = desk.recruitment.closes_at, organisation.credit_code, organisation.name
        supervisor = app.test_client()
        factories.login(client, desk.people["staff"])
        factories.login(supervisor, desk.people["supervisor"])
    base = f"/r/{key}"
    for path in ("responses", "arrivals", "opening", "differences"):
        assert client.get(f"{base}/{path}").status_code == 200
    bad = client.post(f"{base}/arrivals", data={"credit_code": "91460000000000000X", "copies": "1"})
    assert bad.status_code == 422 and "91460000000000000X" in bad.get_data(as_text=True)
    assert client.post(f"{base}/arrivals", data={"vendor_name": "样例", "copies": "很多"}).status_code == 422
    assert client.post(f"{base}/arrivals", data={"copies": "1"}).status_code == 422
    good = client.post(f"{base}/arrivals", data={"credit_code": code, "copies": "1", "sealed": "y"})
    assert good.status_code == 303
    page = client.get(f"{base}/arrivals").get_data(as_text=True)
    assert name in page and "不符合" in page
    ref = page.split("/arrivals/")[1].split('"')[0]
    entry = client.get(f"/arrivals/{ref}").get_data(as_text=True)
    version = entry.split('name="version" value="')[1].split('"')[0]
    change = {"credit_code": code, "copies": "1", "sealed": "y", "envelope_ok": "y", "reason": "复核封套"}
    assert client.post(f"/arrivals/{ref}", data={**change, "version": "99"}).status_code == 409
    assert client.post(f"/arrivals/{ref}", data={**change, "version": version}).status_code == 303
    assert supervisor.post(f"{base}/arrivals", data=change).status_code == 403
    assert client.post(f"{base}/arrivals/close").status_code == 409
    assert client.post(f"{base}/opening/approve").status_code == 409
    clock.set(closes)
    assert client.post(f"{base}/arrivals/close").status_code == 303
    assert client.post(f"{base}/opening").status_code == 409
    assert "确认可以启封" in client.get(f"{base}/opening").get_data(as_text=True)
    assert client.post(f"{base}/opening/approve").status_code == 303
    assert "等待监督人员确认" in client.get(f"{base}/opening").get_data(as_text=True)
    assert name not in client.get(f"{base}/responses").get_data(as_text=True)
    assert supervisor.post(f"{base}/opening/approve").status_code == 303
    assert "可以启封 1 份" in supervisor.get(f"{base}/opening").get_data(as_text=True)
    assert supervisor.post(f"{base}/opening").status_code == 303
    assert name in client.get(f"{base}/responses").get_data(as_text=True)
    page = client.get(f"{base}/differences").get_data(as_text=True)
    ref = page.split('<option value="')[1].split('"')[0]
    noted = {"response": ref, "item": "2", "text": "样例差异"}
    assert client.post(f"{base}/differences", data={**noted, "text": ""}).status_code == 422
    assert client.post(f"{base}/differences", data=noted).status_code == 303
    waiting = supervisor.get(f"{base}/differences").get_data(as_text=True)
    confirm = "/differences/" + waiting.split('action="/differences/')[1].split('"')[0]
    assert client.post(confirm).status_code == 422
    assert supervisor.post(confirm).status_code == 303
    assert "，以纸质文件为准" in client.get(f"{base}/differences").get_data(as_text=True)


@pytest.mark.database("sqlite")
def test_the_list_of_a_thousand_responses_asks_as_often_as_that_of_ten(
    app: Flask, client: FlaskClient, clock: Any
) -> None:
    def more(first: int, last: int) -> None:
        with app.app_context(), unit_of_work() as session:
            for number in range(first, last):
                organisation = Organisation(
                    kind="vendor",
                    name=f"样例服务商{number}",
                    credit_code=credit.make_sample(f"91460001{number:09d}"),
                    created_at=clock(),
                )
                row = Response(
                    recruitment_id=recruitment,
                    organisation=organisation,
                    stage="opened",
                    submitted_at=clock(),
                    candidate=Candidate(
                        review_id=review, number=number, name=organisation.name, credit_code=organisation.credit_code
                    ),
                )
                row.submission = Submission(
                    response=row,
                    number=1,
                    kind="submit",
                    plan_digest="x",
                    manifest={"files": []},
                    manifest_sm3="x",
                    received_at=clock(),
                    by_id=staff,
                )
                session.add(row)

    with app.app_context():
        room = factories.make_recruitment("opened", opened_at=clock())
        people = factories.staffed(room)
        factories.login(client, people["staff"])
        with unit_of_work() as session:
            made = Review(plan_digest="x", rules={}, seats=5, created_at=clock())
            session.add(made)
            session.flush()
            room.review_id = made.id
        recruitment, review, staff = room.id, made.id, people["staff"].id
        path, engine = f"/r/{room.public_id}/responses", db.engine
        db.session.remove()
    more(1, 11)
    client.get(path)
    with counted_statements(engine) as few:
        assert client.get(path).status_code == 200
    more(11, 1001)
    with counted_statements(engine) as many:
        page = client.get(path).get_data(as_text=True)
    assert "共 1000 条" in page
    assert len(many) == len(few) < 30
