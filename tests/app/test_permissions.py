"""Every route × every role × own and foreign object, from the URL map: a new route is judged by itself."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from sqlalchemy import select
from werkzeug.routing import Rule

from app.accounts.models import User
from app.extensions import db
from app.permissions import RULES, relations
from app.routing import SUBJECTS, load
from tests.world import LOOSE, PERSONAS, Side, World, build

#: Fillings for parameters that name no stored object.
TEXTS = {"token": "x" * 43, "stage": "opened", "filename": "theme.css"}
REFUSED = {401, 403, 404}


@dataclass
class House:
    """The application on one database with a built world, and a cookie per persona."""

    app: Flask
    world: World
    cookies: dict[str, str]

    def ask(self, persona: str, method: str, path: str) -> Any:
        """One request in a browser of its own."""
        client = self.app.test_client()
        if persona in self.cookies:
            client.set_cookie("yinzhao", self.cookies[persona])
        return client.open(path, method=method)


@pytest.fixture
def house(settings: Any) -> Iterator[House]:
    """Background work stays undone: a route is judged, not what it orders."""
    from app import create_app
    from tests.harness.client import FormClient

    app = create_app(settings.model_copy(update={"jobs": "off"}))
    app.test_client_class = FormClient
    with app.app_context():
        world = build()
        cookies = _cookies(app, world)
        db.session.remove()
    yield House(app, world, cookies)
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def _cookies(app: Flask, world: World) -> dict[str, str]:
    serializer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert serializer is not None
    found = {}
    for persona in PERSONAS[1:]:
        user = db.session.scalars(select(User).where(User.public_id == world.own.people[persona])).one()
        found[persona] = serializer.dumps({"_user_id": user.get_id(), "_fresh": True, "_permanent": True})
    return found


def _rules(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]


def _subject(rule: Rule) -> str | None:
    """The parameter that the action is about: the last one in the URL."""
    order = [name for name in _parameters(rule) if name in SUBJECTS]
    return order[-1] if order else None


def _parameters(rule: Rule) -> list[str]:
    return [name for is_dynamic, name in rule._trace if is_dynamic]


def _path(app: Flask, rule: Rule, side: Side, **other: str) -> str:
    values: dict[str, Any] = {}
    for name in rule.arguments:
        if name in SUBJECTS:
            values[name] = other.get(name, side.ids[name])
        elif type(rule._converters[name]).__name__ == "IntegerConverter":
            values[name] = 1
        else:
            values[name] = TEXTS.get(name, "1")
    with app.test_request_context():
        path = rule.build(values)
    assert path is not None, rule
    return path[1]


def _action(app: Flask, rule: Rule) -> str:
    return app.view_functions[rule.endpoint].permitted_action  # type: ignore[attr-defined]


def _methods(rule: Rule) -> list[str]:
    return sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})


def _allowed(house: House, action: str, persona: str, name: str | None, side: Side) -> bool:
    """By the independent table of relations; only a rule's condition is asked of the object itself."""
    held = house.world.held(persona, name, side)
    for relation, condition in RULES[action].items():
        if relation in held:
            if condition is None:
                return True
            with house.app.app_context():
                if condition(load(SUBJECTS[name], side.ids[name]) if name else None):
                    return True
    return False


def test_every_route_has_a_rule(app: Flask) -> None:
    without = [
        f"{rule.endpoint} {rule}"
        for rule in _rules(app)
        if getattr(app.view_functions[rule.endpoint], "permitted_action", None) not in RULES
    ]
    assert without == []


def test_every_action_has_its_chinese_name(app: Flask) -> None:
    """A refusal names the action; without a word it would show the code."""
    from app.wording import LABELS

    assert [action for action in RULES if action not in LABELS["action"]] == []


def test_every_relation_of_a_rule_is_known(app: Flask) -> None:
    from app.wording import LABELS

    assert {relation for rule in RULES.values() for relation in rule} - set(LABELS["role"]) == set()


def test_the_world_has_one_of_everything(house: House) -> None:
    for side in (house.world.own, house.world.foreign):
        assert set(side.ids) == set(SUBJECTS)


def test_the_relations_are_those_of_the_table(house: House) -> None:
    wrong = []
    with house.app.app_context():
        for persona in PERSONAS:
            ref = house.world.own.people.get(persona)
            user = db.session.scalar(select(User).where(User.public_id == ref)) if ref else None
            for side in (house.world.own, house.world.foreign):
                for name, model in SUBJECTS.items():
                    found = relations(user, load(model, side.ids[name]))
                    expected = house.world.held(persona, name, side)
                    if found != expected:
                        where = "own" if side is house.world.own else "foreign"
                        wrong.append(f"{persona} {where} {name}: {sorted(found)} not {sorted(expected)}")
    assert wrong == []


