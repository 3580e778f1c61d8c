"""The plan editor: every value of any plan, findings beside what they concern, nothing lost in between."""

from __future__ import annotations

import io
from datetime import date

import pytest
from werkzeug.datastructures import MultiDict

from app import plan as plans
from app.errors import Conflict
from app.plan.structure import PLAN
from app.publication import actions, fields, reading
from app.publication.places import in_words, key_word, place_word, value_word
from app.wording import LABELS
from tests import factories
from tests.app.accounts.kept import keep
from tests.app.publication.desk import HAINAN, draft

FINDINGS = {"closing_time_missing", "points_unallocated", "tie_rule_missing", "start_event_missing"}


def _leaves(value, place=""):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, f"{place}.{key}" if place else key)
    elif isinstance(value, list) and any(isinstance(entry, dict) for entry in value):
        for position, entry in enumerate(value, 1):
            yield from _leaves(entry, f"{place}.{fields.key_of(entry, position)}")
    else:
        yield place


def _inputs(plan):
    return [
        one
        for section in fields.SECTIONS
        for group in fields.build(plan, section, [])
        for one in group.everything()
    ]


def test_every_value_of_the_plan_has_one_input():
    plan = plans.apply_supplements(plans.load_plan(HAINAN), drafts=True)
    del plan["supplements"], plan["schema"]
    shown = [one.path for one in _inputs(plan) if not one.absent]
    assert sorted(shown) == sorted(set(shown))
    assert set(shown) == set(_leaves(plan))


def test_what_no_section_knows_is_under_other():
    plan = plans.load_plan(b'name = "a"\n[elsewhere]\nmark = "x"\n[evaluation.odd]\nkey = 3\n')
    other = {one.path for group in fields.build(plan, "other", []) for one in group.everything()}
    assert {"elsewhere.mark", "evaluation.odd.key"} <= other


def test_every_finding_stands_beside_something(app):
    with app.app_context():
        plan = plans.load_plan(HAINAN)
        found = plans.findings(plan)
        placed = []
        for section in fields.SECTIONS:
            for group in fields.build(plan, section, found):
                placed += [
                    (one.path, finding)
                    for inner in group.all_groups()
                    for one in [inner, *inner.fields]
                    for finding in one.findings
                ]
        assert {finding.code for _path, finding in placed} >= FINDINGS
        assert len(placed) == len([one for one in found if fields.section_of(one.place) != "supplements"])
        exact = {finding.code: path for path, finding in placed}
        assert exact["closing_time_missing"] == "publication.schedule.closing_time"
        assert exact["points_unallocated"] == "evaluation.scoring.items.5"


def test_an_untouched_form_changes_nothing_and_each_kind_is_read():
    plan = plans.load_plan(HAINAN)
    groups = [group for section in fields.SECTIONS for group in fields.build(plan, section, [])]
    form = MultiDict()
    for one in (found for group in groups for found in group.everything()):
        if one.kind == "flag":
            form.add(f"b:{one.path}", "1")
            if one.value:
                form.add(f"f:{one.path}", "1")
        else:
            # Browsers send line breaks as CRLF, and drop the first one of a text area.
            form.add(f"f:{one.path}", one.shown.replace("\n", "\r\n"))
    assert reading.read(form, groups) == {}
    changes = {
        "publication.schedule.responses_open": ("2023-08-01", date(2023, 8, 1)),
        "publication.schedule.closing_time": ("17:00", "17:00"),
        "evaluation.ranking.quota": ("12", 12),
        "evaluation.scoring.items.5.subitems.5.3.points": ("8", "8"),
        "evaluation.scoring.items.1.kind": ("subjective", "subjective"),
        "evaluation.qualification.form_notes": ("甲\r\n\r\n乙", ["甲", "乙"]),
        "publication.method_text": ("", reading.REMOVED),
        "publication.contact.name": ("", ""),
    }
    for path, (text, _value) in changes.items():
        form.setlist(f"f:{path}", [text])
    form.setlist("f:evaluation.ranking.tie_chain", ["objective_subtotal", "lottery", ""])
    form.pop("f:responses.items.1.required")
    expected = {path: value for path, (_text, value) in changes.items()}
    expected["evaluation.ranking.tie_chain"] = ["objective_subtotal", "lottery"]
    expected["responses.items.1.required"] = False
    assert reading.read(form, groups) == expected
    after = plans.set_values(plan, [(p, v) for p, v in expected.items() if v is not reading.REMOVED])
    assert plans.get_value(after, "evaluation.scoring.items.5.subitems.5.3.points") == "8"
    assert after.text.startswith(plan.text.splitlines()[0])


