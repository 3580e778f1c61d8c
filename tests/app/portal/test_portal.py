"""The public pages: no login, drafts unseen, results only from the publicity on."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from app import clock as app_clock
from app.extensions import db, unit_of_work
from app.portal.timeline import picture
from app.publication.models import Recruitment
from tests import factories
from tests.app.accounts.kept import keep
from tests.harness.pages import outside_addresses
from tests.harness.statements import counted_statements


def _made(app, stage="published", **columns):
    with app.app_context():
        row = factories.make_recruitment(stage, **columns)
        people = factories.staffed(row)
        _, people["vendor"] = factories.make_vendor()
        keep(row, *people.values())
    return row, people


def test_everybody_reads_the_notice_without_a_login(app, client, clock):
    row, _ = _made(app)
    for path in ("/", "/notices", f"/r/{row.public_id}"):
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert row.title in answer.text
        assert outside_addresses(answer.text) == []
        assert "style=" not in answer.text and "onclick" not in answer.text
    page = client.get(f"/r/{row.public_id}").text
    shown = ("响应接收中", "2023年7月7日 17:30", "<svg", "服务器时间", "招募方案全文", "综合评分表")
    for word in (*shown, row.plan_digest):
        assert word in page, word


def test_a_draft_does_not_exist_for_others(app, client, clock):
    row, people = _made(app, "draft")
    page = f"/r/{row.public_id}"
    assert client.get(page).status_code == 404
    for name in ("vendor", "supervisor", "operator"):
        other = app.test_client()
        factories.login(other, people[name])
        answer = other.get(page)
        assert answer.status_code == 404 and row.title not in answer.text, name
    staff = app.test_client()
    factories.login(staff, people["staff"])
    answer = staff.get(page)
    assert answer.status_code == 200 and "尚未公开" in answer.text
    assert row.title not in client.get("/notices").text and row.title not in client.get("/").text


def test_the_list_is_filtered_by_state_and_words(app, client, clock):
    open_row, _ = _made(app, title="样例进行中的招募")
    ended, _ = _made(app, "archived", title="样例归档的招募")

    def found(query):
        text = client.get(f"/notices{query}").text
        return open_row.title in text, ended.title in text

    assert found("") == (True, True)
    assert found("?state=open") == (True, False)
    assert found("?state=ended") == (False, True)
    assert found("?q=归档") == (False, True)
    assert "没有符合条件" in client.get("/notices?q=%25").text
    clock.set_local(2023, 7, 7, 17, 30)
    assert found("?state=open") == (False, False)


def test_the_stage_follows_the_clock(app, client, clock):
    row, _ = _made(app)
    page = f"/r/{row.public_id}"
    clock.set_local(2023, 6, 24, 12)
    assert "已公告" in client.get(page).text
    clock.set_local(2023, 7, 7, 17, 29)
    assert "响应接收中" in client.get(page).text
    clock.set_local(2023, 7, 7, 17, 30)
    assert "已截止" in client.get(page).text


def test_results_are_shown_from_the_publicity_on(app, client, clock):
    from tests.app.documents import cast

    with app.app_context():
        made = cast.reviewed(stage="reported")
        row = made.recruitment
        names = [candidate.name for candidate in made.candidates]
        keep(row)
    page = f"/r/{row.public_id}"
    assert "评审结果公示</h2>" not in client.get(page).text
    assert not any(name in client.get(page).text for name in names)
    with app.app_context(), unit_of_work():
        db.session.scalars(select(Recruitment).where(Recruitment.id == row.id)).one().stage = "publicity"
    text = client.get(page).text
    assert "拟入选" in text and names[0] in text and "质疑" in text


def test_a_vendor_is_told_where_it_stands(app, client, clock):
    from app.publication.models import Amendment
    from app.responses.models import Response, Submission

    row, people = _made(app)
    vendor = app.test_client()
    factories.login(vendor, people["vendor"])
    page = f"/r/{row.public_id}"
    assert "尚未开始响应" in vendor.get(page).text
    with app.app_context(), unit_of_work() as work:
        user = work.get(type(people["vendor"]), people["vendor"].id)
        response = Response(
            recruitment_id=row.id, organisation_id=user.organisations[0].organisation_id, stage="submitted",
            plan_digest=row.plan_digest, submitted_at=app_clock.now(),
        )
        work.add(response)
        work.flush()
        submission = Submission(
            response_id=response.id, number=1, kind="submit", plan_digest=row.plan_digest, manifest={},
            manifest_sm3="d" * 64, received_at=app_clock.now(), by_id=user.id,
        )
        work.add(submission)
        work.flush()
        response.submission_id = submission.id
    assert "已递交响应文件，截止前可以替换或撤回" in vendor.get(page).text
    clock.advance(hours=1)
    with app.app_context(), unit_of_work() as work:
        work.add(
            Amendment(
                recruitment_id=row.id, number=1, stage="published", title="样例补充", text="样例正文",
                touches_responses=True, created_by_id=row.created_by_id, created_at=app_clock.now(),
                published_at=app_clock.now(), digest="c" * 64,
            )
        )
        work.get(Recruitment, row.id).plan_digest = "c" * 64
    text = vendor.get(page).text
    assert "确认或替换贵单位已递交的响应文件" in text and "样例补充" in text
    assert "确认或替换贵单位" not in client.get(page).text


def test_a_long_list_costs_no_more_statements(app, client, clock):
    def cost() -> int:
        with app.app_context():
            engine = db.engine
        with counted_statements(engine) as seen:
            assert client.get("/notices").status_code == 200
        return len(seen)

    _made(app)
    few = cost()
    with app.app_context():
        for _ in range(12):
            factories.make_recruitment()
    assert cost() == few


def test_the_picture_keeps_proportion_and_marks_today():
    schedule = {
        "responses_open": date(2023, 6, 25), "responses_close": date(2023, 7, 7),
        "review_start": date(2023, 7, 10), "review_end": date(2023, 7, 14),
        "publicity_start": date(2023, 7, 17), "publicity_end": date(2023, 7, 21),
    }
    found = picture(schedule, date(2023, 7, 12))
    assert [bar["state"] for bar in found["bars"]] == ["past", "now", "next"]
    review = found["bars"][1]
    assert found["today_above"]
    assert review["x"] < found["today"] < review["x"] + review["width"]
    assert found["bars"][0]["width"] / review["width"] == pytest.approx(13 / 5, abs=0.01)
    assert picture(schedule, date(2024, 1, 1))["today"] is None
    assert picture({}, date(2024, 1, 1))["bars"] == []
