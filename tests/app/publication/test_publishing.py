"""From a plan file to the published notice, by two persons."""

from __future__ import annotations

import io

import pytest
from sqlalchemy import select

from app.accounts import administration
from app.accounts.models import Membership, Message
from app.audit import SYSTEM, Event, broken_at, sm3_hex
from app.documents.catalogue import KINDS
from app.errors import Conflict, Denied, Refusal, WrongStage
from app.extensions import db, unit_of_work
from app.jobs.models import OutboxItem
from app.lifecycle import stage_now
from app.publication import actions, publishing
from app.publication.models import PlanVersion, Recruitment
from tests import factories
from tests.app.accounts.kept import keep
from tests.app.publication.desk import HAINAN, draft, published


@pytest.fixture
def quiet(app):
    """Documents are ordered and not made: their making is tested where they are."""
    from app.config import Settings

    settings: Settings = app.config["SETTINGS"]
    app.config["SETTINGS"] = settings.model_copy(update={"jobs": "off"})
    with app.app_context():
        yield app


def test_whoever_creates_it_is_its_first_staff(quiet, clock):
    desk = draft()
    row = desk.recruitment
    assert row.stage == "draft" and row.title == "海南省电子印章服务商招募"
    role = db.session.scalar(
        select(Membership.role).where(
            Membership.user_id == desk.first.id, Membership.recruitment_id == row.id
        )
    )
    assert role == "staff"
    kinds = db.session.scalars(select(Event.kind).where(Event.recruitment_id == row.id)).all()
    assert kinds == ["publication.created", "membership.granted"]


def test_only_the_organisers_people_create(quiet, clock):
    organiser = factories.make_organisation("organiser")
    stranger, (_, vendor) = factories.make_user(), factories.make_vendor()
    for user in (stranger, vendor):
        with pytest.raises(Denied, match="publication_not_organiser"):
            actions.create_recruitment(
                actor=factories.actor(user, "user"), organiser=organiser, plan=HAINAN.read_bytes()
            )
    assert db.session.scalars(select(Recruitment)).all() == []


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b'name = "a"\ntitle = \n', "第2行"),
        (b"\xff\xfe", "第1行"),
        (b"", "整个文件"),
        (b"name = [" * 3000, "第"),
        (b'x = "' + b"a" * (1024 * 1024) + b'"', "整个文件"),
    ],
)
def test_a_bad_file_is_refused_with_its_place(quiet, clock, data, place):
    with pytest.raises(Refusal) as refused:
        draft(data)
    assert place in str(refused.value.facts["place"])
    assert db.session.scalars(select(Recruitment)).all() == []


def test_a_plan_goes_out_only_when_all_is_closed_and_two_agree(quiet, clock):
    desk = draft()
    row = desk.recruitment
    assert publishing.blocking_reason(row) == "supplements_unconfirmed"
    with pytest.raises(WrongStage) as refused:
        actions.ask_publication(actor=desk.actor(), recruitment=row)
    assert refused.value.facts["guard"] == "supplements_unconfirmed"
    # Without its supplements the plan has nothing left to confirm, and much to settle.
    bare = HAINAN.read_bytes().partition(b"\n[[supplements]]")[0]
    actions.replace_plan(actor=desk.actor(), recruitment=row, plan=bare, version=row.version)
    assert publishing.blocking_reason(row) == "findings_open"
    actions.replace_plan(
        actor=desk.actor(), recruitment=row, plan=HAINAN.read_bytes(), version=row.version
    )
    actions.confirm_supplements(actor=desk.actor(), recruitment=row)
    assert publishing.blocking_reason(row) == "second_publisher_needed"
    with pytest.raises(WrongStage) as refused:
        actions.publish(actor=desk.actor(second=True), recruitment=row)
    assert refused.value.facts["guard"] == "second_publisher_needed"
    actions.ask_publication(actor=desk.actor(), recruitment=row)
    assert publishing.blocking_reason(row) is None
    with pytest.raises(Refusal, match="publication_asked_already"):
        actions.ask_publication(actor=desk.actor(), recruitment=row)
    with pytest.raises(Refusal, match="second_person_needed"):
        actions.publish(actor=desk.actor(), recruitment=row)
    with pytest.raises(Conflict, match="publication_plan_changed"):
        actions.publish(actor=desk.actor(second=True), recruitment=row, seen="0" * 64)
    assert row.stage == "draft"
    actions.publish(
        actor=desk.actor(second=True), recruitment=row, seen=publishing.stored_digest(row)
    )
    assert row.stage == "published" and stage_now(row, clock()) == "accepting"


