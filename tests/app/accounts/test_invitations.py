"""One-time links."""

from __future__ import annotations

import json
import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.accounts import invitations
from app.accounts.invitations import NewAccount, invite
from app.accounts.models import Invitation, Membership, OrganisationMember, User
from app.audit import SYSTEM, Event
from app.errors import Refusal
from app.extensions import db, unit_of_work
from app.jobs.models import OutboxItem
from evaluation.models import Expert
from tests import factories
from tests.app.accounts.kept import keep
from tests.factories import PASSWORD


def _account(login="guest1", **changes):
    return {
        "name": "样例受邀人",
        "phone": "0898-123456",
        "email": "guest@example.invalid",
        "login": login,
        "password": PASSWORD,
        "again": PASSWORD,
        **changes,
    }


def _token(link: str) -> str:
    return link.rsplit("/", 1)[1]


@pytest.fixture
def staff_link(app):
    """A link for a staff member of a recruitment."""
    with app.app_context():
        recruitment = factories.make_recruitment()
        row, link = invite(
            purpose="staff",
            email="guest@example.invalid",
            name="样例受邀人",
            role="staff",
            organisation=recruitment.organiser,
            recruitment=recruitment,
            actor=SYSTEM,
        )
        found = _token(link), row.public_id, recruitment.id
        db.session.expunge_all()
    return found


def test_a_new_person_gets_account_body_and_role(app, client, staff_link):
    token, _, recruitment = staff_link
    page = client.get(f"/invitations/{token}")
    assert page.status_code == 200 and "样例受邀人" in page.text
    assert client.post(f"/invitations/{token}", data=_account()).status_code == 303
    assert client.get("/account").status_code == 200
    with app.app_context():
        user = db.session.scalars(select(User).where(User.login == "guest1")).one()
        membership = db.session.scalars(select(Membership).where(Membership.user_id == user.id)).one()
        assert (membership.role, membership.recruitment_id) == ("staff", recruitment)
        body = db.session.scalars(
            select(OrganisationMember).where(OrganisationMember.user_id == user.id)
        ).one()
        assert body.organisation.kind == "organiser" and not body.can_manage
        kinds = set(db.session.scalars(select(Event.kind)))
        assert {"invitation.made", "account.created", "membership.granted", "invitation.accepted"} <= kinds


def test_looking_at_a_link_does_not_use_it(client, staff_link):
    for _ in range(3):
        assert client.get(f"/invitations/{staff_link[0]}").status_code == 200
        assert client.head(f"/invitations/{staff_link[0]}").status_code == 200


def test_a_link_works_once(app, client, staff_link):
    token = staff_link[0]
    client.post(f"/invitations/{token}", data=_account())
    other = app.test_client()
    for answer in (
        other.get(f"/invitations/{token}"),
        other.post(f"/invitations/{token}", data=_account("guest2")),
    ):
        assert answer.status_code == 410 and "已经使用过" in answer.text
    with app.app_context():
        assert db.session.scalar(select(func.count()).where(User.login == "guest2")) == 0


def test_two_at_the_same_moment_use_it_once(app, staff_link):
    results: list[str] = []
    gate = threading.Barrier(2)

    def run(number: int) -> None:
        with app.app_context():
            gate.wait()
            try:
                account = NewAccount(f"racer{number}", "样例", "", "", PASSWORD)
                invitations.accept_new(token=staff_link[0], account=account, address="")
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
    assert sorted(results) == ["invitation_used", "made"]


def test_a_link_expires(app, client, clock):
    with app.app_context():
        recruitment = factories.make_recruitment()
        _, link = invite(
            purpose="staff", email="", name="样例", organisation=recruitment.organiser, actor=SYSTEM, days=1
        )
    clock.advance(days=1, seconds=-1)
    assert client.get(f"/invitations/{_token(link)}").status_code == 200
    clock.advance(seconds=1)
    answer = client.get(f"/invitations/{_token(link)}")
    assert answer.status_code == 410 and "已过有效期" in answer.text


def test_a_withdrawn_link_is_dead(app, client, staff_link):
    token, public_id, _ = staff_link
    with app.app_context():
        admin = factories.make_user(is_admin=True)
        keep(admin)
    manager = app.test_client()
    factories.login(manager, admin)
    assert manager.post(f"/invitation/{public_id}/withdraw").status_code == 303
    answer = client.get(f"/invitations/{token}")
    assert answer.status_code == 410 and "撤回" in answer.text


@pytest.mark.parametrize("token", ["x", "x" * 43, "../../etc/passwd", "x" * 5000, "%00", "样例"])
def test_a_wrong_link_says_so(client, token):
    assert client.get(f"/invitations/{token}").status_code == 404


def test_the_token_is_nowhere_in_the_database(app, staff_link):
    """Not in the invitation, and after the delivery not in the order of the e-mail either."""
    token = staff_link[0]
    with app.app_context():
        row = db.session.scalars(select(Invitation)).one()
        assert token not in (row.token_digest, row.public_id)
        item = db.session.scalars(select(OutboxItem).where(OutboxItem.kind == "mail")).one()
        assert item.stage == "done" and token not in json.dumps(item.payload)
        assert all(token not in json.dumps(facts) for facts in db.session.scalars(select(Event.facts)))
        settings = app.config["SETTINGS"]
        (mail,) = (settings.data / "mail").glob("*.eml")
        import email
        from email import policy

        text = email.message_from_bytes(mail.read_bytes(), policy=policy.default).get_content()
        assert f"/invitations/{token}" in text


