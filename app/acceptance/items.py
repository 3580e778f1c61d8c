"""Use cases of one vendor's items: proof, hand-in, decision, questions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO

from app import clock
from app.acceptance.common import (
    keep_upload,
    look_at,
    platform_role,
    programme_of,
    recruitment_for,
    require,
    tell_role,
    tell_vendor_of,
    uploading,
    writer,
)
from app.addresses import path_to
from app.audit import Actor, record
from app.concurrency import check_version
from app.errors import Refusal
from app.extensions import action, db
from app.wording import stage_word
from onboarding import service
from onboarding.models import Evidence, Integration, ItemRemark, RequirementState


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
    upload = look_at(source, name)
    with uploading() as keys:
        require(actor, "acceptance.evidence", state)
        recruitment = recruitment_for(state.integration)
        programme_of(recruitment, "integration")
        service.require_working(state.integration)
        result: dict[str, object] = {}
        kind, blob_key, file_name, size, sm3 = "text", None, "", 0, ""
        if upload is not None:
            blob = keep_upload(upload, keys)
            kind, blob_key, size, sm3, file_name = "file", blob.key, blob.size, blob.sm3, upload.name
            result = {"media_type": upload.media_type, "pages": upload.pages}
        if state.requirement.proof == "run":
            if not text.strip() and upload is None:
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
