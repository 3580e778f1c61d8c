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
