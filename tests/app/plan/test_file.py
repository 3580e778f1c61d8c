"""Loading a plan, its faults with their place, and editing without losing what people wrote."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app import plan as plans
from app.wording import sentence_for
from tests.app.plan.shipped import HAINAN, SMALL, shipped, small


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        (b'name = "a"\nquota 10\n', "第2行第7列"),
        (b'name = "a"\nname = "b"\n', "第2行第11列"),
        (b"day = 2023-02-30\n", "第1行"),
        (b'[a]\nx = "open', "第2行第10列"),
        (b"[a]\nx = [1, 2", "第2行"),
        (b'a = "\xff"\n', "第1行第6字节"),
        ("甲 = 1\n".encode(), "第1行第1列"),
        (b"", "整个文件"),
        (b"x = " + b"[" * 5000, "整个文件"),
        (b"x = " + b"[" * 20 + b"]" * 20, "整个文件"),
        (b"x = " + b"9" * 5000, "整个文件"),
        (b'x = "' + b"a" * 1024 * 1024 + b'"', "整个文件"),
    ],
    ids=["no equals", "twice", "no such day", "open text", "open list", "encoding", "key", "empty", "deeper", "deep",
         "number", "big"],
)
def test_a_bad_file_is_refused_with_its_place(raw: bytes, place: str) -> None:
    with pytest.raises(plans.PlanError) as caught:
        plans.load_plan(raw)
    assert caught.value.facts["place"].startswith(place)
    sentence = sentence_for(caught.value)
    assert place in sentence and sentence.endswith("。")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(plans.PlanError, match="plan_unreadable"):
        plans.load_plan(tmp_path / "none.toml")


@pytest.mark.parametrize("name", [HAINAN, SMALL])
def test_the_bytes_are_kept_and_so_is_every_comment_of_an_edited_plan(name: str) -> None:
    plan = shipped(name)
    frozen, digest = plans.freeze(plan)
    assert frozen == plan.raw and len(digest) == 64
    edited = plans.set_value(plan, "evaluation.ranking.quota", 7)
    before, after = plan.text.splitlines(), edited.text.splitlines()
    assert [line for line in before if line not in after] == [
        line for line in before if line.startswith("quota = ")
    ]
    quota = plan["evaluation"]["ranking"]["quota"]
    assert plans.diff(plan, edited) == [plans.Change("evaluation.ranking.quota", quota, 7)]
    back = plans.set_value(edited, "evaluation.ranking.quota", quota)
    assert back.raw == plan.raw
    assert plans.freeze(edited)[1] != digest


def test_places_name_entries_by_their_own_numbers() -> None:
    plan = shipped(HAINAN)
    assert plans.get_value(plan, "evaluation.scoring.items.5.subitems.5.2.points") == "2"
    assert plans.get_value(plan, "onboarding.requirements.items.cert.10.title") == "签名、加密双证书"
    assert plans.get_value(plan, "publication.channels.2.url") == "https://www.datadex.cn"
    assert plans.get_value(plan, "evaluation.scoring.items.9") is None
    assert plans.get_value(plan, "name.more.still") is None


def test_new_keys_entries_and_tables_can_be_added_and_removed() -> None:
    plan = shipped(HAINAN)
    plan = plans.set_values(plan, [
        ("publication.schedule.closing_time", "16:00"),
        ("evaluation.award.contract_days", 20),
        ("responses.annexes.1", {"no": "1", "title": "承诺书", "text": "第一行\r\n第二行"}),
        ("responses.annexes.2", {"no": "2", "title": "授权书", "text": "一"}),
        ("evaluation.scoring.items.1.elements", [{"id": "x", "text": "甲"}, {"id": "y", "text": "乙"}]),
        ("evaluation.scoring.items.1.rule", "elements"),
        ("evaluation.scoring.step", Decimal("0.50")),
    ])
    assert plan["evaluation"]["award"] == {"contract_days": 20}
    assert [annex["text"] for annex in plan["responses"]["annexes"]] == ["第一行\n第二行", "一"]
    assert plan["evaluation"]["scoring"]["items"][0]["elements"][1] == {"id": "y", "text": "乙"}
    assert plan["evaluation"]["scoring"]["step"] == "0.50"
    gone = plans.remove(plan, "responses.annexes.1")
    assert [annex["no"] for annex in gone["responses"]["annexes"]] == ["2"]


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("evaluation.scoring.items.99.points", "1", "plan_place_unknown"),
        ("name.further", "1", "plan_place_unknown"),
        ("", "1", "plan_place_unknown"),
        ("name", "a\x00b", "plan_value_bad"),
        ("name", "\ud800", "plan_value_bad"),
        ("name", object(), "plan_value_bad"),
        ("name", 1.5, "plan_value_bad"),
        ("responses.items.1", "1", "plan_value_bad"),
    ],
)
def test_an_impossible_edit_is_refused_with_a_sentence(path: str, value: Any, code: str) -> None:
    with pytest.raises(plans.PlanError, match=f"^{code}$") as caught:
        plans.set_value(shipped(SMALL), path, value)
    assert sentence_for(caught.value).endswith("。")


@settings(max_examples=30)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), max_size=60))
def test_any_text_comes_back_as_it_was_written(text: str) -> None:
    plan = plans.set_value(shipped(SMALL), "publication.overview", text)
    assert plan["publication"]["overview"] == text
    assert plans.load_plan(plan.raw) == plan


def test_dates_move_with_the_opening_day_and_keep_their_working_days() -> None:
    plan = plans.confirm_supplements(shipped(HAINAN))
    assert plans.shift_dates(plan, date(2023, 6, 25)).raw == plan.raw
    moved = plans.shift_dates(plan, date(2026, 9, 24))["publication"]["schedule"]
    # The eighth of October is the first working day after the holidays, the tenth a shifted one.
    assert moved["responses_open"] == date(2026, 9, 24)
    assert moved["responses_close"] == date(2026, 10, 8)
    assert (moved["review_start"], moved["review_end"]) == (date(2026, 10, 9), date(2026, 10, 14))
    assert (moved["publicity_start"], moved["publicity_end"]) == (date(2026, 10, 16), date(2026, 10, 22))


@settings(max_examples=20)
@given(st.dates(date(2020, 1, 1), date(2035, 12, 31)))
def test_moved_dates_stay_in_order_on_any_day(opens: date) -> None:
    plan = plans.shift_dates(plans.confirm_supplements(shipped(HAINAN)), opens)
    codes = {finding.code for finding in plans.findings(plan) if finding.is_open}
    # Long holidays before the closing day make the response period long enough: its supplement has nothing to do.
    assert codes <= {"day_off", "supplement_idle"}
    assert plan["publication"]["schedule"]["responses_open"] == opens


def test_instants_are_aware_and_in_utc() -> None:
    plan = plans.apply_supplements(plans.confirm_supplements(shipped(HAINAN)))
    instants = plans.schedule_instants(plan)
    assert instants.closes_at is not None and instants.closes_at.isoformat() == "2023-07-07T09:30:00+00:00"
    assert instants.opens_at is not None and instants.opens_at.isoformat() == "2023-06-24T16:00:00+00:00"
    assert instants.publicity_ends_at is not None
    assert instants.publicity_ends_at.isoformat() == "2023-07-21T15:59:59+00:00"
    # The draft has no hour, so nothing closes; the effective data as JSON says the same as the plan.
    assert plans.schedule_instants(shipped(HAINAN)).closes_at is None
    assert plans.schedule_instants(plans.as_json(plan)) == instants


def test_a_supplement_counts_once_it_is_confirmed() -> None:
    plan = shipped(HAINAN)
    assert "closing_time" not in plans.apply_supplements(plan)["publication"]["schedule"]
    assert plans.apply_supplements(plan, drafts=True)["publication"]["schedule"]["closing_time"] == "17:30"
    one = plans.confirm_supplements(plan, ["s01"])
    effective = plans.apply_supplements(one)
    assert effective["publication"]["schedule"]["closing_time"] == "17:30"
    assert "tie_chain" not in effective["evaluation"]["ranking"]
    assert [entry["id"] for entry in plans.supplements(one, confirmed=True)] == ["s01"]
    # The file's own words stay; the supplement changes only what is in force.
    rules = plans.apply_supplements(plans.confirm_supplements(plan))["responses"]["rules"]
    assert "比选" in plan["responses"]["rules"][0]["text"] and "比选" not in rules[0]["text"]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"path": "name.x", "value": "1"}, "supplements.s1.values.1.path"),
        ({"path": "supplements.s1.text", "value": "1"}, "supplements.s1.values.1.path"),
        ({"path": "name", "replace": "没有这几个字", "value": "1"}, "supplements.s1.values.1.replace"),
        ({"path": "evaluation.ranking.quota", "replace": "2", "value": "3"}, "supplements.s1.values.1.path"),
        ({"path": "name"}, "supplements.s1.values.1"),
    ],
)
def test_a_supplement_that_leads_nowhere_is_refused_with_its_place(change: dict[str, Any], place: str) -> None:
    entry = {"id": "s1", "finding": "x", "place": "y", "text": "样例", "confirmed": True, "values": [change]}
    plan = small({"supplements": [entry]})
    with pytest.raises(plans.PlanError) as caught:
        plans.apply_supplements(plan)
    assert caught.value.facts["place"] == place


def test_the_printed_plan_has_every_section_in_the_plans_order() -> None:
    plan = plans.apply_supplements(plans.confirm_supplements(shipped(HAINAN)))
    sections = plans.plan_sections_for_print(plan)
    chapters = [section["title"] for section in sections if section["level"] == 1 and section["title"]]
    assert chapters == [
        "项目概况", "总体目标", "服务周期", "招募方式和流程", "资质要求", "招募方式及评审办法", "招募需求",
        "响应文件要求", "服务费收取及分配模式", "电子印章服务商响应文件模板", "附件1 承诺书", "附件2 服务联系人授权书",
    ]
    text = "\n".join(section["text"] for section in sections)
    assert "递交响应文件时间：2023年6月25日至2023年7月7日17:30。" in text
    assert "（5）数字证书认证服务机构或经数字证书认证服务机构授权的服务商" in text
    tables = {section["title"]: section["table"] for section in sections if section["table"]}
    assert len(tables["4. 资格符合性审查表"]) == 5
    scoring = tables["综合评分表（满分100分）"]
    assert [row[4] for row in scoring[1:]] == ["10", "20", "20", "10", "22", "10", "8"]
    assert "参考招募需求中服务标准第2点" in scoring[1][3] and scoring[1][3].count("认证证书") == 2
