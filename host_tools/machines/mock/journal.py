"""All that comes to the firmware from outside, written down while it runs: enough to run it again without any plant.

A journal is a gzip of JSON lines. The first says what it is of, the last has the trace; each other one is a doing: its
kind, the pump time in ms at which it began, a detail, and what was crossing the HAL meanwhile, in order:

    ["boot", 0, {what it is}, [...]]        power came: a pump is built
    ["poll", 3600000, 7200, [...]]          it was woken, and asked to be woken again at 7200 s
    ["corrupt", 90000, {fault}, []]         its memory was corrupted from outside
    ["outside", 90000, null, [...]]         its body did something by itself

What crosses is a call, ["motor.progress", [], [3, 3, 0, 0, 3]], with its arguments and its answer, behind the effects
that it had, ["!order", 90000, 100, ...]. What the store holds follows from its writes: a read answers true, or, where
that was changed from outside, with what is there now.
"""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from firmware.config import Config
from firmware.pump import Pump
from hal import contract
from hal.mock.recorder import Recorder

SCHEMA = 1
LOST = {"lost": True}
"""The answer of a call in which the power went."""
DEVICES = ("clock", "motor", "fill_sensor", "battery", "buzzer", "store", "memory", "watchdog", "entropy", "head")
DEVICES += ("thermometer",)
AS_BEFORE = True
"""The answer of a read that is what was written."""


def to_json(value: Any) -> Any:
    """A HAL value for JSON: bytes as {"hex": ...}."""
    return {"hex": bytes(value).hex()} if isinstance(value, bytes | bytearray | memoryview) else value


class Journal:
    """Writes one, while a machine uses its `recorder` and `pump_class`, in a `with` block.

    At its end the file is whole as far as it goes; `close` gives it the trace that the run came to.
    """

    def __init__(self, path: Path, name: str) -> None:
        self._file = gzip.open(path, "wt", encoding="utf-8", compresslevel=6)  # noqa: SIM115 - closed by `close`
        self.crossing: list[list[Any]] = []
        self.slots: dict[int, bytes] = {}
        self._write({"journal": SCHEMA, "name": name})

    def recorder(self, log_slots: tuple[int, ...]) -> Recorder:
        """A recorder whose effects are written down as well."""
        return _JournalRecorder(self, log_slots)

    @property
    def pump_class(self) -> Callable[..., Pump]:
        """Pumps all of whose crossings are written down."""
        journal = self

        class JournalPump(Pump):
            def __init__(self, hal: Any, config: Config) -> None:
                journal.flush()
                self._now_ms = lambda: hal.plant.now_ms
                begun_ms = self._now_ms()
                try:
                    super().__init__(JournalHal(hal, journal), config)
                finally:
                    journal.end("boot", begun_ms, {"config": vars(config), "links": len(hal.links)})

            def poll(self) -> int:
                journal.flush()
                begun_ms, detail = self._now_ms(), None
                try:
                    detail = deadline_s = super().poll()
                finally:
                    journal.end("poll", begun_ms, detail)
                return deadline_s

        return JournalPump

    def corrupted(self, now_ms: int, fault: str, fields: dict[str, Any]) -> None:
        """The pump's memory is corrupted from outside."""
        self.flush()
        self.end("corrupt", now_ms, {"fault": fault, **fields})

    def flush(self) -> None:
        """Write down what the body did by itself since the last doing."""
        if self.crossing:
            self.end("outside", 0, None)

    def end(self, kind: str, begun_ms: int, detail: Any) -> None:
        self._write([kind, begun_ms, detail, self.crossing])
        self.crossing = []

    def close(self, trace_sha256: str) -> None:
        """End it with the trace so far; what the machine does after that is not written down."""
        self.flush()
        self._write({"trace_sha256": trace_sha256})
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def _write(self, line: Any) -> None:
        if not self._file.closed:
            self._file.write(json.dumps(line, separators=(",", ":"), default=to_json) + "\n")


class JournalHal(contract.Hal):
    """A body, each of whose devices writes down what is asked of it and what it answers."""

    def __init__(self, hal: Any, journal: Journal) -> None:
        for name in DEVICES:
            device = getattr(hal, name)
            kind = _JournalStore if name == "store" else _JournalDevice
            setattr(self, name, device and kind(device, name, journal))
        self.links = tuple(_JournalDevice(link, f"links.{n}", journal) for n, link in enumerate(hal.links))


class _JournalDevice:
    def __init__(self, device: Any, name: str, journal: Journal) -> None:
        self._device = device
        self._name = name
        self._journal = journal

    def __getattr__(self, method: str) -> Callable[..., Any]:
        called = getattr(self._device, method)

        def call(*args: Any) -> Any:
            entry = [f"{self._name}.{method}", list(map(to_json, args)), LOST]
            try:
                answer = called(*args)
                entry[2] = self._answer(method, args, answer)
            finally:
                self._journal.crossing.append(entry)
            return answer

        setattr(self, method, call)
        return call

    def _answer(self, _method: str, _args: tuple[Any, ...], answer: Any) -> Any:
        return answer


class _JournalStore(_JournalDevice):
    """What it holds is known from what was written, so that only what differs from that is written down."""

    def _answer(self, method: str, args: tuple[Any, ...], answer: Any) -> Any:
        if method != "read":
            return answer
        slots, slot = self._journal.slots, args[0]
        if slots.get(slot, b"") == answer:
            return AS_BEFORE
        slots[slot] = answer
        return answer


class _JournalRecorder(Recorder):
    """Effects are written down as ["!kind", ...] with their arguments."""

    def __init__(self, journal: Journal, log_slots: tuple[int, ...]) -> None:
        super().__init__(log_slots)
        self._journal = journal

    def order(self, at_ms: int, steps: int, first_ms: int, period_ms: int, give_up_ms: int, miss_limit: int) -> None:
        self._note("!order", (at_ms, steps, first_ms, period_ms, give_up_ms, miss_limit))
        super().order(at_ms, steps, first_ms, period_ms, give_up_ms, miss_limit)

    def halt(self, at_ms: int) -> None:
        self._note("!halt", (at_ms,))
        super().halt(at_ms)

    def inhibit(self, at_ms: int, inhibited: bool) -> None:
        self._note("!inhibit", (at_ms, inhibited))
        super().inhibit(at_ms, inhibited)

    def tone(self, at_ms: int, kind: str, pattern: int) -> None:
        self._note("!tone", (at_ms, kind, pattern))
        super().tone(at_ms, kind, pattern)

    def frame(self, at_ms: int, link: int, data: bytes) -> None:
        self._note("!frame", (at_ms, link, data))
        super().frame(at_ms, link, data)

    def store(self, at_ms: int, slot: int, offset: int, data: bytes) -> None:
        self._note("!store", (at_ms, slot, offset, data))
        slots = self._journal.slots
        slots[slot] = slots.get(slot, b"")[:offset] + data
        super().store(at_ms, slot, offset, data)

    def _note(self, kind: str, args: tuple[Any, ...]) -> None:
        self._journal.crossing.append([kind, *map(to_json, args)])
