"""对接验收报告: every acceptance item of one vendor with its result, proof and signer."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from app.acceptance.masking import mask_text
from app.accounts.models import User
from app.audit import Actor
from app.documents import common
from app.documents.models import Document
from app.extensions import db
from app.wording import label, stage_word
from onboarding.models import Integration, RequirementState

KINDS = {"file": "文件", "text": "说明", "run": "测试"}


def acceptance_context(integration: Integration) -> dict[str, Any]:
    """All items in the plan's order; people by name, looked up once."""
    states = list(
        db.session.scalars(
            select(RequirementState)
            .where(RequirementState.integration_id == integration.id)
            .options(joinedload(RequirementState.requirement), selectinload(RequirementState.evidence))
        ).unique()
    )
    states.sort(key=lambda state: state.requirement.sort)
    refs = {ref for state in states for ref in (state.proved_by, state.decided_by) if ref}
    people = {
        user.public_id: user.name for user in db.session.scalars(select(User).where(User.public_id.in_(refs)))
    }
    groups: dict[str, list[dict[str, Any]]] = {}
    for state in states:
        proofs = []
        for evidence in state.evidence:
            words = KINDS.get(evidence.kind, evidence.kind) + "："
            if evidence.kind == "run":
                run = label("run", str(evidence.result.get("kind", "recorded")))
                words += f"{run}，{'通过' if evidence.result.get('passed') else '未通过'}"
                words += f"；{mask_text(evidence.text)}" if evidence.text else ""
            else:
                words += evidence.file_name or mask_text(evidence.text)
            proofs.append({"words": words, "sm3": evidence.sm3})
        groups.setdefault(state.requirement.group, []).append(
            {
                "key": state.requirement.key,
                "title": state.requirement.title,
                "text": state.requirement.text,
                "source": state.requirement.source,
                "result": stage_word("requirement", state.stage),
                "accepted": state.stage == "accepted",
                "proofs": proofs,
                "signer": people.get(state.decided_by or "", ""),
                "decided_at": state.decided_at,
                "remark": mask_text(state.remark),
            }
        )
    return {
        "integration": integration,
        "groups": [(label("requirement_group", group), rows) for group, rows in groups.items()],
        "count": len(states),
        "accepted": sum(state.stage == "accepted" for state in states),
        "certificates": [
            {"at": row.verified_at or row.requested_at, "stage": row.stage, "reasons": row.verification}
            for row in integration.certificate_requests
        ],
        "changes": integration.changes,
    }


def issue_acceptance_report(integration: Integration, *, actor: Actor) -> Document:
    """Issue the report; readable by the vendor, staff, supervisor and operator.

    Raises Refusal `document_not_ready` while an item isn't accepted.
    """
    recruitment = common.recruitment_of_programme(integration.programme)
    context = acceptance_context(integration)
    title = "对接验收报告"
    if not context["count"] or context["accepted"] < context["count"]:
        raise common.not_ready(title, f"还有 {context['count'] - context['accepted']} 项要求未通过验收。")
    return common.issue(
        "acceptance_report",
        recruitment,
        template="acceptance_report",
        context=context,
        title=title,
        detail=integration.vendor_name,
        subject=integration,
        audience="owner",
        owner_ref=common.owner_of(integration.candidate_ref),
        actor=actor,
    )