def test_publishing_freezes_bytes_dates_and_digest(quiet, clock):
    _, vendor = factories.make_vendor()
    desk = published()
    row = desk.recruitment
    version = db.session.scalars(select(PlanVersion).where(PlanVersion.recruitment_id == row.id)).one()
    assert version.number == 1 and version.digest == row.plan_digest == sm3_hex(bytes(row.plan_bytes))
    assert bytes(version.plan_bytes) == bytes(row.plan_bytes)
    assert version.effective["publication"]["schedule"]["closing_time"] == "17:30"
    assert row.opens_at == factories.moment(factories.date(2023, 6, 25), 0)
    assert row.closes_at == factories.moment(factories.date(2023, 7, 7), 17, 30)
    assert row.publicity_starts_at == factories.moment(factories.date(2023, 7, 17), 0)
    assert row.published_at == clock()
    ordered = db.session.scalars(select(OutboxItem).where(OutboxItem.kind == "document")).all()
    assert {item.payload["kind"] for item in ordered} == {"notice", "plan"}
    told = db.session.scalars(select(Message.user_id).where(Message.kind == "publication.published")).all()
    assert set(told) == {desk.first.id, desk.second.id, vendor.id}
    # A company that did not ask for it gets no mail.
    mails = db.session.scalars(select(OutboxItem).where(OutboxItem.kind == "mail")).all()
    assert vendor.email not in {item.payload["to"] for item in mails}
    assert broken_at(row.public_id) is None


def test_after_publication_the_editor_is_closed(quiet, clock):
    desk = published()
    row, data = desk.recruitment, HAINAN.read_bytes()
    before = bytes(row.plan_bytes)
    tries = (
        lambda: actions.save_values(
            actor=desk.actor(), recruitment=row, values={"evaluation.ranking.quota": 3}, version=row.version
        ),
        lambda: actions.replace_plan(actor=desk.actor(), recruitment=row, plan=data, version=row.version),
        lambda: actions.confirm_supplements(actor=desk.actor(), recruitment=row),
        lambda: actions.remove_entry(
            actor=desk.actor(), recruitment=row, path="evaluation.scoring.items.7", version=row.version
        ),
        lambda: actions.rename(actor=desk.actor(), recruitment=row, title="另", version=row.version),
        lambda: actions.ask_publication(actor=desk.actor(), recruitment=row),
        lambda: actions.publish(actor=desk.actor(second=True), recruitment=row),
    )
    for attempt in tries:
        with pytest.raises(WrongStage, match="publication_frozen"):
            attempt()
    assert bytes(desk.recruitment.plan_bytes) == before


def test_an_edit_voids_the_request_for_publication(quiet, clock):
    desk = draft()
    actions.confirm_supplements(actor=desk.actor(), recruitment=desk.recruitment)
    actions.ask_publication(actor=desk.actor(), recruitment=desk.recruitment)
    row = desk.recruitment
    actions.save_values(
        actor=desk.actor(),
        recruitment=row,
        values={"publication.contact.phone": "0898-00000000"},
        version=row.version,
    )
    assert row.publish_asked_by_id is None
    actions.ask_publication(actor=desk.actor(second=True), recruitment=row)
    actions.withdraw_ask(actor=desk.actor(), recruitment=row)
    with pytest.raises(Refusal, match="publication_not_asked"):
        actions.withdraw_ask(actor=desk.actor(), recruitment=row)


def test_a_plan_whose_closing_time_is_past_is_not_published(quiet, clock):
    clock.set_local(2023, 7, 7, 17, 30)
    desk = draft()
    actions.confirm_supplements(actor=desk.actor(), recruitment=desk.recruitment)
    with pytest.raises(Refusal, match="publication_closing_past"):
        actions.ask_publication(actor=desk.actor(), recruitment=desk.recruitment)
    clock.set_local(2023, 7, 7, 17, 29)
    actions.ask_publication(actor=desk.actor(), recruitment=desk.recruitment)
    clock.set_local(2023, 7, 7, 17, 30)
    with pytest.raises(Refusal, match="publication_closing_past"):
        actions.publish(actor=desk.actor(second=True), recruitment=desk.recruitment)


