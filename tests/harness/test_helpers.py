"""Helpers of other tests: they must see what they are there to see."""

from __future__ import annotations

import boto3
import pytest
import sqlalchemy as sa

from tests.harness.pages import outside_addresses
from tests.harness.statements import counted_statements


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://cdn.example/x.js"></script>',
        '<link rel="stylesheet" href="//cdn.example/x.css">',
        '<img srcset="/a.png 1x, https://cdn.example/b.png 2x">',
        '<form action="https://elsewhere.example/"></form>',
        '<style>@import "https://cdn.example/x.css";</style>',
        '<p style="background:url(https://cdn.example/x.png)">',
        '<button hx-post="https://elsewhere.example/">',
    ],
)
def test_an_address_outside_is_seen(html: str) -> None:
    assert len(outside_addresses(html)) == 1


def test_own_addresses_and_links_for_people_are_not_outside() -> None:
    html = '<a href="https://ggzy.example/">公告</a><img src="/static/seal.svg"><img src="data:image/png;base64,AA">'
    assert outside_addresses(html) == []


@pytest.mark.database("sqlite")
def test_statements_are_counted_within_the_block_only(bare_database_url: str) -> None:
    engine = sa.create_engine(bare_database_url)
    with engine.connect() as connection:
        with counted_statements(engine) as seen:
            connection.execute(sa.text("SELECT 1"))
            connection.execute(sa.text("SELECT 2"))
        connection.execute(sa.text("SELECT 3"))
    engine.dispose()
    assert seen == ["SELECT 1", "SELECT 2"]


def test_the_stand_in_for_s3_keeps_what_it_is_given(s3_endpoint: str) -> None:
    client = boto3.client(
        "s3",
        endpoint_url=s3_endpoint,
        aws_access_key_id="sample",
        aws_secret_access_key="sample",
        region_name="us-east-1",
    )
    client.create_bucket(Bucket="sample")
    client.put_object(Bucket="sample", Key="a", Body="招募".encode())
    assert client.get_object(Bucket="sample", Key="a")["Body"].read().decode() == "招募"