@pytest.mark.parametrize(
    ("path", "text", "word"),
    [
        ("publication.schedule.responses_open", "2023-02-30", "日期"),
        ("publication.schedule.closing_time", "25:00", "时刻"),
        ("evaluation.ranking.quota", "十", "整数"),
        ("evaluation.ranking.quota", "", "请填写"),
        ("evaluation.scoring.items.1.points", "NaN", "数字"),
        ("evaluation.scoring.items.1.kind", "other", "选项"),
        ("publication.overview", "长" * 20_001, "20000"),
    ],
)
def test_what_cannot_be_read_is_said_at_its_input(path, text, word):
    groups = fields.build(plans.load_plan(HAINAN), fields.section_of(path), [])
    assert reading.read(MultiDict({f"f:{path}": text}), groups) == {}
    one = next(found for group in groups for found in group.everything() if found.path == path)
    assert word in one.error and one.shown == text


def test_new_entries_take_the_next_number():
    plan = plans.load_plan(HAINAN)

    def number(path):
        entry = fields.blank_entry(path, plans.get_value(plan, path) or [])
        return entry.get("no") or entry.get("id")

    assert number("responses.items") == "12"
    assert number("evaluation.scoring.items.5.subitems") == "5.5"
    assert number("evaluation.scoring.items.1.subitems") == "1.1"
    assert number("onboarding.duties") == "duty.14"
    assert number("responses.annexes") == "1"
    item = fields.blank_entry("evaluation.scoring.items", plan["evaluation"]["scoring"]["items"])
    assert item == {"no": "8", "name": "", "kind": "subjective", "points": "0"}


def test_places_and_values_have_words():
    points = "评审 › 综合评分 › 评审要素 › 第 5 项 › 分项 › 第 5.3 项 › 分值"
    assert place_word("evaluation.scoring.items.5.subitems.5.3.points") == points
    assert place_word("onboarding.requirements.items.ukey.1.evidence").endswith("第 ukey.1 项 › 验收方式")
    assert place_word("supplements.s01.values.1.value") == "补充说明 › 第 s01 项 › 生效的值 › 第 1 项 › 值"
    assert key_word("evaluation.scoring.items.5") == "第 5 项"
    assert value_word(date(2023, 7, 7)) == value_word("2023-07-07") == "2023年7月7日"
    assert value_word(True) == "是" and value_word(None) == "（无）" and value_word("objective") == "客观分"
    assert in_words("见responses.rules.1（elements）") == "见“响应文件要求 › 签署、装订和密封要求 › 第 1 项”"


@pytest.fixture
def staff(app, clock):
    """The desk and a browser of its first person."""
    with app.app_context():
        desk = draft()
        keep(desk.first, desk.second, desk.organiser)
    client = app.test_client()
    factories.login(client, desk.first)
    client.desk = desk
    return client


def _state(app, desk):
    with app.app_context():
        return desk.recruitment.version, desk.plan()


