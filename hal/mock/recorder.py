"""The trace: every effect that the firmware has on its body, with its time, as integers folded into one SHA-256."""

from hashlib import sha256
from struct import Struct

_BLOCK_BYTES = 1 << 12

_ORDER, _HALT, _INHIBIT, _RELEASE, _TONE, _FRAME, _STORE = range(1, 8)
_pack_order = Struct("<BqHqqqq").pack
_pack_event = Struct("<Bq").pack
_pack_tone = Struct("<BqB").pack
_pack_frame = Struct("<BqBH").pack
_pack_store = Struct("<BqBHH").pack


class Recorder:
    """Keeps the trace, the effects by which runs are compared, and the records that went to `log_slots`.

    `periods_ms` and `tone_kinds` are those of motor orders and tones, repeats collapsed. `log` grows by the bytes
    that each write or append put into a log slot; whoever reads them clears it.
    """

    def __init__(self, log_slots: tuple[int, ...] = ()) -> None:
        self._folded = b""  # the digest of all blocks before
        self._block = bytearray()
        self._log_slots = frozenset(log_slots)
        self.log: list[bytes] = []
        self.periods_ms: list[int] = []
        self.tone_kinds: list[str] = []
        self._period_ms = 0

    def order(self, at_ms: int, steps: int, first_ms: int, period_ms: int, give_up_ms: int, miss_limit: int) -> None:
        self._block += _pack_order(_ORDER, at_ms, steps, first_ms, period_ms, give_up_ms, miss_limit)
        if period_ms != self._period_ms:
            self._period_ms = period_ms
            self.periods_ms.append(period_ms)

    def halt(self, at_ms: int) -> None:
        self._block += _pack_event(_HALT, at_ms)

    def inhibit(self, at_ms: int, inhibited: bool) -> None:
        self._block += _pack_event(_INHIBIT if inhibited else _RELEASE, at_ms)

    def tone(self, at_ms: int, kind: str, pattern: int) -> None:
        self._block += _pack_tone(_TONE, at_ms, pattern)
        if self.tone_kinds[-1:] != [kind]:
            self.tone_kinds.append(kind)

    def frame(self, at_ms: int, link: int, data: bytes) -> None:
        self._block += _pack_frame(_FRAME, at_ms, link, len(data)) + data

    def store(self, at_ms: int, slot: int, offset: int, data: bytes) -> None:
        self._block += _pack_store(_STORE, at_ms, slot, offset, len(data)) + data
        if slot in self._log_slots:
            self.log.append(data)
        if len(self._block) >= _BLOCK_BYTES:
            self._folded = sha256(self._folded + self._block).digest()
            self._block.clear()

    def trace_sha256(self) -> str:
        """The trace so far, in hexadecimal digits."""
        return sha256(self._folded + self._block).hexdigest()
