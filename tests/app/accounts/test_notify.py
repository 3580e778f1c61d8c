"""Messages and e-mails."""

from __future__ import annotations

import email
import smtplib
from email import policy

import pytest
from sqlalchemy import func, select

from app.accounts.models import Message
from app.accounts.notify import compose, deliver_mail, notify, remind
from app.audit import Event
from app.extensions import db, unit_of_work
from app.jobs.models import OutboxItem
from app.jobs.registry import attempt
from tests import factories
from tests.app.accounts.kept import keep


def _mails(app):
    folder = app.config["SETTINGS"].data / "mail"
    return [
        email.message_from_bytes(path.read_bytes(), policy=policy.default)
        for path in sorted(folder.glob("*.eml"))
    ]


@pytest.fixture
def person(app):
    with app.app_context():
        user = factories.make_user("样例收件人")
        keep(user)
    return user


def test_a_message_and_a_mail(app, client, person):
    with app.app_context(), unit_of_work():
        notify(person, kind="test", subject="请提交材料", body="第一行\n第二行", link="/account")
    factories.login(client, person)
    page = client.get("/messages")
    assert "请提交材料" in page.text and "条未读" in page.text
    (mail,) = _mails(app)
    assert mail["To"].addresses[0].addr_spec == person.email and "请提交材料" in mail["Subject"]
    assert "第二行" in mail.get_content()
    assert f"{app.config['SETTINGS'].public_base}/account" in mail.get_content()


def test_nothing_is_sent_when_the_work_is_undone(app, person):
    with app.app_context():
        with pytest.raises(ZeroDivisionError), unit_of_work():
            notify(person, kind="test", subject="不应发出", body="")
            raise ZeroDivisionError
        assert db.session.scalar(select(func.count()).select_from(Message)) == 0
    assert not (app.config["SETTINGS"].data / "mail").exists()


def test_no_address_no_mail(app, person):
    with app.app_context():
        with unit_of_work():
            person.email = ""
            notify(person, kind="test", subject="只有站内", body="")
        with unit_of_work():
            notify(person, kind="test", subject="也只有站内", body="", mail=False)
        assert db.session.scalar(select(func.count()).select_from(OutboxItem)) == 0


def test_the_mail_goes_out_once_and_its_text_is_forgotten(app, person):
    with app.app_context():
        with unit_of_work():
            notify(person, kind="test", subject="一次", body="机密内容")
        item = db.session.scalars(select(OutboxItem)).one()
        assert item.stage == "done" and "body" not in item.payload and "to" not in item.payload
        assert attempt(item.public_id)
    assert len(_mails(app)) == 1


def test_a_header_cannot_be_smuggled_in(app):
    with app.app_context():
        payload = {
            "to": "a@example.invalid\r\nBcc: b@example.invalid",
            "name": "样例\r\nX-Evil: yes",
            "subject": "主题\r\nBcc: c@example.invalid",
            "body": "正文",
            "link": "",
            "at": "2023-07-01T00:00:00+00:00",
        }
        mail = email.message_from_bytes(
            compose(payload, "ref", app.config["SETTINGS"]).as_bytes(), policy=policy.default
        )
    assert mail["Bcc"] is None and mail["X-Evil"] is None and mail["Message-ID"] == "<ref@yinzhao>"


PAYLOAD = {
    "to": "a@example.invalid",
    "name": "样例",
    "subject": "主题",
    "body": "正文",
    "link": "",
    "at": "2023-07-01T00:00:00+00:00",
}


class _Server:
    """Stands where smtplib would talk to a server."""

    log: list[object] = []

    def __init__(self, host, port, timeout):
        self.log.append((host, port, timeout > 0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def starttls(self, *, context):
        self.log.append(("tls", context.check_hostname))

    def login(self, user, password):
        self.log.append((user, password))

    def send_message(self, mail):
        self.log.append(mail["Subject"])


def test_smtp_is_spoken_as_set(app, monkeypatch):
    _Server.log = []
    monkeypatch.setattr(smtplib, "SMTP", _Server)
    changes = {
        "mail": "smtp",
        "smtp_host": "mail.invalid",
        "smtp_port": 587,
        "smtp_starttls": True,
        "smtp_user": "u",
        "smtp_password": "p",
    }
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update=changes)
    with app.app_context():
        assert deliver_mail(PAYLOAD, "ref") == "smtp"
    assert _Server.log == [("mail.invalid", 587, True), ("tls", True), ("u", "p"), "【印招】主题"]


def test_a_failing_server_leaves_the_mail_to_be_sent_again(app, person, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise smtplib.SMTPServerDisconnected("the connection was lost")

    monkeypatch.setattr(smtplib, "SMTP", refuse)
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update={"mail": "smtp"})
    with app.app_context():
        with unit_of_work():
            notify(person, kind="test", subject="会再发", body="内容")
        item = db.session.scalars(select(OutboxItem)).one()
        assert item.stage == "failed" and item.payload["body"] == "内容" and "lost" in item.error
        # The message itself is there all the same.
        assert db.session.scalar(select(func.count()).select_from(Message)) == 1


def test_mail_can_be_off(app):
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update={"mail": "none"})
    with app.app_context():
        assert deliver_mail(PAYLOAD, "ref") == "none"
    assert not (app.config["SETTINGS"].data / "mail").exists()


def test_everyone_who_is_late_is_reminded_once(app, person):
    with app.app_context():
        recruitment = factories.make_recruitment()
        people = factories.staffed(recruitment)
        staff = factories.actor(people["staff"], "staff")
        late = [person, people["supervisor"], person]
        count = remind(late, kind="sheets", subject="请签署", body="", recruitment=recruitment, actor=staff)
        assert count == 2
        rows = db.session.scalars(select(Message)).all()
        assert len(rows) == 2 and all(row.urgency == 1 for row in rows)
        event = db.session.scalars(select(Event).where(Event.kind == "reminder.sent")).one()
        assert set(event.facts["people"]) == {person.public_id, people["supervisor"].public_id}
        assert remind([], kind="sheets", subject="", body="", recruitment=recruitment, actor=staff) == 0


def test_messages_are_read_one_by_one_and_all_at_once(app, client, person):
    with app.app_context():
        with unit_of_work():
            first = notify(person, kind="test", subject="第一条", body="", link="/account", mail=False)
            notify(person, kind="test", subject="第二条", body="", mail=False)
            notify(person, kind="test", subject="第三条", body="", mail=False)
        keep(first)
    factories.login(client, person)
    assert client.post(f"/messages/{first.public_id}").location == "/account"
    unread = client.get("/messages?show=unread").text
    assert "第一条" not in unread and "第二条" in unread
    assert client.post("/messages/read").status_code == 303
    assert "没有未读消息" in client.get("/messages?show=unread").text


def test_messages_of_others_are_out_of_reach(app, client, person):
    with app.app_context():
        other = factories.make_user()
        with unit_of_work():
            row = notify(other, kind="test", subject="别人的消息", body="", mail=False)
        keep(row)
    factories.login(client, person)
    assert "别人的消息" not in client.get("/messages").text
    assert client.post(f"/messages/{row.public_id}").status_code == 403


def test_a_message_never_leads_out_of_the_house(app, client, person):
    with app.app_context():
        with unit_of_work():
            row = notify(
                person, kind="test", subject="外链", body="", link="//elsewhere.invalid/", mail=False
            )
        keep(row)
    factories.login(client, person)
    assert client.post(f"/messages/{row.public_id}").location == "/messages"
