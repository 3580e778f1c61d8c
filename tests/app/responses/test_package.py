"""Details, checks, amendments, two tabs, and what the opening makes of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app import lifecycle
from app.audit import Event
from app.errors import Conflict, Denied, Refusal, WrongStage
from app.extensions import db, unit_of_work
from app.publication.models import Amendment
from app.responses import actions, counter, opening, package
from app.responses.models import Response, ResponseFile, Submission
from evaluation.models import Candidate
from tests import factories
from tests.app.responses.hall import Hall, enter, make_hall, pdf, submit


@pytest.fixture
def hall(app: Flask, clock: Any) -> Any:
    with app.app_context():
        yield make_hall()


def amend(hall: Hall, clock: Any, digest: str, *, touches: bool = True) -> None:
    """A published amendment: a new plan digest is in force."""
    clock.advance(hours=1)
    number = db.session.scalar(select(db.func.count()).select_from(Amendment))
    with unit_of_work() as session:
        hall.recruitment.plan_digest = digest
        session.add(
            Amendment(
                recruitment_id=hall.recruitment.id,
                number=number + 1,
                stage="published",
                title="样例补充公告",
                text="样例",
                touches_responses=touches,
                created_by_id=hall.recruitment.created_by_id,
                created_at=clock(),
                published_at=clock(),
                digest=digest,
            )
        )


def open_all(hall: Hall, clock: Any) -> list[Candidate]:
    people = factories.staffed(hall.recruitment)
    staff, supervisor = (factories.actor(people[role], role) for role in ("staff", "supervisor"))
    clock.set(hall.recruitment.closes_at)
    counter.close_arrivals(actor=staff, recruitment=hall.recruitment)
    opening.approve_opening(actor=staff, recruitment=hall.recruitment)
    opening.approve_opening(actor=supervisor, recruitment=hall.recruitment)
    review = opening.open_responses(actor=staff, recruitment=hall.recruitment)
    return list(
        db.session.scalars(
            select(Candidate).where(Candidate.review_id == review.id).order_by(Candidate.number)
        )
    )


def test_details_are_versioned_and_belong_to_the_submission(hall: Hall) -> None:
    version = hall.response.version
    actions.set_details(
        actor=hall.vendor,
        response=hall.response,
        contact_name=" 样例联系人 ",
        contact_phone="0898-1",
        ca_name="样例认证",
        ca_licence=" ECP 001 ",
        details={"4": {"since": "2021-01-01", "until": "2021-12-31", "note": "审计报告"}},
        version=version,
    )
    assert (hall.response.contact_name, hall.response.ca_licence) == ("样例联系人", "ECP001")
    with pytest.raises(Conflict) as caught:
        actions.set_details(actor=hall.vendor, response=hall.response, ca_name="别的", version=version)
    assert caught.value.current["电子认证服务机构"] == "样例认证"
    assert caught.value.submitted["电子认证服务机构"] == "别的"
    for details, code in (
        ({"4": {"since": "2022-02-01", "until": "2022-01-01"}}, "response_detail_reversed"),
        ({"4": {"until": "昨天"}}, "response_detail_date"),
        ({"99": {"note": "x"}}, "response_item_unknown"),
        ({"4": {"secret": "x"}}, "response_item_unknown"),
    ):
        with pytest.raises(Refusal, match=code):
            actions.set_details(actor=hall.vendor, response=hall.response, details=details)
    hall.add()
    row = hall.submit()
    assert row.manifest["ca"] == {"name": "样例认证", "licence": "ECP001", "is_ca": False}
    assert row.manifest["details"]["4"]["note"] == "审计报告"


def test_the_check_names_what_is_missing_or_odd_and_decides_nothing(hall: Hall) -> None:
    data = pdf(1)
    hall.add("1", data)
    hall.add("1", data, name="同一份.pdf")
    actions.set_details(
        actor=hall.vendor,
        response=hall.response,
        ca_name="样例认证",
        ca_licence="E1",
        is_ca=True,
        details={"6": {"expires": "2023-01-01"}, "3": {"until": "2030-01-01"}},
    )
    lines = package.checklist(hall.response, package.present_files(hall.response))
    assert {line.no: line.state for line in lines} == {
        "1": "present", **{str(no): "missing" for no in (2, 3, 4, 5, 6, 8, 9, 10)}, "7": "optional", "11": "formal",
    }
    assert [line.evidences for line in lines if line.no in ("2", "3")] == [
        [("1", "独立法人")], [("3", "依法纳税和缴纳社会保障资金")],
    ]
    found = package.check(hall.response, lines, package.agent_of(hall.organisation.id))
    missing = [row.text for row in found.of("missing")]
    assert len(missing) == 9 and missing[-1] == "还没有填写联系人和联系电话。"
    other = make_hall(plan="sample-small", opens=actions.clock.today())
    plain = package.check(other.response, package.checklist(other.response, []), None)
    assert not package.asks_ca(other.recruitment) and "电子认证" not in str(plain.findings)
    assert [line.state for line in package.checklist(other.response, [])].count("missing") >= 4
    odd = "".join(row.text for row in found.of("odd"))
    assert "“同一份.pdf”与“样例.pdf”内容完全相同" in odd
    assert "第 6 项填写的有效期（至2023年1月1日）在递交截止日之前" in odd
    assert "第 3 项填写的材料截止日期晚于今天" in odd and "与本单位名称不同" in odd
    assert hall.submit().missing == ["2", "3", "4", "5", "6", "8", "9", "10"]


def test_twice_and_in_two_tabs(hall: Hall) -> None:
    file = hall.add()
    first_tab = actions.digest_of(actions.manifest(hall.response))
    second_tab = first_tab
    row = actions.submit(actor=hall.vendor, response=hall.response, seen_sm3=first_tab, accept_missing=True)
    with pytest.raises(WrongStage, match="response_same"):
        actions.submit(actor=hall.vendor, response=hall.response, seen_sm3=second_tab, accept_missing=True)
    hall.add("2")
    with pytest.raises(Conflict, match="response_manifest_changed"):
        actions.submit(actor=hall.vendor, response=hall.response, seen_sm3=second_tab, accept_missing=True)
    assert package.is_changed(hall.response, actions.digest_of(actions.manifest(hall.response)))
    actions.remove_file(actor=hall.vendor, file=file)
    with pytest.raises(WrongStage, match="response_file_gone"):
        actions.remove_file(actor=hall.vendor, file=file)
    assert hall.response.submission_id == row.id
    actions.withdraw(actor=hall.vendor, response=hall.response)
    with pytest.raises(WrongStage, match="response_wrong_stage"):
        actions.withdraw(actor=hall.vendor, response=hall.response)
    kinds = [entry.kind for entry in package.submissions(hall.response)]
    assert kinds == ["withdraw", "submit"]
    # What was withdrawn is what had been submitted, not the changed package.
    assert package.submissions(hall.response)[0].manifest == row.manifest


def test_it_counts_when_it_was_received(hall: Hall, clock: Any, monkeypatch: Any) -> None:
    """A busy database must not turn a punctual submission into a late one, nor a late into a punctual one."""
    hall.add()
    seen = actions.digest_of(actions.manifest(hall.response))
    closes = hall.recruitment.closes_at
    clock.set(closes - timedelta(seconds=1))
    real = actions.unit_of_work

    def slow() -> Any:
        clock.set(closes + timedelta(seconds=5))
        return real()

    monkeypatch.setattr(actions, "unit_of_work", slow)
    row = actions.submit(actor=hall.vendor, response=hall.response, seen_sm3=seen, accept_missing=True)
    assert row.received_at == closes - timedelta(seconds=1)
    with pytest.raises(WrongStage, match="response_not_accepting"):
        actions.withdraw(actor=hall.vendor, response=hall.response)


def test_an_amendment_asks_for_a_confirmation(hall: Hall, clock: Any) -> None:
    hall.add()
    first = hall.submit()
    with pytest.raises(WrongStage, match="response_nothing_to_confirm"):
        actions.confirm(actor=hall.vendor, response=hall.response, seen_sm3=first.manifest_sm3)
    amend(hall, clock, "a" * 64, touches=False)
    assert not package.needs_confirmation(hall.response)
    # A new digest alone is no change of the vendor's.
    assert not package.is_changed(hall.response, actions.digest_of(actions.manifest(hall.response)))
    amend(hall, clock, "b" * 64)
    assert package.needs_confirmation(hall.response)
    with pytest.raises(Conflict):
        actions.confirm(actor=hall.vendor, response=hall.response, seen_sm3="0" * 64)
    with pytest.raises(Denied):
        stranger = factories.actor(factories.make_vendor()[1], "vendor")
        actions.confirm(actor=stranger, response=hall.response, seen_sm3=first.manifest_sm3)
    row = actions.confirm(actor=hall.vendor, response=hall.response, seen_sm3=first.manifest_sm3)
    assert (row.kind, row.plan_digest, row.manifest["plan"]) == ("confirm", "b" * 64, "b" * 64)
    assert hall.response.submission_id == row.id and hall.response.submitted_at == first.received_at
    assert not package.needs_confirmation(hall.response)
    with pytest.raises(WrongStage):
        actions.confirm(actor=hall.vendor, response=hall.response, seen_sm3=row.manifest_sm3)


def test_the_opening_takes_what_was_submitted(hall: Hall, clock: Any) -> None:
    """Later changes that were not submitted count for nothing; order is that of submission."""
    actions.set_details(actor=hall.vendor, response=hall.response, ca_name="样例认证", ca_licence="E1", is_ca=True)
    kept = hall.add("1", name="递交过.pdf")
    hall.submit()
    actions.set_details(actor=hall.vendor, response=hall.response, ca_name="改了", ca_licence="E2")
    actions.remove_file(actor=hall.vendor, file=kept)
    late_file = hall.add("2", name="没有递交.pdf")
    clock.advance(hours=1)
    second = enter(hall.recruitment, *factories.make_vendor())
    second.add()
    clock.advance(hours=1)
    third = enter(hall.recruitment, *factories.make_vendor())
    third.add()
    third.submit()
    clock.advance(hours=1)
    second.submit()
    fourth = enter(hall.recruitment, *factories.make_vendor())
    fourth.add()
    withdrawn = enter(hall.recruitment, *factories.make_vendor())
    withdrawn.add()
    withdrawn.submit()
    actions.withdraw(actor=withdrawn.vendor, response=withdrawn.response)
    amend(hall, clock, "c" * 64)
    second_row = actions.confirm(
        actor=second.vendor, response=second.response, seen_sm3=second.response.submission.manifest_sm3
    )
    assert opening.submitted_count(hall.recruitment) == 3
    candidates = open_all(hall, clock)
    names = [one.organisation.name for one in (hall, third, second)]
    assert [row.name for row in candidates] == names
    assert [row.facts["plan_confirmed"] for row in candidates] == [False, False, True]
    assert candidates[2].facts["missing"] == second_row.missing
    first = candidates[0]
    assert (first.ca_name, first.ca_licence, first.facts["is_ca"]) == ("样例认证", "E1", True)
    assert (hall.response.ca_name, hall.response.stage) == ("样例认证", "opened")
    present = {file.name for file in package.present_files(hall.response)}
    assert present == {"递交过.pdf"} and late_file.removed_at is not None
    assert {fourth.response.stage, withdrawn.response.stage} == {"draft", "withdrawn"}
    with pytest.raises(WrongStage):
        submit(fourth.vendor, fourth.response)


def test_an_opening_without_responses(hall: Hall, clock: Any) -> None:
    assert open_all(hall, clock) == []
    assert hall.recruitment.stage == "opened" and hall.recruitment.review is not None


def test_nobody_else_and_nothing_of_another_recruitment(hall: Hall) -> None:
    other = make_hall()
    file = hall.add()
    for act in (
        lambda: actions.remove_file(actor=other.vendor, file=file),
        lambda: actions.set_details(actor=other.vendor, response=hall.response, ca_name="x"),
        lambda: actions.begin(
            actor=other.vendor, recruitment=hall.recruitment, organisation=hall.organisation
        ),
        lambda: submit(other.vendor, hall.response),
        lambda: actions.withdraw(actor=other.vendor, response=hall.response),
    ):
        with pytest.raises(Denied, match="response_not_own"):
            act()
    staff = factories.actor(factories.staffed(hall.recruitment)["staff"], "staff")
    with pytest.raises(Denied, match="response_not_own"):
        submit(staff, hall.response)
    assert db.session.scalars(select(Submission)).all() == []


def test_a_colleague_takes_part_and_a_late_vendor_does_not(hall: Hall, clock: Any) -> None:
    colleague = factories.make_user("样例同事")
    factories.join(colleague, hall.organisation, manage=False)
    actor = factories.actor(colleague, "vendor")
    actions.set_details(actor=actor, response=hall.response, contact_name="样例同事")
    assert {row.role for row in colleague.memberships} == {"vendor"}
    clock.set(hall.recruitment.closes_at)
    organisation, user = factories.make_vendor()
    with pytest.raises(WrongStage, match="response_not_accepting"):
        actions.begin(
            actor=factories.actor(user, "vendor"), recruitment=hall.recruitment, organisation=organisation
        )
    with pytest.raises(WrongStage):
        hall.add()


def test_no_event_names_a_file_or_a_detail(hall: Hall) -> None:
    hall.add("1", name="绝密文件名.pdf")
    actions.set_details(actor=hall.vendor, response=hall.response, contact_name="绝密联系人", ca_name="绝密机构")
    hall.submit()
    actions.withdraw(actor=hall.vendor, response=hall.response)
    assert "绝密" not in "".join(str(event.facts) for event in db.session.scalars(select(Event)))
    assert db.session.scalars(select(ResponseFile)).one().name == "绝密文件名.pdf"
    assert db.session.scalars(select(Response)).one().stage == "withdrawn"
    assert lifecycle.stage_now(hall.recruitment, actions.clock.now()) == "accepting"
