"""The sample recruitments of a first start: one of 2023 that is over, three at different stages today."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import func, select

from app import clock
from app import plan as plans
from app.accounts.models import User
from app.errors import Refusal
from app.extensions import db, unit_of_work
from app.publication.models import Recruitment
from app.rehearsal import stages
from app.rehearsal.cast import Cast, make_cast
from app.rehearsal.run import NOTICE_DAYS, PLAN
from app.rehearsal.walk import Hand, Walk
from evaluation.ranking import RankingRules

VENDORS, EXPERTS, SEED = 16, 9, 2023


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


def load_samples(say: Callable[[str], None]) -> None:
    """Make the sample recruitments with their people. Raises Refusal `samples_there` in a database in use."""
    if db.session.scalar(select(func.count()).select_from(Recruitment)):
        raise Refusal("samples_there")
    now = clock.now()
    quota = RankingRules.from_plan(
        plans.as_json(plans.apply_supplements(plans.load_plan(PLAN)))["evaluation"]["ranking"]
    ).quota
    cast = make_cast(vendors=VENDORS, experts=EXPERTS, seed=SEED, quota=quota)
    for sample in SAMPLES:
        say(f"载入样例：{sample.title}")
        _load(sample, cast, now, say)
    _open_accounts()


def _opens(sample: Sample, today: date) -> date | None:
    return None if sample.opened_days_ago is None else today - timedelta(days=sample.opened_days_ago)


def _load(sample: Sample, cast: Cast, now: datetime, say: Callable[[str], None]) -> None:
    plan = plans.load_plan(PLAN)
    opens = _opens(sample, clock.local(now).date())
    if opens is not None:
        plan = plans.shift_dates(plan, opens)
    begins = plan["publication"]["schedule"]["responses_open"] - timedelta(days=NOTICE_DAYS)
    hand = Hand(clock.at(begins, time(9)), latest=now)
    with clock.use(hand):
        walk = Walk(cast, plan.raw, hand, lambda text: say(f"  {text}"), title=sample.title, sample=True)
        stages.walk_to(walk, sample.stop, submitted=sample.submitted, signing=sample.signing)


def _open_accounts() -> None:
    """Sample accounts are for trying: nobody is made to choose another password first."""
    with unit_of_work():
        for user in db.session.scalars(select(User).where(User.must_change_password.is_(True))):
            user.must_change_password = False
