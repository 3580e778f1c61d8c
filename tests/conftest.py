"""Fixtures for every test: databases of both kinds, the application, a clock, a browser; no outside world."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings as hypothesis_settings

from tests.harness import isolation
from tests.harness.browser import launch_arguments, missing
from tests.harness.client import FormClient
from tests.harness.clock import HandClock
from tests.harness.databases import KINDS, Databases
from tests.harness.postgres import Cluster, PostgresUnavailable
from tests.harness.quick_rules import remember_compiled_rules
from tests.harness.server import serve
from tests.harness.stray import watch_stray_statements

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from app.config import Settings


# No deadlines: on a shared machine they measure the neighbours. CI repeats itself exactly; `make fuzz` digs.
hypothesis_settings.register_profile("default", deadline=None)
hypothesis_settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis_settings.register_profile("fuzz", deadline=None, max_examples=3000)
hypothesis_settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "default")
)


remember_compiled_rules()
watch_stray_statements()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database", choices=(*KINDS, "both"), default="both", help="databases that storage tests run on"
    )


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name a test by its argument and not by a file's bytes: those may hold the second they were made in, and
    two workers must collect the same names."""
    return argname if isinstance(val, bytes) and len(val) > 32 else None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run whatever uses a database on both kinds; the mark `database("sqlite")` names one."""
    if "database_kind" not in metafunc.fixturenames:
        return
    mark = metafunc.definition.get_closest_marker("database")
    kinds = mark.args if mark else KINDS
    asked = metafunc.config.getoption("--database")
    # A test that is bound to one kind runs whatever was asked for, so that none is lost silently.
    if asked != "both" and asked in kinds:
        kinds = (asked,)
    metafunc.parametrize("database_kind", kinds, scope="function")


@pytest.fixture(autouse=True)
def _no_outside_world(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if not request.node.get_closest_marker("network"):
        isolation.refuse_network(monkeypatch)
    if not request.node.get_closest_marker("mail"):
        isolation.refuse_mail(monkeypatch)


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Callable[[], Cluster]]:
    """Gives this worker's PostgreSQL server, which starts when it is first asked for."""
    started: list[Cluster] = []

    def cluster() -> Cluster:
        if not started:
            try:
                started.append(Cluster())
            except PostgresUnavailable:
                missing("a PostgreSQL server")
            started[0].start()
        return started[0]

    yield cluster
    for one in started:
        one.stop()


def _migrate(url: str, data: Path) -> None:
    from flask_migrate import upgrade

    from app import create_app
    from app.config import Settings
    from app.extensions import db

    app = create_app(Settings(data=data, database_url=url, testing=True, jobs="off"))
    with app.app_context():
        upgrade(directory=str(Path(__file__).resolve().parents[1] / "migrations"))
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="session")
def databases(
    tmp_path_factory: pytest.TempPathFactory, postgres_cluster: Callable[[], Cluster]
) -> Databases:
    """The maker of databases for this worker."""
    folder = tmp_path_factory.mktemp("databases")
    return Databases(folder, postgres_cluster, lambda url: _migrate(url, folder / "migration"))


@pytest.fixture
def database_url(databases: Databases, database_kind: str) -> Iterator[str]:
    """A migrated database of the test's own, on SQLite and on PostgreSQL in turn."""
    url = databases.migrated(database_kind)
    yield url
    databases.discard(url)


@pytest.fixture
def bare_database_url(databases: Databases, database_kind: str) -> Iterator[str]:
    """The same without tables, for the lower packages, whose tables stand alone."""
    url = databases.empty(database_kind)
    yield url
    databases.discard(url)


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Settings of a test installation: mail to files, jobs at once, no rate limits."""
    from app.config import Settings

    return Settings(
        data=tmp_path / "data",
        database_url=database_url,
        secret_key="a secret that only tests know",
        rate_limits=False,
        jobs="inline",
        testing=True,
    )


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The application on a fresh database; open an application context where a test needs one."""
    from app import create_app
    from app.extensions import db
    from tests import factories

    flask_app = create_app(settings)
    # Forms are posted without fetching them first; the client adds the token that the page would hold.
    flask_app.test_client_class = FormClient
    factories.quick_authority(flask_app)
    yield flask_app
    with flask_app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without JavaScript: keeps cookies, sends form tokens, follows nothing by itself.

    `app.test_client()` makes more of them, one for each person.
    """
    return app.test_client()


@pytest.fixture
def clock() -> Iterator[HandClock]:
    """The application's clock in the test's hand, for server threads too."""
    from app import clock as app_clock

    hand = HandClock()
    with app_clock.use(hand, process_wide=True):
        yield hand


@pytest.fixture
def live_server(app: Flask) -> Iterator[str]:
    """The base address of the application behind a real socket."""
    with serve(app) as address:
        yield address


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """The address of a stand-in for S3 in this process; any key opens it."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    return launch_arguments()


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {
        **browser_context_args,
        "locale": "zh-CN",
        "timezone_id": "Asia/Shanghai",
        "viewport": {"width": 1280, "height": 900},
    }