def test_a_logged_in_person_joins_with_the_own_account(app, staff_link):
    token = staff_link[0]
    with app.app_context():
        user = factories.make_user("样例已有账号")
        keep(user)
    client = app.test_client()
    factories.login(client, user)
    page = client.get(f"/invitations/{token}")
    assert "用现有账号接受" in page.text and "建立账号" not in page.text
    assert client.post(f"/invitations/{token}").status_code == 303
    with app.app_context():
        assert db.session.scalar(select(Membership.role).where(Membership.user_id == user.id)) == "staff"
        assert db.session.scalars(select(Invitation)).one().user_id == user.id


def test_separation_of_duties_refuses_with_a_sentence(app, staff_link):
    token, _, recruitment = staff_link
    with app.app_context():
        from app.publication.models import Recruitment

        project = db.session.get(Recruitment, recruitment)
        supervisor = factories.staffed(project)["supervisor"]
        _, vendor = factories.make_vendor()
        admin = factories.make_user("样例管理员", is_admin=True)
        people = [(supervisor, "监督人员"), (vendor, "服务商"), (admin, "系统管理员")]
        keep(supervisor, vendor, admin)
    for user, word in people:
        client = app.test_client()
        factories.login(client, user)
        answer = client.post(f"/invitations/{token}")
        assert answer.status_code == 422 and word in answer.text
    # The link is still good for the right person.
    assert app.test_client().get(f"/invitations/{token}").status_code == 200


def test_an_ended_role_still_excludes_another(app):
    with app.app_context():
        recruitment = factories.make_recruitment()
        user = factories.staffed(recruitment)["supervisor"]
        with unit_of_work() as work:
            row = work.scalars(select(Membership).where(Membership.user_id == user.id)).one()
            row.ended_at = row.since + timedelta(days=1)
        from app.accounts.duties import check_role

        with pytest.raises(Refusal, match="duty_other_role"):
            check_role(user, recruitment, "operator")
        assert check_role(user, recruitment, "supervisor") is not None


def _expert() -> Expert:
    with unit_of_work() as work:
        row = Expert(code="E-sample", name="样例专家")
        work.add(row)
    return row


def test_an_expert_gets_the_account_of_the_pool(app, client):
    with app.app_context():
        recruitment, expert = factories.make_recruitment(), _expert()
        _, link = invite(
            purpose="expert",
            email="",
            name=expert.name,
            role="expert",
            recruitment=recruitment,
            expert=expert,
            actor=SYSTEM,
        )
        _, second = invite(purpose="expert", email="", name=expert.name, expert=expert, actor=SYSTEM)
        key = expert.id
    assert client.post(f"/invitations/{_token(link)}", data=_account()).status_code == 303
    with app.app_context():
        user = db.session.scalars(select(User).where(User.expert_id == key)).one()
        assert db.session.scalar(select(Membership.role).where(Membership.user_id == user.id)) == "expert"
    # Nobody else becomes the same expert; the expert does, again.
    thief = app.test_client().post(f"/invitations/{_token(second)}", data=_account("thief"))
    assert thief.status_code == 422 and "已有账号" in thief.text
    assert client.post(f"/invitations/{_token(second)}").status_code == 303


def test_the_organisers_people_are_no_experts(app):
    with app.app_context():
        recruitment, expert = factories.make_recruitment(), _expert()
        office = recruitment.created_by
        _, link = invite(
            purpose="expert",
            email="",
            name="样例",
            role="expert",
            recruitment=recruitment,
            expert=expert,
            actor=SYSTEM,
        )
        keep(office)
    client = app.test_client()
    factories.login(client, office)
    answer = client.post(f"/invitations/{_token(link)}")
    assert answer.status_code == 422 and "招募方" in answer.text
    with app.app_context():
        assert db.session.get(User, office.id).expert_id is None


def test_a_reset_link_sets_a_password_that_only_the_person_knows(app, client):
    with app.app_context():
        user = factories.make_user("样例忘记")
        admin = factories.make_user(is_admin=True)
        keep(user, admin)
    factories.login(client, user)
    manager = app.test_client()
    factories.login(manager, admin)
    page = manager.post(f"/admin/accounts/{user.public_id}/reset")
    first = page.text.split("/invitations/")[1].split('"')[0]
    page = manager.post(f"/admin/accounts/{user.public_id}/reset")
    token = page.text.split("/invitations/")[1].split('"')[0]
    guest = app.test_client()
    assert guest.get(f"/invitations/{first}").status_code == 410
    new = "另一个足够长的密码 2023"
    weak = guest.post(f"/invitations/{token}", data={"password": user.login, "again": user.login})
    assert weak.status_code == 422
    assert guest.post(f"/invitations/{token}", data={"password": new, "again": new}).status_code == 303
    assert client.get("/account").status_code == 302
    factories.login(app.test_client(), user, new)
    assert guest.get(f"/invitations/{token}").status_code == 410


def test_a_reset_link_opens_no_closed_account(app, client):
    with app.app_context():
        user = factories.make_user()
        _, link = invite(purpose="reset", email="", name="", user=user, actor=SYSTEM)
        with unit_of_work():
            db.session.get(User, user.id).is_disabled = True
    answer = client.post(
        f"/invitations/{_token(link)}", data={"password": PASSWORD + "1", "again": PASSWORD + "1"}
    )
    assert answer.status_code == 422 and "停用" in answer.text


@pytest.mark.parametrize("purpose", ["member", "expert", "reset", "admin", ""])
def test_an_invitation_without_its_object_is_refused(app, purpose):
    with app.app_context(), pytest.raises(Refusal, match="invitation_purpose"):
        invite(purpose=purpose, email="", name="", actor=SYSTEM)


def test_a_role_needs_its_kind_of_body(app):
    with app.app_context():
        body = factories.make_organisation("platform")
        with pytest.raises(Refusal, match="invitation_organisation"):
            invite(purpose="supervisor", email="", name="", organisation=body, actor=SYSTEM)
