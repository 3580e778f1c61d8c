"""`yinzhao samples load`: recruitments to look at and try, made by the rehearsal's walk."""

from __future__ import annotations

import sys

import click
from flask.cli import with_appcontext

#: (login, whose screens it opens), as printed at the start.
LOGINS = (
    ("admin", "系统管理员"),
    ("staff", "数据产品超市工作人员（经办）"),
    ("staff2", "数据产品超市工作人员（复核）"),
    ("supervisor", "监督人员"),
    ("operator", "统一电子印章平台对接人员"),
    ("vendor1 … vendor16", "服务商"),
)


@click.group("samples")
def samples() -> None:
    """样例项目。"""


@samples.command()
@with_appcontext
def load() -> None:
    """载入样例：一个已完成的 2023 年项目，三个以今天为准、处于不同阶段的项目。"""
    from app.errors import Refusal
    from app.rehearsal.samples import load_samples
    from app.wording import sentence_for

    try:
        load_samples(click.echo)
    except Refusal as refusal:
        # A database in use is left alone: loading is part of the first start only.
        click.echo(sentence_for(refusal))
        sys.exit(0)


def sample_logins() -> list[str]:
    """Lines with the sample logins, or none where no samples are loaded."""
    from sqlalchemy import select

    from app.accounts.models import User
    from app.extensions import db
    from app.publication.models import Recruitment
    from app.rehearsal.people import PASSPHRASE, PASSWORD
    from evaluation.models import PanelSeat

    sample = Recruitment.is_sample.is_(True)
    if db.session.scalar(select(Recruitment.id).where(sample).limit(1)) is None:
        db.session.rollback()
        return []
    seated = db.session.scalars(
        select(User.login)
        .join(PanelSeat, PanelSeat.expert_id == User.expert_id)
        .join(Recruitment, Recruitment.review_id == PanelSeat.review_id)
        .where(sample, Recruitment.stage == "scoring", PanelSeat.seat_no.is_not(None))
        .order_by(PanelSeat.seat_no)
    )
    experts = " ".join(seated)
    db.session.rollback()
    lines = [
        f"样例账号（密码均为 {PASSWORD}，仅供试用，正式使用前请停用；评审专家的签名口令均为 {PASSPHRASE}）："
    ]
    lines += [f"  {login:<20}{who}" for login, who in LOGINS]
    return [*lines, *([f"  {experts}  评审专家（“综合评分”样例，按席位次序）"] if experts else [])]
