"""The accounts of a rehearsal: made by the same actions as any other account, or found where they exist."""

from __future__ import annotations

from sqlalchemy import select

from app.accounts import company
from app.accounts.administration import add_member
from app.accounts.company import NewCompany
from app.accounts.invitations import NewAccount, accept_mine, accept_new
from app.accounts.models import Organisation, User
from app.accounts.sessions import find_user
from app.accounts.setup import add_account
from app.audit import Actor
from app.extensions import db
from app.publication.models import Recruitment
from app.rehearsal.cast import Cast, Vendor

#: What everybody of a rehearsal logs in with; only samples on this machine have it.
PASSWORD = "sample-琼海云签-2023"
#: What the experts of a rehearsal sign with: another secret than the one they log in with.
PASSPHRASE = "sample-席位签名-2023"
ADDRESS = "127.0.0.1"

ORGANISER, SUPERVISION, PLATFORM = "样例省数据产品超市", "样例省公共资源监督处", "样例省统一电子印章平台"
_OFFICES = {
    "staff": ("staff", ORGANISER),
    "staff2": ("staff", ORGANISER),
    "supervisor": ("supervisor", SUPERVISION),
    "operator": ("operator", PLATFORM),
}


def _fits(cast: Cast, key: str) -> tuple[str, str, str]:
    role, body = _OFFICES[key]
    return role, body, cast.people[key]


def make_offices(cast: Cast) -> dict[str, User]:
    """The administrator and the people of the three offices, by key of the cast."""
    people = {}
    people["admin"] = find_user("admin") or add_account(
        login="admin", name="样例管理员 吴安", password=PASSWORD, admin=True
    )
    for key in _OFFICES:
        role, body, name = _fits(cast, key)
        people[key] = find_user(key) or add_account(
            login=key, name=name, password=PASSWORD, role=role, organisation=body
        )
    return people


def organiser() -> Organisation:
    """The body that recruits."""
    return db.session.scalars(
        select(Organisation).where(Organisation.kind == "organiser", Organisation.name == ORGANISER)
    ).one()


def enrol(people: dict[str, User], recruitment: Recruitment, creator: str) -> None:
    """Give everybody but the creator, who has a role already, the role in a recruitment."""
    admin = Actor(people["admin"], "admin", ADDRESS)
    for key, (role, _body) in _OFFICES.items():
        if key != creator:
            add_member(actor=admin, recruitment=recruitment, login=people[key].login, role=role)


def make_vendor(vendor: Vendor) -> tuple[Organisation, User]:
    """The vendor's organisation and agent, registered where they are not there yet."""
    found = db.session.scalar(select(Organisation).where(Organisation.credit_code == vendor.credit_code))
    user = find_user(f"vendor{vendor.number}")
    if found is not None and user is not None:
        return found, user
    return company.register(
        company=NewCompany(
            vendor.name, vendor.credit_code, vendor.legal_representative, f"样例省样例市样例路{vendor.number}号"
        ),
        account=NewAccount(f"vendor{vendor.number}", vendor.agent, "", "", PASSWORD),
        address=ADDRESS,
    )


def take_invitation(link: str, *, login: str, name: str) -> User:
    """Follow a one-time link as the invited person: with a new account, or with the one that exists."""
    token = link.rsplit("/", 1)[-1]
    user = find_user(login)
    if user is None:
        return accept_new(token=token, account=NewAccount(login, name, "", "", PASSWORD), address=ADDRESS)
    return accept_mine(token=token, actor=Actor(user, "user", ADDRESS))
