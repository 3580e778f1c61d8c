"""Coming in and going out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts import passwords, sessions
from app.accounts.models import LoginAttempt, User
from app.errors import Refusal
from app.extensions import db, unit_of_work
from tests import factories
from tests.factories import PASSWORD

WRONG = "登录名或密码不正确"


@pytest.fixture
def person(app):
    with app.app_context():
        user = factories.make_user("样例用户", login="sample.user")
        db.session.expunge_all()
    return user


def _login(client, login="sample.user", password=PASSWORD, **kwargs):
    return client.post("/login", data={"login": login, "password": password}, **kwargs)


def test_a_person_comes_in_and_goes_out(client, person):
    assert client.get("/account").status_code == 302
    assert _login(client).status_code == 303
    page = client.get("/account")
    assert page.status_code == 200 and "样例用户" in page.text
    assert client.get("/logout").status_code == 405
    assert client.post("/logout").status_code == 303
    assert client.get("/account").status_code == 302


def test_the_login_is_folded(client, person):
    assert _login(client, "  Sample.USER ").status_code == 303


def test_unknown_and_wrong_say_the_same_and_cost_the_same(client, person, monkeypatch):
    verified = []
    real = passwords._hasher(True).__class__.verify

    def counting(self, stored, password):
        verified.append(stored.split("$")[3])
        return real(self, stored, password)

    monkeypatch.setattr(passwords._hasher(True).__class__, "verify", counting)
    wrong = _login(client, password="not the password")
    unknown = _login(client, login="nobody.here", password="not the password")
    assert wrong.status_code == unknown.status_code == 422
    assert WRONG in wrong.text and WRONG in unknown.text
    # One hash was checked each time, with the same parameters.
    assert len(verified) == 2 and verified[0] == verified[1]


def test_a_login_is_throttled_and_free_again_after_the_window(app, client, person, clock):
    for _ in range(5):
        assert _login(client, password="not the password").status_code == 422
    answer = _login(client)
    assert answer.status_code == 429 and "15 分钟后" in answer.text
    # Asking meanwhile doesn't prolong the wait.
    clock.advance(minutes=16)
    assert _login(client).status_code == 303


def test_unknown_logins_are_throttled_too(client, person):
    answers = [_login(client, login="nobody.here").status_code for _ in range(6)]
    assert answers == [422] * 5 + [429]


def test_a_success_starts_the_count_anew(client, person):
    for _ in range(4):
        _login(client, password="not the password")
    assert _login(client).status_code == 303
    client.post("/logout")
    for _ in range(4):
        assert _login(client, password="not the password").status_code == 422
    assert _login(client).status_code == 303


def test_one_address_cannot_try_many_logins(app, client, person):
    tries = 5 * sessions.PER_ADDRESS
    with app.app_context(), unit_of_work() as work:
        for number in range(tries):
            work.add(
                LoginAttempt(login=f"guess{number}", address="127.0.0.1", happened_at=sessions.clock.now())
            )
    assert _login(client).status_code == 429
    assert _login(client, environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 303


def test_a_disabled_account_stays_out_and_its_session_ends(app, client, person):
    _login(client)
    with app.app_context(), unit_of_work() as work:
        work.scalar(select(User).where(User.login == "sample.user")).is_disabled = True
    assert client.get("/account").status_code == 302
    assert "已停用" in _login(client).text
    # Whoever doesn't know the password doesn't learn that the account is closed.
    assert WRONG in _login(client, password="not the password").text


@pytest.mark.parametrize(
    "target",
    [
        "https://elsewhere.invalid/",
        "//elsewhere.invalid/",
        "/\\elsewhere.invalid",
        "\\\\elsewhere.invalid",
        "javascript:alert(1)",
        "/\t/elsewhere.invalid",
        "http:elsewhere.invalid",
        "account",
        "/" + "a" * 2000,
    ],
)
def test_the_way_back_never_leads_elsewhere(client, person, target):
    answer = client.post(
        "/login", query_string={"next": target}, data={"login": "sample.user", "password": PASSWORD}
    )
    assert answer.status_code == 303 and answer.location == "/work"


def test_the_way_back_leads_to_the_page_that_was_wanted(client, person):
    asked = client.get("/messages?show=unread")
    assert asked.status_code == 302
    answer = client.post(asked.location, data={"login": "sample.user", "password": PASSWORD})
    assert answer.location == "/messages?show=unread"


def test_a_login_begins_a_new_session(client, person):
    with client.session_transaction() as session:
        session["planted"] = "by somebody else"
        before = session.get("csrf_token")
    _login(client)
    with client.session_transaction() as session:
        assert "planted" not in session and session.get("csrf_token") != (before or "none")


def test_a_new_password_ends_the_other_sessions(app, client, person):
    other = app.test_client()
    _login(client)
    _login(other)
    new = "另一个足够长的密码 2023"
    answer = client.post("/account/password", data={"current": PASSWORD, "password": new, "again": new})
    assert answer.status_code == 303
    assert client.get("/account").status_code == 200
    assert other.get("/account").status_code == 302
    assert _login(other).status_code == 422
    assert _login(other, password=new).status_code == 303


@pytest.mark.parametrize(
    ("new", "again", "sentence"),
    [
        ("短", "短", "至少 10 个字符"),
        ("x" * 129 + "abcd", "x" * 129 + "abcd", "最多 128"),
        ("sample.user", "sample.user", "不能与登录名相同"),
        ("SAMPLE.USER", "SAMPLE.USER", "不能与登录名相同"),
        ("1234567890", "1234567890", "太常见"),
        ("aaaaaaaaaaaa", "aaaaaaaaaaaa", "太常见"),
        ("ＡＤＭＩＮ１２３４５６", "ＡＤＭＩＮ１２３４５６", "太常见"),
        (PASSWORD, PASSWORD, "与现在的密码相同"),
        ("一个足够长的好密码呀", "一个足够长的好密码啊", "两次输入的密码不一致"),
        ("", "", "请填写此项"),
    ],
)
def test_bad_passwords_are_refused_with_the_reason(client, person, new, again, sentence):
    _login(client)
    answer = client.post("/account/password", data={"current": PASSWORD, "password": new, "again": again})
    assert answer.status_code == 422 and sentence in answer.text


def test_the_current_password_is_asked_for(client, person):
    _login(client)
    new = "另一个足够长的密码 2023"
    answer = client.post("/account/password", data={"current": "guess", "password": new, "again": new})
    assert answer.status_code == 422 and "现在的密码不正确" in answer.text


def test_a_first_password_must_be_changed_before_anything_else(app, client, person):
    with app.app_context(), unit_of_work() as work:
        work.scalar(select(User).where(User.login == "sample.user")).must_change_password = True
    _login(client)
    assert client.get("/messages").location == "/account/password"
    assert client.get("/messages", headers={"Accept": "application/json"}).status_code == 403
    assert client.get("/static/theme.css").status_code == 200
    new = "另一个足够长的密码 2023"
    client.post("/account/password", data={"current": PASSWORD, "password": new, "again": new})
    assert client.get("/messages").status_code == 200


def test_the_hash_is_argon2id_and_a_weaker_one_is_renewed(app, client, person):
    from argon2 import PasswordHasher

    with app.app_context():
        assert passwords.hash_password(PASSWORD).startswith("$argon2id$")
        with unit_of_work() as work:
            user = work.scalar(select(User).where(User.login == "sample.user"))
            user.password_hash = old = PasswordHasher(time_cost=1, memory_cost=512, parallelism=1).hash(
                PASSWORD
            )
    _login(client)
    with app.app_context():
        renewed = sessions.find_user("sample.user").password_hash
        assert renewed != old and "m=1024" in renewed


def test_the_production_hash_is_not_light(monkeypatch):
    assert "m=65536" in passwords.hash_password(PASSWORD)


def test_a_broken_hash_opens_nothing(app, person):
    with app.app_context():
        assert passwords.verify("not a hash", PASSWORD) is False


def test_two_windows_edit_the_profile(app, client, person):
    _login(client)
    with app.app_context():
        version = sessions.find_user("sample.user").version
    data = {"name": "样例改名", "email": "new@example.invalid", "phone": "0898-12345", "version": version}
    assert client.post("/account", data=data).status_code == 303
    stale = client.post("/account", data={**data, "name": "样例另名"})
    assert stale.status_code == 409 and "样例改名" in stale.text and "样例另名" in stale.text


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "", "请填写"),
        ("name", "样例\n换行", "控制字符"),
        ("name", "长" * 81, "最多 80"),
        ("email", "not an address", "格式不正确"),
        ("email", "a@b.cn\r\nBcc: c@d.cn", "格式不正确"),
        ("phone", "call me", "联系电话只能"),
    ],
)
def test_bad_profile_data_is_refused(client, person, field, value, sentence):
    _login(client)
    data = {"name": "样例", "email": "a@example.invalid", "phone": "", "version": 1, field: value}
    answer = client.post("/account", data=data)
    assert answer.status_code == 422 and sentence in answer.text


def test_a_forged_login_is_refused(app, person):
    forger = app.test_client()
    forger.sends_token = False
    assert _login(forger).status_code == 400


def test_posts_to_the_login_are_limited(settings):
    from app import create_app
    from tests.harness.client import FormClient

    app = create_app(settings.model_copy(update={"rate_limits": True}))
    app.test_client_class = FormClient
    client = app.test_client()
    answers = [client.post("/login", data={"login": f"n{n}"}).status_code for n in range(32)]
    assert answers[0] == 422 and answers[-1] == 429
    assert client.get("/login").status_code == 200


def test_attempts_are_kept(app, client, person):
    _login(client, password="not the password")
    _login(client)
    with app.app_context():
        rows = db.session.scalars(select(LoginAttempt).order_by(LoginAttempt.id)).all()
        assert [(row.login, row.succeeded) for row in rows] == [("sample.user", False), ("sample.user", True)]
        user = sessions.find_user("sample.user")
        assert user.last_login_at - rows[1].happened_at < timedelta(seconds=60) and user.version == 1


def test_nobody_without_session_changes_a_password(app):
    from app.audit import SYSTEM

    with app.app_context(), pytest.raises(Refusal, match="login_needed"):
        sessions.change_password(actor=SYSTEM, current="x", new="y")
