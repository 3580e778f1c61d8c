"""A vendor registers itself and runs its own house."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import func, select

from app.accounts import company, duties
from app.accounts.invitations import NewAccount
from app.accounts.models import Invitation, Organisation, OrganisationMember, User
from app.accounts.notify import notify
from app.audit import Event
from app.errors import Refusal
from app.extensions import db, unit_of_work
from evaluation import credit
from tests import factories
from tests.app.accounts.kept import keep
from tests.factories import PASSWORD

CODE = credit.make_sample("91460000MA5TEXT01")


def _form(**changes):
    return {
        "company": "样例印章科技有限公司",
        "credit_code": CODE,
        "legal_representative": "样例法人",
        "address": "海口市样例路 1 号",
        "name": "样例经办人",
        "phone": "0898-123456",
        "email": "agent@example.invalid",
        "login": "agent1",
        "password": PASSWORD,
        "again": PASSWORD,
        "true_data": "y",
        **changes,
    }


def test_the_first_member_manages_and_is_the_agent(app, client):
    answer = client.post("/register", data=_form())
    assert answer.status_code == 303
    page = client.get(answer.location)
    assert page.status_code == 200 and "被授权人" in page.text and "管理人" in page.text and CODE in page.text
    with app.app_context():
        organisation = db.session.scalars(select(Organisation)).one()
        member = db.session.scalars(select(OrganisationMember)).one()
        assert (organisation.kind, organisation.credit_code) == ("vendor", CODE)
        assert member.is_agent and member.can_manage and member.user.login == "agent1"
        assert "company.registered" in db.session.scalars(select(Event.kind)).all()


def test_the_code_is_read_as_people_type_it(app, client):
    typed = f" {CODE[:2].lower()} {CODE[2:8]}-{CODE[8:]} "
    assert client.post("/register", data=_form(credit_code=typed)).status_code == 303
    with app.app_context():
        assert db.session.scalar(select(Organisation.credit_code)) == CODE


def test_a_second_registration_points_to_the_company_manager(app, client):
    client.post("/register", data=_form())
    again = app.test_client().post("/register", data=_form(login="agent2", company="冒名的公司"))
    assert again.status_code == 422
    assert "已经注册" in again.text and "管理人" in again.text and "邀请链接" in again.text
    with app.app_context():
        # Nothing half written: neither the company nor the second person.
        assert db.session.scalar(select(func.count()).select_from(Organisation)) == 1
        assert db.session.scalar(select(func.count()).select_from(User)) == 1


def test_two_at_the_same_moment_make_one_company(app):
    results: list[str] = []
    gate = threading.Barrier(2)

    def run(number: int) -> None:
        with app.app_context():
            gate.wait()
            try:
                company.register(
                    company=company.NewCompany("样例公司", CODE, "样例法人", ""),
                    account=NewAccount(f"racer{number}", "样例", "a@example.invalid", "", PASSWORD),
                    address="",
                )
                results.append("made")
            except Refusal as error:
                results.append(error.code)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["company_known", "made"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"credit_code": CODE[:-1]}, "应为 18 位"),
        ({"credit_code": CODE[:-1] + ("0" if CODE[-1] != "0" else "1")}, "校验码不符"),
        ({"credit_code": CODE[:9] + "O" + CODE[10:]}, "不是允许的字符"),
        ({"credit_code": "91A60000" + CODE[8:]}, "应为数字"),
        ({"credit_code": ""}, "请填写"),
        ({"company": "样例\x00公司"}, "控制字符"),
        ({"company": "长" * 201}, "最多 200"),
        ({"login": "有中文"}, "只能使用字母"),
        ({"login": "ab"}, "3 至 80"),
        ({"password": "short", "again": "short"}, "至少 10 个字符"),
        ({"again": "something else"}, "两次输入的密码不一致"),
        ({"email": "nobody"}, "格式不正确"),
        ({"true_data": ""}, "请勾选确认"),
    ],
)
def test_bad_registrations_are_refused_beside_the_field(app, client, changes, sentence):
    answer = client.post("/register", data=_form(**changes))
    assert answer.status_code == 422 and sentence in answer.text
    # What was typed is still there; the password never is.
    assert PASSWORD not in answer.text
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(User)) == 0


def test_a_taken_login_is_refused(app, client):
    client.post("/register", data=_form())
    other = credit.make_sample("91460000MA5TEXT02")
    answer = app.test_client().post("/register", data=_form(credit_code=other, login="AGENT1"))
    assert answer.status_code == 422 and "已被使用" in answer.text


def test_a_logged_in_person_registers_no_second_company(client):
    client.post("/register", data=_form())
    assert client.get("/register").status_code == 303


@pytest.fixture
def house(app):
    """A vendor with its agent and one plain colleague."""
    with app.app_context():
        organisation, agent = factories.make_vendor()
        colleague = factories.make_user("样例同事")
        factories.join(colleague, organisation, manage=False)
        keep(organisation, agent, colleague)
    return organisation, agent, colleague


def _client(app, user):
    client = app.test_client()
    factories.login(client, user)
    return client


def test_a_colleague_joins_by_a_link(app, house):
    organisation, agent, _ = house
    base = f"/company/{organisation.public_id}"
    page = _client(app, agent).post(
        f"{base}/invitations", data={"name": "样例新人", "email": "n@example.invalid"}
    )
    assert page.status_code == 200
    link = page.text.split('value="http')[1].split('"')[0].split("/invitations/")[1]
    # The page lists the open link, also for somebody with unread messages.
    with app.app_context(), unit_of_work():
        notify(agent, kind="test", subject="未读", body="", mail=False)
    listed = _client(app, agent).get(base)
    assert listed.status_code == 200 and "样例新人" in listed.text and "条未读" in listed.text
    guest = app.test_client()
    asked = ("name", "phone", "email", "login", "password", "again")
    form = {name: _form(login="newcomer")[name] for name in asked}
    assert guest.post(f"/invitations/{link}", data=form).status_code == 303
    assert guest.get(base).status_code == 200
    # A plain member sees the house and can't run it.
    refused = guest.post(f"{base}/invitations", data={"name": "样例", "email": "n@example.invalid"})
    assert refused.status_code == 403 and "管理人" in refused.text
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Invitation)) == 1


def test_a_plain_member_cannot_run_the_house(app, house):
    organisation, agent, colleague = house
    client, base = _client(app, colleague), f"/company/{organisation.public_id}"
    tries = [
        (base, {"name": "改名", "legal_representative": "x", "address": "", "version": 1}),
        (f"{base}/agent", {"user": colleague.public_id, "note": "自授权"}),
        (f"{base}/members/{colleague.public_id}/manager", {"manager": "yes"}),
        (f"{base}/members/{agent.public_id}/leave", {}),
    ]
    for path, data in tries:
        answer = client.post(path, data=data)
        assert answer.status_code == 403 and "管理人" in answer.text, path


def test_the_agent_changes_with_a_new_authorisation(app, house):
    organisation, agent, colleague = house
    client, base = _client(app, agent), f"/company/{organisation.public_id}"
    missing = client.post(f"{base}/agent", data={"user": colleague.public_id, "note": " "})
    assert missing.status_code == 422
    done = client.post(f"{base}/agent", data={"user": colleague.public_id, "note": "授权委托书 2023-07-01"})
    assert done.status_code == 303
    with app.app_context():
        agents = db.session.scalars(select(OrganisationMember).where(OrganisationMember.is_agent)).all()
        assert [row.user_id for row in agents] == [colleague.id]
        event = db.session.scalars(select(Event).where(Event.kind == "company.agent_changed")).one()
        assert event.facts["before"] == [agent.public_id] and event.facts["agent"] == colleague.public_id
    again = client.post(f"{base}/agent", data={"user": colleague.public_id, "note": "再次"})
    assert again.status_code == 422


def test_who_is_needed_cannot_leave(app, house):
    organisation, agent, colleague = house
    base = f"/company/{organisation.public_id}/members"
    answer = _client(app, agent).post(f"{base}/{agent.public_id}/leave")
    assert answer.status_code == 422 and "先变更被授权人" in answer.text
    member = _client(app, colleague)
    assert member.post(f"{base}/{colleague.public_id}/leave").status_code == 303
    assert member.get(f"/company/{organisation.public_id}").status_code == 403
    last = _client(app, agent).post(f"{base}/{agent.public_id}/manager", data={"manager": "no"})
    assert last.status_code == 422 and "至少有一名管理人" in last.text


def test_another_company_is_out_of_reach(app, house):
    organisation, agent, _ = house
    with app.app_context():
        _, stranger = factories.make_vendor()
        keep(stranger)
    client, base = _client(app, stranger), f"/company/{organisation.public_id}"
    assert client.get(base).status_code == 403
    assert (
        client.post(f"{base}/invitations", data={"name": "x", "email": "x@example.invalid"}).status_code
        == 403
    )
    # A member's id of another company under the own company.
    with app.app_context():
        own = company.own(db.session.get(User, stranger.id)).public_id
    assert client.post(f"/company/{own}/members/{agent.public_id}/leave").status_code == 404


def test_a_stale_edit_of_the_company_shows_both(app, house):
    organisation, agent, _ = house
    client, base = _client(app, agent), f"/company/{organisation.public_id}"
    data = {"name": "样例新名", "legal_representative": "新法人", "address": "", "version": 1}
    assert client.post(base, data=data).status_code == 303
    stale = client.post(base, data={**data, "name": "样例另名"})
    assert stale.status_code == 409 and "样例新名" in stale.text and "样例另名" in stale.text


def test_people_with_other_duties_join_no_vendor(app, house):
    organisation, _, _ = house
    with app.app_context():
        recruitment = factories.make_recruitment()
        people = factories.staffed(recruitment)
        admin = factories.make_user(is_admin=True)
        _, rival = factories.make_vendor()
        body = db.session.get(Organisation, organisation.id)
        for user, code in [
            (admin, "vendor_admin"),
            (people["supervisor"], "vendor_has_role"),
            (people["staff"], "vendor_other_company"),
            (rival, "vendor_other_company"),
        ]:
            with pytest.raises(Refusal, match=code):
                duties.check_vendor(user, body)
