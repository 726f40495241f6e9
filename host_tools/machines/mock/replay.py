"""Runs a firmware again on a journal, without any plant, and says where it first does anything else."""

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from firmware.config import Config
from firmware.pump import Pump
from firmware.records import slots
from hal import contract
from hal.mock.errors import PowerLost
from hal.mock.recorder import Recorder
from host_tools.common.durations import format_duration
from host_tools.machines.mock.corruption import corrupt
from host_tools.machines.mock.crash import raised_by_firmware
from host_tools.machines.mock.journal import AS_BEFORE, DEVICES, LOST, SCHEMA, to_json
from host_tools.machines.mock.logreader import LogReader


class JournalError(ValueError):
    """A file is no journal, or not a whole one; the message says why."""


class Replayed(NamedTuple):
    """A replay's end. `departure` is where this firmware first did anything else, None where it never did; `crash` what
    it raised, as it did in the run."""

    name: str
    now_ms: int
    polls: int
    trace_sha256: str
    expected_sha256: str | None
    departure: str | None
    crash: str | None
    events: list[dict[str, Any]]

    @property
    def same(self) -> bool:
        """True if the trace is the journal's, byte for byte; of a run that was broken off, as far as it went."""
        return self.departure is None and self.expected_sha256 in (None, self.trace_sha256)


class _Departed(Exception):
    """The firmware does not do what the journal has."""


def replay(path: Path) -> Replayed:
    """Run this version's firmware on a journal. JournalError where that is none."""
    lines = list(_read(path))
    if len(lines) < 2 or not isinstance(lines[0], dict) or lines[0].get("journal") != SCHEMA:
        raise JournalError(f"{path} is no journal of this version: its first line has no journal: {SCHEMA}")
    expected = lines.pop()["trace_sha256"] if isinstance(lines[-1], dict) else None
    tape = _Tape()
    departure = None
    try:
        for line in lines[1:]:
            tape.do(*line)
    except _Departed as departed:
        departure = str(departed)
    trace = tape.recorder.trace_sha256()
    end = tape.now_ms, tape.polls, trace, expected, departure, tape.crash, tape.events()
    return Replayed(lines[0]["name"], *end)


def _read(path: Path) -> Iterator[Any]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            yield from map(json.loads, file)
    except EOFError:
        return  # of a run that was broken off
    except (OSError, ValueError) as error:
        raise JournalError(f"{path} cannot be read as a journal: {error}") from error


