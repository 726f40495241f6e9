"""Bytes to a pump and back."""

import errno
import time
from abc import ABC, abstractmethod
from typing import Any

import serial

from host_tools.programmer.errors import LinkLost, NoDevice

READ_BYTES = 4096

serial.protocol_handler_packages.append("host_tools.programmer.urls")

_DENIED = "permission denied; join the port's group (often `sudo usermod -aG dialout $USER`) and log in again"
_BUSY = "another program has the port open; close it (a serial monitor, another `thecal watch`)"
HINTS = {
    errno.ENOENT: "there is no such port; plug the pump in, or start one with `thecal emulate`",
    errno.ECONNREFUSED: "nothing listens there; is the emulator running? `thecal emulate` starts one",
    errno.EACCES: _DENIED,
    errno.EPERM: _DENIED,
    errno.EBUSY: _BUSY,
    errno.EAGAIN: _BUSY,
}
"""Error number -> likely cause and what to do."""


class Transport(ABC):
    """A transport to one pump. `name` is its name in messages; `now_s` is the programmer's clock."""

    name: str

    @abstractmethod
    def write(self, data: bytes) -> None:
        """Send all of `data`. LinkLost when the line is gone."""

    @abstractmethod
    def read(self, timeout_s: float) -> bytes:
        """The bytes received, as soon as there are any; b"" once `timeout_s` passed. LinkLost when the line is gone."""

    @abstractmethod
    def now_s(self) -> float:
        """Seconds on a clock that never goes back."""

    @abstractmethod
    def close(self) -> None:
        """Close it. Harmless when it is gone."""


class SerialTransport(Transport):
    """Any URL that pyserial opens: /dev/ttyACM0, COM5, socket://host:port, loop://, spy://...

    And faulty://, a bad line before any of them (urls/protocol_faulty.py).
    """

    def __init__(self, url: str) -> None:
        self.name = url
        try:
            self._port = serial.serial_for_url(url, exclusive=True, write_timeout=5)
        except (
            OSError,
            ValueError,
            TypeError,
        ) as error:  # TypeError: pyserial's own, for socket://host without port
            raise NoDevice(f"{url} cannot be opened: {_hint(error)}") from error

    def write(self, data: bytes) -> None:
        try:
            self._port.write(data)
        except OSError as error:
            raise self._lost(error) from error

    def read(self, timeout_s: float) -> bytes:
        try:
            self._port.timeout = max(timeout_s, 0)
            first = self._port.read(1)
            if not first:
                return b""
            self._port.timeout = 0
            return first + self._port.read(READ_BYTES)
        except OSError as error:
            raise self._lost(error) from error

    def now_s(self) -> float:
        return time.monotonic()

    def close(self) -> None:
        close_port(self._port)

    def _lost(self, error: OSError) -> LinkLost:
        return LinkLost(f"{self.name}: the line was lost ({error}); was the pump unplugged or the emulator ended?")


def close_port(port: Any) -> None:
    """Close a port of pyserial's, whatever the other side did before."""
    line = getattr(port, "_socket", None)
    if line is None:
        port.close()
    else:  # pyserial would sleep for 0.3 s, and leak the socket when the other side hung up
        line.close()
        port.is_open = False


def _hint(error: Exception) -> str:
    """Advice for a port that does not open; pyserial hides the system's error behind its own."""
    for cause in (error, error.__context__):
        number = getattr(cause, "errno", None)
        if number in HINTS:
            return HINTS[number]
    return f"{error}; a port is /dev/ttyACM0, COM5, socket://127.0.0.1:4321 or auto"
