"""Migrated databases start empty, in the newest schema, and apart from one another."""

from __future__ import annotations

import sqlalchemy as sa


def test_the_migrated_database_has_the_tables_of_the_models(database_url: str) -> None:
    import app.models

    engine = sa.create_engine(database_url)
    tables = set(sa.inspect(engine).get_table_names())
    engine.dispose()
    assert tables == {*app.models.metadata.tables, "alembic_version"}


def test_two_databases_of_one_test_run_share_no_rows(databases, database_kind: str) -> None:
    first, second = databases.migrated(database_kind), databases.migrated(database_kind)
    try:
        for url, expected in ((first, 1), (second, 0)):
            engine = sa.create_engine(url)
            with engine.begin() as connection:
                if expected:
                    connection.execute(sa.text("CREATE TABLE only_here (id INTEGER)"))
                assert ("only_here" in sa.inspect(connection).get_table_names()) is bool(expected)
            engine.dispose()
    finally:
        databases.discard(first)
        databases.discard(second)


def test_a_database_given_back_is_lent_again_without_rows_and_with_first_numbers(databases) -> None:
    url = databases.migrated("postgresql")
    numbers = []
    for _ in range(2):
        engine = sa.create_engine(url)
        with engine.begin() as connection:
            numbers.append(
                connection.execute(
                    sa.text(
                        "INSERT INTO login_attempt (login, address, happened_at, succeeded) "
                        "VALUES ('sample', '', now(), true) RETURNING id"
                    )
                ).scalar_one()
            )
            assert connection.execute(sa.text("SELECT count(*) FROM login_attempt")).scalar_one() == 1
        engine.dispose()
        databases.discard(url)
        again = databases.migrated("postgresql")
        assert again == url
    databases.discard(url)
    assert numbers == [1, 1]


def test_a_database_whose_schema_a_test_changed_is_not_lent_again(databases) -> None:
    url = databases.migrated("postgresql")
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE login_attempt ALTER COLUMN address DROP NOT NULL"))
    engine.dispose()
    databases.discard(url)
    other = databases.migrated("postgresql")
    assert other != url
    databases.discard(other)
