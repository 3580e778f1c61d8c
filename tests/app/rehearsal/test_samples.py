"""The samples of a first start."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import clock
from app.accounts.models import User
from app.commands.samples import sample_logins
from app.errors import Refusal
from app.extensions import db
from app.lifecycle import stage_now
from app.publication.models import Recruitment
from app.rehearsal import samples
from app.rehearsal.people import PASSWORD
from app.responses.models import SealCheck
from evaluation.models import ScoreSheet

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("rehearsal")]


@pytest.mark.database("sqlite")
def test_samples_stand_at_their_stages_today(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = tuple(sample for sample in samples.SAMPLES if sample.stop in ("accepting", "scoring"))
    monkeypatch.setattr(samples, "SAMPLES", chosen)
    with app.app_context():
        assert sample_logins() == []
        samples.load_samples(lambda _text: None, processes=0)
        rows = db.session.scalars(select(Recruitment).order_by(Recruitment.id)).all()
        assert [stage_now(row, clock.now()) for row in rows] == ["accepting", "scoring"]
        assert all(row.is_sample for row in rows)
        # One vendor's letter carries an electronic seal; everybody else handed in scans.
        seals = db.session.execute(select(SealCheck.verdict, func.count()).group_by(SealCheck.verdict))
        assert dict(seals.all())["TRIAL_VALID"] == 2
        signed = db.session.scalar(select(func.count()).where(ScoreSheet.stage == "signed"))
        waiting = db.session.scalar(select(func.count()).where(ScoreSheet.stage == "open"))
        assert signed
        assert waiting
        assert not db.session.scalar(select(func.count()).where(User.must_change_password.is_(True)))
        told = "\n".join(sample_logins())
        assert PASSWORD in told
        assert "expert" in told
        with pytest.raises(Refusal) as refused:
            samples.load_samples(lambda _text: None, processes=0)
        assert refused.value.code == "samples_there"
