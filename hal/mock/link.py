"""A serial line's driver, with the programmer's end of it."""

from hal import contract
from hal.contract import BUSY, MAX_FRAME_BYTES, OK
from hal.mock.entropy import Prng
from hal.mock.noise import ImpairedLine
from hal.mock.power import Power
from hal.mock.recorder import Recorder

RECEIVE_BYTES = 512
TRANSMIT_BYTES = 4096


class MockLink(contract.Link):
    """`tx_capacity` is how many bytes may wait for the host; whoever takes them or raises it wakes the pump."""

    def __init__(self, power: Power, recorder: Recorder, index: int, seed: int) -> None:
        self._power = power
        self._plant = power.plant
        self._recorder = recorder
        self._index = index
        self._line = ImpairedLine(power.plant.impairment, Prng(seed, f"line {index} from {power.plant.now_ms} ms"))
        self._received = bytearray()
        self._sent = bytearray()
        self._hung_up = False
        self.tx_capacity = TRANSMIT_BYTES

    def read(self) -> bytes | None:
        power = self._power
        if not power.on:
            power.refuse()
        if self._hung_up:
            self._hung_up = False
            return None
        if not self._received:
            return b""
        data = bytes(self._received)
        self._received.clear()
        return data

    def room(self) -> int:
        power = self._power
        if not power.on:
            power.refuse()
        return max(0, self.tx_capacity - len(self._sent))

    def write(self, data: bytes) -> int:
        if len(data) > MAX_FRAME_BYTES:
            raise ValueError(f"a frame of {len(data)} bytes; {MAX_FRAME_BYTES} is the most")
        if len(data) > self.room():
            return BUSY
        self._sent += self._line.carry(data)
        self._recorder.frame(self._plant.now_ms, self._index, data)
        return OK

    def power_down(self) -> None:
        """Drop the received bytes. Those sent are on their way."""
        self._received.clear()

    # The host's end

    def host_send(self, data: bytes) -> int:
        """Send to the pump. Returns how many bytes it had room for. A pump without power receives none of them."""
        if not self._power.on:
            return len(data)
        room = RECEIVE_BYTES - len(self._received)
        taken = data[:room]
        self._received += self._line.carry(taken)[:room]
        return len(taken)

    def host_hang_up(self) -> None:
        """Hang up: bytes under way either way are lost, and the pump is told."""
        self._received.clear()
        self._sent.clear()
        self._hung_up = True

    def host_receive(self) -> bytes:
        """Bytes that the pump has sent since the last call."""
        data = bytes(self._sent)
        self._sent.clear()
        return data
