"""Both shipped plans are rules that every module can read, and a review runs on the small one as it is."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import documents
from app import plan as plans
from app.audit import SYSTEM
from app.extensions import db
from app.review import actions, scoring
from app.storage import read_all
from evaluation.fees import split
from evaluation.models import QualificationSheet, RankEntry, ScoreSheet
from evaluation.objections import ObjectionRules
from evaluation.panel import PanelRules
from evaluation.qualification import QualificationRules
from evaluation.ranking import RankingRules
from evaluation.scoring import ScoringRules
from onboarding.golive import GoLiveRules
from onboarding.requirements import Requirements, duties_from_plan
from onboarding.workdays import WorkdayRules
from tests import factories
from tests.app.documents import printed
from tests.app.plan.shipped import HAINAN, SMALL, shipped
from tests.app.review.room import judge_all, make_room, score_all, score_form
from tests.app.review.test_lots import draw


def in_force(name: str) -> dict[str, Any]:
    effective: dict[str, Any] = plans.as_json(plans.apply_supplements(plans.confirm_supplements(shipped(name))))
    return effective


def test_the_hainan_plan_is_what_the_design_says() -> None:
    plan = in_force(HAINAN)
    evaluation, onboarding = plan["evaluation"], plan["onboarding"]
    scores = ScoringRules.from_plan(evaluation["scoring"])
    assert scores.unallocated() == {}
    assert [(item.no, str(item.points), item.objective) for item in scores.items] == [
        ("1", "10", True), ("2", "20", True), ("3", "20", True), ("4", "10", True),
        ("5", "22", False), ("6", "10", False), ("7", "8", False),
    ]
    assert [str(scores.line(key).points) for key in ("5.1", "5.2", "5.3", "5.4")] == ["4", "2", "8", "8"]
    assert {key: scores.line(key).rule for key in scores.keys} == {
        **dict.fromkeys(("1", "2", "3", "4", "7"), "elements"),
        **dict.fromkeys(("5.1", "5.2", "5.3", "5.4"), "full_or_zero"), "6": "count",
    }
    assert scores.check_score("6", "10", {"cases": [f"案例{n}" for n in range(6)]}) == 10
    qualification = QualificationRules.from_plan(evaluation["qualification"])
    assert len(qualification.items) == 4 and len(qualification.grounds) == 6
    assert len(evaluation["qualification"]["requirements"]) == 5
    assert (qualification.numerator, qualification.denominator, qualification.one_per_ca) == (2, 3, True)
    ranking = RankingRules.from_plan(evaluation["ranking"])
    assert ranking.quota == 10 and ranking.tie_chain == ("objective_subtotal", "items_by_weight", "lottery")
    assert PanelRules.from_plan(evaluation["panel"]).seats == 5
    assert ObjectionRules.from_plan(evaluation["objections"]).answer_days == 7
    assert WorkdayRules.from_plan(onboarding["workdays"]) == WorkdayRules(30, "notice_of_selection")
    assert GoLiveRules.from_plan(onboarding["golive"]) == GoLiveRules(3, 12, "contract")
    requirements = Requirements.from_plan(onboarding["requirements"])
    assert {group: len(items) for group, items in requirements.groups.items()} == {
        "std": 4, "ukey": 4, "cert": 6, "apply": 4, "manual": 8, "sign": 2, "custom": 3, "verify": 3, "lra": 3,
    }
    assert len(duties_from_plan(onboarding["duties"])) == 13
    items = {item["no"]: item for item in plan["responses"]["items"]}
    asked = [no for no, item in items.items() if item.get("required", True) and not item.get("if_any")]
    assert asked == ["1", "2", "3", "4", "5", "6", "8", "9", "10"] and items["11"]["formal"] is True
    assert len(plan["responses"]["template"]["sections"]) == 9
    assert [annex["title"] for annex in plan["responses"]["annexes"]] == ["承诺书", "服务联系人授权书"]
    assert len(split(Decimal("5000"), ["a", "b", "c"])) == 3


#: The plan's own sentences, one from each of its parts.
WORDS = (
    "持续打造更加便捷高效的营商环境。其中，电子印章由省统一电子印章平台制作和备案，满足海南省市场主体对电子签署多元化需求",
    "其它个性化需求由服务商提供服务。",
    "封口处应加盖骑缝章",
    "得票超过三分之二的服务商有资格进入详细评审阶段，否则将被淘汰。",
    "响应文件无法定代表人签字或被受权人未经法定代表人授权的；",
    "每提供一个案例得2分，满分10分。",
    "服务商应在24小时内提供备用设备供招募方使用，直至故障修复。满分2分，没有得0分。",
    "正式开始为期三个月免费向海南省市场主体推广申领、使用企业侧电子印章。",
    "平台强制设定每次签署必须通过海易办人脸识别完成意愿认证，",
    "电子政务外网部署需要的计算机云资源由省政务云统一提供。",
    "均隶属政府资源，未经招募方同意，入选服务商不得以任何形式向第三方透漏，并确保使用过程数据安全。",
    "提供签名证书、加密证书双证书书",
)


def test_the_plan_speaks_in_its_own_words() -> None:
    text = shipped(HAINAN).text
    assert [words for words in WORDS if words not in text] == []


@pytest.mark.parametrize("name", [HAINAN, SMALL])
def test_points_come_to_the_total_and_every_key_has_a_scale(name: str) -> None:
    scores = ScoringRules.from_plan(in_force(name)["evaluation"]["scoring"])
    assert sum(line.points for line in scores.lines) == scores.total
    full = {line.key: line.points for line in scores.lines}
    assert scores.sheet_total(full) == scores.total
    for line in scores.lines:
        if line.rule == "elements":
            assert line.listed[-1] == line.points


def test_a_review_runs_on_the_small_plan_without_other_code(
    app: Flask, client: FlaskClient, clock: Any, tmp_path: Path
) -> None:
    with app.app_context():
        room = make_room(4, plan_name=SMALL)
        assert room.review.seats == len(room.experts) == 3
        actions.start_qualification(actor=room.staff(), recruitment=room.recruitment)
        factories.login(client, room.experts[1])
        sheet = room.sheet(QualificationSheet, 2, 1)
        page = client.get(f"{room.base}/qualification/{sheet.public_id}").text
        for phrase in ("是否具备全部资格要求", "内容缺漏、不能作出实质性响应的。"):
            assert phrase in page
        judge_all(room)
        scoring.start_scoring(actor=room.staff(), recruitment=room.recruitment)
        sheet = room.sheet(ScoreSheet, 2, 1)
        url = f"{room.base}/score/{sheet.public_id}"
        page = client.get(url).text
        for phrase in ("接入与应急方案", "有备用通道，能自动切换", "值守承诺"):
            assert phrase in page
        # The plan's own steps: whole points, but halves for 乙.2.
        for key, value, status in (("乙.1", "9.5", 422), ("乙.2", "9.5", 303), ("乙.2", "9.25", 422), ("丙", "5", 422)):
            db.session.expire_all()
            answer = client.post(url, data=score_form(room, sheet.version) | {f"value-{key}": value})
            assert answer.status_code == status, (key, value)
        score_all(room)
        factories.login(client, room.people["staff"])
        draw(room, clock)
        assert client.post(f"{room.base}/rank").status_code == 303
        db.session.expire_all()
        entries = db.session.query(RankEntry).filter_by(review_id=room.review.id).order_by(RankEntry.rank).all()
        assert [entry.rank for entry in entries] == [1, 2, 3, 4]
        assert all(entry.seats == 3 and entry.score == Decimal("50") for entry in entries)
        # All are equal: the plan's chain ends in the lottery.
        assert entries[0].tie_steps[-1]["step"] == "lottery"
        plan = documents.issue_plan_pdf(room.recruitment, actor=SYSTEM)
        summary = documents.issue_score_summary(room.review, actor=SYSTEM)
        form = documents.issue_qualification_form(room.candidate(1), actor=SYSTEM)
        text = printed.flat(read_all(plan.blob_key), tmp_path)
        assert "样例市政务短信服务商招募方案" in text and "目录价格" not in text
        assert "50.000" in printed.flat(read_all(summary.blob_key), tmp_path)
        assert "资格审查表" in printed.flat(read_all(form.blob_key), tmp_path)
