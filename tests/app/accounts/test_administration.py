"""The administrator's screens."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.accounts import administration
from app.accounts.models import Membership, Organisation, User
from app.audit import Event
from app.errors import Refusal
from app.extensions import db, unit_of_work
from tests import factories
from tests.app.accounts.kept import keep
from tests.harness.statements import counted_statements

PAGES = (
    "accounts",
    "invitations",
    "organisations",
    "recruitments",
    "logins",
    "settings",
    "log",
    "log.csv",
    "log.xlsx",
)


@pytest.fixture
def admin(app):
    """The administrator, logged in."""
    with app.app_context():
        user = factories.make_user("样例管理员", is_admin=True)
        keep(user)
    client = app.test_client()
    factories.login(client, user)
    client.user = user
    return client


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_for_the_administrator_alone(app, admin, page):
    assert admin.get(f"/admin/{page}").status_code == 200
    with app.app_context():
        _, vendor = factories.make_vendor()
        keep(vendor)
    other = app.test_client()
    assert other.get(f"/admin/{page}").status_code == 302
    factories.login(other, vendor)
    answer = other.get(f"/admin/{page}")
    assert answer.status_code == 403 and "系统管理员" in answer.text


def test_accounts_are_found_by_name_login_and_body(app, admin):
    with app.app_context():
        _, user = factories.make_vendor("样例寻找公司")
        with unit_of_work() as work:
            work.get(User, user.id).name = "样例被寻者"
        login = user.login
    for words in ("被寻者", login.upper(), "寻找公司"):
        found = admin.get("/admin/accounts", query_string={"q": words})
        assert "样例被寻者" in found.text, words
    # A sign of the query language is a sign to look for.
    assert "样例被寻者" not in admin.get("/admin/accounts", query_string={"q": "%"}).text
    assert "没有符合条件" in admin.get("/admin/accounts", query_string={"q": "'; drop table"}).text


def test_a_long_list_costs_no_more_statements(app, admin):
    def cost() -> int:
        with app.app_context():
            engine = db.engine
        with counted_statements(engine) as seen:
            assert admin.get("/admin/accounts").status_code == 200
        return len(seen)

    with app.app_context():
        for _ in range(3):
            factories.make_vendor()
    few = cost()
    with app.app_context():
        for _ in range(25):
            factories.make_vendor()
    assert cost() == few


def test_a_closed_account_and_its_way_back(app, admin):
    with app.app_context():
        user = factories.make_user("样例停用者")
        keep(user)
    person = app.test_client()
    factories.login(person, user)
    base = f"/admin/accounts/{user.public_id}"
    assert admin.post(f"{base}/disable").status_code == 422
    assert admin.post(f"{base}/disable", data={"reason": "离岗"}).status_code == 303
    assert person.get("/account").status_code == 302
    assert "已停用" in admin.get(base).text
    assert admin.post(f"{base}/reset").status_code == 422
    assert admin.post(f"{base}/enable").status_code == 303
    factories.login(person, user)
    with app.app_context():
        kinds = db.session.scalars(select(Event.kind).where(Event.subject_ref == user.public_id)).all()
        assert kinds.count("account.disabled") == kinds.count("account.enabled") == 1


def test_nobody_closes_the_own_account(admin):
    answer = admin.post(f"/admin/accounts/{admin.user.public_id}/disable", data={"reason": "测试"})
    assert answer.status_code == 422 and "不能停用自己" in answer.text


def test_the_last_administrator_stays(app, admin):
    with app.app_context():
        actor = factories.actor(factories.make_user(), "admin")
        last = db.session.get(User, admin.user.id)
        with pytest.raises(Refusal, match="account_last_admin"):
            administration.disable(actor=actor, user=last, reason="测试")


def test_the_administrator_sees_the_link_and_never_a_password(app, admin):
    with app.app_context():
        user = factories.make_user()
        keep(user)
    page = admin.post(f"/admin/accounts/{user.public_id}/reset")
    assert page.status_code == 200 and "/invitations/" in page.text
    assert user.password_hash not in page.text
    assert "/invitations/" not in admin.get(f"/admin/accounts/{user.public_id}").text
    assert admin.get(f"/admin/accounts/{user.public_id}/reset").status_code == 405


def test_a_person_is_corrected_with_a_version(app, admin):
    with app.app_context():
        user = factories.make_user("样例旧名")
        keep(user)
    data = {"name": "样例新名", "email": user.email, "phone": "", "version": user.version}
    assert admin.post(f"/admin/accounts/{user.public_id}", data=data).status_code == 303
    assert admin.post(f"/admin/accounts/{user.public_id}", data=data).status_code == 409
    assert admin.post(f"/admin/accounts/{user.public_id}", data={**data, "name": ""}).status_code == 422


def test_bodies_are_added_once(app, admin):
    data = {"kind": "organiser", "name": "样例招募单位", "address": ""}
    assert admin.post("/admin/organisations", data=data).status_code == 303
    again = admin.post("/admin/organisations", data=data)
    assert again.status_code == 422 and "已经存在" in again.text
    assert admin.post("/admin/organisations", data={**data, "kind": "vendor"}).status_code == 422
    assert admin.post("/admin/organisations", data={**data, "name": " "}).status_code == 422
    with app.app_context():
        assert len(db.session.scalars(select(Organisation)).all()) == 1


def test_an_invitation_of_staff(app, admin):
    with app.app_context():
        recruitment = factories.make_recruitment()
        platform = factories.make_organisation("platform")
        keep(recruitment, platform)
        organiser = db.session.get(Organisation, recruitment.organiser_id).public_id
    data = {
        "role": "staff",
        "name": "样例新员工",
        "email": "new@example.invalid",
        "organisation": organiser,
        "recruitment": recruitment.public_id,
    }
    page = admin.post("/admin/invitations", data=data)
    assert page.status_code == 200 and "/invitations/" in page.text and "样例新员工" in page.text
    wrong = admin.post("/admin/invitations", data={**data, "organisation": platform.public_id})
    assert wrong.status_code == 422 and "相应类别" in wrong.text
    assert admin.post("/admin/invitations", data={**data, "role": "expert"}).status_code == 422
    assert admin.post("/admin/invitations", data={**data, "recruitment": "nowhere"}).status_code == 422


@pytest.fixture
def project(app):
    """A recruitment and its people."""
    with app.app_context():
        recruitment = factories.make_recruitment()
        people = factories.staffed(recruitment)
        keep(recruitment, *people.values())
    return recruitment, people


def test_roles_are_given_and_ended(app, admin, project):
    recruitment, _ = project
    base = f"/admin/recruitments/{recruitment.public_id}/roles"
    with app.app_context():
        user = factories.make_user("样例监督二")
        factories.join(user, factories.make_organisation("supervision"))
        keep(user)
    added = admin.post(base, data={"login": user.login, "role": "supervisor"})
    assert added.status_code == 303 and "样例监督二" in admin.get(base).text
    other = admin.post(base, data={"login": user.login, "role": "staff"})
    assert other.status_code == 422 and "一人只能有一种角色" in other.text
    ended = f"{base}/{user.public_id}/end"
    assert admin.post(ended).status_code == 422
    assert admin.post(ended, data={"reason": "调离"}).status_code == 303
    assert admin.post(ended, data={"reason": "调离"}).status_code == 422
    person = app.test_client()
    factories.login(person, user)
    assert person.get(f"/r/{recruitment.public_id}/log").status_code == 403
    # The same role can be given again; the row is the same one.
    assert admin.post(base, data={"login": user.login, "role": "supervisor"}).status_code == 303
    with app.app_context():
        assert len(db.session.scalars(select(Membership).where(Membership.user_id == user.id)).all()) == 1


def test_conflicting_roles_are_refused_with_the_reason(app, admin, project):
    recruitment, people = project
    with app.app_context():
        _, vendor = factories.make_vendor()
        loose = factories.make_user("样例无单位")
        closed = factories.make_user("样例停用")
        with unit_of_work() as work:
            work.get(User, closed.id).is_disabled = True
        keep(vendor, loose, closed)
    base = f"/admin/recruitments/{recruitment.public_id}/roles"
    cases = [
        (vendor.login, "staff", "服务商的人员"),
        (loose.login, "staff", "还不是"),
        (closed.login, "staff", "已停用"),
        (admin.user.login, "staff", "系统管理员"),
        (people["staff"].login, "operator", "工作人员"),
        (people["operator"].login, "supervisor", "平台对接人员"),
        ("nobody", "staff", "没有登录名"),
    ]
    for login, role, word in cases:
        answer = admin.post(base, data={"login": login, "role": role})
        assert answer.status_code == 422 and word in answer.text, (login, role)
    assert admin.post(base, data={"login": loose.login, "role": "expert"}).status_code == 422


def test_experts_come_by_the_draw_only(app, project):
    recruitment, _ = project
    with app.app_context(), pytest.raises(Refusal, match="expert_by_draw"):
        administration.add_member(
            actor=factories.actor(factories.make_user(), "admin"),
            recruitment=recruitment,
            login="anyone",
            role="expert",
        )


def test_settings_show_no_secret(app, admin):
    secret = app.config["SETTINGS"].secret_key
    page = admin.get("/admin/settings")
    assert secret not in page.text and "smtp_password" not in page.text and "s3_secret" not in page.text
    # The address of the database can carry a password.
    assert app.config["SETTINGS"].sqlalchemy_url not in page.text


def test_the_login_history_shows_failures(app, admin):
    app.test_client().post("/login", data={"login": "样例试探者", "password": "guess"})
    page = admin.get("/admin/logins", query_string={"state": "failed"})
    assert "样例试探者" in page.text
    assert "没有符合条件" in admin.get("/admin/logins", query_string={"q": "someone else"}).text


def test_the_administrator_learns_no_expert_before_the_results(app, admin, project):
    """Who sits on the panel is confidential; the accounts' keeper need not know either."""
    recruitment, _ = project
    with app.app_context():
        expert = factories.make_user("样例保密专家")
        factories.enrol(expert, recruitment, "expert")
        keep(expert)
    roles = f"/admin/recruitments/{recruitment.public_id}/roles"
    person = f"/admin/accounts/{expert.public_id}"
    assert "样例保密专家" not in admin.get(roles).text and "评审专家名单" in admin.get(roles).text
    assert recruitment.public_id not in admin.get(person).text
    with app.app_context(), unit_of_work() as work:
        work.get(type(recruitment), recruitment.id).stage = "publicity"
    assert "样例保密专家" in admin.get(roles).text
    assert recruitment.public_id in admin.get(person).text
