"""A published plan changes by amendments alone, before the closing time, for everybody the same."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app import plan as plans
from app.accounts.models import Message
from app.audit import Event, sm3_hex
from app.documents.publication import changed_places, issue_amendment
from app.errors import Refusal, WrongStage
from app.extensions import db, unit_of_work
from app.jobs.models import OutboxItem
from app.publication import amendments
from app.publication.models import Amendment, PlanVersion
from app.responses.models import Response
from app.storage import read_all
from tests import factories
from tests.app.accounts.kept import keep
from tests.app.documents.printed import flat
from tests.app.documents.sealed import assert_sealed
from tests.app.publication.desk import published

PHONE = {"path": "publication.contact.phone", "value": "0898-00000000"}
CONTENT = {"path": "responses.items.1.text", "value": "企业概况介绍，不超过20页。"}
LATER = factories.moment(date(2023, 7, 9), 17, 30)


@pytest.fixture
def quiet(app):
    """Documents are ordered, not made."""
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update={"jobs": "off"})
    with app.app_context():
        yield app


def _draft(desk, **other):
    words = {"title": "样例更正", "text": "样例正文"}
    return amendments.draft_amendment(actor=desk.actor(), recruitment=desk.recruitment, **{**words, **other})


def _vendor(desk, stage):
    organisation, user = factories.make_vendor()
    with unit_of_work() as work:
        work.add(
            Response(
                recruitment_id=desk.recruitment_id, organisation_id=organisation.id, stage=stage,
                plan_digest=desk.recruitment.plan_digest or "",
            )
        )
    return user


def test_an_amendment_makes_the_next_version_and_tells_the_vendors(quiet, clock):
    desk = published()
    first = desk.recruitment.plan_digest
    submitted, begun, stranger = _vendor(desk, "submitted"), _vendor(desk, "draft"), factories.make_vendor()[1]
    clock.advance(days=1)
    row = _draft(desk, changes=[PHONE, CONTENT], new_closes_at=LATER)
    assert row.number == 1 and row.touches_responses
    assert desk.recruitment.plan_digest == first
    amendments.publish_amendment(actor=desk.actor(), amendment=row)
    recruitment = desk.recruitment
    versions = db.session.scalars(select(PlanVersion).order_by(PlanVersion.number)).all()
    assert [version.number for version in versions] == [1, 2]
    assert versions[0].digest == first == sm3_hex(bytes(versions[0].plan_bytes))
    assert row.digest == recruitment.plan_digest == versions[1].digest == sm3_hex(bytes(recruitment.plan_bytes))
    assert recruitment.closes_at == LATER
    plan = plans.apply_supplements(desk.plan())
    assert plan["publication"]["contact"]["phone"] == PHONE["value"]
    assert plan["publication"]["schedule"]["responses_close"] == date(2023, 7, 9)
    assert {change.path for change in changed_places(row)} == {
        PHONE["path"], CONTENT["path"], "publication.schedule.responses_close"
    }
    ordered = {item.payload["kind"] for item in db.session.scalars(
        select(OutboxItem).where(OutboxItem.kind == "document", OutboxItem.payload["kind"].as_string() != "notice")
    )}
    assert ordered == {"plan", "amendment"}

    def told(kind):
        found = select(Message.user_id).where(Message.kind == kind)
        return set(db.session.scalars(found)) - {desk.first.id, desk.second.id}

    assert told("amendment.confirm") == {submitted.id}
    assert told("amendment.published") == {begun.id}
    assert stranger.id not in told("amendment.confirm") | told("amendment.published")
    event = db.session.scalars(select(Event).where(Event.kind == "amendment.published")).one()
    assert event.facts["version"] == 2 and event.facts["plan_sm3"] == row.digest


def test_what_touches_responses_asks_for_a_later_closing_time(quiet, clock):
    desk = published()
    row = _draft(desk, changes=[CONTENT])
    with pytest.raises(Refusal, match="amendment_closing_asked"):
        amendments.publish_amendment(actor=desk.actor(), amendment=row)
    assert row.stage == "draft"
    amendments.publish_amendment(actor=desk.actor(), amendment=row, keep_closing_reason="只是说明页数，不增加内容。")
    event = db.session.scalars(select(Event).where(Event.kind == "amendment.published")).one()
    assert event.facts["keep_closing_reason"].startswith("只是说明")
    # What the organiser says itself counts as well; what touches nothing asks nothing.
    other = _draft(desk, changes=[PHONE], touches_responses=True)
    with pytest.raises(Refusal, match="amendment_closing_asked"):
        amendments.publish_amendment(actor=desk.actor(), amendment=other)
    amendments.discard_amendment(actor=desk.actor(), amendment=other)
    plain = _draft(desk, changes=[PHONE])
    assert plain.number == 2 and not plain.touches_responses
    amendments.publish_amendment(actor=desk.actor(), amendment=plain)


def test_values_that_a_supplement_had_set_are_changed_there(quiet, clock):
    desk = published()
    changes = [
        {"path": "evaluation.scoring.step", "value": "1"},
        {"path": "responses.annexes.1.title", "value": "参选承诺书"},
        {"path": "evaluation.scoring.items.1.standard", "value": "样例标准：提供有效的认证证书，并加盖单位公章。"},
        {"path": "publication.schedule.review_end", "value": "2023-07-13"},
        {"path": "evaluation.ranking.tie_chain", "value": ["objective_subtotal", "lottery"]},
    ]
    row = _draft(desk, changes=changes, new_closes_at=factories.moment(date(2023, 7, 7), 18, 0))
    plan = amendments.amended(desk.plan(), amendments.all_changes(row))
    force = plans.apply_supplements(plan)
    for change in changes:
        assert plans.as_json(plans.get_value(force, change["path"])) == change["value"], change
    assert plans.schedule_instants(force).closes_at == row.new_closes_at
    assert type(plans.get_value(force, "publication.schedule.review_end")) is date


def test_the_closing_time_only_moves_later(quiet, clock):
    desk = published()
    closes = desk.recruitment.closes_at
    for wrong, code in (
        (closes, "amendment_closing_earlier"),
        (closes - timedelta(days=1), "amendment_closing_earlier"),
        (LATER + timedelta(seconds=1), "amendment_closing_minutes"),
    ):
        with pytest.raises(Refusal, match=code):
            _draft(desk, new_closes_at=wrong)
    for path in ("publication.schedule.closing_time", "publication.schedule.responses_close"):
        with pytest.raises(Refusal, match="amendment_closing_field"):
            _draft(desk, changes=[{"path": path, "value": "2023-07-01"}])
    row = _draft(desk, new_closes_at=closes + timedelta(hours=1))
    # Another amendment could have moved it in between: the check is made again.
    with unit_of_work() as work:
        work.get(type(desk.recruitment), desk.recruitment_id).closes_at = closes + timedelta(hours=2)
    with pytest.raises(Refusal, match="amendment_closing_earlier"):
        amendments.publish_amendment(actor=desk.actor(), amendment=row)


def test_none_after_the_closing_time_and_none_before_publication(quiet, clock):
    desk = published()
    row = _draft(desk, changes=[PHONE])
    clock.set(desk.recruitment.closes_at)
    for attempt in (
        lambda: _draft(desk),
        lambda: amendments.publish_amendment(actor=desk.actor(), amendment=row),
        lambda: amendments.edit_amendment(
            actor=desk.actor(), amendment=row, title="甲", text="乙", version=row.version
        ),
    ):
        with pytest.raises(WrongStage, match="amendment_closed"):
            attempt()
    assert desk.recruitment.plan_digest == sm3_hex(bytes(desk.recruitment.plan_bytes))


IMPOSSIBLE = [
        ({"path": "nowhere.at.all.1", "value": "x"}, "amendment_place"),
        ({"path": "evaluation.scoring", "value": "x"}, "amendment_place"),
        ({"path": "supplements.s01.text", "value": "x"}, "amendment_place"),
        ({"path": "publication.contact", "value": {"name": "x"}}, "amendment_place"),
        ({"path": "evaluation.ranking.quota", "value": "十二"}, "amendment_value"),
        ({"path": "publication.schedule.review_start", "value": "2023-13-01"}, "amendment_value"),
        ({"path": "", "value": "x"}, "amendment_place"),
]


def test_impossible_changes_are_refused(quiet, clock):
    desk = published()
    for change, code in IMPOSSIBLE:
        with pytest.raises(Refusal, match=code):
            _draft(desk, changes=[change])
    assert db.session.scalars(select(Amendment)).all() == []


def test_a_change_that_contradicts_the_plan_is_not_published(quiet, clock):
    desk = published()
    before = desk.recruitment.plan_digest
    row = _draft(desk, changes=[{"path": "evaluation.scoring.items.2.points", "value": "25"}], new_closes_at=LATER)
    with pytest.raises(Refusal, match="amendment_findings") as refused:
        amendments.publish_amendment(actor=desk.actor(), amendment=row)
    assert "合计" in refused.value.facts["listed"]
    assert desk.recruitment.plan_digest == before and row.stage == "draft"


def test_one_draft_at_a_time_and_no_way_back_from_publication(quiet, clock):
    desk = published()
    row = _draft(desk, changes=[PHONE])
    with pytest.raises(Refusal, match="amendment_draft_exists"):
        _draft(desk)
    for missing in ({"title": " "}, {"text": "\n"}):
        with pytest.raises(Refusal):
            amendments.edit_amendment(
                actor=desk.actor(), amendment=row, version=row.version, **{"title": "甲", "text": "乙", **missing}
            )
    amendments.publish_amendment(actor=desk.actor(), amendment=row)
    for attempt in (
        lambda: amendments.publish_amendment(actor=desk.actor(), amendment=row),
        lambda: amendments.discard_amendment(actor=desk.actor(), amendment=row),
        lambda: amendments.edit_amendment(
            actor=desk.actor(), amendment=row, title="甲", text="乙", version=row.version
        ),
    ):
        with pytest.raises(Refusal, match="amendment_published"):
            attempt()


def test_the_whole_way_in_the_browsers_forms(app, clock, tmp_path):
    with app.app_context():
        app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update={"jobs": "off"})
        desk = published()
        keep(desk.first)
    staff, public = app.test_client(), app.test_client()
    factories.login(staff, desk.first)
    page = f"{desk.base}/amendments"
    assert "起草补充公告" in staff.get(page).text and "起草" not in public.get(page).text
    assert staff.post(page, data={"title": "", "text": "x"}).status_code == 422
    early = staff.post(page, data={"title": "甲", "text": "乙", "new_closes_at": "2023-07-01T09:00"})
    assert early.status_code == 422 and "须晚于现在的截止时间" in early.text
    made = staff.post(page, data={"title": "样例更正公告", "text": "样例", "new_closes_at": "2023-07-09T17:30"})
    assert made.status_code == 303
    edit = made.location
    one = edit.removesuffix("/edit")
    assert "样例更正公告" not in public.get(page).text
    assert public.get(edit).status_code == 302
    section = f"{one}/sections/contents"
    assert "不会" not in staff.get(section).text
    text = staff.get(section).text
    version = text.split('name="version" value="')[1].split('"')[0]
    saved = {"version": version, "f:responses.items.1.text": "企业概况介绍，不超过20页。"}
    assert staff.post(section, data=saved).status_code == 303
    assert staff.post(section, data=saved).status_code == 409
    shown = staff.get(edit).text
    assert "不超过20页" in shown and "响应文件内容清单 › 第 1 项" in shown and "必然涉及" in shown
    empty = {"version": int(version) + 1, "f:responses.items.1.text": ""}
    assert staff.post(section, data=empty).status_code == 422
    assert staff.get(f"{one}/sections/none").status_code == 404
    assert staff.post(f"{one}/publish").status_code == 303
    found = public.get(page).text
    for word in ("样例更正公告", "不超过20页", "涉及响应文件", "2023年7月9日 17:30"):
        assert word in found, word
    assert "公告 PDF" not in found
    with app.app_context():
        row = db.session.scalars(select(Amendment)).one()
        document = issue_amendment(row, actor=desk.actor())
        assert document.audience == "public" and document.facts["plan_after"] == row.digest
        assert_sealed(document)
        assert "不超过20页" in flat(read_all(document.blob_key), tmp_path)
    assert "公告 PDF" in public.get(page).text
    notice = public.get(desk.base).text
    assert "样例更正公告" in notice and "2023年7月9日 17:30" in notice
    assert staff.post(f"{one}/publish").status_code == 422
    assert staff.get(edit).status_code == 303
    assert staff.get(section).status_code == 404