def test_a_section_is_saved_and_checked_again(app, staff):
    desk = staff.desk
    page = f"{desk.base}/plan/sections/schedule"
    text = staff.get(page).text
    assert "没有写明截止的时刻" in text and "补充说明（待确认）：17:30" in text and 'type="date"' in text
    version, _ = _state(app, desk)
    saved = staff.post(page, data={"version": version, "f:publication.schedule.closing_time": "16:00"})
    assert saved.status_code == 303
    _, plan = _state(app, desk)
    assert plan["publication"]["schedule"]["closing_time"] == "16:00"
    assert "没有写明截止的时刻" not in staff.get(page).text
    wrong = staff.post(page, data={"version": version + 1, "f:publication.schedule.responses_open": "不知道"})
    assert wrong.status_code == 422 and "不知道" in wrong.text and "请填写日期" in wrong.text
    assert staff.get(f"{desk.base}/plan/sections/nothing").status_code == 404


def test_two_editors_get_both_values(app, staff):
    desk = staff.desk
    page = f"{desk.base}/plan/sections/ranking"
    version, _ = _state(app, desk)
    assert staff.post(page, data={"version": version, "f:evaluation.ranking.quota": "11"}).status_code == 303
    late = staff.post(page, data={"version": version, "f:evaluation.ranking.quota": "12"})
    assert late.status_code == 409
    assert "入选家数：11" in late.text and "入选家数：12" in late.text
    _, plan = _state(app, desk)
    assert plan["evaluation"]["ranking"]["quota"] == 11


def test_entries_are_added_and_taken_out(app, staff):
    desk = staff.desk
    path = "evaluation.scoring.items"
    version, _ = _state(app, desk)
    assert staff.post(f"{desk.base}/plan/entries", data={"path": path, "version": version}).status_code == 303
    version, plan = _state(app, desk)
    assert [item["no"] for item in plan["evaluation"]["scoring"]["items"]][-1] == "8"
    removed = {"path": f"{path}.8", "version": version}
    assert staff.post(f"{desk.base}/plan/entries/remove", data=removed).status_code == 303
    version, plan = _state(app, desk)
    assert len(plan["evaluation"]["scoring"]["items"]) == 7
    for place in ("name", "nowhere", ""):
        answer = staff.post(f"{desk.base}/plan/entries", data={"path": place, "version": version})
        assert answer.status_code == 422, place
    gone = staff.post(f"{desk.base}/plan/entries/remove", data={"path": f"{path}.99", "version": version})
    assert gone.status_code == 422
    stale = staff.post(f"{desk.base}/plan/entries", data={"path": path, "version": version - 1})
    assert stale.status_code == 409


def test_supplements_are_confirmed_changed_added(app, staff):
    desk = staff.desk
    page = f"{desk.base}/plan/supplements"
    text = staff.get(page).text
    assert "s01" in text and "待确认" in text and "改为" in text
    version, _ = _state(app, desk)
    assert staff.post(f"{page}/confirm", data={"id": "s01", "version": version}).status_code == 303
    version, plan = _state(app, desk)
    assert [entry["id"] for entry in plans.supplements(plan, confirmed=True)] == ["s01"]
    closed = {finding.code for finding in _findings(app, desk) if finding.closed_by == "s01"}
    assert closed == {"closing_time_missing"}
    changed = {"version": version, "f:supplements.s01.values.1.value": "18:00"}
    assert staff.post(f"{page}/s01", data=changed).status_code == 303
    version, plan = _state(app, desk)
    assert plan["supplements"][0]["values"][0]["value"] == "18:00"
    # What was confirmed was another text.
    assert plan["supplements"][0]["confirmed"] is False
    assert staff.post(f"{page}/s99", data={"version": version}).status_code == 404
    removed = {"path": "supplements.s01", "version": version}
    assert staff.post(f"{desk.base}/plan/entries/remove", data=removed).status_code == 303
    version, _ = _state(app, desk)
    place = "closing_time_missing@publication.schedule.closing_time"
    form = {"finding": place, "title": "样例截止时刻", "text": "截止时刻为16时。", "value": "16:00", "version": version}
    assert staff.post(page, data={**form, "finding": "none@nowhere"}).status_code == 422
    assert staff.post(page, data={**form, "text": ""}).status_code == 422
    assert staff.post(page, data=form).status_code == 303
    version, plan = _state(app, desk)
    assert plan["supplements"][-1]["values"] == [
        {"path": "publication.schedule.closing_time", "value": "16:00"}
    ]
    assert plans.apply_supplements(plan, drafts=True)["publication"]["schedule"]["closing_time"] == "16:00"
    assert staff.post(f"{page}/confirm", data={"version": version}).status_code == 303
    _, plan = _state(app, desk)
    assert plans.supplements(plan, confirmed=False) == []


