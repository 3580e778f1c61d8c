"""`yinzhao user`: accounts from the command line, e.g. the first administrator."""

from __future__ import annotations

import sys

import click
from flask.cli import with_appcontext


@click.group("user")
def user() -> None:
    """账号。"""


@user.command()
@click.argument("login")
@click.argument("name")
@click.option("--admin", is_flag=True, help="系统管理员。")
@click.option(
    "--role", type=click.Choice(["staff", "supervisor", "operator"]), help="所属单位的类别由角色决定。"
)
@click.option("--organisation", help="单位名称；不存在时按角色新建。")
@click.option("--email", default="", help="电子邮箱。")
@click.option("--password-stdin", is_flag=True, help="从标准输入读取密码（一行）。")
@with_appcontext
def add(
    login: str,
    name: str,
    admin: bool,
    role: str | None,
    organisation: str | None,
    email: str,
    password_stdin: bool,
) -> None:
    """新建账号。密码由提示输入，或用 --password-stdin 传入；首次登录须更换。"""
    from sqlalchemy.exc import DatabaseError

    from app.accounts.setup import add_account
    from app.errors import Refusal
    from app.wording import sentence_for

    if admin and (role or organisation):
        raise click.UsageError("系统管理员不担任招募角色，请去掉 --role 与 --organisation。")
    if bool(role) != bool(organisation):
        raise click.UsageError("--role 与 --organisation 须同时给出。")
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt("密码", hide_input=True, confirmation_prompt="再次输入")
    try:
        made = add_account(
            login=login,
            name=name,
            password=password,
            admin=admin,
            role=role or "",
            organisation=organisation or "",
            email=email,
        )
    except Refusal as error:
        click.echo(sentence_for(error), err=True)
        sys.exit(1)
    except DatabaseError:
        click.echo("数据库不可用，或结构不是最新。请先运行 yinzhao db upgrade。", err=True)
        sys.exit(2)
    click.echo(f"已建立账号 {made.login}（{made.name}）。首次登录须更换密码。")