def test_a_second_round_names_the_first(quiet, clock):
    desk = published()
    first = desk.recruitment
    again = actions.create_recruitment(
        actor=factories.actor(desk.first, "organiser"),
        organiser=desk.organiser,
        plan=bytes(first.plan_bytes),
        title="样例第二轮",
        previous=first,
    )
    assert again.previous_id == first.id and again.title == "样例第二轮"
    shown = quiet.test_client().get(desk.base).text
    assert "样例第二轮" not in shown
    clock.advance(hours=1)
    actions.ask_publication(actor=desk.actor(), recruitment=again)
    factories.enrol(db.session.get_one(type(desk.second), desk.second.id), again, "staff", desk.organiser)
    actions.publish(actor=desk.actor(second=True), recruitment=again)
    again_page = f"/r/{again.public_id}"
    assert "再次招募：" in quiet.test_client().get(desk.base).text
    assert "上一轮招募：" in quiet.test_client().get(again_page).text
    foreign, hidden = factories.make_recruitment(), draft()
    factories.enrol(db.session.get_one(type(desk.first), desk.first.id), hidden.recruitment, "staff")
    with unit_of_work() as work:
        work.get(Recruitment, hidden.recruitment_id).organiser_id = desk.organiser.id
    for previous, code in (
        (hidden.recruitment, "publication_previous_draft"),
        (foreign, "publication_previous"),
    ):
        with pytest.raises(Refusal, match=code):
            actions.create_recruitment(
                actor=factories.actor(desk.first, "organiser"),
                organiser=desk.organiser,
                plan=bytes(first.plan_bytes),
                previous=previous,
            )


def test_the_whole_way_in_the_browsers_forms(app, clock):
    """Create from the shipped plan with other dates, confirm, ask; a colleague publishes."""
    with app.app_context():
        app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update={"jobs": "off"})
        organiser = factories.make_organisation("organiser")
        first, second = factories.make_user("样例编制人"), factories.make_user("样例复核人")
        for user in (first, second):
            factories.join(user, organiser)
        keep(organiser, first, second)
    staff, colleague = app.test_client(), app.test_client()
    factories.login(staff, first)
    factories.login(colleague, second)
    assert "建立招募项目" in staff.get("/recruitments").text
    assert "海南省电子印章服务商招募" in staff.get("/recruitments/new").text
    form = {"source": "shipped:hainan-eseal-2023", "organiser": organiser.public_id, "previous": "",
            "title": "样例新招募", "opens": "2023-08-07"}
    bad = {**form, "source": "upload", "file": (io.BytesIO(b"name = \n"), "方案.toml")}
    refused = staff.post("/recruitments", data=bad)
    assert refused.status_code == 422 and "第1行" in refused.text
    assert staff.post("/recruitments", data={**form, "source": "upload"}).status_code == 422
    made = staff.post("/recruitments", data=form)
    assert made.status_code == 303
    base = made.location.removesuffix("/plan")
    assert colleague.get(f"{base}/plan").status_code == 404
    with app.app_context():
        row = db.session.scalars(select(Recruitment)).one()
        admin = factories.actor(factories.make_user("样例管理员", is_admin=True), "admin")
        administration.add_member(actor=admin, recruitment=row, login=second.login, role="staff")
    page = staff.get(f"{base}/plan").text
    assert "必须处理" in page and "补充说明" in page and "提请发布</summary>" not in page
    assert staff.post(f"{base}/plan/ask").status_code == 409
    assert staff.post(f"{base}/plan/supplements/confirm").status_code == 409
    version = {"version": _version(app)}
    assert staff.post(f"{base}/plan/supplements/confirm", data=version).status_code == 303
    assert staff.post(f"{base}/plan/ask").status_code == 303
    own = staff.get(f"{base}/plan").text
    assert "您不能复核自己的提请" in own
    assert staff.post(f"{base}/plan/publish").status_code == 422
    page = colleague.get(f"{base}/plan").text
    seen = page.split('name="seen" value="')[1].split('"')[0]
    assert colleague.post(f"{base}/plan/publish", data={"seen": "f" * 64}).status_code == 409
    assert colleague.post(f"{base}/plan/publish", data={"seen": seen}).status_code == 303
    public = app.test_client().get(base)
    assert public.status_code == 200 and "样例新招募" in public.text and "2023年8月7日" in public.text
    with app.app_context():
        for kind in ("notice", "plan"):
            KINDS[kind].issue(db.session.scalars(select(Recruitment)).one(), actor=SYSTEM)
    assert app.test_client().get(base).text.count('href="/documents/') == 2
    data = app.test_client().get(f"{base}/plan.toml?version=1")
    assert data.status_code == 200 and sm3_hex(data.data) == data.headers["X-Plan-SM3"] == seen
    assert app.test_client().get(f"{base}/plan.toml?version=2").status_code == 404


def _version(app):
    with app.app_context():
        return db.session.scalars(select(Recruitment.version)).one()