def _findings(app, desk):
    with app.app_context():
        return plans.findings(desk.plan())


def test_the_file_goes_down_and_up(app, staff, client):
    desk = staff.desk
    got = staff.get(f"{desk.base}/plan.toml")
    assert got.data == HAINAN.read_bytes() and "attachment" in got.headers["Content-Disposition"]
    assert client.get(f"{desk.base}/plan.toml").status_code == 404
    version, _ = _state(app, desk)

    def send(data, version):
        form = {"version": version, "file": (io.BytesIO(data), "方案.toml")}
        return staff.post(f"{desk.base}/plan/upload", data=form)

    bad = send(b"[[x\n", version)
    assert bad.status_code == 422 and "第1行" in bad.text
    assert send(b"", version).status_code == 422
    assert send(b"\x00" * 2_000_000, version).status_code == 422
    assert staff.get(f"{desk.base}/plan.toml").data == HAINAN.read_bytes()
    other = HAINAN.read_bytes().replace("吴先生".encode(), "样例联系人".encode())
    assert send(other, version).status_code == 303
    assert send(HAINAN.read_bytes(), version).status_code == 409
    assert staff.get(f"{desk.base}/plan.toml").data == other


def test_a_broken_supplement_is_told_and_breaks_no_page(app, staff):
    desk = staff.desk
    with app.app_context():
        plan = plans.confirm_supplements(plans.load_plan(HAINAN))
        text = "答复文件须按要求执行。"
        broken = plans.set_value(plan, "responses.rules.1.text", text)
        actions.replace_plan(
            actor=desk.actor(), recruitment=desk.recruitment, plan=broken.raw, version=desk.recruitment.version
        )
    page = staff.get(f"{desk.base}/plan")
    assert page.status_code == 200 and "要替换的字" in page.text
    assert staff.get(desk.base).status_code == 422
    for section in fields.SECTIONS:
        assert staff.get(f"{desk.base}/plan/sections/{section}").status_code == 200, section
    assert staff.get(f"{desk.base}/plan/supplements").status_code == 200


def test_a_stale_action_writes_nothing(app, clock):
    with app.app_context():
        desk = draft()
        row = desk.recruitment
        before = bytes(row.plan_bytes)
        with pytest.raises(Conflict, match="stale_row"):
            actions.save_values(
                actor=desk.actor(), recruitment=row, values={"evaluation.ranking.quota": 5}, version=row.version + 1
            )
        for wrong in (None, "", "x"):
            with pytest.raises(Conflict):
                actions.rename(actor=desk.actor(), recruitment=row, title="另一个", version=wrong)
        assert bytes(desk.recruitment.plan_bytes) == before


def _places(shape, place=""):
    for key, inner in getattr(shape, "keys", {}).items():
        here = f"{place}.{key}" if place else key
        yield here, inner
        yield from _places(inner, here)


def test_every_key_and_choice_a_plan_can_have_has_its_words():
    places = dict(_places(PLAN))
    assert [place for place in places if "其他内容" in key_word(place)] == []
    choices = {choice for inner in places.values() for choice in getattr(inner, "choices", ())}
    assert choices and choices - set(LABELS["plan_choice"]) == set()
