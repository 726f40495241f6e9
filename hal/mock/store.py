"""The non-volatile store's driver: slots that count their wear and can lose power in the middle of a write."""

from collections.abc import Mapping

from hal import contract
from hal.contract import FAILED, OK, SLOT_BYTES, SLOT_COUNT
from hal.mock.errors import PowerLost
from hal.mock.power import Power
from hal.mock.recorder import Recorder

_NO_CUT = -1


class MockStore(contract.Store):
    """`wear` counts the writes and appends of each slot."""

    def __init__(self, power: Power, recorder: Recorder) -> None:
        self._power = power
        self._plant = power.plant
        self._recorder = recorder
        self._slots = [b""] * SLOT_COUNT
        self.wear = [0] * SLOT_COUNT
        self._cut_in = _NO_CUT  # operations until the power goes, that one included
        self._keep_bytes = 0

    def read(self, slot: int) -> bytes:
        power = self._power
        if not power.on:
            power.refuse()
        if not 0 <= slot < SLOT_COUNT:
            raise ValueError(f"slot {slot} does not exist; there are 0 to {SLOT_COUNT - 1}")
        return self._slots[slot]

    def write(self, slot: int, data: bytes) -> int:
        return self._put(slot, b"", data)

    def append(self, slot: int, data: bytes) -> int:
        return self._put(slot, self.read(slot), data)

    def _put(self, slot: int, before: bytes, data: bytes) -> int:
        power = self._power
        if not power.on:
            power.refuse()
        if not 0 <= slot < SLOT_COUNT:
            raise ValueError(f"slot {slot} does not exist; there are 0 to {SLOT_COUNT - 1}")
        after = before + data
        if len(after) > SLOT_BYTES:
            raise ValueError(f"slot {slot} holds {SLOT_BYTES} bytes, not {len(after)}")
        if self._plant.store_fails:
            return FAILED
        if self._cut_in > 0:
            self._count_down(slot, before, data)
        self._slots[slot] = after
        self.wear[slot] += 1
        self._recorder.store(self._plant.now_ms, slot, len(before), data)
        return OK

    # Used by tests and the emulator

    def plan_cut(self, operation: int, keep_bytes: int) -> None:
        """Lose power in the `operation`-th write or append from now (1 is the next), `keep_bytes` of its data done.

        0 leaves the slot as it was; all of them, or more, as it should be; anything between tears it.
        """
        if operation < 1 or keep_bytes < 0:
            raise ValueError(f"plan_cut({operation}, {keep_bytes}): operation is 1 or more, keep_bytes 0 or more")
        self._cut_in = operation
        self._keep_bytes = keep_bytes

    def cancel_cut(self) -> None:
        """Keep the power on after all."""
        self._cut_in = _NO_CUT

    def _count_down(self, slot: int, before: bytes, data: bytes) -> None:
        self._cut_in -= 1
        if self._cut_in:
            return
        self._cut_in = _NO_CUT
        done = data[: self._keep_bytes]
        if done:
            self._slots[slot] = before + done
            self.wear[slot] += 1
            self._recorder.store(self._plant.now_ms, slot, len(before), done)
        raise PowerLost(f"in slot {slot}, after {len(done)} of {len(data)} bytes")

    def corrupt(self, slot: int, byte: int, mask: int = 1) -> None:
        """Flip bits of one byte of a slot that holds something."""
        data = bytearray(self._slots[slot])
        data[byte % len(data)] ^= mask
        self._slots[slot] = bytes(data)

    def dump(self) -> dict[int, bytes]:
        """The slots that hold anything."""
        return {slot: data for slot, data in enumerate(self._slots) if data}

    def load(self, slots: Mapping[int, bytes]) -> None:
        """Replace all slots."""
        for slot, data in slots.items():
            if not 0 <= slot < SLOT_COUNT or len(data) > SLOT_BYTES:
                raise ValueError(
                    f"slot {slot} with {len(data)} bytes: slots are 0 to {SLOT_COUNT - 1}, of {SLOT_BYTES} bytes"
                )
        self._slots = [bytes(slots.get(slot, b"")) for slot in range(SLOT_COUNT)]
