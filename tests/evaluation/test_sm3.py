"""The plain SM3 against the vectors of GB/T 32905 and against OpenSSL."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation import _sm3


@pytest.mark.parametrize(
    ("data", "digest"),
    [
        (b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        (b"abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
    ],
)
def test_the_vectors_of_the_standard(data: bytes, digest: str) -> None:
    assert _sm3.sm3_plain(data).hex() == digest
    assert _sm3.sm3(data).hex() == digest


@pytest.mark.skipif("sm3" not in hashlib.algorithms_available, reason="this OpenSSL has no SM3 to compare with")
@given(st.binary(max_size=300))
def test_both_ways_agree(data: bytes) -> None:
    assert _sm3.sm3_plain(data) == hashlib.new("sm3", data).digest()


def test_without_openssl_the_plain_way_steps_in(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str, data: bytes = b"") -> None:
        raise ValueError(f"unsupported hash type {name}")

    monkeypatch.setattr(_sm3.hashlib, "new", absent)
    assert _sm3.sm3(b"abc").hex().startswith("66c7f0f462eeedd9")
