"""The sample recruitments of a first start: one of 2023 that is over, three at different stages today."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import event, func, select

from app import clock
from app import plan as plans
from app.accounts.models import User
from app.errors import Refusal
from app.extensions import db, unit_of_work
from app.publication.models import Recruitment
from app.rehearsal import stages
from app.rehearsal.cast import Cast, make_cast
from app.rehearsal.panel import fill_pool
from app.rehearsal.people import make_offices, make_vendor
from app.rehearsal.run import NOTICE_DAYS, PLAN
from app.rehearsal.walk import Hand, Walk
from evaluation.ranking import RankingRules

#: Enough experts that those who sat on one sample's panel can be left out of the next draw.
VENDORS, EXPERTS, SEED = 16, 26, 2023
PATIENCE_SECONDS = 180


@dataclass(frozen=True)
class Sample:
    """One sample: how far it goes, and how many days ago its responses opened (None: the plan's own dates)."""

    title: str
    stop: str
    opened_days_ago: int | None
    submitted: int | None = None
    signing: int | None = None


SAMPLES = (
    Sample("海南省电子印章服务商招募（2023 年，演练样例）", "promotion", None),
    Sample("电子印章服务商招募（样例·响应接收中）", "accepting", 6, submitted=5),
    Sample("电子印章服务商招募（样例·综合评分）", "scoring", 19, signing=2),
    Sample("电子印章服务商招募（样例·对接验收）", "integration", 56),
)


def load_samples(say: Callable[[str], None], *, processes: int = 2) -> None:
    """Make the sample recruitments with their people, some side by side (0: all in this process).

    Raises Refusal `samples_there` in a database in use.
    """
    if db.session.scalar(select(func.count()).select_from(Recruitment)):
        raise Refusal("samples_there")
    now = clock.now()
    cast = _cast()
    with unit_of_work():
        offices = make_offices(cast)
        for vendor in cast.vendors:
            make_vendor(vendor)
        fill_pool(cast, offices["admin"])
    say(f"样例账号已建立，正在载入 {len(SAMPLES)} 个样例项目，约需一两分钟……")
    if processes:
        db.session.remove()
        # The longest first, so that none is waited for alone.
        order = sorted(range(len(SAMPLES)), key=lambda at: SAMPLES[at].stop != "promotion")
        with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
            for title in pool.map(_load_apart, order, [now.isoformat()] * len(order)):
                say(f"已载入：{title}")
    else:
        for sample in SAMPLES:
            _load(sample, cast, now)
            say(f"已载入：{sample.title}")
    _open_accounts()


def _cast() -> Cast:
    effective = plans.apply_supplements(plans.load_plan(PLAN), drafts=True)
    quota = RankingRules.from_plan(plans.as_json(effective)["evaluation"]["ranking"]).quota
    return make_cast(vendors=VENDORS, experts=EXPERTS, seed=SEED, quota=quota)


def _load_apart(at: int, now: str) -> str:
    """One sample in a process of its own."""
    from app import create_app

    with create_app().app_context():
        _be_patient()
        _load(SAMPLES[at], _cast(), datetime.fromisoformat(now))
    return SAMPLES[at].title


def _be_patient() -> None:
    """Wait long for the other samples' writes: on a slow or busy machine the first start must not fail."""
    if db.engine.dialect.name != "sqlite":
        return

    @event.listens_for(db.engine, "connect")
    def _wait(connection: Any, _record: Any) -> None:
        connection.execute(f"PRAGMA busy_timeout={PATIENCE_SECONDS * 1000}")


def _opens(sample: Sample, today: date) -> date | None:
    return None if sample.opened_days_ago is None else today - timedelta(days=sample.opened_days_ago)


def _load(sample: Sample, cast: Cast, now: datetime) -> None:
    plan = plans.load_plan(PLAN)
    opens = _opens(sample, clock.local(now).date())
    if opens is not None:
        plan = plans.shift_dates(plan, opens)
    begins = plan["publication"]["schedule"]["responses_open"] - timedelta(days=NOTICE_DAYS)
    hand = Hand(clock.at(begins, time(9)), latest=now)
    with clock.use(hand):
        walk = Walk(cast, plan.raw, hand, lambda _text: None, title=sample.title, sample=True)
        stages.walk_to(walk, sample.stop, submitted=sample.submitted, signing=sample.signing)


def _open_accounts() -> None:
    """Sample accounts are for trying: nobody is made to choose another password first."""
    with unit_of_work():
        for user in db.session.scalars(select(User).where(User.must_change_password.is_(True))):
            user.must_change_password = False
