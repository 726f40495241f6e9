"""Keys and message authentication on the host's side: HMAC-SHA256, cut to 16 bytes in a frame."""

import hmac

from protocol.frame import MAC_BYTES

TEST_KEY = b"THECAL TEST KEY - NOT SECRET !!!"
"""The published key of a pump that nobody has given one of its own."""


def _hmac(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, "sha256")


def role_key(device_key: bytes, role_code: int) -> bytes:
    """The key that opens sessions in one role and no other."""
    return _hmac(device_key, b"thecal role" + bytes([role_code]))


def session_key(key: bytes, serial: bytes, role_code: int, session: int, host_nonce: bytes, pump_nonce: bytes) -> bytes:
    """The key of one session of one pump. `key` is the role's; `serial` is padded to 12 bytes."""
    who = serial + bytes([role_code]) + session.to_bytes(4, "little")
    return _hmac(key, b"thecal session" + who + host_nonce + pump_nonce)


def masked_key(session_key: bytes, sequence: int, device_key: bytes) -> bytes:
    """A device key as the request with this sequence carries it. Masked twice it is what it was."""
    mask = _hmac(session_key, b"thecal key" + sequence.to_bytes(4, "little"))
    return bytes(left ^ right for left, right in zip(device_key, mask, strict=True))


def mac(key: bytes, signed_bytes: bytes) -> bytes:
    """The 16 bytes that authenticate a frame's header and payload."""
    return _hmac(key, signed_bytes)[:MAC_BYTES]


def verify(key: bytes, signed_bytes: bytes, received: bytes) -> bool:
    """True if `received` is the MAC, in a time that does not show where it differs."""
    return hmac.compare_digest(mac(key, signed_bytes), received)
