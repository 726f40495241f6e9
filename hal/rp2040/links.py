"""The lines to a programmer: the USB console, and UART0. Both are open only while a head is on."""

import select
import sys

from machine import UART, Pin

from hal import contract
from hal.contract import BUSY, MAX_FRAME_BYTES, OK
from hal.rp2040 import board

_RECEIVE_BYTES = 512
_QUEUE_BYTES = 1024
_PIECE_BYTES = 64  # an endpoint's buffer: what USB takes at once


class _Queued(contract.Link):
    """Keeps the bytes that wait to go out, so that writing never blocks."""

    def __init__(self) -> None:
        self._queue = b""
        self._out_of_room = False  # at some time there was too little

    def room(self) -> int:
        room = _QUEUE_BYTES - len(self._queue)
        if room < _QUEUE_BYTES:
            self._out_of_room = True
        return room

    def write(self, data: bytes) -> int:
        if len(data) > MAX_FRAME_BYTES:
            raise ValueError(f"a frame of {len(data)} bytes; {MAX_FRAME_BYTES} is the most")
        if len(data) > _QUEUE_BYTES - len(self._queue):
            self._out_of_room = True
            return BUSY
        self._queue += data
        self.flush()
        return OK

    def has_room_again(self) -> bool:
        """True, once, when there is room again where there was too little."""
        if self._out_of_room and not self._queue:
            self._out_of_room = False
            return True
        return False

    def flush(self) -> None:
        """Send all that can be sent without waiting."""
        while self._queue:
            sent = self._send(self._queue[:_PIECE_BYTES])
            if not sent:
                return
            self._queue = self._queue[sent:]

    def _send(self, piece: bytes) -> int:
        """Hand bytes to the line; the number that it took."""
        raise NotImplementedError

    def close(self) -> None:
        """Drop the bytes that wait: nobody listens any more."""
        self._queue = b""


def _ready(poll: select.poll) -> bool:
    """True if the stream is ready; without the list that `poll.poll` makes each time."""
    for _ in poll.ipoll(0):
        return True
    return False


class UsbLink(_Queued):
    """The console, byte for byte: `micropython.kbd_intr(-1)` is to be called first, for frames hold a 0x03."""

    def __init__(self) -> None:
        super().__init__()
        self._input = select.poll()
        self._input.register(sys.stdin, select.POLLIN)
        self._output = select.poll()
        self._output.register(sys.stdout, select.POLLOUT)

    def open(self) -> None:
        pass

    def waiting(self) -> bool:
        return _ready(self._input)

    def read(self) -> bytes:
        if not _ready(self._input):
            return b""
        data = bytearray()
        while len(data) < _RECEIVE_BYTES and _ready(self._input):
            data += sys.stdin.buffer.read(1)  # it would wait for any more
        return bytes(data)

    def _send(self, piece: bytes) -> int:
        if not _ready(self._output):
            return 0
        sys.stdout.buffer.write(piece)
        return len(piece)


class UartLink(_Queued):
    def __init__(self) -> None:
        super().__init__()
        self._uart: UART | None = None

    def open(self) -> None:
        if self._uart is None:
            self._uart = UART(
                0,
                board.UART_BAUD,
                tx=Pin(board.UART_TX_PIN),
                rx=Pin(board.UART_RX_PIN),
                rxbuf=_RECEIVE_BYTES,
                txbuf=_QUEUE_BYTES,
                timeout=0,
            )

    def close(self) -> None:
        super().close()
        if self._uart is not None:
            self._uart.deinit()
            self._uart = None

    def waiting(self) -> bool:
        return self._uart is not None and self._uart.any() > 0

    def read(self) -> bytes:
        return (self._uart.read() or b"") if self._uart is not None and self._uart.any() else b""

    def _send(self, piece: bytes) -> int:
        return (self._uart.write(piece) or 0) if self._uart is not None else 0