def test_the_personas_are_logged_in(house: House) -> None:
    """Or every refusal below would be the login page's."""
    answers = {persona: house.ask(persona, "GET", "/account").status_code for persona in PERSONAS}
    assert answers == {persona: 302 if persona == "anonymous" else 200 for persona in PERSONAS}


def _is_refusal(persona: str, answer: Any) -> bool:
    if answer.status_code in REFUSED:
        return True
    return persona == "anonymous" and answer.status_code == 302 and answer.location.startswith("/login")


def test_whoever_has_no_relation_gets_nothing(house: House) -> None:
    wrong = []
    for rule in _rules(house.app):
        action, name = _action(house.app, rule), _subject(rule)
        for side in (house.world.own, house.world.foreign) if name else (house.world.own,):
            path = _path(house.app, rule, side)
            for persona in PERSONAS:
                if _allowed(house, action, persona, name, side):
                    continue
                for method in _methods(rule):
                    answer = house.ask(persona, method, path)
                    if not _is_refusal(persona, answer):
                        wrong.append(f"{persona} {method} {rule} → {answer.status_code}")
    assert wrong == []


def test_whoever_may_read_gets_an_answer(house: House) -> None:
    """Never an error of ours, and never a refusal for want of permission by the table itself."""
    wrong = []
    for rule in _rules(house.app):
        if "GET" not in (rule.methods or ()):
            continue
        action, name = _action(house.app, rule), _subject(rule)
        path = _path(house.app, rule, house.world.own)
        for persona in PERSONAS:
            if not _allowed(house, action, persona, name, house.world.own):
                continue
            try:
                status = house.ask(persona, "GET", path).status_code
            except Exception as error:
                wrong.append(f"{persona} GET {rule} → {type(error).__name__}: {error}")
                continue
            if status >= 500 or status == 405:
                wrong.append(f"{persona} GET {rule} → {status}")
    assert wrong == []


def test_objects_of_two_recruitments_in_one_url_are_not_found(house: House) -> None:
    """The right to the one must open nothing of the other, in whichever order they stand."""
    own, foreign, wrong = house.world.own, house.world.foreign, []
    for rule in _rules(house.app):
        names = [name for name in _parameters(rule) if name in SUBJECTS and name not in LOOSE]
        if len(names) < 2:
            continue
        inner = names[1:]
        for outer, other in ((own, foreign), (foreign, own)):
            path = _path(house.app, rule, outer, **{name: other.ids[name] for name in inner})
            for persona in PERSONAS:
                for method in _methods(rule):
                    answer = house.ask(persona, method, path)
                    if not _is_refusal(persona, answer):
                        wrong.append(f"{persona} {method} {path} ({rule}) → {answer.status_code}")
    assert wrong == []


@pytest.mark.database("sqlite")
def test_an_empty_form_is_answered_with_a_sentence(house: House, tmp_path: Path) -> None:
    """Who may post and posts nothing gets a refusal or a redirect, never an error of ours."""
    wrong = []
    with house.app.app_context():
        file = Path(db.engine.url.database or "")
        db.session.remove()
        db.engine.dispose()
    snapshot = tmp_path / "snapshot.sqlite"
    _fold(file)
    shutil.copyfile(file, snapshot)
    for rule in _rules(house.app):
        for method in [name for name in _methods(rule) if name != "GET"]:
            action, name = _action(house.app, rule), _subject(rule)
            path = _path(house.app, rule, house.world.own)
            persona = next((p for p in PERSONAS if _allowed(house, action, p, name, house.world.own)), None)
            if persona is None:
                continue
            try:
                status = house.ask(persona, method, path).status_code
                if status >= 500:
                    wrong.append(f"{persona} {method} {rule} → {status}")
            except Exception as error:
                wrong.append(f"{persona} {method} {rule} → {type(error).__name__}: {error}")
            _restore(house.app, snapshot, file)
    assert wrong == []


def _fold(file: Path) -> None:
    import sqlite3

    connection = sqlite3.connect(file)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _restore(app: Flask, snapshot: Path, file: Path) -> None:
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    for suffix in ("-wal", "-shm"):
        Path(f"{file}{suffix}").unlink(missing_ok=True)
    shutil.copyfile(snapshot, file)
