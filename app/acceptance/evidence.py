"""Reading evidence: it may hold data of market entities, so every access of others is logged."""

from __future__ import annotations

from app.acceptance.common import recruitment_for, require
from app.audit import Actor, record
from app.extensions import action
from onboarding.models import Evidence


@action
def note_reading(*, actor: Actor, evidence: Evidence) -> None:
    """Put on record who opened a file of evidence."""
    require(actor, "acceptance.read_evidence", evidence)
    record(
        "evidence.read",
        actor=actor,
        recruitment=recruitment_for(evidence.state.integration),
        subject=evidence,
        item=evidence.state.requirement.key,
        sm3=evidence.sm3,
    )
