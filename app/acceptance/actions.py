"""Use cases of the integration: start, proof, decision, acceptance, go-live; each one transaction.

The working days are in `deadlines`, the trial certificates in `certificates`, the recurring duties in
`duties`; all of them can be called from here.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import IO

from sqlalchemy import select

from app import clock, plan, planning
from app.acceptance.certificates import (
    answer_challenge,
    open_envelope,
    renew_certificate,
    request_certificate,
    revoke_certificate,
)
from app.acceptance.common import (
    candidate_of,
    keep_examined,
    platform_role,
    programme_of,
    recruitment_for,
    require,
    tell_role,
    tell_vendor_of,
    uploading,
    writer,
)
from app.acceptance.deadlines import (
    ask_extension,
    ask_give_back,
    decide_extension,
    mark_overdue,
    remove_overdue,
    resume_integration,
    suspend_integration,
)
from app.acceptance.duties import answer_duty, note_duty_file, record_duty, reveal_duty
from app.acceptance.selection import begin_missing, follow_selection, selected_refs
from app.addresses import path_to
from app.audit import Actor, record
from app.concurrency import check_version
from app.documents.catalogue import order_document
from app.errors import Refusal, WrongStage
from app.extensions import action, db
from app.lifecycle import move
from app.publication.models import Recruitment
from app.results.candidates import accept_selected
from app.wording import stage_word
from evaluation.models import Candidate
from onboarding import service
from onboarding.golive import gate
from onboarding.models import (
    Evidence,
    Integration,
    ItemRemark,
    Programme,
    Requirement,
    RequirementState,
)


@action
def start_integration(*, actor: Actor, recruitment: Recruitment, on: date | None = None) -> Programme:
    """Begin the integration of every selected vendor, each with its own 30 working days after its notice.

    Called again, it begins those who were selected since (who moved up) and ends those of vendors that gave
    up. `on` replaces the event's day for the vendors begun by this call. Side effects: awarded →
    integration, items, events, messages.
    """
    require(actor, "acceptance.manage", recruitment)
    if recruitment.stage == "awarded":
        move(recruitment, "integration", actor=actor)
        # After a re-review the programme goes on: what was proved before stays proved.
        if recruitment.programme_id is None:
            rules = plan.as_json(planning.effective_plan(recruitment)).get("onboarding", {})
            made = service.open_programme(
                db.session(), plan_digest=recruitment.plan_digest or "", rules=rules, now=clock.now()
            )
            recruitment.programme_id = made.id
            db.session.flush()
            db.session.refresh(recruitment)
    programme = programme_of(recruitment, "integration")
    follow_selection(actor=actor, recruitment=recruitment, on=on)
    return programme


def add_evidence(
    *,
    actor: Actor,
    state: RequirementState,
    text: str = "",
    source: IO[bytes] | None = None,
    name: str = "",
    passed: bool = True,
) -> Evidence:
    """Add a statement or a file to an item; for an item proved by test it is the record of a test run.

    `passed` is the run's outcome as its recorder saw it. A refused file leaves nothing behind.
    """
    with uploading() as keys:
        require(actor, "acceptance.evidence", state)
        recruitment = recruitment_for(state.integration)
        programme_of(recruitment, "integration")
        service.require_working(state.integration)
        result: dict[str, object] = {}
        kind, blob_key, file_name, size, sm3 = "text", None, "", 0, ""
        if source is not None:
            blob, file_name, media_type, pages = keep_examined(source, name, keys)
            kind, blob_key, size, sm3 = "file", blob.key, blob.size, blob.sm3
            result = {"media_type": media_type, "pages": pages}
        if state.requirement.proof == "run":
            if not text.strip() and source is None:
                raise Refusal(service.ServiceCode.EVIDENCE_EMPTY.value, item=state.requirement.key, field="text")
            kind, result = "run", {**result, "kind": "recorded", "passed": passed}
        evidence = service.add_evidence(
            db.session(),
            state,
            author=actor.ref,
            now=clock.now(),
            kind=kind,
            text=text[:8000],
            blob_key=blob_key,
            file_name=file_name,
            size=size,
            sm3=sm3,
            result=result,
        )
        record(
            "evidence.added",
            actor=actor,
            recruitment=recruitment,
            subject=evidence,
            item=state.requirement.key,
            evidence=kind,
            sm3=sm3,
        )
    return evidence


@action
def prove(*, actor: Actor, state: RequirementState) -> None:
    """Hand an item in for the decision of somebody else."""
    require(actor, "acceptance.prove", state)
    recruitment = recruitment_for(state.integration)
    programme_of(recruitment, "integration")
    service.prove(
        db.session(),
        state,
        actor=actor.ref,
        role=actor.role,
        now=clock.now(),
        write=writer(actor, recruitment, state, item=state.requirement.key),
    )


@action
def decide_item(
    *, actor: Actor, state: RequirementState, accept: bool, remark: str = "", version: object = None
) -> None:
    """Accept an item, or return it with the reason. Refused to whoever prepared it.

    `version` is what the decision was made on; a proof added meanwhile is a Conflict.
    """
    require(actor, "acceptance.decide", state)
    recruitment = recruitment_for(state.integration)
    programme_of(recruitment, "integration")
    if version is not None:
        check_version(
            state,
            version,
            current=f"{stage_word('requirement', state.stage)}，证明 {len(state.evidence)} 份",
            submitted="通过" if accept else f"退回：{remark}",
        )
    service.decide(
        db.session(),
        state,
        accept=accept,
        actor=actor.ref,
        role=platform_role(actor),
        now=clock.now(),
        write=writer(actor, recruitment, state, item=state.requirement.key),
        remark=remark[:2000],
    )
    if not accept:
        tell_vendor_of(
            state.integration,
            recruitment,
            kind="requirement.returned",
            subject=f"验收项 {state.requirement.key}“{state.requirement.title}”被退回",
            body=f"退回理由：{remark.strip()}\n请补充证明后重新提交验收。",
            link=path_to("acceptance.item", recruitment=recruitment.public_id, item_state=state.public_id),
        )


@action
def accept_items(
    *,
    actor: Actor,
    integration: Integration,
    states: Iterable[RequirementState],
    versions: dict[str, object] | None = None,
    remark: str = "",
) -> int:
    """Accept several proved items of one vendor at once: all of them, or none. Returns how many."""
    count = 0
    for state in states:
        if state.integration_id != integration.id:
            raise Refusal("not_found")
        version = (versions or {}).get(state.public_id, state.version)
        decide_item(actor=actor, state=state, accept=True, remark=remark, version=version)
        count += 1
    if not count:
        raise Refusal("acceptance_nothing_chosen")
    return count


@action
def add_remark(*, actor: Actor, state: RequirementState, text: str) -> ItemRemark:
    """Ask about an item, or answer; the other side gets a message."""
    require(actor, "acceptance.remark", state)
    recruitment = recruitment_for(state.integration)
    side = "vendor" if actor.role == "vendor" else "platform"
    remark = service.add_remark(
        db.session(), state, side=side, text=text[:4000], author=actor.ref, now=clock.now()
    )
    record("remark.added", actor=actor, recruitment=recruitment, subject=remark, item=state.requirement.key)
    link = path_to("acceptance.item", recruitment=recruitment.public_id, item_state=state.public_id)
    about = f"验收项 {state.requirement.key}“{state.requirement.title}”"
    if side == "vendor":
        tell_role(
            recruitment,
            "operator",
            "staff",
            kind="remark.asked",
            subject=f"{state.integration.vendor_name}就{about}提问",
            body=remark.text,
            link=link,
        )
    else:
        tell_vendor_of(
            state.integration,
            recruitment,
            kind="remark.answered",
            subject=f"平台就{about}回复",
            body=remark.text,
            link=link,
        )
    return remark


@action
def change_requirement(
    *,
    actor: Actor,
    recruitment: Recruitment,
    requirement: Requirement,
    text: str,
    proof: str,
    reason: str,
    version: object,
) -> int:
    """Change what an item asks for after the detailed requirements were agreed; what was proved reopens.

    Returns how many vendors have to prove it anew. Every vendor under way gets a message.
    """
    require(actor, "acceptance.manage", recruitment)
    programme = programme_of(recruitment, "integration")
    check_version(requirement, version, current=requirement.text, submitted=text)
    before = requirement.text
    reopened = service.change_requirement(
        db.session(),
        requirement,
        text=text[:8000],
        proof=proof,
        reason=reason[:2000],
        now=clock.now(),
        write=lambda state: writer(actor, recruitment, state, item=requirement.key),
    )
    record(
        "requirement.changed",
        actor=actor,
        recruitment=recruitment,
        subject=requirement,
        item=requirement.key,
        before=before,
        after=requirement.text,
        reason=reason.strip(),
        reopened=len(reopened),
    )
    for integration in programme.integrations:
        if integration.stage not in ("accepted", "removed"):
            tell_vendor_of(
                integration,
                recruitment,
                kind="requirement.changed",
                subject=f"验收项 {requirement.key}“{requirement.title}”的要求有变更",
                body=f"变更原因：{reason.strip()}\n已提交或已通过的，须按新的要求重新证明。",
                link=path_to(
                    "acceptance.workspace",
                    recruitment=recruitment.public_id,
                    integration=integration.public_id,
                ),
            )
    return len(reopened)


@action
def publish_notice(*, actor: Actor, recruitment: Recruitment, text: str, version: object) -> None:
    """Tell all vendors the platform's addresses and parameters, one by line as 名称：值."""
    require(actor, "acceptance.manage", recruitment)
    programme = programme_of(recruitment, "integration")
    check_version(programme, version, current=programme.notice, submitted=text)
    programme.notice = text.strip()[:8000]
    record("programme.notice_published", actor=actor, recruitment=recruitment, subject=programme)
    for integration in programme.integrations:
        if integration.stage not in ("accepted", "removed"):
            tell_vendor_of(
                integration,
                recruitment,
                kind="programme.notice",
                subject="平台对接地址与参数已更新",
                body="请在对接工作台查看最新的地址与参数。",
                link=path_to(
                    "acceptance.workspace",
                    recruitment=recruitment.public_id,
                    integration=integration.public_id,
                ),
            )


