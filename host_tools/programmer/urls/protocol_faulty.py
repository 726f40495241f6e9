"""A port behind a bad line: faulty://socket://127.0.0.1:4321?noise=1&drop=5&duplicate=2&seed=7

Around any port that pyserial opens. The numbers are percents of the frames, either way, that are corrupted, lost and
sent twice. What happens is drawn from the seed, frame by frame, so that it repeats as far as the frames do.
"""

import random
import time
from typing import Any
from urllib.parse import parse_qsl

import serial

SCHEME = "faulty://"
PERCENTS: tuple[str, ...] = ("noise", "drop", "duplicate")
DELIMITER = b"\0"
READ_BYTES = 4096
MOST_CORRUPTED = 3  # bytes of a frame


class BadLine:
    """What one direction of a line does to the frames on it. `counts` are of frames, by what was done to them."""

    def __init__(self, percents: dict[str, int], seed: str) -> None:
        self._percents = percents
        self._drawn = random.Random(seed)
        self._begun = b""
        self.counts = dict.fromkeys(("all", *PERCENTS), 0)

    def carry(self, data: bytes) -> bytes:
        """The part of `data` that arrives; a frame does when its end is there."""
        *whole, self._begun = (self._begun + data).split(DELIMITER)
        return b"".join([self._carry_frame(frame + DELIMITER) for frame in whole])

    def _carry_frame(self, frame: bytes) -> bytes:
        self.counts["all"] += 1
        if self._happens("drop"):
            return b""
        if self._happens("noise"):
            frame = self._corrupt(frame)
        return frame * 2 if self._happens("duplicate") else frame

    def _happens(self, what: str) -> bool:
        happens = self._drawn.random() * 100 < self._percents[what]
        self.counts[what] += happens
        return happens

    def _corrupt(self, frame: bytes) -> bytes:
        corrupted = bytearray(frame)
        for _ in range(self._drawn.randint(1, MOST_CORRUPTED)):
            corrupted[self._drawn.randrange(len(corrupted))] ^= self._drawn.randint(1, 255)
        return bytes(corrupted)


def parse(url: str) -> tuple[str, dict[str, int], str]:
    """The port behind the bad line, the percents, and the seed. ValueError for what is none of them."""
    inner, asked, query = url[len(SCHEME) :].rpartition("?")
    if not inner or not asked:
        raise ValueError(f"{url!r} names no port, or no faults: write faulty://socket://HOST:PORT?drop=5&seed=7")
    percents, seed = dict.fromkeys(PERCENTS, 0), "0"
    for key, value in parse_qsl(query, keep_blank_values=True):
        if key == "seed":
            seed = value
        elif key not in PERCENTS:
            raise ValueError(f"{key!r} is nothing that a bad line does; known: {', '.join(PERCENTS)} and seed")
        elif not (value.isdecimal() and int(value) <= 100):
            raise ValueError(f"{key} is {value!r}; it is a whole number of percent from 0 to 100")
        else:
            percents[key] = int(value)
    return inner, percents, seed


class Serial:
    """As much of pyserial's port as a programmer uses; all else is that of the port behind."""

    def __init__(self, port: str | None = None, **options: Any) -> None:
        self._options = options
        self._ready = bytearray()
        self._port: Any = None
        self.sent = self.received = BadLine({}, "")
        if port:
            self.port = port

    @property
    def port(self) -> str:
        return self._url

    @port.setter
    def port(self, url: str) -> None:
        self._url = url
        self._inner, percents, seed = parse(url)
        self.sent, self.received = (BadLine(percents, f"{seed} {way}") for way in ("sent", "received"))

    def open(self) -> None:
        """Open the port behind."""
        self._port = serial.serial_for_url(self._inner, **self._options)

    @property
    def timeout(self) -> float | None:
        return self._port.timeout

    @timeout.setter
    def timeout(self, timeout_s: float | None) -> None:
        self._port.timeout = timeout_s

    def write(self, data: bytes) -> int:
        """Send what the line lets through, and say that it was all."""
        carried = self.sent.carry(bytes(data))
        if carried:
            self._port.write(carried)
        return len(data)

    def read(self, size: int = 1) -> bytes:
        """Up to `size` bytes of frames that came through, as soon as there are any; b"" after the timeout."""
        until_s = None if self.timeout is None else time.monotonic() + self.timeout
        while not self._ready:
            self._ready += self.received.carry(self._read_through())
            if until_s is not None and time.monotonic() >= until_s:
                break
        taken = bytes(self._ready[:size])
        del self._ready[:size]
        return taken

    def _read_through(self) -> bytes:
        """What the port behind has received, as soon as that is anything."""
        first = self._port.read(1)
        if not first:
            return b""
        timeout_s, self._port.timeout = self._port.timeout, 0
        try:
            return first + self._port.read(READ_BYTES)
        finally:
            self._port.timeout = timeout_s

    def __getattr__(self, name: str) -> Any:
        if name == "_port":
            raise AttributeError(name)
        return getattr(self._port, name)
