"""Accounts made by whoever runs the installation: the first administrator, the first staff."""

from __future__ import annotations

from sqlalchemy import select

from app import clock
from app.accounts import duties
from app.accounts.invitations import NewAccount, create_account
from app.accounts.models import Organisation, User
from app.audit import SYSTEM, record
from app.errors import Refusal
from app.extensions import action, db


@action
def add_account(
    *,
    login: str,
    name: str,
    password: str,
    admin: bool = False,
    role: str = "",
    organisation: str = "",
    email: str = "",
) -> User:
    """An account that must choose a new password at the first login.

    `role` decides the kind of the body, which is made where it doesn't exist. Raises Refusal `name_missing`
    and what a new account refuses. Side effects: account, body, membership in it, events.
    """
    if not name.strip() or any(not sign.isprintable() for sign in name):
        raise Refusal("name_missing")
    user = create_account(NewAccount(login, name, email, "", password))
    user.is_admin, user.must_change_password = admin, True
    if admin:
        record("account.admin_granted", actor=SYSTEM, subject=user)
    if role:
        kind = duties.HOME[role]
        query = select(Organisation).where(
            Organisation.kind == kind, Organisation.name == organisation.strip()
        )
        body = db.session.scalar(query)
        if body is None:
            body = Organisation(kind=kind, name=organisation.strip(), created_at=clock.now())
            db.session.add(body)
            db.session.flush()
            record("organisation.added", actor=SYSTEM, subject=body, body_kind=kind)
        duties.join_organisation(user, body, actor=SYSTEM)
    return user
