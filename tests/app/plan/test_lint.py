"""Each finding is found where its fault is, and nowhere else."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from app import plan as plans
from app.commands.plan import plan as plan_command
from app.plan.lint import BLOCKING
from app.plan.lint.numerals import read, read_fraction
from app.plan.report import check_file
from app.wording.plan_findings import FINDINGS
from evaluation.plan_paths import NoSuchPlace, put, texts
from tests.app.plan.shipped import FOLDER, HAINAN, SMALL, found, shipped, small

#: What the design asks for, by code and place.
HAINAN_FINDINGS = {
    ("points_unallocated", "evaluation.scoring.items.5"),
    ("numbers_differ", "responses.template.sections.2.parts.2.4"),
    ("reference_dangling", "evaluation.scoring.items.1"),
    ("copies_contradict", "responses.rules.1"),
    ("closing_time_missing", "publication.schedule.closing_time"),
    ("start_event_missing", "onboarding.workdays.start_event"),
    ("tie_rule_missing", "evaluation.ranking.tie_chain"),
    *(("scale_missing", f"evaluation.scoring.items.{no}") for no in (1, 2, 3, 4, 7)),
    ("count_called_subjective", "evaluation.scoring.items.6"),
    ("annex_missing", "responses.annexes.1"),
    ("annex_missing", "responses.annexes.2"),
    ("template_incomplete", "responses.template.sections"),
    ("foreign_term", "responses.rules.1"),
    ("fee_undefined", "publication.fees.price_list"),
    ("fee_undefined", "publication.fees.distribution"),
    ("scored_twice", "evaluation.scoring.items.1"),
    ("combination_missing", "evaluation.scoring.combine"),
    ("response_period_short", "publication.schedule.responses_close"),
    ("service_overlap", "onboarding.golive.service_from"),
    ("brand_named", "evaluation.scoring.items.4"),
    ("record_scored", "evaluation.scoring.items.6"),
    ("region_favoured", "evaluation.scoring.items.7"),
    ("expert_fee_on_winners", "publication.fees.expert"),
    # What the plan leaves open besides.
    ("step_missing", "evaluation.scoring.step"),
    ("vote_scope_missing", "evaluation.qualification.vote_scope"),
    ("objection_period_missing", "evaluation.objections"),
    ("contract_period_missing", "evaluation.award.contract_days"),
}


def test_the_hainan_plan_has_these_findings_and_a_draft_for_each() -> None:
    listed = found(shipped(HAINAN))
    assert set(listed) == HAINAN_FINDINGS
    assert all(finding.is_open and finding.draft for finding in listed.values())
    assert all(finding.draft in finding.suggestion for finding in listed.values() if finding.draft)
    short = listed["response_period_short", "publication.schedule.responses_close"]
    assert "13日" in short.text
    left = listed["points_unallocated", "evaluation.scoring.items.5"]
    assert "22分" in left.text and "16分" in left.text


def test_confirmed_supplements_close_them_and_they_stay_listed() -> None:
    listed = found(plans.confirm_supplements(shipped(HAINAN)))
    assert set(listed) == HAINAN_FINDINGS
    assert not any(finding.is_open for finding in listed.values())
    ids = {entry["id"] for entry in shipped(HAINAN)["supplements"]}
    assert {finding.closed_by for finding in listed.values()} == ids
    assert plans.blocking(plans.confirm_supplements(shipped(HAINAN))) == []


def test_the_small_plan_is_accused_of_nothing() -> None:
    assert found(shipped(SMALL)) == {}


FAULTS: list[tuple[str, str, dict[str, Any], tuple[str, ...]]] = [
    ("closing_time_missing", "publication.schedule.closing_time", {}, ("publication.schedule.closing_time",)),
    ("dates_order", "publication.schedule.review_start",
     {"publication.schedule.review_start": date(2025, 3, 28)}, ()),
    ("dates_order", "publication.schedule.publicity_end",
     {"publication.schedule.publicity_end": date(2025, 4, 3)}, ()),
    ("response_period_short", "publication.schedule.responses_close",
     {"publication.schedule.responses_open": date(2025, 3, 10)}, ()),
    ("publicity_short", "publication.schedule.publicity_end",
     {"publication.schedule.publicity_end": date(2025, 4, 8)}, ()),
    ("day_off", "publication.schedule.review_start",
     {"publication.schedule.review_start": date(2025, 3, 29)}, ()),
    ("points_sum", "evaluation.scoring.total", {"evaluation.scoring.items.丙.points": "12"}, ()),
    ("points_unallocated", "evaluation.scoring.items.乙",
     {"evaluation.scoring.items.乙.subitems.乙.2.points": "9"}, ()),
    ("points_unallocated", "evaluation.scoring.items.乙", {}, ("evaluation.scoring.items.乙.subitems.乙.1.points",)),
    ("scale_missing", "evaluation.scoring.items.丙", {}, ("evaluation.scoring.items.丙.rule",)),
    ("scale_missing", "evaluation.scoring.items.丙", {"evaluation.scoring.items.丙.rule": "range"}, ()),
    ("scale_missing", "evaluation.scoring.items.乙.subitems.乙.1", {},
     ("evaluation.scoring.items.乙.subitems.乙.1.rule",)),
    ("scale_missing", "evaluation.scoring.items.甲", {}, ("evaluation.scoring.items.甲.elements",)),
    ("step_missing", "evaluation.scoring.step", {}, ("evaluation.scoring.step",)),
    ("combination_missing", "evaluation.scoring.combine", {}, ("evaluation.scoring.combine",)),
    ("count_called_subjective", "evaluation.scoring.items.乙.subitems.乙.2",
     {"evaluation.scoring.items.乙.subitems.乙.2.rule": "count"}, ()),
    ("tie_rule_missing", "evaluation.ranking.tie_chain", {"evaluation.ranking.tie_chain": []}, ()),
    ("tie_rule_unfinished", "evaluation.ranking.tie_chain",
     {"evaluation.ranking.tie_chain": ["items_by_weight"]}, ()),
    ("evidence_missing", "evaluation.scoring.items.丙", {}, ("evaluation.scoring.items.丙.evidence",)),
    ("numbers_differ", "responses.items.2", {
        "evaluation.qualification.requirements.b.text": "提供2024年起任意3个月的纳税和社保凭证复印件。",
        "responses.items.2.text": "2023年起任意3个月的纳税和社保凭证复印件。"}, ()),
    ("text_contradicts", "evaluation.ranking.text", {"evaluation.ranking.quota": 3}, ()),
    ("text_contradicts", "evaluation.panel.text", {"evaluation.panel.seats": 5}, ()),
    ("text_contradicts", "onboarding.text", {"onboarding.workdays.integration_days": 30}, ()),
    ("text_contradicts", "publication.fees.service", {"publication.fees.service": "提供三个月免费试用。"}, ()),
    ("text_contradicts", "publication.service_period", {"onboarding.golive.service_months": 12}, ()),
    ("text_contradicts", "evaluation.qualification.text",
     {"evaluation.qualification.vote_numerator": 2, "evaluation.qualification.vote_denominator": 3}, ()),
    ("text_contradicts", "evaluation.scoring.items.丙",
     {"evaluation.scoring.items.丙.standard": "满分8分，没有得0分。"}, ()),
    ("text_contradicts", "responses.rules.1.text", {"responses.rules.1.text": "纸质版叁份，正本壹份、副本壹份。"}, ()),
    ("copies_contradict", "responses.copies", {"responses.copies.paper": 3}, ()),
    ("copies_contradict", "responses.rules.1",
     {"responses.copies.paper": 1, "responses.copies.duplicates": 0,
      "responses.rules.1.text": "正本和所有副本密封。"}, ()),
    ("foreign_term", "responses.rules.2", {"responses.rules.2.text": "投标文件由法定代表人签字。"}, ()),
    ("reference_dangling", "evaluation.scoring.items.丙", {"evaluation.scoring.items.丙.standard": "见第九条。"}, ()),
    ("reference_dangling", "responses.rules.2", {"responses.rules.2.text": "按第三项第四款签字。"}, ()),
    ("reference_dangling", "responses.items.1.evidences", {"responses.items.1.evidences": ["a", "z"]}, ()),
    ("reference_dangling", "responses.template.sections.3.items",
     {"responses.template.sections.3.items": ["4", "5", "6"]}, ()),
    ("reference_dangling", "onboarding.trial.signature", {"onboarding.trial.signature": ["link.1", "link.9"]}, ()),
    ("reference_dangling", "onboarding.sections.1", {"onboarding.sections.1.group": "lost"}, ()),
    ("requirement_unproved", "evaluation.qualification.requirements.a", {}, ("responses.items.1.evidences",)),
    ("annex_missing", "responses.annexes.3", {"responses.items.3.text": "接入方案（格式见附件3）。"}, ()),
    ("annex_missing", "responses.annexes.1", {}, ("responses.annexes",)),
    ("template_incomplete", "responses.template.sections", {"responses.template.sections.3.items": ["4"]}, ()),
    ("template_incomplete", "responses.template.sections", {},
     ("responses.template.sections.1.items",)),
    ("fee_undefined", "publication.fees.price_list", {"publication.fees.service": "按目录价格收取服务费。"}, ()),
    ("fee_undefined", "publication.fees.distribution", {"publication.fees.title": "服务费收取及分配模式"}, ()),
    ("start_event_missing", "onboarding.workdays.start_event", {}, ("onboarding.workdays.start_event",)),
    ("vote_scope_missing", "evaluation.qualification.vote_scope", {}, ("evaluation.qualification.vote_scope",)),
    ("objection_period_missing", "evaluation.objections", {}, ("evaluation.objections.answer_days",)),
    ("contract_period_missing", "evaluation.award.contract_days", {}, ("evaluation.award",)),
    ("panel_size", "evaluation.panel.seats", {"evaluation.panel.seats": 4}, ()),
    ("brand_named", "evaluation.scoring.items.甲",
     {"evaluation.scoring.items.甲.standard": "网关品牌为样例通信的得分。"}, ()),
    ("brand_named", "evaluation.qualification.requirements.b",
     {"evaluation.qualification.requirements.b.text": "提供原厂授权。"}, ()),
    ("region_favoured", "evaluation.scoring.items.丙",
     {"evaluation.scoring.items.丙.standard": "在样例市设有分公司的得满分，否则得0分。"}, ()),
    ("record_scored", "evaluation.scoring.items.丙",
     {"evaluation.scoring.items.丙.standard": "有同类项目业绩的得满分。"}, ()),
    ("scored_twice", "evaluation.scoring.items.丙", {
        "evaluation.scoring.items.丙.name": "经营许可证",
        "evaluation.scoring.items.丙.standard": "持有增值电信业务经营许可证的得满分。"}, ()),
    ("expert_fee_on_winners", "publication.fees.expert",
     {"publication.fees.expert": "专家评审费由中选单位承担。"}, ()),
    ("expert_fee_on_winners", "publication.fees.expert", {"evaluation.fees.payer": "selected"}, ()),
    ("service_overlap", "onboarding.golive.service_from", {"onboarding.golive.service_from": "contract"}, ()),
    ("key_missing", "evaluation.ranking.quota", {}, ("evaluation.ranking.quota",)),
    ("key_missing", "evaluation.qualification", {}, ("evaluation.qualification",)),
    ("key_unknown", "evaluation.ranking.qouta", {"evaluation.ranking.qouta": 2}, ()),
    ("key_doubled", "responses.items.1", {"responses.items.2.no": "1"}, ()),
    ("value_wrong", "evaluation.ranking.quota", {"evaluation.ranking.quota": "2"}, ()),
    ("value_wrong", "evaluation.scoring.items.丙.points", {"evaluation.scoring.items.丙.points": "-1"}, ()),
    ("value_wrong", "publication.schedule.closing_time", {"publication.schedule.closing_time": "25:00"}, ()),
    ("value_wrong", "evaluation.scoring.items.丙.rule", {"evaluation.scoring.items.丙.rule": "half"}, ()),
    ("value_wrong", "responses", {"responses": "见附件"}, ()),
    ("section_unreadable", "evaluation.qualification.vote_numerator", {
        "evaluation.qualification.vote_numerator": 1, "evaluation.qualification.vote_denominator": 3,
        "evaluation.qualification.text": "记名表决。"}, ()),
    ("key_doubled", "evaluation.scoring.items.丙.subitems.甲", {"evaluation.scoring.items.丙.subitems": [
        {"id": "甲", "text": "值守", "points": "10", "rule": "full_or_zero"}]}, ()),
    ("section_unreadable", "onboarding.duties.接入.id",
     {"onboarding.duties.duty.1.id": "接入"}, ()),
    ("supplement_unusable", "supplements.s1.values.1.path", {"supplements": [
        {"id": "s1", "finding": "x", "place": "y", "text": "样例", "confirmed": True,
         "values": [{"path": "name.x", "value": "1"}]}]}, ()),
    ("supplement_idle", "supplements.s1", {"supplements": [
        {"id": "s1", "finding": "brand_named", "place": "evaluation.scoring.items.甲", "text": "样例",
         "confirmed": False}]}, ()),
]


@pytest.mark.parametrize(
    ("code", "place", "changes", "removed"), FAULTS, ids=[f"{row[0]}-{index}" for index, row in enumerate(FAULTS)]
)
def test_a_fault_is_found_where_it_is(
    code: str, place: str, changes: dict[str, Any], removed: tuple[str, ...]
) -> None:
    listed = found(small(changes, removed))
    assert (code, place) in listed, sorted(listed)
    finding = listed[code, place]
    assert finding.severity == ("block" if code in BLOCKING else "warn")
    assert finding.is_open and finding.text.endswith("。") and finding.suggestion.endswith("。")
    assert "{" not in finding.text + finding.suggestion


def test_every_code_has_sentences_and_a_fault_that_shows_it() -> None:
    assert {row[0] for row in FAULTS} == set(FINDINGS)
    assert set(FINDINGS) >= BLOCKING


@pytest.mark.parametrize(
    "changes",
    [
        # A law's article, its own list's numbers, and a part of the template are no dangling references.
        {"responses.rules.2.text": "依照《中华人民共和国电子签名法》第十四条，第1、2项加盖公章，模板第二部分自拟。"},
        # A licence's copy is no copy of the response; a brand or record that is only evidence decides nothing.
        {"responses.copies.paper": 1, "responses.copies.duplicates": 0, "responses.rules.1.text": "纸质版壹份。"},
        {"evaluation.scoring.items.丙.evidence": "服务承诺书和相关案例"},
        # The same sentence with the same numbers, and another sentence with others.
        {"evaluation.qualification.requirements.b.text": "提供2024年起任意3个月的纳税凭证复印件。",
         "responses.items.2.text": "2024年起任意3个月的纳税凭证复印件。",
         "responses.items.3.text": "近2年内5份通道容量测试报告。"},
        {"publication.overview": "依据《样例市招标投标管理办法》和本方案。"},
        {"publication.fees.service": "按目录价格收取。", "publication.fees.price_list": "每条0.03元。"},
    ],
)
def test_what_is_in_order_is_not_accused(changes: dict[str, Any]) -> None:
    assert found(small(changes)) == {}


def test_the_place_that_stands_alone_is_named() -> None:
    text = "提供{}年起任意3个月的纳税和社保凭证复印件。"
    years = {"evaluation.qualification.requirements.b.text": 2023, "responses.items.2.text": 2024,
             "responses.template.sections.1.text": 2024}
    listed = found(small({path: text.format(year) for path, year in years.items()}))
    assert set(listed) == {("numbers_differ", "evaluation.qualification.requirements.b")}


def _supplement(code: str, place: str, values: list[dict[str, Any]], confirmed: bool = True) -> dict[str, Any]:
    return {"id": "s1", "finding": code, "place": place, "text": "样例说明", "confirmed": confirmed, "values": values}


def test_a_supplement_closes_a_block_only_by_a_value_that_mends_it() -> None:
    place = "evaluation.ranking.tie_chain"
    good = _supplement("tie_rule_missing", place, [{"path": place, "value": ["lottery"]}])
    idle = _supplement("tie_rule_missing", place, [])
    draft = good | {"confirmed": False}
    for entry, closed_by, words in ((good, "s1", ""), (idle, None, "没有解决本项"), (draft, None, "草案s1")):
        plan = small({"supplements": [entry]}, (place,))
        finding = found(plan)["tie_rule_missing", place]
        assert finding.closed_by == closed_by and words in finding.suggestion
        assert bool(plans.blocking(plan)) is (closed_by is None)


def test_a_warning_is_closed_by_the_explanation_alone() -> None:
    place = "onboarding.golive.service_from"
    change = {"onboarding.golive.service_from": "contract", "supplements": [_supplement("service_overlap", place, [])]}
    assert found(small(change))["service_overlap", place].closed_by == "s1"


def test_what_a_supplement_brings_in_or_mends_unasked_is_told() -> None:
    quota = "evaluation.ranking.quota"
    brought = small({"supplements": [_supplement("x", "y", [{"path": quota, "value": 3}])]})
    assert ("text_contradicts", "evaluation.ranking.text") in found(brought)
    assert ("supplement_idle", "supplements.s1") in found(brought)
    mended = small({quota: 3, "supplements": [_supplement("x", "y", [{"path": quota, "value": 2}])]})
    assert found(mended)["text_contradicts", "evaluation.ranking.text"].closed_by == "s1"
    partly = small({"supplements": [_supplement(
        "points_unallocated", "evaluation.scoring.items.乙",
        [{"path": "evaluation.scoring.items.乙.subitems.乙.1.points", "value": "14"}],
    )]}, ("evaluation.scoring.items.乙.subitems.乙.1.points",))
    assert "还有1分" in found(partly)["points_unallocated", "evaluation.scoring.items.乙"].text


_VALUES = st.one_of(
    st.integers(-5, 10**6), st.text(st.characters(codec="utf-8"), max_size=8), st.booleans(), st.dates(),
    st.lists(st.text(max_size=3), max_size=2), st.dictionaries(st.sampled_from(["no", "id", "text"]), st.integers()),
)


@settings(max_examples=40)
@given(st.data())
def test_no_plan_however_wrong_stops_the_linter(data: st.DataObject) -> None:
    plan = dict(shipped(HAINAN))
    places = [place for place, _ in texts(plan)]
    for _ in range(data.draw(st.integers(1, 6))):
        parts = data.draw(st.sampled_from(places)).split(".")
        path = ".".join(parts[: data.draw(st.integers(1, len(parts)))])
        try:
            put(plan, path, data.draw(_VALUES))
        except NoSuchPlace:
            continue
    for finding in plans.findings(plans.load_plan(tomli_w.dumps(plan).encode())):
        assert finding.text and finding.severity in ("block", "warn")


@pytest.mark.parametrize(
    ("text", "value"),
    [("10", 10), ("十", 10), ("三十", 30), ("二十五", 25), ("一百二十", 120), ("壹", 1), ("两", 2), ("甲", None),
     ("", None)],
)
def test_numerals(text: str, value: int | None) -> None:
    assert read(text) == value


def test_fractions() -> None:
    assert read_fraction("三分之二") == read_fraction("2/3") != read_fraction("二分之一")
    assert read_fraction("零分之一") is None and read_fraction("甲") is None


def test_the_command_prints_findings_and_exits_with_the_code(tmp_path: Path) -> None:
    hainan = FOLDER / f"{HAINAN}.toml"
    shown = CliRunner().invoke(plan_command, ["check", str(hainan)])
    assert shown.exit_code == 1 and "不能发布" in shown.output and "已有补充说明草案s03" in shown.output
    listed = CliRunner().invoke(plan_command, ["check", str(hainan), "--json"])
    assert listed.exit_code == 1
    rows = json.loads(listed.output)
    assert list(rows) == ["findings"]
    assert all(
        set(row) == {"code", "place", "severity", "text", "suggestion", "closed_by"} for row in rows["findings"]
    )
    assert {(row["code"], row["place"]) for row in rows["findings"]} == HAINAN_FINDINGS

    confirmed = tmp_path / "confirmed.toml"
    confirmed.write_bytes(plans.confirm_supplements(shipped(HAINAN)).raw)
    text, code = check_file(confirmed)
    assert code == 0 and "由补充说明s03处理" in text
    text, code = check_file(confirmed, as_json=True)
    assert code == 0 and all(row["closed_by"] for row in json.loads(text)["findings"])

    broken = tmp_path / "broken.toml"
    broken.write_text('name = "样例"\nquota 10\n', encoding="utf-8")
    result = CliRunner().invoke(plan_command, ["check", str(broken)])
    assert result.exit_code == 2 and "第2行第7列" in result.output and "Traceback" not in result.output
    text, code = check_file(broken, as_json=True)
    assert code == 2 and json.loads(text)["place"] == "第2行第7列"
