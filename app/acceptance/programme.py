"""Use cases of the integration as a whole: start, requirements, reminders, acceptance, go-live."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from app import clock, plan, planning
from app.acceptance.common import (
    candidate_of,
    platform_role,
    programme_of,
    recruitment_for,
    require,
    tell_role,
    tell_vendor_of,
    writer,
)
from app.acceptance.deadlines import resume_all
from app.acceptance.selection import follow_selection, selected_refs
from app.accounts.models import OrganisationMember, User
from app.accounts.notify import remind
from app.addresses import path_to
from app.audit import Actor, record
from app.concurrency import check_version
from app.documents.catalogue import order_document
from app.errors import WrongStage
from app.extensions import action, db
from app.lifecycle import move
from app.publication.models import Recruitment
from app.responses.models import Response
from app.results.candidates import accept_selected
from evaluation.models import Candidate
from onboarding import service
from onboarding.golive import gate
from onboarding.models import Integration, Programme, Requirement


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
    resume_all(actor=actor, recruitment=recruitment, reason="重新评审结束，对接继续")
    follow_selection(actor=actor, recruitment=recruitment, on=on)
    return programme


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
def remind_vendors(*, actor: Actor, recruitment: Recruitment) -> int:
    """Remind everyone who acts for a vendor with items left; returns how many people."""
    require(actor, "acceptance.manage", recruitment)
    programme = programme_of(recruitment, "integration")
    late = [row.candidate_ref for row in programme.integrations if row.stage in service.WORKING]
    people = db.session.scalars(
        select(User)
        .join(OrganisationMember, OrganisationMember.user_id == User.id)
        .join(Response, Response.organisation_id == OrganisationMember.organisation_id)
        .join(Candidate, Candidate.id == Response.candidate_id)
        .where(Candidate.public_id.in_(late), OrganisationMember.left_at.is_(None))
    )
    return remind(
        people,
        kind="integration.reminder",
        subject="请抓紧完成对接验收",
        body="贵单位还有验收项未通过。请在对接工作台查看剩余工作日，尽快提交证明或提出问题。",
        link=path_to("acceptance.mine", recruitment=recruitment.public_id),
        recruitment=recruitment,
        actor=actor,
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
