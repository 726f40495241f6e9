"""A bad line: what becomes of the frames on it, drawn from the run's seed."""

from hal.mock.entropy import Prng
from hal.plant.ether import Ether

_DELIMITER = b"\0"
_MOST_SPOILT = 3  # bytes of a frame


class BadLine:
    """One line, both ways."""

    def __init__(self, ether: Ether, prng: Prng) -> None:
        self._ether = ether
        self._prng = prng

    def carry(self, data: bytes) -> bytes:
        """What arrives of `data`."""
        if self._ether.quiet:
            return data
        frames = [frame + _DELIMITER for frame in data.split(_DELIMITER)]
        frames[-1] = frames[-1][:-1]  # what follows the last delimiter has none yet
        return b"".join(self._carry_frame(frame) for frame in frames if frame)

    def _carry_frame(self, frame: bytes) -> bytes:
        ether = self._ether
        if self._happens(ether.drop_percent):
            return b""
        if self._happens(ether.noise_percent):
            frame = self._spoil(frame)
        return frame * 2 if self._happens(ether.duplicate_percent) else frame

    def _happens(self, percent: int) -> bool:
        return percent > 0 and self._prng.next() % 100 < percent

    def _spoil(self, frame: bytes) -> bytes:
        spoilt = bytearray(frame)
        for _ in range(1 + self._prng.next() % _MOST_SPOILT):
            spoilt[self._prng.next() % len(spoilt)] ^= 1 + self._prng.next() % 255
        return bytes(spoilt)
