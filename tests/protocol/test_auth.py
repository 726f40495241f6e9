"""Keys and MACs: against published vectors, and the host's side against the pump's."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware import crypto
from protocol import auth

nonces = st.binary(min_size=16, max_size=16)
keys = st.binary(min_size=32, max_size=32)


def test_hmac_gives_the_published_digest() -> None:
    """RFC 4231, test case 2."""
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert crypto.hmac_sha256(b"Jefe", b"what do ya want for nothing?").hex() == expected
    assert auth.mac(b"Jefe", b"what do ya want for nothing?").hex() == expected[:32]


@given(keys, st.binary(min_size=12, max_size=12), st.integers(0, 255), st.integers(0, 2**32 - 1), nonces, nonces)
def test_both_sides_derive_the_same_keys(
    key: bytes, serial: bytes, role: int, session: int, host_nonce: bytes, pump_nonce: bytes
) -> None:
    role_key = auth.role_key(key, role)
    assert role_key == crypto.role_key(key, role)
    rest = (serial, role, session, host_nonce, pump_nonce)
    assert auth.session_key(role_key, *rest) == crypto.session_key(role_key, *rest)


@given(keys, st.binary(max_size=400), st.integers(0, 16 * 8 - 1))
def test_a_mac_with_a_flipped_bit_is_refused(key: bytes, data: bytes, bit: int) -> None:
    mac = auth.mac(key, data)
    assert mac == crypto.hmac_sha256(key, data)[:16]
    flipped = bytearray(mac)
    flipped[bit // 8] ^= 1 << bit % 8
    assert auth.verify(key, data, mac)
    assert not auth.verify(key, data, bytes(flipped))
    assert not crypto.equal(mac, bytes(flipped))


@pytest.mark.parametrize("mac", [b"", bytes(15)])
def test_a_shorter_mac_is_refused(mac: bytes) -> None:
    assert not auth.verify(auth.TEST_KEY, b"", mac)


def test_everything_goes_into_the_session_key() -> None:
    same = (auth.TEST_KEY, bytes(12), 1, 1, bytes(16), bytes(16))
    others = (bytes(32), b"x" * 12, 2, 2, b"h" * 16, b"p" * 16)
    changed: list[tuple[Any, ...]] = [(*same[:i], other, *same[i + 1 :]) for i, other in enumerate(others)]
    assert len({auth.session_key(*parts) for parts in [same, *changed]}) == 7


def test_the_test_key_is_the_pumps_and_says_what_it_is() -> None:
    assert crypto.TEST_KEY == auth.TEST_KEY
    assert len(auth.TEST_KEY) == 32
    assert b"NOT SECRET" in auth.TEST_KEY


@given(keys, st.integers(1, 2**32 - 1), keys)
def test_the_pump_takes_the_mask_off_that_the_host_put_on(session_key: bytes, sequence: int, device_key: bytes) -> None:
    masked = auth.masked_key(session_key, sequence, device_key)
    mask = crypto.key_mask(session_key, sequence)
    assert bytes(left ^ right for left, right in zip(masked, mask, strict=True)) == device_key
    assert auth.masked_key(session_key, sequence, masked) == device_key