class _Tape:
    """Plays one doing after another to a pump, and keeps the effects."""

    def __init__(self) -> None:
        self.recorder = Recorder(slots.LOG)
        self._log = LogReader(self.recorder)
        self.store = _Store()
        self.now_ms = 0
        self.polls = 0
        self.crash: str | None = None
        self._pump: Any = None
        self._crossing: list[Any] = []
        self._at = 0

    def events(self) -> list[dict[str, Any]]:
        """The log's entries so far."""
        self._log.read()
        return self._log.events

    def do(self, kind: str, now_ms: int, detail: Any, crossing: list[Any]) -> None:
        """Do what the journal has. _Departed where the pump does anything else."""
        self._crossing, self._at = crossing, 0
        self.now_ms = now_ms or self.now_ms
        done = None
        try:
            if kind == "boot":
                self._pump = Pump(ReplayHal(self, detail), Config(**detail["config"]))
            elif kind == "poll":
                self.polls += 1
                done = self._pump.poll()
            elif kind == "corrupt":
                corrupt(self._pump, self.store, **detail)  # pyright: ignore[reportArgumentType]
        except PowerLost:
            self._pump = None
        except Exception as error:
            if not raised_by_firmware(error):
                raise
            self._crash(error, ended=detail is None)
        self._take_effects()
        if self._at < len(self._crossing):
            raise self._departed(f"does nothing more, where the journal has {_call_text(self._crossing[self._at])}")
        if kind == "poll" and done != detail:
            raise self._departed(f"is to be woken at {done} s, where the journal has {detail} s")

    def _crash(self, error: Exception, ended: bool) -> None:
        """The firmware raised: as it did then, where the journal's doing has no end and no more calls."""
        if not ended or self._at < len(self._crossing):
            raise self._departed(f"raises {type(error).__name__}: {error}")
        self.crash = f"{type(error).__name__}: {error}"

    def answer(self, name: str, args: tuple[Any, ...]) -> Any:
        """The journal's answer to a call, with its effects."""
        at = self._at
        while at < len(self._crossing) and self._crossing[at][0].startswith("!"):
            at += 1
        entry = self._crossing[at] if at < len(self._crossing) else None
        called = [name, [to_json(arg) for arg in args]]
        if entry is None or entry[:2] != called:
            has = _call_text(entry) if entry else "nothing more"
            raise self._departed(f"does {_call_text(called)}, where the journal has {has}")
        self._take_effects()
        self._at += 1
        if entry[2] == LOST:
            raise PowerLost("as the journal has it")
        return entry[2]

    def _take_effects(self) -> None:
        while self._at < len(self._crossing) and self._crossing[self._at][0].startswith("!"):
            kind, *args = self._crossing[self._at]
            self._at += 1
            values: list[Any] = [bytes.fromhex(arg["hex"]) if isinstance(arg, dict) else arg for arg in args]
            if kind == "!store":
                self.store.put(*values[1:])
            getattr(self.recorder, kind[1:])(*values)

    def _departed(self, what: str) -> _Departed:
        events = self.events()
        last = f"after event {events[-1]['seq']}, {events[-1]['name']}" if events else "before any event"
        at = format_duration(self.now_ms // 1000)
        return _Departed(f"at {at}, {last}, wake {self.polls}: this firmware {what}")


class _Store:
    """What the slots hold, from what was written and what was changed from outside."""

    def __init__(self) -> None:
        self.slots: dict[int, bytes] = {}

    def put(self, slot: int, offset: int, data: bytes) -> None:
        self.slots[slot] = self.slots.get(slot, b"")[:offset] + data

    def dump(self) -> dict[int, bytes]:
        return {slot: data for slot, data in self.slots.items() if data}

    def corrupt(self, slot: int, byte: int, mask: int = 1) -> None:
        data = bytearray(self.slots[slot])
        data[byte % len(data)] ^= mask
        self.slots[slot] = bytes(data)


class ReplayHal(contract.Hal):
    """A body that is nothing but the journal's answers."""

    def __init__(self, tape: _Tape, made: dict[str, Any]) -> None:
        for name in DEVICES:
            setattr(self, name, _ReplayDevice(tape, name))
        if not made["config"]["fill_sensor"]:
            self.fill_sensor = None
        self.links = tuple(_ReplayDevice(tape, f"links.{number}") for number in range(made["links"]))


class _ReplayDevice:
    def __init__(self, tape: _Tape, name: str) -> None:
        self._tape = tape
        self._name = name

    def __getattr__(self, method: str) -> Callable[..., Any]:
        tape, name = self._tape, f"{self._name}.{method}"

        def call(*args: Any) -> Any:
            answer = tape.answer(name, args)
            if name == "store.read":
                return self._read(args[0], answer)
            if isinstance(answer, dict):
                return bytes.fromhex(answer["hex"])
            return tuple(answer) if isinstance(answer, list) else answer

        setattr(self, method, call)
        return call

    def _read(self, slot: int, answer: Any) -> bytes:
        held = self._tape.store.slots
        if answer is not AS_BEFORE:
            held[slot] = bytes.fromhex(answer["hex"])
        return held.get(slot, b"")


def _call_text(entry: list[Any]) -> str:
    """A call as one would write it, its bytes cut."""
    name, args = entry[0], entry[1]
    words = [f"{arg['hex'][:16]}…" if isinstance(arg, dict) else str(arg) for arg in args]
    return f"{name}({', '.join(words)})"