@action
def accept_integration(*, actor: Actor, integration: Integration) -> None:
    """Accept a vendor as a whole, once every item is accepted.

    Side effects: integration and candidate accepted, the acceptance report is ordered, messages; staff hear
    when nobody is waited for any more.
    """
    require(actor, "acceptance.accept", integration)
    recruitment = recruitment_for(integration)
    programme = programme_of(recruitment, "integration")
    now = clock.now()
    service.accept_integration(
        db.session(),
        integration,
        role=platform_role(actor),
        today=clock.today(),
        now=now,
        write=writer(actor, recruitment, integration),
    )
    accept_selected(actor=actor, candidate=candidate_of(integration))
    order_document("acceptance_report", integration, recruitment=recruitment, actor=actor)
    tell_vendor_of(
        integration,
        recruitment,
        kind="integration.accepted",
        subject="贵单位已通过对接验收",
        body="全部验收项已通过，对接验收报告正在生成。全部入选服务商通过后开始免费推广。",
        link=path_to(
            "acceptance.workspace", recruitment=recruitment.public_id, integration=integration.public_id
        ),
    )
    if gate(selected_refs(recruitment), service.stages_by_vendor(db.session(), programme)).is_open:
        tell_role(
            recruitment,
            "staff",
            kind="golive.ready",
            subject="全部入选服务商已通过对接验收",
            body="可以开始免费推广。",
            link=path_to("acceptance.golive", recruitment=recruitment.public_id),
        )


