"""`yinzhao user add`."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from app.accounts.models import Organisation, User
from app.commands.users import user
from app.extensions import db
from tests import factories
from tests.factories import PASSWORD


def _run(app, *arguments, password=PASSWORD):
    return app.test_cli_runner().invoke(user, ["add", *arguments, "--password-stdin"], input=f"{password}\n")


def test_the_first_administrator(app, client):
    result = _run(app, "Root.Admin", "样例管理员", "--admin")
    assert result.exit_code == 0 and "root.admin" in result.output and PASSWORD not in result.output
    with app.app_context():
        row = db.session.scalars(select(User)).one()
        assert row.is_admin and row.must_change_password
    answer = client.post("/login", data={"login": "root.admin", "password": PASSWORD})
    assert answer.status_code == 303
    assert client.get("/admin/accounts").location == "/account/password"


def test_staff_with_their_body(app):
    for login in ("staff1", "staff2"):
        assert _run(app, login, "样例人员", "--role", "staff", "--organisation", "样例超市").exit_code == 0
    with app.app_context():
        body = db.session.scalars(select(Organisation)).one()
        assert (body.kind, body.name) == ("organiser", "样例超市")
        people = db.session.scalars(select(User)).all()
        assert all(row.organisations[0].organisation_id == body.id for row in people)


def test_the_password_can_be_typed(app):
    result = app.test_cli_runner().invoke(user, ["add", "typed", "样例"], input=f"{PASSWORD}\n{PASSWORD}\n")
    assert result.exit_code == 0, result.output
    assert PASSWORD not in result.output


@pytest.mark.parametrize(
    ("arguments", "password", "sentence"),
    [
        (("taken", "样例"), PASSWORD, "已被使用"),
        (("x", "样例"), PASSWORD, "3 至 80"),
        (("short", "样例"), "short", "至少 10 个字符"),
        (("empty", "样例"), "", "至少 10 个字符"),
        (("nameless", " "), PASSWORD, "请填写姓名"),
        (("both", "样例", "--admin", "--role", "staff", "--organisation", "x"), PASSWORD, "不担任招募角色"),
        (("half", "样例", "--role", "staff"), PASSWORD, "须同时给出"),
        (("half", "样例", "--role", "expert", "--organisation", "x"), PASSWORD, "expert"),
    ],
)
def test_bad_input_makes_nothing(app, arguments, password, sentence):
    with app.app_context():
        factories.make_user(login="taken")
    result = _run(app, *arguments, password=password)
    assert result.exit_code in (1, 2) and sentence in result.output
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(User)) == 1


def test_an_empty_database_is_said(settings, tmp_path):
    from app import create_app
    from app.commands.audit import audit

    url = f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    bare = create_app(settings.model_copy(update={"database_url": url}))
    for command, arguments in ((user, ["add", "someone", "样例", "--password-stdin"]), (audit, ["verify"])):
        result = bare.test_cli_runner().invoke(command, arguments, input=f"{PASSWORD}\n")
        assert result.exit_code == 2 and "db upgrade" in result.output
