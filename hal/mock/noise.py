"""An impaired line: it loses, corrupts and doubles frames, drawn from the run's seed."""

from hal.mock.entropy import Prng
from hal.plant.impairment import LinkImpairment

_DELIMITER = b"\0"
_MOST_SPOILT = 3  # bytes of a frame


class ImpairedLine:
    """One line, both ways."""

    def __init__(self, impairment: LinkImpairment, prng: Prng) -> None:
        self._impairment = impairment
        self._prng = prng

    def carry(self, data: bytes) -> bytes:
        """Return the part of `data` that arrives."""
        if self._impairment.quiet:
            return data
        frames = [frame + _DELIMITER for frame in data.split(_DELIMITER)]
        frames[-1] = frames[-1][:-1]  # what follows the last delimiter has none yet
        return b"".join(self._carry_frame(frame) for frame in frames if frame)

    def _carry_frame(self, frame: bytes) -> bytes:
        impairment = self._impairment
        if self._happens(impairment.lost_percent):
            return b""
        if self._happens(impairment.noise_percent):
            frame = self._spoil(frame)
        return frame * 2 if self._happens(impairment.duplicate_percent) else frame

    def _happens(self, percent: int) -> bool:
        return percent > 0 and self._prng.next() % 100 < percent

    def _spoil(self, frame: bytes) -> bytes:
        spoilt = bytearray(frame)
        for _ in range(1 + self._prng.next() % _MOST_SPOILT):
            spoilt[self._prng.next() % len(spoilt)] ^= 1 + self._prng.next() % 255
        return bytes(spoilt)
