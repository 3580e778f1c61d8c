"""What a person is, looked up once in a request; and the words for all of it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from sqlalchemy import select

import app.accounts as accounts
from app.accounts.models import Membership, User
from app.extensions import db, unit_of_work
from app.permissions import organisations_of, relations, role_in
from app.publication.models import Recruitment
from app.wording import EVENTS, REFUSALS
from tests import factories
from tests.app.accounts.kept import keep
from tests.harness.statements import counted_statements

SOURCES = sorted(Path(accounts.__file__).parent.glob("*.py"))


@pytest.fixture
def person(app):
    with app.app_context():
        recruitment = factories.make_recruitment()
        user = factories.staffed(recruitment)["staff"]
        keep(recruitment, user)
    return user.id, recruitment.id


def test_a_page_asks_for_a_persons_standing_once(app, person):
    with app.test_request_context():
        user, recruitment = db.session.get(User, person[0]), db.session.get(Recruitment, person[1])
        held = relations(user, recruitment)
        assert {"staff", "organiser"} <= held
        with counted_statements(db.engine) as seen:
            for _ in range(20):
                assert relations(user, recruitment) == held
                assert role_in(user, recruitment) == "staff" and organisations_of(user)
        assert seen == []


def test_a_write_in_the_request_is_seen_at_once(app, person, clock):
    with app.test_request_context():
        user, recruitment = db.session.get(User, person[0]), db.session.get(Recruitment, person[1])
        assert role_in(user, recruitment) == "staff"
        with unit_of_work() as work:
            row = work.scalars(select(Membership).where(Membership.user_id == user.id)).one()
            row.ended_at = clock()
            work.flush()
            assert role_in(user, recruitment) is None
        assert role_in(user, recruitment) is None


def test_an_undone_write_is_forgotten(app, person, clock):
    with app.test_request_context():
        user, recruitment = db.session.get(User, person[0]), db.session.get(Recruitment, person[1])
        with pytest.raises(ZeroDivisionError), unit_of_work() as work:
            work.scalars(select(Membership).where(Membership.user_id == user.id)).one().ended_at = clock()
            work.flush()
            assert role_in(user, recruitment) is None
            raise ZeroDivisionError
        assert role_in(user, recruitment) == "staff"


def test_without_a_request_nothing_is_remembered(app, person, clock):
    with app.app_context():
        user, recruitment = db.session.get(User, person[0]), db.session.get(Recruitment, person[1])
        with counted_statements(db.engine) as seen:
            role_in(user, recruitment)
            role_in(user, recruitment)
        assert len([one for one in seen if "membership" in one]) == 2


def _first_words(*names: str) -> set[str]:
    """The codes that are the first argument of calls of these names in the feature."""
    found = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                if name in names:
                    found.add(node.args[0].value)
    return found


def test_every_refusal_has_its_sentence():
    codes = _first_words("Refusal", "Denied", "NotFound", "Conflict", "Gone", "TooManyTries")
    assert len(codes) > 30 and codes - set(REFUSALS) == set()


def test_every_event_has_its_word():
    kinds = _first_words("record")
    assert len(kinds) > 15 and kinds - set(EVENTS) == set()
