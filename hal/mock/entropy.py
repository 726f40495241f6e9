"""Random bytes that are the same in every run of one seed."""

from hashlib import sha256

from hal import contract
from hal.mock.power import Power

_MASK = (1 << 64) - 1


class Prng:
    """xorshift64*, seeded from a number and the name of whoever uses it, so that no two users share a stream."""

    def __init__(self, seed: int, name: str) -> None:
        self._state = int.from_bytes(sha256(f"{seed}/{name}".encode()).digest()[:8], "little") or 1

    def next(self) -> int:
        """0 to 2^32 - 1."""
        x = self._state
        x ^= x >> 12
        x ^= x << 25 & _MASK
        x ^= x >> 27
        self._state = x
        return (x * 0x2545F4914F6CDD1D & _MASK) >> 32

    def take(self, count: int) -> bytes:
        return bytes([self.next() >> 24 for _ in range(count)])


class MockEntropy(contract.Entropy):
    """A pump that is started again later on gets other bytes: nonces do not come back."""

    def __init__(self, power: Power, seed: int) -> None:
        self._power = power
        self._prng = Prng(seed, f"entropy from {power.plant.now_ms} ms")

    def random_bytes(self, count: int) -> bytes:
        if not self._power.on:
            self._power.refuse()
        if not 1 <= count <= 32:
            raise ValueError(f"{count} random bytes; 1 to 32 can be had at once")
        return self._prng.take(count)
