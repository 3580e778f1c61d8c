"""Every answer of the library of seals has its Chinese sentence."""

from __future__ import annotations

from app import wording
from seal_core import Code, Reason, Verdict


def test_every_reason_verdict_and_refusal_has_words() -> None:
    assert wording.LABELS["seal_reason"].keys() == {r.value for r in Reason}
    assert wording.LABELS["seal_verdict"].keys() == {v.value for v in Verdict} | {"TRIAL_VALID"}
    assert {c.value for c in Code} <= wording.REFUSALS.keys()
    assert all(s.endswith("。") for s in wording.LABELS["seal_reason"].values())