@action
def start_promotion(*, actor: Actor, recruitment: Recruitment) -> None:
    """Begin the free promotion today: every active selected vendor is accepted.

    Raises WrongStage that names who is waited for. Side effects: integration → promotion, its dates, messages.
    """
    require(actor, "acceptance.manage", recruitment)
    programme = programme_of(recruitment, "integration")
    selected = selected_refs(recruitment)
    open_gate = gate(selected, service.stages_by_vendor(db.session(), programme))
    if not open_gate.is_open:
        names = db.session.scalars(
            select(Candidate.name)
            .where(Candidate.public_id.in_([ref for ref, _stage in open_gate.waiting]))
            .order_by(Candidate.number)
        )
        raise WrongStage("acceptance_gate_closed", vendors="、".join(names) or "（没有入选服务商）")
    move(recruitment, "promotion", actor=actor)
    span = service.start_promotion(db.session(), programme, selected, clock.today())
    record(
        "golive.promotion_set",
        actor=actor,
        recruitment=recruitment,
        subject=programme,
        start=span.start,
        end=span.end,
    )
    for integration in programme.integrations:
        if integration.stage == "accepted":
            tell_vendor_of(
                integration,
                recruitment,
                kind="golive.promotion",
                subject="免费推广开始",
                body=f"免费推广期自 {span.start:%Y-%m-%d} 起至 {span.end:%Y-%m-%d} 止（含当日）。",
                link=path_to("acceptance.golive", recruitment=recruitment.public_id),
            )


__all__ = [
    "accept_integration",
    "accept_items",
    "add_evidence",
    "add_remark",
    "answer_challenge",
    "answer_duty",
    "ask_extension",
    "ask_give_back",
    "begin_missing",
    "change_requirement",
    "decide_extension",
    "decide_item",
    "follow_selection",
    "mark_overdue",
    "note_duty_file",
    "open_envelope",
    "prove",
    "publish_notice",
    "record_duty",
    "remove_overdue",
    "renew_certificate",
    "request_certificate",
    "resume_integration",
    "reveal_duty",
    "revoke_certificate",
    "start_integration",
    "start_promotion",
    "suspend_integration",
]
