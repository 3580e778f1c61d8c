"""Makers of invented people, companies and recruitments. Every name says that it is a sample (样例)."""

from __future__ import annotations

import functools
import itertools
import secrets
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from flask import Flask

from app import clock, planning
from app import plan as plans
from app.acceptance.authority import NAME, VALID_FROM, YEARS
from app.accounts.models import Membership, Organisation, OrganisationMember, User
from app.audit import Actor, sm3_hex
from app.extensions import db, unit_of_work
from app.publication.models import PlanVersion, Recruitment
from evaluation import credit
from seal_core import TrialCA

PASSWORD = "样例密码-2023-sample"
PLANS = Path(plans.__file__).parents[1] / "plans"
_numbers = itertools.count(1)


def make_user(name: str = "", *, login: str = "", is_admin: bool = False, password: str = PASSWORD) -> User:
    """A person with the sample password, stored."""
    from app.accounts.passwords import hash_password

    number = next(_numbers)
    user = User(
        login=login or f"sample{number}",
        name=name or f"样例人员{number}",
        email=f"sample{number}@example.invalid",
        password_hash=hash_password(password),
        session_token=secrets.token_urlsafe(16),
        is_admin=is_admin,
        created_at=clock.now(),
    )
    with unit_of_work() as session:
        session.add(user)
    return user


def make_organisation(kind: str = "organiser", name: str = "") -> Organisation:
    """An invented body; a vendor gets a valid sample credit code."""
    number = next(_numbers)
    words = {
        "organiser": "样例数据产品超市",
        "supervision": "样例监督单位",
        "platform": "样例印章平台",
        "vendor": "样例印章科技公司",
    }
    organisation = Organisation(
        kind=kind,
        name=name or f"{words[kind]}{number}",
        credit_code=credit.make_sample(f"91460000{number:09d}") if kind == "vendor" else None,
        legal_representative=f"样例法人{number}",
        created_at=clock.now(),
    )
    with unit_of_work() as session:
        session.add(organisation)
    return organisation


def join(user: User, organisation: Organisation, *, agent: bool = False, manage: bool = True) -> None:
    """Make a person a member of an organisation."""
    with unit_of_work() as session:
        session.add(
            OrganisationMember(
                organisation_id=organisation.id, user_id=user.id, is_agent=agent, can_manage=manage
            )
        )


def make_vendor(name: str = "") -> tuple[Organisation, User]:
    """A vendor with its agent."""
    organisation, user = make_organisation("vendor", name), make_user()
    join(user, organisation, agent=True)
    return organisation, user


def enrol(user: User, recruitment: Recruitment, role: str, organisation: Organisation | None = None) -> None:
    """Give a person a role in a recruitment."""
    with unit_of_work() as session:
        session.add(
            Membership(
                recruitment_id=recruitment.id,
                user_id=user.id,
                role=role,
                organisation_id=organisation.id if organisation else None,
                since=clock.now(),
            )
        )


def actor(user: User, role: str) -> Actor:
    """The person acting in a role."""
    return Actor(user, role, "127.0.0.1")


def plan_bytes(name: str = "hainan-eseal-2023", opens: date | None = None) -> bytes:
    """A shipped plan with all supplements confirmed, its dates moved so that responses open on a day."""
    plan = plans.confirm_supplements(plans.load_plan(PLANS / f"{name}.toml"))
    if opens is not None:
        plan = plans.shift_dates(plan, opens)
    return plan.raw


def make_recruitment(
    stage: str = "published", *, opens: date | None = None, plan: str = "hainan-eseal-2023", **columns: Any
) -> Recruitment:
    """A recruitment in a stage, its plan frozen and its dates in columns; without people or responses."""
    organiser = make_organisation("organiser")
    author = make_user("样例编制人")
    join(author, organiser)
    raw = plan_bytes(plan, opens)
    row = Recruitment(
        title="样例：电子印章服务商招募",
        stage=stage,
        is_sample=True,
        organiser_id=organiser.id,
        created_by_id=author.id,
        created_at=clock.now(),
        plan_bytes=raw,
        plan_digest=sm3_hex(raw) if stage != "draft" else None,
    )
    schedule = planning.section(row, "publication", "schedule")
    if stage != "draft":
        row.published_at = clock.now()
        row.opens_at = clock.at(schedule["responses_open"])
        hour, minute = str(schedule["closing_time"]).split(":")
        row.closes_at = clock.at(schedule["responses_close"], time(int(hour), int(minute)))
        row.publicity_starts_at = clock.at(schedule["publicity_start"])
        row.publicity_ends_at = clock.end_of(schedule["publicity_end"])
    for name, value in columns.items():
        setattr(row, name, value)
    with unit_of_work() as session:
        session.add(row)
        session.flush()
        if stage != "draft":
            session.add(
                PlanVersion(
                    recruitment_id=row.id,
                    number=1,
                    plan_bytes=raw,
                    digest=sm3_hex(raw),
                    effective=plans.as_json(planning.effective_plan(row)),
                    published_at=clock.now(),
                )
            )
    return row


def staffed(recruitment: Recruitment) -> dict[str, User]:
    """Staff (two), supervisor and operator of a recruitment, by role; `staff2` is the second staff."""
    people = {"staff": make_user("样例工作人员"), "staff2": make_user("样例复核人员")}
    people["supervisor"] = make_user("样例监督人员")
    people["operator"] = make_user("样例平台人员")
    for key, user in people.items():
        enrol(user, recruitment, "staff" if key == "staff2" else key)
    for key in ("staff", "staff2"):
        join(people[key], recruitment.organiser)
    return people


@functools.cache
def _authority() -> tuple[TrialCA, bytes, bytes]:
    made, password = TrialCA.create(NAME, now=VALID_FROM, years=YEARS), b"a password that only tests know"
    return made, made.to_pem(password), password


def quick_authority(app: Flask) -> None:
    """Give an application the trial authority of this test run: making and opening one costs half a second."""
    held, pem, password = _authority()
    folder = app.config["SETTINGS"].data / "keys"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, data in (("trial-ca.pem", pem), ("trial-ca.password", password)):
        (folder / name).write_bytes(data)
        (folder / name).chmod(0o600)
    app.extensions["trial_authority"] = TrialCA(held.root, held.certificate, held.root_key, held.key)


def login(client: Any, user: User, password: str = PASSWORD) -> None:
    """Log a person in with the test client."""
    answer = client.post("/login", data={"login": user.login, "password": password})
    assert answer.status_code in (302, 303), answer.get_data(as_text=True)


def moment(day: date, hour: int = 9, minute: int = 0) -> datetime:
    """A Shanghai wall-clock moment in UTC."""
    return clock.at(day, time(hour, minute))


def days(count: int) -> timedelta:
    return timedelta(days=count)


__all__ = ["PASSWORD", "db"]
