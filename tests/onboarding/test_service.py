"""The integration's use cases over a session of their own: items, decisions, days, removal, go-live."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import create_engine, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from evaluation.models import Base
from onboarding import models, service, service_deadlines
from onboarding.acceptance import AcceptanceCode, AcceptanceRefused
from onboarding.golive import GoLiveRefused
from onboarding.models import CertificateRequest, DutyRecord, Integration, Programme, RequirementState
from onboarding.service import IntegrationRefused, ServiceCode, Write
from onboarding.workdays import Calendar

NOW = datetime(2023, 7, 24, 2, 0, tzinfo=UTC)
EVENT = date(2023, 7, 21)
PLAIN = Calendar.from_years({2023: []}, version="plain-1")
RULES: dict[str, Any] = {
    "workdays": {"integration_days": 30},
    "golive": {"promotion_months": 3},
    "requirements": {
        "items": [
            {"id": "std.1", "title": "standards", "text": "by the standards"},
            {"id": "cert.7", "title": "signature", "text": "SM2", "evidence": "run"},
        ]
    },
    "duties": [{"id": "duty.1", "title": "reports", "text": "reports"}],
}


@pytest.fixture
def session(bare_database_url: str) -> Iterator[Session]:
    engine = create_engine(bare_database_url)
    # The package's own tables stand alone: they need none of the application's.
    own = [mapper.local_table for mapper in Base.registry.mappers if mapper.class_.__module__ == models.__name__]
    Base.metadata.create_all(engine, tables=own)  # type: ignore[arg-type]
    with Session(engine, autoflush=True) as opened:
        yield opened
    engine.dispose()


class Log:
    """Collects what a step wrote."""

    def __init__(self) -> None:
        self.kinds: list[str] = []

    def __call__(self, kind: str, facts: dict[str, Any]) -> None:
        self.kinds.append(kind)

    def for_each(self, _subject: object) -> Write:
        return self


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def programme(session: Session) -> Programme:
    return service.open_programme(session, plan_digest="a" * 64, rules=RULES, now=NOW)


def begin(session: Session, programme: Programme, ref: str = "v1", **facts: Any) -> Integration:
    values: dict[str, Any] = {
        "candidate_ref": ref, "vendor_name": f"sample {ref}", "credit_code": "91460000MA5T000000",
        "event_on": EVENT, "calendar": PLAIN,
    }
    return service.begin_integration(session, programme, **values | facts)


def state_of(integration: Integration, key: str) -> RequirementState:
    return next(row for row in integration.items if row.requirement.key == key)


def proved(session: Session, state: RequirementState, log: Log, author: str = "vendor1") -> None:
    kind = "run" if state.requirement.proof == "run" else "text"
    service.add_evidence(
        session, state, author=author, now=NOW, kind=kind, text="shown", result={"passed": True}
    )
    service.prove(session, state, actor=author, role="vendor", now=NOW, write=log)


def decided(session: Session, state: RequirementState, log: Log, actor: str = "op1", **facts: Any) -> None:
    values: dict[str, Any] = {"accept": True, "role": "platform", "remark": ""}
    service.decide(session, state, actor=actor, now=NOW, write=log, **values | facts)


def complete(session: Session, integration: Integration, log: Log) -> None:
    for state in integration.items:
        proved(session, state, log)
        decided(session, state, log)


def refused(code: Any) -> Any:
    return pytest.raises((IntegrationRefused, AcceptanceRefused), match=str(getattr(code, "value", code)))


def test_a_vendor_gets_every_requirement_and_its_own_days(session: Session, programme: Programme) -> None:
    assert [row.key for row in programme.requirements] == ["std.1", "cert.7"]
    integration = begin(session, programme)
    assert (integration.working_days, integration.deadline_on) == (30, date(2023, 9, 1))
    assert (integration.calendar_version, integration.provisional) == ("plain-1", False)
    assert service.stages_of(session, integration) == {"std.1": "open", "cert.7": "open"}
    with refused(ServiceCode.KNOWN):
        begin(session, programme)
    assert begin(session, programme, "v2", event_on=date(2023, 12, 20)).provisional


def test_an_item_goes_from_open_over_returned_to_accepted(session: Session, programme: Programme, log: Log) -> None:
    state = state_of(begin(session, programme), "std.1")
    with refused(AcceptanceCode.PROOF_MISSING):
        service.prove(session, state, actor="vendor1", role="vendor", now=NOW, write=log)
    with refused(ServiceCode.EVIDENCE_EMPTY):
        service.add_evidence(session, state, author="vendor1", now=NOW, text="  ")
    proved(session, state, log)
    with refused(AcceptanceCode.REASON_MISSING):
        decided(session, state, log, accept=False)
    decided(session, state, log, accept=False, remark="no stamp")
    assert (state.stage, state.decided_by, state.remark) == ("returned", "op1", "no stamp")
    proved(session, state, log)
    assert (state.stage, state.decided_by, state.remark) == ("proved", None, "no stamp")
    decided(session, state, log)
    assert (state.stage, state.remark) == ("accepted", "")
    assert log.kinds == [
        "requirement.proved", "requirement.returned", "requirement.proved", "requirement.accepted",
    ]  # fmt: skip
    with refused(ServiceCode.ITEM_ACCEPTED):
        service.add_evidence(session, state, author="vendor1", now=NOW, text="more")


def test_nobody_accepts_what_they_prepared(session: Session, programme: Programme, log: Log) -> None:
    state = state_of(begin(session, programme), "std.1")
    service.add_evidence(session, state, author="op1", now=NOW, text="seen at the vendor's")
    proved(session, state, log)
    for actor in ("op1", "vendor1"):
        for accept in (True, False):
            with refused(AcceptanceCode.OWN_JUDGE):
                decided(session, state, log, actor=actor, accept=accept, remark="x")
    with refused(ServiceCode.WRONG_ROLE):
        decided(session, state, log, actor="op2", role="vendor")
    decided(session, state, log, actor="op2")
    assert state.stage == "accepted"


def test_the_database_refuses_an_own_judge_too(session: Session, programme: Programme, log: Log) -> None:
    state = state_of(begin(session, programme), "std.1")
    proved(session, state, log)
    session.commit()
    with pytest.raises(IntegrityError):
        session.execute(
            update(RequirementState).where(RequirementState.id == state.id).values(decided_by="vendor1")
        )


def test_an_item_proved_by_a_run_needs_the_last_one_passed(session: Session, programme: Programme, log: Log) -> None:
    state = state_of(begin(session, programme), "cert.7")
    service.add_evidence(session, state, author="vendor1", now=NOW, text="a statement is no run")
    with refused(AcceptanceCode.RUN_MISSING):
        service.prove(session, state, actor="vendor1", role="vendor", now=NOW, write=log)
    for passed in (True, False):
        service.add_evidence(session, state, author="vendor1", now=NOW, kind="run", result={"passed": passed})
    with refused(AcceptanceCode.RUN_MISSING):
        service.prove(session, state, actor="vendor1", role="vendor", now=NOW, write=log)
    service.add_evidence(session, state, author="vendor1", now=NOW, kind="run", result={"passed": True})
    service.prove(session, state, actor="vendor1", role="system", now=NOW, write=log)
    assert state.stage == "proved"


def test_proof_added_meanwhile_changes_what_is_decided_on(session: Session, programme: Programme, log: Log) -> None:
    state = state_of(begin(session, programme), "std.1")
    proved(session, state, log)
    before = state.version
    service.add_evidence(session, state, author="vendor1", now=NOW.replace(hour=3), text="one more")
    assert state.version == before + 1


def test_a_changed_requirement_reopens_what_was_proved(session: Session, programme: Programme, log: Log) -> None:
    first, second, done = (begin(session, programme, ref) for ref in ("v1", "v2", "v3"))
    complete(session, done, log)
    service.accept_integration(session, done, role="platform", today=EVENT, now=NOW, write=log)
    for integration in (first, second):
        proved(session, state_of(integration, "std.1"), log)
    decided(session, state_of(second, "std.1"), log)
    requirement = state_of(first, "std.1").requirement
    change: dict[str, Any] = {"proof": "evidence", "now": NOW, "write": log.for_each}
    with refused(ServiceCode.UNCHANGED):
        service.change_requirement(session, requirement, text=requirement.text, reason="r", **change)
    with refused(AcceptanceCode.REASON_MISSING):
        service.change_requirement(session, requirement, text="new", reason=" ", **change)
    reopened = service.change_requirement(session, requirement, text="new text", reason="agreed", **change)
    assert {row.integration_id for row in reopened} == {first.id, second.id}
    assert {row.stage for row in reopened} == {"open"}
    assert all(row.proved_by is None and row.decided_by is None and row.remark == "agreed" for row in reopened)
    assert state_of(done, "std.1").stage == "accepted"


def test_a_vendor_is_accepted_when_everything_is(session: Session, programme: Programme, log: Log) -> None:
    integration = begin(session, programme)
    accept: dict[str, Any] = {"role": "platform", "today": date(2023, 8, 1), "now": NOW, "write": log}
    proved(session, state_of(integration, "std.1"), log)
    decided(session, state_of(integration, "std.1"), log)
    with refused(AcceptanceCode.REQUIREMENTS_OPEN):
        service.accept_integration(session, integration, **accept)
    proved(session, state_of(integration, "cert.7"), log)
    decided(session, state_of(integration, "cert.7"), log)
    service.accept_integration(session, integration, **accept)
    assert (integration.stage, integration.accepted_at) == ("accepted", NOW)
    with refused(ServiceCode.NOT_WORKING):
        service.add_remark(session, integration.items[0], side="vendor", text="?", author="vendor1", now=NOW)
    with refused(ServiceCode.NOT_WORKING):
        service_deadlines.ask_change(
            session, integration, kind="extension", days=1, reason="r", asked_by="vendor1", now=NOW
        )


Ask = Callable[..., Any]


@pytest.fixture
def late(session: Session, programme: Programme, log: Log) -> Integration:
    """A vendor that is put down as overdue on the fifth working day after its last."""
    integration = begin(session, programme)
    found = service_deadlines.mark_overdue(
        session, programme, role="staff", today=date(2023, 9, 8), now=NOW, write=log.for_each
    )
    assert found == [integration]
    return integration


def consent(session: Session, change: Any, log: Log, today: date = date(2023, 9, 8), **facts: Any) -> None:
    values: dict[str, Any] = {"consent": True, "decided_by": "sup1", "decided_role": "supervisor"}
    service_deadlines.decide_change(
        session, change, calendar=PLAIN, today=today, now=NOW, write=log, **values | facts
    )


def ask(session: Session, integration: Integration, days: int = 10, kind: str = "extension") -> Any:
    return service_deadlines.ask_change(
        session, integration, kind=kind, days=days, reason="the sandbox was down", asked_by="vendor1", now=NOW
    )


def test_overdue_is_marked_once_the_day_after_the_last(session: Session, programme: Programme, log: Log) -> None:
    integration, done = begin(session, programme), begin(session, programme, "v2")
    complete(session, done, log)
    mark: dict[str, Any] = {"role": "system", "now": NOW, "write": log.for_each}
    assert service_deadlines.mark_overdue(session, programme, today=date(2023, 9, 1), **mark) == []
    assert service_deadlines.mark_overdue(session, programme, today=date(2023, 9, 2), **mark) == [integration]
    assert service_deadlines.mark_overdue(session, programme, today=date(2023, 9, 3), **mark) == []
    assert (integration.stage, done.stage) == ("overdue", "running")


def test_an_extension_needs_the_supervisor_and_moves_the_deadline(
    session: Session, late: Integration, log: Log
) -> None:
    change = ask(session, late)
    with refused(ServiceCode.CHANGE_WAITING):
        ask(session, late)
    with refused(AcceptanceCode.CONSENT_ROLE):
        consent(session, change, log, decided_role="staff")
    with refused(AcceptanceCode.CONSENT_OWN):
        consent(session, change, log, decided_by="vendor1")
    with refused(AcceptanceCode.REASON_MISSING):
        consent(session, change, log, consent=False)
    assert (late.deadline_on, late.stage) == (date(2023, 9, 1), "overdue")
    consent(session, change, log)
    assert (late.deadline_on, late.stage) == (date(2023, 9, 15), "extended")
    assert (change.old_deadline_on, change.new_deadline_on) == (date(2023, 9, 1), date(2023, 9, 15))
    with refused(ServiceCode.CHANGE_DECIDED):
        consent(session, change, log)
    assert service_deadlines.consented_days(late) == {"extension": 10, "given_back": 0}


def test_a_refused_or_too_short_extension_leaves_everything(session: Session, late: Integration, log: Log) -> None:
    change = ask(session, late, days=2)
    with refused(AcceptanceCode.EXTENSION_PAST):
        consent(session, change, log)
    consent(session, change, log, consent=False, note="no ground")
    assert (change.stage, late.stage, late.deadline_on) == ("refused", "overdue", date(2023, 9, 1))


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"kind": "gift"}, AcceptanceCode.KIND),
        ({"days": 0}, AcceptanceCode.DAYS),
        ({"reason": " "}, AcceptanceCode.REASON_MISSING),
    ],
)
@pytest.mark.database("sqlite")
def test_a_wish_that_is_none(session: Session, programme: Programme, facts: dict[str, Any], code: Any) -> None:
    good: dict[str, Any] = {"kind": "extension", "days": 1, "reason": "r", "asked_by": "vendor1", "now": NOW}
    with refused(code):
        service_deadlines.ask_change(session, begin(session, programme), **good | facts)


def test_days_given_back_are_counted_from_the_event_too(session: Session, programme: Programme, log: Log) -> None:
    integration = begin(session, programme)
    consent(session, ask(session, integration, 3, "given_back"), log, EVENT, decided_role="staff", decided_by="staff1")
    consent(session, ask(session, integration, 2), log, EVENT)
    assert integration.deadline_on == PLAIN.add_workdays(EVENT, 35).date
    assert integration.stage == "running"


def test_a_suspension_gives_its_days_back_on_record(session: Session, programme: Programme, log: Log) -> None:
    integration = begin(session, programme)
    step: dict[str, Any] = {"role": "staff", "now": NOW, "write": log}
    with refused(AcceptanceCode.REASON_MISSING):
        service_deadlines.suspend(session, integration, reason="", today=date(2023, 8, 4), **step)
    service_deadlines.suspend(session, integration, reason="an objection", today=date(2023, 8, 4), **step)
    with refused(ServiceCode.NOT_WORKING):
        service.add_evidence(session, integration.items[0], author="vendor1", now=NOW, text="x")
    days = service_deadlines.resume(
        session, integration, actor="staff1", reason="answered", calendar=PLAIN, today=date(2023, 8, 8), **step
    )
    assert (days, integration.stage, integration.suspended_on) == (2, "running", None)
    assert integration.deadline_on == PLAIN.add_workdays(EVENT, 32).date
    change = integration.changes[-1]
    assert (change.kind, change.stage, change.asked_by, change.decided_by) == (
        "given_back", "consented", "system", "staff1",
    )  # fmt: skip


def test_a_provisional_deadline_is_counted_anew_with_newer_data(session: Session, programme: Programme) -> None:
    integration = begin(session, programme, event_on=date(2023, 12, 20))
    assert integration.provisional
    newer = Calendar.from_years({2023: [], 2024: [date(2024, 1, 1)]}, version="plain-2")
    assert service_deadlines.recount(session, programme, calendar=newer) == [(integration, date(2024, 1, 31))]
    assert (integration.deadline_on, integration.provisional, integration.calendar_version) == (
        date(2024, 2, 1), False, "plain-2",
    )  # fmt: skip
    assert service_deadlines.recount(session, programme, calendar=newer) == []


def test_a_removed_vendor_is_waited_for_no_more(session: Session, late: Integration, log: Log) -> None:
    waiting = ask(session, late)
    remove: dict[str, Any] = {"today": date(2023, 9, 8), "now": NOW, "write": log}
    with refused(AcceptanceCode.REASON_MISSING):
        service_deadlines.remove(session, late, role="staff", reason=" ", **remove)
    service_deadlines.remove(session, late, role="supervisor", reason="no progress", **remove)
    assert (late.stage, late.removed_at, late.reason) == ("removed", NOW, "no progress")
    assert waiting.stage == "refused"
    programme = late.programme
    with pytest.raises(GoLiveRefused):
        service.start_promotion(session, programme, ["v2"], EVENT)
    second = begin(session, programme, "v2", event_on=date(2023, 9, 11), replaces_ref="v1")
    assert second.deadline_on == PLAIN.add_workdays(date(2023, 9, 11), 30).date
    with pytest.raises(GoLiveRefused):
        service.start_promotion(session, programme, ["v2"], EVENT)
    complete(session, second, log)
    service.accept_integration(session, second, role="platform", today=EVENT, now=NOW, write=log)
    span = service.start_promotion(session, programme, ["v2"], date(2023, 11, 30))
    assert (span.end, programme.promotion_end) == (date(2024, 2, 29), date(2024, 2, 29))


def test_one_key_stands_in_one_certificate_in_force(session: Session, programme: Programme) -> None:
    one, two = begin(session, programme), begin(session, programme, "v2")

    def request(integration: Integration, stage: str) -> CertificateRequest:
        row = CertificateRequest(
            integration_id=integration.id, stage=stage, csr=b"x", key_digest="k" * 64, requested_by="u",
            requested_at=NOW,
        )
        session.add(row)
        session.flush()
        return row

    for stage in ("refused", "revoked", "issued"):
        request(one, stage)
    with pytest.raises(IntegrityError):
        request(two, "verified")


def test_an_answer_has_its_author(session: Session, programme: Programme) -> None:
    integration = begin(session, programme)
    session.add(
        DutyRecord(
            integration_id=integration.id, duty="duty.1", text="x", happened_on=EVENT, recorded_by="u",
            recorded_at=NOW, answered_on=EVENT,
        )
    )
    with pytest.raises(IntegrityError):
        session.flush()
