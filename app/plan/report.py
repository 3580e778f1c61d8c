"""`yinzhao plan check`: a plan file's findings as text or JSON, and the exit code."""

from __future__ import annotations

import json
from pathlib import Path

from app.plan.file import PlanError, load_plan
from app.plan.lint import Finding, findings
from app.wording import sentence_for
from app.wording.plan import REPORT

#: Exit codes: nothing open blocks; something does; the file can't be read.
CLEAN, BLOCKED, UNREADABLE = 0, 1, 2


def check_file(path: str | Path, as_json: bool = False) -> tuple[str, int]:
    """The report on a plan file and the exit code: 1 while an open finding blocks, 2 if unreadable.

    JSON: {"findings": [{code, place, severity, text, suggestion, closed_by}]}, closed ones included; for an
    unreadable file {"error": …, "place": …}. A supplement that is not confirmed is a draft: what it would
    close stays open, and its suggestion names the draft.
    """
    try:
        found = findings(load_plan(Path(path)))
    except PlanError as error:
        sentence = sentence_for(error)
        if as_json:
            facts = {"error": sentence, "place": error.facts["place"]}
            return json.dumps(facts, ensure_ascii=False, indent=2), UNREADABLE
        return sentence, UNREADABLE
    code = BLOCKED if any(finding.blocks for finding in found) else CLEAN
    if as_json:
        listed = {"findings": [finding.as_json() for finding in found]}
        return json.dumps(listed, ensure_ascii=False, indent=2), code
    return _text(str(path), found), code


def _text(path: str, found: list[Finding]) -> str:
    groups = {
        "block": [finding for finding in found if finding.blocks],
        "warn": [finding for finding in found if finding.is_open and not finding.blocks],
        "closed": [finding for finding in found if not finding.is_open],
    }
    lines = [REPORT["head"].format(path=path, **{name: len(listed) for name, listed in groups.items()})]
    for name, listed in groups.items():
        if not listed:
            continue
        lines += ["", REPORT[name].format(count=len(listed))]
        for number, finding in enumerate(listed, 1):
            lines.append(f"{number}. [{finding.code}] {finding.place}")
            lines.append(f"   {finding.text}")
            if finding.is_open:
                lines.append(REPORT["suggestion"].format(text=finding.suggestion))
            else:
                lines.append(REPORT["closed_by"].format(id=finding.closed_by))
    lines += ["", REPORT["blocked" if groups["block"] else "clean"]]
    return "\n".join(lines)
