from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seal_core import der, sm
from seal_core.backends.known_answer import PUBLIC, D, E, R, S
from seal_core.errors import Code, MalformedInput, SealError
from seal_core.keys import PrivateKey

BACKENDS = ["openssl", "gmssl"]
KEY = PrivateKey.generate()


def test_sm3_and_sm4_give_the_standard_answers() -> None:
    assert sm.sm3(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    key = bytes.fromhex("0123456789abcdeffedcba9876543210")
    made = sm.sm4("ecb", key, key, encrypting=True)
    assert made.hex() == "681edf34d206965e86b3e94f536e4246"
    assert sm.sm4("ecb", key, made, encrypting=False) == key


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_signature_of_gbt_32918_5(backend: str) -> None:
    signature = R.to_bytes(32, "big") + S.to_bytes(32, "big")
    assert sm.digest(PUBLIC, b"message digest") == E
    assert sm.public_of(D, backend=backend) == PUBLIC
    assert sm.verify(PUBLIC, b"message digest", signature, raw=True, backend=backend)
    assert not sm.verify(PUBLIC, b"message digesT", signature, raw=True, backend=backend)
    assert not sm.verify(PUBLIC, b"message digest", signature, raw=True, user_id=b"", backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("r", "s"), [(0, S), (R, 0), (sm.N, S), (R, sm.N), (R, sm.N + 1), (R, sm.N - R),
                                      (-R, S), (R + sm.N, S), (1 << 300, S)])
def test_values_out_of_range_never_verify(backend: str, r: int, s: int) -> None:
    signature = der.seq(der.integer(r), der.integer(s))
    assert not sm.verify(PUBLIC, b"message digest", signature, backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_der_must_be_strict(backend: str) -> None:
    good = der.seq(der.integer(R), der.integer(S))
    assert sm.verify(PUBLIC, b"message digest", good, backend=backend)
    padded = der.tlv(der.INTEGER, b"\0\0" + R.to_bytes(32, "big"))
    for bad in (good + b"\0", good[:-1], b"", der.seq(padded, der.integer(S)),
                b"\x30\x81" + good[1:], der.seq(der.integer(R)), good.replace(b"\x02", b"\x04", 1)):
        assert not sm.verify(PUBLIC, b"message digest", bad, backend=backend)


@pytest.mark.parametrize("one", BACKENDS)
@pytest.mark.parametrize("two", BACKENDS)
def test_backends_read_each_other(one: str, two: str) -> None:
    signature = sm.sign(KEY.d, b"x", backend=one)
    assert sm.verify(KEY.public_key.point, b"x", signature, backend=two)
    assert not sm.verify(KEY.public_key.point, b"y", signature, backend=two)
    for form in sm.FORMS:
        sealed = sm.encrypt(KEY.public_key.point, b"\0plain", form=form, backend=one)
        assert sm.decrypt(KEY.d, sealed, form=form, backend=two) == b"\0plain"
        with pytest.raises(SealError):
            sm.decrypt(KEY.d, sealed[:-1] + bytes([sealed[-1] ^ 1]), form=form, backend=two)


@pytest.mark.parametrize("point", [(0, 0), (PUBLIC[0], PUBLIC[1] ^ 1), (sm.P, 0), (PUBLIC[0] + sm.P, PUBLIC[1])])
def test_points_off_the_curve_are_refused(point: tuple[int, int]) -> None:
    with pytest.raises(MalformedInput):
        sm.check_point(point)
    assert not sm.verify(point, b"", der.seq(der.integer(R), der.integer(S)))


def test_a_changed_sm4_gcm_does_not_open() -> None:
    sealed = sm.sm4("gcm", b"k" * 16, b"plain", iv=b"i" * 12, encrypting=True)
    assert sm.sm4("gcm", b"k" * 16, sealed, iv=b"i" * 12, encrypting=False) == b"plain"
    with pytest.raises(SealError) as refused:
        sm.sm4("gcm", b"k" * 16, sealed[:-1] + bytes([sealed[-1] ^ 1]), iv=b"i" * 12, encrypting=False)
    assert refused.value.code is Code.DECRYPT_FAILED


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        assert der.parse(data).raw == data
    except MalformedInput:
        pass
    assert not sm.verify(PUBLIC, hashlib.sha256(data).digest(), data)
