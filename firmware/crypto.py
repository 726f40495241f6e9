"""Message authentication: HMAC-SHA256 over MicroPython's own hash, whose `digest` is final and cannot be copied."""

from hashlib import sha256

_BLOCK_BYTES = 64
_INNER = int.from_bytes(b"\x36" * _BLOCK_BYTES, "little")
_OUTER = int.from_bytes(b"\x5c" * _BLOCK_BYTES, "little")
MAC_BYTES = 16

TEST_KEY = b"THECAL TEST KEY - NOT SECRET !!!"


def hmac_sha256(key: bytes, data: bytes) -> bytes:
    """The 32 bytes of HMAC-SHA256 (RFC 2104). `key` is at most 64 bytes."""
    padded = int.from_bytes(key, "little")  # whole blocks at once: a byte at a time takes the board many times longer
    inner = sha256((padded ^ _INNER).to_bytes(_BLOCK_BYTES, "little"))
    inner.update(data)
    outer = sha256((padded ^ _OUTER).to_bytes(_BLOCK_BYTES, "little"))
    outer.update(inner.digest())
    return outer.digest()


def role_key(device_key: bytes, role: int) -> bytes:
    """Return the key that opens sessions in one role and no other."""
    return hmac_sha256(device_key, b"thecal role" + bytes([role]))


def session_key(key: bytes, serial: bytes, role: int, session: int, host_nonce: bytes, pump_nonce: bytes) -> bytes:
    """The key of one session of one pump. `serial` is padded to its 12 bytes, the nonces are 16 each."""
    who = serial + bytes([role]) + session.to_bytes(4, "little")
    return hmac_sha256(key, b"thecal session" + who + host_nonce + pump_nonce)


def key_mask(session_key: bytes, sequence: int) -> bytes:
    """The 32 bytes that hide a device key on the line, once: no two messages of a session have one sequence."""
    return hmac_sha256(session_key, b"thecal key" + sequence.to_bytes(4, "little"))


def equal(left: bytes, right: bytes) -> bool:
    """True if two byte strings are equal, in a time that does not tell where they differ."""
    if len(left) != len(right):
        return False
    difference = 0
    for i in range(len(left)):
        difference |= left[i] ^ right[i]
    return difference == 0
