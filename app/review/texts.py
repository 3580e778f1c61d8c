"""Sentences about the review's contents, for messages and for the two values of a conflict."""

from __future__ import annotations

from typing import Any

from app.addresses import path_to
from app.publication.models import Recruitment
from evaluation.models import Candidate, Review


def desk_link(recruitment: Recruitment) -> str:
    """Address of the review desk, without a host."""
    return f"/recruitments/{recruitment.public_id}/review/desk"


def answers(values: dict[str, dict[str, Any]]) -> str:
    """Lines of a qualification sheet as people read them."""
    words = {True: "√ 通过", False: "× 不通过", None: "未填"}
    return "\n".join(
        f"审查项目 {item}：{words[line['passed']]}"
        + (f"；理由（{line['ground']}）" if line["ground"] else "")
        + (f"；{line['remark']}" if line["remark"] else "")
        for item, line in sorted(values.items())
    )


def scores(values: dict[str, dict[str, Any]]) -> str:
    """Lines of a score sheet as people read them."""
    return "\n".join(
        f"第 {key} 项：{line['value'] if line['value'] is not None else '未填'}"
        + (f"；{line['remark']}" if line.get("remark") else "")
        for key, line in sorted(values.items())
    )


def elimination(review: Review, candidate: Candidate) -> str:
    """Why a vendor did not pass, in the plan's own words."""
    items = {str(entry["id"]): entry for entry in review.rules["qualification"]["form"]}
    reasons = {str(entry["id"]): entry["text"] for entry in review.rules["qualification"]["invalidity"]}
    by = {
        "panel": "评审委员会一致认定",
        "vote": "经评审委员会记名表决",
        "ca_group": "同一数字证书认证机构只接受一家",
    }
    lines = ["贵单位的响应文件未通过资格符合性审查，理由如下："]
    for entry in candidate.elimination:
        title = items.get(entry["item"], {}).get("title", "")
        grounds = "；".join(reasons.get(ground, ground) for ground in entry["grounds"])
        lines.append(f"审查项目“{title}”不通过（{by.get(entry['by'], '')}）。依据：{grounds}")
        if entry["by"] == "ca_group":
            how = "认证机构书面答复" if entry.get("decided_by") == "ca_answer" else "评审委员会表决"
            lines.append(f"处理方式：{how}确定由其他服务商通过，或均不通过。")
        lines.extend(f"说明：{remark}" for remark in dict.fromkeys(entry["remarks"]))
    return "\n".join(lines)


def sheet_link(endpoint: str, recruitment: Recruitment, **params: str) -> str:
    """Address of a page of the review, without a host."""
    return path_to(endpoint, recruitment=recruitment.public_id, **params)
